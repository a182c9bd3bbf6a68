"""A client of a running server, for the command line: load, list, save, render. Standard library only."""

from __future__ import annotations

import http.client
import itertools
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

READ_TIMEOUT_S = 900.0
PIECE = 1 << 20


class NoServerError(Exception):
    """Nobody answers there, or not as a server of ours."""


class RefusedError(Exception):
    """The server answered with an error; the message is its own."""


@dataclass(frozen=True)
class Client:
    """Talks to one server. `url`: its base, such as `http://localhost:2016`."""

    url: str

    def load(self, paths: Iterable[str], kind: str | None = None, name: str | None = None) -> list[dict[str, str]]:
        """Load files, folders and URLs; the nodes that were made, each with `id`, `name`, `class`.

        Files go to the server in as few uploads as their names allow, so that a header finds its data.

        Raises:
            FileNotFoundError: a file is not here; nothing is loaded then.
            RefusedError: the server does not take one of them.
        """
        given = list(paths)
        local = [Path(path) for path in given if not _is_url(path)]
        for path in local:
            if not path.exists():
                raise FileNotFoundError(f"there is no file or folder {path}")
        wanted = {key: value for key, value in (("type", kind), ("name", name)) if value}
        loaded = []
        for url in filter(_is_url, given):
            loaded += self._load({"url": url, **wanted})
        for group in _groups(local):
            loaded += self._load({"upload": self._upload(group), **wanted})
        return loaded

    def _load(self, request: Mapping[str, str]) -> list[dict[str, str]]:
        answer = self.ask_json("POST", "/api/load", json.dumps(request).encode(), "application/json")
        return list(answer["loaded"])

    def _upload(self, files: Mapping[str, Path]) -> str:
        number: str = self.ask_json("POST", "/api/uploads")["id"]
        for name, path in files.items():
            with path.open("rb") as file:
                self.ask_json("PUT", f"/api/uploads/{number}/{quote(name, safe='')}", file, "application/octet-stream")
        return number

    def nodes(self, class_name: str | None = None) -> list[dict[str, str]]:
        """Ids and names of nodes, of a class and its subclasses or all."""
        query = "?" + urlencode({"class": class_name}) if class_name else ""
        ids, names = (self.ask_json("GET", f"/slicer/mrml/{what}{query}") for what in ("ids", "names"))
        return [{"id": number, "name": name} for number, name in zip(ids, names, strict=False)]

    def save(self, node: str, path: Path) -> None:
        """Write a node, by id or name, or with `scene` all, to a file whose ending chooses the format.

        The other files of formats that have several lie beside it, under names that begin as its name does.

        Raises:
            RefusedError: no such node, several of this name, or no such format.
        """
        place = "/api/scene/file" if node == "scene" else f"/api/nodes/{quote(self._id_of(node), safe='')}/file"
        with self.ask("GET", f"{place}?{urlencode({'as': path.name})}") as response:
            if not (response.headers.get_filename() or "").endswith(f"{path.name}.zip"):
                copy(response, path)
                return
            with tempfile.TemporaryFile() as file:
                shutil.copyfileobj(response, file, PIECE)
                _unpack(file, path.parent)

    def _id_of(self, node: str) -> str:
        for key in ("id", "name"):
            found = self.ask_json("GET", f"/slicer/mrml/ids?{urlencode({key: node})}")
            if len(found) == 1:
                return str(found[0])
            if found:
                raise RefusedError(f"there are several nodes {node!r}: {', '.join(found)}; give the id")
        raise RefusedError(f"there is no node {node!r}; `slicecast list` shows them")

    def render(self, view: str, parameters: Mapping[str, str]) -> tuple[str, bytes]:
        """Media type and bytes of a picture of a view: `red`, `yellow`, `green`, their anatomical names, or `3d`."""
        path = "/threeD" if view.lower() in ("3d", "1", "threed") else "/slice"
        query = {"view": "1" if path == "/threeD" else view, **parameters}
        with self.ask("GET", f"{path}?{urlencode(query)}") as response:
            return response.headers.get_content_type(), response.read()

    def is_ready(self) -> bool:
        """Whether the scene can answer and nothing is being loaded."""
        try:
            return bool(self.ask_json("GET", "/readyz")["status"] == "ready")
        except (NoServerError, RefusedError):
            return False

    def ask_json(self, method: str, path: str, body: bytes | IO[bytes] | None = None, kind: str = "") -> Any:
        """The answer as JSON."""
        with self.ask(method, path, body, kind) as response:
            try:
                return json.loads(response.read())
            except ValueError as error:
                raise NoServerError(f"what answers at {self.url} is no Slicecast server") from error

    @contextmanager
    def ask(
        self, method: str, path: str, body: bytes | IO[bytes] | None = None, kind: str = ""
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request; its answer, if it is no error, to be read before the connection is closed.

        Raises:
            NoServerError: nobody answers.
            RefusedError: an error is answered.
        """
        with ExitStack() as open_:
            try:
                base = urlsplit(self.url)
                make = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
                connection = open_.enter_context(closing(make(base.hostname or "", base.port, timeout=READ_TIMEOUT_S)))
                headers = {"Content-Type": kind} if kind else {}
                with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent; the answer says why
                    connection.request(method, base.path.rstrip("/") + path, body, headers)
                response = open_.enter_context(connection.getresponse())
                refused = _message_of(response) if response.status >= 400 else None
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise NoServerError(f"no server answers at {self.url} ({error}); start one with `slicecast serve`") from error
            if refused is not None:
                raise RefusedError(refused)
            yield response


def copy(source: IO[bytes], path: Path) -> None:
    """Write what is read to a file, which is there only once it is whole."""
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as file:
            shutil.copyfileobj(source, file, PIECE)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _unpack(file: IO[bytes], folder: Path) -> None:
    """Write the files of a zip into a folder, each whole or not at all."""
    with zipfile.ZipFile(file) as whole:
        for one in whole.infolist():
            with whole.open(one) as source:
                copy(source, folder / Path(one.filename).name)


def _is_url(text: str) -> bool:
    return urlsplit(text).scheme in ("http", "https")


def _groups(paths: Iterable[Path]) -> list[dict[str, Path]]:
    """Uploads for files and folders, by name within the upload: each folder its own, files together while names differ."""
    groups: list[dict[str, Path]] = []
    files: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            groups.append(_folder(path))
        elif path.name in files:
            groups.append(files)
            files = {path.name: path}
        else:
            files[path.name] = path
    return [group for group in (*groups, files) if group]


def _folder(folder: Path) -> dict[str, Path]:
    numbers = itertools.count(1)
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            name = path.name if path.name not in found else f"{next(numbers)}-{path.name}"
            found[name] = path
    return found


def _message_of(response: http.client.HTTPResponse) -> str:
    try:
        body = json.loads(response.read())
        return str(body.get("message") or body["error"]["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the server answered {response.status} {response.reason}"
