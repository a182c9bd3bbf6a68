"""A slice view dragged over narrow links, as video and as JPEG: the age of the newest input when its picture comes, and
whether it grows."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import tempfile
from pathlib import Path

from benchmarks.common import ct_file, report, seconds
from benchmarks.stream_slices import drag
from tests.support.link import slow_link
from tests.support.live import LiveServer

EVENTS_PER_S = 40.0
LINKS: tuple[tuple[float, float, float, float, float | None], ...] = (
    (5, 0.050, 60.0, 130.0, 150.0), (2, 0.080, 15.0, 150.0, None),
)  # fmt: skip
"""Mbit/s, round trip s, how long s as JPEG, targets of the median and of the 95th of 100 in ms."""
VIDEO_S = 15.0
GROWTH = 1.15


async def measure(port: int) -> None:
    """Drag over each link, and tell."""
    for (mbit, round_trip_s, usual_s, median_target, p95_target), video in itertools.product(LINKS, ((), ("vp9",))):
        async with slow_link(port, mbit, round_trip_s) as far:
            rate, ages, client = await drag(
                far,
                "red",
                lambda step, _s: {"offset": -100 + (step * 0.7) % 200},
                EVENTS_PER_S,
                seconds(VIDEO_S if video else usual_s),
                *video,
            )
            await client.close()
        late = sorted(ages)
        third = max(1, len(ages) // 3)
        name = f"{'video' if video else 'JPEG'} over {mbit} Mbit/s, {round_trip_s * 1e3:.0f} ms"
        report(f"{name}, slice dragged at 40 events/s, 512²", rate, "pictures/s")
        limit_ms = round_trip_s * 1e3
        report(f"  {name}: age of the newest input, median", statistics.median(ages) * 1e3, "ms", limit_ms, "lower",
               "limit: the round trip", target=median_target)  # fmt: skip
        report(f"  {name}: age, p95", late[int(len(late) * 0.95)] * 1e3, "ms", limit_ms, "lower",
               "limit: the round trip", target=p95_target)  # fmt: skip
        growth = statistics.median(ages[-third:]) / statistics.median(ages[:third])
        report(f"  {name}: age in the last third by the first", growth, "×", better="lower", target=GROWTH)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(ct_file(Path(folder))).wait()
        try:
            asyncio.run(measure(server.port))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
