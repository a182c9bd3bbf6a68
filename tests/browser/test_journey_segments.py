"""Journeys: paint a segment and save it; threshold and islands; grow from seeds; undo; on a phantom whose places are known."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import slicerio
from playwright.sync_api import Browser, Page, expect
from scipy import ndimage

from tests.api.test_archive_open import opened, store
from tests.support.dicom_phantom import write_series
from tests.support.live import LiveServer
from tests.support.phantoms import centred, write_nrrd

DIMS, SPACING = (64, 60, 48), (1.5, 1.5, 2.0)
AFFINE = centred(np.diag([-1.0, -1.0, 1.0]), SPACING, DIMS)
CENTRE, RADIUS = np.array([10.0, -8.0, 6.0]), 18.0
STUDY = "1.2.826.8"


def phantom() -> Any:
    """A bright ball off the middle, a small one far from it, some noise."""
    k, j, i = np.mgrid[0 : DIMS[2], 0 : DIMS[1], 0 : DIMS[0]]
    place = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ AFFINE.T[:, :3]
    ball = np.linalg.norm(place - CENTRE, axis=-1) < RADIUS
    small = np.linalg.norm(place - (-30.0, 25, -20), axis=-1) < 5
    noise = np.random.default_rng(5).normal(0, 10, ball.shape)
    return ((ball | small) * 300 + noise).astype(np.int16)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """With the phantom shown, and a DICOM series of octants in the archive."""
    folder = tmp_path_factory.mktemp("files")
    live = LiveServer(write_nrrd(folder / "ball.nrrd", phantom(), AFFINE), worker_processes=1).wait()
    files = write_series(folder / "ct", centred(np.diag([-1.0, -1.0, 1.0]), (2.0, 2.0, 3.0), (40, 40, 30)), (40, 40, 30),
                         StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.1")  # fmt: skip
    store(live, [path.read_bytes() for path in files])
    yield live
    live.stop()


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    faults: list[str] = []
    found = browser.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    found.on("pageerror", lambda error: faults.append(str(error)))
    found.goto(f"{server.url}/viewer/")
    found.wait_for_function("['Red','Green','Yellow'].every(v => slicecast?.picture(v)?.flags & 4)", timeout=30_000)
    found.get_by_role("button", name="Segment", exact=True).click()
    begin(found, server)
    yield found
    found.close()
    assert faults == []


def begin(page: Page, server: LiveServer) -> None:
    """Make a segmentation and wait until the panel has it, with its first segment."""
    before = {one["id"] for one in server.get("/api/segmentations").json()["segmentations"]}
    page.get_by_role("button", name="New segmentation").click()
    page.wait_for_function(
        "before => { const chosen = document.querySelector('.segments select')?.value;"
        " return chosen && !before.includes(chosen) && document.querySelectorAll('.segment-list li').length === 1 }",
        arg=list(before),
    )
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_enabled()


def newest(server: LiveServer) -> dict[str, Any]:
    found: dict[str, Any] = server.get("/api/segmentations").json()["segmentations"][-1]
    return found


def sizes(server: LiveServer) -> list[int]:
    node = newest(server)
    found = server.get(f"/api/segmentations/{node['id']}/statistics").json()["segments"]
    return [found[one["id"]]["voxels"] for one in node["segments"]]


def saved(server: LiveServer, folder: Path) -> Any:
    """The segmentation as an independent reader has it."""
    answer = server.get(f"/api/nodes/{newest(server)['id']}/file?as=saved.seg.nrrd")
    path = folder / "saved.seg.nrrd"
    path.write_bytes(answer.body)
    return slicerio.read_segmentation(str(path))


def ras_of(read: Any, name: str) -> Any:
    """Voxel centres of a segment, RAS mm."""
    one = slicerio.extract_segments(read, [(name, 1)])
    ijk = np.argwhere(one["voxels"] == 1)
    return (ijk @ read["ijkToLPS"][:3, :3].T + read["ijkToLPS"][:3, 3]) * (-1, -1, 1)


def spot(page: Page, view: str, ras: Any) -> tuple[float, float]:
    """Where a point is on the page, worked out from the view's plane."""
    state = page.evaluate(f"slicecast.state('{view}')")
    box = page.locator(f".view-{view} .surface").bounding_box()
    assert box is not None
    matrix = np.reshape(state["slice_to_ras"], (4, 4))
    right, up = (np.asarray(ras) - matrix[:3, 3]) @ matrix[:3, :2]
    mm = max(state["fov"][0] / box["width"], state["fov"][1] / box["height"])
    return box["x"] + box["width"] / 2 + right / mm, box["y"] + box["height"] / 2 - up / mm


