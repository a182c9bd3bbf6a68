"""Input to drawn in a real Chromium: the viewer's slice view dragged by 60 pointer events a second.

Counted is the newest event that a picture shows: from when the page handled it, and from when the browser got it (which
hands pointer events to pages once per display frame). Drawn is when the picture is in the canvas; the display shows it with
its next frame.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.common import ct_file, report, seconds
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.live import LiveServer

EVENTS_PER_S = 60.0
VIEWPORT = (560, 600)  # the view is about 512² then
FOLLOW = """
window.measured = { events: [], pictures: [] };
addEventListener("pointermove", (event) => measured.events.push(
  [performance.timeOrigin + performance.now(), performance.timeOrigin + event.timeStamp]), true);
slicecast.follow("Red", (picture) => picture && measured.pictures.push(picture));
true;
"""


def drag(page: Page, length_s: float) -> dict[str, list[Any]]:
    """Window the slice with the left button, in circles; returns the page's events (handled, made) and pictures."""
    box = page.locator(".view-Red .surface").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("measured.events = []; measured.pictures = []")
    began, step = time.perf_counter(), 0
    while time.perf_counter() - began < length_s:
        step += 1
        page.mouse.move(x + 40 * ((step % 60) / 30 - 1), y + 30 * ((step % 90) / 45 - 1))
        time.sleep(max(0.0, began + step / EVENTS_PER_S - time.perf_counter()))
    page.mouse.up()
    page.wait_for_timeout(300)
    found: dict[str, list[Any]] = page.evaluate("measured")
    return found


def ages(found: dict[str, list[Any]]) -> tuple[list[float], list[float]]:
    """Ms from handled, and from made, to drawn, of the newest event that each picture shows; sorted."""
    handled, made = [], []
    for picture in found["pictures"]:
        if picture["inputAt"] is None:
            continue
        drawn = picture["inputAt"] + picture["ageMs"]
        event = max((e for e in found["events"] if e[0] <= picture["inputAt"]), default=None)
        if event is not None:
            handled.append(drawn - event[0])
            made.append(drawn - event[1])
    return sorted(handled), sorted(made)


def main() -> None:
    """Print the figures."""
    if CHROMIUM is None:
        print("not measured: there is no Chromium on this machine")
        return
    length_s = seconds(6.0)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = LiveServer(ct_file(Path(folder))).wait()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            server.request("PUT", "/slicer/gui?viewersLayout=OneUpRedSlice&contents=viewers")
            page = browser.new_page(viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]})
            page.goto(f"{server.url}/viewer/")
            page.wait_for_function(
                "slicecast.picture('Red')?.flags & 4 && slicecast.picture('Red').width > 500", timeout=60_000
            )
            page.evaluate(FOLLOW)
            drag(page, min(2.0, length_s))  # the browser compiles what is hot
            found = drag(page, length_s)
            handled, made = ages(found)
            moving = [p for p in found["pictures"] if p["inputAt"] is not None]
            made_ms = [(p["waitUs"] + p["renderUs"] + p["encodeUs"]) / 1e3 for p in moving]
            size = f"({moving[0]['width']} × {moving[0]['height']} pixels)"
            report("Chromium, slice dragged, pictures drawn", len(moving) / length_s, "per s", EVENTS_PER_S, note=size)
            report("  event handled to drawn, median", statistics.median(handled), "ms", statistics.median(made_ms), "lower",
                   "limit: waiting, rendering and encoding alone", target=15)  # fmt: skip
            report("  event handled to drawn, p95", handled[int(len(handled) * 0.95)], "ms", better="lower")
            report("  event made to drawn, median", statistics.median(made), "ms", better="lower")
            report("  event made to drawn, p95", made[int(len(made) * 0.95)], "ms", better="lower")
            in_page = statistics.median(p["pageMs"] for p in moving)
            on_the_way = statistics.median(p["ageMs"] - p["pageMs"] - made for p, made in zip(moving, made_ms, strict=True))
            report("  of this decoding and drawing, median", in_page, "ms", better="lower")
            report("  of this sockets and threads both ways, median", on_the_way, "ms", better="lower")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
