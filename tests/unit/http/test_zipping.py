"""Zip files made while they are sent, read by Python's own reader."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import AsyncIterator
from io import BytesIO

from backend.api.dicomweb.retrieve import folder_names
from backend.http.zipping import Entry, _central, zip_pieces, zip_size


def entry(name: str, data: bytes) -> Entry:
    """An entry that comes in two pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        yield data[:3]
        yield data[3:]

    return Entry(name, len(data), zlib.crc32(data), pieces)


async def made(entries: list[Entry]) -> bytes:
    """The whole file, as long as was said."""
    found = b"".join([piece async for piece in zip_pieces(entries)])
    assert len(found) == zip_size(entries)
    return found


async def test_files_come_back() -> None:
    given = {"1 CT Thorax/00001.dcm": b"abcdef", "Ä/ü.dcm": b"", "x": b"\0" * 1000}
    data = await made([entry(name, content) for name, content in given.items()])
    with zipfile.ZipFile(BytesIO(data)) as bundle:
        assert bundle.testzip() is None
        assert {name: bundle.read(name) for name in bundle.namelist()} == given
        assert bundle.infolist()[0].external_attr >> 16 == 0o100644
    assert data == await made([entry(name, content) for name, content in given.items()])


async def test_empty_and_very_many() -> None:
    assert zipfile.ZipFile(BytesIO(await made([]))).namelist() == []
    names = [f"{number:05d}" for number in range(70_000)]
    assert zipfile.ZipFile(BytesIO(await made([entry(name, b"") for name in names]))).namelist() == names


def test_large_entries_and_far_ones_have_the_numbers_of_zip64() -> None:
    async def nothing() -> AsyncIterator[bytes]:
        yield b""

    head = _central(Entry("a", 5 << 30, 1, nothing), 6 << 30)
    assert struct.unpack_from("<LL", head, 20) == (0xFFFFFFFF, 0xFFFFFFFF)
    assert struct.unpack("<HHQQQ", head[47:]) == (1, 24, 5 << 30, 5 << 30, 6 << 30)


def test_folders_have_names_that_differ_and_harm_nobody() -> None:
    names = {"1": "1 CT ../../etc/passwd", "2": "2 MR", "3": "2 mr", "4": "", "5": "x" * 200, "6": "NUL\0:*?"}
    found = folder_names(["1", "2", "2", "3", "4", "5", "6", "7"], names)
    assert list(found) == ["1", "2", "3", "4", "5", "6", "7"]
    assert found["1"] == "1 CT .._.._etc_passwd"
    assert (found["2"], found["3"]) == ("2 MR", "2 mr (2)")
    assert (found["4"], found["7"]) == ("series", "series (2)")
    assert len(found["5"]) == 80
    assert found["6"] == "NUL____"
