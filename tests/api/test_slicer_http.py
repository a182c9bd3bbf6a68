"""Slicer's HTTP layer, line by line (reference, sections 1, 4, 20), byte for byte."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.http.static import document_root
from tests.support.live import LiveServer
from tests.support.raw import ask, parse, talk


@pytest.fixture(scope="module")
def cors_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(cors=["*"], enable_exec=True, allow_path=[str(tmp_path_factory.mktemp("files"))]).wait()
    yield live
    live.stop()


# -- 1.2 choosing the handler ---------------------------------------------------------------------------------------------


def test_slicer_without_a_slash_is_a_page_that_is_not_there(demo: LiveServer) -> None:
    for path in ("/slicer", "/slicer?view=red", "/slicerFoo"):
        found = ask(demo, "GET", path)
        assert (found.status, found.body, found.headers["content-length"]) == (404, b"", "0")
        assert "content-type" not in found.headers


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("/slicer/", "b'/'"),
        ("/slicerFoo/x", "b'Foo/x'"),
        ("/slicer/xyz?a=1", "b'/xyz?a=1'"),
        ("/slicer//slice", "b'//slice'"),
        ("/slicer/Slice", "b'/Slice'"),
        ("/slicer/exec?source=1", "b'/exec?source=1'"),
        ("/slicer/%73lice", "b'/%73lice'"),  # the path is not percent-decoded
        (b"/slicer/x\xc3\xa9", "b'/x\\xc3\\xa9'"),
        ("/slicer/it's", 'b"/it\'s"'),
    ],
)
def test_unknown_commands_are_named_as_bytes(demo: LiveServer, target: str | bytes, named: str) -> None:
    found = ask(demo, "GET", target)
    assert found.status == 500
    assert found.headers["content-type"] == "application/json"
    assert json.loads(found.body) == {"success": False, "message": f'Server error: unknown command "{named}"'}
    assert found.body.startswith(b'{"success": false, "message": "Server error: ')  # json.dumps, with its spaces


# -- 1.3 and 1.4 methods and queries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_methods_mean_the_same(demo: LiveServer, method: str) -> None:
    found = ask(demo, method, "/slicer/timeimage?color=pink", body=b"anything" if method in ("POST", "PUT") else b"")
    assert (found.status, found.body[:4]) == (200, b"\x89PNG")


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND", "FOO"])
def test_other_methods_are_405_at_once(demo: LiveServer, method: str) -> None:
    begun = time.monotonic()
    found = ask(demo, method, "/slicer/slice")
    assert found.status == 405
    assert found.headers["content-type"] == "application/json"
    assert json.loads(found.body)["success"] is False
    assert time.monotonic() - begun < 5


def names_of(server: LiveServer, query: str | bytes) -> list[str]:
    raw = query.encode() if isinstance(query, str) else query
    found = ask(server, "GET", b"/slicer/mrml/names?" + raw)
    assert found.status == 200, found.body
    return list(json.loads(found.body))


def test_query_rules(demo: LiveServer) -> None:
    red, green = ["Red"], ["Green"]
    both = "class=vtkMRMLSliceNode&"
    assert names_of(demo, both + "name=Red&name=Green") == red  # the first of a repeated name
    assert len(names_of(demo, both + "name=")) > 1  # blank vanishes
    assert names_of(demo, both + "name=&name=Green") == green
    assert names_of(demo, both + "name=%20%20") == names_of(demo, both + "name")  # blank but for space: vanishes too
    assert names_of(demo, both + "name=%52ed+") == red  # escapes; plus is a space, trimmed
    assert names_of(demo, both + "Name=Red") != red  # names are case-sensitive
    assert names_of(demo, both + "name=Red;x=1") == []  # a semicolon separates nothing
    assert names_of(demo, both + "name=Red&_t=17&fmt=png&1700000000000") == red
    assert names_of(demo, both.encode() + b"name=\xff\xfe") == []  # no UTF-8 harms nobody
    assert names_of(demo, both + "name=%ff%fe") == []


def test_a_volume_name_beyond_ascii_may_come_escaped_or_not(demo: LiveServer) -> None:
    escaped = ask(demo, "GET", "/slicer/nosuch?x=%C3%A9")
    raw = ask(demo, "GET", b"/slicer/nosuch?x=\xc3\xa9")
    assert json.loads(escaped.body)["message"].endswith("b'/nosuch?x=%C3%A9'\"")
    assert json.loads(raw.body)["message"].endswith("b'/nosuch?x=\\xc3\\xa9'\"")


# -- 1.5 prefixes ---------------------------------------------------------------------------------------------------------


def test_what_follows_a_prefix_is_tolerated(demo: LiveServer) -> None:
    for path in (
        "/slicer/slice.png",
        "/slicer/slice/123.png?view=red",
        "/slicer/threeD/1700000000000?size=64",
        "/slicer/timeimagexyz",
    ):
        found = ask(demo, "GET", path)
        assert (found.status, found.headers["content-type"]) == (200, "image/png"), path


def test_an_ampersand_in_the_path_begins_a_query(demo: LiveServer) -> None:
    for path in (
        "/slicer/mrml/names&class=vtkMRMLSliceNode&name=Red",
        "/slicer/mrml/names&class='vtkMRMLSliceNode'&name=\"Red\"",
    ):
        assert json.loads(ask(demo, "GET", path).body) == ["Red"], path


# -- 1.6, 1.7 and 1.8 answers, errors, OPTIONS and CORS -------------------------------------------------------------------


def test_answers_say_what_slicer_says(demo: LiveServer) -> None:
    found = ask(demo, "GET", "/slicer/system/version")
    assert found.headers["content-type"] == "application/json"
    assert found.headers["cache-control"] == "no-cache"
    assert int(found.headers["content-length"]) == len(found.body)
    assert b'": "' in found.body
    assert b"\r\n" not in found.body


@pytest.mark.parametrize(
    "path", ["/slicer/slice", "/slicer/nosuch", "/", "/nothing", "/api/scene", "/slicer", "/dicom/studies", "/slice"]
)
def test_options_anywhere(demo: LiveServer, cors_server: LiveServer, path: str) -> None:
    plain = b"OPTIONS %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode()
    off = parse(talk(demo, plain, b"\r\n\r\n"))
    assert (off.status, off.headers["connection"], off.body) == (204, "keep-alive", b"")
    assert not [name for name in off.headers if name.startswith("access-control")]
    on = parse(talk(cors_server, plain, b"\r\n\r\n"))
    assert on.status == 204
    assert on.headers["access-control-allow-origin"] == "*"
    assert on.headers["access-control-allow-methods"] == "POST, GET, OPTIONS, DELETE, PUT"
    assert on.headers["access-control-allow-headers"] == "Accept, Content-Type, Authorization, Range"
    assert on.headers["access-control-max-age"] == "86400"
    asked = "X-Own.Header, content-type,if-none-match, x~odd!name"
    any_header = ask(cors_server, "OPTIONS", path, "Origin: https://pages.example", f"Access-Control-Request-Headers: {asked}")
    assert any_header.headers["access-control-allow-headers"] == asked


def test_with_cors_on_every_answer_may_be_read(cors_server: LiveServer) -> None:
    origin = "Origin: https://pages.example"
    answers = {
        path: ask(cors_server, method, path, origin, *extra)
        for method, path, *extra in [
            ("GET", "/slicer/slice"), ("GET", "/slicer/nosuch"), ("GET", "/slicer"), ("GET", "/nothing"), ("GET", "/"),
            ("GET", "/api/nothing"), ("HEAD", "/slice"), ("PATCH", "/slicer/threeD"), ("GET", "/slice?size=99999"),
            ("GET", "/favicon.svg", "Range: bytes=0-3"), ("GET", "/site.css", "Range: bytes=999999-"), ("GET", "/demos/"),
            ("GET", "/slicer/exec"),
        ]
    }  # fmt: skip
    for path, found in answers.items():
        assert found.headers.get("access-control-allow-origin") == "*", path
        assert "Content-Length" in found.headers["access-control-expose-headers"]
    tag = answers["/slicer/slice"].headers["etag"]
    unchanged = ask(cors_server, "GET", "/slicer/slice", origin, f"If-None-Match: {tag}")
    assert (unchanged.status, unchanged.headers["access-control-allow-origin"]) == (304, "*")
    empty = answers["/slicer/exec"]  # no source: nothing to answer
    assert (empty.status, empty.body, empty.headers["content-length"]) == (404, b"", "0")


def test_pages_of_others_change_nothing_without_cors(demo: LiveServer, cors_server: LiveServer) -> None:
    foreign = "Origin: https://pages.example"
    refused = ask(demo, "POST", "/slicer/mrml?localfile=/x&filetype=VolumeFile", foreign)
    assert "setting cors" in json.loads(refused.body)["message"]
    assert ask(demo, "POST", "/api/uploads", foreign).status == 403
    assert ask(demo, "POST", "/api/uploads", "Origin: null").status == 403
    own = ask(demo, "POST", "/slicer/timeimage", f"Origin: http://localhost:{demo.port}")
    assert own.status == 200
    assert ask(cors_server, "POST", "/slicer/exec", foreign, body=b"__execResult = 3").body == b"3"


def test_a_page_of_others_runs_no_code_through_a_picture_element() -> None:
    live = LiveServer(enable_exec=True).wait()
    try:
        run = "/slicer/exec?source=__execResult%3D1"
        assert ask(live, "GET", run).body == b"1"
        assert ask(live, "GET", run, "Sec-Fetch-Site: same-origin").body == b"1"
        for site in ("cross-site", "same-site"):
            assert "other origins" in json.loads(ask(live, "GET", run, f"Sec-Fetch-Site: {site}").body)["message"]
    finally:
        live.stop()


# -- 4 system -------------------------------------------------------------------------------------------------------------

VERSION_KEYS = {
    "applicationName": str, "applicationDisplayName": str, "applicationVersion": str, "releaseType": str, "repositoryUrl": str,
    "repositoryBranch": str, "revision": str, "majorVersion": int, "minorVersion": int, "arch": str, "os": str,
    "isCustomMainApplication": bool, "mainApplicationName": str, "mainApplicationRepositoryUrl": str,
    "mainApplicationRepositoryRevision": str, "mainApplicationRevision": str, "mainApplicationMajorVersion": int,
    "mainApplicationMinorVersion": int, "mainApplicationPatchVersion": int, "product": str, "version": str,
}  # fmt: skip


def test_version(demo: LiveServer) -> None:
    found = demo.get("/slicer/system/version").json()
    assert {name: type(value) for name, value in found.items()} == VERSION_KEYS
    assert (found["applicationName"], found["product"]) == ("Slicer", "Slicecast")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/slicer/system"), ("POST", "/slicer/system/version"), ("PUT", "/slicer/system/x")]
)
def test_anything_else_of_system_fails_in_slicers_words(demo: LiveServer, method: str, path: str) -> None:
    found = ask(demo, method, path)
    message = "Server error: cannot unpack non-iterable NoneType object"
    assert (found.status, json.loads(found.body)["message"]) == (500, message)


@pytest.mark.parametrize("path", ["/system", "/slicer/system", "/slicer/system/anything"])
def test_delete_ends_the_server_gracefully(path: str) -> None:
    live = LiveServer().wait("ready")
    try:
        scene = live.scene_pid()
        refused = [
            ask(live, "DELETE", path, "Origin: https://pages.example"),
            ask(live, "DELETE", path, "X-Forwarded-For: 192.0.2.7"),
        ]
        assert [found.status for found in refused] == [500, 500]
        begun = time.monotonic()
        found = live.request("DELETE", path)
        assert (found.status, found.body) == (200, b'{"success": true}')
        assert live.get("/slicer/system/version").status == 200  # it lives on for a second
        assert live.process.wait(10) == 0
        assert time.monotonic() - begun > 0.9
        assert not Path(f"/proc/{scene}").exists()
    finally:
        live.stop()


def test_system_is_a_page_for_other_methods(demo: LiveServer) -> None:
    assert ask(demo, "GET", "/system").status == 404


# -- 20 static pages ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with test files below the document root, and a secret beside it."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    folder = document_root() / "test-pages-of-this-run"
    folder.mkdir()
    try:
        (folder / "a b.txt").write_text("spaced")
        (folder / "plain.unknown").write_bytes(bytes(range(256)) * 1000)
        (folder / "list").mkdir()
        (folder / "list" / "<b>&'.txt").write_text("odd")
        (folder / "list" / "inner").mkdir()
        (folder / "old").mkdir()
        (folder / "old" / "index.htm").write_text("old index")
        (folder / "link.txt").symlink_to(outside / "secret.txt")
        (folder / "linked").symlink_to(outside)
        (folder / "circle").symlink_to(folder / "circle")
        yield folder
    finally:
        import shutil

        shutil.rmtree(folder)


def test_pages_and_folders(demo: LiveServer, pages: Path) -> None:
    base = f"/{pages.name}"
    assert ask(demo, "GET", base + "/a%20b.txt?x=1").body == b"spaced"
    assert ask(demo, "GET", base + "/old").body == ask(demo, "GET", base + "/old/").body == b"old index"
    listed = ask(demo, "GET", base + "/list")
    assert (listed.status, listed.headers["content-type"]) == (200, "text/html")
    assert b"<ul>" in listed.body
    assert f'<a href="{base}/list/%3Cb%3E%26%27.txt">&lt;b&gt;&amp;&#x27;.txt</a>'.encode() in listed.body
    assert f'<a href="{base}/list/inner/">inner/</a>'.encode() in listed.body
    assert b'href="//' not in ask(demo, "GET", "/" + base + "/list").body
    unknown = ask(demo, "GET", base + "/plain.unknown")
    assert unknown.headers["content-type"] == "text/plain"
    for method in ("POST", "PUT"):
        assert ask(demo, method, base + "/a%20b.txt").body == b"spaced"


@pytest.mark.parametrize(
    "path",
    [
        "link.txt",
        "linked",
        "linked/secret.txt",
        "circle",
        "a%20b.txt/",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%00",
        "n" * 300,
        "nothing",
    ],
)
def test_pages_that_are_not_there_or_outside(demo: LiveServer, pages: Path, path: str) -> None:
    found = ask(demo, "GET", f"/{pages.name}/{path}")
    assert (found.status, found.body, found.headers["content-length"]) == (404, b"", "0")


def test_head_ranges_and_conditions_of_pages(demo: LiveServer, pages: Path) -> None:
    path = f"/{pages.name}/plain.unknown"
    whole = ask(demo, "GET", path)
    head = ask(demo, "HEAD", path)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "256000")
    part = ask(demo, "GET", path, "Range: bytes=10-19")
    assert (part.status, part.body, part.headers["content-range"]) == (206, bytes(range(10, 20)), "bytes 10-19/256000")
    assert ask(demo, "GET", path, "Range: bytes=-3").body == bytes([253, 254, 255])
    assert ask(demo, "GET", path, "Range: bytes=300000-").status == 416
    tag = whole.headers["etag"]
    assert ask(demo, "GET", path, f"If-None-Match: {tag}").status == 304
    assert ask(demo, "GET", path, f"If-Range: {tag}", "Range: bytes=0-0").status == 206
    assert ask(demo, "GET", path, 'If-Range: "other"', "Range: bytes=0-0").status == 200
    assert ask(demo, "GET", path, f"If-Modified-Since: {whole.headers['last-modified']}").status == 304


def test_commands_below_the_folder_of_a_page(demo: LiveServer, pages: Path) -> None:
    assert ask(demo, "GET", "/ServerTests/slicer/timeimage?color=f00").body[:4] == b"\x89PNG"
    assert ask(demo, "GET", f"/{pages.name}/old/slicer/slice/1.png?size=32").body[:4] == b"\x89PNG"
    assert ask(demo, "GET", "/nofolder/slicer/timeimage").status == 404
    assert ask(demo, "GET", "/ServerTests/slicer/nosuch").status == 404
    assert ask(demo, "GET", "/ServerTests/slicer/").status == 404
    (pages / "slicer").mkdir()
    (pages / "slicer" / "slice.txt").write_text("a file of that name")
    assert ask(demo, "GET", f"/{pages.name}/slicer/slice.txt").body == b"a file of that name"


def test_server_tests_and_links_of_the_start_page(demo: LiveServer) -> None:
    assert ask(demo, "GET", "/ServerTests").body == ask(demo, "GET", "/ServerTests/").body
    assert b"<title>" in ask(demo, "GET", "/ServerTests").body


# -- a stop in the middle ----------------------------------------------------------------------------------------------


def test_an_answer_under_way_is_delivered_before_the_end() -> None:
    live = LiveServer(enable_exec=True).wait()
    try:
        with socket.create_connection(("127.0.0.1", live.port), timeout=20) as slow:
            code = b"import time\ntime.sleep(2.5)\n__execResult = 'done'"
            slow.sendall(b"POST /slicer/exec HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(code) + code)
            time.sleep(0.3)
            assert live.request("DELETE", "/system").json() == {"success": True}
            received = b""
            while chunk := slow.recv(65536):
                received += chunk
        assert received.endswith(b'"done"')
        assert live.process.wait(10) == 0
    finally:
        live.stop()
