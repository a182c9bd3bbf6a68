"""The history of edits on a real scene: steps, merging, bounds, nodes that come and go."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import slicer

from backend.errors import BadRequestError
from backend.scene import commands as c
from backend.scene.host import SceneHost
from backend.scene.undo import Edit, History


class Number:
    """Something to edit."""

    def __init__(self) -> None:
        self.value = 0

    def put(self, history: History, value: int, **edit: object) -> None:
        before = self.value
        self.value = value
        history.push(Edit(f"Set {value}", lambda: self._set(before), lambda: self._set(value), **edit))  # type: ignore[arg-type]

    def _set(self, value: int) -> None:
        self.value = value


def test_steps_back_and_on_and_a_new_edit_ends_redo() -> None:
    history, number = History(10, 1 << 20), Number()
    for value in (1, 2, 3):
        number.put(history, value)
    assert history.undo().text == "Set 3"
    assert (history.undo().text, number.value) == ("Set 2", 1)
    assert history.state == c.HistoryState(["Set 1"], ["Set 2", "Set 3"])
    assert (history.redo().text, number.value) == ("Set 2", 2)
    number.put(history, 9)
    assert history.state.redo == []
    with pytest.raises(BadRequestError, match="nothing to redo"):
        history.redo()
    history.undo()
    history.undo()
    history.undo()
    assert number.value == 0
    with pytest.raises(BadRequestError, match="nothing to undo"):
        history.undo()


def test_a_drag_is_one_step_and_what_follows_undo_is_another() -> None:
    history, number = History(10, 1 << 20), Number()
    for value in (1, 2, 3):
        number.put(history, value, merge="drag")
    history.undo()
    assert number.value == 0
    history.redo()
    assert number.value == 3
    number.put(history, 4, merge="drag")
    history.undo()
    assert number.value == 3
    late = History(10, 1 << 20)
    number.put(late, 5, merge="wheel", merge_s=1.0, at=0.0)
    number.put(late, 6, merge="wheel", merge_s=1.0, at=0.9)
    number.put(late, 7, merge="wheel", merge_s=1.0, at=2.5)
    assert len(late.state.undo) == 2


def test_it_is_bounded_by_steps_and_bytes_and_forgets_what_fails() -> None:
    history, number = History(3, 1000), Number()
    for value in range(1, 6):
        number.put(history, value, size_bytes=10)
    assert history.state.undo == ["Set 5", "Set 4", "Set 3"]
    number.put(history, 6, size_bytes=985)
    assert history.state.undo == ["Set 6", "Set 5"]
    number.put(history, 7, size_bytes=5000)
    assert history.state.undo == []

    def fail() -> None:
        raise BadRequestError("it has gone")

    history.push(Edit("Bad", fail, fail))
    with pytest.raises(BadRequestError, match="it has gone"):
        history.undo()
    assert history.state == c.HistoryState()


@pytest.fixture
def line(scene: SceneHost) -> Iterator[object]:
    node = scene.app.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Long axis")
    node.CreateDefaultDisplayNodes()
    node.AddControlPointWorld(0, 0, 0)
    node.AddControlPointWorld(3, 4, 0)
    scene.history.clear()
    yield node
    if scene.app.scene.IsNodePresent(node):
        scene.app.scene.RemoveNode(node)


def test_a_removed_node_comes_back_with_its_display_and_goes_again(scene: SceneHost, line: object) -> None:
    node_id, display = line.GetID(), line.GetDisplayNode()  # type: ignore[attr-defined]
    display.SetSelectedColor(0.1, 0.2, 0.3)
    went = scene.perform(c.Remove(c.SelectNodes(id=node_id)), 0.0)
    assert went == [node_id, display.GetID()]
    assert scene.app.scene.GetNodeByID(node_id) is None
    undone = scene.perform(c.Undo(), 0.0)
    assert (undone.text, undone.back, undone.gone) == ("Delete Long axis", went, [])
    back = scene.app.scene.GetNodeByID(node_id)
    assert back.GetNumberOfControlPoints() == 2
    assert back.GetMeasurement("length").GetValue() == pytest.approx(5)
    assert back.GetDisplayNode().GetSelectedColor() == pytest.approx((0.1, 0.2, 0.3))
    assert scene.perform(c.Undo(again=True), 0.0).gone == went
    assert scene.app.scene.GetNodeByID(node_id) is None
    assert scene.perform(c.GetHistory(), 0.0) == c.HistoryState(["Delete Long axis"], [])


def test_a_removed_volume_comes_back_where_it_was_shown(scene: SceneHost) -> None:
    volume = slicer.util.addVolumeFromArray(np.arange(1000, dtype=np.int16).reshape(10, 10, 10))
    volume.CreateDefaultDisplayNodes()
    for view in scene.views.slices():
        view.show(volume)
    node_id = volume.GetID()
    scene.perform(c.Remove(c.SelectNodes(id=node_id)), 0.0)
    assert scene.perform(c.OpenView("red"), 0.0).state["background"] is None
    scene.perform(c.Undo(), 0.0)
    assert scene.perform(c.OpenView("red"), 0.0).state["background"]["id"] == node_id
    assert slicer.util.arrayFromVolume(scene.app.scene.GetNodeByID(node_id)).sum() == np.arange(1000).sum()
    scene.app.scene.RemoveNode(volume)


def test_changes_of_nodes_are_put_back_whole(scene: SceneHost, line: object) -> None:
    with scene.history.changing("Edit", [line]):
        line.SetName("Short axis")  # type: ignore[attr-defined]
        line.SetNthControlPointPositionWorld(1, 0, 0, 9)  # type: ignore[attr-defined]
        line.SetAttribute("reader", "ada")  # type: ignore[attr-defined]
    scene.perform(c.Undo(), 0.0)
    assert (line.GetName(), line.GetAttribute("reader")) == ("Long axis", None)  # type: ignore[attr-defined]
    assert line.GetMeasurement("length").GetValue() == pytest.approx(5)  # type: ignore[attr-defined]
    scene.perform(c.Undo(again=True), 0.0)
    assert (line.GetName(), line.GetAttribute("reader")) == ("Short axis", "ada")  # type: ignore[attr-defined]
    assert line.GetMeasurement("length").GetValue() == pytest.approx(9)  # type: ignore[attr-defined]
    scene.app.scene.RemoveNode(line)
    with pytest.raises(BadRequestError, match="not there any more"):
        scene.perform(c.Undo(), 0.0)


def test_what_undo_brought_back_is_not_removed_again_after_a_restart() -> None:
    remove = c.Remove(c.SelectNodes(id="a")).journaled(["a", "b"])
    assert remove.amended(c.Undo().journaled(c.Undone("Delete", c.HistoryState(), back=["a", "b"]))) is None
    assert remove.amended(c.Undo().journaled(c.Undone("Delete", c.HistoryState(), back=["x"]))) == remove
    again = c.Undo(again=True).journaled(c.Undone("Delete", c.HistoryState(), gone=["a", "b"]))
    assert again == c.NodesWent(gone=("a", "b"))
    assert again.amended(c.NodesWent(back=("a", "b"))) is None
    assert c.Undo().journal == "no"


def test_whatever_shows_a_node_is_put_back(scene: SceneHost) -> None:
    nodes = scene.app.scene
    segmentation = nodes.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    segment = segmentation.GetSegmentation().AddEmptySegment("a", "a", [1, 0, 0])
    model = nodes.AddNewNodeByClass("vtkMRMLModelNode")
    model.CreateDefaultDisplayNodes()
    volume = slicer.util.addVolumeFromArray(np.zeros((4, 4, 4), np.int16))
    volume.CreateDefaultDisplayNodes()
    rendering = scene.app.modules["VolumeRendering"].CreateDefaultVolumeRenderingNodes(volume)
    shown = [node.GetDisplayNode() for node in (segmentation, model, volume)]
    composite = scene.views.red().logic.GetSliceCompositeNode()

    def look() -> list[object]:
        of_segments, of_model, of_volume = shown
        return [
            of_segments.GetSegmentVisibility(segment), of_segments.GetOpacity2DFill(), of_model.GetColor(),
            of_model.GetOpacity(), of_volume.GetInterpolate(), of_volume.GetColorNodeID(), of_volume.GetWindow(),
            rendering.GetCroppingEnabled(),
            rendering.GetVisibility(), composite.GetForegroundOpacity(), composite.GetBackgroundVolumeID(),
        ]  # fmt: skip

    before = look()
    with scene.history.changing("Everything", [*shown, rendering, composite]):
        shown[0].SetSegmentVisibility(segment, not before[0])
        shown[0].SetOpacity2DFill(0.1)
        shown[1].SetColor(0.1, 0.2, 0.3)
        shown[1].SetOpacity(0.2)
        shown[2].SetInterpolate(not before[4])
        shown[2].SetAndObserveColorNodeID("vtkMRMLColorTableNodeRed")
        shown[2].SetAutoWindowLevel(0)
        shown[2].SetWindowLevel(7, 8)
        rendering.SetCroppingEnabled(not before[7])
        rendering.SetVisibility(not before[8])
        composite.SetForegroundOpacity(0.3)
        composite.SetBackgroundVolumeID(volume.GetID())
    after = look()
    assert all(a != b for a, b in zip(before, after, strict=True))
    scene.perform(c.Undo(), 0.0)
    assert look() == before
    scene.perform(c.Undo(again=True), 0.0)
    assert look() == after
    for node in (segmentation, model, volume):
        nodes.RemoveNode(node)
