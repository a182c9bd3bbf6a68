"""What a brush covers, against distances that are worked out voxel by voxel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.imaging.strokes import Brush, Grid, covered, together
from tests.support.phantoms import centred

AXES = {
    "plain": np.eye(3),
    "mirrored": np.diag([-1.0, -1.0, 1.0]),
    "sagittal": np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    "left-handed": np.diag([1.0, 1.0, -1.0]),
    "oblique": np.linalg.qr(np.array([[1.0, 0.3, 0.1], [-0.2, 1, 0.4], [0.1, -0.3, 1]]))[0],
}
SPACING, DIMS = (0.8, 1.1, 2.5), (40, 36, 20)


def mask_of(points: NDArray[np.float64], brush: Brush, grid: Grid) -> NDArray[np.bool_]:
    found = np.zeros(grid.shape, bool)
    for box, mask in together(covered(points, brush, grid)):
        found[box] |= mask
    return found


def places(grid: Grid) -> NDArray[np.float64]:
    k, j, i = np.mgrid[0 : grid.dims[2], 0 : grid.dims[1], 0 : grid.dims[0]]
    return np.stack([i, j, k, np.ones_like(i)], axis=-1) @ grid.ijk_to_mm.T[:, :3]


def to_way(places: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of every place to a way."""
    found = np.full(places.shape[:-1], np.inf)
    for start, end in pairwise(points) if len(points) > 1 else [(points[0], points[0])]:
        way = end - start
        t = np.clip((places - start) @ way / max(way @ way, 1e-12), 0, 1)
        found = np.minimum(found, np.linalg.norm(places - start - t[..., None] * way, axis=-1))
    return found


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES.keys())
def test_a_sphere_covers_what_is_near_its_way(axes: NDArray[np.float64]) -> None:
    grid = Grid(centred(axes, SPACING, DIMS), DIMS)
    points = np.array([[-8.0, 3, 1], [2, 5, -6], [4, -7, 2]])
    found = mask_of(points, Brush(4.3), grid)
    assert (found == (to_way(places(grid), points) <= 4.3)).all()


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES.keys())
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_disk_along_the_grid_covers_one_layer(axes: NDArray[np.float64], axis: int) -> None:
    grid = Grid(centred(axes, SPACING, DIMS), DIMS)
    normal = axes[:, axis] / np.linalg.norm(axes[:, axis])
    centre = grid.ijk_to_mm[:3, :3] @ [17.3, 20.1, 9.2] + grid.ijk_to_mm[:3, 3]
    points = np.stack([centre, centre + 5.0 * axes[:, (axis + 1) % 3]])
    for sign in (1, -1):
        found = mask_of(points, Brush(3.7, sign * normal), grid)
        layers = np.flatnonzero(found.any(axis=tuple(a for a in range(3) if a != 2 - axis)))
        assert layers.tolist() == [[17, 20, 9][axis]]
        flat = places(grid) - ((places(grid) - centre) @ normal)[..., None] * normal
        assert (np.take(found, layers[0], 2 - axis) == np.take(to_way(flat, points) <= 3.7, layers[0], 2 - axis)).all()


def test_a_plane_between_two_layers_paints_the_one_that_is_shown() -> None:
    grid = Grid(np.eye(4), (9, 9, 9))
    found = mask_of(np.array([[4.0, 4.0, 2.5]]), Brush(2.0, np.array([0.0, 0, 1])), grid)
    assert np.flatnonzero(found.any(axis=(1, 2))).tolist() == [3]  # as the slice kernels round


def test_an_oblique_disk_has_no_holes_in_its_plane_and_is_thin() -> None:
    grid = Grid(centred(np.eye(3), SPACING, DIMS), DIMS)
    normal = np.array([0.3, 0.5, 0.8]) / np.linalg.norm([0.3, 0.5, 0.8])
    found = mask_of(np.zeros((1, 3)), Brush(6.0, normal), grid)
    right = np.cross(normal, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    up = np.cross(normal, right)
    half = 0.5 * np.abs(np.array(SPACING) * normal).sum()
    for x, y in np.random.default_rng(1).uniform(-5.0, 5.0, (400, 2)):
        if np.hypot(x, y) < 6.0 - 2.9:  # further out the nearest voxel's centre may lie beyond the disk
            i, j, k = np.floor(grid.mm_to_ijk[:3, :3] @ (x * right + y * up) + grid.mm_to_ijk[:3, 3] + 0.5).astype(int)
            assert found[k, j, i]
    at = places(grid)[found]
    assert np.abs(at @ normal).max() <= half
    assert np.linalg.norm(at - (at @ normal)[:, None] * normal, axis=1).max() <= 6.0 + 2.9


def test_the_smallest_brush_still_covers_the_voxel_under_it_and_nothing_outside() -> None:
    grid = Grid(centred(np.eye(3), SPACING, DIMS), DIMS)
    i, j, k = 3, 4, 5
    point = grid.ijk_to_mm[:3, :3] @ [i + 0.4, j - 0.4, k + 0.3] + grid.ijk_to_mm[:3, 3]
    assert np.argwhere(mask_of(point[None], Brush(0.01), grid)).tolist() == [[k, j, i]]
    assert not mask_of(np.array([[1000.0, 0, 0], [1000.0, 50, 0]]), Brush(5.0), grid).any()
    edge = mask_of(np.array([grid.ijk_to_mm[:3, 3]]), Brush(3.0), grid)
    assert (edge == (np.linalg.norm(places(grid) - grid.ijk_to_mm[:3, 3], axis=-1) <= 3.0)).all()
