"""Tracked tools: four trackers send poses, over HTTP and over the stream, while a 3D view streams."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time

from tornado.httpclient import AsyncHTTPClient

from benchmarks.common import report, seconds
from tests.support.live import LiveServer
from tests.support.stream_client import StreamClient

TRACKERS = 4
UPDATES_PER_S = 60.0  # of each tracker: together more than the 200 that optical trackers send
FLAT = [1.0, 0.0, 0.0, 0.0]


def place(step: int) -> list[float]:
    """Where the tool is, RAS mm: before the chest of the demo scene, moving by a millimetre."""
    return [float(step % 80) - 40.0, 250.0, -170.0]


async def over_stream(port: int, duration: float) -> tuple[float, list[float]]:
    """Updates a second that were taken, and how old the newest pose was on each picture, in seconds."""
    watcher = await StreamClient.connect(port)
    await watcher.open("1", (512, 512))
    trackers = [await StreamClient.connect(port) for _ in range(TRACKERS)]
    streams = [(await tracker.open("red", (64, 64)))["stream"] for tracker in trackers]
    shown = await watcher.picture(timeout=60.0)  # the kernels may have to be compiled first
    begun, taken = time.perf_counter(), 0

    async def track(tracker: StreamClient, stream: int) -> None:
        nonlocal taken
        due = time.perf_counter()
        while time.perf_counter() - begun < duration:
            tracker.n += 1
            tracker.sent_at[tracker.n] = time.perf_counter()
            tracker.send("track", stream=stream, n=tracker.n, position=place(tracker.n), quaternion=FLAT)
            taken += 1
            due += 1 / UPDATES_PER_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    await asyncio.gather(*(track(*pair) for pair in zip(trackers, streams, strict=True)))
    rate = taken / (time.perf_counter() - begun)
    pictures = [picture for picture in watcher.pictures if picture.seq > shown.seq]
    faults = [message for client in (watcher, *trackers) for message in client.messages if message["type"] == "error"]
    assert not faults, faults[:3]
    for client in (watcher, *trackers):
        await client.close()
    return rate, [later.at - earlier.at for earlier, later in itertools.pairwise(pictures)]


async def age_of_pose(port: int, duration: float) -> list[float]:
    """From sending a pose to having the picture that shows it, in seconds, of a tracker that watches its own tool."""
    client = await StreamClient.connect(port)
    stream = (await client.open("1", (512, 512)))["stream"]
    begun = due = time.perf_counter()
    while time.perf_counter() - begun < duration:
        client.n += 1
        client.sent_at[client.n] = time.perf_counter()
        client.send("track", stream=stream, n=client.n, position=place(client.n), quaternion=FLAT)
        due += 1 / UPDATES_PER_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await client.picture(lambda picture: picture.n == client.n)
    await client.close()
    return [picture.at - client.sent_at[picture.n] for picture in client.pictures if picture.n in client.sent_at]


async def over_http(port: int, duration: float) -> float:
    """Updates a second of clients that ask one after the other, while the 3D view streams."""
    watcher = await StreamClient.connect(port)
    await watcher.open("1", (512, 512))
    begun, taken = time.perf_counter(), 0
    http = AsyncHTTPClient(force_instance=True)

    async def track(first: int) -> None:
        nonlocal taken
        step = first
        while time.perf_counter() - begun < duration:
            p = ",".join(map(str, place(step)))
            answer = await http.fetch(f"http://127.0.0.1:{port}/slicer/tracking?p={p}&q=1,0,0,0")
            assert answer.body == b"Set matrix"
            taken, step = taken + 1, step + 1

    await asyncio.gather(*(track(number * 20) for number in range(TRACKERS)))
    rate = taken / (time.perf_counter() - begun)
    http.close()
    await watcher.close()
    return rate


def main() -> None:
    """Print the figures."""
    server = LiveServer().wait()
    try:
        duration = seconds(6.0)
        rate, gaps = asyncio.run(over_stream(server.port, duration))
        report("poses over the stream, 4 trackers, 3D view streaming", rate, "per s", TRACKERS * UPDATES_PER_S, target=200)
        report("  pictures of the 3D view meanwhile", 1 / statistics.mean(gaps), "per s")
        report("  pose sent to picture that shows it, median",
               statistics.median(asyncio.run(age_of_pose(server.port, duration))) * 1e3, "ms")  # fmt: skip
        rate = asyncio.run(over_http(server.port, duration))
        report("poses over HTTP, 4 trackers, 3D view streaming", rate, "per s", target=200)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
