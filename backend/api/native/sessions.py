"""`/api/sessions`: further scenes, each with a process, views and stream of its own, below `/sessions/{id}/`."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.http.base import BaseHandler
from backend.http.origin import require_own_page
from backend.http.routes import Operation, Param, Route
from backend.http.schemas import answer_schema
from backend.sessions.session import Status
from backend.sessions.sessions import OpenSession, Sessions


class CreateRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST /api/sessions`."""

    id: str = ""


class SessionState(msgspec.Struct):
    """A session: its scene's status, how its addresses begin, for how long nobody has used it (s), its count of volumes."""

    id: str
    status: Status
    url: str
    idle_s: float
    volumes: int


class SessionList(msgspec.Struct):
    """All of them, and how many there may be."""

    sessions: list[SessionState]
    limit: int


class SessionsHandler(BaseHandler):
    """`/api/sessions`."""

    def initialize(self, sessions: Sessions[Any]) -> None:
        """All sessions."""
        self.sessions = sessions

    def get(self) -> None:
        """Every session."""
        found = SessionList([described(one) for one in self.sessions.all()], self.config.session_limit)
        self.send_json(msgspec.to_builtins(found))

    def post(self) -> None:
        """Begin one."""
        require_own_page(self)
        wanted = self.read_json(CreateRequest) if self.gathered else CreateRequest()
        made = described(self.sessions.create(wanted.id))
        self.set_header("Location", f"/api/sessions/{made.id}")
        self.send_json(msgspec.to_builtins(made), 201)


class OneHandler(BaseHandler):
    """`/api/sessions/{id}`."""

    def initialize(self, sessions: Sessions[Any]) -> None:
        """All sessions."""
        self.sessions = sessions

    def get(self, name: str) -> None:
        """One session."""
        self.send_json(msgspec.to_builtins(described(self.sessions.get(name))))

    async def delete(self, name: str) -> None:
        """End it."""
        require_own_page(self)
        await self.sessions.end(name)
        self.send_json({"id": name})


def described(one: OpenSession[Any]) -> SessionState:
    """A session as it is told of."""
    session = one.session
    return SessionState(
        session.name, session.status, f"/sessions/{session.name}/", round(one.idle_s, 1), len(session.info.volumes)
    )


def routes(sessions: Sessions[Any]) -> list[Route]:
    """The routes."""
    options, name = {"sessions": sessions}, (Param("id", "its name", where="path"),)
    one = answer_schema(SessionState)
    new = Operation(
        "/api/sessions", "Begin a session with a scene of its own, below /sessions/{id}/", ("POST",), "sessions",
        accepts="application/json", body=answer_schema(CreateRequest), body_example={"id": "second"}, answer=one, status=201,
    )  # fmt: skip
    listed = Operation("/api/sessions", "All sessions", tag="sessions", answer=answer_schema(SessionList))
    told = Operation("/api/sessions/{id}", "One session", tag="sessions", params=name, answer=one)
    ended = Operation(
        "/api/sessions/{id}", "End a session; the default one ends with the server", ("DELETE",), "sessions", name
    )
    return [
        Route(r"/api/sessions", SessionsHandler, (listed, new), options),
        Route(r"/api/sessions/([^/]+)", OneHandler, (told, ended), options),
    ]
