"""All stream clients of a session: who is there, who may come back, and the scene's events for everybody."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from backend import metrics
from backend.api.stream.connection import Connection
from backend.config import Settings
from backend.scene import commands as c
from backend.sessions.description import describe
from backend.sessions.frames import SharedFrames
from backend.sessions.session import Session

if TYPE_CHECKING:
    from backend.api.stream.handler import StreamHandler

GOING_AWAY = 1001


class Hub:
    """Knows every connection, with its socket and without."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings
        self.frames = SharedFrames(session)
        self._sockets: dict[Connection, StreamHandler] = {}
        self._lost: dict[str, tuple[Connection, asyncio.TimerHandle]] = {}
        self.stopping = False
        session.listen(self._on_event)

    @property
    def is_full(self) -> bool:
        """Whether no more clients are taken."""
        return len(self._sockets) >= self.settings.stream_connections

    def join(self, connection: Connection, handler: StreamHandler) -> None:
        """A client is there."""
        self._sockets[connection] = handler
        metrics.STREAM_CLIENTS.set(len(self._sockets))

    def leave(self, connection: Connection) -> None:
        """Its socket has gone; it may come back for a while."""
        self._sockets.pop(connection, None)
        metrics.STREAM_CLIENTS.set(len(self._sockets))
        connection.detach()
        if not self.stopping and self.settings.stream_resume_s > 0:
            timer = asyncio.get_running_loop().call_later(self.settings.stream_resume_s, self._lost.pop, connection.id, None)
            self._lost[connection.id] = (connection, timer)

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
        elif isinstance(event, str | c.SceneChanged):
            for connection in connections:
                connection.say("scene", scene=describe(self.session))
                if event == "ready":
                    connection.on_scene_back()
