"""The quick looks at a path leave no route out that matches it."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import Mock

import pytest
from tornado.httputil import HTTPServerRequest
from tornado.routing import PathMatches, Rule
from tornado.web import RequestHandler

from backend.http.application import Application
from backend.http.by_segment import SEGMENTS_KEPT, BySegment, may_match
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
    for path in paths:
        assert re.fullmatch(pattern, path)
        assert path.startswith(begins)
        assert may_match(begins, path.split("/")[1])


@pytest.mark.parametrize(
    ("begins", "segment"), [("/dicom/studies", "dico"), ("/slice", "threeD"), ("/api/x", "apis"), ("/a", "")]
)
def test_routes_that_are_not_tried(begins: str, segment: str) -> None:
    assert not may_match(begins, segment)


class Named(RequestHandler):
    """A handler that is told the pattern which it was found by."""


class Beginning(PathMatches):
    """A matcher that says what its paths begin with, as those of our routes do."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.beginning = beginning(pattern)


def test_the_first_route_in_order_has_a_path_whichever_segments_were_asked_for() -> None:
    patterns = [r"/a/b", r"/a.*", r"/c/?", r"/.*"]
    application = Application()
    rules = [Rule(Beginning(pattern), Named, {"name": pattern}) for pattern in patterns]
    router = BySegment(application.router, rules)

    def found(path: str) -> str:
        delegate: Any = router.find_handler(HTTPServerRequest("GET", path, connection=Mock()))
        return str(delegate.handler_kwargs["name"])

    for _ in range(2):
        assert [found(path) for path in ("/a/b", "/a/c", "/ab", "/c", "/c/", "/d", "/", "//a/b")] == [
            r"/a/b", r"/a.*", r"/a.*", r"/c/?", r"/c/?", r"/.*", r"/.*", r"/.*",
        ]  # fmt: skip
    assert {found(f"/{number}") for number in range(2 * SEGMENTS_KEPT)} == {r"/.*"}
    assert found("/a/b") == r"/a/b"
