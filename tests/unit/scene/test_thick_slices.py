"""Slabs of the slice node in pictures: our kernels and Slicer's own pipeline, background and foreground, and in the state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import slicer
from numpy.typing import NDArray

from backend.render.reslice import SLAB_MODES, SlabMode
from backend.render.views.volumes import ijk_to_world
from backend.scene import commands as c
from backend.scene.host import SceneHost
from tests.unit.render.test_slabs import REDUCE, sample

SPACING = np.array([1.0, 1.5, 2.5])
DIMS = (40, 36, 30)
WIDTH, HEIGHT = 96, 80
TILTED = [0.8, 0.0, 0.6, 1.5, 0.0, 1.0, 0.0, -2.0, -0.6, 0.0, 0.8, 0.7, 0.0, 0.0, 0.0, 1.0]
WINDOWS: dict[str, tuple[float, float]] = {"sum": (20_000, 10_000)}
WINDOW = (1000.0, 500.0)


def add_volume(voxels: NDArray[np.int16], name: str) -> Any:
    """A volume centred on the origin."""
    node = slicer.util.addVolumeFromArray(voxels, name=name)
    node.SetSpacing(*SPACING)
    node.SetOrigin(*(-SPACING * (np.array(DIMS) - 1) / 2))
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetAutoWindowLevel(0)
    node.GetDisplayNode().SetWindowLevel(*WINDOW)
    return node


@pytest.fixture
def noise(scene: SceneHost) -> Iterator[Any]:
    coarse = np.random.default_rng(3).integers(0, 1000, [n // 2 for n in DIMS[::-1]])
    node = add_volume(np.kron(coarse, np.ones((2, 2, 2))).astype(np.int16), "noise")
    view = scene.views.red()
    view.show(node)
    yield node
    view.apply(c.ViewPatch(slab=c.SlabPatch("off", 1.0)))
    view.orient("axial")
    scene.app.scene.RemoveNode(node)


def picture(scene: SceneHost) -> NDArray[np.uint8]:
    return scene.views.red().prepare(WIDTH, HEIGHT, overlays=False)().rgba()


def expected(scene: SceneHost, node: Any, mode: str, thickness: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """By the words of the documentation, in mm: samples half a voxel apart along the normal, within the thickness."""
    geometry = scene.views.red().geometry(WIDTH, HEIGHT)
    to_ras = ijk_to_world(node)
    assert to_ras is not None
    to_ijk = np.linalg.inv(to_ras)
    right, up, normal, centre = geometry.slice_to_ras[:3].T
    across = (np.arange(WIDTH) - WIDTH / 2)[None, :, None] * geometry.mm_per_px
    upwards = (HEIGHT - 1 - np.arange(HEIGHT) - HEIGHT / 2)[:, None, None] * geometry.mm_per_px
    step = 0.5 / np.abs(to_ijk[:3, :3] @ normal).max()
    reach = int(thickness / 2 / step + 1e-6)
    assert reach > 1
    voxels = slicer.util.arrayFromVolume(node)
    samples = []
    for n in range(-reach, reach + 1):
        ras = centre + across * right + upwards * up + n * step * normal
        samples.append(sample(voxels, ras @ to_ijk[:3, :3].T + to_ijk[:3, 3]))
    stack = np.stack(samples)
    inside = ~np.isnan(stack).all(axis=0)
    stack[:, ~inside] = 0
    window, level = WINDOWS.get(mode, WINDOW)
    return np.clip((REDUCE[mode](stack, axis=0) - level + window / 2) / window * 255, 0, 255), inside


@pytest.mark.parametrize("place", ["axial", "sagittal", "coronal", "tilted"])
@pytest.mark.parametrize("mode", SLAB_MODES)
@pytest.mark.parametrize("by_slicer", [False, True])
def test_pictures_of_slabs(scene: SceneHost, noise: Any, mode: SlabMode, place: str, by_slicer: bool) -> None:
    view = scene.views.red()
    view.apply(c.ViewPatch(slice_to_ras=TILTED) if place == "tilted" else c.ViewPatch(orientation=place, offset=1.3))
    view.apply(c.ViewPatch(slab=c.SlabPatch(mode, 8.0)))
    display = noise.GetDisplayNode()
    display.SetWindowLevel(*WINDOWS.get(mode, WINDOW))
    if by_slicer:  # a threshold that leaves everything
        display.SetThreshold(-1e5, 1e5)
        display.SetApplyThreshold(True)
    grey, inside = expected(scene, noise, mode, 8.0)
    found = picture(scene)
    difference = np.abs(found[:, :, 0] - grey)
    if not by_slicer:
        assert ((found[:, :, 3] > 0) == inside).all()
        assert difference[inside].max() < 0.55
        return
    assert view._stack.now().is_plain is False
    # Slicer's pipeline cuts sums off at the greatest number of the voxels' type, and has another border.
    both = inside & (found[:, :, 3] > 0)
    assert both.mean() > 0.3
    assert np.percentile(difference[both], 95) < 1.1


def test_foreground_is_thick_too(scene: SceneHost, noise: Any) -> None:
    peak = np.zeros(DIMS[::-1], np.int16)
    peak[20] = 1000
    front = add_volume(peak, "peak")
    view = scene.views.red()
    view.apply(c.ViewPatch(orientation="axial", offset=0.0))
    composite = view.logic.GetSliceCompositeNode()
    composite.SetForegroundVolumeID(front.GetID())
    composite.SetForegroundOpacity(1.0)
    far = float(ijk_to_world(front)[2, 3] + 20 * SPACING[2])  # type: ignore[index]
    try:
        thin = picture(scene)
        view.apply(c.ViewPatch(slab=c.SlabPatch("mip", 2 * far + 0.1)))
        thick = picture(scene)
        view.apply(c.ViewPatch(slab=c.SlabPatch(thickness=far)))
        less = picture(scene)
    finally:
        scene.app.scene.RemoveNode(front)
    assert (thin[40, 48, 0], less[40, 48, 0], thick[40, 48, 0]) == (0, 0, 255)


def test_state_follows_patch_and_node(scene: SceneHost, noise: Any) -> None:
    view = scene.views.red()
    assert view.state()["slab"] == {"mode": "off", "thickness": 1.0}
    before = view.touch()
    view.apply(c.ViewPatch(slab=c.SlabPatch("mip", 12.5)))
    assert view.state()["slab"] == {"mode": "mip", "thickness": 12.5}
    assert view.node.GetSlabReconstructionTypeAsString(view.node.GetSlabReconstructionType()) == "Max"
    assert view.touch() > before
    again = view.snapshot()
    view.node.SetSlabReconstructionType(0)  # as exec or a MRML scene would
    view.node.SetSlabReconstructionThickness(3)
    assert view.state()["slab"] == {"mode": "minip", "thickness": 3.0}
    view.apply(again)
    assert view.state()["slab"] == {"mode": "mip", "thickness": 12.5}
    thick = picture(scene)
    view.apply(c.ViewPatch(slab=c.SlabPatch("off")))
    assert (picture(scene) != thick).any()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -5.0])
def test_odd_values_in_the_node_do_no_harm(scene: SceneHost, noise: Any, value: float) -> None:
    node = scene.views.red().node
    node.SetSlabReconstructionEnabled(True)
    node.SetSlabReconstructionThickness(value)
    node.SetSlabReconstructionOversamplingFactor(value)
    assert np.isfinite(scene.views.red().state()["slab"]["thickness"])
    assert picture(scene).any()
    node.SetSlabReconstructionOversamplingFactor(2)


def test_refused_values() -> None:
    for thickness in (0.0, -1.0, float("nan"), float("inf"), 1e9):
        with pytest.raises(ValueError, match="thickness"):
            c.require_finite(c.ViewPatch(slab=c.SlabPatch("mip", thickness)))
