"""Rows of instances that go: their parents' counts and attributes are put right, and what is empty goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from isal import isal_zlib
from sqlalchemy.engine import Connection

from backend.dicom.orthanc_ids import orthanc_id
from backend.dicom.part10 import columns_of_model
from backend.store.prepared import Prepared
from backend.store.schema import changes, contents, doomed, instances, patients, series, studies

AT_A_TIME = 500
PATIENT = Prepared(sa.select(patients.c.id).where(patients.c.patient_id == sa.bindparam("patient")))
Logged = tuple[str, str, int, str, tuple[str, ...]]
"""Kind, level, id, Orthanc's identifier and UIDs of a change."""
SERIES_OF_STUDY = Prepared(
    sa.select(series.c.modality, sa.func.count(), sa.func.sum(series.c.instance_count), sa.func.sum(series.c.bytes))
    .where(series.c.study_fk == sa.bindparam("study"))
    .group_by(series.c.modality)
)


def change_row(
    seq: int, kind: str, level: str, resource: int, orthanc_id: str, uids: tuple[str, ...], at: float
) -> dict[str, Any]:
    """A row of the change log."""
    study, one, instance = (*uids, None, None, None)[:3]
    return {"seq": seq, "kind": kind, "level": level, "resource": resource, "orthanc_id": orthanc_id, "study_uid": study,
            "series_uid": one, "sop_instance_uid": instance, "at": at}  # fmt: skip


def study_counts(connection: Connection, study: int) -> dict[str, Any]:
    """The derived columns of a study: counts, bytes, modalities."""
    rows = SERIES_OF_STUDY.rows(connection, study=study)
    modalities, numbers, of_instances, sizes = zip(*rows, strict=True) if rows else ((), (), (), ())
    return {
        "series_count": sum(numbers), "instance_count": sum(of_instances), "bytes": sum(sizes),
        "modalities": "\\".join(sorted(modality for modality in modalities if modality is not None)),
    }  # fmt: skip


def drop_childless_patients(connection: Connection) -> None:
    """Remove patients without studies."""
    connection.execute(patients.delete().where(patients.c.id.not_in(sa.select(studies.c.patient_fk))))


def remove(connection: Connection, study: str, one: str | None, instance: str | None, now: float, seq: int) -> tuple[int, int]:
    """Remove a study, one of its series, or one instance of that.

    Returns: how many instances went, and the number of the last entry of the change log.
    """
    query = sa.select(instances.c.id).select_from(instances.join(series).join(studies)).where(studies.c.study_uid == study)
    if one is not None:
        query = query.where(series.c.series_uid == one)
    if instance is not None:
        query = query.where(instances.c.sop_instance_uid == instance)
    ids = list(connection.execute(query).scalars())
    return len(ids), remove_instances(connection, ids, now, seq)


def remove_instances(connection: Connection, ids: Sequence[int], now: float, seq: int) -> int:
    """Remove instances, and parents that are left empty; their files are doomed. Returns the last number of the change log."""
    touched: dict[int, tuple[int, int]] = {}
    log: list[Logged] = []
    for start in range(0, len(ids), AT_A_TIME):
        some = ids[start : start + AT_A_TIME]
        columns = (instances.c.id, instances.c.orthanc_id, instances.c.series_fk, instances.c.sop_instance_uid,
                   instances.c.digest, instances.c.bytes, series.c.series_uid, studies.c.study_uid)  # fmt: skip
        rows = connection.execute(
            sa.select(*columns).select_from(instances.join(series).join(studies)).where(instances.c.id.in_(some))
        ).all()
        for row in rows:
            count, size = touched.get(row.series_fk, (0, 0))
            touched[row.series_fk] = (count + 1, size + row.bytes)
            log.append(("Deleted", "instance", row.id, row.orthanc_id, (row.study_uid, row.series_uid, row.sop_instance_uid)))
        connection.execute(contents.delete().where(contents.c.instance_fk.in_(some)))
        connection.execute(instances.delete().where(instances.c.id.in_(some)))
        connection.execute(doomed.insert().prefix_with("OR IGNORE"), [{"digest": row.digest} for row in rows])
    for study in _shrink_series(connection, touched, now, log):
        _shrink_study(connection, study, now, log)
    rows_of_log = []
    for entry in log:
        seq += 1
        rows_of_log.append(change_row(seq, *entry, now))
    if rows_of_log:
        connection.execute(changes.insert(), rows_of_log)
    return seq


