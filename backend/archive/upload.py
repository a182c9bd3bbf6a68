"""Files that somebody uploaded, one by itself or many in a zip: each is taken in, or refused with its reason."""

from __future__ import annotations

import asyncio
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from backend.archive.archive import Archive
from backend.archive.ingest import Incoming
from backend.archive.records import Outcome, Reason
from backend.config import Settings
from backend.errors import TooLargeError, UnreadableError

PIECE_BYTES = 1 << 20
SMALL_BYTES = 64 << 20
"""Below this, how well a zip is compressed tells nothing."""
TOLD_REFUSALS, TOLD_STUDIES = 1000, 1000
DIRECTORY_BYTES_PER_FILE = 512
LEFT_OUT = frozenset({"thumbs.db", "desktop.ini", "dicomdir"})
"""What systems and media put beside images, lower case."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
Tell = Callable[[str | None, float | None, Counter[str]], None]


@dataclass
class Report:
    """What became of files. `counts` by result; files that are no images and were not looked at are `left_out`."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, str]] = field(default_factory=list)
    """Names and reasons, the first of them."""
    studies: dict[str, None] = field(default_factory=dict)

    def add(self, name: str, outcome: Outcome) -> None:
        """One more."""
        self.counts[outcome.result] += 1
        if not outcome.is_here:
            if len(self.refused) < TOLD_REFUSALS:
                self.refused.append({"name": name, "reason": outcome.message})
        elif len(self.studies) < TOLD_STUDIES:
            self.studies[outcome.study_uid] = None

    def describe(self) -> dict[str, Any]:
        """As clients see it."""
        return {"counts": dict(self.counts), "refused": self.refused, "studies": list(self.studies)}


async def take_file(archive: Archive, path: Path, name: str, detail: str | None, settings: Settings, tell: Tell) -> Report:
    """Take in an uploaded file, or all that are in it if it is a zip. The file may be moved away.

    Args:
        path: on the archive's disk.
        name: what it is called where it comes from.
        detail: who sends it.
        tell: is told how far it is: text, fraction, counts.

    Raises:
        UnreadableError: it is a zip, but damaged.
        TooLargeError: it is a zip that holds too much.
    """
    if await asyncio.to_thread(_is_zip, path):
        return await _take_zip(archive, path, detail, settings, tell)
    report = Report()
    incoming = archive.incoming("upload", detail)
    incoming.adopt(path)
    report.add(name, await archive.take(incoming))
    tell(None, 1.0, report.counts)
    return report


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"  # as no DICOM file begins


async def _take_zip(archive: Archive, path: Path, detail: str | None, settings: Settings, tell: Tell) -> Report:
    opened = await asyncio.to_thread(open_zip, path, settings)
    report = Report()
    with opened:
        members = iter(opened.infolist())
        total, done = sum(member.file_size for member in opened.infolist()) or 1, 0

        async def work() -> None:
            nonlocal done
            for member in members:  # shared: each of those who work takes the next
                if is_left_out(member):
                    report.counts["left_out"] += not member.is_dir()
                else:
                    report.add(member.filename, await _take_member(archive, opened, member, detail))
                done += member.file_size
                tell(f"{report.counts.total()} files", done / total, report.counts)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(settings.store_waiting, len(opened.infolist()))):
                group.create_task(work())
    return report


async def _take_member(archive: Archive, opened: zipfile.ZipFile, member: zipfile.ZipInfo, detail: str | None) -> Outcome:
    incoming = archive.incoming("upload", detail)
    try:
        await _uninterrupted(lambda gone: asyncio.to_thread(_unpack, opened, member, incoming, gone))
        return await archive.take(incoming)
    except DAMAGED as error:
        return Outcome("failed", reason=Reason.NOT_UNDERSTOOD, message=f"it can not be unpacked: {error}")
    finally:
        incoming.discard()


async def _uninterrupted(start: Callable[[list[bool]], Awaitable[None]]) -> None:
    """Wait for work on a thread, also when cancelled: it is told so by its list and ends soon; nothing is written later."""
    gone: list[bool] = []
    working = asyncio.ensure_future(start(gone))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        gone.append(True)
        await asyncio.wait([working])
        raise


def _unpack(opened: zipfile.ZipFile, member: zipfile.ZipInfo, incoming: Incoming, gone: list[bool]) -> None:
    with opened.open(member) as file:
        while not gone and incoming.fault is None and (piece := file.read(PIECE_BYTES)):
            incoming.write(piece)


def is_left_out(member: zipfile.ZipInfo) -> bool:
    """Whether a member is no image by its name: folders, hidden files, what systems put beside others."""
    path = PurePosixPath(member.filename)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return member.is_dir() or hidden or path.name.lower() in LEFT_OUT


def open_zip(path: Path, settings: Settings) -> zipfile.ZipFile:
    """A zip whose directory says that all in it is within the limits; `zipfile` never gives more than that.

    Raises:
        UnreadableError: it is damaged.
        TooLargeError: it holds too many files, or too much.
    """
    most = settings.upload_files
    if _directory_bytes(path) > most * DIRECTORY_BYTES_PER_FILE:
        raise TooLargeError(f"it holds more than {most} files (setting upload_files)")
    try:
        opened = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise UnreadableError(f"it is not a zip, or damaged: {error}") from error
    packed, size = path.stat().st_size, sum(member.file_size for member in opened.infolist())
    fault = ""
    if len(opened.infolist()) > most:
        fault = f"it holds {len(opened.infolist())} files; {most} are allowed (setting upload_files)"
    elif size > settings.upload_unpacked_mb << 20:
        fault = f"unpacked it has {size >> 20} MB; {settings.upload_unpacked_mb} are allowed (setting upload_unpacked_mb)"
    elif size > SMALL_BYTES and size > settings.bundle_max_ratio * packed:
        fault = f"it grows {size // packed} times when unpacked; {settings.bundle_max_ratio} is allowed (bundle_max_ratio)"
    if fault:
        opened.close()
        raise TooLargeError(fault)
    return opened


def _directory_bytes(path: Path) -> int:
    """What the end of a zip says its directory has, which is read into memory as a whole; 0 where it says nothing."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (22 + 0xFFFF) - 20))
        tail = file.read()
        end = tail.rfind(b"PK\5\6")
        if end < 0 or len(tail) < end + 22:
            return 0
        length: int = struct.unpack_from("<I", tail, end + 12)[0]
        if end >= 20 and tail[end - 20 : end - 16] == b"PK\6\7":
            file.seek(min(struct.unpack_from("<Q", tail, end - 12)[0], size))
            record = file.read(56)
            length = struct.unpack_from("<Q", record, 40)[0] if len(record) == 56 else length
        return min(length, size)
