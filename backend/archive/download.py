"""Studies and series as zip archives, in folders and files with names for people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from backend.archive.archive import Archive
from backend.archive.find import Found
from backend.archive.records import StoredInstance
from backend.archive.zip_file import Entry
from backend.dicom.levels import key
from backend.dicom.query import Query

PATIENT_NAME, PATIENT_ID, STUDY_DATE = 0x00100010, 0x00100020, 0x00080020
MODALITY, SERIES_NUMBER, SERIES_DESCRIPTION = 0x00080060, 0x00200011, 0x0008103E
UNSAFE = re.compile(r"[^\w.,+=() -]+", re.ASCII)
LONGEST_NAME = 60


@dataclass(frozen=True)
class Download:
    """A zip archive to be: its name without folders, and what is in it."""

    name: str
    entries: Sequence[Entry]


async def download_of(archive: Archive, study: str, series: str | None = None) -> Download:
    """A study or one of its series as `SERIES/INSTANCE.dcm`.

    Raises:
        NotFoundError: it is not there.
    """
    instances = await archive.instances(study, series)
    tags = (PATIENT_NAME, PATIENT_ID, STUDY_DATE, MODALITY, SERIES_NUMBER, SERIES_DESCRIPTION)
    query = Query("series", study=study, series=series or "", include=frozenset((tag,) for tag in tags))
    of_series = await archive.find(query, _texts_of)
    of_study = next(iter(of_series.values()), {})
    name = safe_name(" ".join(of_study.get(tag, "") for tag in (PATIENT_NAME, PATIENT_ID, STUDY_DATE)))
    if series is not None:
        name = safe_name(f"{name} {_folder(of_series.get(series, {}))}")
    return Download(f"{name or study}.zip", entries_of(instances, of_series))


def entries_of(instances: Sequence[StoredInstance], of_series: Mapping[str, Mapping[int, str]]) -> list[Entry]:
    """Files of a zip: a folder for each series, named by its number, modality and description, instances numbered in order.

    Args:
        instances: in order.
        of_series: attributes of series as texts, by their UIDs; what is not there is left out.
    """
    folders: dict[str, str] = {}
    taken: set[str] = set()
    counts: dict[str, int] = {}
    entries = []
    for one in instances:
        if one.series_uid not in folders:
            folder = wanted = _folder(of_series.get(one.series_uid, {})) or safe_name(one.series_uid)
            again = 1
            while folder.lower() in taken:
                again += 1
                folder = f"{wanted} ({again})"
            taken.add(folder.lower())
            folders[one.series_uid] = folder
        counts[one.series_uid] = number = counts.get(one.series_uid, 0) + 1
        entries.append(Entry(f"{folders[one.series_uid]}/{number:05d}.dcm", one.path, one.bytes))
    return entries


def safe_name(text: str) -> str:
    """A text as the name of a file on any system: letters, digits and a few signs, neither long nor empty at its ends."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().replace("^", " ")
    return " ".join(UNSAFE.sub(" ", plain).split())[:LONGEST_NAME].strip(" .")


def _folder(series: Mapping[int, str]) -> str:
    """Begins with digits, so that it is none of the names which Windows keeps for devices."""
    number = series.get(SERIES_NUMBER, "")
    first = f"{int(number):03d}" if number.isascii() and number.isdigit() else "000"
    return safe_name(f"{first} {series.get(MODALITY, '')} {series.get(SERIES_DESCRIPTION, '')}") if series else ""


def _texts_of(found: Found) -> dict[str, dict[int, str]]:
    """Texts of the attributes that names are made of, by series UID; runs on a thread."""
    tags = (PATIENT_NAME, PATIENT_ID, STUDY_DATE, MODALITY, SERIES_NUMBER, SERIES_DESCRIPTION)
    return {
        match.series_uid: {tag: _text(match.attributes[key(tag)]) for tag in tags if key(tag) in match.attributes}
        for match in found.matches
    }


def _text(element: msgspec.Raw) -> str:
    values: list[Any] = msgspec.json.decode(element).get("Value", [])
    first = values[0] if values else ""
    return str(first.get("Alphabetic", "") if isinstance(first, dict) else "" if first is None else first)
