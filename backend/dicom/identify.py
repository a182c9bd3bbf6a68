"""What a DICOM file says it is, read from its header alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from backend.errors import UnreadableError

LONGEST_UID = 64
UID = re.compile(r"[0-9]+(\.[0-9]+)*\Z")
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
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
        found = [str(header.get(tag, "")).strip() for tag in TAGS]
    except (InvalidDicomError, OSError, ValueError, EOFError, KeyError, AttributeError, NotImplementedError) as error:
        raise UnreadableError("it is no DICOM file") from error
    if not all(is_uid(uid) for uid in found):
        raise UnreadableError("it is a DICOM file without a proper study, series and instance UID")
    return Identity(*found)
