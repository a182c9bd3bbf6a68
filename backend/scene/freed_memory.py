"""Giving memory that was freed back to the system."""

from __future__ import annotations

import ctypes
import time

MALLOC_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""Of glibc; other C libraries have none."""
QUIET_S, EVERY_S = 0.5, 30.0


class FreedMemory:
    """Gives it back in a pause after work, once in a while.

    Pictures of many sizes leave holes in the heap, which glibc keeps: some 100 MB after an hour of changing layouts. To give
    them back takes 10 to 40 ms.
    """

    def __init__(self) -> None:
        self._worked_at = self._given_at = float("-inf")

    def worked(self) -> None:
        """Something was done."""
        self._worked_at = time.monotonic()

    def rest(self) -> None:
        """There is nothing to do just now."""
        now = time.monotonic()
        if self._worked_at <= self._given_at or now < self._worked_at + QUIET_S or now < self._given_at + EVERY_S:
            return
        self._given_at = now
        if MALLOC_TRIM is not None:
            MALLOC_TRIM(0)