def drag(page: Page, view: str, *points: Any) -> None:
    page.mouse.move(*spot(page, view, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*spot(page, view, point), steps=8)
    page.mouse.up()


def plane_of(page: Page, view: str) -> Any:
    """A point of the view's plane, and its normal."""
    matrix = np.reshape(page.evaluate(f"slicecast.state('{view}').slice_to_ras"), (4, 4))
    return matrix[:3, 3], matrix[:3, 2]


def at_plane(page: Page, view: str, ras: Any) -> Any:
    """The point moved into the view's plane."""
    origin, normal = plane_of(page, view)
    return np.asarray(ras, float) - normal * (normal @ (np.asarray(ras) - origin))


def moved(point: Any, *by: float) -> Any:
    """A point so many mm on."""
    return np.asarray(point) + by


def set_radius(page: Page, mm: float) -> None:
    page.get_by_role("slider", name="Brush radius").evaluate(
        f"e => {{ e.value = Math.log({mm}); e.dispatchEvent(new Event('input', {{bubbles: true}})) }}"
    )


def test_paint_a_segment_and_save_it(page: Page, server: LiveServer, tmp_path: Path) -> None:
    page.get_by_label("Name of Segment_1").fill("Lesion")
    page.get_by_label("Name of Segment_1").press("Enter")
    page.get_by_role("button", name="Paint", exact=True).click()
    set_radius(page, 7.0)
    wanted = {}
    for view, place in (("Red", (14.0, 20, 0)), ("Green", (-18.0, 0, 16)), ("Yellow", (0.0, -20, -14))):
        centre = at_plane(page, view, place)
        before = sum(sizes(server))
        drag(page, view, centre)
        page.wait_for_function(
            f"fetch('/api/segmentations/{newest(server)['id']}/statistics').then(a => a.json())"
            f".then(a => Object.values(a.segments)[0].voxels > {before})"
        )
        wanted[view] = centre
    with page.expect_download() as download:
        page.get_by_role("link", name="File .seg.nrrd").click()
    path = tmp_path / "painted.seg.nrrd"
    download.value.save_as(path)
    read = slicerio.read_segmentation(str(path))
    assert [one["name"] for one in read["segments"]] == ["Lesion"]
    places = ras_of(read, "Lesion")
    for view, centre in wanted.items():
        _origin, normal = plane_of(page, view)
        near = places[np.linalg.norm(places - centre, axis=1) < 12]
        assert len(near) > 40
        assert near.mean(axis=0) == pytest.approx(centre, abs=1.2), view
        assert np.abs((near - near.mean(axis=0)) @ normal).max() < 0.1, view  # one layer of voxels
    assert page.evaluate("document.activeElement.tagName") == "A"  # no field, which would take the key
    page.keyboard.press("Shift+S")
    expect(page.get_by_role("button", name="Paint", exact=True)).to_have_count(0)


def test_painting_is_immediate_and_ctrl_erases(page: Page, server: LiveServer) -> None:
    page.get_by_role("button", name="Paint", exact=True).click()
    set_radius(page, 6.0)
    page.mouse.move(*spot(page, "Red", at_plane(page, "Red", (0.0, 0, 0))))
    for step in (-100, 100) * 10:
        page.mouse.wheel(0, step)
        page.wait_for_timeout(30)
    scrolling = page.evaluate("slicecast.ages('Red').median")
    centre = at_plane(page, "Red", (0.0, 0, 0))
    drag(page, "Red", moved(centre, -20, 0, 0), moved(centre, 20, 0, 0), moved(centre, 20, 15, 0), moved(centre, -20, 15, 0))
    page.wait_for_function("slicecast.strokeAges().length > 3")
    page.wait_for_timeout(500)
    ages = sorted(page.evaluate("slicecast.strokeAges()"))
    assert ages[len(ages) // 2] < 5 * scrolling + 200  # some frames more than a wheel step takes, however busy the machine
    painted = sum(sizes(server))
    page.keyboard.down("Control")
    drag(page, "Red", centre, moved(centre, 10, 0, 0))
    page.keyboard.up("Control")
    page.wait_for_function("slicecast.strokeAges().length > 4")
    page.wait_for_timeout(300)
    assert 0 < sum(sizes(server)) < painted
    page.locator(".view-Red .surface").focus()
    page.keyboard.press("z")
    page.wait_for_timeout(300)
    assert sum(sizes(server)) == painted
    page.keyboard.press("z")
    page.wait_for_timeout(300)
    assert sum(sizes(server)) == 0  # the whole stroke, however many parts it came in
    page.keyboard.press("y")
    page.wait_for_timeout(300)
    assert sum(sizes(server)) == painted


def test_the_wheel_with_shift_sizes_the_brush_and_plain_scrolls(page: Page) -> None:
    page.get_by_role("button", name="Paint", exact=True).click()
    set_radius(page, 10.0)
    page.mouse.move(*spot(page, "Red", at_plane(page, "Red", (0.0, 0, 0))))
    offset = page.evaluate("slicecast.state('Red').offset")
    page.keyboard.down("Shift")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Shift")
    expect(page.locator(".brush-options .value").first).to_have_text("11 mm")
    assert page.evaluate("slicecast.state('Red').offset") == offset
    page.mouse.wheel(0, -100)
    page.wait_for_function(f"slicecast.state('Red').offset != {offset}")
    page.locator(".view-Red .surface").focus()
    for key, pressed in (("2", "Erase"), ("1", "Paint")):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=pressed, exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Paint", exact=True)).to_have_attribute("aria-pressed", "false")


def test_threshold_and_islands_agree_with_numpy(page: Page, server: LiveServer, tmp_path: Path) -> None:
    page.get_by_label("From").first.fill("150")
    page.get_by_label("From").first.press("Enter")
    page.get_by_role("button", name="Set segment to range").click()
    numbers, count = ndimage.label(phantom() >= 150)
    counts = np.bincount(numbers.ravel())[1:]
    assert count == 2
    page.wait_for_function("document.querySelector('.working') === null")
    assert sizes(server) == [counts.sum()]
    page.get_by_role("button", name="Keep largest").click()
    page.wait_for_timeout(500)
    assert sizes(server) == [counts.max()]
    places = ras_of(saved(server, tmp_path), newest(server)["segments"][0]["name"])
    assert places.mean(axis=0) == pytest.approx(CENTRE, abs=0.2)
    assert np.linalg.norm(places - CENTRE, axis=1).max() < RADIUS
    page.get_by_role("button", name="Measure", exact=True).click()
    ml = counts.max() * np.prod(SPACING) / 1000
    page.get_by_role("cell", name=f"{ml:.1f} ml").wait_for()


def test_grow_from_seeds_finds_the_ball(page: Page, server: LiveServer, tmp_path: Path) -> None:
    page.get_by_role("button", name="Paint", exact=True).click()
    set_radius(page, 4.0)
    red = at_plane(page, "Red", CENTRE)
    drag(page, "Red", moved(red, -5, 0, 0), moved(red, 5, 0, 0))
    page.get_by_role("button", name="Add segment").click()
    page.get_by_label("Edit Segment_2").wait_for()
    expect(page.get_by_label("Edit Segment_2")).to_be_checked()
    corners = [at_plane(page, "Red", (x, y, 0)) for x, y in ((40.0, 38.0), (-40, 38), (-40, -38), (40, -38), (40, 38))]
    drag(page, "Red", *corners)
    green = at_plane(page, "Green", (0.0, 0, 0))
    drag(page, "Green", moved(green, -40, 0, 40), moved(green, 40, 0, 40))
    drag(page, "Green", moved(green, -40, 0, -40), moved(green, 40, 0, -40))
    page.wait_for_timeout(500)
    page.get_by_label("Edit Segment_1").check()
    page.get_by_role("button", name="Grow from seeds").click()
    page.wait_for_function("document.querySelector('.working') === null", timeout=30_000)
    places = ras_of(saved(server, tmp_path), "Segment_1")
    assert places.mean(axis=0) == pytest.approx(CENTRE, abs=0.3)
    assert len(places) * np.prod(SPACING) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)


def test_a_segment_on_dicom_goes_to_the_archive(browser: Browser, server: LiveServer) -> None:
    assert opened(server, STUDY)["state"] == "done"
    page = browser.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    page.goto(f"{server.url}/viewer/")
    page.wait_for_function("slicecast?.state('Red')?.background?.name?.includes('Octants')", timeout=30_000)
    page.get_by_role("button", name="Segment", exact=True).click()
    begin(page, server)
    page.get_by_role("button", name="Paint", exact=True).click()
    set_radius(page, 8.0)
    centre = at_plane(page, "Red", (15.0, -12.0, 0.0))
    drag(page, "Red", centre)
    with page.expect_download() as download:
        page.get_by_role("button", name="DICOM SEG").click()
    seg = highdicom.seg.segread(io.BytesIO(Path(download.value.path()).read_bytes()))
    volume = seg.get_volume(segment_numbers=[1], combine_segments=False)
    index = np.argwhere(np.asarray(volume.array)[..., 0] > 0)
    places = (index @ volume.affine[:3, :3].T + volume.affine[:3, 3]) * (-1, -1, 1)
    assert places.mean(axis=0) == pytest.approx(centre, abs=1.0)
    page.get_by_role("button", name="Into the archive").click()
    page.get_by_text("The segmentation is in the archive").wait_for()
    found = json.loads(server.get(f"/dicom/studies/{STUDY}/series?Modality=SEG").body)
    assert len(found) == 1
    page.close()


def test_no_dicom_for_what_is_no_dicom(page: Page, server: LiveServer) -> None:
    page.get_by_role("combobox", name="Volume").select_option(label="ball")
    page.wait_for_function("slicecast.state('Red').background.name === 'ball'")
    begin(page, server)
    page.get_by_role("button", name="DICOM SEG").click()
    page.get_by_text("was not loaded from DICOM").wait_for()


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1400, 900)])
def test_a_finger_paints(browser: Browser, server: LiveServer, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=True)
    page = context.new_page()
    page.goto(f"{server.url}/viewer/")
    page.wait_for_function("slicecast?.picture('Red')?.flags & 2", timeout=30_000)
    page.get_by_role("button", name="Segment", exact=True).click()
    begin(page, server)
    page.get_by_role("button", name="Paint", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_function("slicecast.picture('Red')?.flags & 2")
    before = sum(sizes(server))
    x, y = spot(page, "Red", at_plane(page, "Red", (0.0, 0, 0)))
    page.touchscreen.tap(x, y)
    page.wait_for_timeout(700)
    assert sum(sizes(server)) > before
    context.close()
