"""The viewer and the plain pages in a real Chromium."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

ALL_EXACT = "['Red','Yellow','Green','1'].every(v => window.slicecast?.picture(v)?.flags & 4)"


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    faults: list[str] = []
    found = browser.new_page(viewport={"width": 1280, "height": 800})
    found.on("pageerror", lambda error: faults.append(str(error)))
    found.goto(f"{server.url}/viewer/")
    found.wait_for_function(ALL_EXACT, timeout=30_000)
    yield found
    found.close()
    assert faults == []


def offset(page: Page, view: str = "Red") -> float:
    return float(page.evaluate(f"slicecast.state('{view}').offset"))


def test_four_views_become_exact_and_show_something(page: Page) -> None:
    for view in ("Red", "Yellow", "Green", "1"):
        shot = np.asarray(Image.open(io.BytesIO(page.locator(f".view-{view} canvas").screenshot())).convert("L"))
        assert len(np.unique(shot)) > 40
    letters = page.locator(".view-Red .letters span").all_inner_texts()
    assert letters == ["R", "L", "A", "P"]


def test_the_wheel_scrolls_and_drags_window(page: Page) -> None:
    box = page.locator(".view-Red .surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 150)
    before = offset(page)
    page.mouse.wheel(0, -100)
    page.wait_for_function(f"slicecast.state('Red').offset > {before} + 5")
    window = page.evaluate("slicecast.state('Red').window")
    page.mouse.down()
    page.mouse.move(box["x"] + 230, box["y"] + 150, steps=5)
    page.mouse.up()
    page.wait_for_function(f"slicecast.state('Yellow').window > {window} + 1")


def test_keys_scroll_and_maximise(page: Page) -> None:
    page.locator(".view-Green .surface").focus()
    before = offset(page, "Green")
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"slicecast.state('Green').offset != {before}")
    page.keyboard.press("Enter")
    assert page.locator(".view:visible").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".view:visible").count() == 4


def test_turning_the_volume_moves_and_then_refines(page: Page) -> None:
    box = page.locator(".view-1 .surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 180, steps=10)
    page.mouse.up()
    page.wait_for_function("slicecast.picture('1').n > 0 && slicecast.picture('1').flags & 4", timeout=20_000)


def test_the_overlay_tells_input_to_drawn_and_its_stages(page: Page) -> None:
    page.keyboard.press("d")
    box = page.locator(".view-Red .surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + 180, steps=30)
    page.locator(".view-Red .latency", has_text="input to drawn ").get_by_text("limited by").wait_for(timeout=10_000)
    page.mouse.up()
    text = page.locator(".view-Red .latency").inner_text()
    assert re.search(
        r"input to drawn \d+ ms  p95 \d+ ms\nwait [\d.]+  render [\d.]+  encode [\d.]+  link [\d.]+  page [\d.]+ ms", text
    )


@pytest.mark.parametrize(("width", "height"), [(360, 740), (3840, 2160)])
def test_nothing_overflows(browser: Browser, server: LiveServer, width: int, height: int) -> None:
    for path in ("/viewer/", "/"):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


def test_a_dropped_file_is_loaded_and_a_bad_one_refused(browser: Browser, tmp_path: Path) -> None:
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), (24, 20, 16))
    good = write_nrrd(tmp_path / "octants.nrrd", octant_volume(affine, (24, 20, 16)), affine)
    bad = tmp_path / "bad.nrrd"
    bad.write_text("no image")
    live = LiveServer().wait()
    try:
        page = browser.new_page()
        page.goto(f"{live.url}/viewer/")
        page.wait_for_function("slicecast.state('Red') !== null")
        page.set_input_files("input[type=file]", str(bad))
        page.get_by_text("is not an NRRD file").wait_for(timeout=15_000)
        page.set_input_files("input[type=file]", str(good))
        page.wait_for_function("slicecast.state('Red').background?.name === 'octants'", timeout=15_000)
        page.close()
    finally:
        live.stop()


def test_plain_pages(browser: Browser, server: LiveServer) -> None:
    page = browser.new_page()
    page.goto(f"{server.url}/")
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    page.close()


def test_the_viewer_follows_the_layout(page: Page, server: LiveServer) -> None:
    def shown() -> set[str]:
        return {str(name) for name in page.locator(".view:visible").evaluate_all("all => all.map(v => v.className)")}

    assert server.request("PUT", "/slicer/gui?viewersLayout=TwoOverTwo").status == 200
    page.wait_for_function("slicecast.picture('Slice4')?.flags & 4", timeout=20_000)
    assert shown() == {"view view-Red", "view view-Slice4", "view view-Green", "view view-Yellow"}
    left, right = (page.locator(f".view-{name}").bounding_box() for name in ("Red", "Slice4"))
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] == pytest.approx(right["x"], abs=1)
    assert left["y"] == right["y"]
    before, red = offset(page, "Slice4"), offset(page)
    page.locator(".view-Slice4 .surface").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"slicecast.state('Slice4').offset > {before}")
    assert offset(page) == red  # each view scrolls for itself
    page.locator(".toolbar select").nth(1).select_option("Dual3D")
    page.wait_for_function("slicecast.picture('2')?.flags & 4", timeout=20_000)
    assert server.get("/api/layout").json()["layout"] == "Dual3D"
    assert shown() == {f"view view-{name}" for name in ("1", "2", "Red", "Green", "Yellow")}
    server.request("PUT", "/slicer/gui?viewersLayout=FourUpTable&contents=viewers")
    page.get_by_text("A table, which is not shown here").wait_for()
    assert page.locator(".toolbar").count() == 0
    server.request("PUT", "/slicer/gui?viewersLayout=TabbedSlice&contents=full")
    page.get_by_role("tab", name="Yellow", exact=True).click()
    assert shown() == {"view view-Yellow"}
    server.request("PUT", "/slicer/gui?viewersLayout=FourUp")
    page.locator(".view-1").wait_for()
    assert shown() == {f"view view-{name}" for name in ("1", "Red", "Green", "Yellow")}
