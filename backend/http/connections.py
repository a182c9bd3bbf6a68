"""Tornado's HTTP server with a bound on connections: one too many costs the one that has been idle for longest."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Awaitable, Iterable
from typing import Any

import structlog
import tornado.httpserver
import tornado.httputil
import tornado.iostream
from tornado.ioloop import PeriodicCallback

from backend.http.body_stream import BodyStream

log = structlog.get_logger("server")
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
FILES_BESIDE_CONNECTIONS = 256


class BoundedServer(tornado.httpserver.HTTPServer):
    """Connections that wait for the head of a request are idle; the first of them makes room when there is none."""

    def initialize(self, *args: Any, max_connections: int = 0, header_timeout_s: float = 60.0, **kwargs: Any) -> None:
        """As Tornado's, and `max_connections`, and how long a connection may be idle."""
        super().initialize(*args, **kwargs)
        self.conn_params.header_timeout = None  # looked after here, all at once, and not with a clock for each request
        self._limit, self._header_timeout_s = max_connections, header_timeout_s
        self._open: set[tornado.iostream.IOStream] = set()
        self._idle: dict[tornado.iostream.IOStream, float] = {}  # since when, the first for longest
        self._sweeper = PeriodicCallback(self._close_idle, min(1.0, header_timeout_s / 4) * 1e3)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to listen."""
        super().add_sockets(sockets)
        self._sweeper.start()

    def stop(self) -> None:
        """Listen no more."""
        super().stop()
        self._sweeper.stop()

    def _close_idle(self) -> None:
        latest = time.monotonic() - self._header_timeout_s
        for stream in [stream for stream, since in self._idle.items() if since < latest]:
            self._idle.pop(stream, None)
            stream.close()

    @property
    def busy(self) -> int:
        """Connections on which a request is under way."""
        return len(self._open) - len(self._idle)

    def handle_stream(self, stream: tornado.iostream.IOStream, address: tuple[Any, ...]) -> None:
        """A new connection."""
        # Tornado made its own, which nothing has been asked of yet.
        stream = BodyStream(stream.socket, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size)
        if len(self._open) >= self._limit:
            oldest = next(iter(self._idle), None)
            if oldest is None:
                log.warning("connection refused: all are busy", connections=len(self._open))
                stream.write(BUSY).add_done_callback(lambda _written: stream.close())
                return
            self._ended(oldest)
            oldest.close()
        # Counted at once: many are accepted in one turn of the loop, and Tornado begins with them in the next.
        self._open.add(stream)
        self._idle[stream] = time.monotonic()
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: Any) -> tornado.httputil.HTTPMessageDelegate:
        """A connection waits for its first or next request."""
        if request_conn.stream in self._open:
            self._idle[request_conn.stream] = time.monotonic()
        return _Noting(super().start_request(server_conn, request_conn), self._idle, request_conn.stream)

    def on_close(self, server_conn: object) -> None:
        """A connection has ended, or is a WebSocket now."""
        super().on_close(server_conn)
        self._ended(server_conn.stream)  # type: ignore[attr-defined]

    def _ended(self, stream: tornado.iostream.IOStream) -> None:
        self._open.discard(stream)
        self._idle.pop(stream, None)


class _Noting(tornado.httputil.HTTPMessageDelegate):
    """Takes a connection off the idle ones when the head of a request is there; passes all on."""

    def __init__(
        self, inner: tornado.httputil.HTTPMessageDelegate, idle: dict[tornado.iostream.IOStream, float],
        stream: tornado.iostream.IOStream,
    ) -> None:  # fmt: skip
        self._inner, self._idle, self._stream = inner, idle, stream
        self.data_received = inner.data_received  # type: ignore[method-assign]
        self.finish = inner.finish  # type: ignore[method-assign]
        self.on_connection_close = inner.on_connection_close  # type: ignore[method-assign]

    def headers_received(self, start_line: Any, headers: tornado.httputil.HTTPHeaders) -> Awaitable[None] | None:
        """The head is there."""
        self._idle.pop(self._stream, None)
        return self._inner.headers_received(start_line, headers)


def allow_open_files(connections: int) -> None:
    """Raise this process's limit of open files to what so many connections need, as far as the system lets it."""
    wanted = connections * 2 + FILES_BESIDE_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < wanted:
            log.warning("few open files are allowed here", allowed=most, max_connections=connections)
