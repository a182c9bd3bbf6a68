"""`/slicer/fiducials`, `/slicer/fiducial`, `/slicer/segmentations`: point lists, and which segmentations there are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from backend.api.slicer.exchange import Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.config import Settings
from backend.errors import BadRequestError
from backend.http.negotiate import flag
from backend.http.routes import Operation, Param
from backend.scene import commands as c
from backend.sessions.session import Session

FARTHEST_MM = 1e7
POINT = (
    Param("id", "name or node id of a point list, or a shell pattern of either; default: the first point list"),
    Param("index", "which control point is moved, from 0", "integer", default=0),
    *(Param(axis, f"{axis.upper()} coordinate, mm, in the list's own coordinates", "number", default=0) for axis in "ras"),
    Param("add", "add a point instead, to a new list named `id` if there is none", "boolean", default=False),
    Param("label", "of a point that is added; default: the list's name and a number"),
)


@dataclass(frozen=True)
class Markups:
    """Answers for one session."""

    session: Session
    settings: Settings

    def endpoints(self) -> list[Endpoint]:
        """Each with what its users need to know."""
        lists = Operation("/slicer/fiducials", "Point lists with their control points, RAS mm", ANY, "slicer")
        point = Operation("/slicer/fiducial", "Move a control point, or add one", ANY, "slicer", POINT)
        segmentations = Operation("/slicer/segmentations", "Segmentations with the ids of their segments", ANY, "slicer")
        return [
            Endpoint("fiducials", self.list_points, (lists,)),
            Endpoint("fiducial", self.point, (point,)),
            Endpoint("segmentations", self.list_segmentations, (segmentations,)),
        ]

    async def list_points(self, exchange: Exchange) -> None:
        """By node id."""
        lists = await self.session.ask(c.ListPoints(), dict[str, c.PointList])
        exchange.send_json({node_id: msgspec.to_builtins(points) for node_id, points in lists.items()})

    async def list_segmentations(self, exchange: Exchange) -> None:
        """By node id."""
        found = await self.session.ask(c.ListSegmentations(), dict[str, c.SegmentationEntry])
        exchange.send_json({key: {"name": entry.name, "segmentIDs": entry.segment_ids} for key, entry in found.items()})

    async def point(self, exchange: Exchange) -> None:
        """Move a control point; ours: `add` one."""
        query = exchange.query
        node_id, position = query.get("id"), (_mm(query, "r"), _mm(query, "a"), _mm(query, "s"))
        if flag(query, "add"):
            command = c.AddPoint(position, self.settings.max_points, node_id, query.get("label"))
            placed = await self.session.ask(command, c.PointPlaced)
            exchange.send_json({"success": True, "id": placed.id, "index": placed.index, "label": placed.label})
        else:
            await self.session.ask(c.MovePoint(position, _index(query), node_id), c.PointPlaced)
            exchange.send_json({"success": True})


def _mm(query: Mapping[str, str], name: str) -> float:
    try:
        value = float(query.get(name, "0"))
    except ValueError as error:
        raise BadRequestError(f"{name} must be a number of mm: {error}") from None
    if not math.isfinite(value) or abs(value) > FARTHEST_MM:
        raise BadRequestError(f"{name} must be a finite number of mm up to {FARTHEST_MM:g}")
    return value


def _index(query: Mapping[str, str]) -> int:
    text = query.get("index", "0")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadRequestError(f"index must be a whole number from 0, not {text[:80]!r}")
    return int(text)
