"""The one way in: bytes to a file, which a worker takes apart and puts into the archive, on disk and in the index; then it is
acknowledged. What comes while all workers are busy goes to the next one together."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import structlog

from backend.archive.quarantine import Quarantine
from backend.archive.records import Outcome, Reason
from backend.archive.settling import Settling
from backend.archive.taking_in import NAME, NOT_STORED, Arrival, Result, Rules, reason_of, take_in
from backend.archive.workers import Workers
from backend.errors import SlicecastError, UnreadableError
from backend.store.engine import Database
from backend.store.writer import Writer

log = structlog.get_logger("archive")
HELD_BYTES, HELD_AT_MOST = 1 << 20, 4 << 20
"""Of an instance on its way in, held in memory: when it is time to write them, and when they are written at once."""
BUFFER_BYTES = 1 << 16
TOGETHER, TOGETHER_BYTES = 16, 64 << 20
"""Instances that a worker takes in at once, while pictures wait for it: how many, and how large they are together."""
WORTHWHILE, WORTHWHILE_BYTES = 3, 4 << 20
"""So many, or so much, must wait before another worker is asked while one is busy: transactions cost as much as instances."""
SLOW_S, SLOW_FOR_S = 0.02, 10.0
"""Writing that took so long on the event loop is left to threads for so long."""


class Incoming:
    """An instance on its way in. Write all its bytes, then have the archive take it, or discard it."""

    def __init__(self, folder: Path, limit_bytes: int, origin: str, detail: str | None) -> None:
        """`folder`: of files that come in. `limit_bytes`: of one instance. `origin`, `detail`: who sends it, for the index."""
        self.token = secrets.token_hex(8)
        self.path = folder / (NAME + self.token)
        self.origin, self.detail = origin, detail
        self._limit = limit_bytes
        self._file: BinaryIO | None = None
        self._held: list[bytes | memoryview] = []
        self._held_bytes = 0
        self._lock, self._is_discarded = threading.Lock(), False
        self.size = 0
        self.fault: Outcome | None = None
        """Why it can not be taken."""

    def write(self, chunk: bytes | memoryview) -> None:
        """Add bytes. Some are held until `flush` or `close`; what goes wrong is told when it is taken."""
        self.size += len(chunk)
        if self.fault is not None:
            return
        if self.size > self._limit:
            self._fail(*self._too_large)
            return
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        if self._held_bytes >= HELD_AT_MOST:
            self.flush()

    @property
    def wants_flush(self) -> bool:
        """Whether so much is held that it should go to the file; do that on a thread, for disks may let wait."""
        return self._held_bytes >= HELD_BYTES

    def flush(self) -> None:
        """Write what is held to the file."""
        with self._lock:
            held, self._held, self._held_bytes = self._held, [], 0
            if not held or self._is_discarded:
                return
            try:
                self._file = self._file or self.path.open("xb", BUFFER_BYTES)
                self._file.writelines(held)
                self._file.flush()
            except OSError as error:
                self._fail_locked(*reason_of(error))

    def adopt(self, path: Path) -> None:
        """Take over a file on the same file system, which was written whole by somebody else, in place of writing."""
        self.size = path.stat().st_size
        if self.size > self._limit:
            path.unlink()
            self._fail(*self._too_large)
            return
        path.rename(self.path)

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be written, or its file to be closed; not if it was adopted."""
        return bool(self._held) or self._file is not None

    def close(self) -> None:
        """All has come: all of it is in the file."""
        self.flush()
        with self._lock:
            self._close_locked()

    def discard(self) -> None:
        """Nothing of it stays."""
        with self._lock:
            self._discard_locked()

    def _close_locked(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # all was flushed, or there is a fault already
                self._file.close()
            self._file = None

    def _discard_locked(self) -> None:
        self._is_discarded, self._held, self._held_bytes = True, [], 0
        self._close_locked()
        self.path.unlink(missing_ok=True)

    @property
    def _too_large(self) -> tuple[Reason, str]:
        return Reason.NO_RESOURCES, f"it is larger than the {self._limit >> 20} MB that an instance may have"

    def _fail(self, reason: Reason, message: str) -> None:
        with self._lock:
            self._fail_locked(reason, message)

    def _fail_locked(self, reason: Reason, message: str) -> None:
        self.fault = Outcome("failed", reason=reason, message=message)
        self._discard_locked()


class Ingest:
    """Takes instances into the archive."""

    def __init__(
        self, rules: Rules, database: Database, writer: Writer, settling: Settling, workers: Workers, quarantine: Quarantine,
        busy: int,
    ) -> None:  # fmt: skip
        """`busy`: how many workers take instances in at a time."""
        self._rules, self._database, self._writer, self._settling = rules, database, writer, settling
        self._workers, self._quarantine = workers, quarantine
        self._most_busy, self._busy = busy, 0
        self._waiting: deque[tuple[Arrival, int, asyncio.Future[Result]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._slow_until = 0.0

    async def take(self, incoming: Incoming, study: str | None = None) -> Outcome:
        """Take an instance in. When this returns that it is here, searches find it, and crashes do not take it.

        Args:
            incoming: all its bytes are written.
            study: the UID that its study must have, if any.
        """
        await self._close(incoming)
        if incoming.fault is not None:
            return incoming.fault
        try:
            return await self._take(incoming, study)
        except OSError as error:
            log.warning("not stored", why=str(error))
            return Outcome("failed", reason=reason_of(error)[0], message=reason_of(error)[1])
        except SlicecastError as error:
            return Outcome("failed", reason=Reason.PROCESSING, message=str(error))
        finally:
            incoming.discard()

    async def _close(self, incoming: Incoming) -> None:
        """Have all of it in its file. What is small is written at once, which is quicker than to have a thread do it, unless
        the system lets wait for its disk."""
        began = time.monotonic()
        if not incoming.is_open:
            return
        if incoming.wants_flush or began < self._slow_until:
            await asyncio.to_thread(incoming.close)
            return
        incoming.close()
        if time.monotonic() - began > SLOW_S:
            self._slow_until = began + SLOW_FOR_S

    async def _take(self, incoming: Incoming, study: str | None) -> Outcome:
        if not incoming.size:
            return Outcome("failed", reason=Reason.NOT_UNDERSTOOD, message="it is empty")
        arrival = Arrival(incoming.path, incoming.origin, incoming.detail, study)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, incoming.size, future))
        self._start()
        result = await future  # who gives up waiting does not stop it: it may be written already
        outcome = result.outcome
        if result.fault:
            log.warning("not stored", why=result.fault, origin=incoming.origin)
        elif result.unreadable:
            log.info("not stored", why=outcome.message, origin=incoming.origin)
            await asyncio.to_thread(self._quarantine.take, incoming.path, outcome.message, incoming.origin, incoming.detail)
        return outcome

    def _start(self) -> None:
        """Give what waits to workers that have nothing to do."""
        while self._waiting and (free := self._most_busy - self._busy) and (not self._busy or self._is_worthwhile):
            some = [self._waiting.popleft()]
            size = some[0][1]
            most = min(TOGETHER, -(-(len(self._waiting) + 1) // free))
            while self._waiting and len(some) < most and size + self._waiting[0][1] <= TOGETHER_BYTES:
                some.append(self._waiting.popleft())
                size += some[-1][1]
            self._busy += 1
            task = asyncio.get_running_loop().create_task(self._run([(one[0], one[2]) for one in some]))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    @property
    def _is_worthwhile(self) -> bool:
        return len(self._waiting) >= WORTHWHILE or sum(size for _arrival, size, _future in self._waiting) >= WORTHWHILE_BYTES

    async def _run(self, some: list[tuple[Arrival, asyncio.Future[Result]]]) -> None:
        try:
            await self._run_together(some)
        finally:
            self._busy -= 1
            self._start()

    async def _run_together(self, some: list[tuple[Arrival, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._workers.run_here(take_in, self._rules, [arrival for arrival, _future in some])
        except UnreadableError as error:  # a worker died or hung: each for itself, so that only that one fails which has to
            if len(some) > 1:
                for one in some:
                    await self._run_together([one])
                return
            await asyncio.to_thread(self._writer.abandon, some[0][0].token)
            results = [Result(Outcome("failed", reason=Reason.PROCESSING, message=str(error)))]
        except SlicecastError as error:
            results = [Result(Outcome("failed", reason=Reason.PROCESSING, message=str(error)))] * len(some)
        except Exception as error:
            log.exception("not stored")
            results = [Result(Outcome("failed", reason=Reason.PROCESSING, message=NOT_STORED), fault=str(error))] * len(some)
        finally:
            self._database.note()
        self._settling.soon(result.path for result in results if result.path is not None)
        for (_arrival, future), result in zip(some, results, strict=True):
            if not future.done():
                future.set_result(result)
