"""A query as SQL: one page of rows in a stable order, and how many more there are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from isal import isal_zlib
from sqlalchemy.engine import Connection

from backend.dicom.levels import MAIN_INSTANCE, key
from backend.dicom.matching import holds
from backend.dicom.query import (
    CLASSES_IN_STUDY,
    OF_PATIENT,
    PATIENT_INSTANCES,
    PATIENT_SERIES,
    PATIENT_STUDIES,
    Criterion,
    Empty,
    Level,
    Query,
    level_of,
)
from backend.errors import TooLargeError
from backend.store.columns import Condition, condition_of, table_of
from backend.store.schema import contents, instances, series, studies

STEPS_BETWEEN_LOOKS = 20_000
"""Of SQLite's machine, between two looks at the clock."""
COUNTS_KEPT = 128
LEVELS: tuple[Level, ...] = ("study", "series", "instance")
JOINED = {"study": studies, "series": series.join(studies), "instance": instances.join(series).join(studies)}
Where = dict[Level, list[Condition]]
"""Conditions by the level whose table they are on."""


@dataclass(frozen=True)
class Page:
    """Rows in order, and the number of matches behind the last of them."""

    rows: Sequence[Any]
    more: int


class Counts:
    """How many matches queries had, so that who turns pages does not have them counted for each."""

    def __init__(self) -> None:
        self._kept: dict[Any, int] = {}

    def get(self, query: Query, state: str, count: Callable[[], int]) -> int:
        """The count of a query while the archive is in this state."""
        key = (state, query.level, query.criteria, query.study, query.series)
        if key not in self._kept:
            if len(self._kept) >= COUNTS_KEPT:
                self._kept = {}
            self._kept[key] = count()
        return self._kept[key]


def search(connection: Connection, query: Query, most: int, seconds: float, counts: Counts, state: str) -> Page:
    """One page of what a query finds.

    Rows have `study_uid`, `study`, `series_count`, `study_instances`, `modalities`, `patient_fk`, `study_id` of the study; of
    lower levels also `series_uid`, `series`, `series_instances`; of instances `instance_id`, `sop_instance_uid`, `instance`.
    `study`, `series` and `instance` are the attributes of the level as JSON; None of a level that nobody wants.

    Args:
        most: rows at most, whatever the query's limit.
        seconds: how long it may take.
        counts: of searches before.
        state: name of the database's state, as it was before the connection began to read.

    Raises:
        TooLargeError: it takes longer.
    """
    limit = most if query.limit is None else min(query.limit, most)
    if limit == 0:
        return Page((), 0)
    with _searching(connection, query, seconds) as where:
        rows = connection.execute(_page(query, where, limit)).all()
        if len(rows) < limit:
            return Page(rows, 0)
        matches = counts.get(query, state, lambda: int(connection.execute(_count(query, where)).scalar_one() or 0))
        return Page(rows, max(0, matches - query.offset - limit))


def _page(query: Query, where: Where, limit: int) -> sa.Select[Any]:
    """The rows' numbers are found first, with what indexes hold; only those of the page are read whole."""
    table, order = table_of(query.level), _order(query)
    numbers = _numbers(query.level, query, where).order_by(*order)
    page = numbers.limit(limit).offset(query.offset or None).subquery("page")
    whole = JOINED[query.level].join(page, page.c.id == table.c.id)
    return sa.select(*_columns(query)).select_from(whole).order_by(*order)


def _numbers(level: Level, query: Query, where: Where) -> sa.Select[Any]:
    """Numbers of the rows of a level that match; those above it are looked for first, and named by lists of numbers.

    So SQLite goes from the rare to the many, in the order of the index that serves both the list and the order.
    """
    table = table_of(level)
    found = sa.select(table.c.id).where(*where[level])
    if level == "study":
        return found
    if level == "instance" and query.study and not query.series:
        study = _numbers("study", query, where).scalar_subquery()
        return found.select_from(instances.join(series)).where(series.c.study_fk == study, *where["series"])
    parent = _numbers("study" if level == "series" else "series", query, where)
    if where["study"] or (level == "instance" and where["series"]):
        column = series.c.study_fk if level == "series" else instances.c.series_fk
        is_one = bool(query.study if level == "series" else query.series)
        found = found.where(column == parent.scalar_subquery() if is_one else column.in_(parent))
    return found


def _count(query: Query, where: Where) -> sa.Select[Any]:
    """How many match: counted rows, or the sum of what rows above say of themselves."""
    if query.level == "study" or where[query.level] or not (where["study"] or where["series"]):
        return sa.select(sa.func.count()).select_from(_numbers(query.level, query, where).subquery())
    above: Level = "series" if query.level == "instance" and where["series"] else "study"
    table = table_of(above)
    number = series.c.instance_count if above == "series" else studies.c.instance_count
    if query.level == "series":
        number = studies.c.series_count
    return sa.select(sa.func.sum(number)).where(table.c.id.in_(_numbers(above, query, where)))


