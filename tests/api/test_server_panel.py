"""`/api/server`: who may, what is switched, what the log tells."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest
from openapi_spec_validator import validate

from tests.support.live import LiveServer
from tests.support.raw import ask, talk


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(access_log_entries=50, cors=["https://friend.example"]).wait()
    yield live
    live.stop()


def switch(server: LiveServer, **change: object) -> tuple[int, dict[str, object]]:
    answer = server.request("PATCH", "/api/server", json.dumps(change).encode())
    return answer.status, answer.json()


def test_only_programs_of_this_machine_and_own_pages(server: LiveServer) -> None:
    for path in ("/api/server", "/api/server/log", "/api/server/log/live"):
        for header in ("Origin: https://friend.example", "X-Forwarded-For: 192.0.2.1", "Sec-Fetch-Site: cross-site"):
            found = ask(server, "GET", path, header)
            assert found.status == 403, (path, header)
            assert "access-control-allow-origin" not in found.headers
    preflight = ask(server, "OPTIONS", "/api/server", "Origin: https://friend.example", "Access-Control-Request-Method: PATCH")
    assert "access-control-allow-origin" not in preflight.headers
    assert ask(server, "PATCH", "/api/server", "Origin: https://friend.example", body=b'{"pages": false}').status == 403
    assert ask(server, "GET", "/").status == 200
    own = ask(server, "GET", "/api/server", f"Host: localhost:{server.port}")  # a second Host: refused by HTTP itself
    assert own.status == 400


def test_dicomweb_is_switched_off_and_on(server: LiveServer) -> None:
    assert server.get("/dicom/studies").status == 204
    assert switch(server, dicomweb=False)[0] == 200
    assert server.get("/dicom/studies").status == 404
    assert switch(server, dicomweb=True)[0] == 200
    assert server.get("/dicom/studies").status == 204


def test_dicomweb_can_not_be_on_without_an_archive(server: LiveServer) -> None:
    other = LiveServer(data=str(server.data), demo=False)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                state = other.get("/api/server").json()
                break
            except OSError:
                time.sleep(0.1)
        door = next(door for door in state["doors"] if door["name"] == "dicomweb")
        assert (door["on"], door["available"]) == (False, False)
        assert "in use by another server" in door["why"]
        status, body = switch(other, dicomweb=True)
        assert (status, "in use" in body["error"]["message"]) == (403, True)
    finally:
        other.stop()


def test_all_or_nothing(server: LiveServer) -> None:
    bad = [
        {"slicer": False, "exec": True},
        {"slicer": False, "cors": ["x"]},
        {"slicer": False, "nothing": True},
        {"slicer": 1},
    ]
    for change in bad:
        status, body = switch(server, **change)
        assert status in (400, 403), change
        assert body["error"]
    for body in (b"", b"[]", b"nonsense", b"{}" * 2, b"[" * 5000, b'{"cors": "' + b"x" * 3_000_000):
        assert server.request("PATCH", "/api/server", body).status in (400, 413)
    assert server.get("/slicer/system/version").status == 200
    state = server.get("/api/server").json()
    assert {door["name"]: (door["on"], door["available"]) for door in state["doors"]} == {
        "slicer": (True, True), "exec": (False, False), "dicomweb": (True, True), "pages": (True, True),
    }  # fmt: skip
    assert state["cors"] == ["https://friend.example"]


def test_exec_can_not_be_switched_on_where_the_start_did_not_allow_it(server: LiveServer) -> None:
    status, body = switch(server, exec=True)
    assert (status, "--enable-exec" in str(body)) == (403, True)
    assert switch(server, exec=False)[0] == 200


def test_a_door_that_is_off_answers_as_if_it_were_not_there(server: LiveServer) -> None:
    try:
        assert switch(server, slicer=False)[0] == 200
        for path in ("/slicer/slice", "/slicer/", "/slice", "/threeD", "/timeimage", "/ServerTests/slicer/timeimage"):
            found = ask(server, "GET", path)
            assert (found.status, found.body) == (404, b""), path
        assert server.request("DELETE", "/system").status in (404, 405)
        switch(server, slicer=True, pages=False)
        assert (ask(server, "GET", "/").status, ask(server, "GET", "/slice").status) == (404, 200)
        assert ask(server, "GET", "/ServerTests/slicer/timeimage").status == 404
    finally:
        switch(server, slicer=True, pages=True)


def test_settings_switch_doors_off_from_the_start() -> None:
    live = LiveServer(enable_slicer=False, enable_pages=False).wait()
    try:
        assert [ask(live, "GET", path).status for path in ("/slicer/slice", "/slice", "/", "/api/scene")] == [
            404,
            404,
            404,
            200,
        ]
        assert switch(live, slicer=True)[0] == 200
        assert ask(live, "GET", "/slice").status == 200
    finally:
        live.stop()


def test_the_log_is_bounded_and_filtered_and_has_no_secrets(server: LiveServer) -> None:
    for number in range(120):
        server.get(f"/healthz?number={number}&token=verysecret")
    server.get("/slicer/nosuch?password=verysecret")
    answer = server.get("/api/server/log")
    entries = answer.json()["entries"]
    assert len(entries) == 50
    assert b"verysecret" not in answer.body
    assert "verysecret" not in server.log.read_text()
    (last,) = server.get("/api/server/log?limit=1").json()["entries"]
    assert (last["level"], last["status"], last["remote"]) == ("warning", 500, "127.0.0.1")
    assert [entry["n"] for entry in server.get(f"/api/server/log?after={last['n'] - 1}").json()["entries"]] == [last["n"]]
    assert server.get("/api/server/log?level=error").json()["entries"] == []
    assert len(server.get("/api/server/log?text=number%3D119").json()["entries"]) == 1
    for query in ("level=loud", "kind=x", "after=x", "after=1e999", "limit=-"):
        assert server.get(f"/api/server/log?{query}").status == 400, query
    assert server.request("DELETE", "/api/server/log").json()["entries"] == []
    assert server.get("/api/server/log").json()["entries"] == []


def test_listening_live_is_bounded_and_ends_with_the_client(server: LiveServer) -> None:
    wanted = b"GET /api/server/log/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    listeners = []
    try:
        for _ in range(16):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            connection.sendall(wanted)
            assert b"text/event-stream" in connection.recv(4096)
            listeners.append(connection)
        assert b" 503 " in talk(server, wanted.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).split(b"\r\n")[0]
    finally:
        for connection in listeners:
            connection.close()
    time.sleep(0.6)
    server.get("/healthz?marker=seen")
    received = talk(server, wanted, b"marker=seen")
    assert b"event: entries\r\n" in received or b"event: entries\n" in received


def test_the_openapi_document_is_valid_and_tells_what_clients_need(server: LiveServer) -> None:
    document = server.get("/api/openapi.json").json()
    validate(document)
    found = document["paths"]["/slicer/slice"]["get"]
    assert {"200", "304", "404", "405", "500"} == set(found["responses"])
    assert found["responses"]["500"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/SlicerError"}
    offset = next(parameter for parameter in found["parameters"] if parameter["name"] == "offset")
    assert (offset["x-unit"], offset["schema"]) == ("mm", {"type": "number"})
    load = document["paths"]["/api/load"]["post"]
    assert load["requestBody"]["content"]["application/json"]["schema"]["properties"]["url"]
    tags = {tag["name"] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["tags"], (method, path)
            assert set(operation["tags"]) <= tags
            assert operation["summary"], (method, path)
            assert all(parameter["description"] for parameter in operation["parameters"]), (method, path)
