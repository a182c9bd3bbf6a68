"""Somebody opens the demo for the first time, looks around in it, and windows it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.live import LiveServer
from tests.support.viewer import changed, corner, middle, pixels, state, viewer, wait_exact, wait_state


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with viewer(browser, server.url) as found:
        yield found


def test_the_demo_is_there_and_says_what_it_is(page: Page) -> None:
    assert corner(page, "Red", "top-left") == "CTChest4"
    assert re.fullmatch(r"Zoom \d+ % W 400 L 40", corner(page, "Red", "bottom-left"))
    assert re.fullmatch(r"Slice \d+ of \d+ exact", corner(page, "Red", "bottom-right"))
    assert page.locator(".view-Red .letters span").all_inner_texts() == ["R", "L", "A", "P"]
    assert re.fullmatch(r"\d+ (mm|cm)", page.locator(".view-Red .ruler").inner_text())
    assert page.get_by_role("status").first.inner_text() == "Ready"


def test_a_drag_windows_all_slices(page: Page, server: LiveServer) -> None:
    before = pixels(page, "Red")
    x, y = middle(page, "Red")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y - 30, steps=6)
    page.mouse.up()
    wait_state(page, "Yellow", "s.window > 500 && s.level < 20")
    changed(page, "Red", before, 3)
    window = round(state(page, "Red", "window"))
    assert f"W {window} L" in corner(page, "Green", "bottom-left")
    # What another client sees is the same window.
    assert server.get("/slice?view=red&size=64").status == 200
    with_exec = page.evaluate("fetch('/api/scene').then(r => r.json())")
    assert with_exec["volumes"][0]["name"] == "CTChest4"


def test_slices_go_by_wheel_slider_number_and_keys(page: Page) -> None:
    x, y = middle(page, "Green")
    page.mouse.move(x, y)
    begun = state(page, "Green", "offset")
    page.mouse.wheel(0, -300)
    wait_state(page, "Green", f"s.offset > {begun} + 1")
    number = page.get_by_label("Coronal slice: position in mm, as a number")
    number.fill("12.5")
    number.press("Enter")
    wait_state(page, "Green", "Math.abs(s.offset - 12.5) < 1e-6")
    slider = page.get_by_label("Coronal slice: position in mm", exact=True)
    slider.focus()
    slider.press("ArrowUp")
    step = state(page, "Green", "offset_step")
    wait_state(page, "Green", f"Math.abs(s.offset - 12.5 - {step}) < 1e-6")


def test_the_crosshair_brings_every_slice_to_its_point(page: Page) -> None:
    page.keyboard.press("c")
    x, y = middle(page, "Red")
    page.mouse.click(x + 40, y - 25)
    wait_state(page, "Yellow", "Math.abs(s.offset + s.crosshair[0]) < 1e-3")
    wait_state(page, "Green", "Math.abs(s.offset - s.crosshair[1]) < 1e-3")
    left, anterior, _superior = state(page, "Red", "crosshair")
    origin = state(page, "Red", "origin")
    assert left < origin[0]  # right of the middle is the patient's left, whose R is less
    assert anterior > origin[1]
    for view in ("Red", "Yellow", "Green"):
        expect(page.locator(f".view-{view} .crosshair i")).to_have_count(2)
    page.mouse.move(x, y)
    page.keyboard.down("Shift")
    page.mouse.move(x - 30, y)
    page.keyboard.up("Shift")
    wait_state(page, "Yellow", f"-s.offset > {origin[0]} + 1")  # its normal points to the patient's left
    page.keyboard.press("c")
    expect(page.locator(".crosshair")).to_have_count(0)


def test_flips_and_turns_keep_the_letters_true(page: Page) -> None:
    def letters() -> list[str]:
        return page.locator(".view-Red .letters span").all_inner_texts()

    before = pixels(page, "Red")
    surface = page.locator(".view-Red .surface")
    surface.focus()
    page.keyboard.press("h")
    wait_state(page, "Red", "s.edges.left === 'L'")
    assert letters() == ["L", "R", "A", "P"]
    changed(page, "Red", before, 3)
    wait_exact(page, "Red")
    mirrored = pixels(page, "Red")[:, ::-1]
    inner = (slice(20, -20), slice(20, -20))
    shifts = [np.abs(np.roll(mirrored, by, 1)[inner].astype(int) - before[inner]).mean() for by in (-1, 0, 1)]
    assert min(shifts) < 2  # the picture is mirrored, to the pixel that an even width leaves
    page.get_by_label("Axial slice: more").click()
    page.get_by_role("menuitem", name="Turn right by 90°").click()
    wait_state(page, "Red", "s.edges.top === 'L'")
    assert letters() == ["P", "A", "L", "R"]
    page.get_by_label("Axial slice: more").click()
    page.get_by_role("menuitem", name="Reset plane and zoom").click()
    wait_state(page, "Red", "s.edges.left === 'R' && s.edges.top === 'A'")
    assert letters() == ["R", "L", "A", "P"]


def test_a_view_is_turned_to_another_plane_and_back(page: Page) -> None:
    page.get_by_label("Axial slice: orientation").select_option("Coronal")
    wait_state(page, "Red", "s.orientation === 'Coronal' && s.edges.top === 'S'")
    page.locator(".view-Red").get_by_label("Coronal slice: orientation").select_option("Axial")
    wait_state(page, "Red", "s.orientation === 'Axial'")


def test_space_plays_until_somebody_acts(page: Page) -> None:
    page.locator(".view-Yellow .surface").focus()
    before = state(page, "Yellow", "offset")
    page.keyboard.press(" ")
    wait_state(page, "Yellow", f"s.offset > {before} + 2 * s.offset_step")
    x, y = middle(page, "Yellow")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -100)
    page.wait_for_timeout(400)
    stopped = state(page, "Yellow", "offset")
    page.wait_for_timeout(500)
    assert state(page, "Yellow", "offset") == stopped


def test_layouts_dividers_and_what_is_shown_are_kept(browser: Browser, server: LiveServer) -> None:
    with viewer(browser, server.url) as page:
        page.keyboard.press("Shift+V")
        page.get_by_role("button", name="Conventional", exact=True).click()
        expect(page.get_by_role("button", name="Conventional", exact=True)).to_have_attribute("aria-pressed", "true")
        divider = page.get_by_role("separator", name="Divider between views").last
        before = page.locator(".view-1").bounding_box()
        divider.focus()
        for _ in range(4):
            page.keyboard.press("ArrowUp")
        expect(divider).to_have_attribute("aria-valuenow", "42")
        after = page.locator(".view-1").bounding_box()
        assert before is not None
        assert after is not None
        assert after["height"] < before["height"] - 30
        page.get_by_label("Ruler").uncheck()
        page.get_by_label("Light", exact=True).check()
        page.reload()
        wait_exact(page, "Red", "1")
        expect(page.locator(".ruler")).to_have_count(0)
        kept = page.locator(".view-1").bounding_box()
        assert kept is not None
        assert kept["height"] == pytest.approx(after["height"], abs=2)
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        page.get_by_role("button", name="Four-up", exact=True).click()
        page.wait_for_function("document.querySelectorAll('.view:not([style*=none])').length === 4")
