"""The slice kernels against VTK's own reslice and window/level, within one grey level."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingColor import vtkImageMapToWindowLevelColors
from vtkmodules.vtkImagingCore import vtkImageReslice

from backend.render.reslice import Plane, SliceRenderer, blend_labels, over

SHAPE = (20, 24, 30)
WINDOW, LEVEL = 900.0, 100.0


def volume(dtype: type) -> NDArray[np.generic]:
    rng = np.random.default_rng(5)
    smooth = np.add.outer(np.add.outer(np.arange(20) * 20, np.arange(24) * 10), np.arange(30) * 8) - 300
    values = smooth + rng.normal(0, 30, SHAPE)
    return np.clip(values, 0, 255).astype(dtype) if dtype == np.uint8 else values.astype(dtype)


def by_vtk(voxels: NDArray[np.generic], plane: Plane) -> NDArray[np.uint8]:
    image = vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel().astype(np.float64), deep=True))
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    right, down = (v / np.linalg.norm(v) for v in (plane.right, plane.down))
    reslice.SetResliceAxesDirectionCosines(*right, *down, *np.cross(right, down))
    reslice.SetResliceAxesOrigin(*plane.origin)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputSpacing(float(np.linalg.norm(plane.right)), float(np.linalg.norm(plane.down)), 1)
    reslice.SetOutputExtent(0, plane.width - 1, 0, plane.height - 1, 0, 0)
    reslice.SetInterpolationModeToLinear()
    reslice.SetBackgroundLevel(LEVEL - WINDOW)
    colors = vtkImageMapToWindowLevelColors()
    colors.SetInputConnection(reslice.GetOutputPort())
    colors.SetOutputFormatToLuminance()
    colors.SetWindow(WINDOW)
    colors.SetLevel(LEVEL)
    colors.Update()
    pixels = vtk_to_numpy(colors.GetOutput().GetPointData().GetScalars())
    return np.array(pixels.reshape(plane.height, plane.width))


EX, EY, EZ = np.eye(3)
PLANES = {
    "axial": (EX, EY, EZ),
    "axial, flipped": (-EX, EY, EZ),
    "coronal": (EX, -EZ, EY),
    "sagittal": (EY, -EZ, EX),
    "transposed": (EY, EX, EZ),
    "oblique": ((EX + EY) / np.sqrt(2), -EZ, (EX - EY) / np.sqrt(2)),
    "doubly oblique": ((2 * EX + EY + 2 * EZ) / 3, (-2 * EX + 2 * EY + EZ) / 3, EZ),
}


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.float32, np.float64, np.int64])
def test_agrees_with_vtk(name: str, dtype: type) -> None:
    right, down, normal = PLANES[name]
    centre = np.array([14.5, 11.5, 9.5]) + 0.3 * normal
    plane = Plane(centre - right * 7.1 - down * 6.3, right * 0.37, down * 0.41, 40, 32)
    voxels = volume(dtype) if dtype != np.int8 else (volume(np.int16) // 8).astype(np.int8)
    ours = SliceRenderer(voxels).grey(plane, WINDOW, LEVEL)
    inside = ours.alpha() > 0
    difference = np.abs(ours.pixels.astype(int) - by_vtk(voxels, plane))
    assert inside.mean() > 0.5
    # VTK's border rule differs in the outermost half voxel, so only pixels well inside are compared.
    corners = plane.origin + plane.right * np.arange(40)[None, :, None] + plane.down * np.arange(32)[:, None, None]
    well = ((corners > 0) & (corners < np.array(SHAPE[::-1]) - 1)).all(axis=2)
    assert difference[well & inside].max() <= 1


def test_border_is_half_a_voxel_wide() -> None:
    renderer = SliceRenderer(np.full((3, 4, 5), 1000, np.int16))
    plane = Plane(np.array([-1.0, 0, 1]), np.array([0.25, 0, 0]), np.array([0, 1.0, 0]), 40, 1)
    inside = renderer.grey(plane, 100, 500).alpha()[0] > 0
    at = -1.0 + 0.25 * np.arange(40)
    assert (inside == ((at >= -0.5) & (at <= 4.5))).all()


@pytest.mark.parametrize("shape", [(1, 6, 7), (6, 1, 7), (6, 7, 1), (1, 1, 1)])
@pytest.mark.parametrize("name", PLANES)
def test_single_slices(shape: tuple[int, int, int], name: str) -> None:
    right, down, _normal = PLANES[name]
    centre = (np.array(shape[::-1]) - 1) / 2
    plane = Plane(centre - right * 4 - down * 4, right * 0.5, down * 0.5, 17, 17)
    found = SliceRenderer(np.full(shape, 70, np.int16)).grey(plane, 100, 50)
    assert found.pixels[8, 8] in (178, 179)
    assert (found.pixels[found.alpha() == 0] == 0).all()


def test_nan_is_black_and_windows_of_no_width_step() -> None:
    voxels = np.zeros((4, 4, 4), np.float32)
    voxels[:, :, :2] = np.nan
    plane = Plane(np.zeros(3), EX, EY, 4, 4)
    assert (SliceRenderer(voxels).grey(plane, 1, -5).pixels[:, 0] == 0).all()
    step = SliceRenderer(np.arange(64, dtype=np.int16).reshape(4, 4, 4)).grey(plane, 0, 7.5).pixels
    assert set(np.unique(step)) == {0, 255}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(-60, 60), min_size=9, max_size=9), st.integers(1, 33), st.integers(1, 33))
def test_any_plane_at_all(numbers: list[float], width: int, height: int) -> None:
    vectors = np.array(numbers).reshape(3, 3)
    plane = Plane(vectors[0], vectors[1], vectors[2], width, height)
    renderer = SliceRenderer(np.full((5, 6, 7), 9, np.int16))
    for found in (renderer.grey(plane, 10, 4), renderer.grey(plane, 10, 4, interpolate=False)):
        assert found.pixels.shape == (height, width)
        assert (found.pixels[found.alpha() == 0] == 0).all()


def test_threads_share_a_renderer() -> None:
    voxels = volume(np.int16)
    renderer = SliceRenderer(voxels)
    planes = [Plane(np.array([i, 0.0, 0.0]), EY, EZ, 24, 20) for i in range(30)]
    alone = [SliceRenderer(voxels).grey(plane, WINDOW, LEVEL).pixels for plane in planes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda plane: renderer.grey(plane, WINDOW, LEVEL).pixels, planes * 3))
    assert all((a == b).all() for a, b in zip(alone * 3, together, strict=True))


def test_labels_fill_outline_and_stay_in_their_table() -> None:
    labels = np.zeros((9, 9), np.uint8)
    labels[2:7, 2:7] = 1
    labels[0, 0] = 200  # not in the table
    rgb = np.zeros((9, 9, 3), np.uint8)
    colors = np.array([[0, 0, 0, 0], [200, 100, 0, 0.5]], np.float32)
    blend_labels(rgb, labels, colors, np.array([0, 1], np.float32))
    assert tuple(rgb[4, 4]) == (100, 50, 0)
    assert tuple(rgb[2, 4]) == (200, 100, 0)
    assert not rgb[0].any()


def test_over_is_premultiplied() -> None:
    rgb = np.full((1, 3, 3), 100, np.uint8)
    overlay = np.array([[[0, 0, 0, 0], [255, 0, 0, 255], [64, 0, 0, 128]]], np.uint8)
    over(rgb, overlay)
    assert [tuple(int(v) for v in pixel) for pixel in rgb[0]] == [(100, 100, 100), (255, 0, 0), (114, 50, 50)]
