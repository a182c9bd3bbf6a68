"""`/api/sessions`: scenes that know nothing of each other, each below `/sessions/{id}/`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.stream_client import StreamClient

DIMS = (20, 20, 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    affine = centred(np.eye(3), (4.0, 4.0, 4.0), DIMS)
    folder = tmp_path_factory.mktemp("scans")
    for name in ("first", "second"):
        write_nrrd(folder / f"{name}.nrrd", octant_volume(affine, DIMS), affine)
    return folder


@pytest.fixture(scope="module")
def live(folder: Any) -> Iterator[LiveServer]:
    server = LiveServer(folder / "first.nrrd", allow_path=[str(folder)], session_limit=3, enable_exec=True).wait()
    yield server
    server.stop()


@pytest.fixture
def server(live: LiveServer) -> Iterator[LiveServer]:
    """With the default session only."""
    yield live
    for one in live.get("/api/sessions").json()["sessions"]:
        if one["id"] != "default":
            live.request("DELETE", f"/api/sessions/{one['id']}")


def create(server: LiveServer, name: str = "") -> Answer:
    return server.request("POST", "/api/sessions", json.dumps({"id": name}).encode())


def names(server: LiveServer) -> list[str]:
    return [one["id"] for one in server.get("/api/sessions").json()["sessions"]]


def until(holds: Callable[[], object], timeout_s: float = 60.0) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def scene_of(server: LiveServer, name: str) -> int:
    """Number of a session's scene process."""
    until(lambda: server.get(f"/sessions/{name}/readyz").status == 200)
    answer = server.request("POST", f"/sessions/{name}/slicer/exec", b"import os; __execResult = {'pid': os.getpid()}")
    return int(answer.json()["pid"])


def test_two_sessions_have_scenes_of_their_own(server: LiveServer, folder: Any) -> None:
    made = create(server, "other")
    assert (made.status, made.headers["Location"]) == (201, "/api/sessions/other")
    assert made.json()["url"] == "/sessions/other/"
    assert server.get("/sessions/other/slicer/volumes").json() == []  # as soon as it is asked for
    load = json.dumps({"path": str(folder / "second.nrrd")}).encode()
    assert server.request("POST", "/sessions/other/api/load", load).status == 200
    assert [one["name"] for one in server.get("/sessions/other/slicer/volumes").json()] == ["second"]
    assert [one["name"] for one in server.get("/slicer/volumes").json()] == ["first"]
    assert server.get("/sessions/default/slicer/volumes").json() == server.get("/slicer/volumes").json()
    server.get("/slice?view=red&offset=10")
    other = server.get("/sessions/other/slice?view=red&offset=-10")
    assert other.status == 200
    assert other.body != server.get("/slice?view=red&offset=10").body
    assert server.get("/sessions/other/viewer/").headers["Content-Type"].startswith("text/html")
    assert server.get("/api/sessions/other").json()["volumes"] == 1
    assert names(server) == ["default", "other"]


def test_streams_hear_of_their_own_scene_only(server: LiveServer) -> None:
    create(server, "streamed")
    assert server.get("/sessions/streamed/slicer/volumes").status == 200

    async def scenario() -> None:
        one = await StreamClient.connect(server.port)
        two = await StreamClient.connect(server.port, path="/sessions/streamed/stream")
        try:
            assert (await one.message("welcome"))["scene"]["volumes"] != []
            assert (await two.message("welcome"))["scene"]["volumes"] == []
            opened = await two.open("Red", (100, 100))
            n = two.set(opened["stream"], offset=7.0)
            await two.picture(lambda p: p.n >= n)
            assert not any(m["type"] == "state" and m.get("n") == n for m in one.messages)
            assert server.get("/api/sessions/streamed").json()["idle_s"] == 0
            assert server.request("DELETE", "/api/sessions/streamed").status == 200
            end = time.monotonic() + 20
            while not two.closed and time.monotonic() < end:
                await asyncio.sleep(0.05)
            assert two.socket.close_code == 1001
            assert not one.closed
        finally:
            await one.close()
            await two.close()

    asyncio.run(scenario())
    assert server.get("/sessions/streamed/api/scene").status == 404


def test_one_ends_and_the_others_go_on(server: LiveServer) -> None:
    create(server, "brief")
    pid = scene_of(server, "brief")
    assert pid != scene_of(server, "default")
    assert server.request("DELETE", "/sessions/brief/slicer/system").status == 200  # as a client of its own ends its server
    until(lambda: names(server) == ["default"])
    until(lambda: not is_alive(pid))
    assert server.get("/slicer/volumes").status == 200
    assert not list(server.data.glob("sessions/brief-*"))


def test_a_crash_costs_one_session_nothing_but_time_and_others_nothing(server: LiveServer, folder: Any) -> None:
    create(server, "fragile")
    load = json.dumps({"path": str(folder / "second.nrrd")}).encode()
    assert server.request("POST", "/sessions/fragile/api/load", load).status == 200
    pid = scene_of(server, "fragile")
    os.kill(pid, signal.SIGKILL)
    assert server.get("/slicer/volumes").status == 200
    until(lambda: server.get("/sessions/fragile/readyz").status == 503)
    assert scene_of(server, "fragile") != pid
    assert [one["name"] for one in server.get("/sessions/fragile/slicer/volumes").json()] == ["second"]


def test_bad_names_and_too_many_are_refused(server: LiveServer) -> None:
    for name in ("../up", "-x", "a b", "x" * 65, "é"):
        assert create(server, name).status == 400, name
    assert server.request("POST", "/api/sessions", b"[1]").status == 400
    assert server.request("POST", "/api/sessions", b'{"id": "x", "more": 1}').status == 400
    assert create(server, "default").status == 400
    made = server.request("POST", "/api/sessions")  # without a body: any name
    assert made.status == 201
    assert create(server, made.json()["id"]).status == 400
    assert create(server).status == 201
    full = create(server)
    assert (full.status, full.json()["error"]["code"]) == (503, "service_unavailable")
    assert full.headers["Retry-After"]
    assert len(names(server)) == 3
    assert server.request("DELETE", "/api/sessions/default").status == 403
    assert server.request("DELETE", "/api/sessions/none").status == 404
    assert server.get("/api/sessions/none").status == 404
    assert server.get("/sessions/none/api/scene").json()["error"]["code"] == "not_found"
    assert server.get("/sessions/none").status == 404
    foreign = server.request("POST", "/api/sessions", b"{}", Origin="http://elsewhere.example")
    assert foreign.status == 403


def test_unused_sessions_end_and_the_server_takes_all_with_it() -> None:
    server = LiveServer(demo=False, session_idle_s=2.0, enable_exec=True)
    try:
        until(lambda: _answers(server))
        create(server, "left")
        scene_of(server, "left")
        until(lambda: "left" not in names(server))
        create(server, "kept")
        pids = [scene_of(server, "kept"), scene_of(server, "default")]
    finally:
        server.stop()
    until(lambda: not any(map(is_alive, pids)), 20)


def _answers(server: LiveServer) -> bool:
    try:
        return server.get("/readyz").status == 200
    except OSError:
        return False
