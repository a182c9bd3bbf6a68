"""Bad input and hostile use of every route: always an answer in the documented shape, never a crash, and the others go on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.support.live import LiveServer
from tests.support.memory import resident_mb
from tests.support.raw import RawAnswer, ask, talk

EXAMPLES = int(os.environ.get("SLICECAST_HOSTILE_EXAMPLES", "250"))
ENDLESS = ("/stream", "/live", "/api/server/log/live")
HARMFUL = {("DELETE", "/system"), ("DELETE", "/slicer/system"), ("PATCH", "/api/server"), ("PUT", "/api/server")}

VALUES: list[bytes] = [
    b"", b" ", b"\t\r\n", b"nan", b"NaN", b"inf", b"-inf", b"1e999", b"-1e308", b"0", b"-1", b"1e-320", b"0x10", b"1_000", b"99999999999999999999",
    b"9" * 3000, b"x" * 3000, b"\x00", b"a\x00b", b"\xff\xfe\x80", b"\xed\xa0\x80", "é𝕊\u202e".encode(), b"../../../../etc/passwd",
    b"/etc/passwd", b"/dev/zero", b"/proc/self/mem", b"file:///etc/passwd", b"file:///dev/stdin", b"http://127.0.0.1:1/x", b"http://[::1",
    b"http://169.254.169.254/latest/meta-data", b"slicer://viewer/?download=http://127.0.0.1:1/x", b"ftp://127.0.0.1/x", b"'; DROP TABLE nodes;--",
    b"<script>alert(1)</script>", b"${jndi:ldap://127.0.0.1/x}", b"{{7*7}}", b"__import__('os').abort()", b"%s%n%n", b"*", b"[", b"[!-]", b"*a" * 40,
    b"vtkMRMLNode", b"vtkMRMLScene", b"vtkMRMLScalarVolumeNode1", b"1,2,3", b"1,2", b",,,", b"nan,nan,nan", b"1e308,1e308,1e308", b"0,0,0,0",
    b"1,0,0,0,1,0,0,0,1", b"0,0,0,0,0,0,0,0,0", b"true", b"png", b"svg", b"red", b"axial", b"null", b"{}", b"[]", b"VolumeFile", b"NoSuchFile",
]  # fmt: skip
BODIES: list[bytes] = [
    b"", b"\x00" * 100, b"\xff\xfe", b"{}", b"[]", b"null", b"1e999", b'{"a":' * 3000, b"[" * 100_000, b'"' + b"x" * 100_000, b"a=b&c=%zz", b"NRRD0004\n",
    b"NRRD0004\ntype: short\ndimension: 3\nsizes: 99999 99999 99999\nencoding: raw\n\n", b"NRRD0004\ntype: short\ndimension: 3\nsizes: -1 0 2\n\nxx",
    b"NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\nspace directions: (nan,0,0) (0,1,0) (0,0,1)\n"
    b"encoding: raw\nendian: little\nspace origin: (0,0,0)\n\n" + bytes(16),
    b'{"contents": 7, "viewersLayout": []}', b'{"dicomWEBPrefix": "http://127.0.0.1:1", "studyUID": "../..", "accessToken": {}}', b"P" * 300_000,
]  # fmt: skip


TRACEBACK_LINES = 16


@schemathesis.serializer("application/dicom")
def as_it_is(_context: Any, value: Any) -> bytes:
    """What is made up for a body of DICOM: bytes, none of which are any."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(
        allow_path=[str(tmp_path_factory.mktemp("allowed"))], max_pixels=300_000, body_timeout_s=5, session_limit=2
    ).wait()
    yield live
    lines = live.log_lines()
    live.stop()
    faults = [line["exception"] for line in lines if line.get("event") == "fault"]
    said = [line["text"] for line in lines if "text" in line]
    ends = [place for place, text in enumerate(said) if re.match(r"\w+(Error|Exception)\b", text)]
    faults += ["\n".join(said[max(0, place - TRACEBACK_LINES) : place + 1]) for place in ends]
    assert not faults, "\n\n".join(faults)


def slicer_routes(server: LiveServer) -> list[tuple[str, str, list[str]]]:
    """Method, path and parameter names of every documented Slicer route, but for the end of the server."""
    found = []
    for path, item in server.get("/api/openapi.json").json()["paths"].items():
        for method, operation in item.items():
            if operation["tags"] == ["slicer"] and (method.upper(), path) not in HARMFUL:
                found.append((method.upper(), path, [parameter["name"] for parameter in operation["parameters"]]))
    return found


