"""axe-core over every page, light and dark, wide and narrow: WCAG 2.2 A and AA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OFF = {"label-content-name-mismatch": {"enabled": False}}
"""Experimental: in rows of a tree it takes the signs of the buttons inside for the row's own text."""
DEMOS = sorted(path.stem for path in (Path(__file__).parents[2] / "docroot" / "demos").glob("*.html") if path.stem != "index")
PAGES = [
    "/", "/viewer/#server", "/viewer/#studies", "/viewer/#jobs", "/viewer/#peers", "/docs/", "/docs/slicer", "/docs/api",
    "/demos/", "/ServerTests/", *(f"/demos/{name}.html" for name in DEMOS),
]  # fmt: skip
FITS = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.log, .visually-hidden'))
    .filter(e => getComputedStyle(e).visibility !== 'hidden')
    .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    assert AXE.is_file(), "axe-core is not installed: npm ci"
    live = LiveServer().wait()
    yield live
    live.stop()


def faults(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "([rules, off]) => axe.run(document, {runOnly: rules, rules: off, resultTypes: ['violations']})", [RULES, OFF]
    )
    return [
        f"{rule['id']} ({rule['help']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_pages(browser: Browser, server: LiveServer, path: str, theme: Any) -> None:
    page = browser.new_page(color_scheme=theme)
    page.goto(server.url + path)
    page.wait_for_timeout(1500)  # the log of the server panel never ends, so there is no quiet network to wait for
    assert faults(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_timeout(300)
    assert page.evaluate(FITS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert faults(page) == []
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_viewer_and_its_panels(browser: Browser, server: LiveServer, width: int, theme: Any) -> None:
    page = browser.new_page(color_scheme=theme, viewport={"width": width, "height": 800})
    page.goto(f"{server.url}/viewer/")
    page.wait_for_function("['Red', '1'].every(v => window.slicecast?.picture(v))")
    page.keyboard.press("c")
    found = {"views": faults(page)}
    for button in page.locator(".rail button").all():
        button.click()
        page.locator(".sidebar .panel > *").first.wait_for()
        page.wait_for_timeout(200)
        found[button.inner_text()] = faults(page)
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    found["help"] = faults(page)
    page.close()
    assert {where: what for where, what in found.items() if what} == {}
