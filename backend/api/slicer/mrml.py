"""`/slicer/mrml`: names and ids of nodes, and loading files into the scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.links import Links
from backend.config import Settings
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param
from backend.links.link import scheme_of
from backend.scene import commands as c
from backend.security.paths import require_allowed
from backend.sessions.opening import fetch, is_url, new_job
from backend.sessions.session import Session

SELECTION = (
    Param("id", "exact node id"),
    Param("class", "class name, for example vtkMRMLVolumeNode; subclasses too"),
    Param("name", "exact node name"),
)
LOADING = (
    Param("url", "http, https or file URL; a slicer: link is begun and answered at once"),
    Param("localfile", "path on the server, below a folder that requests may use"),
    Param("filetype", "for example VolumeFile; required"),
)
RESERVED = ("url", "localfile", "filetype")


@dataclass(frozen=True)
class Mrml:
    """Answers `/slicer/mrml…` for one session."""

    session: Session
    settings: Settings
    links: Links

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/mrml` and below."""
        return [
            Endpoint(
                "mrml",
                self.answer,
                (
                    Operation("/slicer/mrml", "Names of nodes", tag="slicer", params=SELECTION),
                    Operation("/slicer/mrml/names", "Names of nodes", tag="slicer", params=SELECTION),
                    Operation("/slicer/mrml/ids", "Ids of nodes", tag="slicer", params=SELECTION),
                    Operation("/slicer/mrml", "Load a file", ("POST",), "slicer", LOADING),
                ),
            )
        ]

    async def answer(self, exchange: Exchange) -> None:
        """By method: lists for GET, loading for POST."""
        if exchange.method in ("GET", "HEAD"):
            exchange.send_json(await self._list(exchange.rest, exchange.query))
        elif exchange.method == "POST" and scheme_of(exchange.query.get("url", "")) == "slicer":
            await self.links.begin(exchange)
        elif exchange.method == "POST":
            exchange.send_json(await self._load(exchange.query))
        else:
            raise BadRequestError(f"{exchange.method} is not supported for /mrml{exchange.rest}")

    async def _list(self, rest: str, query: Mapping[str, str]) -> list[str]:
        if rest not in ("", "/names", "/ids"):
            raise BadRequestError(f"Invalid path: /mrml{rest}")
        selection = c.SelectNodes(query.get("id"), query.get("class"), query.get("name"))
        nodes = await self.session.ask(selection, list[c.Node])
        return [node.id if rest == "/ids" else node.name for node in nodes]

    async def _load(self, query: Mapping[str, str]) -> dict[str, Any]:
        place = query.get("url") or query.get("localfile")
        if place is None:
            raise BadRequestError("Required `url` or `localfile` query parameter is missing in `mrml` request")
        if "filetype" not in query:
            raise BadRequestError("'filetype'")
        job = new_job()
        if is_url(place):
            path = str(await fetch(self.session, place, self.settings, job))
        else:
            local = unquote(urlsplit(place).path) if place.startswith("file:") else place
            path = str(require_allowed(local, self.settings.allow_path))
        properties = {name: value for name, value in query.items() if name not in RESERVED}
        result = await self.session.ask(c.Load(path, query["filetype"], properties, job=job), c.LoadResult)
        return {"success": True, "loadedNodeIDs": [node.id for node in result.nodes[:1]]}
