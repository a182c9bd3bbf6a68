"""Which attributes are columns, and a criterion on a column as SQL. `backend.dicom.matching` says the same in Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from backend.dicom.query import (
    CLASSES_IN_STUDY,
    MODALITIES_IN_STUDY,
    SERIES_INSTANCES,
    STUDY_INSTANCES,
    STUDY_SERIES,
    Criterion,
    Empty,
    Level,
    Match,
    Moments,
    Numbers,
    Person,
    Range,
    Text,
    Words,
)
from backend.store.schema import instances, series, studies

Condition = ColumnElement[bool]
HIGHEST = "\U0010ffff"
ESCAPE = "\\"
MOST_RUNS = 3
"""Of wild cards that LIKE is given; its time grows with the length of the text to the power of their number."""

TEXTS: dict[int, sa.Column[Any]] = {
    0x0020000D: studies.c.study_uid, 0x00080050: studies.c.accession_number, 0x00200010: studies.c.study_id,
    0x00081030: studies.c.study_description, 0x00100020: studies.c.patient_id, 0x00100040: studies.c.patient_sex,
    0x0020000E: series.c.series_uid, 0x00080060: series.c.modality, 0x0008103E: series.c.series_description,
    0x00180015: series.c.body_part, 0x00080080: series.c.institution_name, 0x00081010: series.c.station_name,
    0x00080018: instances.c.sop_instance_uid, 0x00080016: instances.c.sop_class_uid,
}  # fmt: skip
FOLDED: dict[int, sa.Column[Any]] = {
    0x00081030: studies.c.study_description_folded, 0x0008103E: series.c.series_description_folded,
}  # fmt: skip
NUMBERS: dict[int, sa.Column[Any]] = {
    STUDY_SERIES: studies.c.series_count, STUDY_INSTANCES: studies.c.instance_count,
    SERIES_INSTANCES: series.c.instance_count, 0x00200011: series.c.series_number,
    0x00200013: instances.c.instance_number, 0x00280010: instances.c.rows, 0x00280011: instances.c.columns,
    0x00280100: instances.c.bits_allocated, 0x00280008: instances.c.frames,
}  # fmt: skip
DATES: dict[int, sa.Column[Any]] = {
    0x00080020: studies.c.study_date, 0x00080030: studies.c.study_time, 0x00100030: studies.c.patient_birth_date,
    0x00080021: series.c.series_date, 0x00080031: series.c.series_time,
    0x00400244: series.c.performed_date, 0x00400245: series.c.performed_time,
}  # fmt: skip


class _Person(NamedTuple):
    whole: sa.Column[Any]
    groups: tuple[sa.Column[Any], sa.Column[Any], sa.Column[Any]]


PERSONS = {
    0x00100010: _Person(
        studies.c.patient_name,
        (studies.c.patient_name_alphabetic, studies.c.patient_name_ideographic, studies.c.patient_name_phonetic),
    ),
    0x00080090: _Person(
        studies.c.referring_physician,
        (
            studies.c.referring_physician_alphabetic,
            studies.c.referring_physician_ideographic,
            studies.c.referring_physician_phonetic,
        ),
    ),
}


def condition_of(criterion: Criterion) -> Condition | None:
    """A criterion as a condition on columns; None where the attribute is none."""
    tag, match = criterion.tag, criterion.match
    if tag == MODALITIES_IN_STUDY:
        return _modalities(match)
    if tag == CLASSES_IN_STUDY:
        return _classes(match)
    if tag in PERSONS:
        return _person(PERSONS[tag], match)
    column = next((table[tag] for table in (TEXTS, NUMBERS, DATES) if tag in table), None)
    return None if column is None else _on_column(column, tag, match)


def _on_column(column: sa.Column[Any], tag: int, match: Match) -> Condition:
    if isinstance(match, Text):
        return _text(column, FOLDED.get(tag), match)
    if isinstance(match, Numbers):
        return column.in_(match.values)
    if isinstance(match, Range):
        return sa.and_(*_ends(column, match.first, match.last))
    if isinstance(match, Moments):
        moment = column + DATES[match.time]
        return sa.and_(*_ends(column, match.range.first[:8], match.range.last[:8]),
                       *_ends(moment, match.range.first, match.range.last))  # fmt: skip
    if not isinstance(match, Empty):
        raise TypeError(f"{match} is nothing that {column} could be")
    return column.is_(None)


def _ends(value: ColumnElement[Any], first: str, last: str) -> list[Condition]:
    return ([value >= first] if first else []) + ([value <= last] if last else [])


def _text(column: ColumnElement[Any], folded: ColumnElement[Any] | None, match: Text) -> Condition:
    if match.folded:
        column = folded if folded is not None else sa.func.folded(column)
    how: Callable[[str], Condition] = (lambda value: like(column, value)) if match.wild else (lambda value: column == value)
    if match.every:
        return sa.and_(*(how(value) for value in match.values))
    return sa.or_(*(how(value) for value in match.values)) if match.wild else column.in_(match.values)


def like(column: ColumnElement[Any], pattern: str) -> Condition:
    """A pattern with `*` and `?` as a condition, for which an index serves where the pattern has a beginning."""
    start = min((pattern.find(sign) for sign in "*?" if sign in pattern), default=-1)
    if start < 0:
        return column == pattern
    parts: list[Condition] = []
    if start:
        parts += [column >= pattern[:start], column < pattern[:start] + HIGHEST]
    runs = re.sub(r"\*+", "*", pattern)
    if runs.count("*") > MOST_RUNS:
        parts.append(sa.func.is_like(column, runs) == 1)
    elif pattern[start:].strip("*"):
        escaped = pattern.replace(ESCAPE, ESCAPE * 2).replace("%", r"\%").replace("_", r"\_")
        parts.append(column.like(escaped.replace("*", "%").replace("?", "_"), escape=ESCAPE))
    return sa.and_(*parts) if parts else column.is_not(None)


def _person(columns: _Person, match: object) -> Condition:
    if isinstance(match, Empty):
        return columns.whole.is_(None)
    if isinstance(match, Words):
        starts = [[f"{word}*", f"*^{word}*", f"* {word}*"] for word in match.words]
        return sa.and_(*(sa.or_(*(like(group, start) for group in columns.groups for start in word)) for word in starts))
    assert isinstance(match, Person)
    if len(match.groups) == 1:
        return sa.or_(*(like(group, match.groups[0]) for group in columns.groups))
    pairs = zip(columns.groups, match.groups, strict=False)
    return sa.and_(*(like(group, wanted) for group, wanted in pairs if wanted))


def _modalities(match: object) -> Condition:
    """One of the list that a study's row has, with a backslash between them."""
    if isinstance(match, Empty):
        return studies.c.modalities == ""
    assert isinstance(match, Text)
    listed = "\\" + studies.c.modalities + "\\"
    # A wild card may run over what separates them, which only a modality with a backslash in it could tell.
    found = [
        like(listed, f"*\\{value}\\*") if not match.wild else _modality_like(value) for value in match.values
    ]  # fmt: skip
    return sa.and_(*found) if match.every else sa.or_(*found)


def _modality_like(pattern: str) -> Condition:
    one = sa.select(series.c.id).where(series.c.study_fk == studies.c.id, like(series.c.modality, pattern))
    return one.correlate(studies).exists()


def _classes(match: object) -> Condition:
    """Classes of a study's instances; there is no study without any."""
    if isinstance(match, Empty):
        return sa.false()
    assert isinstance(match, Text)
    groups = [(uid,) for uid in match.values] if match.every else [match.values]
    of = [sa.select(series.c.study_fk).join(instances).where(instances.c.sop_class_uid.in_(group)) for group in groups]
    return sa.and_(*(studies.c.id.in_(one) for one in of))


def table_of(level: Level) -> sa.Table:
    """The table of a level."""
    return {"study": studies, "series": series, "instance": instances}[level]
