"""Coordinate frames of patients and pictures. RAS and LPS are patient frames in mm; IJK are voxel indices."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

LPS_TO_RAS: Matrix = np.diag([-1.0, -1.0, 1.0, 1.0])
LETTERS = (("R", "L"), ("A", "P"), ("S", "I"))  # positive and negative direction of each RAS axis
SECOND_LETTER_FROM = 0.3


def lps_to_ras(affine: Matrix) -> Matrix:
    """An affine (4, 4) into LPS as one into RAS; its own inverse."""
    return LPS_TO_RAS @ affine


def direction_letters(direction: NDArray[np.float64]) -> str:
    """Patient letters of a RAS direction, the strongest first, a second one where it is oblique: `R`, `AL`."""
    return _letters(np.asarray(direction, dtype=np.float64).tobytes())


@functools.lru_cache(64)
def _letters(direction: bytes) -> str:
    """Views are described again and again, and few are turned."""
    vector = np.frombuffer(direction)
    vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
    letters = ""
    for axis in np.argsort(-np.abs(vector), kind="stable")[:2]:
        if not letters or abs(vector[axis]) > SECOND_LETTER_FROM:
            letters += LETTERS[axis][0 if vector[axis] > 0 else 1]
    return letters


def edge_letters(slice_to_ras: Matrix) -> dict[str, str]:
    """Which way the patient lies at each edge of a slice picture, from `slice_to_ras` (4, 4): columns right, up, normal."""
    right, up = slice_to_ras[:3, 0], slice_to_ras[:3, 1]
    return {
        "left": direction_letters(-right),
        "right": direction_letters(right),
        "top": direction_letters(up),
        "bottom": direction_letters(-up),
    }


def unit_axes(columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit directions (3, 3) and spacings (3,) whose products are exactly the columns (3, 3), to the last bit.

    A length is moved by its last bits until every product rounds to the value it came from. MRML keeps a volume's
    geometry in these two parts; without this what comes back differs from what was put in.
    """
    parts = [_unit_axis(columns[:, axis]) for axis in range(3)]
    return np.stack([direction for direction, _length in parts], axis=1), np.array([length for _direction, length in parts])


def _unit_axis(column: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    norm = float(np.linalg.norm(column))
    for n in sorted(range(-1000, 1001), key=abs):  # squares: where the first few fail, their neighbours do too
        length = norm + n * abs(n) * float(np.spacing(norm))
        near = column / length
        for direction in (near, np.nextafter(near, np.inf), np.nextafter(near, -np.inf)):
            near = np.where(near * length == column, near, direction)
        if (near * length == column).all():
            return near, length
    return column / norm, norm
