"""`/api/nodes`, shared views, samples and pictures from any place, over HTTP and the stream."""

from __future__ import annotations

import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.stream_client import StreamClient


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(max_restarts=5, shared_views_kept=3).wait()
    yield live
    live.stop()


def send(server: LiveServer, method: str, path: str, body: Any) -> Answer:
    return server.request(method, path, json.dumps(body).encode(), Content_Type="application/json")


def rows(server: LiveServer, query: str = "count=500") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/api/nodes?{query}").json()["rows"]
    return found


def row(server: LiveServer, name: str) -> dict[str, Any]:
    return next(one for one in rows(server) if one["name"] == name)


def test_the_demo_as_a_tree(server: LiveServer) -> None:
    page = server.get("/api/nodes").json()
    kinds = [one["kind"] for one in page["rows"]]
    assert kinds.count("volume") == page["counts"]["volume"] == 1
    segmentation = next(one for one in page["rows"] if one["kind"] == "segmentation")
    opened = rows(server, f"toggled={segmentation['id']}")
    assert len([one for one in opened if one["kind"] == "segment"]) == segmentation["children"]
    volume = next(one for one in page["rows"] if one["kind"] == "volume")
    assert volume["layers"] == ["background"]
    details = server.get(f"/api/nodes/{volume['id']}").json()
    assert dict(details["facts"])["Size"].endswith("voxels")
    assert ".nrrd" in details["formats"]
    assert details["class_name"] == "vtkMRMLScalarVolumeNode"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/nodes?count=100000", None, 400),
        ("GET", "/api/nodes?offset=-1", None, 400),
        ("GET", "/api/nodes?kind=pony", None, 400),
        ("GET", f"/api/nodes?search={'x' * 300}", None, 400),
        ("GET", "/api/nodes/nothing", None, 404),
        ("PATCH", "/api/nodes/nothing", {"visible": True}, 404),
        ("PATCH", "/api/nodes/nothing", {}, 400),
        ("PATCH", "/api/nodes/nothing", {"colour": "#000000"}, 400),
        ("PATCH", "/api/nodes", {"kind": "pony", "visible": True}, 400),
        ("DELETE", "/api/nodes/nothing", None, 404),
        ("DELETE", "/api/nodes/vtkMRMLSliceNodeRed", None, 400),
        ("POST", "/api/samples", {"name": "NoSuchSample"}, 404),
        ("POST", "/api/shared-views/AAAAAAAAAAAAAAAA", None, 404),
        ("GET", "/api/shared-views/..%2Fsecret", None, 404),
        ("POST", "/api/shared-views", {"title": "x" * 300}, 400),
        ("POST", "/api/views/Red/picture", {"width": 1, "height": 100}, 400),
        ("POST", "/api/views/Red/picture", {"width": 16000, "height": 16000}, 413),
        ("POST", "/api/views/nowhere/picture", {"width": 100, "height": 100}, 404),
        ("POST", "/api/views/Red/picture", {"width": 100, "height": 100, "pose": {"window": 3}}, 400),
        ("POST", "/api/views/Red/picture", {"width": 100, "height": 100, "pose": {"slice_to_ras": [0] * 16}}, 400),
    ],
)
def test_bad_requests_are_refused_in_words(server: LiveServer, method: str, path: str, body: Any, status: int) -> None:
    answer = server.request(method, path, None if body is None else json.dumps(body).encode(), Content_Type="application/json")
    assert answer.status == status
    assert answer.json()["error"]["message"]


def test_edits_outlive_a_crash(server: LiveServer) -> None:
    segmentation = next(one for one in rows(server) if one["kind"] == "segmentation")
    node = f"/api/nodes/{segmentation['id']}"
    segment = next(one for one in rows(server, f"toggled={segmentation['id']}") if one["kind"] == "segment")["segment"]
    assert send(server, "PATCH", node, {"name": "Organs", "opacity": 0.5}).json()["opacity"] == 0.5
    changed = send(
        server, "PATCH", f"{node}/segments/{segment}", {"color": "#102030", "visible": False, "name": "First"}
    ).json()
    assert (changed["color"], changed["visible"], changed["name"]) == ("#102030", False, "First")
    os.kill(server.scene_pid(), signal.SIGKILL)
    server.wait("restarting")
    server.wait("ready")
    assert row(server, "Organs")["opacity"] == 0.5
    again = next(one for one in rows(server, f"toggled={segmentation['id']}") if one["kind"] == "segment")
    assert (again["name"], again["visible"], again["color"]) == ("First", False, "#102030")


def test_a_segmentation_is_described_removed_and_brought_back(server: LiveServer) -> None:
    segmentation = next(one for one in rows(server) if one["kind"] == "segmentation")
    facts = dict(server.get(f"/api/nodes/{segmentation['id']}").json()["facts"])
    assert facts["Segments"] == str(segmentation["children"])
    assert "Binary labelmap" in facts["Held as"]
    removed = server.request("DELETE", f"/api/nodes/{segmentation['id']}")
    assert segmentation["id"] in removed.json()["removed"]
    assert not any(one["kind"] == "segmentation" for one in rows(server))
    assert server.request("POST", "/api/undo").json()["text"] == f"Delete {segmentation['name']}"
    assert row(server, segmentation["name"])["children"] == segmentation["children"]


