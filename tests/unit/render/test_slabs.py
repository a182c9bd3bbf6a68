"""Thick slices against a plain numpy reference: every sample trilinear in float64, then max, min, mean or sum."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.render.reslice import SLAB_MODES, Plane, Slab, SlabMode, SliceRenderer
from tests.unit.render.test_reslice import PLANES, SHAPE, volume

REDUCE = {"mip": np.nanmax, "minip": np.nanmin, "mean": np.nanmean, "sum": np.nansum}


def sample(voxels: NDArray[np.generic], at: NDArray[np.float64], interpolate: bool = True) -> NDArray[np.float64]:
    """Values at (…, 3) voxel coordinates (i, j, k), NaN more than half a voxel outside."""
    size = np.array(voxels.shape[::-1])
    outside = ((at < -0.5 - 1e-6) | (at > size - 0.5 + 1e-6)).any(axis=-1)
    at = np.clip(at, 0, size - 1)
    if not interpolate:
        i, j, k = np.moveaxis(np.floor(at + 0.5).astype(int), -1, 0)
        found = voxels[k, j, i].astype(np.float64)
    else:
        lower = np.minimum(at.astype(int), np.maximum(size - 2, 0))
        weight = at - lower
        found = np.zeros(at.shape[:-1])
        for corner in itertools.product((0, 1), repeat=3):
            i, j, k = np.moveaxis(np.minimum(lower + corner, size - 1), -1, 0)
            found += np.where(corner, weight, 1 - weight).prod(axis=-1) * voxels[k, j, i]
    found[outside] = np.nan
    return found


def by_numpy(
    voxels: NDArray[np.generic], plane: Plane, slab: Slab, window: float, level: float, interpolate: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Grey levels before rounding, and where any sample lies in the volume."""
    right, down = np.arange(plane.width)[None, :, None], np.arange(plane.height)[:, None, None]
    first = plane.origin + plane.right * right + plane.down * down
    samples = np.stack(
        [sample(voxels, first + n * slab.step, interpolate) for n in range(-slab.reach, slab.reach + 1)]
    )  # fmt: skip
    inside = ~np.isnan(samples).all(axis=0)
    samples[:, ~inside] = 0
    values = REDUCE[slab.mode](samples, axis=0)
    return np.clip((values - level + window / 2) * 255 / window, 0, 255), inside


def assert_like_numpy(
    voxels: NDArray[np.generic], plane: Plane, slab: Slab, window: float, level: float, interpolate: bool = True
) -> None:
    expected, inside = by_numpy(voxels, plane, slab, window, level, interpolate)
    found = SliceRenderer(voxels).grey(plane, window, level, interpolate, slab)
    assert inside.mean() > 0.3
    assert ((found.alpha() > 0) == inside).all()
    assert np.abs(found.pixels - expected)[inside].max() < 0.52  # rounding, and float32 beneath it
    assert not found.pixels[~inside].any()


@pytest.mark.parametrize("mode", SLAB_MODES)
@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_agrees_with_numpy(mode: SlabMode, name: str, dtype: type) -> None:
    right, down, normal = PLANES[name]
    if name == "doubly oblique":
        normal = np.cross(right, down)
    plane = Plane(np.array([14.5, 11.5, 9.5]) + 0.3 * normal - right * 7.1 - down * 6.3, right * 0.37, down * 0.41, 40, 32)
    slab = Slab.of_thickness(mode, 5.0, normal, 2.0)
    window, level = (900.0, 100.0) if mode != "sum" else (9000.0, 1000.0)
    assert_like_numpy(volume(dtype), plane, slab, window, level)


@pytest.mark.parametrize("mode", SLAB_MODES)
@pytest.mark.parametrize("name", ["axial", "sagittal", "transposed", "oblique"])
def test_thicker_than_the_volume(mode: SlabMode, name: str) -> None:
    """Only samples in the volume count, and those far outside cost nothing."""
    right, down, normal = PLANES[name]
    plane = Plane(np.array([14.5, 11.5, 9.5]) - right * 20 - down * 18, right, down, 40, 36)
    assert_like_numpy(volume(np.int16), plane, Slab(mode, normal / 2, 100), 9000.0, 1000.0)
    far = SliceRenderer(volume(np.int16)).grey(plane, 9000.0, 1000.0, slab=Slab(mode, normal / 2, 10**9))
    near = SliceRenderer(volume(np.int16)).grey(plane, 9000.0, 1000.0, slab=Slab(mode, normal / 2, 100))
    assert (far.pixels == near.pixels).all()


