"""What a DICOM file says it is, read from its header alone."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from backend.errors import UnreadableError

LONGEST_UID = 64
UID = re.compile(r"[0-9]+(\.[0-9]+)*\Z")
META_START = 128 + 4 + 12  # preamble, mark, and the element that holds the length of what follows it
SERIES_UID = 0x0020000E
LARGEST_HEADER = 1 << 20
TAGS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]


@dataclass(frozen=True)
class Identity:
    """Study, series and SOP instance UID, each of them well formed."""

    study: str
    series: str
    instance: str


def is_uid(text: str) -> bool:
    """Whether it is a unique identifier: digits and dots, at most 64 characters, no empty component (PS3.5, chapter 9)."""
    return len(text) <= LONGEST_UID and UID.match(text) is not None


def identify(path: Path) -> Identity:
    """Read the identity of a DICOM file (PS3.10, with preamble).

    Raises:
        UnreadableError: it is none, or lacks one of the three.
    """
    try:
        header = _header(path)
        found = [str(header.get(tag, "")).strip() for tag in TAGS]
    except Exception as error:  # damaged files make the parser raise anything
        raise UnreadableError("it is no DICOM file") from error
    if not all(is_uid(uid) for uid in found):
        raise UnreadableError("it is a DICOM file without a proper study, series and instance UID")
    return Identity(*found)


def _header(path: Path) -> Dataset:
    """The data set up to its pixels. Of a deflated one, which may inflate without end, no more is inflated than it takes."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
    with path.open("rb") as file:
        file.seek(META_START + int(meta.FileMetaInformationGroupLength))
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(LARGEST_HEADER), LARGEST_HEADER)
    return read_dataset(BytesIO(inflated), False, True, stop_when=lambda tag, _vr, _length: tag > SERIES_UID)
