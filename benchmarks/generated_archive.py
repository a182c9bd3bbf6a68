"""An archive's index of any size, made at once: rows as ingest writes them, of instances that have no files."""

from __future__ import annotations

import contextlib
import hashlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from backend.dicom.columns import series_columns, study_columns
from backend.dicom.orthanc_ids import orthanc_id
from backend.store.engine import Database
from backend.store.schema import instances, patients, series, studies

FAMILIES = (
    "Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez",
    "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Perez", "Thompson",
    "White", "Harris", "Sanchez", "Clark", "Ramirez", "Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright",
    "Scott", "Torres", "Nguyen", "Hill", "Flores", "Green", "Adams", "Nelson", "Baker", "Hall", "Rivera", "Campbell",
    "Mitchell", "Carter", "Roberts", "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker",
    "Schulz", "Hoffmann", "Schäfer", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Zimmer",
)  # fmt: skip
GIVEN = (
    "Mary", "James", "Patricia", "Robert", "Jennifer", "John", "Linda", "Michael", "Elizabeth", "David", "Barbara", "William",
    "Susan", "Richard", "Jessica", "Joseph", "Karen", "Thomas", "Sarah", "Charles", "Anna", "Peter", "Eva", "Karl", "Ines",
    "Jonas", "Lena", "Paul", "Mia", "Felix",
)  # fmt: skip
DESCRIPTIONS = (
    "Chest CT",
    "Head MR",
    "Abdomen CT with contrast",
    "PET/CT whole body",
    "Knee MR",
    "Chest PA",
    "Spine MR",
    "CTA",
)
MODALITIES = (("CT", "CT"), ("MR", "MR"), ("CT", "SR"), ("CT", "PT"), ("MR", "MR"), ("CR", "CR"), ("MR", "SR"), ("CT", "XA"))
SERIES_PER_STUDY, INSTANCES_PER_SERIES = 2, 5
ROOT = "1.2.826.0.1.3680043.8.498"
AT_ONCE = 20_000
TABLES = (patients, studies, series, instances)


