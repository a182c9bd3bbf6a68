"""`/api/nodes`: the scene's nodes as a tree in pages; one node: what it is, how it is shown, its name, removing it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Param, Route
from backend.scene import commands as c
from backend.sessions.session import Session

MOST_ROWS = 1000
MOST_TOGGLED = 500
LONGEST_SEARCH = 200


class SegmentRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `PATCH /api/nodes/{id}/segments/{segment}`: what is absent stays."""

    name: str | None = None
    visible: bool | None = None
    color: str | None = None
    opacity: float | None = None


class NodeRequest(SegmentRequest, forbid_unknown_fields=True):
    """Body of `PATCH /api/nodes/{id}`."""

    transform: str | None = None


class KindRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `PATCH /api/nodes`: show or hide all of a kind."""

    kind: c.Kind
    visible: bool


class NodesHandler(BaseHandler):
    """`/api/nodes`."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    async def get(self) -> None:
        """A page of the tree."""
        query = self.query
        kind = query.get("kind")
        if kind is not None and kind not in c.KINDS:
            raise BadRequestError(f"kind is one of {', '.join(c.KINDS)}, not {kind[:40]!r}")
        toggled = [key for key in query.get("toggled", "").split(",") if key]
        if len(toggled) > MOST_TOGGLED:
            raise BadRequestError(f"toggled takes up to {MOST_TOGGLED} keys")
        search = query.get("search", "")
        if len(search) > LONGEST_SEARCH:
            raise BadRequestError(f"search takes up to {LONGEST_SEARCH} characters")
        offset, count = self._number("offset", 0, 10**7), self._number("count", 100, MOST_ROWS)
        command = c.ListNodes(offset, count, search, kind, toggled)
        self.send_json(msgspec.to_builtins(await self.session.ask(command, c.NodePage)))

    def _number(self, name: str, default: int, most: int) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or int(text) > most:
            raise BadRequestError(f"{name} is a whole number from 0 to {most}")
        return int(text)

    async def patch(self) -> None:
        """Show or hide all of a kind."""
        wanted = self.read_json(KindRequest)
        self.send_json({"changed": await self.session.ask(c.ShowAll(wanted.kind, wanted.visible), int)})


