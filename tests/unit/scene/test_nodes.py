"""The tree of nodes on a real scene: rows, pages, search, folders, how nodes are shown, changes told, looks put back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import slicer

from backend.errors import BadRequestError, NotFoundError
from backend.scene import commands as c
from backend.scene.host import SceneHost


@pytest.fixture
def host(scene: SceneHost) -> Iterator[SceneHost]:
    """The scene, without what the test adds."""
    before = {node.GetID() for node in scene.app.scene.GetNodes()}
    yield scene
    for node in list(scene.app.scene.GetNodes()):
        if node.GetID() not in before and scene.app.scene.IsNodePresent(node):
            scene.app.scene.RemoveNode(node)


def do(host: SceneHost, command: c.Command) -> Any:
    return host.perform(command, 0.0)


def listed(host: SceneHost, **wanted: Any) -> c.NodePage:
    return do(host, c.ListNodes(**wanted))


def names(page: c.NodePage) -> list[str]:
    return [row.name for row in page.rows]


def add(host: SceneHost, class_name: str, name: str) -> Any:
    return host.app.scene.AddNewNodeByClass(class_name, name)


def add_volume(host: SceneHost, name: str, class_name: str = "vtkMRMLScalarVolumeNode") -> Any:
    node = slicer.util.addVolumeFromArray(
        np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6), name=name, nodeClassName=class_name
    )
    node.CreateDefaultDisplayNodes()
    return node


def add_segmentation(host: SceneHost, name: str, *segments: str) -> Any:
    node = add(host, "vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    for segment in segments:
        node.GetSegmentation().AddEmptySegment(segment.lower(), segment, (1.0, 0.0, 0.0))
    return node


def test_nodes_are_grouped_by_kind_and_segmentations_open(host: SceneHost) -> None:
    empty = listed(host).total
    add_volume(host, "head")
    node = add_segmentation(host, "organs", "Liver", "Lung")
    add(host, "vtkMRMLLinearTransformNode", "shift")
    page = listed(host)
    assert page.total == empty + 6
    assert names(page)[-6:] == ["Volumes", "head", "Segmentations", "organs", "Transforms", "shift"]
    assert page.counts["segmentation"] == 1
    head, organs = page.rows[-5], page.rows[-3]
    assert (head.detail, head.visible, head.depth) == ("6 × 5 × 4, 1 × 1 × 1 mm", False, 1)
    assert (organs.children, organs.open, organs.visible, organs.opacity) == (2, False, True, 1.0)
    opened = listed(host, toggled=[node.GetID(), "kind:volume"])
    assert names(opened)[-7:] == ["Volumes", "Segmentations", "organs", "Liver", "Lung", "Transforms", "shift"]
    liver = next(row for row in opened.rows if row.name == "Liver")
    assert (liver.kind, liver.segment, liver.color, liver.visible, liver.depth) == ("segment", "liver", "#FF0000", True, 2)


def test_pages_search_and_kinds(host: SceneHost) -> None:
    for number in range(30):
        add(host, "vtkMRMLLinearTransformNode", f"pose {number:02}")
    add_segmentation(host, "pose of organs", "Left kidney", "Spleen")
    assert names(listed(host, kind="transform", offset=10, count=3)) == ["pose 10", "pose 11", "pose 12"]
    assert listed(host, kind="transform").total == 30
    assert names(listed(host, search="POSE 07")) == ["pose 07"]
    assert names(listed(host, search="kidney")) == ["pose of organs", "Left kidney"]
    assert listed(host, search="no such").total == 0
    assert listed(host, offset=1000).rows == []


def test_hidden_and_internal_nodes_are_not_listed(host: SceneHost) -> None:
    before = listed(host).total
    node = add(host, "vtkMRMLModelNode", "secret")
    node.SetHideFromEditors(True)
    assert listed(host, search="secret").total == 0
    assert not any("Volume Slice" in name for name in names(listed(host, count=500)))
    node.SetHideFromEditors(False)
    assert names(listed(host, search="secret")) == ["secret"]
    host.app.scene.RemoveNode(node)
    assert listed(host).total == before


def test_changes_are_told_once_and_only_what_shows(host: SceneHost) -> None:
    index = host._nodes_commands.index
    node = add(host, "vtkMRMLModelNode", "bone")
    node.CreateDefaultDisplayNodes()
    assert index.news().ids is None  # type: ignore[union-attr]
    assert index.news() is None
    node.GetDisplayNode().SetColor(0, 1, 0)
    assert index.news() == c.NodesChanged(index.rev, [node.GetID()])
    node.SetName("femur")
    assert index.news() == c.NodesChanged(index.rev, None)
    points = add(host, "vtkMRMLMarkupsFiducialNode", "F")
    points.CreateDefaultDisplayNodes()
    index.news()
    points.AddControlPoint(1, 2, 3)
    assert index.news().ids == [points.GetID()]  # type: ignore[union-attr]
    segmentation = add_segmentation(host, "organs")
    index.news()
    segmentation.GetSegmentation().AddEmptySegment("a", "A")
    assert index.news() == c.NodesChanged(index.rev, None)


def test_what_is_set_shows_and_can_be_taken_back(host: SceneHost) -> None:
    model = add(host, "vtkMRMLModelNode", "bone")
    done = do(host, c.ShowNode(model.GetID(), color="#102030"))
    assert (done.row.color, done.was) == ("#102030", "bone")
    assert do(host, c.ShowNode(model.GetID(), opacity=0.25)).row.opacity == 0.25
    assert do(host, c.ShowNode(model.GetID(), visible=False)).row.visible is False
    do(host, c.Undo())
    assert model.GetDisplayNode().GetVisibility() == 1
    assert do(host, c.ArrangeNode(model.GetID(), name=" femur ")).was == "bone"
    assert model.GetName() == "femur"
    do(host, c.Undo())
    assert model.GetName() == "bone"
    node = add_segmentation(host, "organs", "Liver")
    row = do(host, c.ShowNode(node.GetID(), "liver", color="#00FF00")).row
    assert (row.color, row.segment) == ("#00FF00", "liver")
    do(host, c.Undo())
    assert node.GetSegmentation().GetSegment("liver").GetColor() == (1.0, 0.0, 0.0)
    assert do(host, c.ArrangeNode(node.GetID(), "liver", name="Hepar")).row.name == "Hepar"
    assert do(host, c.ShowAll("model", False)) >= 1
    assert model.GetDisplayNode().GetVisibility() == 0


def test_bad_values_change_nothing(host: SceneHost) -> None:
    model, volume = add(host, "vtkMRMLModelNode", "bone"), add_volume(host, "head")
    node = add_segmentation(host, "organs", "Liver")
    for command in (
        c.ShowNode(model.GetID(), color="red"),
        c.ShowNode(model.GetID(), opacity=1.5),
        c.ShowNode(model.GetID(), opacity=float("nan"), color="#000000"),
        c.ShowNode(volume.GetID(), color="#000000"),
        c.ShowNode(node.GetID(), color="#000000"),
        c.ArrangeNode(model.GetID(), name="  "),
        c.ArrangeNode(model.GetID(), name="a\nb"),
        c.ShowAll("volume", True),
    ):
        with pytest.raises(BadRequestError):
            do(host, command)
    for command in (
        c.ShowNode("vtkMRMLModelNode99", visible=True),
        c.ShowNode(node.GetID(), "spleen", visible=True),
        c.ArrangeNode(model.GetID(), name="x", transform="nowhere"),
        c.DescribeNode("nothing"),
    ):
        with pytest.raises(NotFoundError):
            do(host, command)
    assert model.GetName() == "bone"


def test_transforms_never_come_under_themselves(host: SceneHost) -> None:
    outer, inner = (add(host, "vtkMRMLLinearTransformNode", name) for name in ("outer", "inner"))
    volume = add_volume(host, "head")
    assert do(host, c.ArrangeNode(inner.GetID(), transform=outer.GetID())).row.transform == "outer"
    do(host, c.ArrangeNode(volume.GetID(), transform=inner.GetID()))
    with pytest.raises(BadRequestError, match="under outer itself"):
        do(host, c.ArrangeNode(outer.GetID(), transform=inner.GetID()))
    details = do(host, c.DescribeNode(outer.GetID()))
    assert (inner.GetID(), "inner") not in details.transforms
    details = do(host, c.DescribeNode(volume.GetID()))
    assert details.parent_transform == inner.GetID()
    assert {".nrrd", ".nii.gz"} <= set(details.formats)
    facts = dict(details.facts)
    assert (facts["Size"], facts["Axes point"]) == ("6 × 5 × 4 voxels", "I to R, J to A, K to S")
    do(host, c.ArrangeNode(volume.GetID(), transform=""))
    assert volume.GetParentTransformNode() is None


def test_layers_of_slice_views(host: SceneHost) -> None:
    ct, pet = add_volume(host, "ct"), add_volume(host, "pet")
    labels = add_volume(host, "labels", "vtkMRMLLabelMapVolumeNode")
    red = host.views.red()
    do(host, c.ShowNode(ct.GetID(), visible=True))
    do(host, c.SetView("Red", c.ViewPatch(foreground=pet.GetID(), foreground_opacity=0.25)))
    row = do(host, c.ShowNode(labels.GetID(), visible=True)).row
    assert row.layers == ["label"]
    state = red.state()
    assert [state[name]["name"] for name in ("background", "foreground", "label")] == ["ct", "pet", "labels"]
    assert state["foreground_opacity"] == 0.25
    with pytest.raises(BadRequestError, match="no label map"):
        do(host, c.SetView("Red", c.ViewPatch(label=ct.GetID())))
    assert red.state()["label"]["name"] == "labels"
    do(host, c.ShowNode(ct.GetID(), visible=False))
    assert red.state()["background"] is None
    do(host, c.Undo())
    assert red.state()["background"]["name"] == "ct"
    do(host, c.SetView("Red", c.ViewPatch(foreground="", label="")))
    assert (red.state()["foreground"], red.state()["label"]) == (None, None)


def test_folders_of_the_subject_hierarchy_come_first(host: SceneHost) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(host.app.scene)
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Plan A")
    model = add(host, "vtkMRMLModelNode", "target")
    hierarchy.CreateItem(folder, model)
    page = listed(host)
    assert [(row.kind, row.name, row.depth) for row in page.rows[:2]] == [("folder", "Plan A", 0), ("model", "target", 1)]
    assert [row.name for row in page.rows].count("target") == 1
    assert "target" not in names(listed(host, toggled=[page.rows[0].key]))
    hierarchy.RemoveItem(folder)


def test_a_look_is_put_back_as_far_as_it_fits(host: SceneHost) -> None:
    ct = add_volume(host, "ct")
    node = add_segmentation(host, "organs", "Liver", "Lung")
    model = add(host, "vtkMRMLModelNode", "bone")
    model.CreateDefaultDisplayNodes()
    do(host, c.ShowNode(ct.GetID(), visible=True))
    do(host, c.SetView("Red", c.ViewPatch(offset=2.0, fov=(40.0, 40.0), window=50.0, level=25.0)))
    do(host, c.ShowNode(model.GetID(), visible=False))
    do(host, c.ShowNode(node.GetID(), "lung", visible=False))
    look = do(host, c.DescribeLook())
    before = host.views.red().state()
    do(host, c.SetLayout("Dual3D"))
    do(host, c.SetView("Red", c.ViewPatch(orientation="sagittal", window=1.0)))
    do(host, c.ShowNode(model.GetID(), visible=True))
    do(host, c.ShowNode(node.GetID(), "lung", visible=True))
    assert do(host, c.ApplyLook(look)) == []
    after = host.views.red().state()
    np.testing.assert_allclose(after["slice_to_ras"], before["slice_to_ras"], atol=1e-9)
    for field in ("orientation", "background", "fov", "window", "level", "foreground", "label"):
        assert after[field] == before[field]
    assert host.app.layout_name == look.layout
    assert model.GetDisplayNode().GetVisibility() == 0
    assert not node.GetDisplayNode().GetSegmentVisibility("lung")
    host.app.scene.RemoveNode(model)
    assert do(host, c.ApplyLook(look)) == ["bone"]


def test_ten_thousand_nodes_are_quick(host: SceneHost) -> None:
    scene = host.app.scene
    for number in range(10_000):
        scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", f"T{number}")
    begun = time.perf_counter()
    page = listed(host, offset=9_000)
    first_s = time.perf_counter() - begun
    begun = time.perf_counter()
    assert names(listed(host, search="T9999")) == ["T9999"]
    host.info  # noqa: B018
    search_s = time.perf_counter() - begun
    assert page.counts["transform"] == 10_000
    assert len(page.rows) == 100
    assert first_s < 3  # 40 ms, on a machine that does nothing else
    assert search_s < 3
