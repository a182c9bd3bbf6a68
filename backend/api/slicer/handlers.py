"""Handlers of the Slicer Web Server API: dispatch by prefix, any method, errors in Slicer's shape."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import tornado.httputil
import tornado.routing

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.pictures import Pictures
from backend.errors import BadRequestError, ForbiddenError
from backend.http.access_log import LONGEST_TEXT, Kind
from backend.http.base import BaseHandler
from backend.http.body import Body
from backend.http.guard import is_foreign_page
from backend.http.negotiate import parse_query
from backend.http.static import is_folder, is_page
from backend.http.switches import Switches

# Slicer tests these prefixes in this order; the first that matches wins, whatever follows it. `repl` is of older versions.
PREFIXES = (
    "exec", "repl", "timeimage", "system", "gui", "screenshot", "slice", "threeDGraphics", "threeD", "mrml", "tracking",
    "sampledata", "volumeSelection", "volumes", "volume", "gridTransforms", "gridTransform", "fiducials", "fiducial",
    "segmentations", "segmentation", "accessDICOMwebStudy", "accessStudy", "open",
    "preset", "eulers", "transform",  # SlicerWeb's
)  # fmt: skip
# Slicer's documentation and its clients write it in many ways.
GRID_TRANSFORM = re.compile(r"\A/grid+d?transform(s?)", re.IGNORECASE)
BELOW_A_PAGE = re.compile(rf"(?P<folder>/.+?)/slicer(?P<command>/(?:{'|'.join(PREFIXES)}).*)")


def command_path(path: str) -> str:
    """What follows `/slicer` in a path, which begins with it or has it, with a command, below the folder of a page.

    >>> command_path("/slicer/slice"), command_path("/demos/slicer/slice"), command_path("/slicerFoo/x")
    ('/slice', '/slice', 'Foo/x')
    """
    if path.startswith("/slicer"):
        return path.removeprefix("/slicer")
    found = BELOW_A_PAGE.fullmatch(path)
    return found["command"] if found else path


class BelowPages(tornado.routing.Matcher):
    """Matches `/folder/slicer/command…` where the folder has pages and no such file: relative addresses of pages in folders,
    which Slicer serves without a redirect to a slash, come out so."""

    def __init__(self, root: Path, switches: Switches) -> None:
        self._root, self._switches = root, switches

    def match(self, request: tornado.httputil.HTTPServerRequest) -> dict[str, object] | None:
        """No arguments if it matches."""
        found = BELOW_A_PAGE.fullmatch(request.path) if self._switches.slicer and self._switches.pages else None
        return {} if found and is_folder(self._root, found["folder"]) and not is_page(self._root, request.path) else None


class SlicerHandler(BaseHandler):
    """Everything below `/slicer`."""

    endpoint: Endpoint | None = None

    def initialize(self, endpoints: Mapping[str, Endpoint], spool: Path) -> None:
        """`endpoints` by prefix; `spool`: folder for bodies that are not small."""
        self.endpoints = endpoints
        self.body = Body(spool)

    @property
    def largest_body_bytes(self) -> int:
        """Volumes come this way."""
        return self.config.max_body_mb << 20

    def take(self, chunk: bytes) -> None:
        """Keep a piece of the body, on disk once it is not small."""
        self.body.write(chunk)

    async def get(self) -> None:
        """Any method means the same, except where an endpoint looks at it."""
        rest = command_path(self.request.path)
        query = self.query
        path, ampersand, tail = rest.partition("&")
        if ampersand and not self.request.query:  # `/slicer/volume&id=MRHead`: its author meant a query
            query = {name: value.strip("'\"") for name, value in parse_query(tail).items()}
        path = GRID_TRANSFORM.sub(lambda found: "/gridTransform" + found[1].lower(), path)
        name = next((prefix for prefix in PREFIXES if path.startswith("/" + prefix)), "")
        endpoint = self.endpoints.get(name)
        if endpoint is None or (endpoint.is_exec and not self.switches.exec):
            uri = rest + ("?" + self.request.query if self.request.query else "")
            raise BadRequestError(f'unknown command "{uri.encode("latin-1", "replace")!r}"')
        if endpoint.is_exec and self._is_from_page_without_cors():
            raise ForbiddenError("pages of other origins may not run code here (setting cors)")
        self.endpoint = endpoint
        await endpoint.answer(Exchange(self, path[1 + len(name) :], query, self.body))

    post = put = delete = get

    def _is_from_page_without_cors(self) -> bool:
        allowed = self.switches.allowed_origin(self.request.headers.get("Origin", ""))
        return is_foreign_page(self.request) and allowed is None

    def send(self, body: bytes, content_type: str, etag: str | None = None, cache: str = "no-cache") -> None:
        """As any handler; what users' code answers is kept for the panel's log."""
        if self.endpoint is not None and self.endpoint.is_exec:
            self._result = body[:LONGEST_TEXT].decode("utf-8", "replace")
        super().send(body, content_type, etag, cache)

    def note(self, seconds: float, status: int, kind: Kind = "access", text: str = "") -> None:
        """As any handler; users' code with its result or error."""
        if self.endpoint is not None and self.endpoint.is_exec:
            kind, text = "exec", getattr(self, "_result", "")
        super().note(seconds, status, kind, text)

    def discard(self) -> None:
        """Whatever happened, a body that nobody kept goes."""
        self.body.discard()

    def error_body(self, status: int, message: str) -> tuple[int, bytes]:
        """Slicer's: always 500, always this shape. Methods that Slicer never answers are refused as HTTP has it."""
        body = json.dumps({"success": False, "message": f"Server error: {message}"}).encode()
        return (status if status == 405 else 500), body


class PictureHandler(BaseHandler):
    """The picture routes at the root."""

    def initialize(self, pictures: Pictures, kind: str) -> None:
        """`kind`: the name of the method of `Pictures`."""
        self.make = getattr(pictures, kind)

    async def get(self) -> None:
        """Send the picture."""
        await self.make(self, self.query, True)

    post = put = get
