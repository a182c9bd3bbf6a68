"""The WebSocket at `/stream`: parse, check, pass on. `on_message` never waits, so acknowledgements are always read."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import msgspec
import structlog
import tornado.iostream
import tornado.websocket

from backend import __version__
from backend.api.stream import messages as m
from backend.api.stream.connection import Connection
from backend.api.stream.hub import Hub
from backend.api.stream.members import Role
from backend.api.stream.streams import CODECS
from backend.errors import SlicecastError
from backend.http.base import host_of, is_allowed_host
from backend.scene import commands as c
from backend.sessions.description import describe

log = structlog.get_logger("stream")
PROTOCOL = 1
HELLO_BYTES = 16384
POLICY, PROTOCOL_ERROR, TRY_LATER = 1008, 1002, 1013
UNSENT_BYTES = 16384
HEARTBEAT_S = 20.0
LEAST_ROLE: dict[type, Role] = {m.Track: "steer", m.Markup: "steer", m.Presence: "point"}
TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25)


class StreamHandler(tornado.websocket.WebSocketHandler):
    """One socket."""

    def initialize(self, hub: Hub) -> None:
        """The hub of the session."""
        self.hub = hub
        self.connection: Connection | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._second, self._messages, self._events = 0, 0, 0
        self._heard_at = time.monotonic()

    def set_default_headers(self) -> None:
        """Called by Tornado."""
        self.set_header("Server", f"Slicecast/{__version__}")

    def prepare(self) -> None:
        """Refuse foreign host names before the upgrade."""
        if not is_allowed_host(self.request.host, self.hub.settings):
            raise tornado.web.HTTPError(403)

    def check_origin(self, origin: str) -> bool:
        """Same host, configured hosts and configured CORS origins."""
        try:
            host = host_of(origin.partition("://")[2])
        except ValueError:
            return False
        same = host == host_of(self.request.host)
        named = host in [name.lower() for name in self.hub.settings.allowed_hosts]
        return same or named or origin in self.application.settings["switches"].cors

    def get_compression_options(self) -> None:
        """None: pictures do not shrink, and it costs a hundredfold."""

    @property
    def max_message_size(self) -> int:
        """Largest message in bytes."""
        return self.hub.settings.stream_message_bytes

    def open(self, *_args: str, **_kwargs: str) -> None:
        """The socket is there; the client has to say hello soon."""
        self.set_nodelay(True)
        stream = self.ws_connection.stream if self.ws_connection else None
        if stream is not None:
            limit_unsent(stream)
        loop = asyncio.get_running_loop()
        self._hello_timer = loop.call_later(self.hub.settings.stream_hello_s, self._no_hello)
        self._idle_timer = loop.call_later(self.hub.settings.stream_idle_s, self._check_idle)
        if self.hub.is_full:
            self._refuse(TRY_LATER, "full", "too many clients; try again later")

    def on_message(self, message: str | bytes) -> None:
        """Called by Tornado for each message."""
        self._heard_at = time.monotonic()
        if isinstance(message, bytes):
            self._refuse(PROTOCOL_ERROR, "binary", "clients send text only")
            return
        if self.connection is None and len(message) > HELLO_BYTES:
            self._refuse(POLICY, "too_large", "the first message is too large")
            return
        if not self._within_limits(1, 0):
            return
        try:
            decoded = m.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._not_understood(message, error)
            return
        try:
            self._handle(decoded)
        except (SlicecastError, ValueError) as error:
            self._say_error("refused", str(error), getattr(decoded, "stream", None))

    def on_close(self) -> None:
        """Called by Tornado when the socket has gone."""
        for name in ("_hello_timer", "_idle_timer"):
            timer = getattr(self, name, None)
            if timer is not None:
                timer.cancel()
        for task in self._opening:
            task.cancel()
        if self.connection is not None:
            self.hub.leave(self.connection)
            self.connection = None

    # -- messages ------------------------------------------------------------------------------------------------

    def _handle(self, message: Any) -> None:
        connection = self.connection
        if isinstance(message, m.Hello):
            self._hello(message)
            return
        if connection is None:
            self._refuse(POLICY, "hello_first", "say hello first")
            return
        connection.revive()
        least = LEAST_ROLE.get(type(message))
        if least is not None:
            self.hub.members.require(connection.id, least)
        match message:
            case m.Ack():
                connection.acknowledge(message)
            case m.Set():
                if not connection.has_own_camera(message.stream) or c.split_patch(message.patch)[1] is not None:
                    self.hub.members.require(connection.id, "steer")
                connection.set_state(message)
            case m.Track():
                connection.track(message)
            case m.Markup():
                connection.change_markup(message)
            case m.Input():
                if not connection.has_own_camera(message.stream):
                    self.hub.members.require(connection.id, "steer")
                if self._within_limits(0, len(message.events)):
                    connection.input(message, looks_only=not self.hub.members.may(connection.id, "steer"))
            case m.Open():
                self._open_views(connection, message)
            case m.Resize():
                connection.resize(message.stream, message.size)
            case m.Visible():
                connection.set_visible(message.stream, message.visible)
            case m.Focus():
                connection.focus(message.stream)
            case m.Close():
                connection.close(message.stream)
            case m.Camera():
                self._spawn(connection.use_camera(message.stream, message.camera), message.stream)
            case m.Probe():
                if message.time is None:
                    connection.say("probe", id=message.id, t=message.t, time=time.time())
            case m.Stats():
                connection.set_stats(message.stream, message.on)
            case m.Presence():
                if message.point is not None:
                    c.require_finite(c.ViewPatch(origin=message.point))
                presence = {"view": message.view[:40], "point": message.point, "tool": message.tool[:40]}
                self.hub.point(connection, presence)
            case m.Introduce():
                self.hub.introduce(connection, message.name)
            case m.Grant():
                self.hub.grant(connection, message.who, message.role)
            case m.Codecs():
                connection.shows &= set(message.codecs)
            case m.Call():
                self._spawn(self._answer(connection, message), message.id)

    async def _answer(self, connection: Connection, call: m.Call) -> None:
        connection.say("result", id=call.id, **await connection.calls.answer(call.method, call.args))

    def _hello(self, message: m.Hello) -> None:
        if self.connection is not None:
            self._say_error("hello_twice", "hello was said already")
            return
        self._hello_timer.cancel()
        if PROTOCOL not in message.protocol:
            self._refuse(PROTOCOL_ERROR, "protocol", f"this server speaks protocol {PROTOCOL} only")
            return
        if not set(CODECS) <= set(message.codecs):
            self._refuse(PROTOCOL_ERROR, "codecs", f"a client must be able to show {' and '.join(CODECS)}")
            return
        connection = None
        if message.resume is not None:
            connection = self.hub.resume(message.resume.id, message.resume.secret)
        resumed = connection is not None
        connection = connection or Connection(self.hub.session, self.hub.settings, self.hub.frames, self.hub.audience)
        self.connection = connection
        member = self.hub.join(connection, self, message.name, message.role)
        settings = self.hub.settings
        connection.greet(message.codecs)
        heartbeat = min(HEARTBEAT_S, settings.stream_idle_s / 3)
        self._write({
            "type": "welcome", "protocol": PROTOCOL, "id": connection.id, "secret": connection.secret,
            "codecs": connection.codecs, "resumed": resumed, "heartbeat": heartbeat, "time": time.time(), "user": None,
            "role": member.role,
            "limits": {"message_bytes": settings.stream_message_bytes, "messages_per_s": settings.stream_messages_per_s,
                       "events_per_s": settings.stream_events_per_s, "streams": settings.stream_views,
                       "pixels": settings.max_pixels},
            "scene": describe(self.hub.session),
        })  # fmt: skip
        connection.attach(self._write, self._write_bytes)
        self.hub.tell_members()
        self.hub.tell_history(connection)
        self.hub.tell_markups(connection)
        if resumed:
            self._spawn(connection.reopen_all(), None)

    def _open_views(self, connection: Connection, message: m.Open) -> None:
        wishes = list(message.views or [])
        if message.view is not None and message.size is not None:
            wishes.append(m.ViewWish(message.view, message.size, message.ref, message.still, message.prefer,
                                     message.max_fps, message.camera))  # fmt: skip
        if not wishes:
            self._say_error("nothing_to_open", "open needs view and size, or views")

        async def open_in_order() -> None:
            for wish in wishes:
                try:
                    await connection.open(wish)
                except SlicecastError as error:
                    self._say_error("not_opened", str(error), wish.ref)

        self._spawn(open_in_order(), None)

    # -- sending and refusing ------------------------------------------------------------------------------------

    def _spawn(self, work: Any, reference: Any) -> None:
        async def guarded() -> None:
            try:
                await work
            except SlicecastError as error:
                self._say_error("refused", str(error), reference)

        task = asyncio.create_task(guarded())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _write(self, message: dict[str, Any]) -> None:
        try:
            future = self.write_message(msgspec.json.encode(message).decode())
        except tornado.websocket.WebSocketClosedError:
            return
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _write_bytes(self, data: bytes) -> None:
        try:
            await self.write_message(data, binary=True)
        except (tornado.websocket.WebSocketClosedError, tornado.iostream.StreamClosedError) as error:
            raise ConnectionError("the socket is closed") from error

    def _say_error(self, code: str, message: str, reference: Any = None) -> None:
        self._write({"type": "error", "code": code, "message": message, "for": reference})

    def _refuse(self, close_code: int, code: str, message: str) -> None:
        self._say_error(code, message)
        self.close(close_code, message)

    def _not_understood(self, message: str, error: Exception) -> None:
        try:
            kind = msgspec.json.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self._refuse(PROTOCOL_ERROR, "not_json", "a message is one JSON object")
            return
        name = kind.get("type") if isinstance(kind, dict) else None
        if self.connection is None:
            self._refuse(POLICY, "hello_first", f"say hello first: {error}")
        elif name not in m.KNOWN:
            self._say_error("unknown_type", f"unknown message type {name!r}")
        else:
            self._say_error("bad_message", str(error), kind.get("stream"))

    def _within_limits(self, messages: int, events: int) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._messages, self._events = second, 0, 0
        self._messages += messages
        self._events += events
        settings = self.hub.settings
        if self._messages > settings.stream_messages_per_s * 2:  # acknowledgements count too, twice the inputs at most
            self._refuse(POLICY, "too_many_messages", f"over {settings.stream_messages_per_s * 2} messages a second")
        elif self._events > settings.stream_events_per_s:
            self._refuse(POLICY, "too_many_events", f"over {settings.stream_events_per_s} events a second")
        else:
            return True
        return False

    def _no_hello(self) -> None:
        self._refuse(POLICY, "no_hello", "no hello came in time")

    def _check_idle(self) -> None:
        left = self._heard_at + self.hub.settings.stream_idle_s - time.monotonic()
        if left <= 0:
            self._refuse(POLICY if self.connection is None else 1001, "idle", "nothing was heard for too long")
        else:
            self._idle_timer = asyncio.get_running_loop().call_later(left + 0.01, self._check_idle)


def limit_unsent(stream: tornado.iostream.IOStream) -> None:
    """Keep the kernel from taking in more pictures than it can send soon."""
    try:
        stream.socket.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    except OSError:
        log.debug("no TCP_NOTSENT_LOWAT here")
