"""A 512×512×300 CT, volume rendered, turned over the stream at 512² by a client that prefers smooth motion; then how soon it is
sharp after the hand stops."""

from __future__ import annotations

import asyncio
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import ct_file, report, seconds
from benchmarks.stream_slices import drag
from tests.support.live import LiveServer

EVENTS_PER_S = 60.0
SECONDS = 6.0


def turned(step: int, state: dict[str, Any]) -> dict[str, Any]:
    """The camera after `step` events."""
    focal = state["camera"]["focal_point"]
    distance = math.dist(state["camera"]["position"], focal)
    angle = step * 0.02
    position = [focal[0] + distance * math.sin(angle), focal[1] + distance * math.cos(angle), focal[2]]
    return {"camera": {"position": position}}


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(ct_file(Path(folder))).wait()
        try:

            async def run() -> None:
                rate, ages, client = await drag(server.port, "1", turned, EVENTS_PER_S, seconds(SECONDS), prefer="smooth")
                released = time.perf_counter()
                last = client.n
                render = statistics.median(p.render_us + p.encode_us for p in client.pictures if p.n > 0) / 1e6
                report("stream, volume rendering turned, 512², prefer: smooth", rate, "pictures/s", 1 / render,
                       note="(limit: rendering alone)", target=30)  # fmt: skip
                report("  age of the newest input, median", statistics.median(ages) * 1e3, "ms", render * 1e3, "lower")
                refined = await client.picture(lambda p: p.n >= last and p.flags & 2 and not p.flags & 16, timeout=30)
                report("  full quality after release", (refined.at - released) * 1e3, "ms",
                       (refined.render_us + refined.encode_us) / 1e3, "lower",
                       "with the rest before it, at least 150 ms")  # fmt: skip
                await client.close()

            asyncio.run(run())
        finally:
            server.stop()


if __name__ == "__main__":
    main()
