"""Whether attributes fulfil a criterion, for what the index has no column of. `backend.store.search` says the same in SQL."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backend.dicom.keys import comparable
from backend.dicom.levels import key
from backend.dicom.query import Criterion, Empty, Items, Moments, Numbers, Person, Range, Text, Words, is_private
from backend.dicom.text import fold

GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
Attributes = Mapping[str, Any]
"""A DICOM JSON object."""


def holds(criterion: Criterion, attributes: Attributes) -> bool:
    """Whether a DICOM JSON object fulfils a criterion. Attributes that are not there fulfil none but `Empty`."""
    element = _element(criterion, attributes)
    values = [value for value in element.get("Value", ()) if value is not None and value != ""]
    match = criterion.match
    if isinstance(match, Empty):
        return not values and not element.keys() & {"BulkDataURI", "InlineBinary"}
    if isinstance(match, Moments):
        times = _texts(attributes.get(key(match.time), {}).get("Value", ()))
        return any(_is_moment(match, date, time) for date in _texts(values) for time in times)
    return _fulfil(match, values)


def _fulfil(match: Text | Person | Words | Numbers | Range | Items, values: list[Any]) -> bool:
    """Whether any of an attribute's values is what it must be."""
    if isinstance(match, Items):
        return any(isinstance(item, dict) and all(holds(one, item) for one in match.criteria) for item in values)
    if isinstance(match, Numbers):
        return any(number in match.values for number in _numbers(values))
    if isinstance(match, Person | Words):
        return any(_is_person(match, name) for name in values if isinstance(name, dict))
    if isinstance(match, Range):
        return any(_is_within(match, comparable(value, match.kind)) for value in _texts(values))
    return _is_text(match, list(_texts(values)))


def _element(criterion: Criterion, attributes: Attributes) -> Attributes:
    """The element, of a private one that in the block its creator has in this object."""
    tag = criterion.tag
    if is_private(tag) and criterion.creator:
        group, low = tag >> 16, tag & 0xFF
        for block in range(0x10, 0x100):
            names = attributes.get(f"{group:04X}{block:04X}", {}).get("Value", ())
            if any(str(name).strip() == criterion.creator for name in names):
                tag = group << 16 | block << 8 | low
                break
        else:
            return {}
    found = attributes.get(key(tag), {})
    return found if isinstance(found, dict) else {}


def _texts(values: Any) -> Iterator[str]:
    """Values as texts; of names the alphabetic group."""
    for value in values:
        if isinstance(value, dict):
            yield str(value.get("Alphabetic", ""))
        elif value is not None:
            yield str(value).rstrip(" \0")


def _numbers(values: Any) -> Iterator[float]:
    for value in values:
        try:
            yield float(value)
        except (TypeError, ValueError):
            continue


def _is_text(match: Text, values: list[str]) -> bool:
    if match.folded:
        values = [fold(value) for value in values]
    fits = [any(is_like(value, wanted) if match.wild else value == wanted for value in values) for wanted in match.values]
    return all(fits) if match.every else any(fits)


@functools.lru_cache(1024)
def _expression(piece: str) -> re.Pattern[str]:
    return re.compile(re.escape(piece).replace(r"\?", "."), re.DOTALL)


def is_like(value: str, pattern: str) -> bool:
    """Whether a value is as a pattern with `*` and `?`: piece after piece, so that no pattern takes for ever."""
    head, *middle = pattern.split("*")
    if not middle:
        return _expression(head).fullmatch(value) is not None
    tail = middle.pop()
    found = _expression(head).match(value)
    for piece in middle:
        found = _expression(piece).search(value, found.end()) if found else None
    rest = len(value) - len(tail)
    return found is not None and found.end() <= rest and _expression(tail).fullmatch(value, rest) is not None


def _is_person(match: Person | Words, name: Mapping[str, Any]) -> bool:
    groups = [fold(str(name.get(group, ""))).rstrip(" ^") for group in GROUPS]
    if isinstance(match, Words):
        words = re.split(r"[\^\s]+", "^".join(groups))
        return all(any(word.startswith(wanted) for word in words) for wanted in match.words)
    if len(match.groups) == 1:
        return any(is_like(group, match.groups[0]) for group in groups if group)
    return all(not wanted or is_like(group, wanted) for group, wanted in zip(groups, match.groups, strict=False))


def _is_within(wanted: Range, found: tuple[str, str] | None) -> bool:
    if found is None:
        return False
    return (not wanted.first or wanted.first <= found[0]) and (not wanted.last or found[0] <= wanted.last)


def _is_moment(match: Moments, date: str, time: str) -> bool:
    day, hour = comparable(date, "DA"), comparable(time, "TM")
    if day is None or hour is None:
        return False
    moment = day[0] + hour[0]
    return _is_within(match.range, (moment, moment))
