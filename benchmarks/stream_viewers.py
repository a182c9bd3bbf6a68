"""Many on the stream at once, loopback: viewers with own cameras, watchers of one view, and a client that stops reading."""

from __future__ import annotations

import asyncio
import itertools
import math
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import ct_file, report
from tests.support.live import LiveServer
from tests.support.stream_client import STILL, StreamClient

EVENTS_PER_S = 60.0
SECONDS = 5.0
SIZE = (512, 512)
VIEWERS, WATCHERS, WATCHER_PROCESSES = 8, 50, 2
PatchOf = Callable[[float, dict[str, Any]], dict[str, Any]]


@dataclass
class Dragged:
    """What one client got while it dragged: pictures a second, ages of the newest input and gaps between pictures, s."""

    rate: float
    ages: list[float]
    gaps: list[float]


def scroll(seconds: float, _state: dict[str, Any]) -> dict[str, Any]:
    """A plane on its way through the volume."""
    return {"offset": -100.0 + (seconds * 42.0) % 200.0}


def turn(seconds: float, state: dict[str, Any]) -> dict[str, Any]:
    """A camera on its way around the volume."""
    focal, angle = state["camera"]["focal_point"], seconds * 0.8
    eye = [focal[0] + 900 * math.sin(angle), focal[1] + 900 * math.cos(angle), focal[2]]
    return {"camera": {"position": eye}}


async def join(port: int, view: str, camera: str) -> tuple[StreamClient, dict[str, Any]]:
    """A client that shows a view and has seen it standing."""
    client = await StreamClient.connect(port)
    opened = await client.open(view, SIZE, camera=camera)
    await client.picture(lambda p: p.flags & STILL, timeout=120)
    return client, opened


async def drag(client: StreamClient, opened: dict[str, Any], patch_of: PatchOf, shift_s: float = 0.0) -> Dragged:
    """Drag for `SECONDS` with input at the rate of a mouse."""
    client.pictures.clear()
    first, began, step = client.n, time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        client.set(opened["stream"], **patch_of(shift_s + step / EVENTS_PER_S, opened["state"]))
        step += 1
        await asyncio.sleep(max(0.0, began + step / EVENTS_PER_S - time.perf_counter()))
    elapsed = time.perf_counter() - began
    moving = [p for p in client.pictures if p.n > first]
    times = [began, *(p.at for p in moving), began + elapsed]
    ages = [p.at - client.sent_at[p.n] for p in moving]
    return Dragged(len(moving) / elapsed, ages, [b - a for a, b in itertools.pairwise(times)])


async def own_cameras(port: int, view: str, patch_of: PatchOf) -> None:
    """One viewer with an own camera, then all of them, each somewhere else."""
    viewers = [await join(port, view, "own") for _ in range(VIEWERS)]
    try:
        one = await drag(*viewers[0], patch_of)
        many = await asyncio.gather(*(drag(*viewer, patch_of, n * 0.61) for n, viewer in enumerate(viewers)))
    finally:
        for client, _opened in viewers:
            await client.close()
    rates = [viewer.rate for viewer in many]
    ages = [age for viewer in many for age in viewer.ages]
    report(f"view {view}, own cameras: one viewer", one.rate, "pictures/s")
    report(f"  {VIEWERS} viewers in all", sum(rates), "pictures/s", one.rate, target_ratio=0.9)
    report("  the slowest of them, beside the mean", min(rates), "pictures/s", statistics.mean(rates), target_ratio=0.7)
    report("  age of the newest input, median", statistics.median(ages) * 1e3, "ms", statistics.median(one.ages) * 1e3, "lower")


def watch_for_ever(port: int, number: int, ready: Any) -> None:
    """Process: so many clients who look on."""

    async def run() -> None:
        watchers = [await join(port, "red", "shared") for _ in range(number)]
        ready.set()
        while watchers:
            await asyncio.sleep(0.2)
            for client, _opened in watchers:
                client.pictures.clear()
                client.messages.clear()

    asyncio.run(run())


@asynccontextmanager
async def watchers(port: int) -> AsyncIterator[None]:
    """Watchers of the shared view, in processes of their own, while this lasts."""
    context = multiprocessing.get_context("spawn")
    processes = []
    try:
        for _ in range(WATCHER_PROCESSES):
            ready = context.Event()
            process = context.Process(target=watch_for_ever, args=(port, WATCHERS // WATCHER_PROCESSES, ready), daemon=True)
            process.start()
            processes.append(process)
            await asyncio.to_thread(ready.wait, 120)
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


async def others(port: int) -> None:
    """Who steers the shared view: alone, with one who has stopped reading, with many who watch."""
    client, opened = await join(port, "red", "shared")
    alone = await drag(client, opened, scroll)
    dead = await StreamClient.connect(port)
    await dead.open("red", (1024, 1024))
    await dead.picture()
    assert dead.reader is not None
    dead.reader.cancel()
    beside_dead = await drag(client, opened, scroll)
    dead.socket.close()
    again = await drag(client, opened, scroll)
    async with watchers(port):
        watched = await drag(client, opened, scroll)
    await client.close()
    report("shared slice view, who steers it, alone", alone.rate, "pictures/s", EVENTS_PER_S)
    both = (alone.rate + again.rate) / 2
    report("  beside one who stops reading", beside_dead.rate, "pictures/s", both, target_ratio=0.95)
    report("  longest gap between pictures", max(beside_dead.gaps) * 1e3, "ms", max(alone.gaps) * 1e3, "lower", target=100)
    report(f"  with {WATCHERS} who watch", watched.rate, "pictures/s", again.rate, target_ratio=0.8)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(ct_file(Path(folder)), stream_connections=100).wait()
        try:

            async def run() -> None:
                await own_cameras(server.port, "red", scroll)
                await own_cameras(server.port, "1", turn)
                await others(server.port)

            asyncio.run(run())
        finally:
            server.stop()


if __name__ == "__main__":
    main()
