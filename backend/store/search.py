"""A query as SQL: one page of rows in a stable order, and how many more there are."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
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
JOINED = {"study": studies, "series": series.join(studies), "instance": instances.join(series).join(studies)}


@dataclass(frozen=True)
class Page:
    """Rows in order, and the number of matches behind the last of them."""

    rows: Sequence[Any]
    more: int


def search(connection: Connection, query: Query, most: int, seconds: float) -> Page:
    """One page of what a query finds.

    Rows have `study_uid`, `study`, `series_count`, `study_instances`, `modalities`, `patient_fk`, `study_id` of the study; of
    lower levels also `series_uid`, `series`, `series_instances`; of instances `instance_id`, `sop_instance_uid`, `instance`.
    `study`, `series` and `instance` are the attributes of the level as JSON; None of a level that nobody wants.

    Args:
        most: rows at most, whatever the query's limit.
        seconds: how long it may take.

    Raises:
        TooLargeError: it takes longer.
    """
    limit = most if query.limit is None else min(query.limit, most)
    if limit == 0:
        return Page((), 0)
    with _searching(connection, query, seconds) as where:
        rows = connection.execute(_page(query, where, limit)).all()
        more = 0
        if len(rows) == limit:
            source = _source(query, where)
            counted = sa.select(sa.func.count()).select_from(source).where(*where)
            more = max(0, connection.execute(counted).scalar_one() - query.offset - limit)
        return Page(rows, more)


def _page(query: Query, where: list[Condition], limit: int) -> sa.Select[Any]:
    """The rows' numbers are found first, with what indexes hold; only those of the page are read whole."""
    table = table_of(query.level)
    order = _order(query)
    numbers = sa.select(table.c.id).select_from(_source(query, where)).where(*where).order_by(*order)
    page = numbers.limit(limit).offset(query.offset or None).subquery("page")
    whole = JOINED[query.level].join(page, page.c.id == table.c.id)
    return sa.select(*_columns(query)).select_from(whole).order_by(*order)


def _source(query: Query, where: list[Condition]) -> sa.FromClause:
    """The level's table, joined with those above that conditions or the order look at."""
    seen = {table for condition in where for table in condition._from_objects}
    if query.level == "study":
        return studies
    if query.level == "series":
        source: sa.FromClause = series.join(studies) if query.study or studies in seen else series
    elif query.study or studies in seen:
        source = JOINED["instance"]
    else:
        source = instances.join(series) if series in seen else instances
    return source.join(contents, contents.c.instance_fk == instances.c.id) if contents in seen else source


def _order(query: Query) -> list[Any]:
    if query.level == "study":
        return [studies.c.study_date.desc(), studies.c.study_time.desc(), studies.c.study_uid.desc()]
    if not query.study:
        return [table_of(query.level).c.id]  # as they came
    found = [series.c.series_number, series.c.series_uid] if query.level == "series" or not query.series else []
    return found + ([instances.c.instance_number, instances.c.sop_instance_uid] if query.level == "instance" else [])


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
def _searching(connection: Connection, query: Query, seconds: float) -> Iterator[list[Condition]]:
    """Conditions of a query, whose functions SQLite knows meanwhile, and a clock that stops it."""
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + seconds
    others: list[Criterion] = []
    where: list[Condition] = []
    for criterion in query.criteria:
        condition = condition_of(criterion)
        if condition is None:
            condition = _by_attributes(criterion, query.level, len(others))
            others.append(criterion)
        where.append(condition)
    where += [studies.c.study_uid == query.study] if query.study else []
    where += [series.c.series_uid == query.series] if query.series else []
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
    of = level_of(criterion.tag) or level
    if of == "instance" and criterion.tag not in MAIN_INSTANCE:
        return sa.func.holds(number, contents.c.model) == 1
    attributes = table_of(of).c.attributes
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
