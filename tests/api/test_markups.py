"""`/slicer/fiducials`, `/slicer/fiducial`, `/slicer/segmentations`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nrrd
import numpy as np
import pytest
import slicerio

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.restart import comes_back
from tests.support.stream_client import StreamClient

DEFAULT_COLOR = [1.0, 0.5000076295109483, 0.5000076295109483]


def start(folder: Path) -> LiveServer:
    affine, dims = centred(np.eye(3), (4.0, 4.0, 4.0), (30, 30, 30)), (30, 30, 30)
    path = write_nrrd(folder / "volume.nrrd", octant_volume(affine, dims), affine)
    return LiveServer(path, enable_exec=True, max_points=5).wait()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = start(tmp_path_factory.mktemp("markups"))
    yield server
    server.stop()


@pytest.fixture
def server(live: LiveServer) -> LiveServer:
    """Without any markups."""
    remove = b"[slicer.mrmlScene.RemoveNode(node) for node in slicer.util.getNodesByClass('vtkMRMLMarkupsNode')]"
    assert live.request("POST", "/slicer/exec", remove).status == 200
    return live


def test_lists_are_made_and_points_added_moved_and_listed(server: LiveServer) -> None:
    assert server.get("/slicer/fiducials").json() == {}
    assert server.get("/slicer/segmentations").json() == {}
    missing = server.get("/slicer/fiducial?r=1")
    assert missing.status == 500
    assert "could not find nodes in the scene by name or id" in missing.json()["message"]
    made = server.get("/slicer/fiducial?add=true&r=10&a=-20&s=30.5").json()
    f = made["id"]
    assert f.startswith("vtkMRMLMarkupsFiducialNode")
    assert made == {"success": True, "id": f, "index": 0, "label": "F-1"}
    assert server.request("PUT", "/slicer/fiducial?add=1&id=F&s=7&label=apex").json()["index"] == 1
    landmarks = server.request("POST", "/slicer/fiducial?add=1&id=Landmarks").json()["id"]
    listed = server.get("/slicer/fiducials")
    assert listed.headers["Content-Type"] == "application/json"
    assert listed.json() == {
        f: {
            "name": "F", "color": DEFAULT_COLOR, "scale": 3.0,
            "markups": [
                {"label": "F-1", "position": [10.0, -20.0, 30.5]},
                {"label": "apex", "position": [0.0, 0.0, 7.0]},
            ],
        },
        landmarks: {
            "name": "Landmarks", "color": DEFAULT_COLOR, "scale": 3.0,
            "markups": [{"label": "Landmarks-1", "position": [0.0, 0.0, 0.0]}],
        },
    }  # fmt: skip
    for query, node, index, position in (
        ("r=1&a=2&s=3", f, 0, [1, 2, 3]),
        ("id=F&index=1&r=-1.5e1&a=2", f, 1, [-15, 2, 0]),
        ("id=Land*&index=0&s=9", landmarks, 0, [0, 0, 9]),
        (f"id={landmarks}&r=4", landmarks, 0, [4, 0, 0]),
    ):
        assert server.request("PUT", f"/slicer/fiducial?{query}").json() == {"success": True}
        assert server.get("/slicer/fiducials").json()[node]["markups"][index]["position"] == position


def test_what_makes_no_sense_is_refused_and_changes_nothing(server: LiveServer) -> None:
    for _ in range(5):
        assert server.get("/slicer/fiducial?add=1&id=F&r=1").status == 200
    before = (server.get("/slicer/fiducials").body, server.get("/slicer/mrml/ids").body)
    for query, message in {
        "index=5": "it has 5, counted from 0",
        "index=-1": "index must be",
        "index=1.5": "index must be",
        "index=" + "9" * 30: "index must be",
        "index=٣": "index must be",
        "r=left": "r must be a number",
        "a=nan": "a must be a finite number",
        "s=-inf": "s must be a finite number",
        "s=1e300": "s must be a finite number",
        "id=nosuch": "could not find nodes in the scene by name or id 'nosuch'",
        "id=f": "could not find",
        "id=volume": "not a vtkMRMLMarkupsNode",
        "add=1&id=F": "5 control points, the most",
        "add=1&id=New&r=x": "r must be a number",
        "add=1&id=" + "x" * 2000: "2000 characters",
    }.items():
        answer = server.get(f"/slicer/fiducial?{query.replace('٣', '%D9%A3')}")
        assert answer.status == 500
        assert answer.headers["Content-Type"] == "application/json"
        assert message in answer.json()["message"]
    assert (server.get("/slicer/fiducials").body, server.get("/slicer/mrml/ids").body) == before
    server.request("POST", "/slicer/exec", b"slicer.util.getNode('F').SetAndObserveDisplayNodeID(None)")
    assert "F has no display node" in server.get("/slicer/fiducials").json()["message"]


def test_lines_and_curves_are_no_point_lists_and_a_parent_transform_is_not_applied(server: LiveServer) -> None:
    source = """
