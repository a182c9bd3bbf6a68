"""Files, folders and zip files of this machine, found and read for the archive."""

from __future__ import annotations

import asyncio
import functools
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
FAULTS_KEPT = STUDIES_KEPT = 1000
READ_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)
"""What reading files and members of zip files may raise; of encrypted ones RuntimeError."""
Opened = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass
class Summary:
    """What came of an import so far: how many files were `stored`, `identical`, `replaced`, `kept`, `failed`, or no `other`."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Names and reasons of the first that failed."""
    others: list[str] = field(default_factory=list)
    """Names of the first that are no DICOM files."""
    studies: dict[str, None] = field(default_factory=dict)
    """UIDs of the first studies of which something is in the archive now."""

    def add(self, name: str, outcome: Outcome) -> None:
        """Count one."""
        if outcome.result == "failed":
            self.fail(name, outcome.message)
        else:
            self.counts[outcome.result] += 1
            if len(self.studies) < STUDIES_KEPT:
                self.studies[outcome.study_uid] = None

    def fail(self, name: str, why: str) -> None:
        """Count one that failed."""
        self.counts["failed"] += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append((name, why))

    def pass_over(self, name: str) -> None:
        """Count one that is no DICOM file."""
        self.counts["other"] += 1
        if len(self.others) < FAULTS_KEPT:
            self.others.append(name)


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
        bundle = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        tell_fault(str(path), f"it is no readable zip file: {error}")
        return
    yield from zip_members(bundle, f"{path}: ")


def zip_members(bundle: zipfile.ZipFile, prefix: str = "") -> Iterator[Source]:
    """The files of a zip file, hidden ones and DICOMDIR passed over. Several can be read at a time.

    Args:
        bundle: open, and left to its sources: it closes when the last of them is gone.
        prefix: of their names.
    """
    for one in bundle.infolist():
        last = one.filename.rpartition("/")[2]
        if not one.is_dir() and not last.startswith(".") and last.upper() != "DICOMDIR":
            yield Source(f"{prefix}{one.filename}", functools.partial(_member, bundle, one))


@contextmanager
def _member(bundle: zipfile.ZipFile, one: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    with bundle.open(one) as file:
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
    await import_sources(archive, sources(paths, summary.fail), "import", parallel, summary, tell)
    return summary


async def import_sources(
    archive: Archive, found: Iterator[Source], origin: str, parallel: int, summary: Summary, tell: Callable[[Summary], None]
) -> None:
    """Take the DICOM files among sources into the archive.

    Args:
        archive: to take them.
        found: on threads, one after the other.
        origin: the way they come.
        parallel: how many are under way at a time.
        summary: to add to.
        tell: hears how far it is after each.
    """
    turn = asyncio.Lock()

    async def following() -> Source | None:
        async with turn:
            return await asyncio.to_thread(next, found, None)

    async def work() -> None:
        while (source := await following()) is not None:
            await _import_one(archive, source, origin, summary)
            tell(summary)

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(work())


async def _import_one(archive: Archive, source: Source, origin: str, summary: Summary) -> None:
    try:
        outcome = await import_source(archive, source, origin)
    except READ_ERRORS as error:
        summary.fail(source.name, f"it can not be read: {error}")
        return
    if outcome is None:
        summary.pass_over(source.name)
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
