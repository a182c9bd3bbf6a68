"""A slice view dragged over the stream: pictures a second and the age of the newest input on each, loopback."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from backend.render.encode import encode
from backend.render.reslice import Plane, SliceRenderer
from benchmarks.common import SPACING_MM, ct_file, report, seconds, synthetic_ct
from tests.support.live import LiveServer
from tests.support.phantoms import centred
from tests.support.stream_client import StreamClient

EVENTS_PER_S = 60.0
SECONDS = 5.0


def bare_ms() -> float:
    """One reslice and JPEG without a server, ms."""
    voxels = synthetic_ct()
    renderer = SliceRenderer(voxels)
    ras_to_ijk = np.linalg.inv(centred(np.eye(3), SPACING_MM, voxels.shape[::-1]))
    slice_to_ras = np.diag([-1.0, 1.0, 1.0, 1.0])
    times = []
    for step in range(60):
        began = time.perf_counter()
        slice_to_ras[2, 3] = -100 + step * 1.37
        plane = Plane.from_matrices(slice_to_ras, 0.8, 512, 512, ras_to_ijk)
        encode(renderer.grey(plane, 400, 40).pixels, "jpeg", 80)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


async def drag(
    port: int, view: str, patch_of: object, events_per_s: float, length_s: float, *more_codecs: str, prefer: str = "balanced"
) -> tuple[float, list[float], StreamClient]:
    """Drag a view; returns pictures a second, ages of the newest input in s, and the client, which stays connected.

    `more_codecs`: what the client says that it can show besides JPEG and PNG. `prefer`: its wish for rate or quality.
    """
    client = await StreamClient.connect(port, {"protocol": [1], "codecs": ["jpeg", "png", *more_codecs]})
    opened = await client.open(view, (512, 512), prefer=prefer)
    await client.picture(lambda p: p.flags & 2, timeout=60)
    client.pictures.clear()
    first, began = client.n, time.perf_counter()
    step = 0
    while time.perf_counter() - began < length_s:
        client.set(opened["stream"], **patch_of(step, opened["state"]))  # type: ignore[operator]
        step += 1
        await asyncio.sleep(max(0.0, began + step / events_per_s - time.perf_counter()))
    elapsed = time.perf_counter() - began
    moving = [p for p in client.pictures if p.n > first]
    return len(moving) / elapsed, [p.at - client.sent_at[p.n] for p in moving], client


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(ct_file(Path(folder))).wait()
        try:

            async def run() -> None:
                rate, ages, client = await drag(
                    server.port, "red", lambda step, _s: {"offset": -100 + (step * 0.7) % 200}, EVENTS_PER_S, seconds(SECONDS)
                )
                await client.close()
                report("stream, slice view dragged at 60 events/s, 512²", rate, "pictures/s", EVENTS_PER_S)
                report("  age of the newest input, median", statistics.median(ages) * 1e3, "ms", bare_ms(), "lower")
                report("  age of the newest input, p95", sorted(ages)[int(len(ages) * 0.95)] * 1e3, "ms")

            asyncio.run(run())
        finally:
            server.stop()


if __name__ == "__main__":
    main()