def _shrink_series(connection: Connection, touched: dict[int, tuple[int, int]], now: float, log: list[Logged]) -> list[int]:
    """Put right, or remove, series that lost instances; the ids of their studies."""
    of_studies = []
    for number, (count, size) in touched.items():
        query = sa.select(series, studies.c.study_uid).select_from(series.join(studies)).where(series.c.id == number)
        row = connection.execute(query).one()
        of_studies.append(row.study_fk)
        if row.instance_count <= count:
            connection.execute(series.delete().where(series.c.id == number))
            log.append(("Deleted", "series", number, row.orthanc_id, (row.study_uid, row.series_uid)))
            continue
        left = {"instance_count": row.instance_count - count, "bytes": row.bytes - size, "updated_at": now}
        newest = _newest(connection, instances.c.series_fk == number)
        if newest is not None and newest[0] != row.speaker:
            left |= {"speaker": newest[0], **columns_of_model(newest[1])[1]}
        connection.execute(series.update().where(series.c.id == number).values(left))
    return list(dict.fromkeys(of_studies))


def _shrink_study(connection: Connection, number: int, now: float, log: list[Logged]) -> None:
    """Put right, or remove, a study that lost instances."""
    row = connection.execute(sa.select(studies).where(studies.c.id == number)).one()
    counts = study_counts(connection, number)
    if not counts["series_count"]:
        connection.execute(studies.delete().where(studies.c.id == number))
        log.append(("Deleted", "study", number, row.orthanc_id, (row.study_uid,)))
        _drop_patient(connection, row.patient_fk, log)
        return
    newest = _newest(connection, series.c.study_fk == number)
    if newest is not None and newest[0] != row.speaker:
        counts |= {"speaker": newest[0], **columns_of_model(newest[1])[0]}
        patient = str(counts["patient_id"] or "")
        counts["patient_fk"] = patient_of(connection, patient, now, row.revision, log)
        counts["orthanc_id"] = orthanc_id(patient, row.study_uid)
    connection.execute(studies.update().where(studies.c.id == number).values({**counts, "updated_at": now}))
    _drop_patient(connection, row.patient_fk, log)


def patient_of(connection: Connection, patient: str, now: float, revision: int, log: list[Logged]) -> int:
    """Id of the row of a patient, which is made if need be."""
    found = PATIENT.first(connection, patient=patient)
    if found is not None:
        return int(found[0])
    row = {"orthanc_id": orthanc_id(patient), "patient_id": patient, "created_at": now, "updated_at": now, "revision": revision}
    number = int(connection.execute(patients.insert().returning(patients.c.id), row).scalar_one())
    log.append(("NewPatient", "patient", number, orthanc_id(patient), ()))
    return number


def _drop_patient(connection: Connection, number: int, log: list[Logged]) -> None:
    """Remove a patient who has no study any more."""
    if connection.execute(sa.select(studies.c.id).where(studies.c.patient_fk == number).limit(1)).first() is None:
        found = connection.execute(sa.select(patients.c.orthanc_id).where(patients.c.id == number)).scalar_one()
        connection.execute(patients.delete().where(patients.c.id == number))
        log.append(("Deleted", "patient", number, found, ()))


def _newest(connection: Connection, where: Any) -> tuple[int, bytes] | None:
    """Id and model of the newest instance that fits."""
    query = (
        sa.select(instances.c.id, contents.c.model)
        .select_from(instances.join(series).join(contents))
        .where(where)
        .order_by(instances.c.id.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return (found.id, isal_zlib.decompress(found.model, -15)) if found is not None else None
