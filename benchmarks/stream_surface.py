"""A surface of 500 000 triangles turned over the stream at 512²."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.common import report, seconds
from benchmarks.stream_slices import drag
from benchmarks.stream_volume import turned
from tests.support.live import LiveServer
from tests.support.phantoms import bumpy_sphere

EVENTS_PER_S = 60.0
SECONDS = 6.0
TRIANGLES = 500_000


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(bumpy_sphere(Path(folder), TRIANGLES)).wait()
        try:

            async def run() -> None:
                rate, ages, client = await drag(server.port, "1", turned, EVENTS_PER_S, seconds(SECONDS))
                released, last = time.perf_counter(), client.n
                making = statistics.median(p.render_us + p.encode_us for p in client.pictures if p.n > 0) / 1e6
                report("stream, 500k triangles turned, 512²", rate, "pictures/s", 1 / making,
                       note="limit: rendering alone", target=20)  # fmt: skip
                report(
                    "  500k triangles: age of the newest input, median",
                    statistics.median(ages) * 1e3,
                    "ms",
                    making * 1e3,
                    "lower",
                )
                whole = await client.picture(lambda p: p.n >= last and p.flags & 2, timeout=60)
                report("  500k triangles: full detail after release", (whole.at - released) * 1e3, "ms", better="lower")
                await client.close()

            asyncio.run(run())
        finally:
            server.stop()


if __name__ == "__main__":
    main()
