"""Linked slice views: who follows whom in what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import slicer

from backend.scene import commands as c
from backend.scene.host import SceneHost


@pytest.fixture
def linked(scene: SceneHost) -> Iterator[SceneHost]:
    """Red and Slice4 axial, Green coronal, all linked, with a volume of 40 × 40 × 40 mm."""
    scene.views.set_layout(slicer.vtkMRMLLayoutNode.SlicerLayoutTwoOverTwoView)
    node = add_volume(scene)
    for view in scene.views.slices():
        view.show(node)
    slice4 = scene.views.slice("slice4")
    assert slice4 is not None
    slice4.orient("axial")
    put(scene, "red", linked=True)
    yield scene
    put(scene, "red", linked=False, slab=c.SlabPatch("off", 1.0))
    scene.app.scene.RemoveNode(node)
    scene.views.set_layout(3)


def add_volume(scene: SceneHost) -> Any:
    node = slicer.util.addVolumeFromArray(np.arange(64_000, dtype=np.int32).reshape(40, 40, 40))
    node.CreateDefaultDisplayNodes()
    return node


def put(scene: SceneHost, view: str, by: str = "ada", **patch: Any) -> None:
    scene.perform(c.SetView(view, c.ViewPatch(**patch), by, 1), 0.0)


def states(scene: SceneHost) -> dict[str, dict[str, Any]]:
    return {view.name.lower(): view.state() for view in scene.views.slices() if not view.node.GetViewGroup()}


def test_setting_it_sets_it_for_all(linked: SceneHost) -> None:
    assert all(state["linked"] for state in states(linked).values())
    put(linked, "green", linked=False)
    assert not any(state["linked"] for state in states(linked).values())
    before = states(linked)
    put(linked, "red", offset=before["red"]["offset"] + 3, fov=(33.0, 33.0))
    after = states(linked)
    assert {name for name in after if after[name] != before[name]} == {"red"}


def test_planes_of_the_same_orientation_follow(linked: SceneHost) -> None:
    before = states(linked)
    put(linked, "red", offset=12.25)
    now = states(linked)
    assert (now["red"]["offset"], now["slice4"]["offset"]) == (12.25, 12.25)
    assert now["green"]["offset"] == before["green"]["offset"]
    turned = [0.8, 0.0, 0.6, 1.5, 0.0, 1.0, 0.0, -2.0, -0.6, 0.0, 0.8, 0.7, 0.0, 0.0, 0.0, 1.0]
    put(linked, "slice4", slice_to_ras=turned)
    now = states(linked)
    assert now["red"]["slice_to_ras"] == turned
    assert now["red"]["orientation"] == "Reformat"
    assert now["green"]["orientation"] == "Coronal"


def test_zoom_slab_and_volumes_follow_in_every_orientation(linked: SceneHost) -> None:
    put(linked, "red", fov=(30.0, 20.0))
    put(linked, "red", slab=c.SlabPatch("mean", 7.0))
    other = add_volume(linked)
    linked.app.scene.GetNodeByID("vtkMRMLSliceCompositeNodeRed").SetForegroundOpacity(0.0)
    try:
        now = states(linked)
        assert {state["fov"][0] for state in now.values()} == {30.0}
        assert all(state["slab"] == {"mode": "mean", "thickness": 7.0} for state in now.values())
        put(linked, "yellow", background=other.GetID())
        assert {state["background"]["id"] for state in states(linked).values()} == {other.GetID()}
    finally:
        linked.app.scene.RemoveNode(other)


def test_raw_input_is_followed_and_told_as_the_users(linked: SceneHost) -> None:
    events = [[0, "down", 0.5, 0.5, 1, 4], [0, "move", 0.6, 0.5, 1, 4], [0, "up", 0.6, 0.5, 0, 0]]
    linked.perform(c.Pointer("red", events, (300, 300), "eve", 2), 0.0)
    now = states(linked)
    assert now["red"]["orientation"] == "Reformat"
    assert now["slice4"]["slice_to_ras"] == now["red"]["slice_to_ras"]
    axes = np.reshape(now["red"]["slice_to_ras"], (4, 4))[:3, :3]
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.isclose(np.degrees(np.arccos(axes[2, 2])), 18)
    assert linked._view_commands.changed_by["Slice4"] == "eve"


def test_other_groups_do_not_follow(linked: SceneHost) -> None:
    slice4 = linked.views.slice("slice4")
    assert slice4 is not None
    slice4.node.SetViewGroup(1)
    before = slice4.state()
    try:
        put(linked, "red", offset=5.0, fov=(44.0, 44.0))
        assert slice4.state() == before
    finally:
        slice4.node.SetViewGroup(0)


def test_scripts_move_one_view(linked: SceneHost) -> None:
    before = states(linked)["slice4"]
    linked.views.red().node.SetSliceOffset(3.0)
    assert states(linked)["red"]["offset"] == 3.0
    assert states(linked)["slice4"] == before
