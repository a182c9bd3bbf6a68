"""Somebody renders a volume: chooses a preset by its picture, shifts and crops it, and remembers the camera."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.live import LiveServer
from tests.support.viewer import changed, pixels, state, touch, viewer, wait_exact, wait_state


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


PROPERTY = """
node = slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLVolumeRenderingDisplayNode').GetVolumePropertyNode()
curve, colors = node.GetScalarOpacity(), node.GetColor()
points, stops = [], []
for n in range(curve.GetSize()):
    point = [0.0] * 4
    curve.GetNodeValue(n, point)
    points.append(point[:2])
for n in range(colors.GetSize()):
    stop = [0.0] * 6
    colors.GetNodeValue(n, stop)
    stops.append(stop[:4])
edges = node.GetGradientOpacity()
__execResult = {'points': points, 'stops': stops, 'edges': [edges.GetValue(at) for at in (0, 1, 500)]}
"""


def written(page: Page, server: LiveServer, field: str, condition: str) -> list[list[float]]:
    """Points of the MRML node once the page has it that a condition on them holds, and the node has them too."""
    of_page = {"points": "opacity_points", "stops": "color_points"}[field]
    page.wait_for_function(f"(p => {condition})(Object.values(slicecast.state('1').rendering)[0].{of_page})")
    for _ in range(60):
        found: list[list[float]] = server.request("POST", "/slicer/exec", PROPERTY.encode()).json()[field]
        wanted = of_volume(page, of_page)
        assert isinstance(wanted, list)
        if [told(point) for point in found] == [pytest.approx(told(point), abs=1e-6) for point in wanted]:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"the node has {found}, the page {wanted}")


def told(point: list[Any]) -> list[float]:
    """A point as it can be compared: pages have its colour in eight bits, as `#rrggbb`, the node in fractions of 1."""
    if isinstance(point[1], str):
        return [point[0], *bytes.fromhex(point[1][1:])]
    return point if len(point) == 2 else [point[0], *(round(part * 255) for part in point[1:])]


def test_the_transfer_function_by_pointer_keys_and_numbers(page: Page, server: LiveServer) -> None:
    page.get_by_role("button", name="CT bone", exact=True).click()
    wait_state(page, "1", "Object.values(s.rendering)[0].preset === 'CT bone'")
    page.locator(".transfer .counts").wait_for(state="attached")
    picture = page.locator(".presets img").first
    before = picture.get_attribute("src")
    curve = page.get_by_role("listbox", name="Opacity by value")
    curve.scroll_into_view_if_needed()
    preset = written(page, server, "points", "p.length === 5")
    shot = pixels(page, "1")
    # A double click adds a point, a drag moves it; both are of one hand, and one look of no preset.
    box = curve.bounding_box()
    assert box is not None
    low, high = page.evaluate("Object.values(slicecast.state('1').rendering)[0].range")

    def at(value: float, opacity: float) -> tuple[float, float]:
        return box["x"] + (value - low) / (high - low) * box["width"], box["y"] + (1 - opacity**0.5) * box["height"]

    page.mouse.dblclick(*at(-600.0, 0.36))
    added = written(page, server, "points", "p.length === 6")
    assert added[1] == pytest.approx([-600, 0.36], abs=30)
    assert of_volume(page, "preset") == ""
    changed(page, "1", shot, 0.5, 30)
    page.mouse.move(*at(*added[1]))
    page.mouse.down()
    page.mouse.move(*at(-300.0, 0.16), steps=5)
    page.mouse.up()
    moved = written(page, server, "points", "Math.abs(p[1][0] + 300) < 30")
    assert moved[1] == pytest.approx([-300, 0.16], abs=30)
    assert [*moved[:1], *moved[2:]] == preset
    # By keys: the next one, to the right, up, and away with it.
    curve.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    option = curve.get_by_role("option", selected=True)
    expect(option).to_have_attribute("aria-label", re.compile("^Point 5 of 6: 600, opacity 80 %"))
    page.keyboard.press("Alt+ArrowLeft")
    by_keys = written(page, server, "points", "Math.abs(p[4][0] - 600) > 1")
    assert by_keys[4][0] == pytest.approx(600 - (high - low) / 100)
    page.keyboard.press("Alt+ArrowUp")
    assert written(page, server, "points", "p[4][1] > 0.8")[4][1] == pytest.approx((0.8**0.5 + 0.01) ** 2)
    page.keyboard.press("Insert")
    assert len(written(page, server, "points", "p.length === 7")) == 7
    page.keyboard.press("Delete")
    written(page, server, "points", "p.length === 6")
    # In numbers.
    page.get_by_label("Value", exact=True).fill("500")
    page.keyboard.press("Enter")
    page.get_by_label("Opacity, %").fill("45")
    page.keyboard.press("Enter")
    typed = written(page, server, "points", "p[4][0] === 500 && p[4][1] === 0.45")
    assert typed[4] == [500, 0.45]
    # Colours have a bar of their own.
    bar = page.get_by_role("listbox", name="Colours by value")
    bar.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.get_by_label("Colour", exact=True).fill("#00ff80")
    stops = written(page, server, "stops", "p[1][1] === '#00ff80'")
    assert stops[1] == pytest.approx([180, 0, 1, 128 / 255])
    assert len(stops) == 4
    # Taken back and done again, step by step; a preset is what it was, and so is its picture.
    page.get_by_role("button", name="Undo").click()
    assert written(page, server, "stops", "p[1][1] !== '#00ff80'")[1][1:] == pytest.approx([0.72, 0.58, 0.42])
    page.get_by_role("button", name="Redo").click()
    written(page, server, "stops", "p[1][1] === '#00ff80'")
    page.get_by_role("button", name="CT bone", exact=True).click()
    assert written(page, server, "points", "p.length === 5") == preset
    assert picture.get_attribute("src") == before
    # What a script does shows here.
    code = PROPERTY.replace("points, stops = [], []", "curve.AddPoint(1000.0, 0.5); points, stops = [], []")
    assert server.request("POST", "/slicer/exec", code.encode()).status == 200
    expect(curve.get_by_role("option")).to_have_count(6)


def test_even_parts_are_made_clear_by_keys(page: Page, server: LiveServer) -> None:
    page.get_by_role("button", name="CT bone", exact=True).click()
    wait_state(page, "1", "Object.values(s.rendering)[0].preset === 'CT bone'")
    page.locator("summary", has_text="Opacity by steepness of the values").click()
    curve = page.get_by_role("listbox", name="Opacity by steepness of the values")
    expect(curve.get_by_role("option")).to_have_count(1)
    shot = pixels(page, "1")
    curve.focus()
    page.keyboard.press("Insert")
    page.get_by_label("Steepness", exact=True).fill("500")
    page.keyboard.press("Enter")
    curve.focus()
    page.keyboard.press("Home")
    page.get_by_label("Opacity, %").fill("0")
    page.keyboard.press("Enter")
    wait_state(page, "1", "Object.values(s.rendering)[0].gradient_points.join() === '0,0,500,1'")
    changed(page, "1", shot, 0.5, 30)
    for _ in range(60):
        found = server.request("POST", "/slicer/exec", PROPERTY.encode()).json()["edges"]
        if found == pytest.approx([0, 0.002, 1], abs=1e-6):
            break
        page.wait_for_timeout(100)
    assert found == pytest.approx([0, 0.002, 1], abs=1e-6)
    page.get_by_role("button", name="CT bone", exact=True).click()
    expect(curve.get_by_role("option")).to_have_count(1)


def test_a_finger_moves_a_point(browser: Browser, server: LiveServer) -> None:
    with viewer(browser, server.url, has_touch=True) as page:
        page.keyboard.press("Shift+R")
        page.get_by_role("button", name="CT skin", exact=True).click()
        wait_state(page, "1", "Object.values(s.rendering)[0].preset === 'CT skin'")
        written(page, server, "points", "p.length === 5 && p[3][0] === -100")
        curve = page.get_by_role("listbox", name="Opacity by value")
        curve.scroll_into_view_if_needed()
        box = curve.get_by_role("option").nth(3).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch(page, [(x, y), (x, y + 15), (x, y + 30)])
        moved = written(page, server, "points", "p[3][1] < 0.4")
        assert moved[3][0] == pytest.approx(-100, abs=30)


def test_models_and_segmentations_in_3d(page: Page, server: LiveServer) -> None:
    code = b"""
