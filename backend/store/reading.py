"""Reading rows: instances in order, their contents, changes, counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from backend.store.prepared import Prepared
from backend.store.schema import changes, contents, instances, patients, series, studies

INSTANCES = (
    sa.select(
        instances.c.id, studies.c.study_uid, series.c.series_uid, instances.c.sop_instance_uid, instances.c.sop_class_uid,
        instances.c.transfer_syntax, instances.c.digest, instances.c.bytes, instances.c.rows, instances.c.columns,
        instances.c.bits_allocated, instances.c.frames, instances.c.orthanc_id, instances.c.crc32,
    )
    .select_from(instances.join(series).join(studies))
    .order_by(series.c.series_number, series.c.series_uid, instances.c.instance_number, instances.c.sop_instance_uid)
)  # fmt: skip
"""In the order that everything of a study or series is answered in."""
CONTENTS = sa.select(contents.c.instance_fk, contents.c.model, contents.c.pixels)
LAST_IDS = Prepared(sa.text("SELECT name, seq FROM sqlite_sequence"))
AT_A_TIME = 500


def _within(query: sa.Select[Any], study: str, series_uid: str | None, instance: str | None) -> sa.Select[Any]:
    query = query.where(studies.c.study_uid == study)
    if series_uid is not None:
        query = query.where(series.c.series_uid == series_uid)
    if instance is not None:
        query = query.where(instances.c.sop_instance_uid == instance)
    return query


def find_instances(
    connection: Connection, study: str, series_uid: str | None = None, instance: str | None = None
) -> Sequence[Any]:
    """Rows of `INSTANCES` of a study, one of its series, or one instance of that."""
    return connection.execute(_within(INSTANCES, study, series_uid, instance)).all()


def find_series(connection: Connection, study: str) -> Sequence[Any]:
    """UID, number, modality and description of the series of a study."""
    columns = (series.c.series_uid, series.c.series_number, series.c.modality, series.c.series_description)
    return connection.execute(sa.select(*columns).select_from(series.join(studies)).where(studies.c.study_uid == study)).all()


def find_contents(connection: Connection, ids: Sequence[int]) -> Iterator[Any]:
    """Rows of `CONTENTS` for ids of instances, in the order of the ids; of what is gone there is none."""
    for start in range(0, len(ids), AT_A_TIME):
        some = ids[start : start + AT_A_TIME]
        found = {row.instance_fk: row for row in connection.execute(CONTENTS.where(contents.c.instance_fk.in_(some)))}
        yield from (found[number] for number in some if number in found)


def find_changes(connection: Connection, since: int, limit: int) -> Sequence[Any]:
    """Rows of the change log after number `since`, oldest first."""
    return connection.execute(sa.select(changes).where(changes.c.seq > since).order_by(changes.c.seq).limit(limit)).all()


def last_change(connection: Connection) -> int:
    """The highest number that a change was ever given; 0 on a fresh archive."""
    return last_ids(connection)["changes"]


def last_ids(connection: Connection) -> dict[str, int]:
    """The highest number that each table ever gave to a row."""
    found = dict.fromkeys(("patients", "studies", "series", "instances", "changes"), 0)
    return found | dict(LAST_IDS.rows(connection))


def count(connection: Connection) -> tuple[int, int, int, int, int]:
    """Patients, studies, series, instances, bytes of their files."""
    number_of_patients = connection.execute(sa.select(sa.func.count()).select_from(patients)).scalar_one()
    of_studies = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.sum(studies.c.series_count), 0),
        sa.func.coalesce(sa.func.sum(studies.c.instance_count), 0), sa.func.coalesce(sa.func.sum(studies.c.bytes), 0),
    )  # fmt: skip
    number_of_studies, number_of_series, number_of_instances, size = connection.execute(of_studies).one()
    return number_of_patients, number_of_studies, number_of_series, number_of_instances, size
