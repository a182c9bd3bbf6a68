"""Measuring in a real Chromium: a lesion's length and where others find it, ROI statistics, undo, fingers, keys."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.live import LiveServer
from tests.support.phantoms import write_nrrd
from tests.support.viewer import spot, touch, wait_fitted

DIMS, SPACING = (80, 70, 40), (1.0, 1.0, 2.0)
LESION = (slice(18, 22), slice(30, 42), slice(50, 66))  # k, j, i
PLACE = ("points", "frame", "size")
PICTURED = "['Red','Yellow','Green'].every(v => window.slicecast?.picture(v)?.flags & 4)"


def phantom() -> tuple[np.ndarray, np.ndarray]:
    """(K, J, I) a body of noise around 300 HU with a lesion around 350, in air; and where it lies."""
    rng = np.random.default_rng(3)
    voxels = np.full(DIMS[::-1], -1000, np.int16)
    voxels[2:-2, 5:-5, 5:-5] = rng.normal(300, 8, voxels[2:-2, 5:-5, 5:-5].shape).astype(np.int16)
    voxels[LESION] = rng.normal(350, 8, voxels[LESION].shape).astype(np.int16)
    affine = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])  # as CT is stored: from right to left, front to back
    affine[:3, 3] = (40, 35, -40)
    return voxels, affine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    voxels, affine = phantom()
    live = LiveServer(write_nrrd(tmp_path_factory.mktemp("scan") / "lesion.nrrd", voxels, affine)).wait()
    yield live
    live.stop()


def clean(server: LiveServer) -> None:
    for markup in server.get("/api/markups").json()["markups"]:
        assert server.request("DELETE", f"/api/markups/{markup['id']}").status == 200


def opened(context: BrowserContext, server: LiveServer) -> Page:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.url}/viewer/")
    page.wait_for_function(PICTURED, timeout=30_000)
    page.evaluate("window.faults = []")
    page.faults = faults  # type: ignore[attr-defined]
    return page


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    clean(server)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    found = opened(context, server)
    found.locator("#rail-tools").click()
    found.get_by_role("button", name="Distance").wait_for()
    wait_fitted(found, "Red", "Green", "Yellow", "1")
    yield found
    assert found.faults == []  # type: ignore[attr-defined]
    context.close()


def show(page: Page, s: float) -> None:
    """Have the axial slice at s."""
    page.evaluate("document.querySelector('.view-Red .surface').focus()")
    page.wait_for_function("slicecast.state('Red') !== null")
    for _ in range(60):
        now = page.evaluate("slicecast.state('Red').offset")
        if abs(now - s) < 1.0:
            break
        page.keyboard.press("ArrowUp" if now < s else "ArrowDown")
    page.wait_for_function(f"Math.abs(slicecast.state('Red').offset - ({s})) < 1.01")


def markups(page: Page, count: int) -> list[dict[str, Any]]:
    page.wait_for_function(f"slicecast.markups().length === {count}")
    found: list[dict[str, Any]] = page.evaluate("slicecast.markups()")
    return found


def told(server: LiveServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get("/api/markups").json()["markups"]
    return found


def agreed(page: Page, server: LiveServer) -> list[dict[str, Any]]:
    """The server's markups once they are where the page shows them: it shows a change before the server has it."""
    until = time.monotonic() + 15.0
    while True:
        shown, there = page.evaluate("slicecast.markups()"), told(server)
        if len(shown) == len(there) and all(
            one[name] == other[name] for one, other in zip(shown, there, strict=True) for name in PLACE
        ):
            return there
        assert time.monotonic() < until, (shown, there)
        time.sleep(0.05)


def test_a_lesion_is_measured_and_other_programs_find_the_line(page: Page, server: LiveServer) -> None:
    show(page, 0.0)
    page.get_by_role("button", name="Distance").click()
    ends = [(-10.0, 5.0, 0.0), (-25.0, -7.0, 0.0)]
    page.mouse.click(*spot(page, ends[0]))
    page.mouse.move(*spot(page, (-20.0, 0.0, 0.0)), steps=4)
    expect(page.locator(".view-Red .tag")).to_contain_text("mm")  # while it is drawn
    page.mouse.move(*spot(page, ends[1]), steps=4)
    page.mouse.click(*spot(page, ends[1]))
    page.wait_for_function("document.querySelector('.markup-name .value')?.textContent.includes('19')")
    (line,) = markups(page, 1)
    s = page.evaluate("slicecast.state('Red').offset")
    length = np.hypot(15, 12)
    mm = max(page.evaluate("slicecast.state('Red').fov")) / 300  # a pixel or so
    assert np.allclose(line["points"], [(*end[:2], s) for end in ends], atol=mm)
    assert line["measurements"][0]["value"] == pytest.approx(length, abs=2 * mm)
    ids = server.get("/slicer/mrml/ids?class=vtkMRMLMarkupsLineNode").json()
    assert ids == [line["id"]]
    properties = server.get(f"/slicer/mrml/properties?id={line['id']}").json()[line["id"]]
    assert "Line" in str(properties.get("Name"))
    saved = server.get(f"/slicer/mrml/names?id={line['id']}").json()
    assert saved == [line["name"]]
    expect(page.get_by_role("button", name="Distance")).to_have_attribute("aria-pressed", "false")