class NodeHandler(BaseHandler):
    """`/api/nodes/{id}` and `/api/nodes/{id}/segments/{segment}`."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    async def get(self, number: str) -> None:
        """What it is."""
        details = await self.session.ask(c.DescribeNode(unquote(number)), c.NodeDetails)
        self.send_json(msgspec.to_builtins(details))

    async def patch(self, number: str, segment: str = "") -> None:
        """Set what is given; answers with its row."""
        node_id, segment = unquote(number), unquote(segment)
        wanted: SegmentRequest = self.read_json(SegmentRequest if segment else NodeRequest)
        transform = wanted.transform if isinstance(wanted, NodeRequest) else None
        shown = (wanted.visible, wanted.color, wanted.opacity)
        changed: c.NodeChanged | None = None
        if any(value is not None for value in shown):
            changed = await self.session.ask(c.ShowNode(node_id, segment, *shown), c.NodeChanged)
        if wanted.name is not None or transform is not None:
            changed = await self.session.ask(c.ArrangeNode(node_id, segment, wanted.name, transform), c.NodeChanged)
        if changed is None:
            raise BadRequestError("nothing to set is given")
        self.send_json(msgspec.to_builtins(changed.row))

    async def delete(self, number: str) -> None:
        """Remove it."""
        removed = await self.session.ask(c.Remove(c.SelectNodes(id=unquote(number))), list[str])
        self.send_json({"removed": removed})


TEXT, WHOLE, TRUTH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
SHOWN: dict[str, Any] = {
    "visible": TRUTH,
    "color": {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"},
    "opacity": {"type": "number", "minimum": 0, "maximum": 1},
}
ROW: dict[str, Any] = {
    "type": "object",
    "required": ["key", "kind", "name"],
    "properties": {
        "key": TEXT,
        "kind": {"enum": [*c.KINDS, "segment", "group", "folder"]},
        "name": TEXT,
        "id": TEXT,
        "segment": TEXT,
        "depth": WHOLE,
        "children": WHOLE,
        "open": TRUTH,
        **SHOWN,
        "detail": TEXT,
        "layers": {"type": "array", "items": {"enum": list(c.LAYERS)}},
        "transform": TEXT,
    },
}
PAIRS = {"type": "array", "items": {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}}


def answered(**properties: Any) -> dict[str, Any]:
    """JSON schema of an object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def routes(session: Session) -> list[Route]:
    """The routes of nodes."""
    one = {"session": session}
    node = Param("id", "id of the node", where="path", example="vtkMRMLScalarVolumeNode1")
    segment = Param("segment", "id of the segment", where="path")
    paging = (
        Param("offset", "first row", "integer", default=0, minimum=0),
        Param("count", "rows at most", "integer", default=100, minimum=0, maximum=MOST_ROWS),
        Param("search", "words that names must have; segments are found too"),
        Param("kind", "only nodes of this kind", choices=c.KINDS),
        Param("toggled", "keys of rows that are open or closed other than at first, parted by commas"),
    )
    page = answered(rev=WHOLE, total=WHOLE, counts={"type": "object", "additionalProperties": WHOLE},
                    rows={"type": "array", "items": ROW})  # fmt: skip
    texts = {"type": "array", "items": TEXT}
    details = answered(
        row=ROW, class_name=TEXT, facts=PAIRS, formats=texts, transforms=PAIRS, parent_transform=TEXT,
        attributes={"type": "object", "additionalProperties": TEXT}, properties={"type": "object"},
    )  # fmt: skip
    wanted = {"type": "object", "properties": {"name": TEXT, "transform": TEXT, **SHOWN}}
    of_segment = {"type": "object", "properties": {"name": TEXT, **SHOWN}}
    of_kind = answered(kind={"enum": list(c.KINDS)}, visible=TRUTH)
    tree = (
        "Folders of the subject hierarchy first, then groups of one kind each. `rev` rises with every change; the stream's "
        "`nodes` message tells when to ask again."
    )
    listing = Operation("/api/nodes", "The scene's nodes as a tree, in pages", tag="scene", params=paging, answer=page,
                        description=tree)  # fmt: skip
    all_of_kind = Operation("/api/nodes", "Show or hide all nodes of a kind", ("PATCH",), "scene",
                            answer=answered(changed=WHOLE), accepts="application/json", body=of_kind,
                            body_example={"kind": "model", "visible": False})  # fmt: skip
    read = Operation("/api/nodes/{id}", "What a node is", tag="scene", params=(node,), answer=details)
    write = Operation("/api/nodes/{id}", "Rename a node, show it otherwise, put it under a transform", ("PATCH",), "scene",
                      (node,), answer=ROW, accepts="application/json", body=wanted, body_example={"visible": False},
                      description="`transform` is the id of a transform, empty for none.")  # fmt: skip
    remove = Operation("/api/nodes/{id}", "Remove a node", ("DELETE",), "scene", (node,),
                       answer=answered(removed=texts))  # fmt: skip
    change = Operation("/api/nodes/{id}/segments/{segment}", "Rename a segment, show it otherwise", ("PATCH",), "scene",
                       (node, segment), answer=ROW, accepts="application/json", body=of_segment,
                       body_example={"color": "#FF8000"})  # fmt: skip
    return [
        Route(r"/api/nodes", NodesHandler, (listing, all_of_kind), one),
        Route(r"/api/nodes/([^/]+)", NodeHandler, (read, write, remove), one),
        Route(r"/api/nodes/([^/]+)/segments/([^/]+)", NodeHandler, (change,), one, methods=("PATCH",)),
    ]
