"""Users' Python from the gateway's side: one after the other, what it loaded into the journal, what it said remembered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
import structlog

from backend.config import Settings
from backend.errors import SlicecastError, TooLargeError
from backend.scene import commands as c
from backend.sessions.journal import Journal

log = structlog.get_logger("exec")
KEPT = 4096  # characters of each text of a remembered run


class Execution(msgspec.Struct):
    """One run, as lists show it: `time` in seconds since 1970, long texts cut."""

    time: float
    source: str
    seconds: float
    result: str = ""
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    traceback: str = ""


class Executions:
    """Runs source in the scene process in the order of the requests, and remembers the last runs."""

    def __init__(
        self, ask: Callable[[c.Execute, type[c.Executed]], Awaitable[c.Executed]], journal: Journal, settings: Settings
    ) -> None:
        self._ask, self._journal, self._settings = ask, journal, settings
        self._lock = asyncio.Lock()
        self._waiting = 0
        self.records: deque[Execution] = deque(maxlen=settings.exec_records)

    async def run(self, source: str, result_name: Literal["__execResult", "__replResult"] = "__execResult") -> c.Executed:
        """Run when those before have ended; an exception of the source is part of what is returned.

        Raises:
            TooLargeError: too many wait already.
            SlicecastError: it could not be run, or was not let come to its end.
        """
        if self._waiting >= self._settings.exec_waiting:
            raise TooLargeError(f"{self._waiting} exec requests wait already; the limit is exec_waiting")
        self._waiting += 1
        began = time.time()
        try:
            async with self._lock:
                began = time.time()
                done = await self._ask(c.Execute(source, result_name), c.Executed)
                self._note(done)
        except SlicecastError as error:
            self._remember(Execution(began, source, time.time() - began, error=str(error)))
            raise
        finally:
            self._waiting -= 1
        self._remember(
            Execution(began, source, done.seconds, done.result, done.stdout, done.stderr, done.error, done.traceback)
        )
        return done

    def _note(self, done: c.Executed) -> None:
        for command in done.journal:
            self._journal.note(command)

    def _remember(self, run: Execution) -> None:
        for name in ("source", "result", "stdout", "stderr", "error", "traceback"):
            setattr(run, name, getattr(run, name)[:KEPT])
        self.records.append(run)
        log.info("run", seconds=round(run.seconds, 3), error=run.error or None, printed=len(run.stdout) + len(run.stderr))
