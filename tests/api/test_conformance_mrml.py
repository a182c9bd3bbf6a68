"""Lines 5 to 8, 22 to 24 and 28 of the Slicer API's checklist, and what its description of `/slicer/mrml` says beside them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pytest

from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]
DIMS = (24, 20, 16)
AFFINE = centred(np.eye(3), (2.0, 2.0, 2.5), DIMS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("files")
    write_nrrd(found / "octants.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    return found


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    live = LiveServer(folder / "octants.nrrd", allow_path=[str(folder), str(DATA)]).wait()
    yield live
    live.stop()


@pytest.fixture
def empty(server: LiveServer) -> LiveServer:
    assert mrml(server, "DELETE").json() == {"success": True}
    return server


def mrml(live: LiveServer, method: str, path: str = "", **query: Any) -> Answer:
    """A request below `/slicer/mrml`; `class_` stands for `class`."""
    text = urlencode({name.rstrip("_"): str(value) for name, value in query.items()}, quote_via=quote)
    return live.request(method, f"/slicer/mrml{path}?{text}" if text else f"/slicer/mrml{path}")


def load(live: LiveServer, path: Path, kind: str, **query: Any) -> str:
    answer = mrml(live, "POST", localfile=path, filetype=kind, **query)
    assert answer.status == 200, answer.body
    assert answer.json()["success"] is True
    (node_id,) = answer.json()["loadedNodeIDs"]
    return str(node_id)


def refused(answer: Answer) -> str:
    """The message of an error in Slicer's shape."""
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["success"] is False
    return str(answer.json()["message"])


def test_5_a_fresh_scene_has_more_than_twenty_nodes(empty: LiveServer) -> None:
    ids, names = mrml(empty, "GET", "/ids").json(), mrml(empty, "GET", "/names").json()
    assert len(ids) > 20
    assert len(ids) == len(set(ids)) == len(names)
    assert {"vtkMRMLSliceNodeRed", "vtkMRMLSliceCompositeNodeGreen", "vtkMRMLViewNode1", "vtkMRMLCameraNode1"} <= set(ids)
    assert {"vtkMRMLSelectionNodeSingleton", "vtkMRMLColorTableNodeGrey", "vtkMRMLCrosshairNodedefault"} <= set(ids)
    assert any(node_id.startswith("vtkMRMLSubjectHierarchyNode") for node_id in ids)
    assert mrml(empty, "GET").json() == names


def test_6_to_8_lists_without_match_and_paths_that_are_none(empty: LiveServer) -> None:
    assert mrml(empty, "GET", "/ids", class_="vtkMRMLVolumeNode").json() == []
    assert mrml(empty, "GET", "/ids", class_="noSuchClass").json() == []
    assert mrml(empty, "GET", "/names", id="vtkMRMLNothing1").json() == []
    assert refused(mrml(empty, "GET", "/properties", name="nosuch")) == "Server error: No nodes matched the filter criteria"
    assert refused(mrml(empty, "GET", "/")) == "Server error: Invalid path: /mrml/"
    assert refused(mrml(empty, "GET", "/nosuch")) == "Server error: Invalid path: /mrml/nosuch"


def test_id_wins_and_blank_or_unknown_parameters_do_not_count(empty: LiveServer, folder: Path) -> None:
    node_id = load(empty, folder / "octants.nrrd", "VolumeFile")
    assert mrml(empty, "GET", "/ids", id=node_id, class_="vtkMRMLModelNode", name="nosuch").json() == [node_id]
    assert mrml(empty, "GET", "/ids", name="octants").json() == [node_id]
    assert mrml(empty, "GET", "/ids", name="Octants").json() == []
    everything = mrml(empty, "GET", "/ids").json()
    assert empty.get("/slicer/mrml/ids?id=").json() == everything
    assert mrml(empty, "GET", "/ids", classname="vtkMRMLVolumeNode").json() == everything
    assert mrml(empty, "GET", "/ids", class_="vtkMRMLDisplayableNode")
    for base in ("vtkMRMLVolumeNode", "vtkMRMLScalarVolumeNode", "vtkMRMLTransformableNode", "vtkMRMLStorableNode"):
        assert node_id in mrml(empty, "GET", "/ids", class_=base).json()


def test_22_a_segmentation_tells_its_segments(empty: LiveServer) -> None:
    node_id = load(empty, DATA / "Segmentation.seg.nrrd", "SegmentationFile")
    properties = mrml(empty, "GET", "/properties", id=node_id).json()
    assert list(properties) == [node_id]
    segments = properties[node_id]["Segmentation"]["Segments"]
    names = [segment["Name"] for segment in segments.values()]
    assert names[:2] == ["ribs", "cervical vertebral column"]
    assert len(names) == properties[node_id]["Segmentation"]["Number of segments"] == 7
    for segment in segments.values():
        assert len(segment["Color"]) == 3
        assert all(isinstance(value, float) and 0 <= value <= 1 for value in segment["Color"])


