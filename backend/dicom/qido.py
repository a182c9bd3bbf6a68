"""Query strings of QIDO-RS as queries of the archive (PS3.18, 8.3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from backend.dicom.keys import find_path, match_of, path_of, vr_of
from backend.dicom.query import (
    AVAILABILITY,
    OF_PATIENT,
    RETRIEVE_URL,
    Level,
    Match,
    Path,
    Query,
    combined,
    is_private,
    level_of,
    nested,
)
from backend.errors import BadRequestError

Pairs = Iterable[tuple[str, str]]

SWITCHES = ("fuzzymatching", "emptyvaluematching", "multiplevaluematching")
RESERVED = frozenset({"includefield", "limit", "offset", "accept", "charset", *SWITCHES})
MOST_KEYS = 100
NUMBER = re.compile(r"\d{1,18}\Z", re.ASCII)
NOT_MATCHED = OF_PATIENT | {AVAILABILITY, RETRIEVE_URL}
"""They can be asked for, but no search is narrowed by them."""


def read_query(pairs: Pairs, level: Level, study: str = "", series: str = "") -> Query:
    """The query of a search.

    Keys of attributes of levels that are not searched (below `level`, or fixed by `study` and `series`) are no conditions.
    Parameters that are no attributes are passed over.

    Args:
        pairs: names and values of the query string, decoded, in order.
        study: UID of the study in the path, empty where there is none.
        series: UID of the series in the path.

    Raises:
        BadRequestError: a parameter has a value that it can not have.
    """
    given = list(pairs)
    switches = {name: _switch(given, name) for name in SWITCHES}
    include, include_all = _included(given)
    searched = Query(level, study=study, series=series).levels
    keys = dict(_keys(given))
    creators = {path[-1]: text.strip() for path, text in keys.items() if _is_creator(path[-1])}
    criteria: list[tuple[Path, Match, str]] = []
    for path, text in keys.items():
        match = match_of(
            path[-1], text, switches["fuzzymatching"], switches["multiplevaluematching"], switches["emptyvaluematching"]
        )  # fmt: skip
        if match is None or _is_creator(path[-1]) or path[0] in NOT_MATCHED:
            continue
        if any(vr_of(tag) not in ("SQ", "UN") for tag in path[:-1]):
            raise BadRequestError("only sequences have attributes below them")
        creator = _creator_of(path[-1], creators) if is_private(path[-1]) else ""
        if (level_of(path[0]) or level) in searched:
            criteria.append((path, match, creator))
    return Query(
        level, combined(nested(criteria)), study, series, frozenset({*keys, *include}), include_all,
        _number(given, "limit"), _number(given, "offset") or 0,
    )  # fmt: skip


def _values(given: Pairs, name: str) -> list[str]:
    return [value for found, value in given if found == name]


def _switch(given: Pairs, name: str) -> bool:
    values = _values(given, name)
    if any(value not in ("true", "false") for value in values):
        raise BadRequestError(f"{name} is true or false")
    return "true" in values


def _number(given: Pairs, name: str) -> int | None:
    values = _values(given, name)
    if any(not NUMBER.match(value) for value in values) or len(values) > 1:
        raise BadRequestError(f"{name} is a whole number, 0 or more")
    return int(values[0]) if values else None


def _included(given: Pairs) -> tuple[list[Path], bool]:
    names = [name.strip() for value in _values(given, "includefield") for name in value.split(",") if name.strip()]
    if len(names) > MOST_KEYS * 10:
        raise BadRequestError(f"includefield names more than {MOST_KEYS * 10} attributes")
    return [path_of(name) for name in names if name != "all"], "all" in names


def _keys(given: Pairs) -> Iterator[tuple[Path, str]]:
    """Matching keys: what names an attribute. Lists of UIDs may come in several parameters."""
    found: dict[Path, str] = {}
    for name, value in given:
        path = None if name in RESERVED else find_path(name)
        if path is None:
            continue
        if path in found and vr_of(path[-1]) != "UI":
            raise BadRequestError(f"{name} is there more than once")
        found[path] = f"{found[path]},{value}" if found.get(path) and value else found.get(path) or value
    if len(found) > MOST_KEYS:
        raise BadRequestError(f"a search has at most {MOST_KEYS} keys")
    yield from found.items()


def _is_creator(tag: int) -> bool:
    return is_private(tag) and 0x10 <= tag & 0xFFFF <= 0xFF


def _creator_of(tag: int, creators: dict[int, str]) -> str:
    """Name of a private attribute's creator, which has to be a key as well.

    Raises:
        BadRequestError: it is none.
    """
    place = tag & 0xFFFF0000 | tag >> 8 & 0xFF
    if not creators.get(place):
        raise BadRequestError(f"the private attribute {tag:08X} needs its private creator {place:08X} as a second key")
    return creators[place]
