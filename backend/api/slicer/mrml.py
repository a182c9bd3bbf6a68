"""`/slicer/mrml`: what the scene holds, loading, saving, reading again, removing, clearing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.graphics import Graphics
from backend.api.slicer.links import Links
from backend.config import Settings
from backend.errors import BadRequestError, ForbiddenError, SlicecastError
from backend.http.negotiate import FALSE_WORDS, TRUE_WORDS
from backend.http.routes import Operation, Param
from backend.links.link import scheme_of
from backend.scene import commands as c
from backend.security.addresses import split
from backend.security.download import parse_checksum, require_checksum
from backend.security.paths import require_allowed
from backend.sessions.opening import fetch, is_url, new_job
from backend.sessions.session import Session

SELECTION = (
    Param("id", "exact node id; class and name then do not count"),
    Param("class", "class name, for example vtkMRMLVolumeNode; subclasses too"),
    Param("name", "exact node name"),
)
LOADING = (
    Param("url", "http, https or file URL, which wins over localfile; a slicer: link is begun and answered at once"),
    Param("localfile", "path on the server, below a folder that requests may use"),
    Param("filetype", "for example VolumeFile; required (see the table of file types)"),
    Param("name", "name of the node; by default that of the file"),
    Param("checksum", "what the file must have, for example SHA256:cc211f0d…"),
    Param("labelmap", "VolumeFile: load as a label map", "boolean", default=False),
    Param("center", "VolumeFile: centre on the origin", "boolean", default=False),
    Param("singleFile", "VolumeFile: this picture alone, not the numbered ones beside it", "boolean", default=False),
    Param("autoWindowLevel", "VolumeFile: window from the values", "boolean", default=True),
    Param("discardOrientation", "VolumeFile: ignore directions and origin of the file", "boolean", default=False),
    Param("show", "VolumeFile, SequenceFile: show in the slice views", "boolean", default=True),
    Param("colorNodeID", "VolumeFile, SegmentationFile, SequenceFile: id of a colour node"),
    Param("fileNames", "VolumeFile: files of a stack, parted by semicolons or as a JSON list"),
    Param("autoOpacities", "SegmentationFile: make outer segments translucent", "boolean", default=True),
    Param("coordinateSystem", "ModelFile: of files that do not tell, 0 RAS, 1 LPS", default="1", choices=("0", "1")),
    Param("clear", "SceneFile: put in place of the scene that is there", "boolean", default=False),
)
SAVING = (
    *SELECTION,
    Param("localfile", "path on the server, below a folder that requests may use; the ending chooses the format"),
    Param("url", "the same as a file URL; wins over localfile"),
    Param("useCompression", "1 true yes on, or 0 false no off; by default what the format does", "boolean"),
    Param("compressionParameter", "preset name of the writer"),
    Param("applytransforms", "write in world coordinates", "boolean", default=False),
)
RESERVED = ("url", "localfile", "filetype", "checksum")
NO_PATH = "Required `url` or `localfile` query parameter is missing in `mrml` request"


@dataclass(frozen=True)
class Mrml:
    """Answers `/slicer/mrml…` for one session."""

    session: Session
    settings: Settings
    links: Links

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/mrml` and below."""
        operations = (
            Operation("/slicer/mrml", "Names of nodes", tag="slicer", params=SELECTION),
            Operation("/slicer/mrml/names", "Names of nodes", tag="slicer", params=SELECTION),
            Operation("/slicer/mrml/ids", "Ids of nodes", tag="slicer", params=SELECTION),
            Operation("/slicer/mrml/properties", "What nodes contain", tag="slicer", params=SELECTION),
            Operation(
                "/slicer/mrml/file", "Save one node, or without selection the scene as .mrb", tag="slicer", params=SAVING
            ),
            Operation("/slicer/mrml", "Load a file", ("POST",), "slicer", LOADING),
            Operation("/slicer/mrml", "Read nodes again from their files", ("PUT",), "slicer", SELECTION),
            Operation("/slicer/mrml", "Remove nodes; without selection clear the scene", ("DELETE",), "slicer", SELECTION),
        )
        return [Endpoint("mrml", self.answer, operations)]

    async def answer(self, exchange: Exchange) -> None:
        """By method."""
        query, selection = exchange.query, _selection(exchange.query)
        if exchange.method == "GET" and "format" in query and not exchange.rest:  # SlicerWeb's
            await Graphics(self.session).nodes(exchange)
        elif exchange.method in ("GET", "HEAD"):
            exchange.send_json(await self._read(exchange, selection))
        elif exchange.method == "POST" and scheme_of(query.get("url", "")) == "slicer":
            await self.links.begin(exchange)
        elif exchange.method == "POST":
            exchange.send_json(await self._load(query))
        elif exchange.method == "PUT":
            exchange.send_json(await self._reload(selection))
        elif exchange.method == "DELETE":
            if selection.is_everything:
                await self.session.ask(c.Clear(), type(None))
            else:
                await self.session.ask(c.Remove(selection), list[str])
            exchange.send_json({"success": True})
        else:
            raise BadRequestError(f"{exchange.method} is not supported for /mrml{exchange.rest}")

    async def _read(self, exchange: Exchange, selection: c.SelectNodes) -> Any:
        rest = exchange.rest
        if rest == "/properties":
            return await self.session.ask(c.Properties(selection), c.NodeProperties)
        if rest == "/file" and exchange.method == "GET":
            return await self._save(exchange.query, selection)
        if rest not in ("", "/names", "/ids"):
            raise BadRequestError(f"Invalid path: /mrml{rest}")
        nodes = await self.session.ask(selection, list[c.Node])
        return [node.id if rest == "/ids" else node.name for node in nodes]

    async def _load(self, query: Mapping[str, str]) -> dict[str, Any]:
        place = query.get("url") or query.get("localfile")
        if place is None:
            raise BadRequestError(NO_PATH)
        if "url" in query and split(place).scheme == "slicer":
            raise BadRequestError("slicer:// URLs are opened with /slicer/open")
        if "filetype" not in query:
            raise BadRequestError("'filetype'")
        job = new_job()
        if "checksum" in query:
            parse_checksum(query["checksum"])  # before anything is fetched
        downloaded = "url" in query and is_url(place)
        path = await fetch(self.session, place, self.settings, job) if downloaded else self._local(place, "load node from file")
        try:
            if "checksum" in query and path.is_file():
                await asyncio.to_thread(require_checksum, path, query["checksum"])
            properties = {name: value for name, value in query.items() if name not in RESERVED}
            load = c.Load(str(path), query["filetype"], properties, job=job)
            result = await self.session.ask(load, c.LoadResult)
        except SlicecastError:
            self.session.journal.remove_spooled(path)
            raise
        return {"success": True, "loadedNodeIDs": [node.id for node in result.nodes[:1]]}

    def _local(self, place: str, what: str) -> Path:
        """The file that a path or a `file:` URL names, if requests may use it."""
        local = unquote(split(place).path) if place.startswith("file:") else place
        try:
            return require_allowed(local, self.settings.allow_path)
        except ForbiddenError as error:
            raise ForbiddenError(f"Failed to {what}: {local}\n{error}") from error

    async def _save(self, query: Mapping[str, str], selection: c.SelectNodes) -> dict[str, Any]:
        place = query.get("url") or query.get("localfile")
        whole = selection.is_everything and (place or "").lower().endswith(".mrb")
        if not whole:
            matched = await self.session.ask(selection, list[c.Node])
            if not matched:
                raise BadRequestError("No nodes matched the filter criteria")
            if len(matched) > 1:
                raise BadRequestError("/mrml/file can only be used for a single node")
            selection = c.SelectNodes(id=matched[0].id)
        if place is None:
            raise BadRequestError(NO_PATH)
        save = c.Save(
            selection,
            str(self._local(place, "export node to file")),
            _truth(query, "useCompression"),
            query.get("compressionParameter", ""),
            bool(_truth(query, "applytransforms")),
        )
        saved = await self.session.ask(save, c.Saved)
        return {"success": True} if saved.success else {"success": False, "message": saved.message}

    async def _reload(self, selection: c.SelectNodes) -> dict[str, Any]:
        ids = await self.session.ask(c.Reload(selection), list[str])
        return {"success": True, "reloadedNodeIDs": ids} if ids else {"success": False}


def _selection(query: Mapping[str, str]) -> c.SelectNodes:
    return c.SelectNodes(query.get("id"), query.get("class"), query.get("name"))


def _truth(query: Mapping[str, str], name: str) -> bool | None:
    """A parameter that is true or false, None where it is not given.

    Raises:
        BadRequestError: it is neither.
    """
    text = query.get(name)
    if text is None:
        return None
    if text.lower() not in TRUE_WORDS + FALSE_WORDS:
        raise BadRequestError(f"{name} is one of {', '.join(TRUE_WORDS + FALSE_WORDS)}, not {text!r}")
    return text.lower() in TRUE_WORDS
