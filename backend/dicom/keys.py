"""Matching keys: the text of a key, by its VR, as what it matches (PS3.4, C.2.2.2). Names of attributes as tags."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from pydicom.datadict import dictionary_VR, tag_for_keyword

from backend.dicom.identify import is_uid
from backend.dicom.query import MODALITIES_IN_STUDY, Empty, Match, Numbers, Path, Person, Range, Text, Words
from backend.dicom.text import fold
from backend.errors import BadRequestError

WILD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
NUMERIC = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
COMMA_LISTS = frozenset({MODALITIES_IN_STUDY, 0x00080060})
"""Where viewers put a comma between alternatives."""
LONGEST_KEY = 1024
MOST_VALUES = 2000
DEEPEST = 8

TAG = re.compile(r"[0-9A-Fa-f]{8}\Z")
DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})\Z", re.ASCII)
TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?\Z", re.ASCII)
MOMENT = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6}))?([+-](?:0\d|1[0-4])\d{2})?\Z", re.ASCII)
LOWEST, HIGHEST = ("0000", "01", "01", "00", "00", "00", "000000"), ("9999", "12", "31", "23", "59", "59", "999999")


def path_of(name: str) -> Path:
    """Tags of a name: keywords or eight hexadecimal digits, with dots between sequences and what is in them.

    Raises:
        BadRequestError: there is no such attribute, or it lies too deep.
    """
    found = find_path(name)
    if found is None:
        raise BadRequestError(f"there is no attribute {name[:100]!r}; names are keywords such as PatientName, or 00100010")
    return found


def find_path(name: str) -> Path | None:
    """As `path_of`; None where it is no name of an attribute."""
    parts = name.split(".")
    if len(parts) > DEEPEST:
        return None
    tags = [int(part, 16) if TAG.match(part) else tag_for_keyword(part) for part in parts]
    return tuple(tag for tag in tags if tag is not None) if None not in tags else None


def vr_of(tag: int) -> str:
    """VR by the dictionary; `UN` of what is not in it, of several the first."""
    try:
        return dictionary_VR(tag).split(" ")[0]
    except KeyError:
        return "UN"


def match_of(tag: int, text: str, fuzzy: bool = False, every: bool = False, empty: bool = False) -> Match | None:
    """What a key matches; None if anything (universal matching).

    Args:
        fuzzy: names by the beginnings of their words, other texts without case and accents.
        every: whether a list of values means that all must be there (multiple value matching).
        empty: whether two quotation marks mean an attribute without value.

    Raises:
        BadRequestError: it is none of this attribute's VR.
    """
    if len(text) > LONGEST_KEY and vr_of(tag) != "UI":
        raise BadRequestError(f"the key for {tag:08X} is longer than {LONGEST_KEY} characters")
    vr = vr_of(tag)
    text = text.rstrip(" \0") if vr in ("LT", "ST", "UT", "UR") else text.strip(" \0")
    match: Match | None
    if not text.strip("*"):
        match = None
    elif empty and text == '""':
        match = Empty()
    elif vr == "UI":
        match = Text(_uids(tag, text), every=every)
    elif vr == "PN":
        match = _person(text, fuzzy)
    elif vr in ("DA", "TM", "DT"):
        match = _range(tag, vr, text)
    elif vr in NUMERIC:
        match = Numbers(tuple(_number(tag, value) for value in text.split("\\")))
    elif vr in ("SQ", "OB", "OD", "OF", "OL", "OV", "OW"):
        raise BadRequestError(f"{tag:08X} has no value that could be matched (VR {vr})")
    else:
        match = _text(tag, vr, text, fuzzy, every)
    return match


def _text(tag: int, vr: str, text: str, fuzzy: bool, every: bool) -> Text:
    separator = "," if tag in COMMA_LISTS and not every else "\\"
    values = tuple(value.strip() for value in text.split(separator)) if every or tag in COMMA_LISTS else (text,)
    if vr == "AT":
        return Text(tuple(value.upper() for value in values), every=every)
    wild = vr in WILD | {"UN"} and any(sign in text for sign in "*?")
    folded = fuzzy and vr not in ("CS", "AE", "UR")
    return Text(tuple(fold(value) for value in values) if folded else values, wild, every, folded)


def _uids(tag: int, text: str) -> tuple[str, ...]:
    values = tuple(value.strip(" \0") for value in re.split(r"[,\\]", text))
    if len(values) > MOST_VALUES or not all(is_uid(value) for value in values):
        raise BadRequestError(f"the key for {tag:08X} is no UID, nor a list of up to {MOST_VALUES} of them")
    return values


def _person(text: str, fuzzy: bool) -> Match | None:
    if fuzzy and not any(sign in text for sign in "*?="):
        words = tuple(word for word in re.split(r"[\^\s,]+", fold(text)) if word)
        return Words(words) if words else None
    groups = tuple(_trimmed(group) for group in text.split("=")[:3])
    return Person(groups) if any(group.strip("*") for group in groups) else None


def _trimmed(group: str) -> str:
    return fold(group).strip().rstrip(" ^")


def _number(tag: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRequestError(f"the key for {tag:08X} is no number: {text[:64]!r}")
    return value


def _range(tag: int, vr: str, text: str) -> Range:
    kind = {"DA": "DA", "TM": "TM", "DT": "DT"}[vr]
    read = {"DA": _date, "TM": _time, "DT": _moment}[vr]
    alone = read(text)
    if alone is not None:
        return Range(*alone, kind, single=True)  # type: ignore[arg-type]
    for at in (index for index, sign in enumerate(text) if sign == "-"):  # moments may have one in their time zone
        first, last = text[:at].strip(), text[at + 1 :].strip()
        ends = (read(first) if first else ("", ""), read(last) if last else ("", ""))
        if ends[0] is not None and ends[1] is not None and (first or last):
            return Range(ends[0][0], ends[1][1], kind)  # type: ignore[arg-type]
    what = {"DA": "date such as 20240131", "TM": "time such as 1030", "DT": "moment such as 202401311030"}[vr]
    raise BadRequestError(f"the key for {tag:08X} is no {what}, nor a range of two with - between: {text[:64]!r}")


def _date(text: str) -> tuple[str, str] | None:
    found = DATE.match(text)
    value = "".join(found.groups()) if found else ""
    return (value, value) if found and 1 <= int(value[4:6]) <= 12 and 1 <= int(value[6:]) <= 31 else None


def _time(text: str) -> tuple[str, str] | None:
    found = TIME.match(text)
    if not found:
        return None
    hours, minutes, seconds, fraction = found.groups()
    if int(hours) > 23 or int(minutes or 0) > 59 or int(seconds or 0) > 60:
        return None
    first = f"{hours}{minutes or '00'}{seconds or '00'}.{(fraction or '').ljust(6, '0')}"
    return first, f"{hours}{minutes or '59'}{seconds or '59'}.{(fraction or '').ljust(6, '9')}"


def _moment(text: str) -> tuple[str, str] | None:
    """First and last moment of what a DT covers; with a time zone, in UTC."""
    found = MOMENT.match(text)
    if not found:
        return None
    *given, zone = found.groups()
    present = [value is not None for value in given]
    if present != sorted(present, reverse=True):  # a fraction without seconds
        return None
    first, last = (_joined(given, fill) for fill in (LOWEST, HIGHEST))
    if not zone:
        return first, last
    try:
        return _in_utc(first, zone), _in_utc(last, zone)
    except (ValueError, OverflowError):
        return None


def _joined(given: list[str | None], fill: tuple[str, ...]) -> str:
    parts = [value if value is not None else other for value, other in zip(given[:6], fill[:6], strict=True)]
    fraction = (given[6] or "").ljust(6, "0" if fill is LOWEST else "9")
    return "".join(parts) + "." + fraction


def _in_utc(moment: str, zone: str) -> str:
    year, month = int(moment[:4]), int(moment[4:6])
    day = min(int(moment[6:8]), ((datetime(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)).day)
    read = datetime.strptime(f"{moment[:6]}{day:02d}{moment[8:]}", "%Y%m%d%H%M%S.%f")
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return (read - offset if zone[0] == "+" else read + offset).replace(tzinfo=UTC).strftime("%Y%m%d%H%M%S.%f")


def comparable(value: str, kind: str) -> tuple[str, str] | None:
    """First and last moment that a stored value of VR `kind` (DA, TM, DT) covers, as ends of a `Range`; None if it is none."""
    return {"DA": _date, "TM": _time, "DT": _moment}[kind](value.strip(" \0"))
