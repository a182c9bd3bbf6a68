"""Somebody looks at the demo on a phone: 360 pixels wide, with fingers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.support.live import LiveServer
from tests.support.viewer import middle, state, viewer, wait_exact, wait_state

WIDTH, HEIGHT = 360, 740


@pytest.fixture
def phone(browser: Browser, server: LiveServer) -> Iterator[tuple[Page, CDPSession]]:
    touch: dict[str, Any] = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with viewer(browser, server.url, WIDTH, HEIGHT, **touch) as page:
        yield page, page.context.new_cdp_session(page)


def touch(cdp: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    fingers = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
    cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def swipe(cdp: CDPSession, *paths: tuple[tuple[float, float], tuple[float, float]], steps: int = 10) -> None:
    """Fingers go from one place to another, together."""
    touch(cdp, "touchStart", *(begin for begin, _end in paths))
    for step in range(1, steps + 1):
        share = step / steps
        touch(cdp, "touchMove", *((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share) for a, b in paths))
    touch(cdp, "touchEnd")


def test_everything_fits_and_can_be_reached(phone: tuple[Page, CDPSession]) -> None:
    page, _cdp = phone
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    for button in page.locator(".rail button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= WIDTH + 1
    page.locator(".rail").get_by_role("button", name="3D").tap()
    sheet = page.locator(".sidebar").bounding_box()
    assert sheet is not None
    assert sheet["width"] == pytest.approx(WIDTH, abs=1)
    assert sheet["y"] > HEIGHT / 3  # the views stay seen above it
    page.get_by_role("button", name="CT bone", exact=True).tap()
    wait_state(page, "1", "Object.values(s.rendering)[0].preset === 'CT bone'")
    page.get_by_role("button", name="Close the panel").tap()
    expect(page.locator(".sidebar")).to_have_count(0)


def test_fingers_scroll_pan_and_zoom(phone: tuple[Page, CDPSession]) -> None:
    page, cdp = phone
    page.locator(".toolbar select").nth(1).select_option("OneUpRedSlice")
    page.wait_for_function("document.querySelectorAll('.view:not([style*=none])').length === 1")
    wait_exact(page, "Red")
    x, y = middle(page, "Red")
    before = state(page, "Red", "offset")
    swipe(cdp, ((x, y + 100), (x, y - 100)))
    wait_state(page, "Red", f"Math.abs(s.offset - {before}) > 3 * s.offset_step")
    fov, origin = state(page, "Red", "fov[0]"), state(page, "Red", "origin")
    swipe(cdp, ((x - 30, y), (x - 90, y)), ((x + 30, y), (x + 90, y)))
    wait_state(page, "Red", f"s.fov[0] < {fov} * 0.6")
    swipe(cdp, ((x - 30, y), (x + 10, y)), ((x + 30, y), (x + 70, y)))
    wait_state(page, "Red", f"s.origin[0] > {origin[0]} + 5")  # dragging right shows more of the patient's right
    page.locator(".toolbar select").nth(1).select_option("FourUp")
    page.wait_for_function("document.querySelectorAll('.view:not([style*=none])').length === 4")


def test_a_finger_that_rests_means_the_place_under_it(phone: tuple[Page, CDPSession]) -> None:
    page, cdp = phone
    wait_exact(page, "Red", "Green", "Yellow")
    x, y = middle(page, "Red")
    before = state(page, "Red", "offset")
    crosshair, sagittal = state(page, "Red", "crosshair"), state(page, "Yellow", "offset")
    touch(cdp, "touchStart", (x + 20, y))
    wait_state(page, "Red", f"s.crosshair[0] !== {crosshair[0]}")
    wait_state(page, "Yellow", f"Math.abs(s.offset - {sagittal}) > 1")
    there = state(page, "Yellow", "offset")
    touch(cdp, "touchMove", (x - 30, y + 10))
    wait_state(page, "Yellow", f"s.offset > {there} + 5 || s.offset < {there} - 5")
    touch(cdp, "touchEnd")
    assert state(page, "Red", "offset") == before  # it points and does not scroll
    swipe(cdp, ((x, y + 60), (x, y - 60)))
    wait_state(page, "Red", f"s.offset !== {before}")


def test_a_double_tap_maximises(phone: tuple[Page, CDPSession]) -> None:
    page, _cdp = phone
    page.locator(".view-1 .view-bar").get_by_role("button", name="Maximise the view").tap()
    expect(page.locator(".view:visible")).to_have_count(1)
    wait_exact(page, "1")
    page.get_by_role("button", name="Restore the layout").tap()
    expect(page.locator(".view:visible")).to_have_count(4)
