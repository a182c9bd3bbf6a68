"""Who is an administrator, and which pages are foreign."""

from __future__ import annotations

import pytest
import tornado.httputil

from backend.config import Settings
from backend.errors import ForbiddenError, UnauthorizedError
from backend.http.guard import is_foreign_page, is_from_here, require_administrator


def request(remote: str = "127.0.0.1", host: str = "localhost:2016", **headers: str) -> tornado.httputil.HTTPServerRequest:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    found = tornado.httputil.HTTPServerRequest("GET", "/", headers=tornado.httputil.HTTPHeaders({"Host": host, **names}))
    found.remote_ip = remote
    return found


@pytest.mark.parametrize(
    ("remote", "headers", "here"),
    [
        ("127.0.0.1", {}, True), ("127.8.8.8", {}, True), ("::1", {}, True), ("192.0.2.1", {}, False), ("", {}, False),
        ("127.0.0.1", {"X_Forwarded_For": "192.0.2.1"}, False), ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, False),
        ("0.0.0.0", {}, False),
    ],
)  # fmt: skip
def test_from_here(remote: str, headers: dict[str, str], here: bool) -> None:
    assert is_from_here(request(remote, **headers)) is here


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"Origin": "http://localhost:2016"}, False),
        ({"Origin": "http://LOCALHOST:2016"}, False),
        ({"Origin": "http://localhost:3000"}, True),
        ({"Origin": "http://127.0.0.1:2016"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": ""}, True),
        ({"Origin": "http://["}, True),
        ({"Origin": "http://localhost:2016.evil.example"}, True),
        ({"Sec_Fetch_Site": "same-origin"}, False),
        ({"Sec_Fetch_Site": "none"}, False),
        ({"Sec_Fetch_Site": "same-site"}, True),
        ({"Sec_Fetch_Site": "cross-site"}, True),
    ],
)
def test_foreign_pages(headers: dict[str, str], foreign: bool) -> None:
    assert is_foreign_page(request(**headers)) is foreign


def test_a_token_is_asked_of_everybody_once_there_is_one() -> None:
    open_settings, with_token = Settings(), Settings(admin_token="abc")
    require_administrator(request(), open_settings)
    with pytest.raises(ForbiddenError):
        require_administrator(request("192.0.2.1"), open_settings)
    with pytest.raises(ForbiddenError):
        require_administrator(request(Origin="https://pages.example"), open_settings)
    for given in ("", "Bearer", "Bearer abcd", "Basic abc", "Bearer ábc"):
        with pytest.raises(UnauthorizedError):
            require_administrator(request(Authorization=given), with_token)
    require_administrator(request("192.0.2.1", Authorization="bearer abc"), with_token)
    with pytest.raises(ForbiddenError):
        require_administrator(request(Authorization="Bearer abc", Origin="https://pages.example"), with_token)
    assert "abc" not in repr(with_token)
