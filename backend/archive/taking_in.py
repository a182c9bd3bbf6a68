"""What a worker does with files that have come in: they are taken apart, named by their digests, synced while they are indexed,
and put into the archive, many in one transaction."""

from __future__ import annotations

import ctypes
import errno
import functools
import hashlib
import mmap
import os
import traceback
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from isal import isal_zlib

from backend.archive.records import Outcome, Reason
from backend.dicom.file_head import PREAMBLE, TIFF, made_head
from backend.dicom.part10 import NO_UIDS, DataSet, Indexed, Uids, index, read_data_set, uids_of
from backend.errors import UnreadableError
from backend.store.blobs import Blobs, sync_file, sync_folder
from backend.store.engine import Database
from backend.store.storing import Duplicates, NewInstance
from backend.store.writer import Writer

T = TypeVar("T")
Given = TypeVar("Given")
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


@dataclass(frozen=True)
class _Whole:
    """A file that is a whole data set, under the name that its digest gives it."""

    arrival: Arrival
    file: memoryview
    data: DataSet | None
    """None of one that was inflated: it is too large to be held while others are taken apart."""
    digest: str
    crc32: int
    path: Path
    """In `incoming/`."""
    folder: Path
    """Of its place in the archive, where it has a name too."""


@dataclass(frozen=True)
class _Ready:
    """An instance for the index."""

    new: NewInstance
    path: Path
    """In `incoming/`."""


def get_ready() -> None:
    """A worker that can be called this has loaded what it needs."""


def take_in(rules: Rules, arrivals: Sequence[Arrival]) -> list[Result]:
    """Put files into the archive. What is told to be there is on disk when this returns, file and index."""
    writer = _writer(rules.folder, rules.duplicates)
    handles = [_opened(arrival) for arrival in arrivals]
    try:
        for handle in handles:
            _begin_writing(handle)
        pairs = zip(arrivals, handles, strict=True)
        whole = [_tried(_made_whole, rules, writer, arrival, handle) for arrival, handle in pairs]
        syncing = _syncer().submit(_sync, handles, {one.folder for one in whole if isinstance(one, _Whole)})
        ready = [_tried(_indexed, rules, writer, one.arrival, one) if isinstance(one, _Whole) else one for one in whole]
        faults = syncing.result()
        for number, fault in enumerate(faults):
            if fault is not None and isinstance(ready[number], _Ready):
                writer.abandon(arrivals[number].token)
                ready[number] = _failed(fault)
    finally:
        for handle in handles:
            if handle >= 0:
                os.close(handle)
    new = [one for one in ready if isinstance(one, _Ready)]
    stored = iter(writer.store([(one.new, one.path) for one in new]) if new else ())
    return [one if isinstance(one, Result) else _told(one.new, next(stored)) for one in ready]


@functools.cache
def _syncer() -> ThreadPoolExecutor:
    """The thread that waits for the disk, while the worker's own goes on."""
    return ThreadPoolExecutor(1, "sync")


def _told(new: NewInstance, stored: tuple[str, bool] | Exception) -> Result:
    one = new.indexed
    uids = one.uids
    if isinstance(stored, Exception):
        return _failed(stored, uids)
    result, new_study = stored
    if result == "refused":
        message = "another instance of this UID is here already"
        return Result(Outcome("failed", *uids, Reason.DUPLICATE, message, one.warnings))
    return Result(Outcome(result, *uids, warnings=one.warnings, new_study=new_study))  # type: ignore[arg-type]


def _failed(error: Exception, uids: Uids = NO_UIDS) -> Result:
    if isinstance(error, OSError):
        return Result(Outcome("failed", *uids, *reason_of(error)), fault=str(error))
    return Result(Outcome("failed", *uids, Reason.PROCESSING, NOT_STORED), fault="".join(traceback.format_exception(error)))


def reason_of(error: OSError) -> tuple[Reason, str]:
    """What a fault of the disk means for who sends."""
    if error.errno in FULL:
        return Reason.NO_RESOURCES, "the archive's disk is full"
    return Reason.PROCESSING, "the archive could not write it"


