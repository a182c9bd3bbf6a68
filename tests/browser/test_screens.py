"""Screens: high density, 4K."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer
from tests.support.viewer import middle, state, viewer, wait_exact, wait_state

pytestmark = pytest.mark.timeout(300)

FULL = """view => {
    const surface = document.querySelector(`.view-${view} .surface`);
    const picture = slicecast.picture(view);
    const wanted = [surface.clientWidth, surface.clientHeight].map(side => Math.round(side * devicePixelRatio));
    return picture && picture.flags & 4 && picture.width === wanted[0] && picture.height === wanted[1];
}"""


def wait_full(page: Page, *views: str) -> None:
    """Until these views show exact pictures with a pixel for each of the screen's."""
    for view in views:
        page.wait_for_function(FULL, arg=view, timeout=60_000)


def test_every_pixel_of_a_dense_screen_is_drawn_and_the_pointer_means_its_place(browser: Browser, server: LiveServer) -> None:
    with viewer(browser, server.url, 1000, 700, device_scale_factor=2) as page:
        wait_full(page, "Red", "Green", "Yellow", "1")
        page.keyboard.press("c")
        x, y = middle(page, "Red")
        centre = state(page, "Red", "origin")
        page.mouse.click(x + 50, y - 30)
        wait_state(page, "Red", f"Math.abs(s.crosshair[0] - {centre[0]}) > 5")
        box = page.locator(".view-Red .surface").bounding_box()
        assert box is not None
        fov = state(page, "Red", "fov")
        mm = max(fov[0] / box["width"], fov[1] / box["height"])
        crosshair = state(page, "Red", "crosshair")
        assert crosshair[0] == pytest.approx(centre[0] - 50 * mm, abs=mm)  # the patient's left is to the right
        assert crosshair[1] == pytest.approx(centre[1] + 30 * mm, abs=mm)
        lines = page.locator(".view-Red .crosshair .down").bounding_box()
        assert lines is not None
        assert lines["x"] == pytest.approx(x + 50, abs=1.5)


def test_4k_fits_and_is_drawn_in_full(browser: Browser, server: LiveServer) -> None:
    with viewer(browser, server.url, 3840, 2160) as page:
        assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [3840, 2160]
        wait_full(page, "Red")
        page.locator(".view-Red .surface").focus()
        page.keyboard.press("Enter")  # alone: eight million pixels
        wait_full(page, "Red")
        before = state(page, "Red", "offset")
        page.keyboard.press("ArrowUp")
        wait_state(page, "Red", f"s.offset > {before}")
        wait_exact(page, "Red")
