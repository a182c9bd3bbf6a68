"""Zip archives of files at rest, in pieces: not compressed, with every size and checksum before its data.

Libraries that write zips to a stream put checksums behind the data, which readers of streams refuse for what is not
compressed, and take most of their time for them; here isal makes them while a file is read.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from isal import isal_zlib

from backend.errors import NotFoundError, UnreadableError

PIECE_BYTES = 512 << 10
READ_TWICE_BYTES = 8 << 20
"""Larger files are read once for their checksum and once to be sent, so that memory stays bounded."""
MOST_32, MOST_16 = 0xFFFFFFFF, 0xFFFF
UTF8_NAMES, UNIX, PLAIN, WITH_64 = 0x800, 3 << 8, 20, 45
LOCAL, CENTRAL = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I")
END, END_64, LOCATOR_64 = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
EXTRA = struct.Struct("<2H")


@dataclass(frozen=True)
class Entry:
    """A file, the name it gets in the archive, and its size."""

    name: str
    path: Path
    size: int


def zip_size(entries: Sequence[Entry]) -> int:
    """Bytes of the archive of these."""
    offset = central = 0
    for entry in entries:
        name = len(entry.name.encode())
        central += CENTRAL.size + name + len(_central_extra(entry.size, offset))
        offset += LOCAL.size + name + len(_local_extra(entry.size)) + entry.size
    return offset + central + len(_end(len(entries), offset, central))


def zip_pieces(entries: Sequence[Entry]) -> Iterator[bytes]:
    """The archive in pieces of about `PIECE_BYTES`, a whole small file at most more. Blocks while it reads.

    Raises:
        NotFoundError: a file is not there any more.
        UnreadableError: a file has not the size that was said.
    """
    day, clock = _now()
    waiting: list[bytes] = []
    length = offset = 0
    central = []
    for entry in entries:
        crc = 0
        for part in _file(entry, day, clock):
            if isinstance(part, int):
                crc = part
                continue
            waiting.append(part)
            length += len(part)
            if length >= PIECE_BYTES:
                yield b"".join(waiting)
                waiting, length = [], 0
        central.append(_central(entry, crc, offset, day, clock))
        offset += LOCAL.size + len(entry.name.encode()) + len(_local_extra(entry.size)) + entry.size
    directory = b"".join(central)
    yield b"".join((*waiting, directory, _end(len(entries), offset, len(directory))))


async def made_ahead(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Pieces of an iterator that blocks, each made on a thread while the one before is on its way."""
    loop = asyncio.get_running_loop()
    coming = loop.run_in_executor(None, next, pieces, None)
    try:
        while (piece := await coming) is not None:
            coming = loop.run_in_executor(None, next, pieces, None)
            yield piece
    finally:
        with suppress(Exception):
            await asyncio.shield(coming)


def _file(entry: Entry, day: int, clock: int) -> Iterator[bytes | int]:
    """The checksum, the head and the data of a file."""
    try:
        file = entry.path.open("rb", 0)
    except FileNotFoundError as error:
        raise NotFoundError(f"{entry.name} was deleted") from error
    with file:
        if entry.size <= READ_TWICE_BYTES:
            data = file.read()
            if len(data) != entry.size:
                raise UnreadableError(f"{entry.name} has {len(data)} bytes, not {entry.size}")
            crc = isal_zlib.crc32(data)
            yield crc
            yield _local(entry, crc, day, clock)
            yield data
            return
        crc = 0
        for piece in _pieces(file, entry):
            crc = isal_zlib.crc32(piece, crc)
        yield crc
        yield _local(entry, crc, day, clock)
        file.seek(0)
        yield from _pieces(file, entry)


def _pieces(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    left = entry.size
    while left:
        piece = file.read(min(left, PIECE_BYTES))
        if not piece:
            raise UnreadableError(f"{left} bytes of {entry.name} are missing")
        left -= len(piece)
        yield piece


def _now() -> tuple[int, int]:
    """Date and time as zip has them."""
    now = time.localtime()
    return (now.tm_year - 1980) << 9 | now.tm_mon << 5 | now.tm_mday, now.tm_hour << 11 | now.tm_min << 5 | now.tm_sec // 2


def _local_extra(size: int) -> bytes:
    return b"" if size < MOST_32 else EXTRA.pack(1, 16) + struct.pack("<2Q", size, size)


def _central_extra(size: int, offset: int) -> bytes:
    values = ([size, size] if size >= MOST_32 else []) + ([offset] if offset >= MOST_32 else [])
    return EXTRA.pack(1, 8 * len(values)) + struct.pack(f"<{len(values)}Q", *values) if values else b""


def _local(entry: Entry, crc: int, day: int, clock: int) -> bytes:
    name, extra, size = entry.name.encode(), _local_extra(entry.size), min(entry.size, MOST_32)
    version = WITH_64 if extra else PLAIN
    head = LOCAL.pack(b"PK\3\4", version, UTF8_NAMES, 0, clock, day, crc, size, size, len(name), len(extra))
    return head + name + extra


def _central(entry: Entry, crc: int, offset: int, day: int, clock: int) -> bytes:
    name, extra, size = entry.name.encode(), _central_extra(entry.size, offset), min(entry.size, MOST_32)
    version = WITH_64 if extra else PLAIN
    head = CENTRAL.pack(
        b"PK\1\2", UNIX | version, version, UTF8_NAMES, 0, clock, day, crc, size, size, len(name), len(extra), 0, 0, 0,
        0o100644 << 16, min(offset, MOST_32),
    )  # fmt: skip
    return head + name + extra


def _end(count: int, offset: int, length: int) -> bytes:
    """What ends an archive whose directory of `length` bytes begins at `offset`."""
    end = END.pack(b"PK\5\6", 0, 0, *[min(count, MOST_16)] * 2, min(length, MOST_32), min(offset, MOST_32), 0)
    if count < MOST_16 and max(length, offset) < MOST_32:
        return end
    end_64 = END_64.pack(b"PK\6\6", END_64.size - 12, UNIX | WITH_64, WITH_64, 0, 0, count, count, length, offset)
    return end_64 + LOCATOR_64.pack(b"PK\6\7", 0, offset + length, 1) + end
