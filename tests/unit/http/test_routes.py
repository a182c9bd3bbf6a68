"""The quick look at a route's beginning leaves no path out that the route matches."""

from __future__ import annotations

import re

import pytest

from backend.http.switches import beginning


@pytest.mark.parametrize(
    ("pattern", "begins", "paths"),
    [
        (r"/dicom/studies/?", "/dicom/studies", ["/dicom/studies", "/dicom/studies/"]),
        (r"/dicom(?:/wado)?/?", "/dicom", ["/dicom", "/dicom/wado/"]),
        (r"/api/x*", "/api/", ["/api/", "/api/xx"]),
        (r"/slice|/threeD", "", ["/slice", "/threeD"]),
        (r"/(slice|threeD)", "/", ["/slice", "/threeD"]),
        (r"/a((b)|c)", "", ["/ab", "/ac"]),
        (r"/api/peers/([\w.-]+)/(echo|query)", "/api/peers/", ["/api/peers/x/echo"]),
        (r"/a.b", "/a", ["/axb"]),
    ],
)
def test_beginnings(pattern: str, begins: str, paths: list[str]) -> None:
    assert beginning(pattern) == begins
    assert all(re.fullmatch(pattern, path) and path.startswith(begins) for path in paths)
