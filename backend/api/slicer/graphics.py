"""`/slicer/threeDGraphics` and `/slicer/segmentation`: the scene's geometry as glTF, and as GLB, OBJ, STL where asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param
from backend.render.meshes import MEDIA_TYPES
from backend.scene import commands as c
from backend.sessions.session import Session

FORMATS: tuple[c.MeshFormat, ...] = get_args(c.MeshFormat)
FORMAT = Param(
    "format", "glTF with inlined buffers, or glb, obj, stl; any case", default="glTF", choices=("glTF", *FORMATS[1:])
)
VIEW_PARAMS = (
    Param("widgetIndex", "number of the 3D view, from 0", "integer", default=0),
    Param("boxVisible", "whatever is not `false` adds the view's box and its letters", default="false"),
    FORMAT,
)
SEGMENTATION = Param("segmentationID", "name or id, with the wildcards *, ? and […]; the first segmentation where absent")
ANSWERS = tuple(MEDIA_TYPES.values())


@dataclass(frozen=True)
class Graphics:
    """Answers with geometry of one session; coordinates are RAS mm, without a change of axes."""

    session: Session

    def endpoints(self) -> list[Endpoint]:
        """Both routes."""
        view = Operation("/slicer/threeDGraphics", "What a 3D view shows, as geometry", ANY, "slicer", VIEW_PARAMS, ANSWERS)
        segmentation = Operation(
            "/slicer/segmentation", "The closed surfaces of a segmentation", ANY, "slicer", (SEGMENTATION, FORMAT), ANSWERS
        )
        return [
            Endpoint("threeDGraphics", self.view, (view,)),
            Endpoint("segmentation", self.segmentation, (segmentation,)),
        ]

    async def view(self, exchange: Exchange) -> None:
        """What a 3D view shows."""
        query = exchange.query
        text = query.get("widgetIndex", "0")
        try:
            widget = int(text)
        except ValueError as error:
            raise BadRequestError(f"widgetIndex must be a number, not {text!r}") from error
        box = query.get("boxVisible", "false").lower() != "false"
        await self._send(exchange, c.ViewGraphics(min(max(widget, -1), 10**6), box, mesh_format(query)))

    async def segmentation(self, exchange: Exchange) -> None:
        """The closed surfaces of one segmentation, shown or not."""
        query = exchange.query
        command = c.NodeGraphics("vtkMRMLSegmentationNode", True, query.get("segmentationID"), format=mesh_format(query))
        await self._send(exchange, command)

    async def nodes(self, exchange: Exchange) -> None:
        """SlicerWeb's `/slicer/mrml?format=glTF&id=&targetFiberCount=&fiberMode=`: all nodes, or one by its id."""
        query = exchange.query
        text = query.get("targetFiberCount")
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 10):
            raise BadRequestError(f"targetFiberCount must be a number, not {text!r}")
        mode = query.get("fiberMode", "lines").lower()
        if mode not in ("lines", "tubes"):
            raise BadRequestError(f"fiberMode {mode} not supported: use lines or tubes")
        count = None if text is None else int(text)
        command = c.NodeGraphics(id=query.get("id"), fibers=count, tubes=mode == "tubes", format=mesh_format(query))
        await self._send(exchange, command)

    async def _send(self, exchange: Exchange, command: c.ViewGraphics | c.NodeGraphics) -> None:
        _count, data = await self.session.ask_picture(command, c.MeshCount)
        exchange.send(data, MEDIA_TYPES[command.format])


def mesh_format(query: Mapping[str, str]) -> c.MeshFormat:
    """The file format that a request names, any case.

    Raises:
        BadRequestError: another, in Slicer's words.
    """
    wanted = query.get("format", "gltf").lower()
    for known in FORMATS:
        if wanted == known:
            return known
    raise BadRequestError(f"format {wanted} not supported")