def require_documented(found: RawAnswer, what: object) -> None:
    """Fail unless it is an answer that the reference has."""
    assert found.status in (200, 304, 404, 405, 500), what
    if found.status == 500:
        assert found.headers["content-type"] == "application/json", what
        body = json.loads(found.body)
        assert body["success"] is False, what
        assert body["message"].startswith("Server error: "), what
        assert "internal error" not in body["message"], (what, body)
        assert "Traceback" not in body["message"], what
    if found.status == 404:
        assert (found.body, found.headers["content-length"]) == (b"", "0"), what


def still_well(server: LiveServer, scene: int, volumes: bytes) -> None:
    assert server.scene_pid() == scene, "the scene process died"
    assert ask(server, "GET", "/slicer/mrml/ids?class=vtkMRMLVolumeNode").body == volumes


def test_every_slicer_route_with_hostile_values(server: LiveServer) -> None:
    routes = slicer_routes(server)
    assert len(routes) > 8
    scene = server.scene_pid()
    volumes = ask(server, "GET", "/slicer/mrml/ids?class=vtkMRMLVolumeNode").body
    value = st.one_of(st.sampled_from(VALUES), st.binary(max_size=40))

    @st.composite
    def requests(draw: st.DrawFn) -> tuple[str, bytes, bytes]:
        method, path, names = draw(st.sampled_from(routes))
        if method == "DELETE":  # of everything is what it says; with a selection that matches nothing it must do nothing
            names = ["id"]
            pairs = [("id", b"none-such" + draw(value))]
        else:
            pairs = draw(st.lists(st.tuples(st.sampled_from([*names, "x"]), value), max_size=5))
        tail = draw(st.sampled_from([b"", b"", b"", b"/", b".png", b"//..", b"/%00", b"&id='x'"]))
        raw = b"&".join(name.encode() + b"=" + quote_from_bytes(text, safe=b",:/*[]").encode() for name, text in pairs)
        body = draw(st.sampled_from(BODIES)) if method in ("POST", "PUT") else b""
        return method, path.encode() + tail + b"?" + raw, body

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(requests())
    def attack(request: tuple[str, bytes, bytes]) -> None:
        method, target, body = request
        require_documented(ask(server, method, target, body=body), request)

    attack()
    still_well(server, scene, volumes)


def test_each_value_in_each_parameter_of_the_pictures(server: LiveServer) -> None:
    scene = server.scene_pid()
    for name in ("view", "size", "offset", "scrollTo", "orientation", "copySliceGeometryFrom", "fmt", "quality", "client"):
        for text in VALUES[:: 1 if EXAMPLES > 250 else 3]:
            raw = quote_from_bytes(text).encode()
            require_documented(ask(server, "GET", b"/slicer/slice?size=32&" + name.encode() + b"=" + raw), (name, text))
            root = ask(server, "GET", b"/slice?" + name.encode() + b"=" + raw + (b"" if name == "size" else b"&size=32"))
            assert root.status in (200, 400, 404, 413), (name, text, root.body)
    assert server.scene_pid() == scene


# -- schemathesis: every route of the document ---------------------------------------------------------------------------


def test_a_refused_move_leaves_the_camera_where_it_was(server: LiveServer) -> None:
    before = ask(server, "GET", "/slicer/threeD?size=64&lookFromAxis=anterior").body
    for query in ("panX=1e300", "panY=-1.7e308&lookFromAxis=left", "panX=1e16", "orbitX=1e300", "panX=nan", "roll=inf"):
        require_documented(ask(server, "GET", f"/slicer/threeD?size=64&{query}"), query)
        if "orbit" not in query:
            assert ask(server, "GET", f"/threeD?size=64&{query}").status == 400, query
        assert ask(server, "GET", "/slicer/threeD?size=64").body == before, query


def test_letters_on_a_slice_beside_the_volume(server: LiveServer) -> None:
    for query in ("offset=0", "offset=1e300", "offset=-170", "scrollTo=1"):
        found = ask(server, "GET", f"/slicer/slice?view=red&labels=1&{query}")
        assert (found.status, found.body[25]) == (200, 6), query  # RGBA
    ask(server, "GET", "/slicer/slice?view=red&orientation=axial&scrollTo=.5")


def no_surprise(response: Any, case: Any) -> None:
    """500 only where Slicer has it, with its shape; nothing internal."""
    assert b"internal error" not in response.content, response.content
    if response.status_code >= 500:
        assert case.operation.path.startswith("/slicer") or response.status_code == 503, response.content