import vtk
source = vtk.vtkSphereSource()
source.SetRadius(60)
source.SetCenter(0, 0, -170)
source.Update()
node = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLModelNode', 'Ball')
node.SetAndObservePolyData(source.GetOutput())
node.CreateDefaultDisplayNodes()
node.GetDisplayNode().SetColor(1, 0, 0)
"""
    assert server.request("POST", "/slicer/exec", code).status == 200
    listed = page.get_by_role("list", name="Models and segmentations")
    ball = listed.get_by_role("button", name="Show Ball in 3D")
    expect(ball).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Show this volume in 3D").uncheck()
    wait_state(page, "1", "!Object.values(s.rendering)[0].visible")
    wait_exact(page, "1")
    shots = [pixels(page, "1")]

    def shows_otherwise() -> None:
        changed(page, "1", shots[-1], 0.3, 30)
        wait_exact(page, "1")
        shots.append(pixels(page, "1"))

    def display(what: str, class_name: str) -> object:
        script = f"__execResult = {{'found': slicer.util.getNode({what!r}).GetDisplayNode().{class_name}}}"
        return server.request("POST", "/slicer/exec", script.encode()).json()["found"]

    whole = listed.get_by_label("Segmentation: Opacity")
    surface = listed.get_by_role("button", name="Show Segmentation in 3D")
    expect(surface).to_have_attribute("aria-pressed", "true")
    surface.click()
    expect(surface).to_have_attribute("aria-pressed", "false")
    shows_otherwise()
    assert not display("Segmentation", "GetVisibility3D()")
    assert display("Segmentation", "GetVisibility()")  # slices show it still
    listed.get_by_label("Colour of Ball").fill("#00ff00")
    shows_otherwise()
    assert display("Ball", "GetColor()") == pytest.approx([0, 1, 0])
    opacity = listed.get_by_label("Ball: Opacity")
    opacity.fill("0.3")
    shows_otherwise()
    assert display("Ball", "GetOpacity()") == pytest.approx(0.3)
    ball.click()
    expect(ball).to_have_attribute("aria-pressed", "false")
    shows_otherwise()
    page.get_by_role("button", name="Undo").click()
    expect(ball).to_have_attribute("aria-pressed", "true")
    surface.click()
    shows_otherwise()
    whole.fill("0.4")
    shows_otherwise()
    assert display("Segmentation", "GetOpacity()") == pytest.approx(0.4)
    # Its segments, each by itself.
    listed.get_by_role("button", name="Segmentation", exact=False).last.click()
    lung = listed.get_by_role("button", name="Show right lung in 3D")
    lung.click()
    expect(lung).to_have_attribute("aria-pressed", "false")
    shows_otherwise()
    # What another client does shows here.
    server.request("PATCH", "/api/nodes", b'{"kind": "model", "visible": false}')
    expect(ball).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Show this volume in 3D").check()
    wait_state(page, "1", "Object.values(s.rendering)[0].visible")


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
