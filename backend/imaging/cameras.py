"""Moves of a 3D camera as pure functions on RAS positions (mm). View-up stays normalised."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.errors import BadRequestError

Vector = NDArray[np.float64]
FARTHEST_MM, NEAREST_MM = 1e7, 1e-4

# Position of the eye relative to the focal point, and view-up, for each patient direction (Slicer's lookFromAxis).
AXES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "r": ((1, 0, 0), (0, 0, 1)),
    "l": ((-1, 0, 0), (0, 0, 1)),
    "a": ((0, 1, 0), (0, 0, 1)),
    "p": ((0, -1, 0), (0, 0, 1)),
    "s": ((0, 0, 1), (0, 1, 0)),
    "i": ((0, 0, -1), (0, 1, 0)),
}


@dataclass(frozen=True)
class View:
    """Where a camera stands and looks: RAS mm, view angle in degrees (vertical)."""

    position: Vector
    focal_point: Vector
    view_up: Vector
    view_angle: float = 30.0

    @property
    def distance(self) -> float:
        """Eye to focal point, mm."""
        return float(np.linalg.norm(self.position - self.focal_point))

    def axes(self) -> tuple[Vector, Vector, Vector]:
        """Unit vectors: screen right, screen up, direction of view."""
        forward = unit(self.focal_point - self.position)
        right = np.cross(forward, self.view_up)
        if np.linalg.norm(right) < 1e-9:
            right = np.cross(forward, (1.0, 0.0, 0.0) if abs(forward[0]) < 0.9 else (0.0, 1.0, 0.0))
        right = unit(right)
        return right, np.cross(right, forward), forward


def unit(vector: Vector) -> Vector:
    """`vector` at length 1.

    Raises:
        BadRequestError: it has no length.
    """
    length = float(np.linalg.norm(vector))
    if length < 1e-12:
        raise BadRequestError("a direction of no length")
    return vector / length


def require_usable(view: View) -> View:
    """The same view.

    Raises:
        BadRequestError: it is somewhere beyond all bodies, or the eye in the focal point: nothing could be drawn.
    """
    numbers = np.concatenate([view.position, view.focal_point, view.view_up, [view.view_angle]])
    if not np.isfinite(numbers).all() or np.abs(numbers).max() > FARTHEST_MM:
        raise BadRequestError("the camera would be too far away")
    if view.distance < NEAREST_MM:
        raise BadRequestError("the camera would be at its own focal point")
    return view


def look_from(view: View, axis: str) -> View:
    """Look from a patient direction at the same focal point and distance; only the first letter counts, others do nothing."""
    found = AXES.get(axis[:1].lower())
    if found is None:
        return view
    eye, up = (np.array(v, dtype=np.float64) for v in found)
    return replace(view, position=view.focal_point + eye * view.distance, view_up=up)


def rotate(view: View, right_deg: float, up_deg: float) -> View:
    """Turn about the focal point: the scene follows a drag to the right and up by these angles."""
    right, up, _forward = view.axes()
    arm = view.position - view.focal_point
    arm = _about(arm, up, -math.radians(right_deg))
    side = _about(right, up, -math.radians(right_deg))
    arm = _about(arm, side, math.radians(up_deg))
    return replace(view, position=view.focal_point + arm, view_up=_about(up, side, math.radians(up_deg)))


def roll(view: View, degrees: float) -> View:
    """Turn about the direction of view."""
    _right, up, forward = view.axes()
    return replace(view, view_up=_about(up, forward, math.radians(degrees)))


def pan(view: View, right: float, up: float) -> View:
    """Move camera and focal point by fractions of the distance, as SlicerWeb's panX and panY do."""
    axis_right, axis_up, _forward = view.axes()
    shift = view.distance * (-right * axis_right + up * axis_up)
    return replace(view, position=view.position + shift, focal_point=view.focal_point + shift)


def orbit(view: View, right: float, up: float) -> View:
    """Move the eye sideways by fractions of the distance and restore the distance, as SlicerWeb's orbitX and orbitY do."""
    axis_right, axis_up, _forward = view.axes()
    distance = view.distance
    moved = view.position + distance * (-right * axis_right + up * axis_up)
    position = view.focal_point + unit(moved - view.focal_point) * distance
    result = replace(view, position=position)
    return replace(result, view_up=result.axes()[1])


def zoom(view: View, factor: float) -> View:
    """Come closer by `factor` > 1, go away by less, keeping the focal point."""
    return replace(view, position=view.focal_point + (view.position - view.focal_point) / factor)


def frame(view: View, bounds: tuple[float, ...]) -> View:
    """Show a box (rmin, rmax, amin, amax, smin, smax) whole, from where the camera looks now."""
    low, high = np.array(bounds[0::2]), np.array(bounds[1::2])
    radius = max(float(np.linalg.norm(high - low)) / 2, 1.0)
    centre = (low + high) / 2
    back = unit(view.position - view.focal_point) if view.distance > 1e-9 else np.array((0.0, 1.0, 0.0))
    distance = radius / math.sin(math.radians(view.view_angle) / 2)
    return replace(view, position=centre + back * distance, focal_point=centre)


def _about(vector: Vector, axis: Vector, angle: float) -> Vector:
    """Rodrigues' rotation of `vector` about unit `axis`."""
    cosine, sine = math.cos(angle), math.sin(angle)
    turned: Vector = vector * cosine + np.cross(axis, vector) * sine + axis * float(axis @ vector) * (1 - cosine)
    return turned
