"""`/api/layout`: which views clients show, and where."""

from __future__ import annotations

from typing import Annotated

import msgspec

from backend.http.base import BaseHandler
from backend.http.routes import Operation, Route
from backend.scene import commands as c
from backend.sessions.description import describe
from backend.sessions.session import Session


class LayoutRequest(msgspec.Struct):
    """Body of `PUT /api/layout`: what is absent stays."""

    layout: str | None = None
    contents: c.Contents | None = None
    compare: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None


class LayoutHandler(BaseHandler):
    """Reads and switches the layout."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def get(self) -> None:
        """The layout's name, the places of its views, and what is shown around them."""
        scene = describe(self.session)
        self.send_json({key: scene[key] for key in ("layout", "composition", "contents")})

    async def put(self) -> None:
        """Switch, and answer as GET."""
        wanted = self.read_json(LayoutRequest)
        if wanted.layout is not None:
            await self.session.ask(c.SetLayout(wanted.layout, wanted.compare or 0), c.GuiState)
        if wanted.contents is not None:
            await self.session.ask(c.SetContents(wanted.contents), c.GuiState)
        self.get()


def layout_routes(session: Session) -> list[Route]:
    """The route."""
    text, contents = {"type": "string"}, {"enum": ["viewers", "full"]}
    told = {"layout": text, "composition": {"type": "object"}, "contents": contents}
    answer = {"type": "object", "required": list(told), "properties": told}
    compare = {"type": "integer", "minimum": 1, "maximum": 9}
    wanted = {"type": "object", "properties": {"layout": text, "contents": contents, "compare": compare}}
    read = Operation("/api/layout", "The layout: names and places of its views", tag="scene", answer=answer)
    write = Operation("/api/layout", "Switch the layout", ("PUT",), "scene", answer=answer, accepts="application/json",
                      body=wanted, body_example={"layout": "FourUp"})  # fmt: skip
    return [Route(r"/api/layout", LayoutHandler, (read, write), {"session": session})]
