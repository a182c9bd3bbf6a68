"""A relay that makes loopback a slow link: a rate, a delay, a short queue, as routers have. It can stand still, and be cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

CHUNK = 1448  # a TCP segment
QUEUE_BYTES = 64 << 10  # what waits in the path before the sender feels it


POLL_S = 0.02


@dataclass
class Link:
    """What a link does to what passes it; both may be switched at any time."""

    port: int = 0
    """Of this machine, that leads over the link."""
    is_silent: bool = False
    """Nothing passes and nothing is said of it, as when the network has gone."""
    is_cut: bool = False
    """All connections are closed, and new ones are closed at once."""


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float, delay_s: float, link: Link) -> None:
    """Pass bytes on, each `delay_s` after the link has carried it at `rate` bytes/s."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue(max(4, QUEUE_BYTES // CHUNK))

    async def deliver() -> None:
        while (item := await queue.get()) is not None:
            await asyncio.sleep(max(0.0, item[0] - loop.time()))
            while link.is_silent:
                await asyncio.sleep(POLL_S)
            writer.write(item[1])
            await writer.drain()
        writer.close()

    delivering = asyncio.create_task(deliver())
    free_at = loop.time()
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            free_at = max(free_at, loop.time()) + len(data) / rate
            await asyncio.sleep(max(0.0, free_at - loop.time()))
            await queue.put((free_at + delay_s, data))
    await queue.put(None)
    with contextlib.suppress(ConnectionError):
        await delivering


@asynccontextmanager
async def slow_link(port: int, mbit_per_s: float, round_trip_s: float, link: Link | None = None) -> AsyncIterator[int]:
    """Yields a port of this machine that leads to `port` over a link of this rate (both ways) and round trip."""
    link = link or Link()
    rate = mbit_per_s * 1e6 / 8
    pumps: set[asyncio.Task[None]] = set()
    ends: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if link.is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port, limit=CHUNK)
        ends.extend((writer, far_writer))
        for end in (writer, far_writer):
            sock = end.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far_writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 10)
        for source, target in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(_pump(source, target, rate, round_trip_s / 2, link))
            pumps.add(task)
            task.add_done_callback(pumps.discard)

    async def cut() -> None:
        while True:
            await asyncio.sleep(POLL_S)
            if link.is_cut:
                for end in ends:
                    end.transport.abort()

    server = await asyncio.start_server(carry, "127.0.0.1", 0, limit=CHUNK)
    cutting = asyncio.create_task(cut())
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        cutting.cancel()
        for task in list(pumps):
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for end in ends:
            end.close()
        await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)


@contextmanager
def link_to(port: int, mbit_per_s: float = 1000.0, round_trip_s: float = 0.0) -> Iterator[Link]:
    """A link to a port, served by a thread of its own."""
    link, ready, leave = Link(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with slow_link(port, mbit_per_s, round_trip_s, link) as far:
            link.port = far
            ready.set()
            while not leave.is_set():
                await asyncio.sleep(POLL_S)
            link.is_silent = False  # else its pumps would wait for ever

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield link
    finally:
        leave.set()
        thread.join()
