"""Observers of VTK objects that users' code which runs too long does not break off.

VTK prints what an observer raises and goes on as if it had returned. An interruption there would be lost, and what the
observer keeps would be wrong from then on; and it is there that most would come, for Python looks for signals when native code
that ran for long calls it back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any


def observe(subject: Any, event: int | str, callback: Callable[..., None]) -> None:
    """Have VTK call `callback` at each `event` of `subject`, which lives as long as that."""
    subject.AddObserver(event, _unbroken(callback))


def beyond_observers(frame: FrameType | None) -> FrameType | None:
    """The place in Python whose call of native code led to an observer in which this place is; None where it is in none."""
    caller = None
    while frame is not None:
        if frame.f_code is _CALL:
            caller = frame.f_back
        frame = frame.f_back
    return caller


def _unbroken(callback: Callable[..., None]) -> Callable[..., None]:
    @wraps(callback)
    def call(*arguments: Any) -> None:
        callback(*arguments)

    return call


_CALL = _unbroken(print).__code__
