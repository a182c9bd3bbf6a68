"""Listening: both loopbacks on one port, the next port where one is taken, limits, and a stop that finishes its work."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from collections.abc import Awaitable, Callable

import structlog
import tornado.netutil
import tornado.web

from backend.config import Settings
from backend.errors import UnavailableError
from backend.http.body_stream import keep_freed_memory
from backend.http.connections import BoundedServer, allow_open_files

log = structlog.get_logger("server")
PORTS_TRIED = 100
LOOK_EVERY_S = 0.02


def bind(settings: Settings) -> tuple[int, list[socket.socket]]:
    """Sockets on the configured address, at the configured port or the next free one.

    Raises:
        UnavailableError: no port is free, or the address is not ours.
    """
    addresses = ["127.0.0.1", "::1"] if settings.host == "localhost" else [settings.host]
    if "::1" in addresses and not socket.has_ipv6:
        addresses.remove("::1")
    last = settings.port + (0 if settings.port_strict or settings.port == 0 else PORTS_TRIED)
    for port in range(settings.port, min(last, 65535) + 1):
        try:
            return _bind_all(addresses, port)
        except OSError as error:
            reason = error
    raise UnavailableError(f"can not listen on {settings.host}:{settings.port}: {reason.strerror}")


def _bind_all(addresses: list[str], port: int) -> tuple[int, list[socket.socket]]:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            try:
                sockets += tornado.netutil.bind_sockets(port, address)
            except OSError:
                if address == "::1" and sockets and not _has_v6_loopback():
                    continue  # a kernel without IPv6: the other loopback will do
                raise
            port = sockets[0].getsockname()[1]
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return port, sockets


def _has_v6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Server:
    """The listening server and its life."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._at_stop: list[Callable[[], Awaitable[None]]] = []
        self.port = 0

    def listen(self, application: tornado.web.Application) -> int:
        """Bind and accept; returns the port."""
        settings = self._settings
        allow_open_files(settings.max_connections)
        keep_freed_memory()
        self._http = BoundedServer(
            application,
            max_connections=settings.max_connections,
            max_header_size=settings.max_header_kb << 10,
            header_timeout_s=settings.header_timeout_s,
        )
        self.port, sockets = bind(settings)
        self._http.add_sockets(sockets)
        return self.port

    def at_stop(self, call: Callable[[], Awaitable[None]]) -> None:
        """Have something done when the server stops, in the order of these calls."""
        self._at_stop.append(call)

    async def finish_requests(self) -> None:
        """Wait for requests under way; new ones are not taken any more."""
        while self._http.busy > 0:
            await asyncio.sleep(LOOK_EVERY_S)

    def stop(self) -> None:
        """Ask for the stop."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until asked to stop, then finish what is under way."""
        loop = asyncio.get_running_loop()
        gc.collect()
        gc.freeze()  # what was imported and built stays anyhow; going through it again would hold everybody up for 50 ms
        asked = 0

        def on_signal() -> None:
            nonlocal asked
            asked += 1
            if asked > 1:
                raise SystemExit(1)
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, on_signal)
        await self._stop.wait()
        begun = time.monotonic()
        log.info("stopping")
        self._http.stop()
        for call in self._at_stop:
            try:
                async with asyncio.timeout(self._settings.stop_timeout_s):
                    await call()
            except TimeoutError:
                log.warning("gave up waiting", what=getattr(call, "__qualname__", repr(call)))
        try:
            async with asyncio.timeout(2.0):
                await self._http.close_all_connections()
        except TimeoutError:
            log.debug("connections left open")
        log.info("stopped", seconds=round(time.monotonic() - begun, 2))
