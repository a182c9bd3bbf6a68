"""The types of values in Slicer's markups JSON, which its reader takes for granted.

Format: the schema of Slicer's markups files, version 1.0.3; only what is there is checked, unknown keys are left alone.
"""

from __future__ import annotations

import math
from typing import Any

from backend.errors import UnreadableError

TYPES = ("Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI")
TEXTS = frozenset(
    ("id", "label", "description", "associatedNodeID", "positionStatus", "labelFormat", "roiType", "planeType", "name")
)
TRUTHS = frozenset({"selected", "locked", "visibility", "fixedNumberOfControlPoints"})
VECTORS = {"position": 3, "orientation": 9, "center": 3, "normal": 3, "size": None, "objectToBase": 16, "baseToNode": 16}


def require_sound_markup(markup: Any) -> int:
    """Refuse a markup that is not of the shape its reader expects; returns how many control points it has.

    Raises:
        UnreadableError: naming the value.
    """
    if not isinstance(markup, dict):
        raise UnreadableError("it holds no markups")
    if markup.get("type") not in TYPES:
        raise UnreadableError(f"markups of type {markup.get('type')!r} can not be read; known are {', '.join(TYPES)}")
    _check_values(markup, "the markup")
    points = markup.get("controlPoints") or []
    if not isinstance(points, list):
        raise UnreadableError("its control points are no list")
    for number, point in enumerate(points):
        if not isinstance(point, dict):
            raise UnreadableError(f"control point {number} is no object")
        _check_values(point, f"control point {number}")
        if "position" not in point and point.get("positionStatus", "defined") == "defined":
            raise UnreadableError(f"control point {number} has no position of three numbers")
    measurements = markup.get("measurements") or []
    if not isinstance(measurements, list) or not all(isinstance(one, dict) for one in measurements):
        raise UnreadableError("its measurements are no list of objects")
    _check_display(markup.get("display") or {})
    return len(points)


def _check_values(values: dict[str, Any], what: str) -> None:
    for key, value in values.items():
        if key in TEXTS and not isinstance(value, str):
            raise UnreadableError(f"{key} of {what} is no text")
        if key in TRUTHS and not isinstance(value, bool):
            raise UnreadableError(f"{key} of {what} is neither true nor false")
        if key in VECTORS:
            count = VECTORS[key]
            if not is_vector(value, count):
                raise UnreadableError(f"{what} has no {key} of {count_name(count)} numbers")


def _check_display(display: Any) -> None:
    if not isinstance(display, dict):
        raise UnreadableError("its display is no object")
    for key, value in display.items():
        if isinstance(value, list) and not is_vector(value, 3 if "olor" in key else None):
            raise UnreadableError(f"{key} of its display is no list of numbers")
        if isinstance(value, dict):
            raise UnreadableError(f"{key} of its display is an object")


def is_vector(value: Any, count: int | None) -> bool:
    """Whether it is a list of finite numbers, of `count` of them if that is given."""
    return isinstance(value, list) and (count is None or len(value) == count) and all(is_finite(number) for number in value)


def is_finite(value: Any) -> bool:
    """Whether it is a number that space can be measured with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e9


def count_name(count: int | None) -> str:
    """A count in a message."""
    return {3: "three", 9: "nine", 16: "16"}.get(count or 0, "some")
