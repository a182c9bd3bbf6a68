"""Zip files that hold files unpacked, made while they are sent: sizes and checksums are known before (APPNOTE 6.3)."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass

FULL, MANY = 0xFFFFFFFF, 0xFFFF
"""Where a field of the old format is too small, and the value stands in an extra one (zip64)."""
PLAIN, ZIP64 = 20, 45
UTF8 = 0x0800
MADE_BY_UNIX = 3 << 8
MODE = 0o100644 << 16
DATE = (2000 - 1980) << 9 | 1 << 5 | 1
"""Of all entries: the same files make the same zip file."""


@dataclass(frozen=True)
class Entry:
    """One file of a zip file. `data` gives its bytes when it is its turn."""

    name: str
    size: int
    crc32: int
    data: Callable[[], AsyncIterable[bytes]]


def _local(entry: Entry) -> bytes:
    name, large = entry.name.encode(), entry.size >= FULL
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if large else b""
    size = FULL if large else entry.size
    head = struct.pack(
        "<LHHHHHLLLHH", 0x04034B50, ZIP64 if large else PLAIN, UTF8, 0, 0, DATE, entry.crc32, size, size, len(name), len(extra)
    )
    return head + name + extra


def _central(entry: Entry, offset: int) -> bytes:
    name, large, far = entry.name.encode(), entry.size >= FULL, offset >= FULL
    values = ([entry.size] * 2 if large else []) + ([offset] if far else [])
    extra = struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    size = FULL if large else entry.size
    version = ZIP64 if values else PLAIN
    head = struct.pack(
        "<LHHHHHHLLLHHHHHLL", 0x02014B50, MADE_BY_UNIX | version, version, UTF8, 0, 0, DATE, entry.crc32, size, size,
        len(name), len(extra), 0, 0, 0, MODE, FULL if far else offset,
    )  # fmt: skip
    return head + name + extra


def _end(entries: Sequence[Entry]) -> bytes:
    """The central directory and what follows it."""
    offset, directory = 0, []
    for entry in entries:
        directory.append(_central(entry, offset))
        offset += len(_local(entry)) + entry.size
    table = b"".join(directory)
    count, far = len(entries), b""
    if count >= MANY or offset >= FULL or len(table) >= FULL:
        far = struct.pack("<LQHHLLQQQQ", 0x06064B50, 44, ZIP64, ZIP64, 0, 0, count, count, len(table), offset)
        far += struct.pack("<LLQL", 0x07064B50, 0, offset + len(table), 1)
    few = min(count, MANY)
    end = struct.pack("<LHHHHLLH", 0x06054B50, 0, 0, few, few, min(len(table), FULL), min(offset, FULL), 0)
    return table + far + end


def zip_size(entries: Sequence[Entry]) -> int:
    """Bytes of the zip file."""
    return sum(len(_local(entry)) + entry.size for entry in entries) + len(_end(entries))


async def zip_pieces(entries: Sequence[Entry]) -> AsyncIterator[bytes]:
    """The zip file in pieces."""
    for entry in entries:
        yield _local(entry)
        async for piece in entry.data():
            yield piece
    yield _end(entries)
