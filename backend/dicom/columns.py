"""Columns of the index made of an instance's attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from backend.dicom.text import fold

Columns = dict[str, str | int | None]
Values = Mapping[int, Sequence[str]]

LARGEST_NUMBER = 2**63 - 1
DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})\Z", re.ASCII)  # with points: ACR-NEMA
TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{0,6})?\Z", re.ASCII)

TEXTS_OF_STUDY = {"accession_number": 0x00080050, "study_id": 0x00200010, "study_description": 0x00081030,
                  "patient_id": 0x00100020, "patient_sex": 0x00100040}  # fmt: skip
TEXTS_OF_SERIES = {"modality": 0x00080060, "series_description": 0x0008103E, "body_part": 0x00180015,
                   "institution_name": 0x00080080, "station_name": 0x00081010}  # fmt: skip
NUMBERS_OF_INSTANCE = {"instance_number": 0x00200013, "rows": 0x00280010, "columns": 0x00280011,
                       "bits_allocated": 0x00280100, "frames": 0x00280008}  # fmt: skip
STUDY_DATE, STUDY_TIME, BIRTH_DATE = 0x00080020, 0x00080030, 0x00100030
SERIES_DATE, SERIES_TIME, PERFORMED_DATE, PERFORMED_TIME = 0x00080021, 0x00080031, 0x00400244, 0x00400245
REFERRING, PATIENT_NAME, SERIES_NUMBER = 0x00080090, 0x00100010, 0x00200011

COLUMNS = frozenset(
    {
        0x0020000D, 0x0020000E, 0x00080018, 0x00080016, STUDY_DATE, STUDY_TIME, BIRTH_DATE, SERIES_DATE, SERIES_TIME,
        PERFORMED_DATE, PERFORMED_TIME, REFERRING, PATIENT_NAME, SERIES_NUMBER, *TEXTS_OF_STUDY.values(),
        *TEXTS_OF_SERIES.values(), *NUMBERS_OF_INSTANCE.values(),
    }
)  # fmt: skip
"""Tags of the attributes that columns are made of."""


def study_columns(values: Values) -> Columns:
    """Columns of a study's row."""
    found: Columns = {name: text(values, tag) for name, tag in TEXTS_OF_STUDY.items()}
    found |= _person("referring_physician", text(values, REFERRING)) | _person("patient_name", text(values, PATIENT_NAME))
    return found | {
        "study_date": date(text(values, STUDY_DATE)), "study_time": time(text(values, STUDY_TIME)),
        "patient_birth_date": date(text(values, BIRTH_DATE)),
        "study_description_folded": _folded(found["study_description"]),
    }  # fmt: skip


def series_columns(values: Values) -> Columns:
    """Columns of a series' row."""
    found: Columns = {name: text(values, tag) for name, tag in TEXTS_OF_SERIES.items()}
    return found | {
        "series_number": number(text(values, SERIES_NUMBER)),
        "series_date": date(text(values, SERIES_DATE)), "series_time": time(text(values, SERIES_TIME)),
        "performed_date": date(text(values, PERFORMED_DATE)), "performed_time": time(text(values, PERFORMED_TIME)),
        "series_description_folded": _folded(found["series_description"]),
    }  # fmt: skip


def instance_columns(values: Values) -> Columns:
    """Columns of an instance's row."""
    return {name: number(text(values, tag)) for name, tag in NUMBERS_OF_INSTANCE.items()}


def text(values: Values, tag: int) -> str | None:
    """All values of an attribute, a backslash between them; None where there is nothing."""
    return "\\".join(values.get(tag, ())) or None


def number(value: str | None) -> int | None:
    """A whole number; None where it is none, or larger than a column holds."""
    try:
        found = int(float(value)) if value and "." in value else int(value or "")
    except (ValueError, OverflowError):
        return None
    return found if abs(found) <= LARGEST_NUMBER else None


def date(value: str | None) -> str | None:
    """A date as YYYYMMDD; what is no date stays as it is."""
    found = DATE.match(value or "")
    return "".join(found.groups()) if found else value


def time(value: str | None) -> str | None:
    """A time as HHMMSS.FFFFFF, so that times compare as texts do; what is no time stays as it is."""
    found = TIME.match(value or "")
    if not found:
        return value
    hours, minutes, seconds, fraction = found.groups()
    return f"{hours}{minutes or '00'}{seconds or '00'}.{(fraction or '.')[1:].ljust(6, '0')}"


def _person(name: str, value: str | None) -> Columns:
    groups = (value or "").split("=")
    names = ("alphabetic", "ideographic", "phonetic")
    parts = {f"{name}_{key}": _folded(groups[index]) if index < len(groups) else None for index, key in enumerate(names)}
    return {name: value, **parts}


def _folded(value: str | int | None) -> str | None:
    return fold(value).rstrip(" ^") or None if isinstance(value, str) else None