def _opened(arrival: Arrival) -> int:
    """A handle to a file that has come in; -1 where there is none."""
    try:
        return os.open(arrival.path, os.O_RDONLY)
    except FileNotFoundError:  # who had it before us died
        for renamed in arrival.path.parent.glob(f"*.{arrival.token}"):
            renamed.rename(arrival.path)
            return _opened(arrival)
        return -1
    except OSError:
        return -1


def _begin_writing(handle: int) -> None:
    """Have the system write a file to its disk while we read it: no wait, and no promise that it is there then."""
    if handle >= 0 and SYNC_FILE_RANGE is not None:
        SYNC_FILE_RANGE(handle, 0, 0, WRITE_ONLY)


def _sync(handles: Sequence[int], folders: Collection[Path]) -> list[OSError | None]:
    """Have files and names on disk. The first waits longest: file systems write what all have changed in the meantime.

    Returns: of each file why it may not be there.
    """
    faults: list[OSError | None] = []
    for handle in handles:
        try:
            if handle >= 0:
                os.fsync(handle)
            faults.append(None)
        except OSError as error:
            faults.append(error)
    try:
        for folder in folders:
            sync_folder(folder)
    except OSError as error:
        faults = [error] * len(handles)
    return faults


@functools.lru_cache(2)
def _writer(folder: Path, duplicates: Duplicates) -> Writer:
    return Writer(Database(folder / "index.db"), Blobs(folder), duplicates)


def _tried(
    step: Callable[[Rules, Writer, Arrival, Given], T], rules: Rules, writer: Writer, arrival: Arrival, given: Given
) -> T | Result:
    """What a step makes of an arrival. Where it fails, nothing stays but what the gateway wrote."""
    try:
        return step(rules, writer, arrival, given)
    except Exception as error:
        writer.abandon(arrival.token)
        return _failed(error)


def _made_whole(rules: Rules, _writer: Writer, arrival: Arrival, handle: int) -> _Whole | Result:
    """Take a file apart, and have it in its place, complete, under the name of its digest."""
    if handle < 0:
        raise FileNotFoundError(errno.ENOENT, "a file that came in is gone")
    path = arrival.path
    file = _mapped(handle)
    data: DataSet | None = None
    try:
        data = read_data_set(file, rules.inflated_bytes)
        if not data.head.is_complete or _has_program(file):
            _complete(path, file, data, index(data, rules.strict_texts))  # what can not be indexed stays as it came
            with path.open("rb") as changed:
                file = _mapped(changed.fileno())
            data = read_data_set(file, rules.inflated_bytes)
    except DAMAGES as error:
        return _unreadable(error, data)
    digest = hashlib.sha256(file).hexdigest()
    named = path.with_name(f"{digest}.{arrival.token}")
    path.rename(named)
    folder = Blobs(rules.folder).enter(digest, named)
    return _Whole(arrival, file, None if data.head.is_deflated else data, digest, isal_zlib.crc32(file), named, folder)


def _indexed(rules: Rules, writer: Writer, arrival: Arrival, whole: _Whole) -> _Ready | Result:
    """What the index takes of a file; one that it can not take loses its place again."""
    data = whole.data
    try:
        data = data or read_data_set(whole.file, rules.inflated_bytes)
        indexed = index(data, rules.strict_texts)
    except DAMAGES as error:
        writer.withdraw(whole.digest)
        whole.path.rename(arrival.path)
        return _unreadable(error, data)
    if arrival.study is not None and indexed.study_uid != arrival.study:
        writer.abandon(arrival.token)
        message = "it is of another study than the address names"
        return Result(Outcome("failed", *indexed.uids, Reason.WRONG_STUDY, message, indexed.warnings))
    new = NewInstance(indexed, whole.digest, len(whole.file), arrival.origin, arrival.detail, whole.crc32)
    return _Ready(new, whole.path)


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
    """Give a file a head if it lacks one, or an empty preamble; on return it is on disk."""
    if data.head.is_complete:
        with path.open("r+b") as target:
            target.write(bytes(PREAMBLE))
    else:
        whole = path.with_name(path.name + ".whole")
        with whole.open("wb") as target:
            target.write(made_head(indexed.transfer_syntax, indexed.sop_class_uid, indexed.sop_instance_uid))
            target.write(file[data.head.start :])
        whole.replace(path)
    sync_file(path)
