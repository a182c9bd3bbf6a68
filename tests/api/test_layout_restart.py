"""The layout, its views and the tracked tool outlive the scene process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.support.live import LiveServer


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer().wait()
    yield live
    live.stop()


def test_a_crash_loses_no_view(server: LiveServer) -> None:
    for name in ("ThreeByThreeSlice", "Dual3D"):
        answer = server.request("PUT", "/api/layout", b'{"layout": "%s", "contents": "viewers"}' % name.encode())
        assert (answer.status, answer.json()["layout"], answer.json()["contents"]) == (200, name, "viewers")
    server.get("/slicer/tracking?p=0,150,-170&q=0.9,0.1,0,0.2")
    server.get("/slicer/tracking?p=0,160,-170")
    paths = ("/slice?view=slice9&offset=-120", "/threeD?view=2&lookFromAxis=R", "/threeD?view=1&lookFromAxis=A")
    before = {path.partition("&")[0]: server.get(path).body for path in paths}
    info = server.get("/api/layout").json()
    time.sleep(0.3)
    old = server.scene_pid()
    os.kill(old, signal.SIGKILL)
    until = time.monotonic() + 60
    while _pid(server) in (None, old) or server.get("/readyz").status != 200:
        assert time.monotonic() < until, server.log.read_text()
        time.sleep(0.1)
    assert server.get("/api/layout").json() == info
    assert {path: server.get(path).body for path in before} == before


def _pid(server: LiveServer) -> int | None:
    try:
        return server.scene_pid()
    except LookupError:
        return None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"layout": "nosuch"}', "Unknown layout name: nosuch"),
        (b'{"contents": "x"}', "contents"),
        (b"[]", "body"),
        (b"{", "body"),
    ],
)
def test_bad_layouts_are_refused(server: LiveServer, body: bytes, words: str) -> None:
    before = server.get("/api/layout").json()
    answer = server.request("PUT", "/api/layout", body)
    assert answer.status == 400
    assert words in answer.json()["error"]["message"]
    assert server.get("/api/layout").json() == before
