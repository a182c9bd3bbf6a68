"""Scrolling at the pace of a wheel, forth and back, with and without slices made ahead: hits, and the wait for a picture."""

from __future__ import annotations

import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.common import ct_file, report
from tests.support.live import LiveServer

PER_SECOND = 25
SLICES = 30
ROUNDS = 2
SETTLE_S = 0.3
KINDS = {"thin": "slab=off", "MIP of 20 mm": "slab=mip&thickness=20"}


def scroll(server: LiveServer, begin: int, query: str) -> tuple[list[float], int]:
    """Times (s) of pictures forth and back by slices of 1 mm, through places not seen before; how many were hits."""
    times, hits = [], 0
    for step in (*range(SLICES), *range(SLICES - 1, -1, -1)):
        place = begin + step + (0.5 if len(times) >= SLICES else 0.0)  # on the way back between the slices of the way forth
        due = time.perf_counter() + 1 / PER_SECOND
        began = time.perf_counter()
        url = f"{server.url}/slice?view=red&offset={place}&{query}"
        with urllib.request.urlopen(url) as answer:
            answer.read()
            hits += "render;dur=0.000" in answer.headers["Server-Timing"]
        times.append(time.perf_counter() - began)
        time.sleep(max(0.0, due - time.perf_counter()))
    return times, hits


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = ct_file(Path(folder))
        servers = {n: LiveServer(path, default_size_px=512, prefetch_slices=n).wait() for n in (0, 4)}
        try:
            for kind, query in KINDS.items():
                times: dict[int, list[float]] = {0: [], 4: []}
                hits = {0: 0, 4: 0}
                for turn in range(-1, ROUNDS):
                    for n, server in servers.items():  # in turns, so that the machine's moods hit all alike
                        found, hit = scroll(server, -140 + 40 * (turn + 1), query)
                        time.sleep(SETTLE_S)
                        if turn >= 0:
                            times[n] += found
                            hits[n] += hit
                report(
                    f"prefetch, {kind}: pictures made ahead", 100 * hits[4] / len(times[4]), "%", note=f"({hits[0]} without)"
                )
                for name, of in (("median", statistics.median), ("p95", lambda t: statistics.quantiles(t, n=20)[-1])):
                    figure, limit = of(times[4]) * 1e3, of(times[0]) * 1e3
                    report(f"prefetch, {kind}: wait, {name}, against none", figure, "ms", limit, "lower")
        finally:
            for server in servers.values():
                server.stop()


if __name__ == "__main__":
    main()
