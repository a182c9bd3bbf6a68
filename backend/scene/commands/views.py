"""Views: opening them, changing their state, putting it back."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import msgspec

from backend.scene.commands.base import Command, Vector3


class CameraPatch(msgspec.Struct, omit_defaults=True):
    """Absolute values of a 3D camera; absent fields stay. RAS mm, degrees."""

    position: Vector3 | None = None
    focal_point: Vector3 | None = None
    view_up: Vector3 | None = None
    view_angle: float | None = None


class SlabPatch(msgspec.Struct, omit_defaults=True):
    """How a slice view gathers what lies around its plane; absent fields stay. Thickness in mm."""

    mode: Literal["off", "mip", "minip", "mean", "sum"] | None = None
    thickness: float | None = None


class CropPatch(msgspec.Struct, omit_defaults=True):
    """What of a rendered volume is shown; absent fields stay. `bounds` rmin, rmax, amin, amax, smin, smax, RAS mm."""

    on: bool | None = None
    bounds: tuple[float, float, float, float, float, float] | None = None


class RenderingPatch(msgspec.Struct, omit_defaults=True):
    """How 3D views draw a volume; absent fields stay. `preset` comes first, so that a shift given with it holds.

    `shift` moves colours and opacities along the values, in their unit; `opacity` multiplies what the preset has, up to 20.
    `opacity_points` (value, 0 to 1) and `color_points` (value, `#rrggbb`), by rising values, make a look of no preset,
    and so do `gradient_points` (by how much values change from voxel to voxel, what opacity is multiplied with, 0 to 1).
    """

    visible: bool | None = None
    preset: str | None = None
    shift: float | None = None
    opacity: float | None = None
    shade: bool | None = None
    crop: CropPatch | None = None
    opacity_points: list[tuple[float, float]] | None = None
    color_points: list[tuple[float, str]] | None = None
    gradient_points: list[tuple[float, float]] | None = None


class ViewPatch(msgspec.Struct, omit_defaults=True):
    """Absolute new values for a view's state (docs/stream.md, "State"); absent fields stay."""

    orientation: str | None = None
    offset: float | None = None
    slice_to_ras: list[float] | None = None
    origin: Vector3 | None = None
    fov: tuple[float, float] | None = None
    window: float | None = None
    level: float | None = None
    auto_window: bool = False
    background: str | None = None
    foreground: str | None = None
    foreground_opacity: float | None = None
    label: str | None = None
    label_opacity: float | None = None
    fit: bool = False
    slab: SlabPatch | None = None
    linked: bool | None = None
    crosshair: Vector3 | None = None
    camera: CameraPatch | None = None
    look_from: str | None = None
    reset: bool = False
    background_colors: tuple[str, str] | None = None
    box: bool | None = None
    axis_labels: bool | None = None
    parallel: bool | None = None
    quality: Literal["adaptive", "normal", "maximum"] | None = None
    technique: Literal["composite", "mip"] | None = None
    rendering: dict[str, RenderingPatch] | None = None


MAX_RENDERINGS = 64
MAX_ID = 128
MAX_OPACITY = 20.0
MAX_POINTS = 256
HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
POSE_FIELDS = ("orientation", "offset", "slice_to_ras", "origin", "fov", "fit", "camera", "look_from", "reset")


def split_patch(patch: ViewPatch) -> tuple[ViewPatch | None, ViewPatch | None]:
    """What of `patch` an own camera has to itself, and what all members share; None where there is nothing."""

    def part(of_pose: bool) -> ViewPatch | None:
        fields = {name: getattr(patch, name) for name in patch.__struct_fields__ if (name in POSE_FIELDS) == of_pose}
        found = ViewPatch(**fields)
        return None if found == ViewPatch() else found

    return part(True), part(False)


class OpenView(Command):
    """Ask for the canonical name, revision and whole state of a view, by any of its names; `camera` as in `SetView`."""

    view: str
    camera: str = ""


class OwnCamera(Command):
    """Make an own camera of this name for a view, unless there is one: at `pose`, or where the shared camera is now."""

    view: str
    camera: str
    pose: ViewPatch | None = None


class CloseCamera(Command):
    """Forget an own camera."""

    camera: str


class SetView(Command):
    """Change a view's state on behalf of client `by`, whose counter stands at `n`; answered by nothing but events.

    `camera` names an own camera of the view: its plane and field of view, or 3D camera, are its own, all else is shared.
    """

    view: str
    patch: ViewPatch
    by: str = ""
    n: int = 0
    camera: str = ""


