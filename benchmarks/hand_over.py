"""The hand-over of a 60 kB picture between processes over the product's channel, against a bare socket pair."""

from __future__ import annotations

import asyncio
import socket
import statistics
import threading
import time

from backend.scene import wire
from backend.scene.commands import Frame, Picture, PictureInfo
from backend.sessions.channel import Channel
from benchmarks.common import report

SIZE = 60_000
ROUNDS = 2000


def echo(connection: socket.socket) -> None:
    """Answer every request with a picture, as a scene process does."""
    body = bytes(SIZE)
    stream = connection.makefile("rb", buffering=1 << 16)
    while len(prefix := stream.read(wire.PREFIX.size)) == wire.PREFIX.size:
        head, _body = wire.unpack_prefix(prefix)
        request = wire.decode_request(stream.read(head))
        info = PictureInfo("etag", "jpeg", 512, 512)
        for part in wire.pack(wire.Reply(request.id, info), body):
            connection.sendall(part)


def bare() -> float:
    """Median seconds of a byte there and 60 kB back over blocking sockets."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        body = bytes(SIZE)
        while theirs.recv(1):
            theirs.sendall(body)

    threading.Thread(target=answer, daemon=True).start()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ours.sendall(b"x")
        left = SIZE
        while left:
            left -= len(ours.recv(left))
        times.append(time.perf_counter() - began)
    ours.close()
    return statistics.median(times)


async def through_the_channel() -> float:
    """Median seconds of a request and its picture."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    threading.Thread(target=echo, args=(theirs,), daemon=True).start()
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    _transport, channel = await loop.create_connection(lambda: Channel(lambda _e: None, lambda: None), sock=ours)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await channel.ask(Frame("Red", Picture(512, 512, "jpeg")), PictureInfo, 5.0)
        times.append(time.perf_counter() - began)
    channel.close()
    return statistics.median(times)


def main() -> None:
    """Print the figures."""
    ours = asyncio.run(through_the_channel())
    report("hand-over of a 60 kB picture between processes", ours * 1e3, "ms", bare() * 1e3, "lower")


if __name__ == "__main__":
    main()
