"""Somebody renders a volume: chooses a preset by its picture, shifts and crops it, and remembers the camera."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.live import LiveServer
from tests.support.viewer import changed, pixels, state, viewer, wait_exact, wait_state


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    yield live
    live.stop()


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    with viewer(browser, server.url) as found:
        found.keyboard.press("Shift+R")
        found.get_by_role("group", name="Presets").wait_for()
        yield found


def of_volume(page: Page, field: str) -> object:
    return page.evaluate(f"Object.values(slicecast.state('1').rendering)[0].{field}")


def test_preset_shift_shading_and_crop(page: Page, server: LiveServer) -> None:
    pictures = page.locator(".presets img")
    expect(pictures).to_have_count(7)
    page.wait_for_function(
        "[...document.querySelectorAll('.presets img')].filter(i => i.complete && i.naturalWidth === 192).length >= 6",
        timeout=30_000,
    )
    shots = [pixels(page, "1")]

    def shows_otherwise() -> None:
        changed(page, "1", shots[-1], 0.5)
        wait_exact(page, "1")
        shots.append(pixels(page, "1"))

    page.get_by_role("button", name="CT skin").click()
    wait_state(page, "1", "Object.values(s.rendering)[0].preset === 'CT skin'")
    shows_otherwise()
    shift = page.get_by_label("Shift of the values")
    shift.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    wait_state(page, "1", "Object.values(s.rendering)[0].shift > 50")
    shows_otherwise()
    page.get_by_label("Shading").uncheck()
    wait_state(page, "1", "!Object.values(s.rendering)[0].shade")
    shows_otherwise()
    page.get_by_label("Show only a box").check()
    wait_state(page, "1", "Object.values(s.rendering)[0].crop.on")
    front = page.get_by_label("Crop from the front")
    front.focus()
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    wait_state(page, "1", "Object.values(s.rendering)[0].crop.bounds[3] < Object.values(s.rendering)[0].bounds[3] - 20")
    shows_otherwise()
    # The scene says the same: the ROI is a node of it.
    code = """
roi = slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLVolumeRenderingDisplayNode').GetROINode()
bounds = [0] * 6
roi.GetRASBounds(bounds)
__execResult = {'bounds': bounds, 'volumeProperty': slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLVolumePropertyNode').GetName()}
"""
    answer = server.request("POST", "/slicer/exec", code.encode()).json()
    assert answer["bounds"] == pytest.approx(of_volume(page, "crop.bounds"), abs=1e-6)
    assert answer["volumeProperty"] == "CT skin"
    # And what a script changes shows here.
    server.request(
        "POST",
        "/slicer/exec",
        b"slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLVolumeRenderingDisplayNode').SetCroppingEnabled(False)",
    )
    expect(page.get_by_label("Show only a box")).not_to_be_checked()


def test_look_and_camera(page: Page) -> None:
    page.get_by_role("button", name="White", exact=True).click()
    wait_state(page, "1", "s.background_colors[0] === '#ffffff'")
    page.wait_for_function("slicecast.picture('1').flags & 4")
    for _ in range(50):
        if pixels(page, "1")[4, 4].min() > 250:
            break
        page.wait_for_timeout(100)
    assert pixels(page, "1")[4, 4].min() > 250
    page.get_by_label("MIP").check()
    wait_state(page, "1", "s.technique === 'mip'")
    page.get_by_label("Volume", exact=True).and_(page.locator("input")).check()
    page.get_by_label("Parallel projection").check()
    wait_state(page, "1", "s.parallel")
    page.get_by_label("Look from").get_by_role("button", name="Look from the left").last.click()
    wait_state(page, "1", "s.camera.position[0] < s.camera.focal_point[0] - 50")
    page.get_by_label("Name of the bookmark").fill("From the left")
    page.get_by_role("button", name="Remember").click()
    go = page.get_by_role("button", name="Go to From the left")
    go.wait_for()
    seen = state(page, "1", "camera.position")
    page.locator(".view-1").get_by_role("button", name="Look from anterior").click()
    wait_state(page, "1", "s.camera.position[1] > s.camera.focal_point[1] + 50")
    go.click()
    wait_state(page, "1", f"Math.hypot(...s.camera.position.map((v, i) => v - {seen}[i])) < 1")
    page.get_by_role("button", name="Forget From the left").click()
    expect(go).to_have_count(0)


def test_spinning_goes_on_until_the_view_is_taken(page: Page) -> None:
    page.get_by_role("button", name="Spin", exact=True).click()
    before = state(page, "1", "camera.position")
    wait_state(page, "1", f"Math.hypot(...s.camera.position.map((v, i) => v - {before}[i])) > 30")
    page.locator(".view-1 canvas").click()
    page.wait_for_timeout(300)
    stopped = state(page, "1", "camera.position")
    page.wait_for_timeout(400)
    assert state(page, "1", "camera.position") == stopped
    expect(page.get_by_role("button", name="Spin", exact=True)).to_have_attribute("aria-pressed", "false")


def test_quality_decides_what_a_moving_picture_is(page: Page) -> None:
    page.get_by_label("Full", exact=True).check()
    wait_state(page, "1", "s.quality === 'maximum'")
    wait_exact(page, "1")
    page.evaluate("window.coarse = 0; slicecast.follow('1', p => { if (p && p.flags & 16) window.coarse += 1; })")
    page.locator(".view-1 .surface").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    wait_exact(page, "1")
    assert page.evaluate("window.coarse") == 0
    page.get_by_label("Fast", exact=True).check()