def test_every_route_as_the_document_has_it(server: LiveServer) -> None:
    document = server.get("/api/openapi.json").json()
    for path, item in document["paths"].items():
        for method in list(item):
            if path in ENDLESS or (method.upper(), path) in HARMFUL or method == "delete":
                del item[method]
    schema = schemathesis.openapi.from_dict(document)
    scene, count = server.scene_pid(), 0
    for operation in (found.ok() for found in schema.get_all_operations()):
        count += 1

        @settings(max_examples=max(3, EXAMPLES // 40), deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(operation.as_strategy())
        def conforms(case: Any) -> None:
            response = case.call(base_url=server.url, timeout=30)
            no_surprise(response, case)
            case.validate_response(
                response, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
            )

        conforms()
    assert count > 20
    assert server.scene_pid() == scene


# -- size, time, number --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/api/load", "/api/server", "/slicer/gui", "/slicer/timeimage", "/slicer/accessDICOMwebStudy", "/nothing"]
)
def test_20_mb_of_json_are_refused_or_ignored_with_bounded_memory(server: LiveServer, path: str) -> None:
    before = resident_mb(server.process.pid, "VmRSS")
    body = b'{"contents": "' + b"x" * (20 << 20) + b'"}'
    begun = time.monotonic()
    found = ask(server, "PUT" if path == "/api/server" else "POST", path, "Content-Type: application/json", body=body)
    assert found.status in ((413,) if path.startswith("/api") else (200, 404, 413, 500)), found
    assert found.body == b"" or found.status == 200 or json.loads(found.body)
    assert time.monotonic() - begun < 20
    assert resident_mb(server.process.pid, "VmRSS") - before < 60


def test_a_body_that_says_it_is_endless_is_refused_at_once(server: LiveServer) -> None:
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n"
    assert talk(server, head % b"/api/load").startswith(b"HTTP/1.1 413")
    slicer = talk(server, head % b"/slicer/timeimage")
    assert slicer.startswith(b"HTTP/1.1 500")
    assert b'"success": false' in slicer
    waiting = (head % b"/api/load").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    assert talk(server, waiting).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), b"\r\n\r\n\r\n",
        b"GET\r\n\r\n", b"GET /slice HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /slicer/slice HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /slicer/slice HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"POST /slicer/slice HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX\x00Y: z\r\n\r\n", b"GET /\x00\xff HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET http://evil.example/slice HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: [\r\nOrigin: http://[\r\nConnection: close\r\n\r\n",
    ],
)  # fmt: skip
def test_malformed_requests_cost_their_own_connection_only(server: LiveServer, sent: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        answer = talk(server, sent, timeout_s=2)
        assert not answer.startswith(b"HTTP/1.1 5")
    assert server.get("/slicer/timeimage").status == 200


def test_those_who_trickle_are_closed_and_the_others_served() -> None:
    live = LiveServer(header_timeout_s=2, body_timeout_s=2, max_connections=24).wait()
    try:
        head = socket.create_connection(("127.0.0.1", live.port))
        body = socket.create_connection(("127.0.0.1", live.port))
        fair = socket.create_connection(("127.0.0.1", live.port))
        head.sendall(b"GET / HTTP/1.1\r\n")
        body.sendall(b"POST /slicer/timeimage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        fair.sendall(b"POST /slicer/timeimage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12000\r\n\r\n")
        closed: dict[str, float] = {}
        begun = time.monotonic()
        for step in range(60):
            for name, connection, piece in (("head", head, b"X: y\r\n"), ("body", body, b"z")):
                if name not in closed:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        closed[name] = time.monotonic() - begun
            if step < 12:
                fair.sendall(b"f" * 1000)
                time.sleep(0.5)
            elif len(closed) == 2:
                break
            assert live.get("/slicer/timeimage").status == 200
            time.sleep(0.05)
        assert set(closed) == {"head", "body"}
        fair.settimeout(5)
        assert fair.recv(100).startswith(b"HTTP/1.1 200")  # slow, but not too slow
        for connection in (head, body, fair):
            connection.close()
        idle = [socket.create_connection(("127.0.0.1", live.port)) for _ in range(100)]
        for _ in range(5):
            assert live.get("/slicer/timeimage").status == 200  # room is made for who has something to ask
        for connection in idle:
            connection.close()
    finally:
        live.stop()


def test_the_time_is_told_while_others_misbehave(server: LiveServer) -> None:
    halves = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    try:
        for number, connection in enumerate(halves):
            connection.sendall(
                b"POST /slicer/volume?id=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
                if number % 2
                else b"GET /sl"
            )
        took = []
        for _ in range(40):
            begun = time.monotonic()
            assert server.get("/slicer/timeimage").status == 200
            took.append(time.monotonic() - begun)
        assert sorted(took)[20] < 1.0
    finally:
        for connection in halves:
            connection.close()
