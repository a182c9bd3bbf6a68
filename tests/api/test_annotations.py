"""`/api/markups` and its neighbours over HTTP and the stream: bad input, undo, dragging, and what a restart keeps."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.restart import comes_back
from tests.support.stream_client import StreamClient

FRAME = [1, 0, 0, 1, 0, 1, 0, 2, 0, 0, 1, 3, 0, 0, 0, 1]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    affine, dims = centred(np.eye(3), (4.0, 4.0, 4.0), (30, 30, 30)), (30, 30, 30)
    path = write_nrrd(tmp_path_factory.mktemp("markups") / "volume.nrrd", octant_volume(affine, dims), affine)
    server = LiveServer(path, max_points=5).wait()
    yield server
    server.stop()


@pytest.fixture
def server(live: LiveServer) -> LiveServer:
    """Without any markups."""
    for markup in listed(live):
        live.request("DELETE", f"/api/markups/{markup['id']}")
    return live


def listed(server: LiveServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get("/api/markups").json()["markups"]
    return found


def send(server: LiveServer, method: str, path: str, body: object) -> Answer:
    return server.request(method, path, json.dumps(body).encode(), Content_Type="application/json")


def test_markups_are_made_changed_measured_and_removed(server: LiveServer) -> None:
    made = send(server, "POST", "/api/markups", {"kind": "line", "points": [[0, 0, 0], [30, 40, 0]], "name": "Axis"})
    assert made.status == 201
    line = made.json()
    assert line["measurements"] == [{"name": "length", "value": pytest.approx(50), "units": "mm"}]
    changed = send(server, "PUT", f"/api/markups/{line['id']}", {"index": 1, "position": [0, 0, 7], "color": "#00ff00"})
    assert (changed.json()["points"], changed.json()["color"]) == ([[0, 0, 0], [0, 0, 7]], "#00ff00")
    assert server.get("/slicer/mrml/names?class=vtkMRMLMarkupsLineNode").json() == ["Axis"]
    assert server.get("/api/history").json()["undo"][:2] == ["Move Axis", "Add Axis"]
    assert server.request("POST", "/api/undo").json()["text"] == "Move Axis"
    assert listed(server)[0]["points"] == [[0, 0, 0], [30, 40, 0]]
    assert server.request("DELETE", f"/api/markups/{line['id']}").status == 200
    assert server.request("POST", "/api/undo").json()["redo"] == ["Delete Axis"]
    assert [markup["id"] for markup in listed(server)] == [line["id"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/markups", {"kind": "blob"}, 400),
        ("POST", "/api/markups", {"kind": "line", "points": [[0, 0, 1e9]]}, 400),
        ("POST", "/api/markups", {"kind": "line", "points": [[0, 0, 0]] * 3}, 413),
        ("POST", "/api/markups", {"kind": "points", "points": [[0, 0, 0]] * 6}, 413),
        ("POST", "/api/markups", {"kind": "points", "color": "red"}, 400),
        ("POST", "/api/markups", {"kind": "roi", "frame": [2.0] * 16}, 400),
        ("POST", "/api/markups", {"kind": "roi", "frame": FRAME, "size": [1, 2]}, 400),
        ("POST", "/api/markups", {"kind": "roi", "frame": FRAME, "size": [1, 2, 0]}, 400),
        ("POST", "/api/markups", {"kind": "points", "name": "x" * 2000}, 400),
        ("POST", "/api/markups", {"kind": "points", "position": [1, 2, 3]}, 400),
        ("PUT", "/api/markups/vtkMRMLMarkupsLineNode99", {"visible": False}, 404),
        ("PUT", "/api/markups/vtkMRMLSliceNodeRed", {"visible": False}, 404),
        ("PUT", "/api/crop", {"roi": "nothing"}, 404),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    server: LiveServer, method: str, path: str, body: object, status: int
) -> None:
    before = server.get("/api/history").json()
    answer = send(server, method, path, body)
    assert answer.status == status, answer.body
    assert answer.json()["error"]["message"]
    assert listed(server) == []
    assert server.get("/api/history").json() == before


def test_bad_queries_are_refused(server: LiveServer) -> None:
    assert server.get("/api/probe?r=1&a=2").status == 400
    assert server.get("/api/probe?r=1&a=2&s=nan").status == 400
    assert server.get("/api/probe?view=1&r=1&a=2&s=3").status == 404
    assert server.get("/api/probe?view=Nowhere&r=1&a=2&s=3").status == 404
    assert server.get("/api/pick?x=0.5&y=0.5&width=100000&height=2").status == 400
    assert server.get("/api/pick?view=Red&x=0.5&y=0.5&width=100&height=100").status == 404
    assert server.get("/api/markups/none/statistics").status == 404


def test_probe_statistics_and_crop(server: LiveServer) -> None:
    probed = server.get("/api/probe?view=Red&r=2&a=2&s=2").json()
    assert probed["layers"][0]["layer"] == "background"
    assert probed["layers"][0]["ijk"] is not None
    roi = send(server, "POST", "/api/markups", {"kind": "roi", "frame": FRAME, "size": [40, 40, 40]}).json()
    measured = server.get(f"/api/markups/{roi['id']}/statistics").json()
    assert measured["count"] == 1000
    assert measured["volume_mm3"] == pytest.approx(64000)
    assert send(server, "PUT", "/api/crop", {"roi": roi["id"]}).json()["volumes"] == [probed["layers"][0]["id"]]
    assert listed(server)[-1]["crops"] is True
    assert server.request("POST", "/api/undo").json()["text"].startswith("Crop by")
    assert not any(markup["crops"] for markup in listed(server))
    inside = server.get("/api/pick?x=0.5&y=0.5&width=400&height=300").json()["position"]
    assert inside is not None
    assert np.abs(inside).max() < 62


def test_a_drag_over_the_stream_is_one_step_and_is_told_to_everybody(server: LiveServer) -> None:
    line = send(server, "POST", "/api/markups", {"kind": "line", "points": [[0, 0, 0], [1, 0, 0]]}).json()

    async def scenario() -> None:
        mine, other = await StreamClient.connect(server.port), await StreamClient.connect(server.port)
        try:
            assert (await mine.message("markups"))["all"] is True
            await mine.message("markups", lambda m: [markup["id"] for markup in m["changed"]] == [line["id"]])
            opened = await mine.open("Red", (200, 200))
            await other.message("markups")
            other.messages.clear()
            for n in range(1, 30):
                patch = {"index": 1, "position": [float(n), 0, 0]}
                mine.send("markup", stream=opened["stream"], n=n, id=line["id"], patch=patch, gesture="g1")
                await asyncio.sleep(0.005)
            until = time.monotonic() + 10
            while time.monotonic() < until:
                news = [m for m in other.messages if m["type"] == "markups"]
                if news and news[-1]["changed"][0]["points"][1] == [29, 0, 0]:
                    break
                await asyncio.sleep(0.02)
            assert news[-1]["changed"][0]["points"][1] == [29, 0, 0]
            mine.send("markup", stream=opened["stream"], n=40, id=line["id"], patch={"size": [-1]}, gesture="")
            assert (await mine.message("error"))["code"] == "bad_message"
        finally:
            await mine.close()
            await other.close()

    asyncio.run(scenario())
    assert server.request("POST", "/api/undo").json()["text"].startswith("Move")
    assert listed(server)[0]["points"] == [[0, 0, 0], [1, 0, 0]]


def test_a_restart_keeps_markups_as_they_were(server: LiveServer) -> None:
    line = send(server, "POST", "/api/markups", {"kind": "line", "points": [[0, 0, 0], [1, 0, 0]], "name": "Kept"}).json()
    gone = send(server, "POST", "/api/markups", {"kind": "points", "points": [[1, 1, 1]]}).json()
    send(server, "POST", "/api/markups", {"kind": "roi", "frame": FRAME, "size": [4, 5, 6], "color": "#0000ff"})
    send(server, "PUT", f"/api/markups/{line['id']}", {"points": [[5, 5, 5], [6, 6, 6]], "locked": True})
    server.request("DELETE", f"/api/markups/{gone['id']}")
    server.get("/slicer/fiducial?add=true&id=Slicers&r=1&a=2&s=3")
    before = listed(server)

    async def told_over_the_restart() -> set[str]:
        client = await StreamClient.connect(server.port)
        try:
            await client.message("markups", lambda m: m["all"] is True)
            pid = server.scene_pid()
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(comes_back, server, pid)
            await asyncio.sleep(0.3)
        finally:
            await client.close()
        known: set[str] = set()
        for message in client.messages:
            if message["type"] == "markups":
                known = (known - set(message["gone"])) | {markup["id"] for markup in message["changed"]}
        return known

    known = asyncio.run(told_over_the_restart())
    after = listed(server)
    assert known == {markup["id"] for markup in after}
    volatile = ("id",)
    strip = lambda all_: sorted(({k: v for k, v in m.items() if k not in volatile} for m in all_), key=lambda m: m["name"])  # noqa: E731
    assert strip(after) == strip(before)
    assert server.get("/api/history").json() == {"undo": [], "redo": []}


@pytest.mark.parametrize("last", ["delete", "undo", "rename", "hide"])
def test_what_was_answered_last_is_put_back_however_soon_the_process_dies(server: LiveServer, last: str) -> None:
    one = send(server, "POST", "/api/markups", {"kind": "points", "points": [[1, 1, 1]], "name": "First"}).json()
    pid = server.scene_pid()
    if last == "delete":
        assert server.request("DELETE", f"/api/markups/{one['id']}").status == 200
    elif last == "undo":
        assert server.request("POST", "/api/undo").status == 200
    elif last == "rename":
        assert send(server, "PATCH", f"/api/nodes/{one['id']}", {"name": "Other"}).status == 200
    else:
        assert send(server, "PATCH", f"/api/nodes/{one['id']}", {"visible": False}).status == 200
    os.kill(pid, signal.SIGKILL)
    comes_back(server, pid)
    expected = {"delete": [], "undo": [], "rename": [("Other", True)], "hide": [("First", False)]}[last]
    assert [(markup["name"], markup["visible"]) for markup in listed(server)] == expected
