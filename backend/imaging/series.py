"""From slices with positions to one regular grid, and what was wrong with them. Pure functions, numpy only.

Positions and directions are DICOM's: LPS mm, the position that of the first voxel's centre (PS3.3, C.7.6.2.1.1).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.imaging.frames import Matrix, lps_to_ras

SAME_POSITION_MM = 0.01
SPACING_TOLERANCE = 0.01  # of the spacing; scanners round positions to a few micrometres
TILT_TOLERANCE_DEG = 0.5
SAME_DIRECTION = 1e-3


@dataclass(frozen=True)
class Diagnosis:
    """Something that a user should know about how files became a volume."""

    code: Literal[
        "gap",
        "uneven",
        "tilt",
        "duplicate",
        "mixed",
        "frames",
        "single",
        "unreadable",
        "unplaced",
        "inverted",
        "units",
        "contours",
    ]
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Slice:
    """One slice's place. `index` finds its pixels again; `frame` tells time points, echoes and the like apart."""

    index: int
    position: tuple[float, float, float]
    row: tuple[float, float, float]  # direction of growing columns
    column: tuple[float, float, float]  # direction of growing rows
    spacing: tuple[float, float]  # between rows, between columns, mm
    shape: tuple[int, int]  # rows, columns
    number: int = 0
    frame: tuple[Any, ...] = ()
    thickness: float | None = None


@dataclass(frozen=True)
class Grid:
    """A regular grid. `planes[k]` is the index of the slice at k, or two indices and a weight to blend, or None for a gap."""

    planes: list[int | tuple[int, int, float] | None]
    ijk_to_ras: Matrix
    diagnoses: list[Diagnosis]


def split(slices: Sequence[Slice]) -> list[list[Slice]]:
    """Slices that can form one volume together: same orientation, size and spacing; the largest group first."""
    groups: dict[tuple[Any, ...], list[Slice]] = defaultdict(list)
    for one in slices:
        direction = tuple(round(v / SAME_DIRECTION / 10) for v in (*one.row, *one.column))
        spacing = tuple(round(v, 3) for v in one.spacing)
        groups[direction, one.shape, spacing].append(one)
    return sorted(groups.values(), key=lambda group: -len(group) * group[0].shape[0] * group[0].shape[1])


def normal_of(one: Slice) -> NDArray[np.float64]:
    """Unit normal of a slice, LPS."""
    normal = np.cross(one.row, one.column)
    return np.asarray(normal / np.linalg.norm(normal), dtype=np.float64)


def make_grid(group: Sequence[Slice]) -> Grid:
    """Order the slices of one group along their normal and place them; every irregularity becomes a diagnosis.

    Slices missing from an otherwise even row leave gaps at their true places. Uneven spacing is resampled linearly onto an
    even one. A tilted stack keeps its true, sheared matrix.
    """
    diagnoses: list[Diagnosis] = []
    normal = normal_of(group[0])
    ordered = sorted(group, key=lambda s: (float(normal @ s.position), s.number))
    ordered = _without_duplicates(ordered, normal, diagnoses)
    along = np.array([float(normal @ s.position) for s in ordered])
    if len(ordered) == 1:
        step = ordered[0].thickness or 1.0
        diagnoses.append(Diagnosis("single", f"only one slice; its thickness is taken as {step:g} mm"))
        return Grid([ordered[0].index], _matrix(ordered[0], normal * step), diagnoses)
    travel = np.array(ordered[-1].position) - np.array(ordered[0].position)
    direction = travel / float(normal @ travel)  # LPS mm for each mm along the normal
    _note_tilt(direction, normal, diagnoses)
    planes, step = _planes(ordered, along, diagnoses)
    return Grid(planes, _matrix(ordered[0], direction * step), diagnoses)


def _without_duplicates(ordered: list[Slice], normal: NDArray[np.float64], diagnoses: list[Diagnosis]) -> list[Slice]:
    kept = [ordered[0]]
    for one in ordered[1:]:
        if float(normal @ one.position) - float(normal @ kept[-1].position) > SAME_POSITION_MM:
            kept.append(one)
    dropped = len(ordered) - len(kept)
    if dropped:
        text = f"{dropped} slices lie where another one does; the first by instance number is kept"
        diagnoses.append(Diagnosis("duplicate", text))
    return kept


def _note_tilt(direction: NDArray[np.float64], normal: NDArray[np.float64], diagnoses: list[Diagnosis]) -> None:
    cosine = float(normal @ direction) / float(np.linalg.norm(direction))
    angle = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    if angle > TILT_TOLERANCE_DEG:
        text = f"the slices are tilted by {angle:.1f}° against their stack (gantry tilt); they are shown at their true places"
        diagnoses.append(Diagnosis("tilt", text))


def _planes(
    ordered: list[Slice], along: NDArray[np.float64], diagnoses: list[Diagnosis]
) -> tuple[list[int | tuple[int, int, float] | None], float]:
    gaps = np.diff(along)
    step = float(np.median(gaps))
    tolerance = max(SPACING_TOLERANCE * step, SAME_POSITION_MM)
    counts = np.rint(gaps / step)
    even = np.abs(gaps - counts * step) <= tolerance * np.maximum(counts, 1)
    if (counts >= 1).all() and even.all():
        step = float((along[-1] - along[0]) / counts.sum())
        planes: list[int | tuple[int, int, float] | None] = [ordered[0].index]
        for one, count in zip(ordered[1:], counts, strict=True):
            planes += [None] * (int(count) - 1)
            planes.append(one.index)
        missing = [along[0] + k * step for k, plane in enumerate(planes) if plane is None]
        if missing:
            places = ", ".join(f"{place:.1f}" for place in missing[:6]) + ("…" if len(missing) > 6 else "")
            text = f"{len(missing)} slices are missing, at {places} mm along the stack; they are left empty"
            diagnoses.append(Diagnosis("gap", text))
        return planes, step
    text = f"slices are unevenly spaced ({gaps.min():.2f} to {gaps.max():.2f} mm); interpolated to {step:.2f} mm"
    diagnoses.append(Diagnosis("uneven", text))
    steps = np.arange(along[0], along[-1] + step / 2, step)
    resampled: list[int | tuple[int, int, float] | None] = []
    for place in steps:
        upper = int(np.clip(np.searchsorted(along, place), 1, len(along) - 1))
        weight = float(np.clip((place - along[upper - 1]) / gaps[upper - 1], 0.0, 1.0))
        resampled.append((ordered[upper - 1].index, ordered[upper].index, weight))
    return resampled, step


def _matrix(first: Slice, step: NDArray[np.float64]) -> Matrix:
    lps = np.eye(4)
    lps[:3, 0] = np.array(first.row) * first.spacing[1]
    lps[:3, 1] = np.array(first.column) * first.spacing[0]
    lps[:3, 2] = step
    lps[:3, 3] = first.position
    return lps_to_ras(lps)