@pytest.mark.parametrize("name", ["axial", "oblique"])
def test_without_interpolation(name: str) -> None:
    right, down, normal = PLANES[name]
    plane = Plane(np.array([14.2, 11.3, 9.1]) - right * 7.1 - down * 6.3, right * 0.37, down * 0.41, 40, 32)
    assert_like_numpy(volume(np.int16), plane, Slab("mip", normal * 0.9, 3), 900.0, 100.0, interpolate=False)


@pytest.mark.parametrize("name", ["axial", "sagittal", "oblique"])
@pytest.mark.parametrize("beyond", [-1.0, 1.0])
def test_a_plane_outside_whose_slab_reaches_in(name: str, beyond: float) -> None:
    right, down, normal = PLANES[name]
    centre = (np.array(SHAPE[::-1]) - 1) / 2
    reach = float(np.abs(normal) @ np.array(SHAPE[::-1])) / 2
    plane = Plane(centre + beyond * normal * (reach + 2) - right * 5 - down * 5, right, down, 10, 10)
    voxels = np.full(SHAPE, 70, np.int16)
    alone = SliceRenderer(voxels).grey(plane, 100, 50)
    thick = SliceRenderer(voxels).grey(plane, 100, 50, slab=Slab.of_thickness("mean", 16.0, normal, 2.0))
    outside = SliceRenderer(voxels).grey(plane, 100, 50, slab=Slab.of_thickness("mean", 3.0, normal, 2.0))
    assert not alone.alpha().any()
    assert not outside.alpha().any()
    assert not outside.pixels.any()
    assert thick.pixels[4, 4] in (178, 179)


def test_more_sagittal_planes_than_are_turned_at_once() -> None:
    voxels = np.random.default_rng(1).integers(0, 1000, (6, 7, 200)).astype(np.int16)
    plane = Plane(np.array([99.0, 0, 0]), np.array([0, 0.25, 0]), np.array([0, 0, 0.25]), 25, 21)
    for mode in SLAB_MODES:
        assert_like_numpy(voxels, plane, Slab(mode, np.array([0.5, 0, 0]), 180), 400_000.0 if mode == "sum" else 1000.0, 500.0)


def test_samples_of_a_thickness() -> None:
    """Within the thickness, the plane's own among them, on voxel centres: 5 mm of 2 mm voxels twice sampled are 5 samples."""
    slab = Slab.of_thickness("mip", 5.0, np.array([0.0, 0.0, 0.5]), 2.0)
    assert (slab.reach, tuple(slab.step)) == (2, (0, 0, 0.5))
    assert Slab.of_thickness("mip", 0.5, np.array([0.0, 0.0, 0.5]), 2.0).reach == 0
    peak = np.zeros((9, 3, 3), np.int16)
    peak[6] = 100
    plane = Plane(np.array([0.0, 0, 4]), np.eye(3)[0], np.eye(3)[1], 3, 3)
    one_mm = np.array([0.0, 0.0, 1.0])
    seen = {
        t: SliceRenderer(peak).grey(plane, 100, 50, slab=Slab.of_thickness("mip", t, one_mm, 2.0)).pixels[1, 1]
        for t in (2, 3, 4)
    }
    assert seen == {2: 0, 3: 128, 4: 255}
    mean = SliceRenderer(peak).grey(plane, 100, 50, slab=Slab.of_thickness("mean", 4.0, one_mm, 1.0)).pixels[1, 1]
    assert mean == 51


def test_nan_is_left_out_of_projections() -> None:
    voxels = np.ones((5, 4, 4), np.float32)
    voxels[2] = np.nan
    plane = Plane(np.array([0.0, 0, 2]), np.eye(3)[0], np.eye(3)[1], 4, 4)
    slab = Slab("mip", np.array([0.0, 0, 1.0]), 2)
    assert (SliceRenderer(voxels).grey(plane, 2, 1, slab=slab).pixels == 128).all()
