"""What a worker does with files that have come in: they are taken apart, named by their digests, and put into the archive, many
in one transaction."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from isal import isal_zlib

from backend.archive.records import Outcome, Reason
from backend.dicom.file_head import PREAMBLE, TIFF, made_head
from backend.dicom.part10 import NO_UIDS, DataSet, Indexed, Uids, index, read_data_set, uids_of
from backend.errors import UnreadableError
from backend.store.blobs import Blobs, digest_of
from backend.store.engine import Database
from backend.store.storing import Duplicates, NewInstance
from backend.store.writer import KEPT_FILES, Arrived, Writer

T = TypeVar("T")
DAMAGES = (UnreadableError, RecursionError, MemoryError)
"""What reading a broken file raises."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
SYNC_FILE_RANGE = getattr(ctypes.CDLL(None), "sync_file_range", None)
"""Of Linux's C library."""
if SYNC_FILE_RANGE is not None:
    SYNC_FILE_RANGE.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
WRITE_ONLY = 2
"""SYNC_FILE_RANGE_WRITE of sync_file_range(2)."""
NOT_STORED = "it could not be stored; the server's log has the details"
NAME = "part-"
"""Begins the name of a file that comes in; a token follows, which its later name keeps."""


@dataclass(frozen=True)
class Rules:
    """The archive's folder and how instances are judged."""

    folder: Path
    inflated_bytes: int
    """Of a deflated data set."""
    strict_texts: bool
    """Whether wrong character sets are refused (`part10.index`)."""
    duplicates: Duplicates


@dataclass(frozen=True)
class Arrival:
    """A file in the folder for files that come in, all of it written; `study`: the UID that its study must have, if any."""

    path: Path
    origin: str
    detail: str | None
    study: str | None

    @property
    def token(self) -> str:
        """What its names end with, as long as it is in that folder."""
        return self.path.name.removeprefix(NAME)


@dataclass(frozen=True)
class Result:
    """What became of an arrival. Of one that is `unreadable` the file is where it was. `fault`: for the log."""

    outcome: Outcome
    unreadable: bool = False
    fault: str = ""
    path: Path | None = None
    """A name that stays until the index is on disk (`Writer.settle`)."""


def get_ready() -> None:
    """A worker that can be called this has loaded what it needs."""


def take_in(rules: Rules, arrivals: Sequence[Arrival]) -> list[Result]:
    """Put files into the archive: what a worker is called for."""
    return put_in(_writer(rules.folder, rules.duplicates), rules, arrivals)


def put_in(writer: Writer, rules: Rules, arrivals: Sequence[Arrival]) -> list[Result]:
    """Put files into the archive.

    What is told to be there is found by searches when this returns, and comes back after any crash: its file is on disk, with a
    name by which the next start takes it in again if its row was lost.
    """
    files = [_tried(writer, one, partial(_opened, one)) for one in arrivals]
    pairs = zip(arrivals, files, strict=True)
    ready = [
        file if isinstance(file, Result) else _tried(writer, one, partial(_ready, rules, writer, one, file))
        for one, file in pairs
    ]
    new = [one for one in ready if isinstance(one, Arrived)]
    stored = iter(writer.store(new) if new else ())
    return [one if isinstance(one, Result) else _told(one, next(stored)) for one in ready]


def _told(arrived: Arrived, stored: tuple[str, bool] | Exception) -> Result:
    one = arrived.new.indexed
    uids = one.uids
    if isinstance(stored, Exception):
        return _failed(stored, uids)
    result, new_study = stored
    if result == "refused":
        message = "another instance of this UID is here already"
        return Result(Outcome("failed", *uids, Reason.DUPLICATE, message, one.warnings))
    outcome = Outcome(result, *uids, warnings=one.warnings, new_study=new_study)  # type: ignore[arg-type]
    return Result(outcome, path=arrived.path if result in KEPT_FILES else None)


def _failed(error: Exception, uids: Uids = NO_UIDS) -> Result:
    if isinstance(error, OSError):
        return Result(Outcome("failed", *uids, *reason_of(error)), fault=str(error))
    return Result(Outcome("failed", *uids, Reason.PROCESSING, NOT_STORED), fault="".join(traceback.format_exception(error)))


