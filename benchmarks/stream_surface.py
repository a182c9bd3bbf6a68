"""A surface of 500 000 triangles turned over the stream at 512²."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import report, seconds
from benchmarks.stream_slices import drag
from benchmarks.stream_volume import turned
from tests.support.live import LiveServer

EVENTS_PER_S = 60.0
SECONDS = 6.0
TRIANGLES = 500_000


def surface_file(folder: Path) -> Path:
    """A bumpy sphere as binary STL, RAS mm."""
    rows = round((TRIANGLES / 4) ** 0.5)
    columns = 2 * rows
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rows + 1), np.linspace(0, 2 * np.pi, columns + 1), indexing="ij")
    radius = 80 + 6 * np.sin(9 * theta) * np.cos(11 * phi)
    points = radius[..., None] * np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    corners = np.concatenate([np.stack([a, b, c], axis=2).reshape(-1, 3, 3), np.stack([a, c, d], axis=2).reshape(-1, 3, 3)])
    records = np.zeros(len(corners), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")]))
    records["corners"] = corners
    path = folder / "surface.stl"
    path.write_bytes(b"SPACE=RAS".ljust(80) + np.uint32(len(records)).tobytes() + records.tobytes())
    return path


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(surface_file(Path(folder))).wait()
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
