"""Use the viewer for a long time and watch what page and server hold: `python -m scripts.hours_of_use --minutes 60`.

Prints sixty lines. Ends with 1 if anything grew after the first tenth of the time, which fills caches and compiles.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict, fields

import numpy as np
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.daily_use import Held, begin, held, one_round
from tests.support.live import LiveServer
from tests.support.viewer import viewer

MOST_GROWTH = 0.05  # of what was held after the first tenth


def growth(samples: list[Held], field: str) -> float:
    """By how much a straight line through the samples rises from the first to the last, as part of the first."""
    values = np.array([getattr(sample, field) for sample in samples])
    slope, start = np.polyfit(np.arange(len(values)), values, 1)
    return float(slope * (len(values) - 1) / start)


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    server = LiveServer(undo_mb=32, picture_cache_mb=16).wait()  # so that they are full soon
    samples: list[tuple[float, Held]] = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            with viewer(browser, server.url) as page:
                begin(page)
                began, rounds = time.monotonic(), 0
                while time.monotonic() - began < 60 * minutes:
                    one_round(page, server)
                    rounds += 1
                    if not samples or time.monotonic() - began > samples[-1][0] + minutes:
                        samples.append((time.monotonic() - began, held(page, server)))
                        print(f"{samples[-1][0] / 60:5.1f} min {rounds:4d} rounds ", asdict(samples[-1][1]), flush=True)
            browser.close()
    finally:
        server.stop()
    settled = [sample for at, sample in samples if at > 6 * minutes]
    grown = {field.name: growth(settled, field.name) for field in fields(Held)}
    print({name: f"{part:+.1%}" for name, part in grown.items()})
    return 1 if max(grown.values()) > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
