"""Handlers of the Slicer Web Server API: dispatch by prefix, any method, errors in Slicer's shape."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from backend.api.slicer.mrml import Mrml
from backend.api.slicer.pictures import Pictures
from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.negotiate import parse_query
from backend.scene import commands as c

# Slicer tests these prefixes in this order; the first that matches wins, whatever follows it.
PREFIXES = (
    "exec", "timeimage", "system", "gui", "screenshot", "slice", "threeDGraphics", "threeD", "mrml", "tracking",
    "sampledata", "volumeSelection", "volumes", "volume", "gridTransforms", "gridTransform", "fiducials", "fiducial",
    "segmentations", "segmentation", "accessDICOMwebStudy",
)  # fmt: skip


class SlicerHandler(BaseHandler):
    """Everything below `/slicer`."""

    def initialize(self, pictures: Pictures, mrml: Mrml, version: Mapping[str, Any]) -> None:
        """The core this door translates to."""
        self.pictures, self.mrml, self.version = pictures, mrml, version

    async def get(self) -> None:
        """Any method means the same, except where a command looks at it."""
        rest = self.request.path.removeprefix("/slicer")
        query = self.query
        path, ampersand, tail = rest.partition("&")
        if ampersand and not self.request.query:  # `/slicer/volume&id=MRHead`: its author meant a query
            query = {name: value.strip("'\"") for name, value in parse_query(tail).items()}
        name = next((prefix for prefix in PREFIXES if path.startswith("/" + prefix)), None)
        command = self._commands().get(name or "")
        if command is None:
            uri = rest + ("?" + self.request.query if self.request.query else "")
            raise BadRequestError(f'unknown command "{uri.encode()!r}"')
        await command(path[1 + len(name or "") :], query)

    post = put = delete = get

    def _commands(self) -> dict[str, Callable[[str, Mapping[str, str]], Awaitable[None]]]:
        pictures = self.pictures
        commands: dict[str, Callable[[str, Mapping[str, str]], Awaitable[None]]] = {
            "slice": lambda _rest, query: pictures.slice(self, query, strict=False),
            "threeD": lambda _rest, query: pictures.threed(self, query, strict=False),
            "timeimage": lambda _rest, query: pictures.timeimage(self, query, False),
            "tracking": lambda _rest, query: pictures.tracking(self, query, strict=False),
            "mrml": self._mrml,
            "system": self._system,
        }
        if self.config.enable_exec:
            commands["exec"] = self._exec
        return commands

    async def _mrml(self, rest: str, query: Mapping[str, str]) -> None:
        self.send_plain_json(await self.mrml.answer(self.request.method or "GET", rest, query))

    async def _system(self, rest: str, _query: Mapping[str, str]) -> None:
        if self.request.method not in ("GET", "HEAD") or rest != "/version":
            raise BadRequestError(f"system does not know {rest!r}")
        self.send_plain_json(dict(self.version))

    async def _exec(self, _rest: str, query: Mapping[str, str]) -> None:
        source = self.request.body.decode("utf-8", "replace") or query.get("source", "")
        if not source:
            self.set_status(404)
            self.finish()
            return
        self.send_plain_json(await self.pictures.session.ask(c.Execute(source), object))

    def send_plain_json(self, value: Any) -> None:
        """JSON as Slicer writes it."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.finish(json.dumps(value).encode())

    def error_body(self, _status: int, message: str) -> tuple[int, bytes]:
        """Slicer's: always 500, always this shape."""
        return 500, json.dumps({"success": False, "message": f"Server error: {message}"}).encode()


class PictureHandler(BaseHandler):
    """The picture routes at the root."""

    def initialize(self, pictures: Pictures, kind: str) -> None:
        """`kind`: the name of the method of `Pictures`."""
        self.make = getattr(pictures, kind)

    async def get(self) -> None:
        """Send the picture."""
        await self.make(self, self.query, True)

    post = put = get
