"""Whether anything in the scene may have changed since one last looked, in one comparison.

VTK stamps every modification in the process with the next number of one counter. As long as that counter has not moved, no
node, image, display or transform has changed, and what was read from them still holds. Dragging a slice reads hundreds of
attributes per picture otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import vtk

T = TypeVar("T")


class SceneChanges:
    """The counter of one process. Ask on the scene thread only."""

    def __init__(self) -> None:
        self._stamp = vtk.vtkTimeStamp()
        self._last = self._next()
        self._epoch = self._issued = 0

    def _next(self) -> int:
        self._stamp.Modified()
        return int(self._stamp.GetMTime())

    @property
    def epoch(self) -> int:
        """A number that differs from the last one if anything was modified in between."""
        now = self._next()
        if now != self._last + 1:
            self._issued += 1  # never a number again that somebody has remembered within a reading
            self._epoch = self._issued
        self._last = now
        return self._epoch

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Work that only reads: the helper objects it makes on the way are no change."""
        before = self.epoch
        try:
            yield
        finally:
            self._last, self._epoch = self._next(), before


class Remembered(Generic[T]):
    """What `read` found in the scene, read again only after something was modified."""

    def __init__(self, changes: SceneChanges, read: Callable[[], T]) -> None:
        self._changes, self._read = changes, read
        self._epoch = -1
        self._value: T

    def __call__(self) -> T:
        """The value that holds now."""
        epoch = self._changes.epoch
        if epoch != self._epoch:
            with self._changes.reading():
                self._value = self._read()
            self._epoch = epoch
        return self._value
