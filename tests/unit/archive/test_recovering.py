"""Power failures: files that were synced are there, and of the index what was synced; everything acknowledged comes back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from backend.archive import settling
from backend.archive.archive import Archive
from backend.archive.workers import Workers
from backend.config import Settings
from backend.errors import NotFoundError
from backend.store import blobs, engine
from tests.support.instances import make_instance
from tests.unit.archive.test_archive import left_in, rows, settings, store


@pytest.fixture(autouse=True)
def _rows_stay_unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as they may; and what workers do is done here, where it is seen what they sync."""

    async def run_here(_workers: Workers, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(function, *args)

    monkeypatch.setattr(settling, "INDEX_S", 60.0)
    monkeypatch.setattr(Workers, "run_here", run_here)


class Disk:
    """What of an archive's index is on its disk: its files as they were when they were last synced."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._index = folder / "archive" / "index.db"
        self._synced: dict[str, bytes] = {}
        sync = blobs.sync_file

        def note(path: Path) -> None:
            sync(path)
            if path.name.startswith("index.db"):
                self._note()

        monkeypatch.setattr(engine, "sync_file", note)

    def _note(self) -> None:
        for name in ("index.db", "index.db-wal"):
            path = self._index.with_name(name)
            self._synced[name] = path.read_bytes() if path.exists() else b""

    def fail_into(self, folder: Path) -> Settings:
        """A copy of the archive as it is after the power went."""
        shutil.copytree(self._index.parent, folder / "archive", ignore=shutil.ignore_patterns("index.db*", "lock"))
        for name, data in self._synced.items():
            (folder / "archive" / name).write_bytes(data)
        return settings(folder)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path / "one", monkeypatch)


@pytest.fixture
async def archive(tmp_path: Path, disk: Disk) -> AsyncIterator[Archive]:
    """An empty archive on the disk."""
    found = Archive(settings(tmp_path / "one"))
    yield found
    await found.stop()


async def test_what_was_acknowledged_comes_back_without_its_rows(archive: Archive, disk: Disk, tmp_path: Path) -> None:
    data = {uid: make_instance("1.2", "1.3", uid, ImageComments=uid) for uid in ("1.4", "1.5", "1.6")}
    await store(archive, data["1.4"])
    await archive._settling.now()
    for uid in ("1.5", "1.6"):
        assert (await store(archive, data[uid])).result == "stored"
    again = Archive(disk.fail_into(tmp_path / "two"))
    assert {one.sop_instance_uid: one.path.read_bytes() for one in await again.instances("1.2")} == data
    assert (await again.counts()).instances == 3
    assert rows(again, "SELECT sop_instance_uid, origin FROM instances ORDER BY 1") == [
        ("1.4", "test"), ("1.5", "recovered"), ("1.6", "recovered"),
    ]  # fmt: skip
    assert not await left_in(again)
    await again.stop()


async def test_files_that_were_cut_short_go(archive: Archive, disk: Disk, tmp_path: Path) -> None:
    await store(archive, make_instance("1.2", "1.3", "1.4"))
    after = disk.fail_into(tmp_path / "two")
    for path in (tmp_path / "two").rglob("*"):
        if len(path.name.partition(".")[0]) == 64:
            path.write_bytes(path.read_bytes()[:100])
    again = Archive(after)
    assert (await again.counts()).instances == 0
    assert not [path for path in again.blobs.files.rglob("*") if path.is_file()]
    assert not await left_in(again)
    await again.stop()


async def test_what_was_deleted_does_not_come_back(archive: Archive, disk: Disk, tmp_path: Path) -> None:
    for uid in ("1.4", "1.5"):
        await store(archive, make_instance("1.2", "1.3", uid))
    await archive.remove("1.2", "1.3", "1.4")
    again = Archive(disk.fail_into(tmp_path / "two"))
    assert [one.sop_instance_uid for one in await again.instances("1.2")] == ["1.5"]
    await again.stop()


async def test_what_was_replaced_does_not_come_back(archive: Archive, disk: Disk, tmp_path: Path) -> None:
    await store(archive, make_instance("1.2", "1.3", "1.4", ImageComments="first"))
    second = make_instance("1.2", "1.3", "1.4", ImageComments="second")
    assert (await store(archive, second)).result == "replaced"
    again = Archive(disk.fail_into(tmp_path / "two"))
    assert (await again.instance("1.2", "1.3", "1.4")).path.read_bytes() == second
    assert len([path for path in again.blobs.files.rglob("*") if path.is_file()]) == 1
    await again.stop()


async def test_what_can_not_be_indexed_again_is_kept_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path / "one", monkeypatch)
    archive = Archive(settings(tmp_path / "one"))
    data = make_instance("1.2", "1.3", "1.4")
    await store(archive, data)
    after = disk.fail_into(tmp_path / "two")
    with monkeypatch.context() as patch:
        patch.setattr("backend.store.storing.Storing.add", _no_room)
        again = Archive(after)
        with pytest.raises(NotFoundError):
            await again.instance("1.2", "1.3", "1.4")
        await again.stop()
    once_more = Archive(after)
    assert (await once_more.instance("1.2", "1.3", "1.4")).path.read_bytes() == data
    assert not await left_in(once_more)
    await once_more.stop()


def _no_room(*_given: object) -> None:
    raise OSError(28, "No space left on device")
