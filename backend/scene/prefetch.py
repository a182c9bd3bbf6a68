"""Slices that are likely to be asked for next, made while nobody asks for anything.

Who scrolls asks for slice after slice in equal steps. Two pictures of one view by the same client, which differ in nothing but
the offset, tell step and direction; the next few are then drawn and encoded into the picture cache, one at a time, as long
as no command comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from backend.render.views.matrices import Matrix, moved_along_normal
from backend.render.views.slice_view import SliceView

CLIENTS_KEPT = 64
MOST_STEPS = 8
"""A jump of more slices than this is no scrolling."""
MakeAt = Callable[[Matrix], None]


@dataclass(frozen=True)
class Asked:
    """A picture that was asked for: what but the plane decides it, and the plane."""

    like: Hashable
    pose: Matrix


class Prefetch:
    """What is to be made ahead. Scene thread only, but for `drop`, which any thread may call."""

    def __init__(self, ahead: int) -> None:
        """`ahead`: slices to make beyond the last one that was asked for; none if 0."""
        self._ahead = ahead
        self._last: dict[Hashable, Asked] = {}
        self._waiting: deque[tuple[MakeAt, Matrix]] = deque()
        self._newest: tuple[Matrix, Matrix, SliceView, MakeAt] | None = None
        """Planes of the last two pictures of somebody, from which is found what waits once there is time."""

    def asked(self, view: SliceView, by: Hashable, like: Hashable, make_at: MakeAt) -> None:
        """A picture was asked for by somebody. `make_at(slice_to_ras)` makes the same picture of another plane."""
        if not self._ahead:
            return
        now = Asked(like, view.slice_to_ras.copy())
        before = self._last.pop(by, None)
        self._last[by] = now  # the newest last
        while len(self._last) > CLIENTS_KEPT:
            del self._last[next(iter(self._last))]
        if before is None or before.like != like:
            return
        self._newest = (before.pose, now.pose, view, make_at)

    def drop(self) -> None:
        """Somebody wants something: what was to be made ahead is not made."""
        self._newest, self._waiting = None, deque()

    @property
    def is_waiting(self) -> bool:
        """Whether there may be something to make."""
        return self._newest is not None or bool(self._waiting)

    def make_one(self) -> None:
        """Make the next picture, if there is one."""
        newest, self._newest = self._newest, None
        if newest is not None:
            before, now, view, make_at = newest
            step = _step(before, now, view)
            ahead = range(1, self._ahead + 1) if step else ()
            self._waiting = deque((make_at, moved_along_normal(now, (step or 0.0) * n)) for n in ahead)
        waiting = self._waiting  # another thread may put another one in its place
        if waiting:
            make_at, pose = waiting.popleft()
            make_at(pose)


def _step(before: Matrix, now: Matrix, view: SliceView) -> float | None:
    """By what a plane is scrolled along its normal, mm, with its sign; None if it was moved otherwise or not at all."""
    if not np.allclose(before[:3, :3], now[:3, :3], atol=1e-9):
        return None
    moved = now[:3, 3] - before[:3, 3]
    along = float(now[:3, 2] @ moved)
    extent = view.extent()
    if extent is None or abs(along) < 1e-6 or np.linalg.norm(moved - along * now[:3, 2]) > 1e-6:
        return None
    slices = along / extent.spacing
    if abs(slices) > MOST_STEPS:
        return None
    is_whole = abs(slices - round(slices)) < 1e-3 and round(slices) != 0
    return float(np.copysign(extent.spacing, along)) if is_whole else along