def make_index(path: Path, count: int) -> None:
    """Write an index of `count` instances: ten a study, two series each, 3 studies a patient, over twelve years."""
    Database(path).close()
    rows = _rows(count // (SERIES_PER_STUDY * INSTANCES_PER_SERIES), random.Random(7))
    waiting: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
    statements: dict[str, str] = {}
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;")
        # Indexes are made at once, from what is there then.
        indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        for name, _sql in indexes:
            connection.execute(f"DROP INDEX {name}")
        for name, row in rows:
            if name not in statements:
                columns, marks = ", ".join(f'"{column}"' for column in row), ", ".join("?" * len(row))
                statements[name] = f"INSERT INTO {name} ({columns}) VALUES ({marks})"
            waiting[name].append(tuple(row.values()))
            if len(waiting[name]) == AT_ONCE:
                connection.executemany(statements[name], waiting.pop(name))
                waiting[name] = []
        for name, left in waiting.items():
            connection.executemany(statements[name], left)
        for _name, sql in indexes:
            connection.execute(sql)


def _rows(count: int, rng: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of all tables, each after those that it belongs to."""
    history = {"created_at": 1.7e9, "updated_at": 1.7e9, "revision": 1}
    number = of_series = 0
    for study in range(1, count + 1):
        patient = (study + 2) // 3
        if study % 3 == 1:
            name = f"{rng.choice(FAMILIES)}^{rng.choice(GIVEN)}"
            yield "patients", {"id": patient, "patient_id": f"P{patient}", "orthanc_id": orthanc_id(f"P{patient}"), **history}
        kind = rng.randrange(len(DESCRIPTIONS))
        uid = f"{ROOT}.{study}"
        values = {
            0x00080020: f"{rng.randint(2013, 2024)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}",
            0x00080030: f"{rng.randrange(24):02d}{rng.randrange(60):02d}{rng.randrange(60):02d}",
            0x00080050: f"A{study:08d}", 0x00080090: "Gray^Meredith", 0x00081030: DESCRIPTIONS[kind], 0x00100010: name,
            0x00100020: f"P{patient}", 0x00100030: f"19{patient % 90 + 10}0101", 0x00100040: "FMO"[patient % 3],
            0x0020000D: uid, 0x00200010: str(study),
        }  # fmt: skip
        yield "studies", {
            "id": study, "patient_fk": patient, "study_uid": uid, "orthanc_id": orthanc_id(f"P{patient}", uid),
            "modalities": "\\".join(sorted(set(MODALITIES[kind]))), "series_count": SERIES_PER_STUDY, "bytes": 5_000_000,
            "instance_count": SERIES_PER_STUDY * INSTANCES_PER_SERIES, "speaker": 1, **history,
            **study_columns({tag: (value,) for tag, value in values.items()}), "attributes": _object(values),
        }  # fmt: skip
        for place in range(SERIES_PER_STUDY):
            of_series += 1
            series_uid = f"{uid}.{place + 1}"
            of = {
                0x00080021: values[0x00080020], 0x00080031: values[0x00080030], 0x00080060: MODALITIES[kind][place],
                0x00080070: "Slicecast", 0x0008103E: f"Series {place + 1}", 0x00180015: "CHEST", 0x0020000E: series_uid,
                0x00200011: str(place + 1),
            }  # fmt: skip
            yield "series", {
                "id": of_series, "study_fk": study, "series_uid": series_uid, "instance_count": INSTANCES_PER_SERIES,
                "orthanc_id": orthanc_id(f"P{patient}", uid, series_uid), "bytes": 2_500_000, "speaker": 1, **history,
                **series_columns({tag: (value,) for tag, value in of.items()}), "attributes": _object(of),
            }  # fmt: skip
            for instance in range(1, INSTANCES_PER_SERIES + 1):
                number += 1
                one = f"{series_uid}.{instance}"
                yield "instances", {
                    "id": number, "series_fk": of_series, "orthanc_id": orthanc_id(f"P{patient}", uid, series_uid, one),
                    "sop_instance_uid": one, "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2", "instance_number": instance,
                    "transfer_syntax": "1.2.840.10008.1.2.1", "rows": 512, "columns": 512, "bits_allocated": 16, "frames": None,
                    "digest": hashlib.sha256(one.encode()).hexdigest(), "bytes": 525_000, "origin": "stow",
                    "origin_detail": None, **history,
                    "attributes": INSTANCE.replace("$UID", one).replace('"$NUMBER"', str(instance)),
                }  # fmt: skip


VRS = {0x0020000D: "UI", 0x0020000E: "UI", 0x00080020: "DA", 0x00080021: "DA", 0x00080030: "TM", 0x00080031: "TM",
       0x00080050: "SH", 0x00080060: "CS", 0x00080070: "LO", 0x00080090: "PN", 0x00081030: "LO", 0x0008103E: "LO",
       0x00100010: "PN", 0x00100020: "LO", 0x00100030: "DA", 0x00100040: "CS", 0x00180015: "CS", 0x00200010: "SH",
       0x00200011: "IS"}  # fmt: skip


def _object(values: dict[int, str]) -> str:
    found = {
        f"{tag:08X}": {"vr": VRS[tag], "Value": [{"Alphabetic": value} if VRS[tag] == "PN" else value]}
        for tag, value in values.items()
    }
    return msgspec.json.encode(found).decode()


# As ingest keeps it of a CT slice.
INSTANCE = (
    '{"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00080008":{"vr":"CS","Value":["ORIGINAL","PRIMARY","AXIAL"]},'
    '"00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.2"]},"00080018":{"vr":"UI","Value":["$UID"]},'
    '"00080022":{"vr":"DA","Value":["20240110"]},"00080023":{"vr":"DA","Value":["20240110"]},'
    '"00080032":{"vr":"TM","Value":["101500"]},"00083002":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]},'
    '"00200013":{"vr":"IS","Value":["$NUMBER"]},"00200032":{"vr":"DS","Value":[-250,-250,12.5]},'
    '"00200037":{"vr":"DS","Value":[1,0,0,0,1,0]},"00280002":{"vr":"US","Value":[1]},'
    '"00280004":{"vr":"CS","Value":["MONOCHROME2"]},"00280010":{"vr":"US","Value":[512]},"00280011":{"vr":"US","Value":[512]},'
    '"00280030":{"vr":"DS","Value":[0.9765625,0.9765625]},"00280100":{"vr":"US","Value":[16]},'
    '"00280101":{"vr":"US","Value":[16]},"00280103":{"vr":"US","Value":[1]},"00281050":{"vr":"DS","Value":[40]},'
    '"00281051":{"vr":"DS","Value":[400]},"00281052":{"vr":"DS","Value":[-1024]},"00281053":{"vr":"DS","Value":[1]}}'
)
