"""A small DICOMweb server over real DICOM files, on loopback, that writes down what it is asked and can misbehave."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
import tornado.httpserver
import tornado.netutil
import tornado.web

BOUNDARY = "part-of-the-answer"
SERIES_TAGS = ("0008103E", "00080060", "0020000D", "0020000E", "00200011")
LEFT_OUT = ("7FE00010",)


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    path: str
    query: str
    accept: str
    authorization: str | None

    @property
    def is_pixel_data(self) -> bool:
        """Whether it asks for instances, and not about them."""
        return "multipart/related" in self.accept


@dataclass(frozen=True)
class Instance:
    """A stored file."""

    study: str
    series: str
    uid: str
    path: Path
    model: dict[str, Any]


@dataclass
class Behaviour:
    """How it differs from a good server. `faults` are found by a part of the path; the first that fits acts."""

    faults: dict[str, str] = field(default_factory=dict)
    """What goes wrong: a status, an address to redirect to, or a word that the handlers look for, such as `stall` or `cut`."""
    bare: bool = False
    """Single instances as `application/dicom`, as Slicer's own server sends them."""
    page: int = 1000
    """Series in one answer."""
    refuses_as_stored: bool = False
    token: str | None = None
    """What it wants as bearer token."""
    slow_s: float = 0.0
    """Pause before each instance."""
    boundary: str = BOUNDARY
    prologue: bytes = b""


