"""The viewer's panels as tests use them."""

from __future__ import annotations

from playwright.sync_api import Browser, Locator, Page

from tests.support.live import LiveServer

SEEN = "window.slicecast?.picture('Red') && window.slicecast.state('Red')"
WIDE = {"width": 1280, "height": 800}


def open_viewer(browser: Browser, server: LiveServer, size: dict[str, int] | None = None, place: str = "") -> Page:
    """A page of its own with the viewer, once its first slice is drawn; faults of the page are kept in `page.faults`."""
    context = browser.new_context(viewport=size or WIDE, accept_downloads=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.faults = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.faults.append(str(error)))  # type: ignore[attr-defined]
    page.goto(f"{server.url}/viewer/{place}")
    page.wait_for_function(SEEN, timeout=30_000)
    return page


def close_viewer(page: Page) -> None:
    """Close it; whatever went wrong in it is a failure."""
    faults = page.faults  # type: ignore[attr-defined]
    page.context.close()
    assert faults == []


def open_panel(page: Page, name: str) -> Locator:
    """The panel of this title, opened by the rail."""
    page.get_by_role("navigation", name="Panels").get_by_role("button", name=name).click()
    panel = page.locator("#sidebar")
    panel.wait_for()
    return panel


def row(page: Page, name: str, kind: str = "") -> Locator:
    """The data panel's first row whose name has these words, of a kind if one is given."""
    return page.locator(f".data-row{kind and '.' + kind}").filter(has=page.locator(".data-name", has_text=name)).first
