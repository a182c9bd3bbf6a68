"""Interrupting Python code that runs too long, on the main thread, wherever it is: in a loop or asleep in a system call."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from backend.render.observing import beyond_observers

AGAIN_S = 1.0  # code that caught the interruption is interrupted again


class TimeLimit(BaseException):
    """Raised in the code that ran too long. No `Exception`, so that code which catches those does not go on."""


class _Watch:
    def __init__(self, seconds: float) -> None:
        self._seconds, self._over = seconds, threading.Event()
        self.armed = True
        signal.signal(signal.SIGUSR2, self._interrupt)
        threading.Thread(target=self._wait, daemon=True, name="time limit").start()

    def _interrupt(self, _number: int, frame: FrameType | None) -> None:
        if not self.armed:
            return
        caller = beyond_observers(frame)
        if caller is None:
            raise TimeLimit
        caller.f_trace = self._interrupt_traced  # as soon as the native code that calls the observer is done
        sys.settrace(_trace_nothing)

    def _interrupt_traced(self, _frame: FrameType, _event: str, _argument: object) -> None:
        sys.settrace(None)
        if self.armed:
            raise TimeLimit

    def _wait(self) -> None:
        seconds = self._seconds
        main = threading.main_thread().ident
        assert main is not None
        while not self._over.wait(seconds):
            signal.pthread_kill(main, signal.SIGUSR2)  # a signal also wakes it from system calls
            seconds = AGAIN_S

    def disarm(self) -> None:
        self.armed = False
        self._over.set()
        if sys.gettrace() is _trace_nothing:
            sys.settrace(None)


def run_limited(work: Callable[[], None], seconds: float) -> None:
    """Call `work`, and raise `TimeLimit` in it after `seconds`.

    Observers of ours are left to return first. Native code that does not come back is not interrupted, nor is anything on
    other threads than the main one: Python has signals handled there only.

    Raises:
        TimeLimit: `work` did not end in time.
    """
    if threading.current_thread() is not threading.main_thread():
        work()
        return
    watch = _Watch(seconds)
    try:
        try:
            work()
        finally:
            watch.disarm()
    except TimeLimit:
        watch.disarm()  # the interruption may have come just before it was disarmed
        raise


def _trace_nothing(_frame: FrameType, _event: str, _argument: object) -> None:
    """Tracing has to be on for the one frame that is traced."""
