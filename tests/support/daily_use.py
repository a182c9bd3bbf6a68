"""What somebody does in the viewer all day, as rounds of a few seconds, and what page and server hold after each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page, expect

from tests.support.live import LiveServer
from tests.support.memory import objects_mb, page_metrics, resident_mb
from tests.support.viewer import middle, wait_exact

PANELS = ("views", "data", "rendering", "share", "segmentation", "tools")
LAYOUTS = ("Conventional", "OneUpRedSlice", "OneUp3D", "FourUp")
SIZES = ({"width": 1000, "height": 700}, {"width": 1280, "height": 800})


@dataclass(frozen=True)
class Held:
    """What is held once it is collected."""

    objects_mb: float
    """By the page's scripts, their code not counted."""
    elements: int
    listeners: int
    gateway_mb: float
    scene_mb: float


def held(page: Page, server: LiveServer) -> Held:
    """After a collection in the page; the server's memory is what its two processes have for themselves."""
    found = page_metrics(page)
    memory = [resident_mb(pid) for pid in (server.process.pid, server.scene_pid())]
    return Held(objects_mb(page), int(found["Nodes"]), int(found["JSEventListeners"]), *memory)


def begin(page: Page) -> None:
    """Make the segmentation that the rounds paint into."""
    show_panel(page, "segmentation")
    page.get_by_role("button", name="New segmentation").click()
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_enabled()


def one_round(page: Page, server: LiveServer) -> None:
    """Scroll, window, pan and zoom slices; turn the volume; open each panel; measure and paint, and undo both; other layouts
    and sizes of the window. The scene is afterwards as it was, but for offsets, windows and cameras."""
    scroll(page)
    for view, button, key in (("Red", "left", ""), ("Yellow", "left", "Shift"), ("Green", "right", ""), ("1", "left", "")):
        drag(page, view, button, key)
    for name in PANELS:
        show_panel(page, name)
    measure(page, server)
    paint(page, server)
    for name in LAYOUTS:
        assert server.request("PUT", "/api/layout", f'{{"layout": "{name}"}}'.encode()).status == 200
        page.wait_for_timeout(400)
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_timeout(400)
    wait_exact(page, "Red")


def scroll(page: Page) -> None:
    """The wheel, to and fro over all views."""
    for view in ("Red", "Yellow", "Green", "1"):
        page.mouse.move(*middle(page, view))
        for step in range(20):
            page.mouse.wheel(0, -100 if step < 10 else 100)
            page.wait_for_timeout(15)


def drag(page: Page, view: str, button: Literal["left", "right"], key: str) -> None:
    """There and back again, with a key held."""
    x, y = middle(page, view)
    if key:
        page.keyboard.down(key)
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + 60, y + 40, steps=10)
    page.mouse.move(x, y, steps=10)
    page.mouse.up(button=button)
    if key:
        page.keyboard.up(key)


def show_panel(page: Page, name: str) -> None:
    """Open a panel."""
    button = page.locator(f"#rail-{name}")
    if button.get_attribute("aria-expanded") != "true":  # else it would be closed
        button.click()
    page.locator("#sidebar").wait_for()
    page.wait_for_timeout(200)


def measure(page: Page, server: LiveServer) -> None:
    """Draw a distance and take it back."""
    show_panel(page, "tools")
    begun = page.evaluate("slicecast.markups().length")
    page.get_by_role("button", name="Distance").click()
    x, y = middle(page, "Red")
    page.mouse.click(x, y)
    page.mouse.move(x + 40, y + 20, steps=5)
    page.mouse.click(x + 40, y + 20)
    page.wait_for_function(f"slicecast.markups().length === {begun + 1} && slicecast.markups().at(-1).points.length === 2")
    undo = page.get_by_role("button", name="Undo")
    until = time.monotonic() + 15
    while page.evaluate("slicecast.markups().length") > begun:
        assert time.monotonic() < until, (page.evaluate("slicecast.markups()"), server.get("/api/history").body)
        if undo.is_enabled():
            undo.click()
        page.wait_for_timeout(300)


def paint(page: Page, server: LiveServer) -> None:
    """Paint a stroke into the first segmentation and take it back."""
    show_panel(page, "segmentation")
    page.get_by_role("button", name="Paint", exact=True).click()
    drag(page, "Red", "left", "")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Paint", exact=True).click()
    assert server.request("POST", "/api/undo").status == 200
