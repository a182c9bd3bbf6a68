"""Somebody follows a tracked tool: its cursor moves in 3D, and the slices go with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.live import LiveServer
from tests.support.viewer import changed, pixels, viewer, wait_state


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with viewer(browser, server.url) as found:
        yield found


def track(server: LiveServer, right: float, anterior: float, superior: float) -> None:
    assert server.get(f"/tracking?p={right},{anterior},{superior}&q=1,0,0,0").status == 200


def test_cursor_and_slices_follow(page: Page, server: LiveServer) -> None:
    without = pixels(page, "1")
    track(server, 40, 60, -160)
    changed(page, "1", without, 0.05)
    page.keyboard.press("Shift+V")
    page.get_by_label("Slices follow the tracked tool").check()
    wait_state(page, "Yellow", "Math.abs(s.offset + 40) < 1e-3")
    for step in range(1, 6):
        track(server, 40 - 5 * step, 60, -160 + 3 * step)
    wait_state(page, "Yellow", "Math.abs(s.offset + 15) < 1e-3")
    wait_state(page, "Red", "Math.abs(s.offset + 145) < 1e-3")
    wait_state(page, "Green", "Math.abs(s.offset - 60) < 1e-3")
    page.keyboard.press("c")
    expect(page.locator(".view-Red .crosshair i")).to_have_count(2)
    page.get_by_label("Slices follow the tracked tool").uncheck()
    page.wait_for_function("fetch('/api/tracking').then(r => r.json()).then(said => !said.follow)")  # the box is faster
    track(server, 0, 0, 0)
    page.wait_for_timeout(300)
    wait_state(page, "Yellow", "Math.abs(s.offset + 15) < 1e-3")
