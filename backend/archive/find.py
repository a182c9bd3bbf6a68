"""Answers to queries: DICOM JSON objects of attributes, made of what the index holds, without opening a file."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from isal import isal_zlib

from backend.dicom.keys import vr_of
from backend.dicom.levels import MAIN_INSTANCE, key
from backend.dicom.query import (
    AVAILABILITY,
    CLASSES_IN_STUDY,
    COMPUTED,
    DEPTH,
    MODALITIES_IN_STUDY,
    OF_PATIENT,
    RETRIEVE_URL,
    SERIES_INSTANCES,
    STUDY_INSTANCES,
    STUDY_SERIES,
    Level,
    Path,
    Query,
    is_within,
    level_of,
)
from backend.store import reading
from backend.store.search import Counts, Page, search, study_figures

Raw = msgspec.Raw
_decode = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.encode

ALWAYS: dict[Level, tuple[int, ...]] = {
    "study": (
        0x00080020, 0x00080030, 0x00080050, MODALITIES_IN_STUDY, 0x00080090, 0x00100010, 0x00100020, 0x00100030, 0x00100040,
        0x0020000D, 0x00200010, STUDY_SERIES, STUDY_INSTANCES,
    ),
    "series": (0x00080060, 0x0020000E, 0x00200011, SERIES_INSTANCES),
    "instance": (0x00080016, 0x00080018, 0x00200013),
}  # fmt: skip
"""In every answer, with or without a value (PS3.18, 10.6.3.3)."""
IF_KNOWN: dict[Level, tuple[int, ...]] = {
    "study": (0x00080005, 0x00080201, 0x00081030),
    "series": (0x00080005, 0x00080021, 0x00080031, 0x00080201, 0x0008103E, 0x00400244, 0x00400245, 0x00400275),
    "instance": (0x00080005, 0x00080201, 0x00280008, 0x00280010, 0x00280011, 0x00280100),
}
"""Descriptions, dates and times of series are asked for by most clients, and missed by those that forget to."""


@dataclass(frozen=True)
class Found:
    """What a query found: one page, and how many matches there are behind it."""

    matches: Sequence[Match]
    more: int


@dataclass(frozen=True)
class Match:
    """One study, series or instance. UIDs of lower levels are empty."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    attributes: dict[str, Raw]
    """A DICOM JSON object, its elements encoded, in no order."""


def find(connection: Any, query: Query, most: int, seconds: float, counts: Counts, state: str) -> Found:
    """What a query finds; runs on a thread (`Archive.find`).

    Args:
        connection: to read from.
        most: matches at most, whatever the query's limit.
        seconds: how long it may take.
        counts: of searches before.
        state: the archive's, before the connection began to read.

    Raises:
        TooLargeError: it takes longer than `seconds`.
    """
    page = search(connection, query, most, seconds, counts, state)
    answer = _Answer(query)
    figures = _figures(connection, query, page)
    models = _models(connection, query, page)
    return Found([answer.match(row, figures, models) for row in page.rows], page.more)


def _figures(connection: Any, query: Query, page: Page) -> Mapping[int, Mapping[int, Any]]:
    """What is counted only where it is asked for, by study and tag."""
    wanted = OF_PATIENT | {CLASSES_IN_STUDY}
    if not (query.include_all and query.level == "study"):
        wanted &= {path[0] for path in query.include}
    return study_figures(connection, page, wanted) if wanted else {}


def _models(connection: Any, query: Query, page: Page) -> Mapping[int, dict[str, Raw]]:
    """Whole models of the page's instances, where an attribute is asked for that only they have."""
    rare = [path for path in query.include if _is_rare(path[0])]
    if query.level != "instance" or not rare:
        return {}
    rows = reading.find_contents(connection, [row.instance_id for row in page.rows])
    kept = {key(path[0]) for path in rare}
    models = ((row.instance_fk, _decode(isal_zlib.decompress(row.model, -isal_zlib.MAX_WBITS))) for row in rows)
    # Copies, since what was decoded holds on to the whole model.
    return {number: {name: model[name].copy() for name in kept if name in model} for number, model in models}


def _is_rare(tag: int) -> bool:
    return level_of(tag) == "instance" and tag not in MAIN_INSTANCE


