"""The archive as doors see it."""

from __future__ import annotations

import asyncio
import functools
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from backend.archive.records import Change, Content, Counts, StoredInstance
from backend.config import Settings
from backend.dicom.part10 import PixelIndex
from backend.errors import NotFoundError
from backend.store import reading
from backend.store.blobs import Blobs
from backend.store.engine import Database

T = TypeVar("T")
READERS = 4


class Archive:
    """Studies at rest below `settings.data / "archive"`. Coroutines read on threads, never on the event loop."""

    def __init__(self, settings: Settings) -> None:
        """Open it, or make it.

        Raises:
            UnreadableError: what is there is not ours.
        """
        self.folder = settings.data / "archive"
        self.database = Database(self.folder / "index.db")
        self.blobs = Blobs(self.folder)
        self._readers = ThreadPoolExecutor(READERS, "archive-read")

    async def instances(self, study: str, series: str | None = None, instance: str | None = None) -> list[StoredInstance]:
        """Instances of a study, a series or one, in order of series number, instance number and UIDs.

        Raises:
            NotFoundError: there is none below exactly these.
        """
        found = await self.read(lambda connection: reading.find_instances(connection, study, series, instance))
        if not found:
            what = f"instance {instance}" if instance else f"series {series}" if series else f"study {study}"
            raise NotFoundError(f"there is no {what}" + (" there" if series else ""))
        return [self._stored(row) for row in found]

    async def instance(self, study: str, series: str, instance: str) -> StoredInstance:
        """One instance.

        Raises:
            NotFoundError: it is not there, or not below this study and series.
        """
        return (await self.instances(study, series, instance))[0]

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
            row.orthanc_id,
        )  # fmt: skip

    async def stop(self) -> None:
        """Close it."""
        self._readers.shutdown()
        self.database.close()


def _content(row: Any) -> Content:
    pixels = msgspec.msgpack.decode(row.pixels, type=PixelIndex) if row.pixels is not None else None
    return Content(zlib.decompress(row.model, -zlib.MAX_WBITS), pixels)
