"""Files, folders and zip files of this machine, found and read for the archive."""

from __future__ import annotations

import asyncio
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from backend.archive.archive import Archive
from backend.archive.records import Outcome
from backend.dicom.file_head import PREAMBLE, looks_like_dicom

HEAD_BYTES = PREAMBLE + 4
PIECE_BYTES = 1 << 20
FAULTS_KEPT = 1000
READ_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)
"""What reading files and members of zip files may raise; of encrypted ones RuntimeError."""
Opened = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass
class Summary:
    """What came of an import so far: how many files were `stored`, `identical`, `replaced`, `kept`, `failed`, or no `other`."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Names and reasons of the first that failed."""

    def add(self, name: str, outcome: Outcome) -> None:
        """Count one."""
        if outcome.result == "failed":
            self.fail(name, outcome.message)
        else:
            self.counts[outcome.result] += 1

    def fail(self, name: str, why: str) -> None:
        """Count one that failed."""
        self.counts["failed"] += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append((name, why))


@dataclass(frozen=True)
class Source:
    """A file that may be DICOM: its name for people, and how it is opened."""

    name: str
    open: Opened


def sources(paths: Iterable[Path], tell_fault: Callable[[str, str], None]) -> Iterator[Source]:
    """All files of paths, in folders and zip files as well; hidden ones and DICOMDIR are passed over.

    Args:
        paths: files and folders.
        tell_fault: hears of what can not be read, with the reason.
    """
    for path in paths:
        files = sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.name.startswith(".") or file.name.upper() == "DICOMDIR":
                continue
            if file.suffix.lower() == ".zip":
                yield from _members(file, tell_fault)
            else:
                yield Source(str(file), lambda file=file: file.open("rb"))  # type: ignore[misc]


def _members(path: Path, tell_fault: Callable[[str, str], None]) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as bundle:
            names = [one.filename for one in bundle.infolist() if not one.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        tell_fault(str(path), f"it is no readable zip file: {error}")
        return
    for name in names:
        last = name.rpartition("/")[2]
        if not last.startswith(".") and last.upper() != "DICOMDIR":
            yield Source(f"{path}: {name}", lambda name=name: _member(path, name))  # type: ignore[misc]


@contextmanager
def _member(path: Path, name: str) -> Iterator[BinaryIO]:
    """One file of a zip file, each opened for itself: several are read at a time."""
    with zipfile.ZipFile(path) as bundle, bundle.open(name) as file:
        yield file  # type: ignore[misc]


def pieces(source: Source) -> Iterator[bytes]:
    """The bytes of a source; nothing where it does not begin like DICOM.

    Raises:
        READ_ERRORS: it can not be read.
    """
    with source.open() as file:
        head = file.read(HEAD_BYTES)
        if not looks_like_dicom(head):
            return
        yield head
        while piece := file.read(PIECE_BYTES):
            yield piece


async def import_files(archive: Archive, paths: Iterable[Path], parallel: int, tell: Callable[[Summary], None]) -> Summary:
    """Take all DICOM files of paths into the archive; the files stay where they are.

    Args:
        archive: to take them.
        paths: files, folders, zip files.
        parallel: how many are under way at a time.
        tell: hears how far it is after each.
    """
    summary = Summary()
    found, turn = sources(paths, summary.fail), asyncio.Lock()

    async def following() -> Source | None:
        async with turn:
            return await asyncio.to_thread(next, found, None)

    async def work() -> None:
        while (source := await following()) is not None:
            await _import_one(archive, source, summary)
            tell(summary)

    await asyncio.gather(*[work() for _ in range(parallel)])
    return summary


async def _import_one(archive: Archive, source: Source, summary: Summary) -> None:
    try:
        outcome = await import_source(archive, source, "import")
    except READ_ERRORS as error:
        summary.fail(source.name, f"it can not be read: {error}")
        return
    if outcome is None:
        summary.counts["other"] += 1
    else:
        summary.add(source.name, outcome)


async def import_source(archive: Archive, source: Source, origin: str) -> Outcome | None:
    """Copy a source into the archive; None where it does not begin like DICOM.

    Raises:
        READ_ERRORS: it can not be read.
    """
    incoming = archive.incoming(origin, source.name)

    def copy() -> None:
        for piece in pieces(source):
            incoming.write(piece)

    try:
        await asyncio.to_thread(copy)
        return await archive.take(incoming) if incoming.size else None
    finally:
        incoming.discard()
