"""Zips written by hand, read by others."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from backend.archive import zip_file
from backend.archive.zip_file import Entry, made_ahead, zip_pieces, zip_size
from backend.errors import NotFoundError, UnreadableError


def entries_of(folder: Path, *sizes: int) -> list[Entry]:
    """Files of random bytes."""
    found = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}.bin"
        path.write_bytes(os.urandom(size))
        found.append(Entry(f"00{number} Schädel/{number:05d}.dcm", path, size))
    return found


def check(entries: list[Entry]) -> bytes:
    """The zip of these, after zipfile found in it what they are."""
    whole = b"".join(zip_pieces(entries))
    assert len(whole) == zip_size(entries)
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [entry.name for entry in entries]
        for entry in entries:
            assert opened.read(entry.name) == entry.path.read_bytes()
    return whole


def test_small_large_and_empty_files(tmp_path: Path) -> None:
    check(entries_of(tmp_path, 1000, 0, zip_file.READ_TWICE_BYTES + 12345, 525_000, 525_000, 3_000_000, 525_000))
    check([])


def test_unzip_reads_it(tmp_path: Path) -> None:
    if shutil.which("unzip") is None:
        pytest.skip("there is no unzip on this machine")
    (tmp_path / "all.zip").write_bytes(check(entries_of(tmp_path, 1000, 3_000_000)))
    assert subprocess.run(["unzip", "-tq", str(tmp_path / "all.zip")], check=False, capture_output=True).returncode == 0


def test_more_files_than_16_bits_count(tmp_path: Path) -> None:
    (one,) = entries_of(tmp_path, 10)
    entries = [Entry(f"{number}.dcm", one.path, 10) for number in range(65_600)]
    whole = b"".join(zip_pieces(entries))
    assert len(whole) == zip_size(entries)
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert len(opened.namelist()) == 65_600
        assert opened.read("65599.dcm") == one.path.read_bytes()


def test_sizes_and_places_beyond_32_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit far below, so that no file of 4 GB is needed; zipfile takes the longer form where it stands."""
    monkeypatch.setattr(zip_file, "MOST_32", 1 << 20)
    entries = entries_of(tmp_path, 2_000_000, 1000, 3_000_000)
    whole = b"".join(zip_pieces(entries))
    assert len(whole) == zip_size(entries)
    # Put the mark of the longer form where the lowered limit stands.
    whole = whole.replace((1 << 20).to_bytes(4, "little"), b"\xff\xff\xff\xff")
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        assert opened.testzip() is None
        assert [opened.read(entry.name) for entry in entries] == [entry.path.read_bytes() for entry in entries]


def test_files_that_are_gone_or_changed(tmp_path: Path) -> None:
    first, second = entries_of(tmp_path, 1000, 1000)
    with pytest.raises(UnreadableError, match="1000 bytes, not 999"):
        b"".join(zip_pieces([Entry(first.name, first.path, 999)]))
    large = Entry(first.name, first.path, zip_file.READ_TWICE_BYTES + 1)
    with pytest.raises(UnreadableError, match="are missing"):
        b"".join(zip_pieces([large]))
    second.path.unlink()
    with pytest.raises(NotFoundError, match="was deleted"):
        b"".join(zip_pieces([first, second]))


async def test_pieces_are_bounded_and_made_ahead(tmp_path: Path) -> None:
    entries = entries_of(tmp_path, *[600_000] * 20, 20_000_000)
    pieces = [piece async for piece in made_ahead(zip_pieces(entries))]
    assert b"".join(pieces)[:4] == b"PK\3\4"
    assert sum(map(len, pieces)) == zip_size(entries)
    assert max(map(len, pieces)) <= zip_file.PIECE_BYTES + zip_file.READ_TWICE_BYTES


async def test_who_stops_in_the_middle_leaves_no_file_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    pieces = made_ahead(zip_pieces(entries_of(tmp_path, 30_000_000)))
    await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]
    del pieces
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
