"""What a worker does with a file that has come in: made whole, taken apart, measured, synced, named by its digest."""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from isal import isal_zlib

from backend.dicom.file_head import MARK, PREAMBLE, TIFF, made_head
from backend.dicom.part10 import DataSet, Indexed, index, read_data_set, uids_of
from backend.errors import UnreadableError


@dataclass(frozen=True)
class TakenIn:
    """A file that is ready to be stored. `path` is its new name in the folder that it came in."""

    indexed: Indexed
    digest: str
    bytes: int
    crc32: int
    path: Path


@dataclass(frozen=True)
class Refused:
    """A file that can not be stored. `is_dicom`: whether it begins as one at least; `uids`: as `part10.uids_of`."""

    message: str
    is_dicom: bool
    uids: tuple[str, str, str, str] = ("", "", "", "")


def take_in(path: Path, inflated_bytes: int, strict_texts: bool) -> TakenIn | Refused:
    """Make a file ready for the archive. On return its bytes are on disk.

    Args:
        path: in the folder for files that come in; it is changed, and renamed.
        inflated_bytes: how large a deflated data set may become.
        strict_texts: whether wrong character sets are refused (`part10.index`).
    """
    file = _mapped(path)
    data: DataSet | None = None
    try:
        data = read_data_set(file, inflated_bytes)
        indexed = index(data, strict_texts)
    except (UnreadableError, RecursionError, MemoryError) as error:
        is_dicom = bytes(file[PREAMBLE : PREAMBLE + 4]) == MARK
        uids = uids_of(data) if data is not None else ("", "", "", "")
        return Refused(str(error) or "it is nested too deep or too large", is_dicom, uids)
    _make_whole(path, file, data, indexed)
    return _named(path, indexed)


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b"")


def _make_whole(path: Path, file: memoryview, data: DataSet, indexed: Indexed) -> None:
    """Give the file a head if it lacks one. A preamble may be a program (PS3.10, 7.5): only those of TIFF files stay."""
    if not data.head.is_complete:
        whole = path.with_name(path.name + ".whole")
        with whole.open("wb") as target:
            target.write(made_head(indexed.transfer_syntax, indexed.sop_class_uid, indexed.sop_instance_uid))
            target.write(file[data.head.start :])
        whole.replace(path)
    elif any(file[:PREAMBLE]) and not bytes(file[:4]).startswith(TIFF):
        with path.open("r+b") as target:
            target.write(bytes(PREAMBLE))


def _named(path: Path, indexed: Indexed) -> TakenIn:
    file = _mapped(path)
    digest, checksum = hashlib.sha256(file).hexdigest(), isal_zlib.crc32(file)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
    named = path.with_name(f"{digest}.{secrets.token_hex(4)}")
    path.rename(named)
    return TakenIn(indexed, digest, len(file), checksum, named)
