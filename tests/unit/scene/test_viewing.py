"""What the viewer offers beside its views: volume rendering, bookmarks, layouts, sequences, the crosshair."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import slicer
from PIL import Image

from backend.errors import BadRequestError, NotFoundError
from backend.imaging.histograms import histogram
from backend.scene import commands as c
from backend.scene.host import SceneHost

CAMERA = c.CameraPatch((0.0, 300.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 30.0)


@pytest.fixture
def volume(scene: SceneHost) -> Iterator[Any]:
    """A CT of 40 mm in steps of 1 mm with a ball of bone in air."""
    k, j, i = np.mgrid[:40, :40, :40]
    ball = (k - 20) ** 2 + (j - 20) ** 2 + (i - 20) ** 2 < 150
    node = slicer.util.addVolumeFromArray(np.where(ball, 700, -1000).astype(np.int16))
    node.SetName("Ball")
    node.CreateDefaultDisplayNodes()
    for view in scene.views.slices():
        view.show(node)
    yield node
    rendering = node.GetNthDisplayNode(1)
    for gone in (rendering.GetROINode(), rendering.GetVolumePropertyNode(), rendering) if rendering is not None else ():
        if gone is not None:
            scene.app.scene.RemoveNode(gone)
    scene.app.scene.RemoveNode(node)


def put(scene: SceneHost, view: str = "1", **patch: Any) -> None:
    scene.perform(c.SetView(view, c.ViewPatch(**patch), "ada", 1), 0.0)


def rendering(scene: SceneHost, volume: Any) -> dict[str, Any]:
    found: dict[str, Any] = scene.views.threed().state()["rendering"][volume.GetID()]
    return found


def points(volume: Any) -> list[tuple[float, float]]:
    opacity = volume.GetNthDisplayNode(1).GetVolumePropertyNode().GetScalarOpacity()
    found = []
    for index in range(opacity.GetSize()):
        point = [0.0] * 4
        opacity.GetNodeValue(index, point)
        found.append((point[0], point[1]))
    return found


def test_a_preset_is_chosen_moved_and_made_denser(scene: SceneHost, volume: Any) -> None:
    node_id = volume.GetID()
    put(scene, rendering={node_id: c.RenderingPatch(visible=True, preset="CT bone")})
    state = rendering(scene, volume)
    assert (state["preset"], state["visible"], state["shift"], state["opacity"]) == ("CT bone", True, 0.0, 1.0)
    assert state["presets"][0] == "CT bone and contrast"
    at = points(volume)
    put(scene, rendering={node_id: c.RenderingPatch(shift=120.0)})
    put(scene, rendering={node_id: c.RenderingPatch(shift=50.0, opacity=2.0, shade=False)})
    assert points(volume) == [(pytest.approx(value + 50), amount) for value, amount in at]
    state = rendering(scene, volume)
    assert (state["shift"], state["opacity"], state["shade"]) == (50.0, pytest.approx(2.0), False)
    put(scene, rendering={node_id: c.RenderingPatch(preset="CT bone")})
    assert points(volume) == at
    assert rendering(scene, volume)["shift"] == 0.0


def test_points_of_a_look_are_those_of_the_mrml_node(scene: SceneHost, volume: Any) -> None:
    node_id = volume.GetID()
    put(scene, rendering={node_id: c.RenderingPatch(visible=True, preset="CT bone")})
    preset = rendering(scene, volume)
    assert [tuple(point) for point in preset["opacity_points"]] == points(volume)
    scene.history.clear()
    mine = [(-500.0, 0.0), (250.5, 0.25), (700.0, 1.0)]
    put(scene, rendering={node_id: c.RenderingPatch(opacity_points=mine)})
    state = rendering(scene, volume)
    assert points(volume) == mine
    assert (state["preset"], state["color_points"]) == ("", preset["color_points"])
    exact = [0.0] * 6
    colors = volume.GetNthDisplayNode(1).GetVolumePropertyNode().GetColor()
    colors.GetNodeValue(1, exact)
    put(scene, rendering={node_id: c.RenderingPatch(color_points=[(180.0, preset["color_points"][1][1]), (900.0, "#ff8000")])})
    colors = volume.GetNthDisplayNode(1).GetVolumePropertyNode().GetColor()
    kept = [0.0] * 6
    colors.GetNodeValue(0, kept)
    assert kept == exact  # not rounded to what its colour in eight bits is
    assert colors.GetColor(900.0) == pytest.approx((1.0, 128 / 255, 0.0))
    assert points(volume) == mine
    # What a script does is told, and moving moves what there is.
    volume.GetNthDisplayNode(1).GetVolumePropertyNode().GetScalarOpacity().AddPoint(400.0, 0.5)
    assert [400.0, 0.5] in [list(point) for point in rendering(scene, volume)["opacity_points"]]
    put(scene, rendering={node_id: c.RenderingPatch(shift=10.0)})
    assert (710.0, 1.0) in points(volume)
    # Points, colours and the move are one edit each.
    for _ in range(3):
        scene.perform(c.Undo(), 0.0)
    state = rendering(scene, volume)
    assert (state["preset"], state["opacity_points"]) == ("CT bone", preset["opacity_points"])
    assert not scene.history.state.undo
    scene.perform(c.Undo(again=True), 0.0)
    assert points(volume) == mine


def test_opacity_by_steepness_is_that_of_the_mrml_node(scene: SceneHost, volume: Any) -> None:
    node_id = volume.GetID()
    put(scene, rendering={node_id: c.RenderingPatch(visible=True, preset="CT bone")})
    assert rendering(scene, volume)["gradient_points"] == [(0.0, 1.0)]
    scene.history.clear()
    mine = [(0.0, 0.0), (40.0, 0.25), (90.0, 1.0)]
    put(scene, rendering={node_id: c.RenderingPatch(gradient_points=mine)})
    look = volume.GetNthDisplayNode(1).GetVolumePropertyNode().GetVolumeProperty()
    assert look.GetGradientOpacity().GetValue(65.0) == pytest.approx(0.625)
    state = rendering(scene, volume)
    assert (state["preset"], state["gradient_points"]) == ("", mine)
    look.DisableGradientOpacityOn()  # as a script may
    assert rendering(scene, volume)["gradient_points"] == [(0.0, 1.0)]
    put(scene, rendering={node_id: c.RenderingPatch(gradient_points=mine)})
    assert look.GetGradientOpacity().GetValue(65.0) == pytest.approx(0.625)
    scene.perform(c.Undo(), 0.0)
    put(scene, rendering={node_id: c.RenderingPatch(gradient_points=mine)})
    put(scene, rendering={node_id: c.RenderingPatch(preset="CT bone")})
    assert rendering(scene, volume)["gradient_points"] == [(0.0, 1.0)]


def test_a_look_with_very_many_points_is_left_as_it_is(scene: SceneHost, volume: Any) -> None:
    put(scene, rendering={volume.GetID(): c.RenderingPatch(visible=True)})
    opacity = volume.GetNthDisplayNode(1).GetVolumePropertyNode().GetScalarOpacity()
    for value in range(300):
        opacity.AddPoint(1000.0 + value, 0.5)
    assert rendering(scene, volume)["opacity_points"] is None
    assert rendering(scene, volume)["color_points"]


def test_values_are_counted(scene: SceneHost, volume: Any) -> None:
    work = scene.perform(c.Histogram(volume.GetID(), 17), 0.0)
    found: c.HistogramOf = work.finish(work.work())
    assert found.range == (-1000.0, 700.0)
    ball = int((slicer.util.arrayFromVolume(volume) == 700).sum())
    assert (found.counts[0], found.counts[-1], sum(found.counts[1:-1])) == (40**3 - ball, ball, 0)
    with pytest.raises(NotFoundError):
        scene.perform(c.Histogram("vtkMRMLModelNode1"), 0.0)
    few = histogram(np.full((50, 60, 70), 3.0), 0.0, 6.0, 4, most=1000)
    assert few[2] == few.sum()
    assert 200 < few.sum() < 1300


def test_each_change_is_a_new_revision(scene: SceneHost, volume: Any) -> None:
    view, node_id = scene.views.threed(), volume.GetID()
    revisions = [view.touch()]
    for patch in (
        c.RenderingPatch(visible=True),
        c.RenderingPatch(shift=5.0),
        c.RenderingPatch(shade=False),
        c.RenderingPatch(visible=False),
        c.RenderingPatch(preset="CT lung"),
    ):
        put(scene, rendering={node_id: patch})
        revisions.append(view.touch())
    assert len(set(revisions)) == len(revisions)
    assert view.touch() == revisions[-1]


def test_cropping_keeps_to_its_box(scene: SceneHost, volume: Any) -> None:
    node_id = volume.GetID()
    bounds = (-30.0, -20.0, 5.0, 15.0, 10.0, 30.0)
    put(scene, rendering={node_id: c.RenderingPatch(visible=True, crop=c.CropPatch(on=True))})
    assert rendering(scene, volume)["crop"] == {"on": True, "bounds": pytest.approx(rendering(scene, volume)["bounds"])}
    put(scene, rendering={node_id: c.RenderingPatch(crop=c.CropPatch(bounds=bounds))})
    assert rendering(scene, volume)["crop"] == {"on": True, "bounds": pytest.approx(bounds)}
    roi = volume.GetNthDisplayNode(1).GetROINode()
    centre = [0.0] * 3
    roi.GetXYZ(centre)
    assert centre == pytest.approx((-25, 10, 20))
    assert not roi.GetDisplayNode().GetVisibility()


def test_what_does_not_exist_is_refused_and_changes_nothing(scene: SceneHost, volume: Any) -> None:
    put(scene, rendering={volume.GetID(): c.RenderingPatch(visible=True, preset="CT skin")})
    with pytest.raises(NotFoundError, match="no volume"):
        put(scene, rendering={volume.GetID(): c.RenderingPatch(visible=False), "vtkMRMLModelNode1": c.RenderingPatch()})
    with pytest.raises(BadRequestError, match="no preset 'Jelly'"):
        put(scene, rendering={volume.GetID(): c.RenderingPatch(visible=False, preset="Jelly")})
    assert (rendering(scene, volume)["preset"], rendering(scene, volume)["visible"]) == ("CT skin", True)


def test_looks_of_a_3d_view(scene: SceneHost) -> None:
    view = scene.views.threed()
    before = {
        name: view.state()[name] for name in ("background_colors", "box", "axis_labels", "parallel", "quality", "technique")
    }
    wanted = {
        "background_colors": ["#102030", "#ffffff"], "box": False, "axis_labels": False, "parallel": True,
        "quality": "maximum", "technique": "mip",
    }  # fmt: skip
    rev = view.touch()
    put(scene, **{**wanted, "background_colors": ("#102030", "#ffffff")})
    assert {name: view.state()[name] for name in wanted} == wanted
    assert view.touch() > rev
    assert view.motion_budget() is None
    put(scene, camera=CAMERA)
    assert view.parallel_scale() == pytest.approx(300 * np.tan(np.radians(15)))
    put(scene, **{**before, "background_colors": tuple(before["background_colors"])})
    assert {name: view.state()[name] for name in before} == before


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"background_colors": ("red", "#ffffff")}, "background_colors"),
        ({"rendering": {"a": c.RenderingPatch(opacity=-1.0)}}, "opacity"),
        ({"rendering": {"a": c.RenderingPatch(shift=float("nan"))}}, "shift"),
        ({"rendering": {"a": c.RenderingPatch(crop=c.CropPatch(bounds=(0, 0, 0, 1, 0, 1)))}}, "crop.bounds"),
        ({"rendering": {"a" * 200: c.RenderingPatch()}}, "ids"),
        ({"rendering": {"a": c.RenderingPatch(opacity_points=[])}}, "opacity_points must be 1 to"),
        ({"rendering": {"a": c.RenderingPatch(opacity_points=[(0.0, 0.5), (0.0, 0.5)])}}, "rising"),
        ({"rendering": {"a": c.RenderingPatch(opacity_points=[(0.0, 1.5)])}}, "opacities of 0 to 1"),
        ({"rendering": {"a": c.RenderingPatch(opacity_points=[(float("inf"), 0.5)])}}, "opacity_points"),
        ({"rendering": {"a": c.RenderingPatch(gradient_points=[(-1.0, 0.5)])}}, "gradient_points must have differences"),
        ({"rendering": {"a": c.RenderingPatch(gradient_points=[(2.0, 0.5), (1.0, 0.5)])}}, "rising"),
        ({"rendering": {"a": c.RenderingPatch(color_points=[(0.0, "blue")])}}, "colours as #RRGGBB"),
        ({"rendering": {"a": c.RenderingPatch(color_points=[(float(n), "#000000") for n in range(257)])}}, "1 to 256"),
    ],
)
def test_patches_out_of_bounds_are_refused(patch: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        c.require_finite(c.ViewPatch(**patch))


def test_small_pictures_show_what_the_presets_show(scene: SceneHost, volume: Any) -> None:
    def look(preset: str, etags: tuple[str, ...] = ()) -> tuple[c.PictureInfo, bytes]:
        made: tuple[c.PictureInfo, bytes] = scene.perform(c.LookPicture(volume.GetID(), preset, 64, etags), 0.0)()
        return made

    info, data = look("CT bone")
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert pixels.shape == (64, 64)
    assert pixels[32, 32] > 100 > pixels[2, 2]
    assert np.asarray(Image.open(io.BytesIO(look("CT lung")[1])).convert("L"))[32, 32] < 60
    assert look("CT bone", (info.etag,))[0].unchanged
    with pytest.raises(BadRequestError, match="no preset"):
        look("Jelly")


def test_the_crosshair_moves_every_plane_through_its_point(scene: SceneHost, volume: Any) -> None:
    put(scene, "red", crosshair=(-12.0, 9.0, 21.5))
    group = [view for view in scene.views.slices() if not view.node.GetViewGroup()]
    assert {"Red", "Green", "Yellow"} <= {view.name for view in group}
    for view in group:
        matrix = view.slice_to_ras
        assert float(matrix[:3, 2] @ (matrix[:3, 3] - (-12.0, 9.0, 21.5))) == pytest.approx(0, abs=1e-9)
        assert view.state()["crosshair"] == [-12.0, 9.0, 21.5]


def test_slices_follow_the_tool_while_they_are_asked_to(scene: SceneHost, volume: Any) -> None:
    def track(*position: float) -> None:
        scene.perform(c.Track(position=list(position)), 0.0)

    track(-8.0, 4.0, 12.0)
    scene.perform(c.FollowTool(True), 0.0)
    assert scene.info.follow_tool
    red, yellow, green = (scene.views.slice(name) for name in ("red", "yellow", "green"))
    assert red is not None
    assert yellow is not None
    assert green is not None
    assert red.state()["crosshair"] == [-8.0, 4.0, 12.0]
    track(-20.0, 7.0, 15.0)
    for view in (red, yellow, green):
        matrix = view.slice_to_ras
        assert float(matrix[:3, 2] @ (matrix[:3, 3] - (-20.0, 7.0, 15.0))) == pytest.approx(0, abs=1e-9)
    scene.perform(c.FollowTool(False), 0.0)
    before = red.slice_to_ras.copy()
    track(0.0, 0.0, 0.0)
    assert np.array_equal(red.slice_to_ras, before)


def test_reset_turns_a_slice_back(scene: SceneHost, volume: Any) -> None:
    view = scene.views.red()
    put(scene, "red", reset=True)
    before = view.slice_to_ras.copy()
    flipped = before.copy()
    flipped[:3, 0] *= -1
    put(scene, "red", slice_to_ras=flipped.ravel().tolist(), fov=(10.0, 10.0))
    state = view.state()
    assert (state["orientation"], state["edges"]["left"]) == ("Reformat", "L")
    assert state["voxel_mm"] == pytest.approx([1, 1])
    put(scene, "red", reset=True)
    assert np.allclose(view.slice_to_ras, before)
    assert view.state()["edges"]["left"] == "R"


def test_bookmarks(scene: SceneHost) -> None:
    def names() -> list[str]:
        return [found.name for found in scene.perform(c.ListBookmarks(), 0.0)]

    made = scene.perform(c.AddBookmark("Front", CAMERA), 0.0)
    again = scene.perform(c.AddBookmark("Front", CAMERA), 0.0)
    assert made == c.Bookmark("Front", CAMERA)
    assert names() == ["Front", again.name]
    assert again.name != "Front"
    with pytest.raises(BadRequestError, match="whole camera"):
        scene.perform(c.AddBookmark("Half", c.CameraPatch(position=(0, 0, 0))), 0.0)
    camera = scene.views.threed().camera_node
    assert camera.GetLayoutName() == "1"
    for name in names():
        scene.perform(c.RemoveBookmark(name), 0.0)
    with pytest.raises(NotFoundError, match="no bookmark"):
        scene.perform(c.RemoveBookmark("Front"), 0.0)
    assert names() == []
    kept = c.AddBookmark("Front", CAMERA).journaled(again)
    assert kept.amended(c.RemoveBookmark(again.name)) is None
    assert kept.amended(c.RemoveBookmark("Front")) is kept


def test_layouts_that_show_the_scene(scene: SceneHost) -> None:
    found = {entry.name: entry.composition for entry in scene.perform(c.ListLayouts(), 0.0)}
    assert {"FourUp", "Conventional", "OneUp3D", "SideBySide", "Compare", "Tabbed3D"} <= found.keys()
    assert not {"Initial", "FourUpTable", "OneUpPlot", "DicomBrowser"} & found.keys()
    assert [part.view for part in c.views_of(found["FourUp"])] == ["Red", "1", "Green", "Yellow"]


@pytest.mark.parametrize(("layout", "rows"), [("Compare", [1, 1, 1]), ("CompareGrid", [2, 2])])
def test_layouts_that_compare_have_as_many_views_as_wanted(scene: SceneHost, layout: str, rows: list[int]) -> None:
    scene.perform(c.SetLayout(layout, 3), 0.0)
    compared = scene.info.composition.parts[1].parts
    assert [len(c.views_of(part)) for part in compared] == rows
    assert [view.view for part in compared for view in c.views_of(part)][:3] == ["Compare1", "Compare2", "Compare3"]
    scene.perform(c.SetLayout("FourUp"), 0.0)


def test_sequences_show_their_items(scene: SceneHost) -> None:
    sequence = scene.app.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Beat")
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    for index in range(3):
        node = slicer.vtkMRMLScalarVolumeNode()
        slicer.util.updateVolumeFromArray(node, np.full((4, 4, 4), index, np.int16))
        sequence.SetDataNodeAtValue(node, str(index / 2))
    browser = scene.app.scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Beat browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    assert [entry.items for entry in scene.perform(c.ListSequences(), 0.0)] == [3]
    entry = scene.perform(c.ShowItem(browser.GetID(), 2), 0.0)
    assert entry == c.SequenceEntry(browser.GetID(), "Beat", 3, 2, "time 1.0 s")
    proxy = browser.GetProxyNode(sequence)
    assert slicer.util.arrayFromVolume(proxy).max() == 2
    with pytest.raises(BadRequestError, match="item must be 0 to 2"):
        scene.perform(c.ShowItem(browser.GetID(), 3), 0.0)
    told_again = c.ShowItem("vtkMRMLSequenceBrowserNode99", 1).journaled(entry)
    assert scene.perform(told_again, 0.0).item == 1
    for gone in (proxy, browser, sequence):
        scene.app.scene.RemoveNode(gone)
