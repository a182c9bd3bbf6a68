"""Coarse copies of surfaces: the same shape, fewer triangles."""

from __future__ import annotations

import numpy as np
import pytest

from backend.render.decimate import clustered, coarse


def sphere(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Radius 50 about (10, 20, 30), with a crack of double points as STL files have them."""
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rows + 1), np.linspace(0, 2 * np.pi, 2 * rows + 1), indexing="ij")
    points = 50 * np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1) + (10, 20, 30)
    names = np.arange(points.shape[0] * points.shape[1]).reshape(points.shape[:2])
    a, b, c, d = names[:-1, :-1], names[1:, :-1], names[1:, 1:], names[:-1, 1:]
    triangles = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return points.reshape(-1, 3), triangles


def area_vectors(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a) / 2


@pytest.mark.parametrize("most", [2000, 10_000])
def test_a_sphere_stays_one(most: int) -> None:
    points, triangles = sphere(150)
    found = coarse(points, triangles, most)
    assert most * 0.3 < len(found.triangles) <= most
    np.testing.assert_allclose(np.linalg.norm(found.points - (10, 20, 30), axis=1), 50, atol=2.5)
    before, after = area_vectors(points, triangles), area_vectors(found.points.astype(float), found.triangles)
    assert np.linalg.norm(after, axis=1).sum() == pytest.approx(np.linalg.norm(before, axis=1).sum(), rel=0.05)
    outward = found.points[found.triangles].mean(axis=1) - (10, 20, 30)
    facing = np.sign((after * outward).sum(axis=1))
    wanted = np.sign((before * (points[triangles].mean(axis=1) - (10, 20, 30))).sum(axis=1)).mean()
    assert (facing == np.sign(wanted)).mean() > 0.95, "triangles are turned as they were"


def test_what_stands_for_what() -> None:
    points, triangles = sphere(40)
    found = clustered(points, triangles, 10)
    assert np.abs(points[found.of_points] - found.points).max() < 10.0 + 1e-6, "a cube of the grid is 10 mm"
    assert len(found.of_triangles) == len(found.triangles)
    assert found.triangles.max() < len(found.points)


def test_one_point_is_no_surface() -> None:
    found = clustered(np.ones((3, 3)), np.array([[0, 1, 2]]), 8)
    assert len(found.triangles) == 0
