"""Statistics of regions against numpy, on grids that are turned, spaced and sheared as patients lie."""

from __future__ import annotations

import numpy as np
import pytest

from backend.imaging.regions import box_statistics, in_polygon, plane_of, polygon_area, polygon_statistics

RNG = np.random.default_rng(7)
VOXELS = RNG.normal(40, 12, (20, 24, 28)).astype(np.float32)


def turned(degrees: float, axis: int) -> np.ndarray:
    a = np.radians(degrees)
    turn = np.eye(3)
    first, second = [n for n in range(3) if n != axis]
    turn[first, first] = turn[second, second] = np.cos(a)
    turn[first, second], turn[second, first] = -np.sin(a), np.sin(a)
    return turn


def affine(directions: np.ndarray, spacing: tuple[float, float, float], origin: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = directions * spacing, origin
    return matrix


def centres(ijk_to_ras: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(K, J, I, 3) voxel centres, RAS mm."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return np.stack([i, j, k], axis=-1) @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3]


@pytest.mark.parametrize("chunk", [1 << 21, 700])
def test_a_turned_box_has_the_statistics_that_numpy_gives(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.imaging.regions.CHUNK_VOXELS", chunk)
    grid = affine(turned(20, 2) @ np.diag([-1.0, 1.0, 1.0]), (0.8, 0.9, 2.5), (30, -40, 10))
    box = affine(turned(35, 0) @ turned(10, 1), (1, 1, 1), tuple(centres(grid, VOXELS.shape)[9, 12, 13] + 0.01))
    half = np.array([6.0, 7.0, 9.0])
    found = box_statistics(VOXELS, grid, box, half)
    local = (centres(grid, VOXELS.shape) - box[:3, 3]) @ box[:3, :3]
    values = VOXELS[(np.abs(local) <= half).all(axis=-1)].astype(np.float64)
    assert found.count == values.size > 500
    assert found.mean == pytest.approx(values.mean(), abs=1e-9)
    assert found.sd == pytest.approx(values.std(), abs=1e-9)
    assert (found.minimum, found.maximum) == (values.min(), values.max())


def test_a_thin_box_takes_one_layer_wherever_it_lies() -> None:
    grid = affine(np.eye(3), (1, 1, 2), (0, 0, 0))
    for middle in (10.0, 10.7, 11.0, 11.3):
        box = affine(np.eye(3), (1, 1, 1), (13.5, 11.5, middle))
        found = box_statistics(VOXELS, grid, box, np.array([4.0, 3.0, 0.2]))
        assert found.count == 8 * 6, middle
    box = affine(np.eye(3), (1, 1, 1), (13.5, 11.5, 10.2))
    found = box_statistics(VOXELS, grid, box, np.array([4.0, 3.0, 0.2]))
    assert found.mean == pytest.approx(VOXELS[5, 9:15, 10:18].astype(np.float64).mean())


def test_outside_and_empty_values() -> None:
    grid = np.eye(4)
    far = affine(np.eye(3), (1, 1, 1), (500, 0, 0))
    assert box_statistics(VOXELS, grid, far, np.ones(3)).count == 0
    holed = VOXELS.copy()
    holed[2, 2, 2] = np.nan
    box = affine(np.eye(3), (1, 1, 1), (2, 2, 2))
    found = box_statistics(holed, grid, box, np.full(3, 1.5))
    assert found.count == 26
    assert found.mean is not None
    assert np.isfinite(found.mean)


def test_a_polygon_in_an_oblique_plane() -> None:
    grid = affine(turned(20, 2), (0.8, 0.9, 2.5), (30, -40, 10))
    plane = np.eye(4)
    plane[:3, :3], plane[:3, 3] = turned(20, 2), centres(grid, VOXELS.shape)[7, 12, 13] + (0, 0, 0.3)
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    circle = np.column_stack([6 * np.cos(angles), 6 * np.sin(angles)])
    found = polygon_statistics(VOXELS, grid, plane, circle)
    local = (centres(grid, VOXELS.shape) - plane[:3, 3]) @ plane[:3, :3]
    values = VOXELS[7][(np.hypot(local[7, ..., 0], local[7, ..., 1]) < 5.99)].astype(np.float64)
    assert abs(found.count - values.size) <= 4
    assert found.mean == pytest.approx(values.mean(), abs=0.6)
    assert polygon_area(circle) == pytest.approx(np.pi * 36, rel=2e-3)


def test_polygons() -> None:
    bow = np.array([(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)], dtype=float)
    assert in_polygon(np.array([(1.0, 1.0), (2.0, 2.0), (3.5, 2.0), (9.0, 1.0)]), bow).tolist() == [True, False, True, False]
    assert polygon_area(bow) == pytest.approx(16 - 6)
    points = (np.column_stack([bow, np.zeros(5)]) @ turned(30, 0).T) + (5, 6, 7)
    plane = plane_of(points)
    assert np.abs((points - plane[:3, 3]) @ plane[:3, 2]).max() < 1e-9
    assert np.linalg.det(plane[:3, :3]) == pytest.approx(1)