class _Answer:
    """Which attributes the answers to a query have, found once for all of its rows."""

    def __init__(self, query: Query) -> None:
        include = [path for path in query.include if path[0] != RETRIEVE_URL and is_within(path[0], query.level)]
        self.always: set[str] = set()
        self.wanted: dict[Level, set[str]] = {"study": set(), "series": set(), "instance": set()}
        for level in query.levels:
            self.always |= {key(tag) for tag in ALWAYS[level]}
            self.wanted[level] |= {key(tag) for tag in (*ALWAYS[level], *IF_KNOWN[level])}
        for path in include:
            self.wanted[level_of(path[0]) or query.level].add(key(path[0]))
        self.everything = set(query.levels) if query.include_all else set()
        self.computed = self.always.union(*self.wanted.values()) & _COMPUTED_KEYS
        self.nested = _nested(include)
        self.level, self.depth = query.level, DEPTH[query.level]
        self.above = [level for level, wanted in self.wanted.items() if wanted and level != query.level]
        self._empty = {name: _empty(name) for name in self.always}
        self._last: dict[Level, tuple[str | None, dict[str, Raw]]] = {}
        self._seen: tuple[str, str] | None = None
        self._shared: tuple[dict[str, Raw], dict[str, Raw]] = ({}, {})

    def match(self, row: Any, figures: Mapping[int, Mapping[int, Any]], models: Mapping[int, dict[str, Raw]]) -> Match:
        """The answer made of one row."""
        series_uid = row.series_uid if self.depth else ""
        instance_uid = row.sop_instance_uid if self.depth > 1 else ""
        if (row.study_uid, series_uid) != self._seen:  # rows beside each other are often of one series
            self._seen = row.study_uid, series_uid
            self._shared = self._of_above(row, series_uid), self._computed(row, figures.get(row.study_id, {}))
        above, computed = self._shared
        found = above | self._of_level(self.level, row)
        if models:
            found |= models.get(row.instance_id, {})
        found |= computed
        for name, inner in self.nested.items():
            if name in found:
                found[name] = _pruned(found[name], inner)
        return Match(row.study_uid, series_uid, instance_uid, found)

    def _of_above(self, row: Any, series_uid: str) -> dict[str, Raw]:
        """What is wanted of the levels above, and what is always there, without a value where nothing below has one."""
        found = {**self._empty, "0020000D": _text("UI", row.study_uid)}
        if series_uid:
            found["0020000E"] = _text("UI", series_uid)
        for level in self.above:
            found |= self._of_level(level, row)
        return found

    def _of_level(self, level: Level, row: Any) -> dict[str, Raw]:
        """What is wanted of a level's attributes."""
        text: str = getattr(row, level)
        known, found = self._last.get(level, (None, {}))
        if known is not text and known != text:
            there = _decode(text)
            found = there if level in self.everything else {name: there[name] for name in self.wanted[level] if name in there}
            self._last[level] = (text, found)
        return found

    def _computed(self, row: Any, figures: Mapping[int, Any]) -> dict[str, Raw]:
        """What the archive knows better than the files."""
        found = {"00080056": _ONLINE}
        if "00080061" in self.computed:
            found["00080061"] = _text("CS", *row.modalities.split("\\")) if row.modalities else _empty("00080061")
        if "00201206" in self.computed:
            found["00201206"] = _number(row.series_count)
        if "00201208" in self.computed:
            found["00201208"] = _number(row.study_instances)
        if "00201209" in self.computed and self.depth:
            found["00201209"] = _number(row.series_instances)
        for tag, value in figures.items():
            found[key(tag)] = _text("UI", *value) if tag == CLASSES_IN_STUDY else _number(value)
        return found


_COMPUTED_KEYS = {key(tag) for tag in COMPUTED}


def _element(vr: str, values: Iterable[Any]) -> Raw:
    return Raw(_encode({"vr": vr, "Value": list(values)}))


@functools.lru_cache(4096)
def _text(vr: str, *values: str) -> Raw:
    return _element(vr, values)


@functools.lru_cache(4096)
def _number(value: int) -> Raw:
    return _element("IS", [value])


@functools.lru_cache(256)
def _empty(name: str) -> Raw:
    return Raw(_encode({"vr": vr_of(int(name, 16))}))


_ONLINE = _text("CS", "ONLINE")
assert AVAILABILITY == 0x00080056

Wanted = dict[str, Any]
"""Keys of what is wanted of a sequence's items, each with the same of its own items; empty for all of it."""


def _nested(include: Iterable[Path]) -> Wanted:
    """Sequences of which only a part was asked for; not those that were asked for whole as well."""
    paths = set(include)
    found: Wanted = {}
    for path in sorted(paths, key=len):
        if len(path) > 1 and not any(path[:length] in paths for length in range(1, len(path))):
            place = found
            for tag in path:
                place = place.setdefault(key(tag), {})
    return found


def _pruned(raw: Raw, wanted: Wanted) -> Raw:
    """A sequence whose items have only what is wanted."""
    element = msgspec.json.decode(raw)
    return Raw(_encode(_prune(element, wanted)))


def _prune(element: Any, wanted: Wanted) -> Any:
    if not wanted or element.get("vr") != "SQ":
        return element
    items = element.get("Value", [])
    pruned = [{name: _prune(item[name], inner) for name, inner in wanted.items() if name in item} for item in items]
    return {**element, "Value": pruned} if items else element
