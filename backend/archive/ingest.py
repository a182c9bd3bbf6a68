"""The one way in: bytes to a spool file, taken apart in a worker, written to disk and index, then acknowledged."""

from __future__ import annotations

import asyncio
import errno
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import structlog

from backend.archive.quarantine import Quarantine
from backend.archive.records import Outcome, Reason
from backend.archive.taking_in import Refused, TakenIn, take_in
from backend.archive.workers import Workers
from backend.errors import SlicecastError
from backend.store.blobs import Blobs
from backend.store.storing import NewInstance
from backend.store.writer import Writer

log = structlog.get_logger("archive")
HELD_BYTES, HELD_AT_MOST = 1 << 20, 4 << 20
"""Of an instance on its way in, held in memory: when it is time to write them, and when they are written at once."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Incoming:
    """An instance on its way in. Write all its bytes, then have the archive take it, or discard it."""

    def __init__(self, folder: Path, limit_bytes: int, origin: str, detail: str | None) -> None:
        """`folder`: of files that come in. `limit_bytes`: of one instance. `origin`, `detail`: who sends it, for the index."""
        self.path = folder / f"part-{secrets.token_hex(8)}"
        self.origin, self.detail = origin, detail
        self._limit = limit_bytes
        self._file: BinaryIO | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._lock, self._is_discarded = threading.Lock(), False
        self.size = 0
        self.fault: Outcome | None = None
        """Why it can not be taken."""

    def write(self, chunk: bytes) -> None:
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
                self._file = self._file or self.path.open("xb")
                self._file.write(b"".join(held))
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


def reason_of(error: OSError) -> tuple[Reason, str]:
    """What a fault of the disk means for who sends."""
    if error.errno in FULL:
        return Reason.NO_RESOURCES, "the archive's disk is full"
    return Reason.PROCESSING, "the archive could not write it"


class Ingest:
    """Takes instances into the archive."""

    def __init__(
        self, blobs: Blobs, writer: Writer, workers: Workers, quarantine: Quarantine, inflated_bytes: int, strict_texts: bool,
        parallel: int,
    ) -> None:  # fmt: skip
        """`inflated_bytes`, `strict_texts`: as `take_in` has them. `parallel`: how many are taken apart at a time."""
        self._blobs, self._writer, self._workers, self._quarantine = blobs, writer, workers, quarantine
        self._inflated, self._strict_texts = inflated_bytes, strict_texts
        self._turn = asyncio.Semaphore(parallel)

    async def take(self, incoming: Incoming, study: str | None = None) -> Outcome:
        """Take an instance in. When this returns that it is here, it is on disk and found by searches.

        Args:
            incoming: all its bytes are written.
            study: the UID that its study must have, if any.
        """
        await asyncio.to_thread(incoming.close)
        if incoming.fault is not None:
            return incoming.fault
        try:
            return await self._take(incoming, study)
        except OSError as error:
            log.warning("not stored", why=str(error))
            return Outcome("failed", reason=reason_of(error)[0], message=reason_of(error)[1])
        except SlicecastError as error:
            return Outcome("failed", reason=Reason.PROCESSING, message=str(error))
        except Exception:
            log.exception("not stored")
            return Outcome(
                "failed", reason=Reason.PROCESSING, message="it could not be stored; the server's log has the details"
            )
        finally:
            incoming.discard()

    async def _take(self, incoming: Incoming, study: str | None) -> Outcome:
        if not incoming.size:
            return Outcome("failed", reason=Reason.NOT_UNDERSTOOD, message="it is empty")
        async with self._turn:
            taken = await self._workers.run(take_in, incoming.path, self._inflated, self._strict_texts)
        if isinstance(taken, Refused):
            log.info("not stored", why=taken.message, origin=incoming.origin)
            await asyncio.to_thread(self._quarantine.take, incoming.path, taken.message, incoming.origin, incoming.detail)
            return Outcome("failed", *taken.uids, Reason.NOT_UNDERSTOOD, taken.message)
        return await self._store(taken, incoming, study)

    async def _store(self, taken: TakenIn, incoming: Incoming, study: str | None) -> Outcome:
        one = taken.indexed
        uids = (one.study_uid, one.series_uid, one.sop_instance_uid, one.sop_class_uid)
        if study is not None and one.study_uid != study:
            taken.path.unlink(missing_ok=True)
            return Outcome("failed", *uids, Reason.WRONG_STUDY, "it is of another study than the address names", one.warnings)
        new = NewInstance(one, taken.digest, taken.bytes, incoming.origin, incoming.detail, taken.crc32)
        # Who gives up waiting does not stop it: it may be written already.
        result, new_study = await asyncio.shield(asyncio.wrap_future(self._writer.store(new, taken.path)))
        if result == "refused":
            message = "another instance of this UID is here already"
            return Outcome("failed", *uids, Reason.DUPLICATE, message, one.warnings)
        return Outcome(result, *uids, warnings=one.warnings, new_study=new_study)
