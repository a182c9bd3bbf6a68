"""Markups of every kind on a real scene: made, changed, measured, taken back, put back; probes and statistics."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import slicer

from backend.errors import BadRequestError, NotFoundError, TooLargeError
from backend.scene import commands as c
from backend.scene.deferred import Deferred
from backend.scene.host import SceneHost

MOST = 100
TILTED = [1, 0, 0, 5, 0, 0.8, -0.6, 6, 0, 0.6, 0.8, 7, 0, 0, 0, 1]


@pytest.fixture
def host(scene: SceneHost) -> Iterator[SceneHost]:
    scene.history.clear()
    yield scene
    for state in scene.perform(c.ListMarkups(), 0.0):
        scene.perform(c.DropMarkup(state.id, ""), 0.0)


def make(host: SceneHost, kind: c.MarkupKind, gesture: str = "", **patch: object) -> c.MarkupState:
    made: c.MarkupState = host.perform(c.MakeMarkup(kind, c.MarkupPatch(**patch), MOST, gesture), 0.0)  # type: ignore[arg-type]
    return made


def change(host: SceneHost, node_id: str, gesture: str = "", **patch: object) -> c.MarkupState:
    found: c.MarkupState = host.perform(c.ChangeMarkup(node_id, c.MarkupPatch(**patch), MOST, gesture), 0.0)  # type: ignore[arg-type]
    return found


def test_lines_angles_and_curves_are_measured(host: SceneHost) -> None:
    line = make(host, "line", points=[(0, 0, 0), (30, 40, 0)], name="Long axis")
    assert (line.name, line.kind, line.count) == ("Long axis", "line", 2)
    assert line.measurements == [c.Measurement("length", pytest.approx(50), "mm")]
    angle = make(host, "angle", points=[(10, 0, 0), (0, 0, 0), (0, 10, 0)])
    assert angle.measurements == [c.Measurement("angle", pytest.approx(90), "deg")]
    square = make(host, "closedCurve", points=[(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 0)])
    names = {measured.name: measured for measured in square.measurements}
    assert 100 < names["area"].value < 160  # a spline bulges
    assert names["area"].units == "mm2"
    assert slicer.mrmlScene.GetNodeByID(line.id).IsA("vtkMRMLMarkupsLineNode")


def test_boxes_have_frames(host: SceneHost) -> None:
    roi = make(host, "roi", frame=TILTED, size=[10, 20, 30])
    assert np.allclose(roi.frame, TILTED)
    assert roi.size == pytest.approx([10, 20, 30])
    assert roi.measurements == [c.Measurement("volume", pytest.approx(6000), "mm3")]
    plane = make(host, "plane", frame=TILTED, size=[40, 50])
    assert np.allclose(plane.frame, TILTED)
    assert plane.size == pytest.approx([40, 50])
    moved = change(host, roi.id, size=[1, 2, 3])
    assert (np.allclose(moved.frame, TILTED), moved.size) == (True, pytest.approx([1, 2, 3]))
    with pytest.raises(BadRequestError, match="no control points"):
        change(host, roi.id, points=[(0, 0, 0)])
    with pytest.raises(BadRequestError, match="2 numbers"):
        change(host, plane.id, size=[1, 2, 3])


def test_a_gesture_is_one_step_of_undo(host: SceneHost) -> None:
    line = make(host, "line", "g1", points=[(0, 0, 0), (0, 0, 0)])
    for x in range(5):
        change(host, line.id, "g1", index=1, position=(float(x), 0, 0))
    change(host, line.id, color="#ff0000", locked=True)
    assert host.perform(c.GetHistory(), 0.0).undo == [f"Change {line.name}", f"Add {line.name}"]
    host.perform(c.Undo(), 0.0)
    (state,) = host.perform(c.ListMarkups(), 0.0)
    assert (state.color != "#ff0000", state.locked) == (True, False)
    host.perform(c.Undo(), 0.0)
    assert host.perform(c.ListMarkups(), 0.0) == []
    host.perform(c.Undo(again=True), 0.0)
    (state,) = host.perform(c.ListMarkups(), 0.0)
    assert (state.id, state.points) == (line.id, [(0, 0, 0), (4, 0, 0)])
    host.perform(c.Undo(again=True), 0.0)
    assert host.perform(c.ListMarkups(), 0.0)[0].color == "#ff0000"


def test_placing_that_is_given_up_leaves_no_trace(host: SceneHost) -> None:
    line = make(host, "line", "g2", points=[(0, 0, 0), (0, 0, 0)])
    change(host, line.id, "g2", index=1, position=(1, 0, 0))
    host.perform(c.DropMarkup(line.id, "g2"), 0.0)
    assert host.perform(c.ListMarkups(), 0.0) == []
    assert host.perform(c.GetHistory(), 0.0) == c.HistoryState()


def test_bad_changes_change_nothing(host: SceneHost) -> None:
    line = make(host, "line", points=[(0, 0, 0), (3, 4, 0)])
    for wrong, error in (
        ({"index": 2, "position": (1, 1, 1)}, TooLargeError),
        ({"index": 7, "position": (1, 1, 1)}, NotFoundError),
        ({"remove": 2}, NotFoundError),
        ({"points": [(0, 0, 0)] * 3}, TooLargeError),
        ({"frame": TILTED}, BadRequestError),
        ({"name": "a\nb", "index": 0, "position": (9, 9, 9)}, BadRequestError),
    ):
        with pytest.raises(error):
            change(host, line.id, **wrong)
    with pytest.raises(NotFoundError):
        change(host, "vtkMRMLScalarVolumeNode1", visible=False)
    with pytest.raises(BadRequestError):
        make(host, "roi", points=[(0, 0, 0)])
    assert [state.points for state in host.perform(c.ListMarkups(), 0.0)] == [[(0, 0, 0), (3, 4, 0)]]
    assert len(host.perform(c.GetHistory(), 0.0).undo) == 1


def test_positions_are_world_positions_under_a_transform(host: SceneHost) -> None:
    transform = host.app.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = slicer.vtk.vtkMatrix4x4() if hasattr(slicer, "vtk") else __import__("vtk").vtkMatrix4x4()
    matrix.SetElement(0, 3, 100.0)
    transform.SetMatrixTransformToParent(matrix)
    line, roi = make(host, "line", points=[(0, 0, 0), (3, 4, 0)]), make(host, "roi", frame=TILTED, size=[2, 2, 2])
    for made in (line, roi):
        host.app.scene.GetNodeByID(made.id).SetAndObserveTransformNodeID(transform.GetID())
    states = {state.id: state for state in host.perform(c.ListMarkups(), 0.0)}
    assert states[line.id].points == [(100, 0, 0), (103, 4, 0)]
    assert states[roi.id].frame[3] == pytest.approx(105)  # type: ignore[index]
    assert np.allclose(change(host, roi.id, frame=TILTED).frame, TILTED)
    assert change(host, line.id, index=0, position=(1, 2, 3)).points == [(1, 2, 3), (103, 4, 0)]
    host.app.scene.RemoveNode(transform)


def test_news_are_told_once(host: SceneHost) -> None:
    told: list[object] = []
    host._emit, kept = told.append, host._emit  # type: ignore[method-assign]
    try:
        line = make(host, "line", points=[(0, 0, 0), (3, 4, 0)])
        host._announced_at = 0.0
        host.announce()
        events = [event for event in told if isinstance(event, c.MarkupsChanged)]
        assert [[state.id for state in event.changed] for event in events] == [[line.id]]
        told.clear()
        host.app.scene.GetNodeByID(line.id).GetDisplayNode().SetVisibility(0)
        host._announced_at = 0.0
        host.announce()
        (event,) = (event for event in told if isinstance(event, c.MarkupsChanged))
        assert event.changed[0].visible is False
        told.clear()
        host.perform(c.Remove(c.SelectNodes(id=line.id)), 0.0)
        host._announced_at = 0.0
        host.announce()
        (event,) = (event for event in told if isinstance(event, c.MarkupsChanged))
        assert (event.changed, event.gone) == ([], [line.id])
    finally:
        host._emit = kept  # type: ignore[method-assign]


def test_what_was_told_is_put_back_exactly(host: SceneHost) -> None:
    line = make(host, "line", points=[(0, 0, 0), (3, 4, 0)], name="Long axis", color="#00ff00")
    roi = make(host, "roi", frame=TILTED, size=[10, 20, 30])
    told = host.perform(c.ListMarkups(), 0.0)
    change(host, line.id, points=[(9, 9, 9), (8, 8, 8)])
    host.perform(c.DropMarkup(roi.id, ""), 0.0)
    make(host, "points", points=[(1, 1, 1)])
    host.perform(c.RestoreMarkups(told), 0.0)
    now = {state.name: state for state in host.perform(c.ListMarkups(), 0.0)}
    assert set(now) == {"Long axis", roi.name}
    assert (now["Long axis"].points, now["Long axis"].color) == ([(0, 0, 0), (3, 4, 0)], "#00ff00")
    assert np.allclose(now[roi.name].frame, TILTED)


@pytest.fixture
def volume(host: SceneHost) -> Iterator[object]:
    node = slicer.util.addVolumeFromArray((np.arange(20 * 20 * 20, dtype=np.int16) - 1000).reshape(20, 20, 20))
    node.CreateDefaultDisplayNodes()
    node.SetSpacing(2, 2, 2)
    for view in host.views.slices():
        view.show(node)
    yield node
    host.app.scene.RemoveNode(node)


def test_a_probe_tells_value_index_and_units(host: SceneHost, volume: object) -> None:
    found = host.perform(c.Probe("Red", (10.9, 6.2, 14.0)), 0.0)
    (layer,) = found.layers
    assert (layer.layer, layer.ijk, layer.units) == ("background", (5, 3, 7), "HU")
    assert layer.value == 7 * 400 + 3 * 20 + 5 - 1000
    outside = host.perform(c.Probe("Red", (-50, 0, 0)), 0.0)
    assert (outside.layers[0].ijk, outside.layers[0].value) == (None, None)
    with pytest.raises(NotFoundError):
        host.perform(c.Probe("1", (0, 0, 0)), 0.0)


@pytest.mark.parametrize(("s", "k"), [(-1.0, 0), (39.0, 19), (-1.0001, None), (39.0001, None)])
def test_the_very_border_belongs_to_a_volume_as_pictures_show_it(
    host: SceneHost, volume: object, s: float, k: int | None
) -> None:
    """Who scrolls to the end gets there."""
    index = host.perform(c.Probe("Red", (10.0, 6.0, s)), 0.0).layers[0].ijk
    assert (index[2] if index else None) == k
    view = host.views.slice("red")
    view.apply(c.ViewPatch(orientation="axial", offset=s))
    assert bool(view.prepare(64, 64, False)().rgba()[32, 32, 3]) is (k is not None)


def measured(host: SceneHost, node_id: str) -> c.StatisticsOf:
    deferred = host.perform(c.Statistics(node_id), 0.0)
    assert isinstance(deferred, Deferred)
    found: c.StatisticsOf = deferred.finish(deferred.work())
    return found


def test_statistics_of_an_roi_and_a_closed_curve(host: SceneHost, volume: object) -> None:
    voxels = slicer.util.arrayFromVolume(volume)
    frame = np.eye(4)
    frame[:3, 3] = (21, 21, 20)
    roi = make(host, "roi", frame=frame.ravel().tolist(), size=[8, 12, 2])
    found, values = measured(host, roi.id), voxels[10, 8:14, 9:13]
    assert (found.count, found.minimum, found.maximum) == (24, values.min(), values.max())
    assert (found.mean, found.sd) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    assert (found.volume_mm3, found.area_mm2, found.units) == (pytest.approx(192), pytest.approx(96), "HU")
    thick = measured(host, change(host, roi.id, size=[8, 12, 20]).id)
    assert (thick.count, thick.area_mm2) == (240, None)
    curve = make(host, "closedCurve", points=[(9, 9, 20), (31, 9, 20), (31, 31, 20), (9, 31, 20)])
    node = host.app.scene.GetNodeByID(curve.id)
    node.SetCurveTypeToLinear()
    flat = measured(host, curve.id)
    square = voxels[10, 5:16, 5:16]
    assert (flat.count, flat.mean, flat.sd) == (121, pytest.approx(square.mean()), pytest.approx(square.std()))
    assert flat.area_mm2 == pytest.approx(22 * 22)
    line = make(host, "line", points=[(0, 0, 0), (1, 1, 1)])
    with pytest.raises(BadRequestError, match="encloses nothing"):
        host.perform(c.Statistics(line.id), 0.0)


def test_window_slab_and_linking_are_taken_back_and_scrolling_is_not(host: SceneHost, volume: object) -> None:
    def put(n: int, **patch: object) -> None:
        host.perform(c.SetView("red", c.ViewPatch(**patch), "ada", n), 0.0)  # type: ignore[arg-type]

    put(1, window=400.0, level=40.0)
    host.history.clear()
    for width in (410.0, 420.0, 430.0):
        put(2, window=width, level=50.0)
    put(3, offset=8.0)
    put(4, slab=c.SlabPatch("mip", 10.0))
    assert host.perform(c.GetHistory(), 0.0).undo == ["Slab", "Window and level"]
    host.perform(c.Undo(), 0.0)
    assert host.perform(c.OpenView("red"), 0.0).state["slab"]["mode"] == "off"
    host.perform(c.Undo(), 0.0)
    state = host.perform(c.OpenView("red"), 0.0).state
    assert (state["window"], state["level"], state["offset"]) == (400.0, 40.0, 8.0)
    put(5, auto_window=True)
    assert host.perform(c.OpenView("red"), 0.0).state["window"] != 400.0
    host.perform(c.Undo(), 0.0)
    assert host.perform(c.OpenView("red"), 0.0).state["window"] == 400.0


def test_volume_rendering_is_taken_back(host: SceneHost, volume: object) -> None:
    node_id = volume.GetID()  # type: ignore[attr-defined]

    def put(n: int, **patch: object) -> None:
        rendering = {node_id: c.RenderingPatch(**patch)}  # type: ignore[arg-type]
        host.perform(c.SetView("1", c.ViewPatch(rendering=rendering), "ada", n), 0.0)

    def state() -> dict[str, object]:
        found: dict[str, object] = host.perform(c.OpenView("1"), 0.0).state["rendering"][node_id]
        return found

    put(1, visible=True)
    before, look = state(), host.app.scene.GetFirstNodeByClass("vtkMRMLVolumePropertyNode").GetVolumeProperty()
    points = [look.GetScalarOpacity().GetValue(v) for v in range(-1000, 3000, 50)]
    host.history.clear()
    put(2, preset=next(name for name in before["presets"] if name != before["preset"]))  # type: ignore[attr-defined]
    put(3, shift=40.0, shade=False)
    put(4, crop=c.CropPatch(on=True))
    assert host.perform(c.GetHistory(), 0.0).undo == ["Volume rendering"]
    after = state()
    assert after != before
    host.perform(c.Undo(), 0.0)
    assert state() == before
    look = host.app.scene.GetFirstNodeByClass("vtkMRMLVolumePropertyNode").GetVolumeProperty()
    assert [look.GetScalarOpacity().GetValue(v) for v in range(-1000, 3000, 50)] == points
    host.perform(c.Undo(again=True), 0.0)
    assert state() == after


def test_a_point_is_picked_on_the_volume(host: SceneHost) -> None:
    voxels = np.zeros((40, 40, 40), np.int16)
    voxels[10:30, 10:30, 10:30] = 1000
    node = slicer.util.addVolumeFromArray(voxels)
    node.CreateDefaultDisplayNodes()
    node.SetOrigin(-20, -20, -20)
    display = host.app.modules["VolumeRendering"].CreateDefaultVolumeRenderingNodes(node)
    display.SetVisibility(1)
    opacity = slicer.vtk.vtkPiecewiseFunction() if hasattr(slicer, "vtk") else __import__("vtk").vtkPiecewiseFunction()
    for value, amount in ((0, 0), (400, 0), (500, 1), (1000, 1)):
        opacity.AddPoint(value, amount)
    display.GetVolumePropertyNode().GetVolumeProperty().SetScalarOpacity(opacity)
    camera = c.CameraPatch((0.0, 200.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 30.0)
    host.perform(c.SetView("1", c.ViewPatch(camera=camera)), 0.0)
    found = host.perform(c.Pick("1", 0.5, 0.5, (400, 300)), 0.0).position
    assert found == pytest.approx((0, 9, 0), abs=1.0)
    right = host.perform(c.Pick("1", 0.53, 0.5, (400, 300)), 0.0).position
    assert right[0] < -1  # from the front, the patient's left is on the right
    assert host.perform(c.Pick("1", 0.02, 0.02, (400, 300)), 0.0).position is None
    host.app.scene.RemoveNode(node)
