"""Handlers of the Slicer Web Server API: dispatch by prefix, any method, errors in Slicer's shape."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import tornado.web

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.pictures import Pictures
from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.body import Body
from backend.http.negotiate import parse_query

# Slicer tests these prefixes in this order; the first that matches wins, whatever follows it.
PREFIXES = (
    "exec", "timeimage", "system", "gui", "screenshot", "slice", "threeDGraphics", "threeD", "mrml", "tracking",
    "sampledata", "volumeSelection", "volumes", "volume", "gridTransforms", "gridTransform", "fiducials", "fiducial",
    "segmentations", "segmentation", "accessDICOMwebStudy",
    "preset", "eulers", "transform",  # SlicerWeb's
)  # fmt: skip
# Slicer's documentation and its clients write it in many ways.
GRID_TRANSFORM = re.compile(r"\A/grid+d?transform(s?)", re.IGNORECASE)


@tornado.web.stream_request_body
class SlicerHandler(BaseHandler):
    """Everything below `/slicer`."""

    def initialize(self, endpoints: Mapping[str, Endpoint], spool: Path) -> None:
        """`endpoints` by prefix; `spool`: folder for bodies that are not small."""
        self.endpoints = endpoints
        self.body = Body(spool)

    def data_received(self, chunk: bytes) -> None:
        """Called by Tornado for each piece of the body."""
        self.body.write(chunk)

    async def get(self) -> None:
        """Any method means the same, except where an endpoint looks at it."""
        rest = self.request.path.removeprefix("/slicer")
        query = self.query
        path, ampersand, tail = rest.partition("&")
        if ampersand and not self.request.query:  # `/slicer/volume&id=MRHead`: its author meant a query
            query = {name: value.strip("'\"") for name, value in parse_query(tail).items()}
        path = GRID_TRANSFORM.sub(lambda found: "/gridTransform" + found[1].lower(), path)
        name = next((prefix for prefix in PREFIXES if path.startswith("/" + prefix)), "")
        endpoint = self.endpoints.get(name)
        if endpoint is None:
            uri = rest + ("?" + self.request.query if self.request.query else "")
            raise BadRequestError(f'unknown command "{uri.encode()!r}"')
        await endpoint.answer(Exchange(self, path[1 + len(name) :], query, self.body))

    post = put = delete = get

    def on_finish(self) -> None:
        """Whatever happened, a body that nobody kept goes."""
        self.body.discard()
        super().on_finish()

    def on_connection_close(self) -> None:
        """The client went away in the middle."""
        self.body.discard()
        super().on_connection_close()

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
