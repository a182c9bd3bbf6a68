"""The viewer in a real Chromium: how soon it is there, how large it is, and whether scrolling ever blocks the page."""

from __future__ import annotations

import gzip
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.common import report, seconds
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.live import ROOT, LiveServer

STARTS = 8
WHEEL_S = 0.05
NOTE = """
window.long = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.long.push(entry.duration); })
  .observe({ entryTypes: ["longtask"] });
const wait = setInterval(() => {
  if (window.slicecast?.picture("Red")) { window.firstPicture = performance.now(); clearInterval(wait); }
}, 2);
"""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
FOLLOW = """
window.ages = [];
slicecast.follow("Red", (picture) => picture && picture.ageMs !== null && ages.push(picture.ageMs));
true;
"""
LOADED = """
performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(".js"))
  .map((entry) => entry.name)
"""


def start(browser: Browser, url: str) -> tuple[Page, float, float]:
    """A fresh page, its first contentful paint and its first picture, ms since it was asked for."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(NOTE)
    page.goto(url)
    page.wait_for_function("window.firstPicture", timeout=30_000)
    found: tuple[float, float] = (page.evaluate(FIRST_PAINT), page.evaluate("firstPicture"))
    return page, *found


def scroll(page: Page, length_s: float) -> tuple[list[float], list[float]]:
    """Turn the wheel over a slice; ages of what is drawn, and tasks over 50 ms, both ms."""
    box = page.locator(".view-Red .surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(2000)
    page.evaluate(FOLLOW)
    page.evaluate("long.length = 0")
    began, step = time.perf_counter(), 0
    while time.perf_counter() - began < length_s:
        page.mouse.wheel(0, -100 if step % 20 < 10 else 100)
        step += 1
        time.sleep(max(0.0, began + step * WHEEL_S - time.perf_counter()))
    ages: list[float] = page.evaluate("ages")
    long: list[float] = page.evaluate("long")
    return ages, long


def main() -> None:
    """Print the figures."""
    if CHROMIUM is None:
        print("not measured: there is no Chromium on this machine")
        return
    assert Path(ROOT / "docroot" / "viewer" / "index.html").exists(), "npm run build first"
    with sync_playwright() as playwright:
        server = LiveServer().wait()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            url = f"{server.url}/viewer/"
            start(browser, url)[0].context.close()  # the demo is loaded, and its pictures were drawn once
            paints, pictures = [], []
            for _ in range(STARTS):
                page, paint, picture = start(browser, url)
                paints.append(paint)
                pictures.append(picture)
                scripts: list[str] = page.evaluate(LOADED)
                page.context.close()
            page, _, _ = start(browser, url)
            ages, long = scroll(page, seconds(8.0))
            size = sum(len(gzip.compress(server.get(urlsplit(script).path).body)) for script in scripts)
        finally:
            browser.close()
            server.stop()
    report("viewer: first contentful paint, median", statistics.median(paints), "ms", better="lower", target=500)
    report("viewer: first picture, median", statistics.median(pictures), "ms", better="lower", target=1000)
    report("viewer: JavaScript at the start, gzip", size / 1e3, "kB", better="lower", target=120)
    report("viewer: wheel step to picture, median", statistics.median(ages), "ms", better="lower", target=25)
    report("viewer: longest block of the page while scrolling", max(long, default=0.0), "ms", better="lower", target=50)


if __name__ == "__main__":
    main()