def _order(query: Query) -> list[Any]:
    if query.level == "study":
        return [studies.c.study_date.desc(), studies.c.study_time.desc(), studies.c.study_uid.desc()]
    if query.level == "series":
        return [*([] if query.study else [series.c.study_fk]), series.c.series_number, series.c.series_uid]
    within = [instances.c.instance_number, instances.c.sop_instance_uid]
    if query.series:
        return within
    # Everywhere in the order in which series have come; within a study as it shows them.
    return [*([series.c.series_number, series.c.series_uid] if query.study else [instances.c.series_fk]), *within]


def _columns(query: Query) -> list[Any]:
    wanted = {*query.levels, *(level_of(path[0]) for path in query.include)}

    def attributes(level: Level) -> Any:
        return (table_of(level).c.attributes if level in wanted else sa.null()).label(level)

    columns: list[Any] = [
        studies.c.study_uid, attributes("study"), studies.c.series_count, studies.c.modalities, studies.c.patient_fk,
        studies.c.instance_count.label("study_instances"), studies.c.id.label("study_id"),
    ]  # fmt: skip
    if query.level != "study":
        columns += [series.c.series_uid, attributes("series"), series.c.instance_count.label("series_instances")]
    if query.level == "instance":
        columns += [instances.c.id.label("instance_id"), instances.c.sop_instance_uid, attributes("instance")]
    return columns


@contextmanager
def _searching(connection: Connection, query: Query, seconds: float) -> Iterator[Where]:
    """Conditions of a query, whose functions SQLite knows meanwhile, and a clock that stops it."""
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + seconds
    others: list[Criterion] = []
    where: Where = {level: [] for level in LEVELS}
    where["study"] += [studies.c.study_uid == query.study] if query.study else []
    where["series"] += [series.c.series_uid == query.series] if query.series else []
    for criterion in query.criteria:
        level = level_of(criterion.tag) or query.level
        condition = condition_of(criterion)
        if condition is None:
            condition = _by_attributes(criterion, level, len(others))
            others.append(criterion)
        where[level].append(condition)
    if others:
        driver.create_function("holds", 2, lambda number, text: holds(others[number], _object(text)))
    driver.set_progress_handler(lambda: time.monotonic() > until, STEPS_BETWEEN_LOOKS)
    try:
        yield where
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, sqlite3.OperationalError) and "interrupted" in str(error.orig):
            raise TooLargeError(f"the search takes longer than {seconds:g} s; narrow it down") from error
        raise
    finally:
        driver.set_progress_handler(None, 0)


def _by_attributes(criterion: Criterion, level: Level, number: int) -> Condition:
    """A criterion on what is no column: by the JSON of its level, of instances' rarer attributes by their whole model."""
    if level == "instance" and criterion.tag not in MAIN_INSTANCE:
        model = sa.select(contents.c.model).where(contents.c.instance_fk == instances.c.id).scalar_subquery()
        return sa.func.holds(number, model) == 1
    attributes = table_of(level).c.attributes
    fulfilled = sa.func.holds(number, attributes) == 1
    if isinstance(criterion.match, Empty):
        return fulfilled
    # Of most rows SQLite knows by itself that the attribute is not there.
    return sa.and_(sa.func.json_extract(attributes, f'$."{key(criterion.tag)}"').is_not(None), fulfilled)


def _object(text: str | bytes) -> Any:
    return msgspec.json.decode(isal_zlib.decompress(text, -isal_zlib.MAX_WBITS) if isinstance(text, bytes) else text)


def study_figures(connection: Connection, page: Page, wanted: Collection[int]) -> dict[int, dict[int, Any]]:
    """What is counted for the studies of a page, by the study's number and the tag: `OF_PATIENT` and `CLASSES_IN_STUDY`."""
    found: dict[int, dict[int, Any]] = {row.study_id: {} for row in page.rows}
    numbers, patients = list(found), list({row.patient_fk for row in page.rows})
    if CLASSES_IN_STUDY in wanted:
        classes = (
            sa.select(series.c.study_fk, instances.c.sop_class_uid).select_from(instances.join(series))
            .where(series.c.study_fk.in_(numbers)).distinct().order_by(instances.c.sop_class_uid)
        )  # fmt: skip
        for study, uid in connection.execute(classes):
            found[study].setdefault(CLASSES_IN_STUDY, []).append(uid)
    if OF_PATIENT & set(wanted):
        sums = (
            sa.select(studies.c.patient_fk, sa.func.count(), sa.func.sum(studies.c.series_count),
                      sa.func.sum(studies.c.instance_count))
            .where(studies.c.patient_fk.in_(patients)).group_by(studies.c.patient_fk)
        )  # fmt: skip
        counted = {row[0]: row[1:] for row in connection.execute(sums)}
        tags = (PATIENT_STUDIES, PATIENT_SERIES, PATIENT_INSTANCES)
        for row in page.rows:
            of_patient = zip(tags, counted[row.patient_fk], strict=True)
            found[row.study_id] |= {tag: int(value) for tag, value in of_patient if tag in wanted}
    return found