async def test_the_stream_tells_what_has_changed(server: LiveServer) -> None:
    client = await StreamClient.connect(server.port, {"protocol": [1], "codecs": ["jpeg", "png"], "name": "Ada"})
    await client.message("welcome")
    node = next(one for one in rows(server) if one["kind"] == "markups")
    send(server, "PATCH", f"/api/nodes/{node['id']}", {"visible": False})
    await client.message(
        "nodes", lambda m: m["ids"] is None or node["id"] in m["ids"]
    )  # what tests before have done may be told first
    client.messages.clear()
    send(server, "PATCH", f"/api/nodes/{node['id']}", {"name": "Targets", "visible": True})
    told = await client.message("nodes", lambda m: m["ids"] is None)
    assert told["rev"] <= server.get("/api/nodes").json()["rev"]
    client.send("introduce", name="Ada L.")
    await client.message("members", lambda m: [one["name"] for one in m["members"]] == ["Ada L."])
    await client.close()


def test_several_files_come_as_a_zip(server: LiveServer) -> None:
    volume = next(one for one in rows(server) if one["kind"] == "volume")
    answer = server.get(f"/api/nodes/{volume['id']}/file?as=my%20scan.nhdr")
    assert answer.status == 200
    assert "my%20scan.nhdr.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as whole:
        names = whole.namelist()
        assert "my_scan.nhdr" in names
        header = whole.read("my_scan.nhdr").decode("latin-1")
        assert any(f"data file: {name}" in header for name in names)


def test_a_shared_view_is_put_back(server: LiveServer) -> None:
    shared = send(server, "POST", "/api/shared-views", {"title": "Before", "maximized": "Red"})
    assert shared.status == 201
    assert shared.json()["path"] == f"/viewer/#view={shared.json()['id']}"
    before = server.get("/slice?view=red&size=128&overlays=1").body
    markups = next(one for one in rows(server) if one["kind"] == "markups")
    send(server, "PUT", "/api/layout", {"layout": "Dual3D"})
    server.get("/slice?view=red&offset=-150&orientation=coronal")
    send(server, "PATCH", f"/api/nodes/{markups['id']}", {"visible": not markups["visible"]})
    assert server.get("/slice?view=red&size=128&overlays=1").body != before
    applied = server.request("POST", f"/api/shared-views/{shared.json()['id']}")
    assert applied.json() == {"missing": [], "title": "Before", "maximized": "Red"}
    assert server.get("/slice?view=red&size=128&overlays=1").body == before
    assert server.get("/api/layout").json()["layout"] == "FourUp"
    assert row(server, markups["name"])["visible"] == markups["visible"]
    kept = {send(server, "POST", "/api/shared-views", {}).json()["id"] for _ in range(3)}
    assert all(server.get(f"/api/shared-views/{one}").status == 200 for one in kept)
    assert server.get(f"/api/shared-views/{shared.json()['id']}").status == 404  # the oldest went


def picture(server: LiveServer, view: str, **body: Any) -> np.ndarray[Any, Any]:
    answer = send(server, "POST", f"/api/views/{view}/picture", {"width": 160, "height": 120, **body})
    assert answer.status == 200, answer.body
    return np.asarray(Image.open(io.BytesIO(answer.body)).convert("RGB")).astype(int)


def test_pictures_from_any_place_move_nobody(server: LiveServer, tmp_path: Path) -> None:
    before = server.get("/slice?view=red&size=100").body
    here, there = picture(server, "red"), picture(server, "red", pose={"offset": -150.0})
    assert here.shape == (120, 160, 3)
    assert np.abs(here - there).max() > 20
    assert server.get("/slice?view=red&size=100").body == before
    front, back = (picture(server, "1", pose={"look_from": side}, format="jpeg") for side in "AP")
    assert np.abs(front - back).max() > 20
    # An octant phantom, whose brightest octant is right, anterior, superior: it shows at the left and top of an axial slice.
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), (24, 20, 16))
    path = write_nrrd(tmp_path / "octants.nrrd", octant_volume(affine, (24, 20, 16)), affine)
    other = LiveServer(path).wait()
    try:
        pixels = picture(other, "red", pose={"orientation": "axial", "fit": True, "offset": 8.0}).mean(axis=2)
        state = [pixels[30, 50], pixels[30, 110], pixels[90, 50], pixels[90, 110]]
        stored = other.get("/slice?view=red&orientation=axial&offset=8&size=120").body
        seen = np.asarray(Image.open(io.BytesIO(stored)).convert("L")).astype(int)
        assert np.argsort(state).tolist() == np.argsort([seen[30, 30], seen[30, 90], seen[90, 30], seen[90, 90]]).tolist()
    finally:
        other.stop()


def test_samples_are_listed_and_a_site_may_add_some(server: LiveServer) -> None:
    names = [one["name"] for one in server.get("/api/samples").json()["samples"]]
    assert "MRHead" in names
    assert "CTChest" in names