def test_roi_statistics_are_those_of_numpy(page: Page, server: LiveServer) -> None:
    voxels, affine = phantom()
    show(page, 0.0)
    page.get_by_role("button", name="ROI", exact=True).click()
    corners = [(-11.5, 3.5, 0.0), (-23.5, -5.5, 0.0)]
    page.mouse.move(*spot(page, corners[0]))
    page.mouse.down()
    page.mouse.move(*spot(page, corners[1]), steps=6)
    page.mouse.up()
    (roi,) = markups(page, 1)
    statistics = page.locator(".statistics dl")
    statistics.wait_for()
    assert roi["size"][2] == pytest.approx(2.0)
    (there,) = agreed(page, server)
    frame, size = np.reshape(there["frame"], (4, 4)), np.array(there["size"])
    k, j, i = np.indices(voxels.shape)
    centres = np.stack([i, j, k], axis=-1) @ affine[:3, :3].T + affine[:3, 3]
    local = np.abs((centres - frame[:3, 3]) @ frame[:3, :3])
    inside = voxels[(local <= size / 2 + 1e-9).all(axis=-1)]
    answer = server.get(f"/api/markups/{roi['id']}/statistics").json()
    assert answer["count"] == inside.size > 60
    assert (answer["minimum"], answer["maximum"]) == (inside.min(), inside.max())
    assert answer["mean"] == pytest.approx(inside.mean(), abs=1e-6)
    assert answer["sd"] == pytest.approx(inside.std(), abs=1e-6)
    expect(statistics).to_contain_text(f"{inside.mean():.2f} HU")
    expect(statistics).to_contain_text(f"{inside.std():.2f} HU")
    expect(statistics).to_contain_text(str(inside.size))
    # Pull its right side over the lesion's edge: the mean falls, and the page says so by itself.
    x = float(frame[0, 3] + size[0] / 2)
    page.mouse.move(*spot(page, (x, float(frame[1, 3]), 0.0)))
    page.mouse.down()
    page.mouse.move(*spot(page, (x + 12, float(frame[1, 3]), 0.0)), steps=6)
    page.mouse.up()
    page.wait_for_function(f"slicecast.markups()[0].size[0] > {size[0]} + 8")
    wider = server.get(f"/api/markups/{roi['id']}/statistics").json()
    assert wider["mean"] < answer["mean"] - 10
    expect(statistics).to_contain_text(f"{wider['mean']:.2f} HU")


def test_undo_and_redo_by_keys_and_buttons(page: Page, server: LiveServer) -> None:
    window = page.evaluate("slicecast.state('Red').window")
    page.get_by_role("button", name="Lung").click()
    page.wait_for_function("slicecast.state('Red').window === 1500")
    page.get_by_role("button", name="Distance").click()
    page.mouse.click(*spot(page, (0.0, 0.0, 0.0)))
    page.mouse.click(*spot(page, (20.0, 10.0, 0.0)))
    (line,) = markups(page, 1)
    page.wait_for_function("slicecast.markups()[0].measurements[0].value > 20")
    page.locator(".undo-redo [title^='Undo: Add']").wait_for()
    page.keyboard.press("Control+z")
    markups(page, 0)
    page.locator(".undo-redo [title^='Undo: Window']").click()
    page.wait_for_function(f"slicecast.state('Red').window === {window}")
    page.keyboard.press("Control+Shift+Z")
    page.wait_for_function("slicecast.state('Red').window === 1500")
    page.locator(".undo-redo [title^='Redo: Add']").click()
    assert markups(page, 1)[0]["points"] == told(server)[0]["points"] == line["points"]
    # What another program removes comes back as well.
    assert server.request("DELETE", f"/slicer/mrml?id={line['id']}").status == 200
    markups(page, 0)
    page.keyboard.press("Control+z")
    assert markups(page, 1)[0]["id"] == line["id"]


