"""Rows of instances that come in: patients, studies and series made as needed, counts kept, several in one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from backend.dicom.orthanc_ids import orthanc_id
from backend.dicom.part10 import Indexed
from backend.store.prepared import Prepared, insert, update
from backend.store.reading import last_ids
from backend.store.removing import Logged, change_row, drop_childless_patients, patient_of, remove_instances, study_counts
from backend.store.schema import changes, contents, instances, series, studies

Duplicates = Literal["replace", "keep", "refuse"]
"""What becomes of another instance under a UID that is there already."""
Stored = Literal["stored", "identical", "replaced", "kept", "refused"]


STUDY = Prepared(sa.select(studies.c.id, studies.c.attributes).where(studies.c.study_uid == sa.bindparam("uid")))
SERIES = Prepared(
    sa.select(series.c.id, series.c.attributes, series.c.instance_count, series.c.bytes).where(
        series.c.study_fk == sa.bindparam("study"), series.c.series_uid == sa.bindparam("uid")
    )
)
INSTANCE = Prepared(
    sa.select(instances.c.id, instances.c.digest).where(
        instances.c.series_fk == sa.bindparam("series"), instances.c.sop_instance_uid == sa.bindparam("uid")
    )
)


@dataclass(frozen=True)
class NewInstance:
    """An instance whose file is whole and on disk."""

    indexed: Indexed
    digest: str
    """Of the file (`blobs.digest_of`)."""
    bytes: int
    origin: str
    origin_detail: str | None = None
    crc32: int = 0
    """Of the file."""


@dataclass
class _Parent:
    """A study or series as this transaction has it."""

    id: int
    attributes: str
    count: int = 0
    bytes: int = 0
    """Instances of a series and their files' bytes, as its row says."""
    columns: dict[str, Any] = field(default_factory=dict)
    """What has changed."""
    added: int = 0
    added_bytes: int = 0
    speaker: int = 0
    revision: int = 0


