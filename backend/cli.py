"""The console command `slicecast`: `serve` files, folders and URLs, `check` what the machine offers, ask a running server."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from backend import __version__, cli_client
from backend.config import Settings
from backend.open_url import open_url
from backend.render.glprobe import NO_DRIVER
from backend.slicer_launcher import install

PACKAGES = (
    "slicer-core",
    "vtk",
    "tornado",
    "numba",
    "pydicom",
    "imagecodecs",
    "pylibjpeg-rle",
)
PROBE_TIMEOUT_S = 90


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of the console command; returns the exit code."""
    given = vars(_parser().parse_args(arguments))
    command = given.pop("command")
    if command == "open-url":
        return open_url(given["url"], given["server"], given["browser"], given["wait"])
    if command == "slicer-launcher":
        return install(given["install"], given["allow_path"] or [])
    if command not in ("serve", "check", "import"):
        return cli_client.run(command, given)
    given_to: dict[str, Any] = {name: given.pop(name) for name in ("paths", "server", "json") if name in given}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for fault in error.errors():
            sys.stderr.write(f"slicecast: {'.'.join(map(str, fault['loc']))}: {fault['msg']}\n")
        return 2
    return _with_settings(command, settings, given_to)


def _with_settings(command: str, settings: Settings, given: dict[str, Any]) -> int:
    """Carry out a command that needs the settings; each imports what the others do without."""
    if command == "check":
        return check(settings)
    if command == "import":
        from backend import cli_import

        return cli_import.run(settings, given["paths"], given["server"], given["json"])
    from backend.app import serve

    return serve(settings, given["paths"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slicecast", description=__doc__)
    parser.add_argument("--version", action="version", version=f"slicecast {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve files, folders and URLs; the demo scene without any")
    serve.add_argument("paths", nargs="*", metavar="FILE|FOLDER|URL")
    launcher = commands.add_parser("slicer-launcher", help="write a program named Slicer that scripts can start in its place")
    launcher.add_argument("--install", metavar="FOLDER", type=Path, required=True, help="where to write it")
    launcher.add_argument(
        "--allow-path", metavar="FOLDER", action="append", help="folders that requests may then name files in; "
        "without: the home folder, the current one, the one for temporary files",
    )  # fmt: skip
    check_command = commands.add_parser("check", help="report what this machine offers and what is missing")
    importing = commands.add_parser("import", help="take DICOM files, folders and zip files into the archive")
    importing.add_argument("paths", nargs="+", metavar="FILE|FOLDER|ZIP")
    importing.add_argument("--server", metavar="URL", help="send to this server; without: into the archive of `--data`, "
                           "through the server of this machine that has it, if one runs")  # fmt: skip
    importing.add_argument("--json", action="store_true", help="print the result as JSON")
    cli_client.add_parsers(commands)
    link = commands.add_parser("open-url", help="have a running server open a slicer: link, and show its viewer")
    link.add_argument("url", metavar="URL", help="slicer: link")
    link.add_argument("--server", default="http://localhost:2016", help="address of the server (%(default)s)")
    link.add_argument("--browser", action=argparse.BooleanOptionalAction, default=True, help="show the viewer in a browser")
    link.add_argument("--wait", action="store_true", help="return when everything is loaded, and fail if that fails")
    for command in (serve, check_command, importing):
        for name, field in Settings.model_fields.items():
            _add_switch(command, name, field)
    return parser


def _add_switch(parser: argparse.ArgumentParser, name: str, field: FieldInfo) -> None:
    """One switch for a setting; the setting itself checks the value."""
    options: dict[str, Any] = {
        "dest": name,
        "default": None,
        "help": (field.description or "").replace("%", "%%"),
    }
    if field.annotation is bool:
        options["action"] = argparse.BooleanOptionalAction
    elif get_origin(field.annotation) is list:
        options |= {"action": "append", "metavar": name.upper()}
    else:
        options["metavar"] = name.upper()
    parser.add_argument("--" + name.replace("_", "-"), **options)


def check(settings: Settings) -> int:
    """Print what the machine offers; 0 if nothing essential is missing."""
    good = True
    print(f"slicecast {__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    for package in PACKAGES:
        try:
            print(f"  {package:<20} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            good = False
            print(f"  {package:<20} MISSING")
    print(f"OpenGL: {_gl()}")
    folder = settings.data
    while not folder.exists():
        folder = folder.parent
    writable = os.access(folder, os.W_OK)
    good = good and writable
    state = "writable" if writable else "NOT WRITABLE"
    print(f"data: {settings.data} ({state}, {shutil.disk_usage(folder).free >> 30} GiB free)")
    viewer = Path(__file__).resolve().parent.parent / "docroot" / "viewer" / "index.html"
    packaged = Path(__file__).resolve().parent / "docroot" / "viewer" / "index.html"
    built = viewer.is_file() or packaged.is_file()
    print(f"viewer: {'built' if built else 'NOT BUILT (npm ci && npm run build)'}")
    return 0 if good else 1


def _gl() -> str:
    command = [sys.executable, "-m", "backend.render.glprobe"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
        found = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        found = None
    if found is None:
        return f"none: {NO_DRIVER}"
    return f"{found['renderer']} ({found['window_class']})"


if __name__ == "__main__":
    sys.exit(main())