def test_escape_gives_up_and_delete_removes(page: Page, server: LiveServer) -> None:
    page.get_by_role("button", name="Angle", exact=True).click()
    page.mouse.click(*spot(page, (0.0, 0.0, 0.0)))
    page.mouse.click(*spot(page, (10.0, 0.0, 0.0)))
    markups(page, 1)
    page.keyboard.press("Escape")
    markups(page, 0)
    assert told(server) == []
    expect(page.get_by_role("button", name="Undo: Add")).to_have_count(0)
    expect(page.get_by_role("button", name="Angle", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Angle", exact=True)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Points", exact=True).click()
    page.mouse.click(*spot(page, (0.0, 0.0, 0.0)))
    markups(page, 1)
    page.mouse.click(*spot(page, (10.0, 10.0, 0.0)))
    page.wait_for_function("slicecast.markups()[0].count === 2")
    page.keyboard.press("Escape")
    page.mouse.click(*spot(page, (10.0, 10.0, 0.0)))
    page.keyboard.press("Delete")
    page.wait_for_function("slicecast.markups()[0].count === 1")
    page.mouse.click(*spot(page, (0.0, 0.0, 0.0)))
    page.keyboard.press("Delete")
    markups(page, 0)


def test_a_finger_draws_a_line_and_moves_its_end(browser: Browser, server: LiveServer) -> None:
    clean(server)
    context = browser.new_context(viewport={"width": 390, "height": 780}, has_touch=True, device_scale_factor=2)
    page = opened(context, server)
    page.locator("#rail-tools").tap()
    page.get_by_role("button", name="Distance").tap()
    page.locator("#rail-tools").tap()
    page.locator(".sidebar").wait_for(state="detached")
    wait_fitted(page, "Red")
    touch(page, [spot(page, (0.0, 0.0, 0.0)), spot(page, (10.0, 0.0, 0.0)), spot(page, (25.0, 0.0, 0.0))])
    page.wait_for_function("slicecast.markups()[0]?.measurements[0]?.value > 24")
    (line,) = markups(page, 1)
    touch(page, [spot(page, (25.0, 0.0, 0.0)), spot(page, (25.0, 10.0, 0.0)), spot(page, (25.0, 20.0, 0.0))])
    page.wait_for_function("slicecast.markups()[0].points[1][1] > 15")
    (moved,) = agreed(page, server)
    assert moved["points"][0] == pytest.approx(line["points"][0])
    assert np.allclose(moved["points"][1][:2], (25, 20), atol=1.5)
    assert page.faults == []  # type: ignore[attr-defined]
    context.close()


def test_a_line_with_keys_alone(page: Page, server: LiveServer) -> None:
    page.get_by_role("button", name="Distance").press("Enter")
    page.locator(".view-Red .surface").focus()
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("slicecast.markups()[0]?.measurements[0]?.value > 5")
    (line,) = agreed(page, server)
    assert line["points"][1][0] < line["points"][0][0] - 5  # screen right is the patient's left


def test_the_probe_tells_value_voxel_and_place(page: Page, server: LiveServer) -> None:
    voxels, affine = phantom()
    page.get_by_text("Show value, position and voxel under the pointer").click()
    width = page.locator(".view-Red .surface").evaluate("element => element.clientWidth")
    where = spot(page, (-18.0, 0.0, 0.0))
    page.mouse.move(*where)
    probe = page.locator(".view-Red .probe")
    probe.wait_for()
    s = page.evaluate("slicecast.state('Red').offset")
    i, j, k = np.rint(np.linalg.solve(affine, (-18.0, 0.0, s, 1.0))[:3]).astype(int)
    expect(probe).to_contain_text(f"{voxels[k, j, i]} HU")
    expect(probe).to_contain_text(f"({i}, {j}, {k})")
    expect(probe).to_contain_text("L 18.0")
    page.mouse.wheel(0, -300)  # over a pointer that rests
    page.wait_for_function(f"slicecast.state('Red').offset !== {s}")
    s = page.evaluate("slicecast.state('Red').offset")
    i, j, k = np.rint(np.linalg.solve(affine, (-18.0, 0.0, s, 1.0))[:3]).astype(int)
    expect(probe).to_contain_text(f"({i}, {j}, {k})")
    expect(probe).to_contain_text(f"{voxels[k, j, i]} HU")
    page.set_viewport_size({"width": 1400, "height": 800})  # something else lies under the pointer now
    page.wait_for_function(f"document.querySelector('.view-Red .surface').clientWidth > {width}")
    state, now = page.evaluate("slicecast.state('Red')"), spot(page, (-18.0, 0.0, s))
    mm = state["fov"][1] / page.locator(".view-Red .surface").evaluate("element => element.clientHeight")
    left = 18.0 + (where[0] - now[0]) * mm
    assert abs(left - 18.0) > 2
    page.wait_for_function(
        f"Math.abs({left} - document.querySelector('.view-Red .probe').textContent.match(/[\\d.]+/)[0]) < 0.3"
    )


def test_slab_and_linking(page: Page, server: LiveServer) -> None:
    mode = page.get_by_role("combobox", name="Mode")
    mode.select_option("mip")
    page.wait_for_function("['Red','Green','Yellow'].every(v => slicecast.state(v).slab.mode === 'mip')")
    thickness = page.get_by_role("spinbutton", name="Thickness, mm")
    thickness.fill("12")
    thickness.press("Enter")
    page.wait_for_function("['Red','Green','Yellow'].every(v => slicecast.state(v).slab.thickness === 12)")
    page.get_by_label("Link the slice views").check()
    page.wait_for_function("slicecast.state('Yellow').linked")
    mode.select_option("off")
    page.get_by_label("Link the slice views").uncheck()
    page.wait_for_function("!slicecast.state('Yellow').linked")


def test_what_others_change_is_seen_here_and_the_other_way_round(page: Page, server: LiveServer) -> None:
    answer = server.get("/slicer/fiducial?id=Marks&add=true&r=1&a=2&s=3")
    assert answer.json()["success"]
    (points,) = markups(page, 1)
    assert (points["name"], points["points"]) == ("Marks", [[1, 2, 3]])
    server.get(f"/slicer/fiducial?id={points['id']}&index=0&r=4&a=5&s=6")
    page.wait_for_function("slicecast.markups()[0].points[0][0] === 4")
    expect(page.locator(".markup-name")).to_contain_text("Marks")
    page.get_by_role("button", name="Choose Marks").click()
    page.locator(".points input").first.fill("7.5")
    page.keyboard.press("Tab")
    page.wait_for_function("slicecast.markups()[0].points[0][0] === 7.5")
    agreed(page, server)
    (listed,) = server.get("/slicer/fiducials").json().values()
    assert listed["markups"][0]["position"] == pytest.approx([7.5, 5, 6])


def test_a_point_in_3d_lies_on_what_is_seen_and_moves_across_the_view(page: Page, server: LiveServer) -> None:
    page.wait_for_function("slicecast.picture('1')?.flags & 4", timeout=30_000)
    page.get_by_role("button", name="Points", exact=True).click()
    box = page.locator(".view-1 .surface").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_function("slicecast.markups()[0]?.count === 1", timeout=20_000)
    (before,) = agreed(page, server)[0]["points"]
    size = f"width={int(box['width'])}&height={int(box['height'])}"
    seen = server.get(f"/api/pick?view=1&x=0.5&y=0.5&{size}").json()["position"]
    assert np.linalg.norm(np.subtract(before, seen)) < 3
    assert before[1] == pytest.approx(35 - 5, abs=4)  # the front of the body, seen from the front
    page.keyboard.press("Escape")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 30, steps=5)
    page.mouse.up()
    page.wait_for_function(f"Math.abs(slicecast.markups()[0].points[0][0] - ({before[0]})) > 3")
    (after,) = agreed(page, server)[0]["points"]
    assert after[1] == pytest.approx(before[1], abs=0.01)
    assert after[0] < before[0]  # to the patient's left
    assert after[2] > before[2]


