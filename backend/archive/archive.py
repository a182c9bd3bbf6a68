"""The archive as doors see it."""

from __future__ import annotations

import asyncio
import fcntl
import functools
import os
import secrets
import shutil
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog
from isal import isal_zlib

from backend.archive.find import Found, find
from backend.archive.ingest import Incoming, Ingest
from backend.archive.quarantine import Quarantine
from backend.archive.records import Change, Content, Counts, Outcome, StoredInstance
from backend.archive.recovering import recover
from backend.archive.settling import Settling
from backend.archive.taking_in import Rules, get_ready
from backend.archive.workers import Workers
from backend.config import Settings
from backend.dicom.query import Query
from backend.errors import NotFoundError, UnavailableError
from backend.store import reading
from backend.store.blobs import Blobs
from backend.store.engine import Database
from backend.store.search import Counts as FoundCounts
from backend.store.writer import Writer, repair

log = structlog.get_logger("archive")
T = TypeVar("T")
READERS = 4
SEARCHERS = 2
MOST_PROCESSES = 8


class Archive:
    """Studies at rest below `settings.data / "archive"`. Coroutines read on threads, never on the event loop."""

    def __init__(self, settings: Settings) -> None:
        """Open it, or make it.

        Raises:
            UnreadableError: what is there is not ours.
        """
        self.folder = settings.data / "archive"
        inflated = settings.instance_inflated_mb << 20
        rules = Rules(self.folder, inflated, settings.wrong_character_sets == "refuse", settings.duplicates)
        self._lock = lock_folder(self.folder)
        try:
            self._open(rules)
        except BaseException:
            os.close(self._lock)
            raise
        self._readers = ThreadPoolExecutor(READERS, "archive-read")
        self._searchers = ThreadPoolExecutor(SEARCHERS, "archive-search")  # slow searches must not keep readers waiting
        self._processes = settings.worker_processes or min(os.cpu_count() or 1, MOST_PROCESSES)
        self.workers = Workers(self._processes, settings.worker_waiting, settings.worker_timeout_s)
        self.volume_workers = Workers(1, settings.worker_waiting, settings.worker_timeout_s)  # one, which remembers volumes
        quarantine = Quarantine(self.folder / "quarantine", settings.quarantine_mb << 20)
        self._writer = Writer(self.database, self.blobs, settings.duplicates)
        self._settling = Settling(self._writer)
        self._ingest = Ingest(rules, self.database, self._writer, self._settling, self.workers, quarantine, self._processes)
        self._scratch = self.folder / "scratch"
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        self._largest = settings.instance_max_mb << 20
        self._found = FoundCounts()
        self._most_found, self._search_s = settings.search_results, settings.search_timeout_s

    def _open(self, rules: Rules) -> None:
        self.database = Database(self.folder / "index.db")
        self.blobs = Blobs(self.folder)
        self.blobs.prepare()
        repaired, recovered = repair(self.database, self.blobs), recover(rules, self.database, self.blobs)
        if repaired or recovered:
            log.info("put right what a crash had left", removed=repaired, indexed=recovered)

    def incoming(self, origin: str, detail: str | None = None) -> Incoming:
        """Where the bytes of an instance that comes in are written.

        Args:
            origin: the way it comes: `stow`, `import`, `upload`, …
            detail: who sends it: an address, a folder, the name of an application.
        """
        return Incoming(self.blobs.incoming, self._largest, origin, detail)

    async def take(self, incoming: Incoming, study: str | None = None) -> Outcome:
        """Take in an instance whose bytes are all written; when this returns it is found, whatever crashes, or refused with
        a reason.

        Args:
            incoming: from `incoming`; it is used up.
            study: the UID that its study must have, if any.
        """
        return await self._ingest.take(incoming, study)

    async def make_ready(self, processes: int) -> None:
        """Have so many processes started at least, which the first instances would wait a second for."""
        calls = (self.workers.run(get_ready) for _ in range(min(processes, self._processes)))
        await asyncio.gather(*calls, return_exceptions=True)  # where one fails, somebody will be told who needs it

    async def remove(self, study: str, series: str | None = None, instance: str | None = None) -> int:
        """Remove a study, one of its series, or one instance of that; how many instances went.

        Raises:
            NotFoundError: there is none below exactly these.
        """
        await self._settling.now()  # the next start would find the files of what came last, and take them in again
        count = await asyncio.shield(asyncio.to_thread(self._writer.remove, study, series, instance))
        if not count:
            raise nothing_there(study, series, instance)
        return count

    async def instances(self, study: str, series: str | None = None, instance: str | None = None) -> list[StoredInstance]:
        """Instances of a study, a series or one, in order of series number, instance number and UIDs.

        Raises:
            NotFoundError: there is none below exactly these.
        """
        found = await self.read(lambda connection: reading.find_instances(connection, study, series, instance))
        if not found:
            raise nothing_there(study, series, instance)
        return [self._stored(row) for row in found]

    async def instance(self, study: str, series: str, instance: str) -> StoredInstance:
        """One instance.

        Raises:
            NotFoundError: it is not there, or not below this study and series.
        """
        return (await self.instances(study, series, instance))[0]

    async def series_names(self, study: str) -> dict[str, str]:
        """Names of a study's series for people, by their UIDs: number, modality and description."""
        rows = await self.read(lambda connection: reading.find_series(connection, study))
        return {
            row.series_uid: " ".join(str(part) for part in row[1:] if part is not None) or "series" for row in rows
        }  # fmt: skip

    async def contents(self, instances: Sequence[StoredInstance]) -> list[Content]:
        """Model and pixel index of instances, in their order; of those that were deleted meanwhile there is none."""
        ids = [one.id for one in instances]
        return await self.read(lambda connection: [_content(row) for row in reading.find_contents(connection, ids)])

    async def content(self, instance: StoredInstance) -> Content:
        """Model and pixel index of one instance.

        Raises:
            NotFoundError: it was deleted meanwhile.
        """
        found = await self.contents([instance])
        if not found:
            raise NotFoundError(f"instance {instance.sop_instance_uid} is not there any more")
        return found[0]

    async def find(self, query: Query, shape: Callable[[Found], T]) -> T:
        """What a query finds, as `shape` makes an answer of it; both on a thread.

        Raises:
            TooLargeError: it takes too long.
        """
        state, most, seconds = self.state, self._most_found, self._search_s
        work = functools.partial(
            self._read, lambda connection: shape(find(connection, query, most, seconds, self._found, state))
        )
        return await asyncio.get_running_loop().run_in_executor(self._searchers, work)

    @property
    def state(self) -> str:
        """A name for all that the archive holds: another one after every change, and after every start; for ETags."""
        return self.database.state

    async def changes(self, since: int = 0, limit: int = 100) -> list[Change]:
        """Entries of the change log after number `since`, oldest first."""
        found = await self.read(lambda connection: reading.find_changes(connection, since, limit))
        return [Change(**row._mapping) for row in found]

    async def counts(self) -> Counts:
        """What it holds."""
        return Counts(*await self.read(reading.count))

    async def read(self, query: Callable[..., T]) -> T:
        """What a function returns that is given a connection to read from, on a thread (for queries of `backend.store`)."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, functools.partial(self._read, query))

    def _read(self, query: Callable[..., T]) -> T:
        with self.database.read() as connection:
            return query(connection)

    def _stored(self, row: Any) -> StoredInstance:
        return StoredInstance(
            row.id, row.study_uid, row.series_uid, row.sop_instance_uid, row.sop_class_uid, row.transfer_syntax,
            self.blobs.path(row.digest), row.bytes, row.digest, row.rows, row.columns, row.bits_allocated, row.frames or 1,
            row.orthanc_id, row.crc32,
        )  # fmt: skip

    def tell_address(self, url: str) -> None:
        """Write down where this archive is served, for programs of this machine that want it."""
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, url.encode(), 0)

    def scratch_file(self) -> Path:
        """A name for a file that is needed for a moment; who makes it removes it."""
        return self._scratch / secrets.token_hex(8)

    async def stop(self) -> None:
        """Finish what is being written, and close it."""
        await self.workers.stop()
        await self.volume_workers.stop()
        await self._settling.stop()
        await asyncio.to_thread(self._writer.close)
        self._readers.shutdown()
        self._searchers.shutdown()
        self.database.close()
        os.ftruncate(self._lock, 0)
        os.close(self._lock)


def nothing_there(study: str, series: str | None, instance: str | None) -> NotFoundError:
    """The error of who names what is not there."""
    what = f"instance {instance}" if instance else f"series {series}" if series else f"study {study}"
    return NotFoundError(f"there is no {what}" + (" there" if series else ""))


def server_of(folder: Path) -> str | None:
    """Address of the server that has an archive now; None where none has.

    Raises:
        UnavailableError: a process has it that does not serve, such as another import.
    """
    try:
        handle = lock_folder(folder)
    except UnavailableError:
        address = (folder / "lock").read_text().strip()
        if not address:
            raise
        return address
    os.ftruncate(handle, 0)
    os.close(handle)
    return None


def lock_folder(folder: Path) -> int:
    """Claim the archive for this process; the handle that holds the claim.

    Raises:
        UnavailableError: another process has it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # patients' data are nobody else's business
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise UnavailableError(f"the archive in {folder} is in use by another server") from error
    return handle


def _content(row: Any) -> Content:
    return Content(row.instance_fk, isal_zlib.decompress(row.model, -zlib.MAX_WBITS), row.pixels)