class Pointer(Command):
    """Raw input events of docs/stream.md for a view; answered by nothing but events. `camera` as in `SetView`."""

    view: str
    events: list[list[Any]]
    size: tuple[int, int]
    by: str = ""
    n: int = 0
    camera: str = ""
    looks_only: bool = False
    """Events that would change more than where the view looks from are left out."""


class Snapshot(Command):
    """Ask for the state of all views, to put back after a restart."""


class Restore(Command):
    """Put back what `Snapshot` gave."""

    views: dict[str, ViewPatch]


class ViewInfo(msgspec.Struct):
    """A view's canonical name, kind and whole state (fields of docs/stream.md)."""

    view: str
    kind: Literal["slice", "threeD"]
    rev: int
    state: dict[str, Any]


def require_finite(patch: ViewPatch, limit: float = 1e7) -> ViewPatch:
    """Return `patch` unless a number in it is not finite or absurdly large: a camera at infinity can hang a renderer.

    Raises:
        ValueError: naming the field.
    """

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool | str) or value is None:
            return
        if isinstance(value, int | float):
            if not math.isfinite(value) or abs(value) > limit:
                raise ValueError(f"{name} is not a number in range")
        elif isinstance(value, msgspec.Struct):
            for field in value.__struct_fields__:
                check(f"{name}.{field}", getattr(value, field))
        elif isinstance(value, dict):
            for key, inner in value.items():
                check(f"{name}.{key[:MAX_ID]}", inner)
        else:
            for item in value:
                check(name, item)

    for field in patch.__struct_fields__:
        check(field, getattr(patch, field))
    if patch.slice_to_ras is not None and len(patch.slice_to_ras) != 16:
        raise ValueError("slice_to_ras needs 16 numbers")
    if patch.fov is not None and min(patch.fov) <= 0:
        raise ValueError("fov must be positive")
    if patch.slab is not None and patch.slab.thickness is not None and patch.slab.thickness <= 0:
        raise ValueError("slab.thickness must be positive")
    if patch.background_colors is not None and not all(HEX_COLOR.fullmatch(color) for color in patch.background_colors):
        raise ValueError("background_colors are two colours as #RRGGBB")
    if patch.rendering is not None:
        _require_rendering(patch.rendering)
    return patch


def _require_rendering(volumes: dict[str, RenderingPatch]) -> None:
    if len(volumes) > MAX_RENDERINGS or any(len(key) > MAX_ID for key in volumes):
        raise ValueError(f"rendering is of {MAX_RENDERINGS} volumes at most, by their ids")
    for key, volume in volumes.items():
        if volume.opacity is not None and not 0 <= volume.opacity <= MAX_OPACITY:
            raise ValueError(f"rendering.{key}.opacity must be 0 to {MAX_OPACITY:g}")
        bounds = volume.crop.bounds if volume.crop is not None else None
        if bounds is not None and any(bounds[2 * axis] >= bounds[2 * axis + 1] for axis in range(3)):
            raise ValueError(f"rendering.{key}.crop.bounds must each end after they begin")
        _require_points(f"rendering.{key}.opacity_points", volume.opacity_points)
        _require_points(f"rendering.{key}.color_points", volume.color_points)
        _require_points(f"rendering.{key}.gradient_points", volume.gradient_points)
        if not all(0 <= amount <= 1 for _value, amount in volume.opacity_points or ()):
            raise ValueError(f"rendering.{key}.opacity_points must have opacities of 0 to 1")
        if not all(steepness >= 0 and 0 <= amount <= 1 for steepness, amount in volume.gradient_points or ()):
            raise ValueError(f"rendering.{key}.gradient_points must have differences of 0 and more, and opacities of 0 to 1")
        if not all(HEX_COLOR.fullmatch(color) for _value, color in volume.color_points or ()):
            raise ValueError(f"rendering.{key}.color_points must have colours as #RRGGBB")


def _require_points(name: str, points: Sequence[tuple[float, Any]] | None) -> None:
    if points is None:
        return
    if not 1 <= len(points) <= MAX_POINTS:
        raise ValueError(f"{name} must be 1 to {MAX_POINTS} points")
    if any(after[0] <= before[0] for before, after in pairwise(points)):
        raise ValueError(f"{name} must have rising values")
