"""The commands of `slicecast` that ask a running server: `load`, `save`, `list`, `render`."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.client import Client, NoServerError, RefusedError

SERVER_VARIABLE = "SLICECAST_SERVER"
DEFAULT_SERVER = "http://localhost:2016"
DONE, REFUSED, USAGE, NO_SERVER = 0, 1, 2, 3
FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
VIEWS = ("red", "yellow", "green", "axial", "sagittal", "coronal", "3d", "1")
START_TIMEOUT_S = 120.0
EPILOG = f"Exit codes: {DONE} done, {REFUSED} refused by the server, {USAGE} wrong use, {NO_SERVER} no server answers."


def add_parsers(commands: Any) -> None:
    """Add the commands to those of `slicecast`."""
    load = _parser(commands, "load", "load files, folders and URLs into a running server's scene")
    load.add_argument("paths", nargs="+", metavar="FILE|FOLDER|URL")
    load.add_argument("--type", help="Slicer's file type, such as VolumeFile; by the name's ending where absent")
    load.add_argument("--name", help="name for the node")
    listing = _parser(commands, "list", "list the nodes of a running server's scene")
    listing.add_argument("--class", dest="class_name", help="only of this class and its subclasses, such as vtkMRMLVolumeNode")
    save = _parser(commands, "save", "write a node of a running server's scene to a file")
    save.add_argument("node", metavar="NODE", help="id or name of a node; `scene` for all, as .mrb")
    save.add_argument(
        "output", type=Path, metavar="FILE", help="its ending chooses the format: .nrrd, .nii.gz, .seg.nrrd, .stl, …"
    )
    render = _parser(commands, "render", "write a picture of a view of a running server, or of a file")
    render.add_argument("what", metavar="VIEW|FILE", help=f"{', '.join(VIEWS)}; or a file, shown by a server of its own")
    render.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help=".png, .jpg or .webp")
    render.add_argument("--view", help="view of a FILE", default="red", choices=VIEWS)
    render.add_argument("--size", help="pixels a side")
    render.add_argument("--offset", help="mm along the normal of the slice")
    render.add_argument("--scroll-to", dest="scrollTo", help="0 to 1 through the volume")
    render.add_argument("--orientation", choices=("axial", "sagittal", "coronal"))
    render.add_argument("--look-from", dest="lookFromAxis", help="3D: right, left, anterior, posterior, superior, inferior")
    render.add_argument("--format", choices=("png", "jpeg", "webp"), help="by the name's ending where absent")
    render.add_argument("--quality", help="of JPEG and WebP, 1 to 100")
    render.add_argument("--overlays", action="store_const", const="1", help="draw segmentations and markups on slices")
    render.add_argument("--labels", action="store_const", const="1", help="draw patient directions at the edges of slices")


def _parser(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, epilog=EPILOG)
    parser.add_argument("--server", metavar="URL", help=f"base URL; by default {SERVER_VARIABLE}, else {DEFAULT_SERVER}")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def run(command: str, given: dict[str, Any]) -> int:
    """Carry out one of the commands; the exit code."""
    client = Client(given.pop("server") or os.environ.get(SERVER_VARIABLE) or DEFAULT_SERVER)
    as_json: bool = given.pop("json")
    try:
        result = {"load": _load, "save": _save, "list": _list, "render": _render}[command](client, given)
    except (FileNotFoundError, NotADirectoryError, PermissionError, argparse.ArgumentTypeError) as error:
        return _fail(USAGE, error)
    except RefusedError as error:
        return _fail(REFUSED, error)
    except NoServerError as error:
        return _fail(NO_SERVER, error)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        for row in result:
            print("\t".join(row.values()))
    return DONE


def _fail(code: int, error: Exception) -> int:
    sys.stderr.write(f"slicecast: {error}\n")
    return code


def _load(client: Client, given: dict[str, Any]) -> list[dict[str, str]]:
    return client.load(given["paths"], given["type"], given["name"])


def _save(client: Client, given: dict[str, Any]) -> list[dict[str, str]]:
    output: Path = given["output"]
    if not output.parent.is_dir():
        raise NotADirectoryError(f"there is no folder {output.parent}")
    client.save(given["node"], output)
    return [{"file": str(output)}]


def _list(client: Client, given: dict[str, Any]) -> list[dict[str, str]]:
    return client.nodes(given["class_name"])


def _render(client: Client, given: dict[str, Any]) -> list[dict[str, str]]:
    what, view, output = given.pop("what"), given.pop("view"), given.pop("output")
    kind = given.pop("format") or FORMATS.get(output.suffix.lower())
    if kind is None:
        raise argparse.ArgumentTypeError(f"{output.name}: use .png, .jpg or .webp, or --format")
    parameters = {name: value for name, value in given.items() if value is not None} | {"fmt": kind}
    if what.lower() in VIEWS:
        media, picture = client.render(what, parameters)
    elif Path(what).exists():
        with private_server(what) as own:
            media, picture = own.render(view, parameters)
    else:
        raise FileNotFoundError(f"{what} is no view ({', '.join(VIEWS)}) and no file")
    output.write_bytes(picture)
    return [{"file": str(output), "type": media}]


@contextmanager
def private_server(path: str) -> Iterator[Client]:
    """A server of our own for one file, on any free port, gone afterwards.

    Raises:
        RefusedError: it can not show the file.
    """
    with tempfile.TemporaryDirectory(prefix="slicecast-render-") as data:
        log = Path(data) / "log"
        settings = ["--host", "localhost", "--port", "0", "--data", data, "--log-format", "json", "--log-level", "info"]
        command = [sys.executable, "-m", "backend.cli", "serve", *settings, path]
        with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            try:
                assert process.stdout is not None
                found = re.search(r"http://\S+?(?=/\s)", process.stdout.readline())
                if found is None:
                    raise RefusedError(log.read_text().strip() or "the server did not start")
                client = Client(found[0])
                _wait_until_loaded(client, process, log)
                yield client
            finally:
                process.send_signal(signal.SIGTERM)


def _wait_until_loaded(client: Client, process: subprocess.Popen[str], log: Path) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        for line in lines:
            if line.get("event") == "not loaded":
                raise RefusedError(line["why"])
        if any(line.get("event") == "loaded" for line in lines) and client.is_ready():
            return
        time.sleep(0.05)
    raise RefusedError("the file was not loaded in time")