def test_volume_rendering_is_cropped_by_an_roi_that_is_dragged(page: Page, server: LiveServer) -> None:
    def coloured() -> int:
        """Pixels of the 3D view that show bone, which is warmer than the background."""
        page.wait_for_function("slicecast.picture('1')?.flags & 4", timeout=30_000)
        shot = np.asarray(Image.open(io.BytesIO(page.locator(".view-1 canvas").screenshot())).convert("RGB")).astype(int)
        return int((shot[:, :, 0] > shot[:, :, 2] + 10).sum())

    whole = coloured()
    roi = {"kind": "roi", "name": "Half", "frame": np.eye(4).ravel().tolist(), "size": [30, 200, 40]}
    body = json.dumps(roi).encode()
    made = server.request("POST", "/api/markups", body, Content_Type="application/json").json()
    page.get_by_role("button", name="Choose Half").click()
    page.get_by_role("button", name="Crop the volume rendering").click()
    page.wait_for_function("slicecast.markups()[0].crops")
    page.wait_for_timeout(500)
    half = coloured()
    assert half < 0.75 * whole
    show(page, 0.0)
    page.mouse.move(*spot(page, (15.0, 0.0, 0.0)))
    page.mouse.down()
    page.mouse.move(*spot(page, (2.0, 0.0, 0.0)), steps=6)
    page.mouse.up()
    page.wait_for_function("slicecast.markups()[0].size[0] < 20")
    page.wait_for_timeout(500)
    assert coloured() < half
    page.get_by_role("button", name="Crop the volume rendering").click()
    page.wait_for_function("!slicecast.markups()[0].crops")
    server.request("DELETE", f"/api/markups/{made['id']}")
