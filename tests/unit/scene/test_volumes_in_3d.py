"""What the marcher is given of MRML's volume rendering: gradient opacity, and several volumes in one view."""

from __future__ import annotations

import numpy as np
import pytest
import vtk
from numpy.typing import NDArray

from backend.render.marcher import Camera, VolumeMarcher
from backend.render.views.threed_view import ThreeDPixels
from backend.render.views.volume_rendering import ShownVolume, transfer_of
from tests.unit.render.test_marcher import TransferFunction, centred, front, plain

VOXELS = np.arange(1000, dtype=np.int16).reshape(10, 10, 10)


def volume_property(points: list[tuple[float, float]]) -> vtk.vtkVolumeProperty:
    found = vtk.vtkVolumeProperty()
    function = vtk.vtkPiecewiseFunction()
    for x, y in points:
        function.AddPoint(x, y)
    found.SetGradientOpacity(function)
    return found


def test_gradient_opacity_is_taken_over() -> None:
    found = transfer_of(volume_property([(0, 0.0), (20, 0.0), (40, 1.0), (100, 1.0)]), VOXELS.min(), VOXELS.max())
    assert found.gradient_opacity is not None
    assert found.gradient_high == 100
    at = np.linspace(0, 100, len(found.gradient_opacity))
    assert np.allclose(found.gradient_opacity, np.clip((at - 20) / 20, 0, 1), atol=1e-3)


def test_gradient_opacity_that_changes_nothing_costs_nothing() -> None:
    off = volume_property([(0, 0.0), (100, 1.0)])
    off.SetDisableGradientOpacity(True)
    for properties in (off, volume_property([(0, 1.0), (255, 1.0)]), vtk.vtkVolumeProperty()):
        assert transfer_of(properties, VOXELS.min(), VOXELS.max()).gradient_opacity is None


def box(at: float, color: tuple[float, float, float]) -> ShownVolume:
    """An opaque cube of 20 mm at so many mm anterior."""
    to_ras = centred((20, 20, 20))
    to_ras[1, 3] += at
    marcher = VolumeMarcher(np.full((20, 20, 20), 200, np.uint8), to_ras)
    of = plain()
    rgb: NDArray[np.float32] = np.tile(np.array(color, np.float32), (len(of.rgb), 1))
    marcher.set_transfer(TransferFunction(of.low, of.high, rgb, of.opacity, shade=False))
    return ShownVolume(marcher, "composite", (-10, 10, at - 10, at + 10, -10, 10), ())


@pytest.mark.parametrize("parallel", [None, 30.0])
@pytest.mark.parametrize("rays", [None, (30, 30)])
def test_the_nearer_volume_covers_the_farther(parallel: float | None, rays: tuple[int, int] | None) -> None:
    near, far = box(30.0, (1, 0, 0)), box(-30.0, (0, 0, 1))
    behind = Camera(np.array([0.0, -200.0, 0.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]), 30.0, parallel)
    for volumes in ([near, far], [far, near]):
        for camera, seen in ((front(parallel=parallel), (255, 0, 0)), (behind, (0, 0, 255))):
            pixels = ThreeDPixels(camera, np.zeros((60, 60, 3), np.uint8), None, volumes)(rays)
            assert np.abs(pixels[30, 30].astype(int) - seen).max() <= 8