class DicomWebServer:
    """Runs in a thread of its own; a context manager."""

    def __init__(self, *paths: Path, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self.asked: list[Asked] = []
        self.instances: list[Instance] = []
        self.add(paths)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add(self, paths: Iterable[Path]) -> None:
        """Serve more files, or those of folders."""
        for path in paths:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file() and file.read_bytes()[128:132] == b"DICM":
                    self.instances.append(_instance(file))

    def __enter__(self) -> DicomWebServer:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def host(self) -> str:
        """Name and port, as the allow-list has it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Root of the DICOMweb service."""
        return f"http://{self.host}/dicom-web"

    @property
    def study(self) -> str:
        """UID of the first study."""
        return self.instances[0].study

    def pixel_requests(self) -> list[Asked]:
        """Requests for instances."""
        return [one for one in self.asked if one.is_pixel_data]

    def wait_for(self, happened: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait until something is true."""
        until = time.monotonic() + timeout_s
        while not happened():
            if time.monotonic() > until:
                raise TimeoutError(f"asked so far: {self.asked}")
            time.sleep(0.02)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        root, uid = "/dicom-web", r"([\d.]+)"
        application = tornado.web.Application([
            (rf"{root}/studies", StudiesHandler, {"server": self}),
            (rf"{root}/studies/{uid}/series", SeriesHandler, {"server": self}),
            (rf"{root}/studies/{uid}/series/{uid}/metadata", MetadataHandler, {"server": self}),
            (rf"{root}/studies/{uid}/series/{uid}", InstancesHandler, {"server": self}),
            (rf"{root}/studies/{uid}/series/{uid}/instances/{uid}", InstancesHandler, {"server": self}),
            (r"/files/(.*)", FileHandler, {"server": self}),
        ], log_function=lambda _handler: None)  # fmt: skip
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        self.port = int(sockets[0].getsockname()[1])

        async def listen() -> None:
            tornado.httpserver.HTTPServer(application).add_sockets(sockets)
            self._ready.set()

        self._loop.create_task(listen())
        self._loop.run_forever()
        for one in sockets:
            one.close()


def _instance(path: Path) -> Instance:
    data = pydicom.dcmread(path)
    whole = data.to_json_dict(bulk_data_threshold=1024, bulk_data_element_handler=lambda _element: "x")
    model = {tag: value for tag, value in whole.items() if tag not in LEFT_OUT}
    return Instance(str(data.StudyInstanceUID), str(data.SeriesInstanceUID), str(data.SOPInstanceUID), path, model)


class _Handler(tornado.web.RequestHandler):
    def initialize(self, server: DicomWebServer) -> None:
        self.server, self.behaviour = server, server.behaviour

    async def prepare(self) -> None:
        headers = self.request.headers
        asked = Asked(self.request.path, self.request.query, headers.get("Accept", ""), headers.get("Authorization"))
        self.server.asked.append(asked)
        self.fault = next((fault for part, fault in self.behaviour.faults.items() if part in self.request.path), "")
        if self.behaviour.token is not None and headers.get("Authorization") != f"Bearer {self.behaviour.token}":
            self.set_status(401)
            self.finish()
        elif self.fault.isdigit():
            self.set_status(int(self.fault))
            self.finish(b"<html>a page that explains</html>")
        elif self.fault.startswith(("http://", "/")):
            self.redirect(self.fault, status=302)
        elif self.fault == "stall":
            await asyncio.sleep(3600)

    def send_models(self, models: list[dict[str, Any]]) -> None:
        """Answer with DICOM JSON."""
        self.set_header("Content-Type", "application/dicom+json")
        self.finish(b"{" if self.fault == "junk" else b"" if self.fault == "empty" else json.dumps(models).encode())

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        self.finish(str(status_code))


class StudiesHandler(_Handler):
    def get(self) -> None:
        models = {one.study: {tag: one.model[tag] for tag in ("0020000D", "00100010") if tag in one.model}
                  for one in self.server.instances}  # fmt: skip
        self.send_models(list(models.values()))


class SeriesHandler(_Handler):
    def get(self, study: str) -> None:
        found: dict[str, dict[str, Any]] = {}
        for one in self.server.instances:
            if one.study == study:
                found.setdefault(one.series, {tag: one.model[tag] for tag in SERIES_TAGS if tag in one.model})
        offset = int(self.get_query_argument("offset", "0"))
        self.send_models(list(found.values())[offset : offset + self.behaviour.page])


class MetadataHandler(_Handler):
    def get(self, study: str, series: str) -> None:
        models = [one.model for one in self.server.instances if (one.study, one.series) == (study, series)]
        if not models:
            raise tornado.web.HTTPError(404)
        self.send_models(models)


class InstancesHandler(_Handler):
    async def get(self, study: str, series: str, uid: str | None = None) -> None:
        """Instances as they are stored, each a part."""
        found = [one for one in self.server.instances if (one.study, one.series) == (study, series) and uid in (None, one.uid)]
        if not found:
            raise tornado.web.HTTPError(404)
        if self.behaviour.refuses_as_stored and "transfer-syntax=*" in self.request.headers["Accept"]:
            raise tornado.web.HTTPError(406)
        if self.fault == "other":
            found = [one for one in self.server.instances if one.series != series][:2]
        if self.fault == "json":
            self.set_header("Content-Type", "application/json")
            self.finish(b"[{}]")
        elif self.behaviour.bare and uid is not None:
            await self._send(found[0].path.read_bytes(), "application/dicom")
        else:
            boundary = self.behaviour.boundary
            parts = [_part(one.path.read_bytes(), boundary, self.fault == "junk") for one in found]
            kind = f'multipart/related; type="application/dicom"; boundary="{boundary}"'
            await self._send(self.behaviour.prologue + b"".join(parts) + f"--{boundary}--\r\n".encode(), kind)

    async def _send(self, body: bytes, kind: str) -> None:
        self.set_header("Content-Type", kind)
        stream = self.request.connection.stream  # type: ignore[union-attr]
        if self.fault == "long":
            self.set_header("Content-Length", str(len(body) + 1000))
        elif self.fault == "huge":
            self.set_header("Content-Length", str(1 << 50))
        elif self.fault == "stall-in-the-middle":
            body = body[: len(body) // 2]
        elif self.fault == "endless":
            body = body.rpartition(b"--" + self.behaviour.boundary.encode())[0]
        elif self.fault == "unfinished":
            body = body[: len(body) * 2 // 3]  # a whole HTTP answer, for all that can be seen
        elif self.fault == "cut":
            self.set_header("Content-Length", str(len(body)))
            body = body[: len(body) // 2]
        step = max(1, len(body) // max(1, len(self.server.instances)))
        for start in range(0, len(body), step):
            if self.behaviour.slow_s:
                await asyncio.sleep(self.behaviour.slow_s)
            self.write(body[start : start + step])
            await self.flush()
        if self.fault in ("long", "cut", "huge"):
            stream.close()
        elif self.fault == "stall-in-the-middle":
            await asyncio.sleep(3600)
        elif self.fault == "endless":
            while not stream.closed():
                self.write(body)
                await self.flush()
        else:
            await self.finish()


class FileHandler(_Handler):
    """Any file of this machine, by its absolute path."""

    def get(self, name: str) -> None:
        """Send it."""
        self.finish(Path("/" + name).read_bytes())


def _part(data: bytes, boundary: str, junk: bool) -> bytes:
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\nContent-Length: {len(data)}\r\n\r\n".encode()
    return head + (b"no DICOM at all" if junk else data) + b"\r\n"
