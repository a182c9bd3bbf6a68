"""The archive from the inside: what becomes of instances that come, come again, differ, and go."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid
from sqlalchemy.exc import OperationalError

from backend.archive import settling, taking_in
from backend.archive.archive import Archive
from backend.archive.records import Outcome, Reason
from backend.archive.taking_in import Arrival, Rules, take_in
from backend.archive.watching import Watcher
from backend.config import Settings
from backend.dicom.frames import FrameIndex, read_stored
from backend.errors import NotFoundError, UnavailableError, UnreadableError
from backend.store.blobs import Blobs
from tests.support.instances import make_instance


def settings(folder: Path, **others: Any) -> Settings:
    """Of an archive with one worker, which is enough and starts soon."""
    return Settings(data=folder, worker_processes=1, **others)


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    """An empty archive."""
    found = Archive(settings(tmp_path))
    yield found
    await found.stop()


async def store(archive: Archive, data: bytes, study: str | None = None) -> Outcome:
    """Take bytes in."""
    incoming = archive.incoming("test")
    for start in range(0, len(data), 1000):
        incoming.write(data[start : start + 1000])
    return await archive.take(incoming, study)


def rows(archive: Archive, query: str) -> list[tuple[Any, ...]]:
    """What the index says."""
    with sqlite3.connect(archive.folder / "index.db") as index:
        return index.execute(query).fetchall()


def files(archive: Archive) -> set[str]:
    """Names of all files at rest."""
    return {path.name for path in archive.blobs.files.rglob("*") if path.is_file()}


async def settled(archive: Archive, count: int) -> set[str]:
    """Files at rest, once there are so many: those that go do so after the answer."""
    for _ in range(200):
        if len(files(archive)) == count:
            break
        await asyncio.sleep(0.01)
    return files(archive)


async def left_in(archive: Archive) -> list[Path]:
    """What is in `incoming/` once names have gone whose rows are on disk."""
    await archive._settling.now()
    return list(archive.blobs.incoming.iterdir())


async def test_an_instance_is_there_once_it_is_taken(archive: Archive) -> None:
    data = make_instance("1.2", "1.3", "1.4")
    outcome = await store(archive, data)
    assert (outcome.result, outcome.study_uid, outcome.sop_instance_uid, outcome.new_study) == ("stored", "1.2", "1.4", True)
    stored = await archive.instance("1.2", "1.3", "1.4")
    assert stored.path.read_bytes() == data
    content = await archive.content(stored)
    assert json.loads(content.model)["00100020"]["Value"] == ["P1"]
    assert content.pixels is not None
    assert not await left_in(archive)
    assert rows(archive, "SELECT series_count, instance_count, bytes, modalities FROM studies") == [(1, 1, len(data), "CT")]
    kinds = [(change.kind, change.level) for change in await archive.changes()]
    assert kinds == [("NewInstance", "instance"), ("NewSeries", "series"), ("NewStudy", "study"), ("NewPatient", "patient")]


async def test_below_another_study_or_series_it_is_not_found(archive: Archive) -> None:
    await store(archive, make_instance("1.2", "1.3", "1.4"))
    await store(archive, make_instance("1.9", "1.8", "1.7"))
    for uids in (("1.9", "1.3", "1.4"), ("1.2", "1.8", "1.4"), ("1.2", "1.8"), ("1.5",)):
        with pytest.raises(NotFoundError):
            await archive.instances(*uids)
        with pytest.raises(NotFoundError):
            await archive.remove(*uids)


async def test_the_same_bytes_again_are_a_success_and_change_nothing(archive: Archive) -> None:
    data = make_instance("1.2", "1.3", "1.4")
    await store(archive, data)
    before = await archive.changes()
    results = await asyncio.gather(*[store(archive, data) for _ in range(4)])
    assert {one.result for one in results} == {"identical"}
    assert await archive.changes() == before
    assert (await archive.counts()).instances == 1


async def test_a_file_that_was_lost_comes_back_with_the_same_bytes(archive: Archive) -> None:
    data = make_instance("1.2", "1.3", "1.4")
    await store(archive, data)
    path = (await archive.instance("1.2", "1.3", "1.4")).path
    path.unlink()
    assert (await store(archive, data)).result == "identical"
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("policy", "result", "name"), [("replace", "replaced", "New"), ("keep", "kept", "Old"), ("refuse", "failed", "Old")]
)
async def test_other_content_under_a_known_uid_goes_by_policy(tmp_path: Path, policy: str, result: str, name: str) -> None:
    archive = Archive(settings(tmp_path, duplicates=policy))
    old, new = (make_instance("1.2", "1.3", "1.4", PatientName=name, StudyDescription=name) for name in ("Old", "New"))
    await store(archive, old)
    outcome = await store(archive, new)
    assert (outcome.result, outcome.sop_instance_uid) == (result, "1.4")
    assert outcome.reason == (Reason.DUPLICATE if policy == "refuse" else None)
    stored = (await archive.instances("1.2"))[0]
    assert stored.path.read_bytes() == (new if name == "New" else old)
    assert await settled(archive, 1) == {stored.digest}
    assert json.loads((await archive.content(stored)).model)["00100010"]["Value"] == [{"Alphabetic": name}]
    look = "SELECT patient_name, study_description_folded, instance_count FROM studies"
    assert rows(archive, look) == [(name, name.lower(), 1)]
    assert rows(archive, "SELECT sum(instance_count), sum(bytes) FROM series") == [(1, len(new if name == "New" else old))]
    await archive.stop()


async def test_many_at_once_make_one_study_and_one_series(archive: Archive) -> None:
    files_ = [make_instance("1.2", "1.3", InstanceNumber=number) for number in range(1, 25)]
    outcomes = await asyncio.gather(*[store(archive, data) for data in files_])
    assert {one.result for one in outcomes} == {"stored"}
    assert sum(one.new_study for one in outcomes) == 1
    assert rows(archive, "SELECT series_count, instance_count FROM studies") == [(1, 24)]
    assert sorted(one.bytes for one in await archive.instances("1.2")) == sorted(map(len, files_))


async def test_instances_come_in_order(archive: Archive) -> None:
    for series, number, instance in (("1.7", 2, 1), ("1.6", 10, 2), ("1.6", 10, 1), ("1.5", 2, 1)):
        await store(archive, make_instance("1.2", series, f"{series}.{instance}", SeriesNumber=number, InstanceNumber=instance))
    found = [one.sop_instance_uid for one in await archive.instances("1.2")]
    assert found == ["1.5.1", "1.7.1", "1.6.1", "1.6.2"]


async def test_derived_columns_follow_what_comes_and_goes(archive: Archive) -> None:
    await store(archive, make_instance("1.2", "1.3", "1.4", Modality="PT", PatientID="A", StudyDescription="first"))
    await store(archive, make_instance("1.2", "1.5", "1.6", Modality="CT", PatientID="B", StudyDescription="second"))
    look = "SELECT modalities, series_count, instance_count, study_description, patient_id FROM studies"
    assert rows(archive, look) == [("CT\\PT", 2, 2, "second", "B")]
    assert rows(archive, "SELECT patient_id FROM patients") == [("B",)]
    assert await archive.remove("1.2", "1.5") == 1
    assert rows(archive, look) == [("PT", 1, 1, "first", "A")]
    assert rows(archive, "SELECT patient_id FROM patients") == [("A",)]
    assert json.loads(rows(archive, "SELECT attributes FROM studies")[0][0])["00081030"]["Value"] == ["first"]
    assert await archive.remove("1.2", "1.3", "1.4") == 1
    assert (await archive.counts()).patients == 0
    assert await settled(archive, 0) == set()
    assert (await store(archive, make_instance("1.2", "1.3", "1.4"))).new_study


async def test_a_study_in_the_address_is_kept_to(archive: Archive) -> None:
    outcome = await store(archive, make_instance("1.2", "1.3", "1.4"), "1.9")
    assert (outcome.result, outcome.reason, outcome.sop_instance_uid) == ("failed", Reason.WRONG_STUDY, "1.4")
    assert not files(archive)
    assert not await left_in(archive)
    assert (await archive.counts()).instances == 0


async def test_what_can_not_be_read_is_kept_in_quarantine_with_the_reason(tmp_path: Path) -> None:
    archive = Archive(settings(tmp_path, quarantine_mb=1))
    data = make_instance()
    outcome = await store(archive, data[:-10])
    assert (outcome.result, outcome.reason) == ("failed", Reason.NOT_UNDERSTOOD)
    assert "are left" in outcome.message
    (kept,) = (archive.folder / "quarantine").glob("*.dcm")
    assert kept.read_bytes() == data[:-10]
    assert json.loads(kept.with_suffix(".json").read_bytes())["reason"] == outcome.message
    for _ in range(3):
        await store(archive, b"x" * 600_000)
    assert [path.stat().st_size for path in (archive.folder / "quarantine").glob("*.dcm")] == [600_000]
    assert (await store(archive, b"")).message == "it is empty"
    await archive.stop()


async def test_preambles_that_may_be_programs_are_emptied_and_missing_ones_are_made(archive: Archive) -> None:
    data = make_instance("1.2", "1.3", "1.4")
    program = b"MZ" + b"evil" * 31 + b"\0\0"
    await store(archive, program + data[128:])
    assert (await archive.instance("1.2", "1.3", "1.4")).path.read_bytes() == data
    await store(archive, b"II*\0" + b"tiff" * 31 + data[128:])
    assert (await archive.instance("1.2", "1.3", "1.4")).path.read_bytes()[:8] == b"II*\0tiff"
    await store(archive, make_instance("1.2", "1.3", "1.5")[132:])
    assert (await archive.instance("1.2", "1.3", "1.5")).path.read_bytes()[128:132] == b"DICM"


async def test_frames_of_a_file_without_a_head_are_where_the_index_says(archive: Archive) -> None:
    pixels = bytes(range(256)) * 2
    whole = make_instance("1.2", "1.3", "1.4", Rows=16, Columns=16, BitsAllocated=16, BitsStored=16, PixelData=pixels)
    data_set = whole[whole.index(b"\x08\0\x16\0UI") :]  # without preamble and meta information
    assert (await store(archive, data_set)).result == "stored"
    stored = await archive.instance("1.2", "1.3", "1.4")
    content = await archive.content(stored)
    assert content.pixels is not None
    assert read_stored(stored.path, FrameIndex.decode(content.pixels), 0) == pixels


@pytest.mark.parametrize("begins", [b"", bytes(128), b"MZ" + bytes(126)])
async def test_what_the_index_can_not_take_stays_as_it_came_and_loses_its_place(archive: Archive, begins: bytes) -> None:
    whole = make_instance("1.2.3", "1.3", "1.4").replace(b"1.2.3\0", b"no.uid")
    data = begins + whole[128:] if begins else whole[whole.index(b"\x08\0\x16\0UI") :]
    outcome = await store(archive, data)
    assert (outcome.result, outcome.reason, outcome.sop_instance_uid) == ("failed", Reason.NOT_UNDERSTOOD, "1.4")
    assert "no.uid is no UID" in outcome.message
    (kept,) = (archive.folder / "quarantine").glob("*.dcm")
    assert kept.read_bytes() == data
    assert not files(archive)
    assert not await left_in(archive)


async def test_a_fault_of_ours_while_indexing_leaves_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise KeyError("a fault of ours")

    incoming = archive.incoming("test")
    incoming.write(make_instance())
    incoming.close()
    monkeypatch.setattr(taking_in, "index", fail)
    rules = Rules(archive.folder, 1 << 20, True, "replace")
    (result,) = await asyncio.to_thread(take_in, rules, [Arrival(incoming.path, "test", None, None)])
    assert result.outcome.reason == Reason.PROCESSING
    assert "a fault of ours" in result.fault
    assert not files(archive)
    assert not await left_in(archive)


async def test_an_instance_that_is_too_large_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    archive = Archive(settings(tmp_path, instance_max_mb=1))
    outcome = await store(archive, make_instance(PixelData=bytes(2 << 20)))
    assert outcome.reason == Reason.NO_RESOURCES
    assert not await left_in(archive)
    await archive.stop()


async def test_start_up_puts_right_what_a_crash_left(tmp_path: Path) -> None:
    archive = Archive(settings(tmp_path))
    await store(archive, make_instance("1.2", "1.3", "1.4"))
    kept = (await archive.instance("1.2", "1.3", "1.4")).digest
    await archive.stop()
    orphan, gone = "a" * 64, "b" * 64
    for digest in (orphan, gone):
        archive.blobs.path(digest).write_bytes(b"x")
    for name in (f"{orphan}.1234", f"{kept}.9876", "part-77"):
        (archive.blobs.incoming / name).write_bytes(b"x")
    (archive.folder / "scratch" / "left").write_bytes(b"x")
    with sqlite3.connect(archive.folder / "index.db") as index:
        index.executemany("INSERT INTO doomed VALUES (?)", [(gone,), (kept,)])
    again = Archive(settings(tmp_path))
    assert files(again) == {kept}
    assert not list(again.blobs.incoming.iterdir())
    assert not list((again.folder / "scratch").iterdir())
    assert rows(again, "SELECT count(*) FROM doomed") == [(0,)]
    await again.stop()


async def test_an_archive_is_one_process_own(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="in use"):
        Archive(settings(tmp_path))


async def test_what_is_no_archive_of_ours_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "archive" / "index.db"
    place.parent.mkdir()
    place.write_bytes(b"this is somebody's file" * 100)
    with pytest.raises(UnreadableError):
        Archive(settings(tmp_path))
    assert place.read_bytes().startswith(b"this is somebody's file")
    place.unlink()
    with sqlite3.connect(place) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(UnreadableError, match="version 99"):
        Archive(settings(tmp_path))


async def test_disks_that_are_full_are_told_of(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    incoming = archive.incoming("test")
    monkeypatch.setattr(incoming, "_file", os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb"))
    incoming.write(b"x")
    outcome = await archive.take(incoming)
    assert (outcome.reason, outcome.message) == (Reason.NO_RESOURCES, "the archive's disk is full")


@pytest.mark.parametrize("step", [(Blobs, "place"), (os, "fsync"), (os, "link")])
async def test_a_disk_that_fails_at_the_last_steps_leaves_nothing_by_half(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, step: tuple[object, str]
) -> None:
    def fail(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    def arrive(count: int) -> list[Arrival]:
        """Files as they lie there when a worker is told of them."""
        found = []
        for _ in range(count):
            incoming = archive.incoming("test")
            incoming.write(make_instance(instance=generate_uid()))
            incoming.close()
            found.append(Arrival(incoming.path, "test", None, None))
        return found

    rules = Rules(archive.folder, 1 << 20, True, "replace")
    monkeypatch.setattr(*step, fail)
    results = await asyncio.to_thread(take_in, rules, arrive(3))
    assert {one.outcome.reason for one in results} == {Reason.NO_RESOURCES}
    assert all("No space" in one.fault for one in results)
    monkeypatch.undo()
    assert (await archive.counts()).instances == 0
    assert not await left_in(archive)
    assert not files(archive)
    assert [one.outcome.result for one in await asyncio.to_thread(take_in, rules, arrive(1))] == ["stored"]
    assert (await archive.counts()).instances == 1


async def test_what_a_worker_that_died_had_in_hand_is_found_again_or_removed(archive: Archive) -> None:
    incoming = archive.incoming("test")
    incoming.write(make_instance("1.2", "1.3", "1.4"))
    incoming.close()
    orphan, digest = archive.incoming("test"), "c" * 64
    incoming.path.rename(archive.blobs.incoming / f"{'d' * 64}.{incoming.token}")
    rules = Rules(archive.folder, 1 << 20, True, "replace")
    (result,) = await asyncio.to_thread(take_in, rules, [Arrival(incoming.path, "test", None, None)])
    assert result.outcome.result == "stored", "it had been named already"
    assert result.path is not None
    archive._settling.soon([result.path])
    (archive.blobs.incoming / f"{digest}.{orphan.token}").write_bytes(b"x")
    archive.blobs.path(digest).write_bytes(b"x")
    archive._writer.abandon(orphan.token)
    assert not await left_in(archive)
    assert files(archive) == {(await archive.instance("1.2", "1.3", "1.4")).digest}


async def test_settling_goes_on_after_the_index_could_not_be_synced(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "INDEX_S", 0.01)
    sync, tries = archive._writer.sync, 0

    def fails_twice() -> None:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise OperationalError("PRAGMA wal_checkpoint", {}, sqlite3.OperationalError("database or disk is full"))
        sync()

    monkeypatch.setattr(archive._writer, "sync", fails_twice)
    await store(archive, make_instance("1.2", "1.3", "1.4"))
    async with asyncio.timeout(30):
        while archive._settling._waiting is not None:
            await asyncio.sleep(0.01)
    assert tries > 2
    assert not list(archive.blobs.incoming.iterdir())


async def test_a_worker_that_dies_costs_only_what_kills_it(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    deadly = make_instance(PatientID="deadly")
    run = archive.workers.run_here

    async def dying(function: Any, rules: Rules, arrivals: list[Arrival]) -> Any:
        if any(b"deadly" in arrival.path.read_bytes() for arrival in arrivals):
            raise UnreadableError("processing it brought a process down, or took too long")
        return await run(function, rules, arrivals)

    monkeypatch.setattr(archive.workers, "run_here", dying)
    data = [make_instance("1.2", "1.3") for _ in range(5)]
    outcomes = await asyncio.gather(*[store(archive, one) for one in [*data[:3], deadly, *data[3:]]])
    assert [one.result for one in outcomes] == ["stored"] * 3 + ["failed"] + ["stored"] * 2
    assert outcomes[3].reason == Reason.PROCESSING
    assert not await left_in(archive)


async def test_a_watched_folder_is_emptied_of_what_is_stored(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    (folder / "deep").mkdir(parents=True)
    good, bad = folder / "deep" / "a.dcm", folder / "b.dcm"
    good.write_bytes(make_instance("1.2", "1.3", "1.4")[:900])
    bad.write_bytes(make_instance()[:-9])
    (folder / "notes.txt").write_text("no DICOM")
    watcher = Watcher(archive, folder, 0.01, 4)
    assert await watcher.look() == 0, "who knows whether they are whole"
    good.write_bytes(make_instance("1.2", "1.3", "1.4"))
    assert await watcher.look() == 0, "it has changed"
    assert await watcher.look() == 1
    assert not good.exists()
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"b.dcm", "notes.txt"}
    assert len(await archive.instances("1.2")) == 1
    assert await watcher.look() == 0
    bad.write_bytes(make_instance("1.2", "1.3", "1.5"))
    watcher.start()
    for _ in range(500):
        if not bad.exists():
            break
        await asyncio.sleep(0.01)
    await watcher.stop()
    assert len(await archive.instances("1.2")) == 2
