"""The one who writes: takes what is waiting into one transaction, so that many share the wait for the disk."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from backend.store.blobs import Blobs
from backend.store.engine import Database
from backend.store.reading import last_change
from backend.store.removing import remove
from backend.store.schema import doomed, instances
from backend.store.storing import Duplicates, NewInstance, Stored, Storing

log = structlog.get_logger("archive")
MOST_AT_ONCE = 256


@dataclass
class _Store:
    new: NewInstance
    source: Path
    future: Future[tuple[Stored, bool]]


@dataclass
class _Remove:
    uids: tuple[str, str | None, str | None]
    future: Future[int]


class Writer:
    """A thread with a queue. What its futures give is on disk."""

    def __init__(self, database: Database, blobs: Blobs, duplicates: Duplicates) -> None:
        """`duplicates`: what becomes of another instance under a UID that is there."""
        self._database, self._blobs, self._duplicates = database, blobs, duplicates
        self._queue: queue.SimpleQueue[_Store | _Remove | None] = queue.SimpleQueue()
        self._removed: list[str] = []
        self._thread = threading.Thread(target=self._run, name="archive-writer", daemon=True)
        self._thread.start()

    def store(self, new: NewInstance, source: Path) -> Future[tuple[Stored, bool]]:
        """Take an instance in; `source` is its file in `incoming/`, whose name is gone afterwards.

        The future gives what became of it and whether its study is new.
        """
        future: Future[tuple[Stored, bool]] = Future()
        future.set_running_or_notify_cancel()  # who gives up waiting stops nothing
        self._queue.put(_Store(new, source, future))
        return future

    def remove(self, study: str, series: str | None, instance: str | None) -> Future[int]:
        """Remove a study, a series or an instance; the future gives how many instances went."""
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()
        self._queue.put(_Remove((study, series, instance), future))
        return future

    def stop(self) -> None:
        """Finish what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            tasks = [self._queue.get()]
            with suppress(queue.Empty):
                while len(tasks) < MOST_AT_ONCE and tasks[-1] is not None:
                    tasks.append(self._queue.get_nowait())
            todo = [task for task in tasks if task is not None]
            try:
                if todo:
                    self._perform(todo)
            except Exception:  # after the answers, when old files are removed; the next start does what is left
                log.exception("fault of the archive's writer")
            if tasks[-1] is None:
                return

    def _perform(self, tasks: Sequence[_Store | _Remove]) -> None:
        try:
            results = self._transaction(tasks)
        except Exception as error:
            if len(tasks) > 1:  # each for itself, so that only those fail that have to
                for task in tasks:
                    self._perform([task])
                return
            log.exception("not written")
            self._undo(tasks[0])
            tasks[0].future.set_exception(error)
            return
        for task, result in zip(tasks, results, strict=True):
            task.future.set_result(result)
        for task in tasks:
            if isinstance(task, _Store):
                task.source.unlink(missing_ok=True)
        if self._has_removed(tasks, results):
            self._sweep()

    @staticmethod
    def _has_removed(tasks: Sequence[_Store | _Remove], results: Sequence[Any]) -> bool:
        return any(isinstance(task, _Remove) or result[0] == "replaced" for task, result in zip(tasks, results, strict=True))

    def _transaction(self, tasks: Sequence[_Store | _Remove]) -> list[Any]:
        results: list[Any] = []
        placed: list[tuple[str, Path]] = []
        with self._database.write() as connection:
            forget(connection, self._removed)
            storing: Storing | None = None
            for task in tasks:
                if isinstance(task, _Store):
                    storing = storing or Storing(connection, self._duplicates)
                    results.append(storing.add(task.new))
                    if results[-1][0] in ("stored", "replaced", "identical"):  # the last: whose file was lost gets it back
                        placed.append((task.new.digest, task.source))
                    continue
                if storing is not None:
                    storing.finish()
                    storing = None
                results.append(remove(connection, *task.uids, time.time(), last_change(connection))[0])
            if storing is not None:
                storing.finish()
            self._blobs.place(placed)
        self._removed = []
        return results

    def _undo(self, task: _Store | _Remove) -> None:
        """Remove the file of an instance that got no row."""
        if isinstance(task, _Store):
            with suppress(Exception), self._database.read() as connection:
                if not has_row(connection, task.new.digest):
                    self._blobs.remove(task.new.digest)
            task.source.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove the files of rows that are gone, now that they are gone for good."""
        with self._database.read() as connection:
            found = list(connection.execute(sa.select(doomed.c.digest)).scalars())
            gone = [digest for digest in found if not has_row(connection, digest)]
        for digest in gone:
            self._blobs.remove(digest)
        self._removed = found


def has_row(connection: Connection, digest: str) -> bool:
    """Whether an instance has the file of this digest."""
    return connection.execute(sa.select(instances.c.id).where(instances.c.digest == digest).limit(1)).first() is not None


def forget(connection: Connection, digests: Sequence[str]) -> None:
    """Take files that are removed off the list of those that are to be."""
    for start in range(0, len(digests), MOST_AT_ONCE):
        connection.execute(doomed.delete().where(doomed.c.digest.in_(digests[start : start + MOST_AT_ONCE])))


def repair(database: Database, blobs: Blobs) -> int:
    """Put right what a crash left: files without rows, rows' files still to be removed. How many files went."""
    count = 0
    with database.write() as connection:
        for digest in list(connection.execute(sa.select(doomed.c.digest)).scalars()):
            if not has_row(connection, digest):
                blobs.remove(digest)
                count += 1
        connection.execute(doomed.delete())
        for digest, path in list(blobs.left_over()):
            if digest and not has_row(connection, digest):
                blobs.remove(digest)
            path.unlink(missing_ok=True)
            count += 1
    return count
