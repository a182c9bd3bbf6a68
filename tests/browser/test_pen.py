"""A pen as the browser has it: it windows, scrolls, draws, paints, its barrel button zooms; a palm beside it does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.support.live import LiveServer
from tests.support.viewer import middle, state, viewer, wait_state

SHIFT = 8
Place = tuple[float, float]


class Pen:
    """A pen over a page."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.page = page

    def _send(self, kind: str, at: Place, **more: Any) -> None:
        event = {"type": kind, "x": at[0], "y": at[1], "pointerType": "pen", **more}
        self.session.send("Input.dispatchMouseEvent", event)

    def hover(self, *path: Place, modifiers: int = 0) -> None:
        for at in path:
            self._send("mouseMoved", at, modifiers=modifiers)
            self.page.wait_for_timeout(20)

    def press(self, at: Place, button: str = "left") -> None:
        self.hover(at)
        self._send("mousePressed", at, button=button, buttons={"left": 1, "right": 2}[button], clickCount=1)

    def move(self, *path: Place, button: str = "left") -> None:
        for at in path:
            self._send("mouseMoved", at, button=button, buttons={"left": 1, "right": 2}[button])
            self.page.wait_for_timeout(20)

    def lift(self, at: Place, button: str = "left") -> None:
        self._send("mouseReleased", at, button=button, buttons=0, clickCount=1)

    def draw(self, *path: Place, button: str = "left") -> None:
        self.press(path[0], button)
        self.move(*path[1:], button=button)
        self.lift(path[-1], button)


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    yield live
    live.stop()


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with viewer(browser, server.url, has_touch=True) as found:
        yield found


def along(at: Place, *by: Place) -> list[Place]:
    return [at, *((at[0] + x, at[1] + y) for x, y in by)]


def test_drag_barrel_button_hover_and_scrolling(page: Page) -> None:
    pen, at = Pen(page), middle(page, "Red")
    window, level, offset, fov = (state(page, "Red", field) for field in ("window", "level", "offset", "fov"))
    pen.draw(*along(at, (20, 0), (60, 0), (100, 0)))
    wait_state(page, "Red", f"s.window > {window} + 5")
    assert (state(page, "Red", "level"), state(page, "Red", "offset")) == (level, offset)
    pen.draw(*along(at, (0, 20), (0, 40), (0, 60)), button="right")
    wait_state(page, "Red", f"Math.abs(s.fov[0] - {fov[0]}) > 1")
    crosshair = state(page, "Red", "crosshair")
    pen.hover(*along(at, (30, 20), (40, 30)), modifiers=SHIFT)
    wait_state(page, "Red", f"s.crosshair.join() !== {','.join(map(str, crosshair))!r}")
    page.keyboard.press("Shift+T")
    page.get_by_role("button", name="Scroll", exact=True).click()
    at = middle(page, "Red")  # the panel has moved it
    pen.draw(*along(at, (0, -20), (0, -50), (0, -80)))
    wait_state(page, "Red", f"s.offset !== {offset}")
    page.get_by_role("button", name="Usual", exact=True).click()


def test_a_palm_beside_the_pen_does_nothing(page: Page) -> None:
    pen, at = Pen(page), middle(page, "Red")
    hand = page.context.new_cdp_session(page)
    palm = {"x": at[0] + 60, "y": at[1] + 80}
    window, offset, fov = (state(page, "Red", field) for field in ("window", "offset", "fov"))
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [palm]})
    pen.press(at)
    pen.move(*along(at, (30, 0), (60, 0)))
    hand.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{**palm, "y": palm["y"] + 40}]})
    pen.move(*along(at, (80, 0), (100, 0)))
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    pen.lift((at[0] + 100, at[1]))
    wait_state(page, "Red", f"s.window > {window} + 5")
    assert (state(page, "Red", "offset"), state(page, "Red", "fov")) == (offset, fov)


def test_a_line_is_drawn_and_shown_on_the_way(page: Page, server: LiveServer) -> None:
    page.keyboard.press("Shift+T")
    page.get_by_role("button", name="Distance").click()
    pen, at = Pen(page), middle(page, "Red")
    pen.press(at)
    pen.move(*along(at, (20, 10), (50, 20), (80, 30)))
    expect(page.locator(".view-Red .tag")).to_contain_text("mm")
    pen.lift((at[0] + 80, at[1] + 30))
    page.wait_for_function("slicecast.markups().some((one) => one.kind === 'line' && one.measurements[0]?.value > 5)")
    assert len(server.get("/slicer/mrml/ids?class=vtkMRMLMarkupsLineNode").json()) == 1
    expect(page.get_by_role("button", name="Distance")).to_have_attribute("aria-pressed", "false")


def test_painting_erasing_and_the_brush_under_a_hovering_pen(page: Page, server: LiveServer) -> None:
    page.keyboard.press("Shift+S")
    page.get_by_role("button", name="New segmentation").click()
    paint = page.get_by_role("button", name="Paint", exact=True)
    expect(page.locator(".segment-list li")).to_have_count(1)
    paint.click()
    pen, at = Pen(page), middle(page, "Red")

    def voxels() -> int:
        node = server.get("/api/segmentations").json()["segmentations"][-1]
        found = server.get(f"/api/segmentations/{node['id']}/statistics").json()["segments"]
        return sum(one["voxels"] for one in found.values())

    def until(least: int, most: int) -> int:
        for _ in range(100):
            if least <= (now := voxels()) <= most:
                return now
            page.wait_for_timeout(100)
        raise AssertionError(f"{now} voxels, not {least} to {most}")

    pen.hover(at, (at[0] + 5, at[1]))
    drawn = """() => { const c = document.querySelector('.view-Red .brush-layer');
        return c && c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0); }"""
    page.wait_for_function(drawn)
    pen.draw(*along(at, (15, 0), (40, 0), (60, 10)))
    painted, before = until(1, 10**9), 0
    while painted != before:  # a stroke comes in parts
        page.wait_for_timeout(1000)
        painted, before = voxels(), painted
    page.get_by_role("button", name="Erase", exact=True).click()
    pen.draw(*along(at, (10, 0)))
    assert until(1, painted - 1) < painted
