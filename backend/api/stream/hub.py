"""All stream clients of a session: who is there, who may come back, and the scene's events for everybody."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from backend import metrics
from backend.api.stream.audience import Audience
from backend.api.stream.connection import Connection
from backend.api.stream.members import Member, Members, Role
from backend.config import Settings
from backend.errors import UnavailableError
from backend.scene import commands as c
from backend.sessions.description import describe
from backend.sessions.frames import SharedFrames
from backend.sessions.session import Session

if TYPE_CHECKING:
    from backend.api.stream.handler import StreamHandler

GOING_AWAY = 1001
PRESENCE_EVERY_S = 0.1


class Hub:
    """Knows every connection, with its socket and without."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings
        self.frames = SharedFrames(session)
        self.members = Members(settings.stream_role)
        self.audience = Audience(settings.stream_watch_rate)
        self._sockets: dict[Connection, StreamHandler] = {}
        self._pointing: dict[Connection, tuple[float, asyncio.TimerHandle | None, dict[str, Any]]] = {}
        self._watching: set[asyncio.Event] = set()
        self._lost: dict[str, tuple[Connection, asyncio.TimerHandle]] = {}
        self.stopping = False
        session.listen(self._on_event)

    @property
    def is_full(self) -> bool:
        """Whether no more clients are taken."""
        return len(self._sockets) + len(self._watching) >= self.settings.stream_connections

    @property
    def is_visited(self) -> bool:
        """Whether somebody is there, or may come back."""
        return bool(self._sockets or self._watching or self._lost)

    @contextmanager
    def watching(self, wake: asyncio.Event) -> Iterator[None]:
        """Count a client of `/live` while it is there; `wake` is set when the server stops.

        Raises:
            UnavailableError: there are too many clients already.
        """
        if self.is_full:
            raise UnavailableError("too many clients; try again later", 5.0)
        self._watching.add(wake)
        try:
            yield
        finally:
            self._watching.discard(wake)

    def join(self, connection: Connection, handler: StreamHandler, name: str, wish: Role) -> Member:
        """A client is there, for the first time or again."""
        self._sockets[connection] = handler
        self._count()
        if connection.member is None:
            connection.member = self.members.join(connection.id, name, wish)
        else:
            self.members.rejoin(connection.member)
        return connection.member

    def _count(self) -> None:
        metrics.STREAM_CLIENTS.inc(len(self._sockets) - self.audience.present)  # there are other sessions' too
        self.audience.present = len(self._sockets)

    def tell_members(self) -> None:
        """Tell everybody who is there."""
        members = [{"id": m.id, "name": m.name, "role": m.role} for m in self.members.all()]
        for connection in self._sockets:
            connection.say("members", members=members)

    def tell_history(self, connection: Connection) -> None:
        """Tell a client what can be undone and redone."""
        history = self.session.history
        connection.say("history", undo=history.undo, redo=history.redo)

    def introduce(self, connection: Connection, name: str) -> None:
        """Somebody is called otherwise from now on; everybody is told."""
        self.members.rename(connection.id, name)
        self.tell_members()

    def tell_markups(self, connection: Connection) -> None:
        """Tell a client of all markups: `all` says that it should know no others."""
        connection.say("markups", changed=msgspec.to_builtins(list(self.session.markups.values())), gone=[], all=True)

    def grant(self, by: Connection, who: str, role: Role) -> None:
        """Change somebody's role, and tell everybody."""
        self.members.grant(by.id, who, role)
        self.tell_members()

    def point(self, by: Connection, presence: dict[str, Any]) -> None:
        """Tell the others where somebody points, ten times a second at most; the newest place always comes through."""
        loop = asyncio.get_running_loop()
        told_at, timer, _old = self._pointing.get(by, (0.0, None, {}))
        wait = told_at + PRESENCE_EVERY_S - loop.time()
        if wait <= 0:
            self._pointing[by] = (loop.time(), None, presence)
            for connection in self._sockets:
                if connection is not by:
                    connection.say("presence", who=by.id, **presence)
        else:
            timer = timer or loop.call_later(wait, self._point_late, by)
            self._pointing[by] = (told_at, timer, presence)

    def _point_late(self, by: Connection) -> None:
        _told_at, _timer, presence = self._pointing.pop(by, (0.0, None, {}))
        if by in self._sockets:
            self.point(by, presence)

    def leave(self, connection: Connection) -> None:
        """Its socket has gone; it may come back for a while."""
        self._sockets.pop(connection, None)
        self._count()
        connection.detach()
        self._pointing.pop(connection, None)
        self.members.leave(connection.id)
        self.tell_members()
        if not self.stopping and self.settings.stream_resume_s > 0:
            timer = asyncio.get_running_loop().call_later(self.settings.stream_resume_s, self._forget, connection)
            self._lost[connection.id] = (connection, timer)
        else:
            connection.forget()

    def _forget(self, connection: Connection) -> None:
        """It did not come back in time."""
        self._lost.pop(connection.id, None)
        connection.forget()

    def resume(self, identity: str, secret: str) -> Connection | None:
        """The connection a client had, if it proves to be its own and is not too old. A socket still open is given up."""
        for connection, handler in self._sockets.items():
            if connection.id == identity and hmac.compare_digest(connection.secret, secret):
                handler.close(GOING_AWAY, "resumed elsewhere")
                self.leave(connection)
                break
        found = self._lost.get(identity)
        if found is None or not hmac.compare_digest(found[0].secret.encode(), secret.encode()):
            return None
        found[1].cancel()
        del self._lost[identity]
        return found[0]

    async def stop(self) -> None:
        """Say goodbye to everybody."""
        self.stopping = True
        for wake in self._watching:
            wake.set()
        for connection, handler in list(self._sockets.items()):
            handler.close(GOING_AWAY, "the server stops")
            connection.detach()
        await asyncio.sleep(0.05)  # the close frames leave before the listening ends

    def _on_event(self, event: c.AnyEvent | str) -> None:
        connections = list(self._sockets)
        if isinstance(event, c.ViewChanged):
            for connection in connections:
                connection.on_view_changed(event)
        elif isinstance(event, c.Progress):
            for connection in connections:
                connection.say("progress", job=event.job, text=event.text, fraction=event.fraction)
        elif isinstance(event, c.HistoryChanged):
            for connection in connections:
                self.tell_history(connection)
        elif isinstance(event, c.NodesChanged):
            for connection in connections:
                connection.say("nodes", rev=event.rev, ids=event.ids)
        elif isinstance(event, c.MarkupsChanged):
            changed = msgspec.to_builtins(event.changed)
            for connection in connections:
                connection.say("markups", changed=changed, gone=event.gone)
        elif isinstance(event, str | c.SceneChanged):
            for connection in connections:
                connection.say("scene", scene=describe(self.session))
            if event == "ready":
                for connection in (*connections, *(lost for lost, _timer in self._lost.values())):
                    connection.on_scene_back()
