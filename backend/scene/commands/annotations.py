"""Markups of every kind as plain values: telling of them, making, changing, removing, putting them back."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec

from backend.scene.commands.base import Command, Vector3

MarkupKind = Literal["points", "line", "angle", "curve", "closedCurve", "plane", "roi"]
Coordinate = Annotated[float, msgspec.Meta(ge=-1e7, le=1e7)]
Place = tuple[Coordinate, Coordinate, Coordinate]
Length = Annotated[float, msgspec.Meta(gt=0, le=1e7)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Text = Annotated[str, msgspec.Meta(max_length=1024)]


class Measurement(msgspec.Struct):
    """What MRML measures of a markup: mm, mm2, mm3 or deg."""

    name: str
    value: float
    units: str


class MarkupState(msgspec.Struct):
    """A markup as it is now. Points in world RAS mm; None where there are more than are told.

    `frame` (16 numbers, row-major; object to RAS, the origin its centre) and `size` (mm) are those of planes and ROIs.
    `crops`: a volume rendering shows only what lies within this ROI.
    """

    id: str
    name: str
    kind: MarkupKind
    count: int
    points: list[Vector3] | None
    labels: list[str] | None
    color: str
    opacity: float
    visible: bool
    locked: bool
    measurements: list[Measurement] = []
    frame: list[float] | None = None
    size: list[float] | None = None
    crops: bool = False


class MarkupPatch(msgspec.Struct, omit_defaults=True):
    """New values of a markup; absent ones stay. Positions in world RAS mm.

    `points` are all positions; `index` with `position` (or `label`) is one point, a new one where it is their count; `remove`
    is the index of a point that goes. Planes and ROIs have `frame` and `size` instead.
    """

    name: Text | None = None
    points: Annotated[list[Place], msgspec.Meta(max_length=20_000)] | None = None
    index: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    position: Place | None = None
    label: Text | None = None
    remove: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    frame: Annotated[list[Coordinate], msgspec.Meta(min_length=16, max_length=16)] | None = None
    size: Annotated[list[Length], msgspec.Meta(min_length=2, max_length=3)] | None = None
    color: Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")] | None = None
    opacity: Share | None = None
    visible: bool | None = None
    locked: bool | None = None

    def __post_init__(self) -> None:
        """Check what belongs together.

        Raises:
            ValueError: a position or label without its index, or a frame that is none.
        """
        if self.index is None and (self.position is not None or self.label is not None):
            raise ValueError("position and label need the index of their point")
        if self.frame is not None:
            columns = [self.frame[start:12:4] for start in range(3)]
            dots = [abs(sum(a * b for a, b in zip(columns[i], columns[j], strict=True))) for i, j in ((0, 1), (0, 2), (1, 2))]
            lengths = [math.hypot(*column) for column in columns]
            if max(dots) > 1e-3 or any(abs(length - 1) > 1e-3 for length in lengths) or self.frame[12:] != [0, 0, 0, 1]:
                raise ValueError("frame must hold three orthonormal axes and a position")


class ListMarkups(Command):
    """Ask for all markups, as `list[MarkupState]`."""


class MakeMarkup(Command):
    """Make a markup; answers `MarkupState`. `most`: control points at most.

    Changes with the same `gesture`, such as those of a drag, are one step of the history with its making.
    """

    kind: MarkupKind
    patch: MarkupPatch
    most: int
    gesture: str = ""


class ChangeMarkup(Command):
    """Change a markup; answers `MarkupState`."""

    id: str
    patch: MarkupPatch
    most: int
    gesture: str = ""

    def makes_void(self, before: ChangeMarkup) -> bool:
        """Whether this one, the next of the same markup, sets all that `before` does."""
        mine, theirs = _absolute(self.patch), _absolute(before.patch)
        return mine == theirs and mine is not None and self.gesture == before.gesture


def _absolute(patch: MarkupPatch) -> tuple[Any, ...] | None:
    """What a patch sets; None where it adds or removes points."""
    if patch.remove is not None:
        return None
    names = [name for name in patch.__struct_fields__ if name != "index" and getattr(patch, name) is not None]
    return (*names, patch.index)


class DropMarkup(Command):
    """Remove a markup whose placing was given up, without a trace in the history."""

    id: str
    gesture: str


class RestoreMarkups(Command):
    """Have exactly these markups in the scene, and the `others` by id; those of which no points are given stay as they are."""

    markups: list[MarkupState]
    others: tuple[str, ...] = ()


class MarkupsChanged(msgspec.Struct, tag=True):
    """Event: markups that are new or changed, and ids of those that went."""

    changed: list[MarkupState]
    gone: list[str]
