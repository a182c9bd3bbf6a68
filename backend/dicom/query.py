"""The query language of the archive: what QIDO-RS, C-FIND and the other doors make of their requests (PS3.4, C.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from backend.dicom.levels import EVERYWHERE, PATIENT, SERIES, STUDY

Level = Literal["study", "series", "instance"]
DEPTH: dict[Level, int] = {"study": 0, "series": 1, "instance": 2}

Path = tuple[int, ...]
"""Tags, from the outermost sequence to the attribute."""

MODALITIES_IN_STUDY, CLASSES_IN_STUDY, AVAILABILITY, RETRIEVE_URL = 0x00080061, 0x00080062, 0x00080056, 0x00081190
PATIENT_STUDIES, PATIENT_SERIES, PATIENT_INSTANCES = 0x00201200, 0x00201202, 0x00201204
STUDY_SERIES, STUDY_INSTANCES, SERIES_INSTANCES = 0x00201206, 0x00201208, 0x00201209
OF_PATIENT = frozenset({PATIENT_STUDIES, PATIENT_SERIES, PATIENT_INSTANCES})
OF_STUDY = frozenset({MODALITIES_IN_STUDY, CLASSES_IN_STUDY, STUDY_SERIES, STUDY_INSTANCES}) | OF_PATIENT
COMPUTED = OF_STUDY | {AVAILABILITY, RETRIEVE_URL, SERIES_INSTANCES}
"""Attributes that no file holds: they are counted, or come from the server."""


# -- how values are matched ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Any of the attribute's values equals any of these, trailing blanks aside."""

    values: tuple[str, ...]
    wild: bool = False
    """Whether `*` and `?` in `values` stand for any run and any character."""
    every: bool = False
    """Whether there must be one for each of `values`."""
    folded: bool = False
    """Whether case and accents do not count; `values` are folded then."""


@dataclass(frozen=True)
class Person:
    """A name, without case and accents. `*` and `?` are wild."""

    groups: tuple[str, ...]
    """Folded. One: what any of the three groups must be; more: alphabetic, ideographic, phonetic; empty ones match anything."""


@dataclass(frozen=True)
class Words:
    """A name in which each of these, folded, begins a part or a word of a part (fuzzy matching)."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """Any of the attribute's values is any of these numbers."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Range:
    """From `first` to `last`, both included, empty for open ends.

    Dates are YYYYMMDD, times HHMMSS.FFFFFF, both together one behind the other, so that all compare as texts.
    """

    first: str
    last: str
    kind: Literal["DA", "TM", "DT"]
    single: bool = False
    """Whether one date or time was given, which covers its whole span: hour 10 all of its minutes."""


@dataclass(frozen=True)
class Moments:
    """A pair of a date, which the criterion names, and a time, as one moment; ends as of `Range` of kind DT."""

    time: int
    """Tag of the time."""
    range: Range


@dataclass(frozen=True)
class Items:
    """One item of the sequence fulfils all of these."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Empty:
    """The attribute has no value, or is not there."""


Match = Text | Person | Words | Numbers | Range | Moments | Items | Empty


@dataclass(frozen=True)
class Criterion:
    """What an attribute must be."""

    tag: int
    match: Match
    creator: str = ""
    """Of a private attribute: its private creator, which may stand in another block than that of `tag`."""


@dataclass(frozen=True)
class Query:
    """What is looked for."""

    level: Level
    criteria: tuple[Criterion, ...] = ()
    """All must be fulfilled. Those of a lower level than `level` are left out."""
    study: str = ""
    """UID of the study that is searched; all where it is empty."""
    series: str = ""
    include: frozenset[Path] = frozenset()
    """Further attributes of the answer: those matched on, and those asked for."""
    include_all: bool = False
    """Whether everything the index holds of the level is wanted."""
    limit: int | None = None
    offset: int = 0

    @property
    def levels(self) -> tuple[Level, ...]:
        """Whose attributes answer, highest first: the level's own, and those above it that are not fixed."""
        if self.level == "study":
            return ("study",)
        above: list[Level] = [] if self.study else ["study"]
        return (*above, "series") if self.level == "series" else (*above, *(() if self.series else ("series",)), "instance")


def level_of(tag: int) -> Level | None:
    """The level that an attribute belongs to; None for those of all levels."""
    if tag in EVERYWHERE or tag in (AVAILABILITY, RETRIEVE_URL):
        return None
    if tag in PATIENT or tag in STUDY or tag in OF_STUDY:
        return "study"
    return "series" if tag in SERIES or tag == SERIES_INSTANCES else "instance"


def is_within(tag: int, level: Level) -> bool:
    """Whether answers of a level have an attribute: it is of this level or of one above."""
    found = level_of(tag)
    return found is None or DEPTH[found] <= DEPTH[level]


def is_private(tag: int) -> bool:
    """Whether the element belongs to a maker's group."""
    return bool(tag >> 16 & 1)


def nested(criteria: Iterable[tuple[Path, Match, str]]) -> tuple[Criterion, ...]:
    """Criteria of paths: those below one sequence together, since one item must fulfil all of them."""
    flat: list[Criterion] = []
    below: dict[int, list[tuple[Path, Match, str]]] = {}
    for path, match, creator in criteria:
        if len(path) == 1:
            flat.append(Criterion(path[0], match, creator))
        else:
            below.setdefault(path[0], []).append((path[1:], match, creator))
    return (*flat, *(Criterion(tag, Items(nested(inner))) for tag, inner in below.items()))


PAIRS = {
    0x00080020: 0x00080030, 0x00080021: 0x00080031, 0x00080022: 0x00080032, 0x00080023: 0x00080033, 0x00080012: 0x00080013,
    0x00400244: 0x00400245, 0x00400250: 0x00400251, 0x00400002: 0x00400003, 0x00400004: 0x00400005,
}  # fmt: skip
"""Dates and the times that go with them."""


def combined(criteria: Iterable[Criterion]) -> tuple[Criterion, ...]:
    """Criteria with the ranges of a date and of its time made one range of moments (PS3.4, C.2.2.2.5)."""
    given = list(criteria)
    by_tag = {criterion.tag: criterion.match for criterion in given}
    joined: dict[int, Criterion] = {}
    for date_tag, time_tag in PAIRS.items():
        date, time = by_tag.get(date_tag), by_tag.get(time_tag)
        if isinstance(date, Range) and isinstance(time, Range) and not date.single and not time.single:
            first = date.first + (time.first or "000000.000000") if date.first else ""
            last = date.last + (time.last or "235959.999999") if date.last else ""
            joined[date_tag] = Criterion(date_tag, Moments(time_tag, Range(first, last, "DT")))
    times = {PAIRS[date] for date in joined}
    return tuple(joined.get(criterion.tag, criterion) for criterion in given if criterion.tag not in times)
