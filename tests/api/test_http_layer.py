"""HTTP at its edges, spoken over raw sockets where a client library would be too polite."""

from __future__ import annotations

import gzip
import re
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.live import LiveServer
from tests.support.raw import talk


@pytest.fixture(scope="module")
def open_server() -> Iterator[LiveServer]:
    live = LiveServer(cors=["http://pages.example"]).wait()
    yield live
    live.stop()


def test_head_is_get_without_the_body(demo: LiveServer) -> None:
    for path in ("/healthz", "/slice?view=red", "/slicer/slice", "/", "/api/scene"):
        got, head = demo.get(path), demo.request("HEAD", path)
        assert (head.status, head.body) == (got.status, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_keep_alive_and_http_1_0(demo: LiveServer) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert talk(demo, one + one + last).count(b"HTTP/1.1 200") == 3
    assert b"200 OK" in talk(demo, b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")


def test_expect_continue_and_chunked_bodies(demo: LiveServer) -> None:
    head = b"POST /api/load HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    waiting = head + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert talk(demo, waiting, b"\r\n\r\n").startswith(b"HTTP/1.1 100")
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    answer = talk(demo, chunked)
    assert b"400" in answer.split(b"\r\n")[0]
    assert b"exactly one of" in answer


def test_headers_in_lower_case_and_form_labelled_bodies(demo: LiveServer) -> None:
    body = b"a=%zz&\xff\x00"
    sent = b"post /x HTTP/1.1\r\n".replace(b"post", b"POST").replace(b"/x", b"/slicer/mrml?filetype=VolumeFile")
    sent += b"host: localhost\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    answer = talk(demo, sent + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert b"`url` or `localfile`" in answer


def test_other_methods_are_refused_with_what_is_allowed(demo: LiveServer) -> None:
    answer = demo.request("DELETE", "/api/scene")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1", ""])
def test_foreign_host_names_are_refused(demo: LiveServer, host: str) -> None:
    answer = talk(demo, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b"\r\n")[0].split()[1] in (b"403", b"400")


def test_request_ids(demo: LiveServer) -> None:
    assert demo.get("/healthz", X_Request_Id="mine-1").headers["X-Request-Id"] == "mine-1"
    assert demo.get("/api/nothing", X_Request_Id="not sane\t").json()["error"]["request_id"] != "not sane\t"


def test_cors_is_off_by_default_and_complete_when_on(demo: LiveServer, open_server: LiveServer) -> None:
    off = demo.request("OPTIONS", "/slicer/slice", Origin="http://pages.example")
    assert off.status == 204
    assert not [name for name in off.headers if name.startswith("Access-Control")]
    wanted = {"Origin": "http://pages.example", "Access_Control_Request_Headers": "content-type,x-own"}
    on = open_server.request("OPTIONS", "/slicer/slice", **wanted)
    assert on.headers["Access-Control-Allow-Origin"] == "http://pages.example"
    assert on.headers["Access-Control-Allow-Headers"] == "content-type,x-own"
    error = open_server.get("/slicer/nosuch", Origin="http://pages.example")
    assert error.headers["Access-Control-Allow-Origin"] == "http://pages.example"
    other = open_server.get("/healthz", Origin="http://other.example")
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/demos/..%2f..%2fpyproject.toml", "/nothing"]
)
def test_static_pages_stay_in_their_folder(demo: LiveServer, path: str) -> None:
    answer = talk(demo, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b"\r\n")[0].split()[1] == b"404"


def test_static_pages(demo: LiveServer) -> None:
    page = demo.get("/?cachebuster=1")
    assert page.headers["Content-Type"] == "text/html"  # no charset, as Slicer
    again = demo.get("/", If_None_Match=page.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert demo.get("/viewer").body == demo.get("/viewer/").body  # no redirect


def test_openapi_names_every_route(demo: LiveServer) -> None:
    document = demo.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/slice", "/threeD", "/stream", "/api/load", "/slicer/slice", "/slicer/mrml/ids"} <= set(document["paths"])
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_a_slow_client_does_not_hold_up_the_others(demo: LiveServer) -> None:
    with socket.create_connection(("127.0.0.1", demo.port)) as slow:
        slow.sendall(b"GET /slice HTTP/1.1\r\nHost:")
        begun = time.monotonic()
        assert demo.get("/healthz").status == 200
        assert time.monotonic() - begun < 2


def test_the_viewers_scripts_are_sent_compressed_to_who_takes_that(demo: LiveServer) -> None:
    page = demo.get("/viewer/").body.decode()
    paths = re.findall(r"/viewer/assets/[\w.-]+\.(?:js|css)", page)
    assert paths
    for path in paths:
        plain = demo.get(path)
        packed = demo.get(path, Accept_Encoding="gzip, br;q=0.5")
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["Content-Encoding"] == "gzip"
        assert plain.headers["Content-Encoding"] is None
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert plain.headers["Content-Type"] == packed.headers["Content-Type"]
        assert plain.headers["ETag"] != packed.headers["ETag"]
        assert len(packed.body) < 0.6 * len(plain.body)
        assert demo.get(path, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]).status == 304
        assert demo.get(path, Accept_Encoding="gzip;q=0").body == plain.body
        part = demo.get(path, Range="bytes=5-14")
        assert (part.status, part.body) == (206, plain.body[5:15])
