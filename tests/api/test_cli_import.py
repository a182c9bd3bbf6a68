"""`slicecast import`: without a server, through the one that has the archive, to another one, and of what is no DICOM."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_instance
from tests.support.live import ROOT, free_port


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`slicecast import` as a program."""
    command = [sys.executable, "-m", "backend.cli", "import", "--worker-processes", "1", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five instances, one of them damaged, two in a zip file; and other files."""
    made = tmp_path / "given"
    (made / "deeper").mkdir(parents=True)
    files = [make_instance("1.2", "1.3", f"1.3.{number}", InstanceNumber=number) for number in range(1, 6)]
    (made / "one.dcm").write_bytes(files[0])
    (made / "deeper" / "IM0002").write_bytes(files[1])
    (made / "deeper" / "broken.dcm").write_bytes(files[2][:-9])
    with zipfile.ZipFile(made / "two.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a/3.dcm", files[3])
        bundle.writestr("a/4", files[4])
        bundle.writestr("readme.txt", "no DICOM")
    (made / "notes.txt").write_text("no DICOM either, and of some length, so that it might be mistaken for some" * 4)
    (made / ".hidden").write_bytes(files[0])
    (made / "bad.zip").write_bytes(b"PK no zip")
    return made


WANTED = {"stored": 4, "identical": 0, "replaced": 0, "kept": 0, "failed": 2, "other": 2}


def test_without_a_server_the_archive_of_the_data_folder_takes_them(folder: Path, tmp_path: Path) -> None:
    done = run("--data", tmp_path / "data", "--json", folder)
    result = json.loads(done.stdout)
    faults = {Path(fault["file"]).name: fault["why"] for fault in result.pop("faults")}
    assert (done.returncode, result) == (1, WANTED)
    assert "are left" in faults["broken.dcm"]
    assert "no readable zip" in faults["bad.zip"]
    again = run("--data", tmp_path / "data", folder / "one.dcm", folder / "two.zip")
    assert (again.returncode, again.stdout) == (0, "4 files: 3 were there already, 1 are no DICOM\n")
    server = ArchiveServer(tmp_path / "data")
    assert len(server.get("/dicom/studies/1.2/metadata").json()) == 4
    server.stop()


def test_a_running_server_is_found_and_takes_them(folder: Path, tmp_path: Path) -> None:
    server = ArchiveServer(tmp_path / "data")
    done = run("--data", tmp_path / "data", "--json", folder)
    result = json.loads(done.stdout)
    assert {Path(fault["file"]).name for fault in result.pop("faults")} == {"bad.zip", "broken.dcm"}
    assert (done.returncode, result) == (1, WANTED)
    assert len(server.get("/dicom/studies/1.2/metadata").json()) == 4
    server.stop()


def test_another_server_can_be_named(folder: Path, tmp_path: Path) -> None:
    server = ArchiveServer()
    done = run("--data", tmp_path / "nothing", "--server", server.url, folder / "one.dcm")
    assert (done.returncode, done.stdout) == (0, "1 files: 1 stored\n")
    assert not (tmp_path / "nothing").exists()
    server.stop()


def test_wrong_use_is_told_of(folder: Path, tmp_path: Path) -> None:
    missing = run("--data", tmp_path / "data", tmp_path / "missing")
    assert (missing.returncode, missing.stderr) == (2, f"slicecast: there is no file or folder {tmp_path / 'missing'}\n")
    nobody = run("--server", f"http://127.0.0.1:{free_port()}", folder / "one.dcm")
    assert nobody.returncode == 3
    assert "no server answers" in nobody.stderr
    nothing = run("--data", tmp_path / "data", folder / "notes.txt")
    assert (nothing.returncode, nothing.stdout) == (0, "1 files: 1 are no DICOM\n")
