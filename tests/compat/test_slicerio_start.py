"""slicerio starts the server by itself, as it would start Slicer."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import slicerio.server as client

from backend.cli import main as cli
from tests.support.live import free_port

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Programs that slicerio started; they are ended. A program named Slicer is first in the PATH."""
    programs: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        programs.append(start(*arguments, **options))  # type: ignore[call-overload]
        return programs[-1]

    assert cli(["slicer-launcher", "--install", str(tmp_path / "bin")]) == 0
    monkeypatch.setattr(subprocess, "Popen", remember)
    monkeypatch.setattr(client, "SERVER_PORT", free_port())
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("SLICECAST_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SLICER_EXECUTABLE", raising=False)
    yield programs
    for program in programs:
        program.terminate()
        program.wait(30)


def test_a_script_loads_a_file_and_the_server_starts_by_itself(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = shutil.copy(DATA / "CTChest4.nrrd", tmp_path / "scan.nrrd")
    monkeypatch.chdir(tmp_path)
    assert not client.is_server_running()
    assert client.file_load(scan) == ["vtkMRMLScalarVolumeNode1"]  # the scene was empty, as Slicer's is
    assert len(started) == 1
    assert client.node_names(class_name="vtkMRMLVolumeNode") == ["scan"]
    answer = client.requests.post(f"http://127.0.0.1:{client.SERVER_PORT}/slicer/exec", data="1")
    with pytest.raises(RuntimeError, match="unknown command"):  # nobody asked for exec
        client._report_error(answer)
    assert len(started) == 1  # and no second server was started


def test_it_is_started_by_the_variable_too(
    started: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"].partition(":")[2])
    monkeypatch.setenv("SLICER_EXECUTABLE", str(tmp_path / "bin" / "Slicer"))
    program = client.start_server()
    assert program.poll() is None
    assert client.is_server_running()
    assert len(client.node_ids()) > 20
    assert started == [program]
    assert client.stop_server() == {"success": True}
    assert program.wait(30) == 0
    assert not client.is_server_running()


def test_a_taken_port_ends_it_with_a_reason(started: list[subprocess.Popen[bytes]], tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code = f"l = getModuleLogic('WebServer'); l.port={port}; l.start()"
        done = subprocess.run([tmp_path / "bin" / "Slicer", "--python-code", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert str(port) in done.stderr