import vtk
slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "L")
node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "P")
node.AddControlPoint(1, 2, 3)
transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
matrix = vtk.vtkMatrix4x4()
matrix.SetElement(0, 3, 50)
transform.SetMatrixTransformToParent(matrix)
node.SetAndObserveTransformNodeID(transform.GetID())
"""
    assert server.request("POST", "/slicer/exec", source.encode()).status == 200
    lists = server.get("/slicer/fiducials").json()
    assert [entry["name"] for entry in lists.values()] == ["P"]
    assert server.get("/slicer/fiducial?id=P&r=4").json()["success"]
    assert next(iter(server.get("/slicer/fiducials").json().values()))["markups"][0]["position"] == [4, 0, 0]


def test_points_outlive_a_crash_where_they_were_put_last(tmp_path: Path) -> None:
    server = start(tmp_path)
    try:
        for query in ("add=1&id=F&r=1", "add=1&r=2&label=two", "add=1&id=G&r=3", "index=1&s=5", "index=1&s=6", "id=G&a=7"):
            assert server.get(f"/slicer/fiducial?{query}").status == 200
        before = server.get("/slicer/fiducials").json()
        assert before["vtkMRMLMarkupsFiducialNode1"]["markups"][1] == {"label": "two", "position": [0, 0, 6]}
        old = server.scene_pid()
        os.kill(old, 9)
        comes_back(server, old)
        assert server.get("/slicer/fiducials").json() == before
    finally:
        server.stop()


async def test_who_watches_a_view_sees_the_point_move(server: LiveServer) -> None:
    server.get("/slicer/fiducial?add=1&id=F&r=20&a=20")
    server.get("/slice?view=red&orientation=axial&offset=0")
    client = await StreamClient.connect(server.port)
    try:
        await client.open("red")
        first = await client.picture(lambda p: p.flags & 2)  # a still: nothing moves any more
        server.get("/slicer/fiducial?id=F&r=-20&a=-20")
        second = await client.picture(lambda p: p.rev > first.rev and p.flags & 2)
        assert second.payload != first.payload
    finally:
        await client.close()


def test_segmentations_are_listed_with_their_segments(demo: LiveServer) -> None:
    listed = demo.get("/slicer/segmentations").json()
    assert list(listed) == ["vtkMRMLSegmentationNode1"]
    entry = listed["vtkMRMLSegmentationNode1"]
    assert set(entry) == {"name", "segmentIDs"}
    assert entry["name"] == "Segmentation"
    header = nrrd.read_header(str(Path(slicerio.__file__).parent / "data" / "Segmentation.seg.nrrd"))
    assert entry["segmentIDs"] == [header[f"Segment{n}_ID"] for n in range(len(entry["segmentIDs"]))]
    assert f"Segment{len(entry['segmentIDs'])}_ID" not in header
