"""`/api/shared-views`: links that reproduce what the scene looks like now."""

from __future__ import annotations

import asyncio

import msgspec

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Param, Route
from backend.scene import commands as c
from backend.sessions.session import Session
from backend.sessions.shared_views import LONGEST_TITLE, SharedView, SharedViews

VIEWER = "/viewer/#view="


class ShareRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST /api/shared-views`."""

    title: str = ""
    maximized: str = ""


class SharedViewsHandler(BaseHandler):
    """`POST /api/shared-views`."""

    def initialize(self, session: Session, views: SharedViews) -> None:
        """The session, and where shared views are kept."""
        self.session, self.views = session, views

    async def post(self) -> None:
        """Keep how the scene is looked at now."""
        wanted = self.read_json(ShareRequest) if self.gathered else ShareRequest()
        if len(wanted.title) > LONGEST_TITLE or len(wanted.maximized) > LONGEST_TITLE:
            raise BadRequestError(f"texts of up to {LONGEST_TITLE} characters are taken")
        look = await self.session.ask(c.DescribeLook(), c.Look)
        name = await asyncio.to_thread(self.views.add, SharedView(look, wanted.title, wanted.maximized))
        self.send_json({"id": name, "path": f"{self.here(VIEWER)}{name}"}, 201)


class SharedViewHandler(BaseHandler):
    """`/api/shared-views/{id}`."""

    def initialize(self, session: Session, views: SharedViews) -> None:
        """The session, and where shared views are kept."""
        self.session, self.views = session, views

    async def get(self, name: str) -> None:
        """What the view is."""
        self.send_json(msgspec.to_builtins(await asyncio.to_thread(self.views.get, name)))

    async def post(self, name: str) -> None:
        """Have the scene look like it, for everybody."""
        view = await asyncio.to_thread(self.views.get, name)
        missing = await self.session.ask(c.ApplyLook(view.look), list[str])
        self.send_json({"missing": missing, "title": view.title, "maximized": view.maximized})


def routes(session: Session, views: SharedViews) -> list[Route]:
    """The routes of shared views."""
    options = {"session": session, "views": views}
    text = {"type": "string"}
    name = Param("id", "of the shared view", where="path")
    wanted = {"type": "object", "properties": {"title": text, "maximized": text}}
    kept = {"type": "object", "required": ["id", "path"], "properties": {"id": text, "path": text}}
    applied = {"type": "object", "required": ["missing", "title", "maximized"], "properties": {
        "missing": {"type": "array", "items": text}, "title": text, "maximized": text}}  # fmt: skip
    view = {
        "type": "object",
        "required": ["look"],
        "properties": {"look": {"type": "object"}, "title": text, "maximized": text},
    }
    share = Operation("/api/shared-views", "Share what the scene looks like now: layout, views, visibility", ("POST",), "scene",
                      answer=kept, status=201, accepts="application/json", body=wanted,
                      body_example={"title": "Lesion"})  # fmt: skip
    read = Operation("/api/shared-views/{id}", "A shared view", tag="scene", params=(name,), answer=view)
    apply = Operation("/api/shared-views/{id}", "Have the scene look like a shared view", ("POST",), "scene", (name,),
                      answer=applied, description="`missing` names what is not there any more.")  # fmt: skip
    return [
        Route(r"/api/shared-views", SharedViewsHandler, (share,), options),
        Route(r"/api/shared-views/([\w-]+)", SharedViewHandler, (read, apply), options),
    ]
