"""The journal of loads: what stands on disk is what would be told to a new process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from backend.scene.commands import Clear, Command, Load, LoadDemo, PutVolume, VolumePut
from backend.sessions.journal import Journal
from tests.support.live import ROOT


class Moved(Command):
    """A command of which only the newest counts."""

    journal = "newest"
    what: str
    to: int

    def journal_key(self) -> str:
        """One for each thing that moves."""
        return self.what


LOADS = [Load("/data/a.nrrd", "VolumeFile", {"name": "scan"}, show_in_3d=True), LoadDemo(job="x"), Load("/data/ü.nrrd")]


def on_disk(folder: Path) -> list[Command]:
    lines = (folder / "journal.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Load | LoadDemo | Clear) for line in lines]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "default")


def test_loads_stand_on_disk_in_their_order(journal: Journal, tmp_path: Path) -> None:
    for count, entry in enumerate(LOADS, start=1):
        journal.note(entry)
        assert on_disk(tmp_path / "default") == LOADS[:count]
    assert journal.entries == LOADS


def test_a_load_is_on_the_disk_itself_before_it_is_acknowledged(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        real(descriptor)
        synced.append((tmp_path / "default" / "journal.jsonl").read_bytes())

    monkeypatch.setattr(os, "fsync", watch)
    journal.note(LOADS[0])
    assert synced == [msgspec.json.encode(LOADS[0]) + b"\n"]


def test_a_killed_process_leaves_whole_lines(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from backend.sessions.journal import Journal; from backend.scene.commands import Load\n"
        "j = Journal(pathlib.Path(sys.argv[1])); j.note(Load('/a')); j.note(Load('/b')); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert on_disk(tmp_path) == [Load("/a"), Load("/b")]


def test_a_dropped_load_is_forgotten_once(journal: Journal, tmp_path: Path) -> None:
    for entry in (*LOADS, LOADS[0]):
        journal.note(entry)
    journal.drop(LOADS[0])
    assert on_disk(tmp_path / "default") == journal.entries == [*LOADS[1:], LOADS[0]]
    with pytest.raises(ValueError, match="not in list"):
        journal.drop(Load("/never"))


def test_clearing_leaves_itself_and_what_comes_after(journal: Journal, tmp_path: Path) -> None:
    journal.note(LOADS[0])
    journal.note(Clear())
    assert on_disk(tmp_path / "default") == journal.entries == [Clear()]
    journal.note(LOADS[2])
    assert on_disk(tmp_path / "default") == [Clear(), LOADS[2]]


def test_files_of_the_spool_go_with_the_last_entry_that_needs_them(journal: Journal) -> None:
    for name in ("one/a.nrrd", "one/b.nrrd", "two/c.nrrd"):
        (journal.spool / name).parent.mkdir(exist_ok=True)
        (journal.spool / name).write_bytes(b"x")
    loads = [Load(str(journal.spool / name)) for name in ("one/a.nrrd", "one/b.nrrd")]
    for load in (*loads, Load("/elsewhere/d.nrrd")):
        journal.note(load)
    journal.drop(loads[0])
    assert (journal.spool / "one" / "b.nrrd").exists()  # a folder of several files goes when the last is not needed
    journal.note(Clear())
    assert [folder.name for folder in journal.spool.iterdir()] == ["two"]  # nobody gave that up


def test_of_what_moves_only_the_newest_is_told_again(journal: Journal) -> None:
    for command in (Moved("a", 1), LOADS[0], Moved("b", 2), Moved("a", 3)):
        journal.note(command)
    assert journal.entries == [LOADS[0], Moved("b", 2), Moved("a", 3)]


def test_a_new_server_starts_afresh_uploads_included(journal: Journal, tmp_path: Path) -> None:
    journal.note(LOADS[0])
    (journal.spool / "scan.nrrd").write_bytes(b"old")
    again = Journal(tmp_path / "default")
    assert again.entries == []
    assert again.spool.is_dir()
    assert list(again.spool.iterdir()) == []
    assert not (tmp_path / "default" / "journal.jsonl").exists()


def put(journal: Journal, number: int, node: str, made: bool = False, gone: tuple[str, ...] = ()) -> Path:
    """A volume that was put in: its file lies in a folder of its own, as bodies do."""
    path = journal.spool / f"{number:04d}" / "body"
    path.parent.mkdir()
    path.write_bytes(b"voxels")
    journal.note(PutVolume(str(path), node).journaled(VolumePut(node, f"name of {node}", made, list(gone))))
    return path


def told(journal: Journal) -> list[tuple[str, str]]:
    return [(entry.node_id, Path(entry.path).parent.name) for entry in journal.entries if isinstance(entry, PutVolume)]


def kept(journal: Journal) -> list[str]:
    return sorted(folder.name for folder in journal.spool.iterdir())


def test_a_volume_is_made_with_its_newest_voxels_and_older_ones_leave_the_spool(journal: Journal) -> None:
    put(journal, 1, "A", made=True)
    put(journal, 2, "B", made=True)
    put(journal, 3, "A")
    put(journal, 4, "A")
    assert told(journal) == [("A", "0004"), ("B", "0002"), ("A", "0004")]
    assert kept(journal) == ["0002", "0004"]


def test_voxels_of_a_volume_that_has_gone_are_not_kept_but_its_number_is(journal: Journal) -> None:
    put(journal, 1, "A", made=True)
    put(journal, 2, "B")
    journal.note(LOADS[0])
    put(journal, 3, "C", made=True, gone=("A", "B"))
    assert told(journal) == [("A", "0003"), ("C", "0003")]
    assert kept(journal) == ["0003"]
    assert journal.entries[1] == LOADS[0]


def test_an_emptied_scene_empties_the_spool_of_volumes(journal: Journal) -> None:
    put(journal, 1, "A", made=True)
    (journal.spool / "download").mkdir()
    journal.note(Clear())
    assert kept(journal) == ["download"]


def test_what_is_forgotten_leaves_the_spool(journal: Journal) -> None:
    put(journal, 1, "A", made=True)
    journal.drop(journal.entries[0])
    assert (kept(journal), journal.entries) == ([], [])


def test_nothing_outside_the_spool_is_ever_removed(journal: Journal, tmp_path: Path) -> None:
    outside = tmp_path / "precious" / "file"
    outside.parent.mkdir()
    outside.write_bytes(b"")
    journal.remove_spooled(outside)
    journal.remove_spooled(journal.spool)
    journal.remove_spooled(journal.spool / "file")
    assert outside.exists()
    assert journal.spool.exists()


def test_an_entry_is_kept_as_a_new_process_answered_it(journal: Journal) -> None:
    put(journal, 1, "A", made=True)
    put(journal, 2, "B", made=True)
    first = journal.entries[0]
    journal.renew(first, first.journaled(VolumePut("A2", "name of A", True)))
    assert [node for node, _file in told(journal)] == ["A2", "B"]
