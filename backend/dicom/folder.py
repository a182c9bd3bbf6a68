"""DICOM files of a folder, grouped into series. Files that are no DICOM are passed over; broken ones are told of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from backend.errors import UnreadableError
from backend.imaging.series import Diagnosis

# Modalities that hold volumes, most likely what somebody who opens a folder wants to see.
PREFERRED = ("CT", "MR", "PT", "NM", "XA", "US")
NO_IMAGES = ("SEG", "SR", "RTSTRUCT", "RTPLAN", "RTDOSE", "RWV", "PR", "KO", "REG")
HEADER_TAGS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass
class Series:
    """Headers (without pixels) and paths of one series."""

    uid: str
    modality: str
    description: str
    files: list[tuple[Path, FileDataset]] = field(default_factory=list)

    @property
    def pixels(self) -> int:
        """Pixels of all its images together."""
        frames = (int(h.get("NumberOfFrames", 1) or 1) * h.Rows * h.Columns for _path, h in self.files)
        return sum(frames)


def scan(path: Path, max_files: int) -> tuple[list[Series], list[Diagnosis]]:
    """All image series below a folder (or in one file).

    Raises:
        UnreadableError: there is no DICOM image at all.
    """
    candidates = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())[:max_files]
    series: dict[str, Series] = {}
    broken: list[str] = []
    others: dict[str, int] = defaultdict(int)
    for file in candidates:
        if file.name.startswith(".") or file.name.upper() == "DICOMDIR":
            continue
        header = read_header(file, broken)
        if header is None:
            continue
        modality = str(header.get("Modality", ""))
        if modality in NO_IMAGES or "Rows" not in header or "Columns" not in header:
            others[modality or "without image"] += 1
            continue
        uid = str(header.get("SeriesInstanceUID", "")) or "unknown"
        found = series.setdefault(uid, Series(uid, modality, str(header.get("SeriesDescription", ""))))
        found.files.append((file, header))
    diagnoses = []
    if broken:
        names = ", ".join(broken[:4]) + ("…" if len(broken) > 4 else "")
        diagnoses.append(Diagnosis("unreadable", f"{len(broken)} broken files were left out: {names}"))
    if not series:
        what = f"; there are {dict(others)}" if others else ""
        raise UnreadableError(f"there are no DICOM images in {path.name}{what}" + (f"; {diagnoses[0]}" if broken else ""))
    return list(series.values()), diagnoses


def read_header(file: Path, broken: list[str]) -> FileDataset | None:
    """A file's header, None where it is no DICOM; files that begin as DICOM and then break are added to `broken`."""
    try:
        with file.open("rb") as stream:
            start = stream.read(132)
        marked = start[128:] == b"DICM"
        if not marked and not _looks_like_data_set(start):
            if file.suffix.lower() in (".dcm", ".ima"):
                broken.append(file.name)
            return None
        header = pydicom.dcmread(file, stop_before_pixels=True, force=not marked)
        if not marked and "SOPClassUID" not in header:
            return None
    except (InvalidDicomError, OSError, ValueError, EOFError, KeyError, AttributeError, NotImplementedError):
        broken.append(file.name)
        return None
    if "SOPInstanceUID" not in header and "Rows" not in header:
        broken.append(file.name)
        return None
    return header


def _looks_like_data_set(start: bytes) -> bool:
    """A file without preamble begins with a tag of group 0002 or 0008, little-endian."""
    return start[:2] in (b"\x02\x00", b"\x08\x00") and len(start) > 8 and start[3:4] == b"\x00"


def choose(series: list[Series]) -> Series:
    """The series to show first: a volume's modality before others, then the most pixels."""

    def rank(one: Series) -> tuple[int, int]:
        known = PREFERRED.index(one.modality) if one.modality in PREFERRED else len(PREFERRED)
        several = sum(int(h.get("NumberOfFrames", 1) or 1) for _p, h in one.files) > 2
        return (0 if several else 1, known)

    return min(series, key=lambda one: (*rank(one), -one.pixels))
