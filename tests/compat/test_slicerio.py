"""slicerio, a client we did not write, against the running server: all of `slicerio.server`, and what its README shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import slicerio
import slicerio.server as client
import vtk

from tests.support.live import LiveServer

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    live = LiveServer(allow_path=[str(DATA), str(folder)]).wait()
    yield live
    live.stop()


@pytest.fixture(autouse=True)
def _at_our_port(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SERVER_PORT", server.port)


def load(path: Path, kind: str | None = None, **properties: object) -> str:
    (node_id,) = client.file_load(path, kind, properties=properties, auto_start=False)
    return str(node_id)


def test_file_load_and_node_names() -> None:
    assert load(DATA / "CTChest4.nrrd", "VolumeFile").startswith("vtkMRMLScalarVolumeNode")
    assert client.is_server_running()
    names = client.node_names(class_name="vtkMRMLScalarVolumeNode")
    assert "CTChest4_1" in names
    assert client.node_ids(name="CTChest4") == ["vtkMRMLScalarVolumeNode1"]


def test_its_error_shows_our_reason() -> None:
    with pytest.raises(RuntimeError, match="Failed to load node from file"):
        client.file_load(str(DATA / "nothing.nrrd"), "VolumeFile", auto_start=False)
    with pytest.raises(RuntimeError, match="No nodes matched the filter criteria"):
        client.node_properties(name="nosuch")
    with pytest.raises(RuntimeError, match="No nodes matched the filter criteria"):
        client.node_remove(name="nosuch")
    with pytest.raises(RuntimeError, match="No nodes matched the filter criteria"):
        client.node_reload(id="nosuch")
    with pytest.raises(RuntimeError, match="no known file format"):
        client.file_save(DATA / "x.nothing", id="vtkMRMLScalarVolumeNode1")


def test_the_readme(folder: Path) -> None:
    """Load a segmentation, look at its segments, as the README does."""
    segmentation = load(DATA / "Segmentation.seg.nrrd", "SegmentationFile")
    properties = client.node_properties(id=segmentation)[0]
    assert properties["ClassName"] == "vtkMRMLSegmentationNode"
    told = {one["Name"]: one["Color"] for one in properties["Segmentation"]["Segments"].values()}
    expected = slicerio.read_segmentation(str(DATA / "Segmentation.seg.nrrd"))["segments"]
    assert list(told) == [segment["name"] for segment in expected]
    for segment in expected:
        assert told[segment["name"]] == pytest.approx(segment["color"], abs=1e-5)
    volume = load(DATA / "CTChest4.nrrd", name="patient: 7 & ä/ö")
    properties = client.node_properties(name="patient: 7 & ä/ö")[0]
    assert (properties["ID"], properties["ImageData"]["Extent"]) == (volume, [0, 127, 0, 127, 0, 33])
    assert properties["Spacing"] == pytest.approx([3.04688, 3.04688, 10])


@pytest.mark.parametrize("compress", [True, False])
def test_file_save_is_read_by_slicerio_again(folder: Path, compress: bool) -> None:
    node_id = load(DATA / "Segmentation.seg.nrrd", "SegmentationFile")
    path = folder / f"saved {compress}.seg.nrrd"
    client.file_save(path, id=node_id, properties={"useCompression": compress})
    head = path.read_bytes()[:4000]
    assert (b"encoding: gzip" in head, b"encoding: raw" in head) == (compress, not compress)
    before, after = (slicerio.read_segmentation(str(file)) for file in (DATA / "Segmentation.seg.nrrd", path))
    assert [segment["name"] for segment in after["segments"]] == [segment["name"] for segment in before["segments"]]
    for one, other in zip(before["segments"], after["segments"], strict=True):
        count = [int((part["voxels"] == segment["labelValue"]).sum()) for part, segment in ((before, one), (after, other))]
        assert count[0] == count[1] > 0


def test_file_load_of_every_type_it_names(folder: Path) -> None:
    (folder / "cube.obj").write_text("v 0 0 0\nv 30 0 0\nv 0 30 0\nv 0 0 30\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n")
    (folder / "line.mrk.json").write_text(
        json.dumps({"markups": [{"type": "Line", "controlPoints": [{"position": [1, 2, 3]}, {"position": [4, 5, 6]}]}]})
    )
    (folder / "shift.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        "Parameters: 1 0 0 0 1 0 0 0 1 5 6 7\nFixedParameters: 0 0 0\n"
    )
    (folder / "table.csv").write_text("a,b\n1,2\n")
    (folder / "note.txt").write_text("hello")
    scene = '<MRML version="Slicer5.8" userTags=""><LinearTransform id="vtkMRMLLinearTransformNode1" name="of scene">'
    (folder / "scene.mrml").write_text(scene + "</LinearTransform></MRML>\n")
    for name, kind, start in (
        ("cube.obj", "ModelFile", "vtkMRMLModelNode"), ("line.mrk.json", "MarkupsFile", "vtkMRMLMarkupsLineNode"),
        ("shift.tfm", "TransformFile", "vtkMRMLLinearTransformNode"), ("table.csv", "TableFile", "vtkMRMLTableNode"),
        ("note.txt", "TextFile", "vtkMRMLTextNode"),
    ):  # fmt: skip
        assert load(folder / name, kind).startswith(start)
    assert client.file_load(folder / "scene.mrml", "SceneFile", auto_start=False) == []
    assert "of scene" in client.node_names(class_name="vtkMRMLTransformNode")


def test_node_reload_and_remove(folder: Path) -> None:
    path = folder / "ball.stl"
    for resolution in (8, 16):
        ball = vtk.vtkSphereSource()
        ball.SetThetaResolution(resolution)
        writer = vtk.vtkSTLWriter()
        writer.SetInputConnection(ball.GetOutputPort())
        writer.SetFileName(str(path))
        assert writer.Write()
        if resolution == 8:
            node_id = load(path, "ModelFile", name="ball")
            count = client.node_properties(id=node_id)[0]["PolyData"]["Number Of Cells"]
    client.node_reload(name="ball")
    again = client.node_properties(id=node_id)[0]
    assert again["PolyData"]["Number Of Cells"] == 2 * count
    assert again["Name"] == "ball"
    client.node_remove(id=node_id)
    assert client.node_ids(id=node_id) == []
    client.node_remove()  # without filter: everything
    assert client.node_names(class_name="vtkMRMLVolumeNode") == []
    assert len(client.node_ids()) > 20
    assert load(DATA / "CTChest4.nrrd") == "vtkMRMLScalarVolumeNode1"
    assert np.isclose(client.node_properties(class_name="vtkMRMLVolumeNode")[0]["Spacing"][2], 10)
