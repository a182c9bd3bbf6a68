"""Writing the index: one transaction at a time, whichever process has something to write, and many instances in one of them."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from backend.store.blobs import Blobs, named_digest, sync_folder
from backend.store.engine import Database
from backend.store.reading import last_change
from backend.store.removing import remove
from backend.store.schema import doomed, instances
from backend.store.storing import Duplicates, NewInstance, Stored, Storing

MOST_AT_ONCE = 256
KEPT_FILES: tuple[Stored, ...] = ("stored", "replaced", "identical")
"""What became of instances whose files are kept; the last: a row whose file was lost gets it back."""


@dataclass(frozen=True)
class Arrived:
    """An instance for the index."""

    new: NewInstance
    path: Path
    """Of its file in `incoming/`; it has a name at its place, too."""


class Writer:
    """Stores and removes instances; what a call returns is there after any crash. For all threads, and one in each process that
    writes."""

    def __init__(self, database: Database, blobs: Blobs, duplicates: Duplicates) -> None:
        """`duplicates`: what becomes of another instance under a UID that is there."""
        self._database, self.blobs, self._duplicates = database, blobs, duplicates
        self._removed: list[str] = []
        self._thread = threading.Lock()
        # SQLite's own lock is asked for again and again, with pauses; this one is handed on.
        self._lock = os.open(database.path.with_name("index.lock"), os.O_RDWR | os.O_CREAT, 0o600)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._thread:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def store(self, arrived: Sequence[Arrived]) -> list[tuple[Stored, bool] | Exception]:
        """Take instances in. The names in `incoming/` stay of those in `KEPT_FILES`, for `settle`; of all others they go.

        Rows are seen by others on return, and not on disk yet: files are, and by their names in `incoming/` the next start
        finds those without rows, and takes them in again. So nobody waits for the disk twice.

        Returns: of each what became of it and whether its study is new, or why it could not be written; then nothing of it is.
        """
        try:
            self.blobs.sync_incoming(one.path for one in arrived)
        except OSError as error:
            with self._turn():
                for one in arrived:
                    self._undo(one)
            return [error] * len(arrived)
        with self._turn():
            return self._store(arrived)

    def _store(self, arrived: Sequence[Arrived]) -> list[tuple[Stored, bool] | Exception]:
        try:
            results = self._transaction(arrived)
        except Exception as error:
            if len(arrived) > 1:  # each for itself, so that only those fail that have to
                return [found for one in arrived for found in self._store([one])]
            self._undo(arrived[0])
            return [error]
        for one, (result, _is_new) in zip(arrived, results, strict=True):
            if result not in KEPT_FILES:
                one.path.unlink(missing_ok=True)
                self._drop(one.new.digest)
        if any(result == "replaced" for result, _is_new in results):
            self._database.sync()  # the next start would keep what was there before
            self._sweep()
        return list(results)

    def _transaction(self, arrived: Sequence[Arrived]) -> list[tuple[Stored, bool]]:
        with self._database.write(synced=False) as connection:
            forget(connection, self._removed)
            storing = Storing(connection, self._duplicates)
            results = [storing.add(one.new) for one in arrived]
            storing.finish()
            for one, (result, _is_new) in zip(arrived, results, strict=True):
                if result in KEPT_FILES:
                    self.blobs.place(one.new.digest, one.path)
        self._removed = []
        return results

    def settle(self, paths: Iterable[Path]) -> None:
        """What `settle` does, below."""
        settle(self._database, self.blobs, list(paths))

    def sync(self) -> None:
        """Have the index on disk, and keep its log short."""
        self._database.sync()
        self._trim_log()

    def _trim_log(self) -> None:
        if self._database.has_long_log:
            self._database.trim_log()
            with self._turn():  # the rest, which came meanwhile
                self._database.trim_log()

    def _undo(self, arrived: Arrived) -> None:
        """Remove the file of an instance that got no row."""
        self._drop(arrived.new.digest)
        arrived.path.unlink(missing_ok=True)

    def _drop(self, digest: str) -> None:
        """Remove a file, unless a row has it."""
        with suppress(Exception), self._database.read() as connection:
            if not has_row(connection, digest):
                self.blobs.remove(digest)

    def abandon(self, token: str) -> None:
        """Remove what is left of an instance that came in under this name, which is not going to be stored."""
        with self._turn():
            for path in self.blobs.incoming.glob(f"*.{token}"):
                self._drop(named_digest(path))
                path.unlink(missing_ok=True)

    def remove(self, study: str, series: str | None, instance: str | None) -> int:
        """Remove a study, a series or an instance; how many instances went."""
        with self._turn():
            with self._database.write() as connection:
                forget(connection, self._removed)
                count = remove(connection, study, series, instance, time.time(), last_change(connection))[0]
            self._removed = []
            self._sweep()
        self._trim_log()
        return count

    def _sweep(self) -> None:
        """Remove the files of rows that are gone, now that they are gone for good."""
        with suppress(Exception), self._database.read() as connection:  # the next start does what is left
            found = list(connection.execute(sa.select(doomed.c.digest)).scalars())
            gone = [digest for digest in found if not has_row(connection, digest)]
            for digest in gone:
                self.blobs.remove(digest)
            self._removed = found

    def close(self) -> None:
        """Wait for who writes in this process."""
        with self._thread:
            os.close(self._lock)


def has_row(connection: Connection, digest: str) -> bool:
    """Whether an instance has the file of this digest."""
    return connection.execute(sa.select(instances.c.id).where(instances.c.digest == digest).limit(1)).first() is not None


def forget(connection: Connection, digests: Sequence[str]) -> None:
    """Take files that are removed off the list of those that are to be."""
    for start in range(0, len(digests), MOST_AT_ONCE):
        connection.execute(doomed.delete().where(doomed.c.digest.in_(digests[start : start + MOST_AT_ONCE])))


def settle(database: Database, blobs: Blobs, paths: Sequence[Path]) -> None:
    """Have the index on disk, and the places of files, then remove names in `incoming/`, whose rows are committed."""
    database.sync()
    blobs.sync_places(named_digest(path) for path in paths)
    for path in paths:
        path.unlink(missing_ok=True)
    sync_folder(blobs.incoming)


def repair(database: Database, blobs: Blobs) -> int:
    """Put right what a crash left: files that did not come whole, names that are not needed, rows' files still to be removed.

    What stays in `incoming/` is whole, by its name, and has no row.

    Returns: how many files went.
    """
    count = 0
    with database.write() as connection:
        for digest in list(connection.execute(sa.select(doomed.c.digest)).scalars()):
            if not has_row(connection, digest):
                blobs.remove(digest)
                count += 1
        connection.execute(doomed.delete())
        found = list(blobs.left_over())
        known = [(digest, path) for digest, path in found if digest and has_row(connection, digest)]
    for digest, path in known:
        blobs.enter(digest, path)
    settle(database, blobs, [path for _digest, path in known])
    for digest, path in found:
        if not digest:
            path.unlink()
            count += 1
    return count + len(known)