def reason_of(error: OSError) -> tuple[Reason, str]:
    """What a fault of the disk means for who sends."""
    if error.errno in FULL:
        return Reason.NO_RESOURCES, "the archive's disk is full"
    return Reason.PROCESSING, "the archive could not write it"


@lru_cache(2)
def _writer(folder: Path, duplicates: Duplicates) -> Writer:
    return Writer(Database(folder / "index.db"), Blobs(folder), duplicates)


def _tried(writer: Writer, arrival: Arrival, step: Callable[[], T]) -> T | Result:
    """What a step makes of an arrival. Where it fails, nothing stays of it."""
    try:
        return step()
    except Exception as error:
        arrival.path.unlink(missing_ok=True)
        writer.abandon(arrival.token)
        return _failed(error)


def _opened(arrival: Arrival) -> memoryview:
    """A file that has come in. The system begins to write it to its disk: no wait, and no promise that it is there then."""
    try:
        handle = os.open(arrival.path, os.O_RDONLY)
    except FileNotFoundError:  # who had it before us died
        for renamed in arrival.path.parent.glob(f"*.{arrival.token}"):
            renamed.rename(arrival.path)
        handle = os.open(arrival.path, os.O_RDONLY)
    try:
        if SYNC_FILE_RANGE is not None:
            SYNC_FILE_RANGE(handle, 0, 0, WRITE_ONLY)
        return _mapped(handle)
    finally:
        os.close(handle)


def _ready(rules: Rules, writer: Writer, arrival: Arrival, file: memoryview) -> Arrived | Result:
    """Take a file apart, and have it in its place, complete, under the name of its digest."""
    data: DataSet | None = None
    try:
        data = read_data_set(file, rules.inflated_bytes)
        if not data.head.is_complete or _has_program(file):
            _complete(arrival.path, file, data, index(data, rules.strict_texts))  # what can not be indexed stays as it came
            with arrival.path.open("rb") as changed:
                file = _mapped(changed.fileno())
            data = read_data_set(file, rules.inflated_bytes)
        indexed = index(data, rules.strict_texts)
    except DAMAGES as error:
        return _unreadable(error, data)
    if arrival.study is not None and indexed.study_uid != arrival.study:
        arrival.path.unlink()
        message = "it is of another study than the address names"
        return Result(Outcome("failed", *indexed.uids, Reason.WRONG_STUDY, message, indexed.warnings))
    digest = digest_of(file)
    path = arrival.path.with_name(f"{digest}.{arrival.token}")
    arrival.path.rename(path)
    writer.blobs.enter(digest, path)
    new = NewInstance(indexed, digest, len(file), arrival.origin, arrival.detail, isal_zlib.crc32(file))
    return Arrived(new, path)


def _unreadable(error: Exception, data: DataSet | None) -> Result:
    message = str(error) or "it is nested too deep or too large"
    uids = uids_of(data) if data is not None else NO_UIDS
    return Result(Outcome("failed", *uids, Reason.NOT_UNDERSTOOD, message), unreadable=True)


def _mapped(handle: int) -> memoryview:
    return memoryview(mmap.mmap(handle, 0, access=mmap.ACCESS_READ) if os.fstat(handle).st_size else b"")


def _has_program(file: memoryview) -> bool:
    """Whether a preamble may be a program (PS3.10, 7.5); those of TIFF files are none."""
    return any(file[:PREAMBLE]) and not bytes(file[:4]).startswith(TIFF)


def _complete(path: Path, file: memoryview, data: DataSet, indexed: Indexed) -> None:
    """Give a file a head if it lacks one, or an empty preamble."""
    if data.head.is_complete:
        with path.open("r+b") as target:
            target.write(bytes(PREAMBLE))
    else:
        whole = path.with_name(path.name + ".whole")
        with whole.open("wb") as target:
            target.write(made_head(indexed.transfer_syntax, indexed.sop_class_uid, indexed.sop_instance_uid))
            target.write(file[data.head.start :])
        whole.replace(path)
