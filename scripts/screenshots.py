"""The pictures of the documentation: `PYTHONPATH=. python scripts/screenshots.py [NAME …]`.

Starts a server with the demo, shows each layout, panel, theme and phone size in Chromium, and writes `docs/images/*.webp`.
With names only those pictures are made anew.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.live import LiveServer

TARGET = Path(__file__).parents[1] / "docs" / "images"
WIDE, SMALL, PHONE = (1280, 800), (800, 500), (360, 740)
QUALITY, METHOD = 82, 6
LAYOUTS = (
    "FourUp", "Conventional", "ConventionalWidescreen", "SideBySide", "OneUpRedSlice", "OneUp3D", "Dual3D", "Triple3DEndoscopy",
    "Tabbed3D", "TabbedSlice", "Compare", "CompareGrid", "TwoOverTwo", "ThreeOverThree", "FourOverFour", "FourByTwoSlice",
    "ThreeByThreeSlice", "FiveByTwoSlice", "FourByThreeSlice", "OneUpYellowSlice", "OneUpGreenSlice",
)  # fmt: skip
PANELS = {
    "data": "Data", "views": "Views", "tools": "Tools", "segmentation": "Segment", "rendering": "3D", "share": "Share",
    "transfer": "3D",
}  # fmt: skip


class Studio:
    """A server, a browser, and what is done before a picture is taken."""

    def __init__(self, browser: Browser, server: LiveServer) -> None:
        self.browser, self.server = browser, server

    @contextmanager
    def page(self, size: tuple[int, int], theme: Any = "dark", **options: Any) -> Iterator[Page]:
        """The viewer in a window of this size, once all that is seen is exact."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce", **options
        )
        page = context.new_page()
        page.goto(f"{self.server.url}/viewer/")
        self.settle(page)
        yield page
        context.close()

    def settle(self, page: Page) -> None:
        """Wait until every view that is seen has its exact picture, and messages have gone."""
        page.wait_for_function(
            """() => {
                const seen = [...document.querySelectorAll('.view:not([style*=none]):not(.not-drawn)')];
                const names = seen.map(view => view.className.match(/view-([^ ]+)/)?.[1]);
                return names.length > 0 && names.every(view => slicecast.picture(view)?.flags & 4);
            }""",
            timeout=120_000,
        )
        page.wait_for_function("document.querySelectorAll('.toast, .status progress').length === 0", timeout=30_000)

    def save(self, page: Page, name: str, width: int | None = None) -> None:
        """Write what the page shows; `width`: of the picture, if it is to be smaller."""
        self.settle(page)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        if width is not None:
            picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        path = TARGET / f"{name}.webp"
        picture.save(path, quality=QUALITY, method=METHOD)
        sys.stdout.write(f"{path.name}  {path.stat().st_size / 1000:.0f} kB\n")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the server; returns its answer."""
        answer = self.server.request(method, path, None if body is None else json.dumps(body).encode())
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
        return answer.json() if answer.body else None

    def layout(self, page: Page, name: str) -> None:
        """Choose a layout as a user does."""
        if not name.startswith("Compare"):
            self.ask("PUT", "/api/layout", {"layout": name})
        else:
            self.ask("PUT", "/api/layout", {"layout": name, "compare": 4})
        page.wait_for_timeout(800)
        self.settle(page)

    def open_panel(self, page: Page, title: str) -> None:
        """Open a panel by the rail."""
        page.get_by_role("navigation", name="Panels").get_by_role("button", name=title, exact=True).click()
        page.locator("#sidebar .panel > *").first.wait_for()
        page.wait_for_timeout(500)


def take_layouts(studio: Studio, wanted: Callable[[str], bool]) -> None:
    """Each layout in a small picture."""
    names = [name for name in LAYOUTS if wanted(f"layout-{name}")]
    if not names:
        return
    with studio.page(WIDE) as page:
        for name in names:
            studio.layout(page, name)
            studio.save(page, f"layout-{name}", 400)
        studio.layout(page, "FourUp")


def take_panels(studio: Studio, wanted: Callable[[str], bool]) -> None:
    """Each panel, with something in it; half of them light."""
    for number, (panel, title) in enumerate(PANELS.items()):
        if not wanted(f"panel-{panel}"):
            continue
        with studio.page(WIDE, "light" if number % 2 else "dark") as page:
            studio.open_panel(page, title)
            PREPARED.get(panel, lambda _s, _p: None)(studio, page)
            page.mouse.move(2, 2)
            studio.save(page, f"panel-{panel}")
            for one in studio.ask("GET", "/api/markups")["markups"]:
                if not one["name"].startswith("F"):
                    studio.ask("DELETE", f"/api/markups/{one['id']}")


def measured(studio: Studio, page: Page) -> None:
    """A line and an ROI in the axial slice."""
    s = page.evaluate("slicecast.state('Red').offset")
    r, a, _s = page.evaluate("slicecast.state('Red').origin")
    studio.ask("POST", "/api/markups", {"kind": "line", "name": "Width", "points": [[r - 60, a + 10, s], [r + 60, a + 10, s]]})
    frame = [1, 0, 0, r + 20, 0, 1, 0, a - 40, 0, 0, 1, s, 0, 0, 0, 1]
    studio.ask("POST", "/api/markups", {"kind": "roi", "name": "Region", "frame": frame, "size": [40, 30, 3]})
    page.wait_for_timeout(1500)


def rendered(studio: Studio, page: Page) -> None:
    """A preset."""
    page.get_by_role("button", name="CT bone", exact=True).click()
    page.wait_for_timeout(1000)


def transferred(studio: Studio, page: Page) -> None:
    """The transfer function unfolded."""
    for title in ("Transfer function", "Opacity by steepness of the values"):
        part = page.locator("details", has=page.locator("summary", has_text=title)).last
        if part.get_attribute("open") is None:
            part.locator("summary", has_text=title).click()
    page.locator("details", has_text="Transfer function").last.evaluate("part => part.scrollIntoView()")
    page.wait_for_timeout(1000)


def crosshair(studio: Studio, page: Page) -> None:
    """With the crosshair."""
    page.keyboard.press("c")
    page.wait_for_timeout(500)


PREPARED: dict[str, Callable[[Studio, Page], None]] = {
    "tools": measured, "rendering": rendered, "views": crosshair, "transfer": transferred,
}  # fmt: skip


def take_rest(studio: Studio, wanted: Callable[[str], bool]) -> None:
    """The viewer in both themes, and on a phone."""
    for theme in ("dark", "light"):
        if wanted(f"viewer-{theme}"):
            with studio.page(WIDE, theme) as page:
                studio.save(page, f"viewer-{theme}")
        if wanted(f"phone-{theme}"):
            with studio.page(PHONE, theme, device_scale_factor=2, has_touch=True, is_mobile=True) as page:
                if theme == "light":
                    page.locator(".rail").get_by_role("button", name="Tools").tap()
                    page.wait_for_timeout(800)
                studio.save(page, f"phone-{theme}", PHONE[0])


def main(names: list[str]) -> None:
    """Make the pictures of these names, or all."""
    TARGET.mkdir(exist_ok=True)
    server = LiveServer().wait()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            studio = Studio(browser, server)
            for take in (take_rest, take_layouts, take_panels):
                take(studio, lambda name: not names or name in names)
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
