"""Geometry of a scene without OpenGL: where it lies, what it is called, how it looks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import trimesh
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from backend.errors import NotFoundError, TooLargeError
from backend.render.views.matrices import to_vtk
from backend.scene import commands as c
from backend.scene.host import SceneHost


@pytest.fixture
def host(scene: SceneHost) -> Iterator[SceneHost]:
    """The scene, without the nodes of the test before."""
    nodes = scene.app.scene
    before = {nodes.GetNthNode(index).GetID() for index in range(nodes.GetNumberOfNodes())}
    yield scene
    for node in [nodes.GetNthNode(index) for index in range(nodes.GetNumberOfNodes())]:
        if node.GetID() not in before and nodes.IsNodePresent(node) and not node.IsA("vtkMRMLAbstractViewNode"):
            nodes.RemoveNode(node)


def exported(host: SceneHost, command: c.Command | None = None) -> trimesh.Scene:
    data = document_bytes(host, command)
    return trimesh.load(io.BytesIO(data), file_type="gltf", process=False, force="scene")


def document_bytes(host: SceneHost, command: c.Command | None = None) -> bytes:
    _count, data = host.perform(command or c.ViewGraphics(), 0.0)()
    return data


def add_model(host: SceneHost, name: str, mesh: Any, color: tuple[float, float, float] = (0.2, 0.4, 0.6)) -> Any:
    node = host.app.scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObserveMesh(mesh)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetColor(*color)
    return node


def ball(centre: tuple[float, float, float] = (30.0, 0.0, 0.0), radius: float = 10.0) -> Any:
    source = vtk.vtkSphereSource()
    source.SetCenter(*centre)
    source.SetRadius(radius)
    source.SetThetaResolution(24)
    source.SetPhiResolution(24)
    source.Update()
    return source.GetOutput()


def move(host: SceneHost, node: Any, matrix: np.ndarray) -> None:
    transform = host.app.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    transform.SetMatrixTransformToParent(to_vtk(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())


def ras_bounds(node: Any) -> np.ndarray:
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    return bounds.reshape(3, 2).T


def test_a_model_lies_where_its_node_does(host: SceneHost) -> None:
    node = add_model(host, "ball", ball())
    node.GetDisplayNode().SetOpacity(0.5)
    found = exported(host).geometry["ball"]
    np.testing.assert_allclose(found.bounds, ras_bounds(node), atol=1e-4)
    assert found.visual.material.baseColorFactor.tolist() == pytest.approx([51, 102, 153, 128], abs=1)
    outward = found.vertices - (30, 0, 0)
    assert (np.einsum("ij,ij->i", outward, found.vertex_normals) > 0).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_transforms_are_applied_and_surfaces_stay_outside_out(host: SceneHost, mirrored: bool) -> None:
    node = add_model(host, "ball", ball())
    matrix = np.array([[0, -2.0, 0, 5], [1, 0, 0, 6], [0, 0, -1 if mirrored else 1, 7], [0, 0, 0, 1]])
    move(host, node, matrix)
    found = exported(host).geometry["ball"]
    np.testing.assert_allclose(found.bounds, ras_bounds(node), atol=1e-4)
    assert found.volume == pytest.approx(2 * trimesh.Trimesh(*_arrays(ball())).volume, rel=1e-4)
    outward = found.vertices - (matrix @ (30, 0, 0, 1))[:3]
    assert (np.einsum("ij,ij->i", outward, found.vertex_normals) > 0).mean() > 0.99


def _arrays(mesh: Any) -> tuple[np.ndarray, np.ndarray]:
    return vtk_to_numpy(mesh.GetPoints().GetData()), vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)


def test_only_what_the_view_shows_is_in_it(host: SceneHost) -> None:
    shown, hidden, elsewhere = (add_model(host, name, ball()) for name in ("shown", "hidden", "elsewhere"))
    hidden.GetDisplayNode().SetVisibility(False)
    host.perform(c.SetLayout("Dual3D"), 0.0)
    elsewhere.GetDisplayNode().AddViewNodeID("vtkMRMLViewNode2")
    assert set(exported(host).geometry) == {"shown"}
    assert set(exported(host, c.ViewGraphics(1)).geometry) == {"shown", "elsewhere"}
    with pytest.raises(NotFoundError, match="no 3D view 2"):
        host.perform(c.ViewGraphics(2), 0.0)
    assert set(exported(host, c.NodeGraphics()).geometry) == {"shown", "hidden", "elsewhere"}  # and no slice planes
    assert set(exported(host, c.NodeGraphics(id=hidden.GetID().lower())).geometry) == {"hidden"}
    assert shown.GetName() == "shown"


def test_models_coloured_by_a_scalar_keep_their_colours(host: SceneHost) -> None:
    mesh = ball()
    heights = np.linspace(0, 1, mesh.GetNumberOfPoints())
    array = numpy_to_vtk(heights, deep=True)
    array.SetName("height")
    mesh.GetPointData().SetScalars(array)
    node = add_model(host, "ball", mesh)
    display = node.GetDisplayNode()
    assert "COLOR_0" not in document_bytes(host).decode()
    display.SetActiveScalarName("height")
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.SetScalarRangeFlag(display.UseManualScalarRange)
    display.SetScalarRange(0.0, 1.0)
    display.SetScalarVisibility(True)
    colors = exported(host).geometry["ball"].visual.vertex_attributes["color"]
    np.testing.assert_allclose(colors[:, 0], heights * 255, atol=1)


def test_polylines_are_lines_thinned_out_or_tubes(host: SceneHost) -> None:
    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    for row in range(10):
        lines.InsertNextCell(3)
        for step in range(3):
            lines.InsertCellPoint(points.InsertNextPoint(row * 5.0, step * 10.0, 0.0))
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(points)
    mesh.SetLines(lines)
    add_model(host, "fibres", mesh)
    assert _segment_count(host, c.ViewGraphics()) == 20
    assert _segment_count(host, c.NodeGraphics(fibers=4)) == 8
    tubes = exported(host, c.NodeGraphics(fibers=1, tubes=True)).geometry["fibres"]
    np.testing.assert_allclose(tubes.bounds, [[-0.5, 0, -0.5], [0.5, 20, 0.5]], atol=0.05)


def _segment_count(host: SceneHost, command: c.Command) -> int:
    document = json.loads(document_bytes(host, command))
    (primitive,) = document["meshes"][0]["primitives"]
    assert primitive["mode"] == 1
    return document["accessors"][primitive["indices"]]["count"] // 2


def add_segmentation(host: SceneHost) -> Any:
    """Two balls as closed surfaces: `lung` and `liver`."""
    node = host.app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "organs")
    node.CreateDefaultDisplayNodes()
    node.AddSegmentFromClosedSurfaceRepresentation(ball((-40.0, 0, 0)), "lung", (1.0, 0.5, 0.25), "Segment_a")
    node.AddSegmentFromClosedSurfaceRepresentation(ball((0, 50.0, 0)), "liver", (0.0, 1.0, 0.0), "Segment_b")
    return node


def test_segments_keep_names_colours_and_place(host: SceneHost) -> None:
    node = add_segmentation(host)
    move(host, node, np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 100.0], [0, 0, 0, 1]]))
    command = c.NodeGraphics("vtkMRMLSegmentationNode", True, "org*")
    found = exported(host, command)
    assert set(found.geometry) == {"lung", "liver"}
    assert found.geometry["lung"].visual.material.baseColorFactor.tolist() == pytest.approx([255, 128, 64, 255], abs=1)
    np.testing.assert_allclose(found.bounds, ras_bounds(node), atol=0.2)  # the node's are those of its label map
    extras = [n["extras"] for n in json.loads(document_bytes(host, command))["nodes"][1:]]
    assert extras == [{"id": node.GetID(), "segmentID": segment} for segment in ("Segment_a", "Segment_b")]
    node.GetDisplayNode().SetSegmentVisibility("Segment_b", False)
    assert set(exported(host).geometry) == {"lung"}
    assert set(exported(host, command).geometry) == {"lung", "liver"}
    for pattern in ("nosuch", "ORGANS"):
        with pytest.raises(NotFoundError, match=rf"could not find nodes in the scene by name or id '{pattern}'"):
            host.perform(c.NodeGraphics("vtkMRMLSegmentationNode", True, pattern), 0.0)


def test_label_maps_get_surfaces_for_the_file_alone(host: SceneHost) -> None:
    node = add_segmentation(host)
    segmentation = node.GetSegmentation()
    segmentation.CreateRepresentation("Binary labelmap")
    segmentation.SetSourceRepresentationName("Binary labelmap")
    segmentation.RemoveRepresentation("Closed surface")
    found = exported(host, c.NodeGraphics("vtkMRMLSegmentationNode", True))
    assert found.geometry["lung"].bounds.mean(axis=0) == pytest.approx((-40, 0, 0), abs=1)
    assert not segmentation.ContainsRepresentation("Closed surface")


def test_markups_are_balls_and_tubes(host: SceneHost) -> None:
    points = host.app.scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "F")
    points.AddControlPoint(vtk.vtkVector3d(10, 20, 30))
    points.GetDisplayNode().SetUseGlyphScale(False)
    points.GetDisplayNode().SetGlyphSize(4.0)
    points.GetDisplayNode().SetSelectedColor(0.0, 0.0, 1.0)
    line = host.app.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "L")
    for end in ((0, 0, 0), (50, 0, 0)):
        line.AddControlPoint(vtk.vtkVector3d(*end))
    line.GetDisplayNode().SetCurveLineSizeMode(line.GetDisplayNode().UseLineDiameter)
    line.GetDisplayNode().SetLineDiameter(2.0)
    found = exported(host)
    np.testing.assert_allclose(found.geometry["F"].bounds, [[8, 18, 28], [12, 22, 32]], atol=0.1)
    assert found.geometry["F"].visual.material.baseColorFactor.tolist() == [0, 0, 255, 255]
    np.testing.assert_allclose(found.geometry["L line"].bounds, [[0, -1, -1], [50, 1, 1]], atol=0.1)


def test_the_box_has_its_letters_on_the_right_sides(host: SceneHost) -> None:
    node = add_model(host, "ball", ball((30.0, 40.0, 50.0)))
    found = exported(host, c.ViewGraphics(box=True)).geometry
    assert set(found) == {"ball", "Box", *"RLAPSI"}
    np.testing.assert_allclose(found["Box"].bounds, ras_bounds(node), atol=1e-3)
    middles = {letter: found[letter].bounds.mean(axis=0) - (30, 40, 50) for letter in "RLAPSI"}
    for letter, (axis, sign) in {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}.items():
        assert np.sign(middles[letter][axis]) == sign
        assert abs(middles[letter][axis]) > 10
    # Seen from anterior the letter R is not mirrored: its stem, at the left of the letter, is on the patient's right.
    letter = found["R"]
    left_most = letter.vertices[letter.vertices[:, 0] > letter.bounds[1][0] - 0.1]
    assert np.ptp(left_most[:, 2]) == pytest.approx(np.ptp(letter.vertices[:, 2]), rel=0.05)


def test_points_that_are_nowhere_are_left_out(host: SceneHost) -> None:
    mesh = ball()
    mesh.GetPoints().SetPoint(5, float("nan"), 0.0, 0.0)
    add_model(host, "ball", mesh)
    data = document_bytes(host)
    json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert len(exported(host).geometry["ball"].vertices) == mesh.GetNumberOfPoints() - 1


def test_other_mesh_types_and_empty_models(host: SceneHost) -> None:
    append = vtk.vtkAppendFilter()
    append.AddInputData(ball())
    append.Update()
    add_model(host, "grid", append.GetOutput())
    add_model(host, "empty", vtk.vtkPolyData())
    assert set(exported(host).geometry) == {"grid"}


def test_the_size_is_bounded(host: SceneHost, monkeypatch: pytest.MonkeyPatch) -> None:
    part = host._performers[c.ViewGraphics].__self__  # type: ignore[attr-defined]
    monkeypatch.setattr(part, "_limit_bytes", 1000)
    add_model(host, "ball", ball())
    with pytest.raises(TooLargeError, match="limit"):
        host.perform(c.ViewGraphics(), 0.0)
