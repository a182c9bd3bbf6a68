"""Background, foreground and label map against Slicer's own pipeline; segmentations and their outlines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import slicer
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from backend.render.views.layers import _draw
from backend.scene import commands as c
from backend.scene.host import SceneHost

TILTED = [0.8, 0.0, 0.6, 24.0, 0.0, 1.0, 0.0, 20.0, -0.6, 0.0, 0.8, 14.0, 0.0, 0.0, 0.0, 1.0]


@pytest.fixture
def layered(scene: SceneHost) -> Iterator[SceneHost]:
    """A ramp, another one beside it at 40 %, three labels at 60 %, one of them beyond the ramps."""
    _k, j, i = np.mgrid[:30, :40, :50]
    labels = np.zeros((30, 60, 50), np.uint8)
    labels[:, 10:20, 12:30], labels[:, 20:30, 20:45], labels[:, 54:59, 0:5] = 1, 2, 3
    nodes = [slicer.util.addVolumeFromArray((axis * 20).astype(np.int16)) for axis in (i, j)]
    nodes.append(slicer.util.addVolumeFromArray(labels, nodeClassName="vtkMRMLLabelMapVolumeNode"))
    for node in nodes:
        node.CreateDefaultDisplayNodes()
    nodes[1].SetOrigin(10, 5, 0)
    nodes[2].GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeLabels")
    view = scene.views.red()
    view.show(nodes[0])
    view.apply(c.ViewPatch(fov=(80.0, 80.0), origin=(25.0, 25.0, 14.5)))
    composite = view.logic.GetSliceCompositeNode()
    composite.SetForegroundVolumeID(nodes[1].GetID())
    composite.SetForegroundOpacity(0.4)
    composite.SetLabelVolumeID(nodes[2].GetID())
    composite.SetLabelOpacity(0.6)
    yield scene
    view.node.SetUseLabelOutline(False)
    for node in nodes:
        scene.app.scene.RemoveNode(node)
    composite.SetForegroundOpacity(0.0)
    composite.SetLabelOpacity(1.0)
    view.orient("axial")


def both(scene: SceneHost) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(h, w, 4) by our kernels and by Slicer's pipeline."""
    view = scene.views.red()
    geometry = view.geometry(180, 160)
    view.settle()
    stack = view._stack.now()
    assert stack.is_plain
    return _draw(stack, geometry).rgba().astype(int), view._stack._by_slice_logic(geometry).rgba().astype(int)


@pytest.mark.parametrize("outline_px", [0, 1, 3])
@pytest.mark.parametrize("plane", [None, TILTED])
def test_layers_are_those_of_slicer(layered: SceneHost, outline_px: int, plane: list[float] | None) -> None:
    view = layered.views.red()
    if plane is not None:
        view.apply(c.ViewPatch(slice_to_ras=plane))
    plain = view.touch()
    if outline_px:
        view.node.SetUseLabelOutline(True)
        label = layered.app.scene.GetNodeByID(view.logic.GetSliceCompositeNode().GetLabelVolumeID())
        label.GetDisplayNode().SetSliceIntersectionThickness(outline_px)
        assert view.touch() > plain
    ours, theirs = both(layered)
    difference = np.abs(ours - theirs).max(axis=2)
    if plane is None:
        assert difference.max() <= 2
        assert np.unique(ours[:, :, 3]).tolist() == [0, 102, 153, 255]
    else:  # borders of tilted volumes and labels are rounded otherwise
        assert (difference > 2).mean() < 0.02


def test_opacity_of_the_foreground(layered: SceneHost) -> None:
    composite = layered.views.red().logic.GetSliceCompositeNode()
    composite.SetLabelOpacity(0.0)
    pictures = {}
    for opacity in (0.0, 0.5, 1.0):
        composite.SetForegroundOpacity(opacity)
        pictures[opacity] = both(layered)[0][:, :, 0]
    middle = (pictures[0.0] + pictures[1.0]) / 2
    seen = both(layered)[0][:, :, 3] == 255
    assert np.abs(pictures[0.5] - middle)[seen & (pictures[0.0] > 0)].max() <= 1
    assert (pictures[0.0] != pictures[1.0]).mean() > 0.2


def test_segment_fill_and_outline(layered: SceneHost) -> None:
    view = layered.views.red()
    volume: Any = view.background
    segmentation = layered.app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    labels = np.zeros((30, 40, 50), np.uint8)
    labels[:, 10:30, 10:40] = 1
    image = slicer.vtkOrientedImageData()
    image.DeepCopy(volume.GetImageData())
    image.GetPointData().SetScalars(numpy_to_vtk(labels.ravel(), deep=True))
    segment = slicer.vtkSegment()
    segment.SetName("box")
    segment.SetColor(1.0, 0.0, 0.0)
    segment.AddRepresentation("Binary labelmap", image)
    segmentation.GetSegmentation().AddSegment(segment)
    view.logic.GetSliceCompositeNode().SetLabelOpacity(0)
    display = segmentation.GetDisplayNode()

    def red(fill: float, outline: float, width: int = 1) -> NDArray[np.bool_]:
        display.SetOpacity2DFill(fill)
        display.SetOpacity2DOutline(outline)
        display.SetSliceIntersectionThickness(width)
        found = view.prepare(160, 160, overlays=True)().rgb()
        return np.asarray((found == (255, 0, 0)).all(axis=2))

    try:
        filled, outlined, thick = red(1, 0), red(0, 1), red(0, 1, 3)
    finally:
        layered.app.scene.RemoveNode(segmentation)
    assert filled.sum() == 60 * 40  # 30 by 20 mm at 2 pixels a mm
    assert outlined.sum() == 60 * 40 - 58 * 38
    assert thick.sum() == 60 * 40 - 54 * 34
    assert not (outlined & ~filled).any()
