"""Transfer functions of MRML's volume properties as plain points: reading, setting, moving along the values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import vtk

from backend.imaging.colors import from_hex, to_hex

PRESET, SHIFT = "Slicecast.preset", "Slicecast.shift"
MOST_TOLD = 256

OpacityPoint = tuple[float, float]
"""A value, and opacity there, 0 to 1 (per mm, as long as the unit distance is 1)."""
GradientPoint = tuple[float, float]
"""How much values change from one voxel to the next, and what opacity is multiplied with there, 0 to 1."""
ColorPoint = tuple[float, str]
"""A value, and the colour there, `#rrggbb`."""


def opacity_points(look: Any) -> list[OpacityPoint] | None:
    """Opacity by value of a vtkVolumeProperty; None where there are more than `MOST_TOLD` points."""
    return _points(look.GetScalarOpacity())


def color_points(look: Any) -> list[ColorPoint] | None:
    """Colours by value of a vtkVolumeProperty; None where there are more than `MOST_TOLD` points."""
    nodes = _nodes(look.GetRGBTransferFunction(), 6)
    return None if len(nodes) > MOST_TOLD else [(node[0], to_hex(node[1:4]).lower()) for node in nodes]


def gradient_points(look: Any) -> list[GradientPoint] | None:
    """What opacity is multiplied with, by the steepness of values; None where there are more than `MOST_TOLD` points."""
    if look.GetDisableGradientOpacity():
        return [(0.0, 1.0)]
    return _points(look.GetStoredGradientOpacity())


def shift_of(properties: Any) -> float:
    """How far a volume property node is moved from its preset."""
    try:
        shift = float(properties.GetAttribute(SHIFT) or 0.0)
    except ValueError:  # a script wrote something else
        return 0.0
    return shift if math.isfinite(shift) else 0.0


def set_points(
    properties: Any,
    opacity: Sequence[OpacityPoint] | None,
    color: Sequence[ColorPoint] | None,
    gradient: Sequence[GradientPoint] | None = None,
) -> None:
    """Give a volume property node these points, in the order of their values; None leaves its points as they are.

    The node's look is of no preset then. Points that stay where they are keep how the function goes on to the next.
    """
    look = properties.GetVolumeProperty()
    if opacity is not None:
        look.SetScalarOpacity(_function(opacity, look.GetScalarOpacity()))
    if gradient is not None:
        look.SetGradientOpacity(_function(gradient, look.GetStoredGradientOpacity()))
        look.DisableGradientOpacityOff()
    if color is not None:
        known = {node[0]: node for node in _nodes(look.GetRGBTransferFunction(), 6)}
        by_color = vtk.vtkColorTransferFunction()
        for value, text in color:
            before = known.get(value)
            same = before is not None and to_hex(before[1:4]).lower() == text.lower()
            rgb = before[1:4] if before is not None and same else from_hex(text)
            by_color.AddRGBPoint(value, *rgb, *_bend(before))
        look.SetColor(by_color)
    properties.SetAttribute(PRESET, "")
    properties.SetAttribute(SHIFT, "0.0")
    properties.Modified()


def move(properties: Any, shift: float) -> None:
    """Move colours and opacities along the values so that they are `shift` from where the preset has them."""
    by = shift - shift_of(properties)
    if not by:
        return
    look = properties.GetVolumeProperty()
    opacity, color = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
    for node in _nodes(look.GetScalarOpacity(), 4):
        opacity.AddPoint(node[0] + by, *node[1:])
    for node in _nodes(look.GetRGBTransferFunction(), 6):
        color.AddRGBPoint(node[0] + by, *node[1:])
    look.SetScalarOpacity(opacity)
    look.SetColor(color)
    properties.SetAttribute(SHIFT, repr(shift))
    properties.Modified()


def _points(function: Any) -> list[tuple[float, float]] | None:
    nodes = _nodes(function, 4)
    return None if len(nodes) > MOST_TOLD else [(node[0], node[1]) for node in nodes]


def _function(points: Sequence[tuple[float, float]], before: Any) -> Any:
    known = {node[0]: node for node in _nodes(before, 4)}
    made = vtk.vtkPiecewiseFunction()
    for value, amount in points:
        made.AddPoint(value, amount, *_bend(known.get(value)))
    return made


def _nodes(function: Any, numbers: int) -> list[list[float]]:
    """All points of a piecewise or colour function, each with its value first, midpoint and sharpness last."""
    found = []
    for index in range(function.GetSize()):
        node = [0.0] * numbers
        function.GetNodeValue(index, node)
        found.append(node)
    return found


def _bend(node: list[float] | None) -> tuple[float, float]:
    """Midpoint and sharpness; a straight line where the point is new."""
    return (0.5, 0.0) if node is None else (node[-2], node[-1])
