"""The stream client in a real page: with and without a worker, hidden, resized again and again, and for a thousand pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer
from tests.support.memory import page_metrics

EXACT = "slicecast.picture('Red')?.flags & 4"
NO_WORKER = "delete window.OffscreenCanvas; delete HTMLCanvasElement.prototype.transferControlToOffscreen"
HIDEABLE = """
window.shownAs = 'visible';
Object.defineProperty(document, 'visibilityState', { get: () => window.shownAs });
Object.defineProperty(document, 'hidden', { get: () => window.shownAs === 'hidden' });
window.turn = (to) => { window.shownAs = to; document.dispatchEvent(new Event('visibilitychange')); };
"""
GROWTH_MB = 6.0


def opened(browser: Browser, server: LiveServer, script: str = "", width: int = 900) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 700})
    page.add_init_script(script)
    page.goto(f"{server.url}/viewer/")
    page.wait_for_function(EXACT, timeout=40_000)
    return page


def canvas(page: Page, view: str = "Red") -> Any:
    shot = page.locator(f".view-{view} canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def over_red(page: Page) -> None:
    box = page.locator(".view-Red .surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def scroll(page: Page, steps: int, every_ms: int) -> None:
    """Up and down by the wheel."""
    over_red(page)
    for step in range(steps):
        page.mouse.wheel(0, -100 if step % 20 < 10 else 100)
        page.wait_for_timeout(every_ms)


def heap_mb(page: Page) -> float:
    """What the page's scripts hold after a collection, MB."""
    return page_metrics(page)["JSHeapUsedSize"] / 1e6


def test_with_and_without_a_worker_the_same_is_drawn(browser: Browser, server: LiveServer) -> None:
    drawn = []
    for script in ("", NO_WORKER):
        page = opened(browser, server, script)
        page.mouse.move(2, 2)
        page.wait_for_timeout(300)
        drawn.append(canvas(page))
        page.close()
    assert len(np.unique(drawn[0])) > 40
    assert (drawn[0] == drawn[1]).all()


def test_a_hidden_page_gets_nothing_and_catches_up(browser: Browser, server: LiveServer) -> None:
    page = opened(browser, server, HIDEABLE)
    page.evaluate("turn('hidden')")
    page.wait_for_timeout(500)
    rev = page.evaluate("slicecast.picture('Red').rev")
    offset = page.evaluate("slicecast.state('Red').offset")
    server.get(f"/slice?view=red&offset={offset - 12}")
    page.wait_for_timeout(1000)
    assert page.evaluate("slicecast.picture('Red').rev") == rev
    page.evaluate("turn('visible')")
    page.wait_for_function(f"slicecast.picture('Red').rev > {rev} && slicecast.picture('Red').flags & 4", timeout=10_000)
    assert page.evaluate("slicecast.state('Red').offset") == pytest.approx(offset - 12, abs=0.01)
    page.close()


def test_a_storm_of_sizes_ends_with_pictures_of_the_last(browser: Browser, server: LiveServer) -> None:
    faults: list[str] = []
    page = opened(browser, server)
    page.on("pageerror", lambda error: faults.append(str(error)))
    for step in range(60):
        page.set_viewport_size({"width": 500 + step * 37 % 800, "height": 400 + step * 53 % 500})
    page.set_viewport_size({"width": 900, "height": 700})
    page.wait_for_function(
        """() => { const box = document.querySelector('.view-Red canvas').getBoundingClientRect();
                   const picture = slicecast.picture('Red');
                   return picture.flags & 4 && Math.abs(picture.width - box.width) <= 1; }""",
        timeout=15_000,
    )
    assert faults == []
    assert server.get("/readyz").status == 200
    page.close()


def test_a_thousand_pictures_leave_nothing_behind(browser: Browser, server: LiveServer) -> None:
    page = opened(browser, server, NO_WORKER, 500)
    scroll(page, 150, 15)
    before = heap_mb(page)
    begun = page.evaluate("slicecast.picture('Red').n")
    scroll(page, 1000, 15)
    assert page.evaluate("slicecast.picture('Red').n") > begun + 500
    assert heap_mb(page) < before + GROWTH_MB
    page.close()