class Storing:
    """Takes instances in within one transaction; `finish` before its end."""

    def __init__(self, connection: Connection, duplicates: Duplicates) -> None:
        self._connection, self._duplicates = connection, duplicates
        self._now = time.time()
        self._ids = last_ids(connection)
        self._seq = self._ids["changes"]
        self._studies: dict[str, _Parent] = {}
        self._series: dict[tuple[int, str], _Parent] = {}
        self._new: dict[tuple[int, str], dict[str, Any]] = {}
        self._contents: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []

    def add(self, new: NewInstance) -> tuple[Stored, bool]:
        """Take one in; what became of it, and whether its study is new."""
        indexed = new.indexed
        there = self._there(indexed)
        if there is not None:
            if there[1] == new.digest:
                return "identical", False
            if self._duplicates != "replace":
                return ("kept" if self._duplicates == "keep" else "refused"), False
            self.finish()
            self._seq = remove_instances(self._connection, [there[0]], self._now, self._seq)
        number = self._next(instances)
        news: list[Logged] = []
        study, patient = self._study(indexed, number, news)
        one = self._one_series(indexed, study, patient, number, news)
        uids = (indexed.study_uid, indexed.series_uid, indexed.sop_instance_uid)
        orthanc = orthanc_id(patient, *uids)
        self._log("NewInstance", "instance", number, orthanc, uids)
        self._new[one.id, indexed.sop_instance_uid] = {
            "id": number, "series_fk": one.id, "orthanc_id": orthanc, "sop_instance_uid": indexed.sop_instance_uid,
            "sop_class_uid": indexed.sop_class_uid, "transfer_syntax": indexed.transfer_syntax, "digest": new.digest,
            "bytes": new.bytes, "crc32": new.crc32, "origin": new.origin, "origin_detail": new.origin_detail,
            **indexed.instance, **self._history(),
        }  # fmt: skip
        self._contents.append({"instance_fk": number, "model": indexed.model, "pixels": indexed.pixels})
        for change in reversed(news):  # series before study before patient, as Orthanc tells it
            self._log(*change)
        for parent in (study, one):
            parent.speaker, parent.revision = number, self._seq
        one.added += 1
        one.added_bytes += new.bytes
        return ("replaced" if there is not None else "stored"), any(change[1] == "study" for change in news)

    def finish(self) -> None:
        """Write what was gathered."""
        for table, rows in ((instances, list(self._new.values())), (contents, self._contents), (changes, self._changes)):
            insert(self._connection, table, rows)
        for one in self._series.values():
            counts = {"instance_count": one.count + one.added, "bytes": one.bytes + one.added_bytes}
            self._update(series, one, counts)
        for study in self._studies.values():
            self._update(studies, study, study_counts(self._connection, study.id))
        if any("patient_fk" in study.columns for study in self._studies.values()):
            drop_childless_patients(self._connection)
        self._new, self._contents, self._changes, self._series, self._studies = {}, [], [], {}, {}

    def _update(self, table: sa.Table, parent: _Parent, counts: dict[str, Any]) -> None:
        if parent.revision:
            row = {"speaker": parent.speaker, "revision": parent.revision, "updated_at": self._now, **parent.columns, **counts}
            update(self._connection, table, parent.id, row)

    def _there(self, indexed: Indexed) -> tuple[int, str] | None:
        """Id and digest of an instance of these UIDs, if there is one."""
        study = self._find_study(indexed.study_uid)
        one = self._find_series(study.id, indexed.series_uid) if study else None
        if one is None:
            return None
        new = self._new.get((one.id, indexed.sop_instance_uid))
        if new is not None:
            return new["id"], new["digest"]
        return INSTANCE.first(self._connection, series=one.id, uid=indexed.sop_instance_uid)

    def _find_study(self, uid: str) -> _Parent | None:
        if uid not in self._studies:
            found = STUDY.first(self._connection, uid=uid)
            if found is None:
                return None
            self._studies[uid] = _Parent(*found)
        return self._studies[uid]

    def _find_series(self, study: int, uid: str) -> _Parent | None:
        if (study, uid) not in self._series:
            found = SERIES.first(self._connection, study=study, uid=uid)
            if found is None:
                return None
            self._series[study, uid] = _Parent(*found)
        return self._series[study, uid]

    def _study(self, indexed: Indexed, speaker: int, news: list[Logged]) -> tuple[_Parent, str]:
        """The instance's study, told the newest, and the id of its patient."""
        patient = str(indexed.study["patient_id"] or "")
        study = self._find_study(indexed.study_uid)
        if study is not None and study.attributes == indexed.study["attributes"]:
            return study, patient
        patient_fk = patient_of(self._connection, patient, self._now, self._seq, news)
        orthanc = orthanc_id(patient, indexed.study_uid)
        row: dict[str, Any] = {"patient_fk": patient_fk, "orthanc_id": orthanc, **indexed.study}
        if study is not None:
            study.columns, study.attributes = row, str(indexed.study["attributes"])
            return study, patient
        number = self._next(studies)
        row |= {"id": number, "study_uid": indexed.study_uid, "modalities": "", "series_count": 0, "instance_count": 0,
                "bytes": 0, "speaker": speaker, **self._history()}  # fmt: skip
        insert(self._connection, studies, [row])
        news.append(("NewStudy", "study", number, orthanc, (indexed.study_uid,)))
        study = self._studies[indexed.study_uid] = _Parent(number, str(indexed.study["attributes"]))
        return study, patient

    def _one_series(self, indexed: Indexed, study: _Parent, patient: str, speaker: int, news: list[Logged]) -> _Parent:
        one = self._find_series(study.id, indexed.series_uid)
        if one is not None:
            if one.attributes != indexed.series["attributes"]:
                one.columns, one.attributes = dict(indexed.series), str(indexed.series["attributes"])
            return one
        number = self._next(series)
        orthanc = orthanc_id(patient, indexed.study_uid, indexed.series_uid)
        row: dict[str, Any] = {"id": number, "study_fk": study.id, "orthanc_id": orthanc, "series_uid": indexed.series_uid,
               "instance_count": 0, "bytes": 0, "speaker": speaker}  # fmt: skip
        insert(self._connection, series, [row | indexed.series | self._history()])
        news.append(("NewSeries", "series", number, orthanc, (indexed.study_uid, indexed.series_uid)))
        one = self._series[study.id, indexed.series_uid] = _Parent(number, str(indexed.series["attributes"]))
        return one

    def _log(self, kind: str, level: str, number: int, orthanc: str, uids: tuple[str, ...]) -> None:
        self._seq += 1
        self._changes.append(change_row(self._seq, kind, level, number, orthanc, uids, self._now))

    def _history(self) -> dict[str, float | int]:
        return {"created_at": self._now, "updated_at": self._now, "revision": self._seq}

    def _next(self, table: sa.Table) -> int:
        self._ids[table.name] += 1
        return self._ids[table.name]