def test_23_what_a_load_needs(server: LiveServer, folder: Path) -> None:
    gone = folder / "nope.nrrd"
    message = refused(mrml(server, "POST", localfile=gone, filetype="VolumeFile"))
    assert message.startswith(f"Server error: Failed to load node from file: {gone}\n")
    assert "Failed to load node from file: /nope" in refused(mrml(server, "POST", localfile="/nope", filetype="VolumeFile"))
    assert refused(mrml(server, "POST", localfile=folder / "octants.nrrd")) == "Server error: 'filetype'"
    missing = "Server error: Required `url` or `localfile` query parameter is missing in `mrml` request"
    assert refused(mrml(server, "POST", filetype="VolumeFile")) == missing


def test_24_save(empty: LiveServer, folder: Path) -> None:
    node_id = load(empty, folder / "octants.nrrd", "VolumeFile")
    load(empty, folder / "octants.nrrd", "VolumeFile")
    for query in ({"localfile": folder / "a.nrrd"}, {"url": f"file://{folder}/b.nrrd", "localfile": folder / "c.nrrd"}):
        assert mrml(empty, "GET", "/file", id=node_id, **query).json() == {"success": True}
    assert (folder / "a.nrrd").is_file()
    assert (folder / "b.nrrd").is_file()
    assert not (folder / "c.nrrd").exists()
    two = refused(mrml(empty, "GET", "/file", class_="vtkMRMLVolumeNode", localfile=folder / "d.nrrd"))
    assert two == "Server error: /mrml/file can only be used for a single node"
    none = refused(mrml(empty, "GET", "/file", name="nosuch", localfile=folder / "d.nrrd"))
    assert none == "Server error: No nodes matched the filter criteria"
    wrapper = refused(mrml(empty, "GET", "/file", id=node_id, fileName=folder / "d.nrrd"))
    assert wrapper == "Server error: Required `url` or `localfile` query parameter is missing in `mrml` request"
    unknown = refused(mrml(empty, "GET", "/file", id=node_id, localfile=folder / "d.xyz"))
    assert unknown == (
        f"Server error: Failed to export {node_id} - no known file format was found for filename {folder / 'd.xyz'}"
    )
    assert not (folder / "d.nrrd").exists()


def test_28_remove_and_clear(empty: LiveServer, folder: Path) -> None:
    before = mrml(empty, "GET", "/ids").json()
    load(empty, folder / "octants.nrrd", "VolumeFile")
    copy = load(empty, folder / "octants.nrrd", "VolumeFile", name="Copy")
    assert mrml(empty, "DELETE", name="Copy").json() == {"success": True}
    assert mrml(empty, "GET", "/names", class_="vtkMRMLVolumeNode").json() == ["octants"]
    assert load(empty, folder / "octants.nrrd", "VolumeFile") != copy  # numbers are not used again
    assert refused(mrml(empty, "DELETE", name="nosuch")) == "Server error: No nodes matched the filter criteria"
    assert empty.request("DELETE", "/slicer/mrml?id=").json() == {"success": True}  # blank is no filter: this clears
    assert mrml(empty, "GET", "/ids", class_="vtkMRMLVolumeNode").json() == []
    assert sorted(mrml(empty, "GET", "/ids").json()) == sorted(before)
    assert load(empty, folder / "octants.nrrd", "VolumeFile") == "vtkMRMLScalarVolumeNode1"
    assert mrml(empty, "GET", "/names", class_="vtkMRMLVolumeNode").json() == ["octants"]


def test_views_and_the_tracked_tool_live_on_after_clearing(empty: LiveServer, folder: Path) -> None:
    load(empty, folder / "octants.nrrd", "VolumeFile")
    first = {view: empty.get(f"/slicer/slice?view={view}").body for view in ("red", "green", "yellow")}
    empty.get("/slicer/tracking?q=0,1,0,0&p=5,0,0")
    empty.get("/slicer/slice?view=red&orientation=sagittal")
    assert mrml(empty, "DELETE").status == 200
    assert empty.get("/slicer/threeD").status == 200
    assert "no volume" in refused(empty.get("/slicer/slice"))
    assert empty.get("/slicer/tracking?p=1,2,3").body == b"Set matrix"
    tool = mrml(empty, "GET", "/properties", name="tracker").json()
    (matrix,) = [node["Matrices"]["MatrixTransformToParent"] for node in tool.values()]
    assert matrix == [[1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]]  # nothing of the pose before clearing
    assert "trackingDevice" in mrml(empty, "GET", "/names", class_="vtkMRMLModelNode").json()
    load(empty, folder / "octants.nrrd", "VolumeFile")
    assert {view: empty.get(f"/slicer/slice?view={view}").body for view in first} == first


