"""What a program named Slicer understands of the command lines meant for Slicer."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from backend.cli import main as cli
from backend.errors import BadRequestError
from backend.slicer_launcher import NAMES, Wanted, main, read_arguments, settings_for

# As slicerio's start_server writes it.
SLICERIO = "wslogic = getModuleLogic('WebServer'); wslogic.port={}; wslogic.addDefaultRequestHandlers(); wslogic.start()"


def test_the_code_of_slicerio_is_understood() -> None:
    wanted = read_arguments(["--python-code", SLICERIO.format(2099)])
    assert wanted == Wanted(port=2099, started=True)
    assert read_arguments([f"--python-code={SLICERIO.format(1)}"]).port == 1


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("l = getModuleLogic('WebServer'); l.addDefaultRequestHandlers(enableExec=True); l.start()",
         Wanted(enable_exec=True, started=True)),
        ("l = slicer.util.getModuleLogic('WebServer'); l.addDefaultRequestHandlers(True, True, True, False)",
         Wanted(enable_exec=True, enable_static=False)),
        ("import WebServer\nlogic = WebServer.WebServerLogic(port=3000, enableExec=True, enableCORS=True)\nlogic.start()",
         Wanted(port=3000, enable_exec=True, cors=True, started=True)),
        ("from WebServer import WebServerLogic\nw = WebServerLogic()\nw.enableCORS = True", Wanted(cors=True)),
        ("", Wanted()),
    ],
)  # fmt: skip
def test_other_ways_to_start_the_web_server(code: str, wanted: Wanted) -> None:
    assert read_arguments(["--python-code", code]) == wanted


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.system('touch /tmp/x')",
        "l = getModuleLogic('WebServer'); l.port = int('2016')",
        "l = getModuleLogic('WebServer'); l.port = True",
        "l = getModuleLogic('DICOM')",
        "l.start()",
        "l = getModuleLogic('WebServer'); l.stop()",
        "print(1)",
        "x = 1",
        "a b",
    ],
)
def test_code_that_does_something_else_is_refused(code: str) -> None:
    with pytest.raises(BadRequestError):
        read_arguments(["--python-code", code])


def test_switches_of_windows_are_passed_over_and_files_are_loaded() -> None:
    wanted = read_arguments(["--no-main-window", "--no-splash", "a.nrrd", "--python-code", SLICERIO.format(5), "b.mrb"])
    assert (wanted.files, wanted.port) == (["a.nrrd", "b.mrb"], 5)
    for arguments in (["--python-code"], ["--python-script", "a.py"]):
        with pytest.raises(BadRequestError):
            read_arguments(arguments)


def test_settings_are_what_is_wanted_and_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = settings_for(Wanted(port=2099))
    assert (settings.port, settings.port_strict, settings.enable_exec, settings.demo, settings.cors) == (
        2099, True, False, False, [],
    )  # fmt: skip
    assert settings.is_loopback
    assert {Path.home(), Path.cwd(), Path(tempfile.gettempdir())} == set(settings.allow_path)
    assert settings_for(Wanted(allow_path=[tmp_path])).allow_path == [tmp_path]
    assert settings_for(Wanted(enable_exec=True, cors=True)).enable_exec
    closed = settings_for(Wanted(enable_exec=True, enable_slicer=False, enable_static=False))
    assert (closed.enable_exec, closed.enable_slicer, closed.enable_pages) == (False, False, False)
    monkeypatch.setenv("SLICECAST_ALLOW_PATH", f'["{tmp_path}"]')
    assert settings_for(Wanted()).allow_path == [tmp_path]


def test_it_is_installed_and_refuses_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "with space"
    assert cli(["slicer-launcher", "--install", str(folder), "--allow-path", str(tmp_path / "it's data")]) == 0
    assert cli(["slicer-launcher", "--install", str(folder)]) == 0  # again
    assert str(folder / "Slicer") in capsys.readouterr().out
    for name in NAMES:
        assert os.access(folder / name, os.X_OK)
        done = subprocess.run([folder / name, "--version"], capture_output=True, text=True, check=True, cwd="/")
        assert done.stdout.startswith("Slicecast ")
    done = subprocess.run([folder / "Slicer", "--python-code", "x = 1"], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 2
    assert "x = 1" in done.stderr


def test_another_program_of_that_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "Slicer").write_text("#!/bin/sh\necho the real one\n")
    assert cli(["slicer-launcher", "--install", str(tmp_path)]) == 1
    assert "the real one" in (tmp_path / "Slicer").read_text()


def test_a_port_that_is_none_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--python-code", SLICERIO.format(99999)]) == 2
    assert "port" in capsys.readouterr().err
