"""The same slice scene, scrolled by the same 60 events a second: our stream beside trame-rca, in turns, loopback, 512²."""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from tornado.websocket import websocket_connect

from benchmarks.common import ct_file, report, seconds, synthetic_ct
from benchmarks.stream_slices import drag
from tests.support.live import ROOT, LiveServer, free_port

EVENTS_PER_S = 60.0
ROUNDS = 3
START_S = 40.0
HEADER = 12
WSLINK_SECRET = "wslink-secret"


def offset_of(step: int) -> float:
    """Where event number `step` scrolls to, mm."""
    return -100 + (step * 0.7) % 200


class TrameClient:
    """Speaks wslink: MessagePack in chunks of id, offset, size and content."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.pictures: list[tuple[int, float]] = []
        self.replies: dict[str, Any] = {}
        self.whole: dict[bytes, bytearray] = {}
        self.news = asyncio.Event()
        self.reader = asyncio.create_task(self._read())

    def call(self, number: str, method: str, *args: Any) -> None:
        """Call a method; its result is not waited for."""
        import msgpack

        body = msgpack.packb({"wslink": "1.0", "id": number, "method": method, "args": list(args), "kwargs": {}})
        head = secrets.token_bytes(4) + (0).to_bytes(4, "little") + len(body).to_bytes(4, "little")
        self.socket.write_message(head + body, binary=True)

    async def _read(self) -> None:
        import msgpack

        while (chunk := await self.socket.read_message()) is not None:
            key, size = chunk[:4], int.from_bytes(chunk[8:12], "little")
            body = self.whole.setdefault(key, bytearray())
            body += chunk[HEADER:]
            if len(body) < size:
                continue
            message = msgpack.unpackb(bytes(self.whole.pop(key)))
            if message["id"].startswith("publish:trame.rca.topic.stream"):
                self.pictures.append((message["result"]["meta"]["n"], time.perf_counter()))
            else:
                self.replies[message["id"]] = message
            self.news.set()


async def drag_peer(port: int, length_s: float) -> tuple[float, list[float]]:
    """Pictures a second and the ages of the newest input in s, as `drag` tells of ours."""
    socket = await websocket_connect(f"ws://127.0.0.1:{port}/ws", max_message_size=64 << 20)
    assert socket.protocol is not None
    socket.protocol.set_nodelay(True)
    client = TrameClient(socket)
    client.call("system:c0:0", "wslink.hello", {"secret": WSLINK_SECRET})
    client.call("rpc:c0:0", "trame.rca.size", "slice", "client", {"w": 512, "h": 512, "p": 1})
    async with asyncio.timeout(START_S):
        while not client.pictures:
            client.news.clear()
            await client.news.wait()
    await asyncio.sleep(0.3)
    client.pictures.clear()
    sent: dict[int, float] = {}
    began, step = time.perf_counter(), 0
    first = secrets.randbelow(1 << 20) << 10  # not the numbers of the round before
    while time.perf_counter() - began < length_s:
        step += 1
        sent[first + step] = time.perf_counter()
        event = {"type": "MouseMove", "offset": offset_of(step), "n": first + step}
        client.call(f"rpc:c0:{step}", "trame.rca.event", "slice", "client", event)
        await asyncio.sleep(max(0.0, began + step / EVENTS_PER_S - time.perf_counter()))
    elapsed = time.perf_counter() - began
    moving = [(n, at) for n, at in client.pictures if n in sent]
    socket.close()
    await client.reader
    return len(moving) / elapsed, [at - sent[n] for n, at in moving]


async def measure(ours: int, peer: int | None) -> None:
    """Take turns, and tell."""
    length_s = seconds(4.0)
    found: dict[str, list[tuple[float, list[float]]]] = {"ours": [], "trame": []}
    for _ in range(ROUNDS):
        rate, ages, client = await drag(ours, "red", lambda step, _s: {"offset": offset_of(step)}, EVENTS_PER_S, length_s)
        await client.close()
        found["ours"].append((rate, ages))
        if peer is not None:
            found["trame"].append(await drag_peer(peer, length_s))
    rates = {who: statistics.median(rate for rate, _ in rounds) for who, rounds in found.items() if rounds}
    ages = {who: statistics.median(age for _, some in rounds for age in some) * 1e3 for who, rounds in found.items() if rounds}
    note = "limit: trame-rca, 60 fps, same JPEG quality" if peer is not None else "trame-rca is not installed: no peer"
    report("stream, slice scene, loopback", rates["ours"], "pictures/s", rates.get("trame"), note=note,
           target_ratio=None if peer is None else 1.5)  # fmt: skip
    report("  age of the newest input, median", ages["ours"], "ms", ages.get("trame"), "lower", note,
           target_ratio=None if peer is None else 2.0)  # fmt: skip


def main() -> None:
    """Print the figures."""
    missing = [name for name in ("trame", "trame_rca", "msgpack") if importlib.util.find_spec(name) is None]
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(ct_file(Path(folder))).wait()
        peer, port = None, None
        try:
            if missing:
                print(f"no peer: {', '.join(missing)} not installed (pip install -e .[bench])", flush=True)
            else:
                np.save(Path(folder) / "ct.npy", synthetic_ct())
                port = free_port()
                peer = subprocess.Popen([sys.executable, "-m", "benchmarks.peers.trame_slices", str(port), folder], cwd=ROOT)
                wait_for(peer, port)
            asyncio.run(measure(server.port, port))
        finally:
            server.stop()
            if peer is not None:
                peer.kill()
                peer.wait()


def wait_for(peer: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the peer listens.

    Raises:
        RuntimeError: it ended, or took too long.
    """
    import socket

    until = time.monotonic() + START_S
    while time.monotonic() < until and peer.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the peer does not listen")


if __name__ == "__main__":
    main()
