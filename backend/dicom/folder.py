"""DICOM files of a folder, grouped into series. Files that are no DICOM are passed over; broken ones are told of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from backend.dicom.frames import LARGEST_INFLATED, FrameIndex
from backend.dicom.header import read_strictly
from backend.errors import UnreadableError
from backend.imaging.series import Diagnosis

# Modalities that hold volumes, most likely what somebody who opens a folder wants to see.
PREFERRED = ("CT", "MR", "PT", "NM", "XA", "US")
DERIVED = ("SEG", "RTSTRUCT")
"""What was drawn on images: it goes into a scene too, as segments."""
NO_IMAGES = ("SR", "RTPLAN", "RTDOSE", "RWV", "PR", "KO", "REG")
KEPT = (
    "PatientName", "PatientID", "StudyDate", "StudyDescription", "StudyInstanceUID", "SeriesInstanceUID",
    "SeriesDescription", "SeriesNumber", "Modality", "FrameOfReferenceUID", "Units",
)  # fmt: skip


@dataclass
class Series:
    """Headers (without pixels) and paths of one series, and where the pixels of its files are, as far as that is known."""

    uid: str
    modality: str
    description: str
    files: list[tuple[Path, Dataset]] = field(default_factory=list)
    frames: dict[Path, FrameIndex] = field(default_factory=dict)

    def add(self, path: Path, header: Dataset, frames: FrameIndex | None) -> None:
        """One more file."""
        self.files.append((path, header))
        if frames is not None:
            self.frames[path] = frames

    @property
    def pixels(self) -> int:
        """Pixels of all its images together."""
        frames = (int(h.get("NumberOfFrames", 1) or 1) * h.get("Rows", 0) * h.get("Columns", 0) for _path, h in self.files)
        return sum(frames)

    @property
    def is_derived(self) -> bool:
        """Whether it holds segments rather than images."""
        return self.modality in DERIVED


def scan(path: Path, max_files: int) -> tuple[list[Series], list[Diagnosis]]:
    """All series of images and segments below a folder (or in one file).

    Raises:
        UnreadableError: there is none at all.
    """
    candidates = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())[:max_files]
    series: dict[str, Series] = {}
    broken: list[str] = []
    others: dict[str, int] = defaultdict(int)
    for file in candidates:
        if file.name.startswith(".") or file.name.upper() == "DICOMDIR":
            continue
        header, frames = read_header(file, broken)
        if header is None:
            continue
        modality = str(header.get("Modality", ""))
        has_pixels = "Rows" in header and "Columns" in header
        if modality in NO_IMAGES or (not has_pixels and modality not in DERIVED):
            others[modality or "without image"] += 1
            continue
        uid = str(header.get("SeriesInstanceUID", "")) or "unknown"
        found = series.setdefault(uid, Series(uid, modality, str(header.get("SeriesDescription", ""))))
        found.add(file, header, frames)
    diagnoses = []
    if broken:
        names = ", ".join(broken[:4]) + ("…" if len(broken) > 4 else "")
        diagnoses.append(Diagnosis("unreadable", f"{len(broken)} broken files were left out: {names}"))
    if not series:
        what = "; there are " + ", ".join(f"{count} {name}" for name, count in others.items()) if others else ""
        raise UnreadableError(f"there are no DICOM images in {path.name}{what}" + (f"; {diagnoses[0]}" if broken else ""))
    return list(series.values()), diagnoses


def read_header(file: Path, broken: list[str]) -> tuple[Dataset | None, FrameIndex | None]:
    """A file's header and where its pixels are; nothing where it is no DICOM. Names of files that begin as DICOM and then break
    are added to `broken`."""
    try:
        with file.open("rb") as stream:
            header: Dataset | None
            header, frames = read_strictly(stream, LARGEST_INFLATED)
    except (OSError, ValueError, UnreadableError):
        header, frames = _read_forgivingly(file, broken), None
    if header is not None and "SOPInstanceUID" not in header and "Rows" not in header:
        broken.append(file.name)
        return None, None
    return header, frames


def _read_forgivingly(file: Path, broken: list[str]) -> Dataset | None:
    try:
        with file.open("rb") as stream:
            start = stream.read(132)
        marked = start[128:] == b"DICM"
        if not marked and not _looks_like_data_set(start):
            if file.suffix.lower() in (".dcm", ".ima"):
                broken.append(file.name)
            return None
        header = pydicom.dcmread(file, stop_before_pixels=True, force=not marked)
    except (InvalidDicomError, OSError, ValueError, EOFError, KeyError, AttributeError, NotImplementedError):
        broken.append(file.name)
        return None
    return header if marked or "SOPClassUID" in header else None


def _looks_like_data_set(start: bytes) -> bool:
    """A file without preamble begins with a tag of group 0002 or 0008, little-endian."""
    return start[:2] in (b"\x02\x00", b"\x08\x00") and len(start) > 8 and start[3:4] == b"\x00"


def choose(series: list[Series]) -> Series:
    """The series to show first: images before segments, a volume's modality before others, then the most pixels."""

    def rank(one: Series) -> tuple[bool, int, int]:
        known = PREFERRED.index(one.modality) if one.modality in PREFERRED else len(PREFERRED)
        several = sum(int(h.get("NumberOfFrames", 1) or 1) for _p, h in one.files) > 2
        return (one.is_derived, 0 if several else 1, known)

    return min(series, key=lambda one: (*rank(one), -one.pixels))


def series_name(header: Dataset, otherwise: str) -> str:
    """Number and description of a series, as nodes are named."""
    number, text = header.get("SeriesNumber"), str(header.get("SeriesDescription", "") or otherwise)
    return f"{number}: {text}" if number is not None else text


def kept_metadata(header: Dataset) -> dict[str, str]:
    """What of a header a node keeps."""
    return {key: str(header[key].value) for key in KEPT if key in header and header[key].value not in (None, "")}
