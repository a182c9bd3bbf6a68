"""How long pictures take, so that those that take little are made on the scene thread itself.

A thin slice takes a millisecond. Handing it to another thread, and the interpreter lock back and forth, costs a quarter of that
in processor time, and on two cores often a wait for one of them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
QUICK_S = 0.0017
"""A change of state waits no longer than this for a picture that is made at once, as it may for one that is made ahead."""
WEIGHT = 1 / 8  # of the newest time
KINDS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Quick(Generic[T]):
    """What may be made on any thread, as by any other callable, but takes so little time that it is best made at once."""

    make: Callable[[], T]

    def __call__(self) -> T:
        return self.make()


class MakingTimes:
    """Processor time that pictures of each kind take of late. Any thread."""

    def __init__(self) -> None:
        self._usual_s: OrderedDict[Hashable, float] = OrderedDict()

    def timed(self, kind: Hashable, make: Callable[[], T]) -> Callable[[], T]:
        """`make`, with the time noted that it takes; `Quick` if its kind is."""

        def timed() -> T:
            begun = time.thread_time()
            try:
                return make()
            finally:
                self._note(kind, time.thread_time() - begun)

        return Quick(timed) if self._usual_s.get(kind, QUICK_S) < QUICK_S else timed

    def _note(self, kind: Hashable, took_s: float) -> None:
        took_s = min(took_s, 2 * QUICK_S)  # the first one may have had a kernel loaded
        usual_s = self._usual_s.get(kind, took_s)
        self._usual_s[kind] = usual_s + WEIGHT * (took_s - usual_s)
        while len(self._usual_s) > KINDS_KEPT:
            self._usual_s.popitem(last=False)