def test_what_views_are_made_of_can_not_be_removed(empty: LiveServer, folder: Path) -> None:
    before = mrml(empty, "GET", "/ids").json()
    for node_id in ("vtkMRMLSliceNodeRed", "vtkMRMLViewNode1", "vtkMRMLColorTableNodeGrey", "vtkMRMLModelNode1"):
        assert "can not be removed" in refused(mrml(empty, "DELETE", id=node_id))
    load(empty, folder / "octants.nrrd", "VolumeFile")
    assert mrml(empty, "DELETE", class_="vtkMRMLNode").json() == {"success": True}
    assert mrml(empty, "GET", "/ids").json() == before
    assert empty.get("/slicer/threeD").status == 200


def test_reading_again_keeps_id_name_and_display(empty: LiveServer, folder: Path) -> None:
    path = write_nrrd(folder / "changing.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    node_id = load(empty, path, "VolumeFile", name="Mine")
    before = mrml(empty, "GET", "/properties", id=node_id).json()[node_id]
    write_nrrd(path, np.full((8, 9, 10), 7, np.int16), AFFINE)
    assert mrml(empty, "PUT", name="Mine").json() == {"success": True, "reloadedNodeIDs": [node_id]}
    after = mrml(empty, "GET", "/properties", id=node_id).json()[node_id]
    assert after["ImageData"]["Dimensions"] == [10, 9, 8]
    assert (after["Name"], after["Node references"]) == ("Mine", before["Node references"])
    write_nrrd(path, np.zeros((4, 4, 4), np.int16), AFFINE)
    path.write_bytes(path.read_bytes()[:-9])  # cut short: nothing is taken from it
    assert mrml(empty, "PUT", id=node_id).json() == {"success": False}
    assert mrml(empty, "GET", "/properties", id=node_id).json()[node_id]["ImageData"]["Dimensions"] == [10, 9, 8]
    path.unlink()
    assert mrml(empty, "PUT", id=node_id).json() == {"success": False}
    assert mrml(empty, "PUT", class_="vtkMRMLSliceNode").json() == {"success": False}
    assert refused(mrml(empty, "PUT", name="nosuch")) == "Server error: No nodes matched the filter criteria"


def test_a_segmentation_read_again_has_its_segments_once(empty: LiveServer) -> None:
    node_id = load(empty, DATA / "Segmentation.seg.nrrd", "SegmentationFile")
    assert mrml(empty, "PUT", id=node_id).json()["reloadedNodeIDs"] == [node_id]
    assert mrml(empty, "GET", "/properties", id=node_id).json()[node_id]["Segmentation"]["Number of segments"] == 7


def test_properties_of_every_kind_of_node(empty: LiveServer, folder: Path) -> None:
    volume = load(empty, folder / "octants.nrrd", "VolumeFile")
    points = load(empty, DATA / "F_1.fcsv", "MarkupsFile")
    everything = mrml(empty, "GET", "/properties").json()
    assert list(everything) == mrml(empty, "GET", "/ids").json()
    for node_id, node in everything.items():
        assert node["ID"] == node_id
        assert node_id.startswith(node["ClassName"])
        assert isinstance(node["MTime"], int)
        assert {node[key] for key in ("Selectable", "HideFromEditors", "UndoEnabled")} <= {True, False}
    image = everything[volume]
    assert image["Spacing"] == [2, 2, 2.5]
    assert image["Origin"] == [-23, -19, -18.75]
    assert image["IJKToRASDirections"] == ""
    assert image["Matrices"]["IJKToRAS"] == AFFINE.tolist()
    assert image["ImageData"]["Extent"] == [0, 23, 0, 19, 0, 15]
    assert image["ImageData"]["Point Data"]["Scalars"]["Data type"] == "short"
    assert image["Node references"]["display [displayNodeRef]"] == image["DisplayNodeIDs[0]"]
    assert everything[image["StorageNodeIDs[0]"]]["FileName"] == str(folder / "octants.nrrd")
    assert everything[image["DisplayNodeIDs[0]"]]["ColorNodeID"] == "vtkMRMLColorTableNodeGrey"
    assert everything[points]["ControlPoints"]["ControlPoint[1]"]["Description"] == "Some description"
    assert everything[points]["ControlPoints"]["ControlPoint[0]"]["Position"] == [6.28282, 51.0622, -10.2143]
    assert everything[points]["MaximumNumberOfControlPoints"] == "unlimited"
    assert everything["vtkMRMLCameraNode1"]["ViewAngle"] == 30
    assert everything["vtkMRMLViewNode1"]["BoxVisible"] is True
    assert everything["vtkMRMLSliceNodeRed"]["SingletonTag"] == "Red"


def test_methods_that_mean_nothing_here(server: LiveServer, folder: Path) -> None:
    assert server.request("HEAD", f"/slicer/mrml/file?name=octants&localfile={folder / 'head.nrrd'}").status == 500
    assert not (folder / "head.nrrd").exists()
    assert server.request("HEAD", "/slicer/mrml/ids").status == 200
