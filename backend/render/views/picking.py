"""What is seen at one place of a 3D view: the nearest of the surfaces that OpenGL draws and the volumes that are marched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from backend.render.marcher import Camera
from backend.render.views.nodes import nodes_of_class
from backend.render.views.volume_rendering import crop_box
from backend.render.views.volumes import VolumeSources, ijk_to_world

SEEN = 0.5  # of what a ray meets in all: where the eye would say the surface is
FAINT = 0.05  # less opacity than this along a whole ray is nothing to be seen
MOST_SAMPLES = 8192
MARKUPS = "vtkSlicerMarkupsWidgetRepresentation"
Vector = NDArray[np.float64]


def ray_of(camera: Camera, x: float, y: float, width: int, height: int) -> tuple[Vector, Vector]:
    """Origin and direction, per mm along the view axis, of the ray at a place (fractions from the top left), RAS mm."""
    corner, across, down, ahead, ahead_across, ahead_down = camera.rays(width, height, width, height)
    column, row = x * width - 0.5, y * height - 0.5
    return corner + across * column + down * row, ahead + ahead_across * column + ahead_down * row


@contextmanager
def without_markups(renderer: Any) -> Iterator[None]:
    """Have neither markups nor the box drawn meanwhile: who places a point means what lies behind the last one."""
    props = renderer.GetViewProps()
    hidden = [prop for prop in (props.GetItemAsObject(n) for n in range(props.GetNumberOfItems())) if _is_looked_through(prop)]
    try:
        for prop in hidden:
            prop.VisibilityOff()
        yield
    finally:
        for prop in hidden:
            prop.VisibilityOn()


def _is_looked_through(prop: Any) -> bool:
    return bool(prop.GetVisibility()) and (prop.IsA(MARKUPS) or not prop.GetPickable())


def nearest_volume(scene: Any, view_node: Any, sources: VolumeSources, origin: Vector, direction: Vector) -> float | None:
    """How far along a ray, mm along the view axis, a volume that is rendered in this view is seen; None where none is."""
    is_mip = view_node.GetRaycastTechnique() == slicer.vtkMRMLViewNode.MaximumIntensityProjection
    found = []
    for display in nodes_of_class(scene, "vtkMRMLVolumeRenderingDisplayNode"):
        if not display.GetVisibility() or not display.IsDisplayableInView(view_node.GetID()):
            continue
        volume, properties = display.GetVolumeNode(), display.GetVolumePropertyNode()
        source, matrix = (sources.of(volume), ijk_to_world(volume)) if volume is not None else (None, None)
        if source is None or matrix is None or properties is None:
            continue
        roi = display.GetROINode() if display.GetCroppingEnabled() else None
        distance = _seen(source.voxels, matrix, properties.GetVolumeProperty(), roi, origin, direction, is_mip)
        if distance is not None:
            found.append(distance)
    return min(found, default=None)


def _seen(
    voxels: NDArray[Any], ijk_to_ras: Vector, look: Any, roi: Any, origin: Vector, direction: Vector, is_mip: bool
) -> float | None:
    to_ijk = np.linalg.inv(ijk_to_ras)
    start, step = to_ijk[:3, :3] @ origin + to_ijk[:3, 3], to_ijk[:3, :3] @ direction
    size = np.array(voxels.shape[::-1])
    span = _within(start, step, np.zeros(3), size - 1.0)
    if roi is not None and span is not None:
        box, half = crop_box(roi)
        to_box = np.linalg.inv(box)
        inside = _within(to_box[:3, :3] @ origin + to_box[:3, 3], to_box[:3, :3] @ direction, -half, half)
        span = None if inside is None else (max(span[0], inside[0]), min(span[1], inside[1]))
    if span is None or span[0] >= span[1]:
        return None
    count = int(min(MOST_SAMPLES, max(2, np.ceil((span[1] - span[0]) * np.abs(step).max() * 2))))
    distances = np.linspace(*span, count)
    i, j, k = np.rint(start[:, None] + step[:, None] * distances).astype(np.int64).clip(0, (size - 1)[:, None])
    values = voxels[k, j, i].astype(np.float64)
    if is_mip:
        return float(distances[int(values.argmax())])
    low, high = float(values.min()), float(values.max())
    table = np.zeros(1024)
    look.GetScalarOpacity().GetTable(low, max(high, low + 1e-6), len(table), table)
    opacity = table[np.rint((values - low) / max(high - low, 1e-6) * (len(table) - 1)).astype(np.int64)].clip(0, 1)
    step_mm = (distances[1] - distances[0]) * np.linalg.norm(direction)
    through = np.cumprod((1 - opacity) ** (step_mm / max(look.GetScalarOpacityUnitDistance(), 1e-6)))
    whole = 1 - through[-1]
    if whole < FAINT:
        return None
    return float(distances[int(np.argmax(1 - through >= SEEN * whole))])


def _within(start: Vector, step: Vector, low: Vector, high: Vector) -> tuple[float, float] | None:
    """Between which distances, from 0, a ray is within a box; None where it misses."""
    nearest, farthest = 0.0, np.inf
    for axis in range(3):
        if abs(step[axis]) < 1e-12:
            if not low[axis] <= start[axis] <= high[axis]:
                return None
            continue
        ends = sorted(((low[axis] - start[axis]) / step[axis], (high[axis] - start[axis]) / step[axis]))
        nearest, farthest = max(nearest, ends[0]), min(farthest, ends[1])
    return (nearest, farthest) if nearest < farthest else None
