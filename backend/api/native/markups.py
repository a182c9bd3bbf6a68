"""`/api/markups`, `/api/probe`, `/api/pick`, `/api/crop`: measuring and marking, as the viewer's tools do."""

from __future__ import annotations

import math

import msgspec

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Param, Route
from backend.http.schemas import answer_schema
from backend.scene import commands as c
from backend.sessions.session import Session

FARTHEST_MM = 1e7


class MakeRequest(c.MarkupPatch):
    """Body of `POST /api/markups`."""

    kind: c.MarkupKind = "points"
    gesture: str = ""


class ChangeRequest(c.MarkupPatch):
    """Body of `PUT /api/markups/{id}`."""

    gesture: str = ""


class CropRequest(msgspec.Struct):
    """Body of `PUT /api/crop`."""

    roi: str
    on: bool = True


class SessionHandler(BaseHandler):
    """A handler with its session."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def number(self, name: str, low: float = -FARTHEST_MM, high: float = FARTHEST_MM) -> float:
        """A number of the query.

        Raises:
            BadRequestError: it is missing or no number from `low` to `high`.
        """
        try:
            value = float(self.query.get(name, ""))
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise BadRequestError(f"{name} must be a number from {low:g} to {high:g}")
        return value


class MarkupsHandler(SessionHandler):
    """`/api/markups`."""

    async def get(self) -> None:
        """All markups."""
        found = await self.session.ask(c.ListMarkups(), list[c.MarkupState])
        self.send_json({"markups": msgspec.to_builtins(found)})

    async def post(self) -> None:
        """Make one."""
        wanted = self.read_json(MakeRequest)
        command = c.MakeMarkup(wanted.kind, patch_of(wanted), self.config.max_points, wanted.gesture[:64])
        self.send_json(msgspec.to_builtins(await self.session.ask(command, c.MarkupState)), 201)


class MarkupHandler(SessionHandler):
    """`/api/markups/{id}`."""

    async def put(self, node_id: str) -> None:
        """Change it."""
        wanted = self.read_json(ChangeRequest)
        command = c.ChangeMarkup(node_id, patch_of(wanted), self.config.max_points, wanted.gesture[:64])
        self.send_json(msgspec.to_builtins(await self.session.ask(command, c.MarkupState)))

    async def delete(self, node_id: str) -> None:
        """Remove it; with the gesture that places it, as if it had never been begun."""
        gesture = self.query.get("gesture", "")[:64]
        if gesture:
            await self.session.ask(c.DropMarkup(node_id, gesture), type(None))
        else:
            await self.session.ask(c.Remove(c.SelectNodes(id=node_id)), list[str])
        self.send_json({"id": node_id})


class StatisticsHandler(SessionHandler):
    """`/api/markups/{id}/statistics`."""

    async def get(self, node_id: str) -> None:
        """Measure."""
        command = c.Statistics(node_id, self.query.get("volume", ""))
        self.send_json(msgspec.to_builtins(await self.session.ask(command, c.StatisticsOf)))


class ProbeHandler(SessionHandler):
    """`/api/probe`."""

    async def get(self) -> None:
        """Look."""
        place = (self.number("r"), self.number("a"), self.number("s"))
        found = await self.session.ask(c.Probe(self.query.get("view", "Red"), place), c.Probed)
        self.send_json(msgspec.to_builtins(found))


class PickHandler(SessionHandler):
    """`/api/pick`."""

    async def get(self) -> None:
        """Look."""
        most = self.config.max_side_px
        size = (int(self.number("width", 1, most)), int(self.number("height", 1, most)))
        if size[0] * size[1] > self.config.max_pixels:
            raise BadRequestError(f"a picture has {self.config.max_pixels} pixels at most")
        command = c.Pick(self.query.get("view", "1"), self.number("x", 0, 1), self.number("y", 0, 1), size)
        self.send_json(msgspec.to_builtins(await self.session.ask(command, c.Picked)))


class CropHandler(SessionHandler):
    """`/api/crop`."""

    async def put(self) -> None:
        """Crop, or no more."""
        wanted = self.read_json(CropRequest)
        self.send_json({"volumes": await self.session.ask(c.CropBy(wanted.roi, wanted.on), list[str])})


def patch_of(request: c.MarkupPatch) -> c.MarkupPatch:
    """The patch alone."""
    return c.MarkupPatch(**{name: getattr(request, name) for name in c.MarkupPatch.__struct_fields__})


NODE = Param("id", "node id of the markup", where="path")
GESTURE = Param("gesture", "the gesture that placed it: it is removed without a trace in the history")
VOLUME = Param("volume", "node id of the volume; default: what Red shows")
SLICE = Param("view", "name of a slice view", default="Red")
PLACE = tuple(Param(axis, f"{axis.upper()} coordinate", "number", unit="mm", required=True) for axis in "ras")
PIXEL = (
    Param("view", "name of a 3D view", default="1"),
    *(Param(name, "fraction from the top left", "number", required=True) for name in "xy"),
    *(Param(name, "of the picture, pixels", "integer", required=True) for name in ("width", "height")),
)
PATCHED = """Points in world RAS mm. `points` sets all of them, `index` with `position` or `label` one, a new one where it is
their count; `remove` takes one away. Planes and ROIs have `frame` (object to RAS, row by row) and `size` (mm) instead. Changes
with one `gesture` are one step of undo."""
COUNTED = "Voxels count whose centres lie within; a region thinner than a voxel takes one layer. `sd` is of all of them."
LINE = {"kind": "line", "points": [[0, 0, 0], [30, 40, 0]], "name": "Long axis"}
TEXT, JSON = {"type": "string"}, "application/json"


def routes(session: Session) -> list[Route]:
    """The routes."""
    one, path, tag = {"session": session}, "/api/markups/{id}", "markups"
    state, changed, made = answer_schema(c.MarkupState), answer_schema(ChangeRequest), answer_schema(MakeRequest)
    listed = {"type": "object", "required": ["markups"], "properties": {"markups": {"type": "array", "items": state}}}
    gone = {"type": "object", "required": ["id"], "properties": {"id": TEXT}}
    cropped = {"type": "object", "required": ["volumes"], "properties": {"volumes": {"type": "array", "items": TEXT}}}
    read = Operation("/api/markups", "Markups of every kind", tag=tag, answer=listed)
    make = Operation("/api/markups", "Make a markup", ("POST",), tag, answer=state, status=201, accepts=JSON, body=made,
                     body_example=LINE, description=PATCHED)  # fmt: skip
    change = Operation(path, "Change a markup", ("PUT",), tag, (NODE,), answer=state, accepts=JSON, body=changed,
                       body_example={"index": 1, "position": [30, 40, 0]}, description=PATCHED)  # fmt: skip
    remove = Operation(path, "Remove a markup", ("DELETE",), tag, (NODE, GESTURE), answer=gone)
    measure = Operation(f"{path}/statistics", "Voxel values in an ROI or a closed curve", tag=tag, params=(NODE, VOLUME),
                        answer=answer_schema(c.StatisticsOf), description=COUNTED)  # fmt: skip
    probe = Operation("/api/probe", "Voxels and segments at a point", tag=tag, params=(SLICE, *PLACE),
                      answer=answer_schema(c.Probed))  # fmt: skip
    pick = Operation(
        "/api/pick", "The point seen at a place of a 3D view", tag=tag, params=PIXEL, answer=answer_schema(c.Picked)
    )
    crop = Operation("/api/crop", "Crop volume rendering by an ROI", ("PUT",), tag, answer=cropped, accepts=JSON,
                     body=answer_schema(CropRequest), body_example={"roi": "vtkMRMLMarkupsROINode1", "on": True})  # fmt: skip
    return [
        Route(r"/api/markups", MarkupsHandler, (read, make), one),
        Route(r"/api/markups/([^/]+)", MarkupHandler, (change, remove), one),
        Route(r"/api/markups/([^/]+)/statistics", StatisticsHandler, (measure,), one),
        Route(r"/api/probe", ProbeHandler, (probe,), one),
        Route(r"/api/pick", PickHandler, (pick,), one),
        Route(r"/api/crop", CropHandler, (crop,), one),
    ]
