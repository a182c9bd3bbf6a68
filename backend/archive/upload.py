"""Files that somebody uploaded, one by itself or many in a zip: each is taken in, or refused with its reason."""

from __future__ import annotations

import asyncio
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.archive.archive import Archive
from backend.archive.importing import READ_ERRORS, Summary, import_sources, zip_members
from backend.config import Settings
from backend.errors import TooLargeError, UnreadableError

SMALL_BYTES = 64 << 20
"""Below this, how well a zip is compressed tells nothing."""
DIRECTORY_BYTES_PER_FILE = 512
Tell = Callable[[Summary, float], None]


async def take_upload(archive: Archive, path: Path, name: str, detail: str | None, settings: Settings, tell: Tell) -> Summary:
    """Take in an uploaded file, or all that are in it if it is a zip. The file may be moved away.

    Args:
        archive: to take it.
        path: on the archive's disk.
        name: what it is called where it comes from.
        detail: who sends it.
        settings: limits of zips.
        tell: hears what came of it so far, and how far it is, 0 to 1.

    Raises:
        UnreadableError: it is a zip, but damaged.
        TooLargeError: it is a zip that holds too much.
    """
    summary = Summary()
    if not await asyncio.to_thread(_is_zip, path):
        incoming = archive.incoming("upload", detail)
        incoming.adopt(path)
        summary.add(name, await archive.take(incoming))
        tell(summary, 1.0)
        return summary
    bundle = await asyncio.to_thread(open_zip, path, settings)
    found = list(zip_members(bundle))

    def told(summary: Summary) -> None:
        tell(summary, summary.counts.total() / len(found))

    await import_sources(archive, iter(found), "upload", settings.store_waiting, summary, told)
    return summary


def describe(summary: Summary) -> dict[str, Any]:
    """What came of an upload, as clients see it."""
    faults = [*summary.faults, *((name, "it is no DICOM file") for name in summary.others)]
    return {
        "counts": dict(summary.counts),
        "refused": [{"name": name, "reason": why} for name, why in faults],
        "studies": list(summary.studies),
    }


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"  # as no DICOM file begins


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
        bundle = zipfile.ZipFile(path)
    except (*READ_ERRORS, ValueError) as error:
        raise UnreadableError(f"it is no zip, or damaged: {error}") from error
    count, packed = len(bundle.infolist()), path.stat().st_size
    size = sum(member.file_size for member in bundle.infolist())
    fault = ""
    if count > most:
        fault = f"it holds {count} files; {most} are allowed (setting upload_files)"
    elif size > settings.upload_unpacked_mb << 20:
        fault = f"unpacked it has {size >> 20} MB; {settings.upload_unpacked_mb} are allowed (setting upload_unpacked_mb)"
    elif size > SMALL_BYTES and size > settings.bundle_max_ratio * packed:
        fault = f"it grows {size // packed} times when unpacked; {settings.bundle_max_ratio} is allowed (bundle_max_ratio)"
    if fault:
        bundle.close()
        raise TooLargeError(fault)
    return bundle


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
