"""`/api/history`, `/api/undo`, `/api/redo`: the scene's one history of edits."""

from __future__ import annotations

import msgspec

from backend.http.base import BaseHandler
from backend.http.routes import Operation, Route
from backend.scene import commands as c
from backend.sessions.session import Session


class HistoryHandler(BaseHandler):
    """`GET /api/history`."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    async def get(self) -> None:
        """What can be taken back and done again."""
        self.send_json(msgspec.to_builtins(await self.session.ask(c.GetHistory(), c.HistoryState)))


class UndoHandler(BaseHandler):
    """`POST /api/undo` and `/api/redo`."""

    def initialize(self, session: Session, again: bool) -> None:
        """The session, and whether to do again."""
        self.session, self.again = session, again

    async def post(self) -> None:
        """Take one step."""
        done = await self.session.ask(c.Undo(self.again), c.Undone)
        self.send_json({"text": done.text, "undo": done.history.undo, "redo": done.history.redo})


def routes(session: Session) -> list[Route]:
    """The routes."""
    texts = {"type": "array", "items": {"type": "string"}}
    left = {"undo": texts, "redo": texts}
    state = {"type": "object", "required": list(left), "properties": left}
    done = {"type": "object", "required": ["text", *left], "properties": {"text": {"type": "string"}, **left}}
    told = "Edits in words, the next one first. Everybody in the session shares one history."
    read = Operation("/api/history", "What can be undone and redone", tag="history", answer=state, description=told)
    undo = Operation("/api/undo", "Take back the newest edit", ("POST",), "history", answer=done)
    redo = Operation("/api/redo", "Do again what was taken back last", ("POST",), "history", answer=done)
    return [
        Route(r"/api/history", HistoryHandler, (read,), {"session": session}),
        Route(r"/api/undo", UndoHandler, (undo,), {"session": session, "again": False}),
        Route(r"/api/redo", UndoHandler, (redo,), {"session": session, "again": True}),
    ]
