"""Journeys: share a link that reproduces a view; two people in one session; figures and films."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.panels import close_viewer, open_panel, open_viewer, row
from tests.support.live import LiveServer


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(stream_resume_s=0.0).wait()
    yield live
    live.stop()


def state(page: Page, view: str = "Red") -> Any:
    return page.evaluate(f"slicecast.state('{view}')")


@pytest.fixture(autouse=True)
def nobody_left(browser: Browser) -> Iterator[None]:
    """Whose page a failed test has left open would be in the next one's company."""
    yield
    for context in browser.contexts:
        context.close()


def test_a_link_brings_the_view_back(browser: Browser, server: LiveServer) -> None:
    page = open_viewer(browser, server)
    server.get("/slice?view=red&offset=-150")
    server.get("/threeD?lookFromAxis=left")
    page.wait_for_function("Math.abs(slicecast.state('Red').offset + 150) < 0.01")
    open_panel(page, "Share")
    page.get_by_label("What it shows (optional)").fill("The lesion")
    page.get_by_role("button", name="Copy a link").click()
    link = page.get_by_label("The link", exact=True)
    link.wait_for()
    address = link.input_value()
    before = state(page), state(page, "1")["camera"]
    close_viewer(page)

    server.request("PUT", "/api/layout", b'{"layout": "Dual3D"}')
    server.get("/slice?view=red&orientation=sagittal")
    server.get("/threeD?lookFromAxis=anterior")
    page = open_viewer(browser, server, place=address.removeprefix(f"{server.url}/viewer/"))
    page.get_by_text("The lesion is shown.").wait_for(timeout=15_000)
    page.wait_for_function("slicecast.state('Red').orientation === 'Axial'")
    # Each view hears of it by itself.
    there = "x => Math.abs(slicecast.state('1').camera.position[0] - x) < 1e-3"
    page.wait_for_function(there, arg=before[1]["position"][0])
    after = state(page), state(page, "1")["camera"]
    np.testing.assert_allclose(after[0]["slice_to_ras"], before[0]["slice_to_ras"], atol=1e-6)
    np.testing.assert_allclose(after[1]["position"], before[1]["position"], atol=1e-3)
    assert [after[0][key] for key in ("window", "level", "fov")] == [before[0][key] for key in ("window", "level", "fov")]
    assert server.get("/api/layout").json()["layout"] == "FourUp"
    assert "#" not in page.url
    close_viewer(page)


def test_a_link_that_is_none_any_more_says_so(browser: Browser, server: LiveServer) -> None:
    page = open_viewer(browser, server, place="#view=AAAAAAAAAAAAAAAA")
    page.get_by_text("this shared view is not here any more").wait_for(timeout=15_000)
    close_viewer(page)


def test_two_people_see_each_other_point_and_hand_over(browser: Browser, server: LiveServer) -> None:
    ada = open_viewer(browser, server)
    open_panel(ada, "Share")
    ada.get_by_label("Your name").fill("Ada")
    ada.get_by_label("Your name").press("Enter")
    bea = open_viewer(browser, server)
    open_panel(bea, "Share")
    bea.get_by_label("Your name").fill("Bea")
    bea.get_by_label("Your name").press("Enter")
    people = ada.locator(".share-people")
    people.get_by_text("Bea", exact=True).wait_for()

    box = bea.locator(".view-Red .surface").bounding_box()
    assert box is not None
    bea.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4)
    bea.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.3)
    pointer = ada.locator(".view-Red .pointer")
    pointer.wait_for()
    assert pointer.inner_text() == "Bea"
    ada.wait_for_timeout(300)
    place = pointer.evaluate("p => [parseFloat(p.style.left), parseFloat(p.style.top)]")
    np.testing.assert_allclose(place, [25, 30], atol=1)  # the same shape of page, so the same place of the view

    ada.get_by_label("Role of Bea").select_option("watch")
    bea.get_by_text("You look around by yourself").first.wait_for()
    before = state(ada)["offset"]
    bea.locator(".view-Red .surface").focus()
    bea.keyboard.press("PageUp")
    bea.wait_for_function(f"Math.abs(slicecast.state('Red').offset - {before}) > 5")
    ada.wait_for_timeout(300)
    assert state(ada)["offset"] == before
    ada.get_by_label("Role of Bea").select_option("steer")
    bea.wait_for_function(f"Math.abs(slicecast.state('Red').offset - {before}) < 1e-6")
    ada.locator(".view-Red .surface").focus()
    ada.keyboard.press("ArrowUp")
    ada.wait_for_function(f"slicecast.state('Red').offset > {before}")
    bea.wait_for_function(f"slicecast.state('Red').offset > {before}")
    open_panel(bea, "Data")
    row(bea, "Volumes").wait_for()
    close_viewer(bea)
    people.get_by_text("Bea", exact=True).wait_for(state="detached")
    close_viewer(ada)


def test_a_link_opened_beside_others_asks_first(browser: Browser, server: LiveServer) -> None:
    ada = open_viewer(browser, server)
    made = server.request("POST", "/api/shared-views", b"{}").json()["path"]
    server.get("/slice?view=red&offset=-190")
    ada.wait_for_function("Math.abs(slicecast.state('Red').offset + 190) < 0.01")
    bea = open_viewer(browser, server, place=made.removeprefix("/viewer/"))
    dialog = bea.get_by_role("dialog", name="Show this view to everybody?")
    dialog.get_by_role("button", name="Only for me").click()
    bea.wait_for_function("Math.abs(slicecast.state('Red').offset + 190) > 1")
    ada.wait_for_timeout(500)
    assert abs(state(ada)["offset"] + 190) < 0.01
    close_viewer(bea)
    close_viewer(ada)


def test_a_figure_has_its_scale_bar_and_a_film_plays(browser: Browser, server: LiveServer, tmp_path: Path) -> None:
    page = open_viewer(browser, server)
    open_panel(page, "Share")
    page.get_by_label("Picture of").select_option("Red")
    page.get_by_label("Annotations").uncheck()
    size = page.locator(".view-Red .surface").bounding_box()
    assert size is not None
    pictures = {}
    for bar in (True, False):
        page.get_by_label("Scale bar").set_checked(bar)
        with page.expect_download() as download:
            page.get_by_role("button", name="Save PNG").click()
        pictures[bar] = np.asarray(Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).convert("L")).astype(int)
    assert pictures[True].shape == (round(size["height"] * 2), round(size["width"] * 2))
    differs = np.abs(pictures[True] - pictures[False]) > 60
    columns = np.nonzero(differs.any(axis=0))[0]
    assert np.nonzero(differs.any(axis=1))[0].min() > pictures[True].shape[0] * 0.8  # the bar is at the bottom
    fov = state(page)["fov"]
    mm = max(fov[0] / pictures[True].shape[1], fov[1] / pictures[True].shape[0])
    length_mm = (columns.max() - columns.min()) * mm
    assert min(abs(length_mm - round_mm) / round_mm for round_mm in (20, 50, 100, 200)) < 0.08
    page.get_by_label("Length of the film").select_option("3")
    page.get_by_label("Resolution of the film").select_option("480")
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Make the film").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.stat().st_size > 20_000
    played = page.evaluate(
        """async bytes => {
          const video = document.createElement('video');
          video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)]));
          video.muted = true;
          await video.play();
          await new Promise(done => { video.onended = done; });
          return [video.videoHeight, video.currentTime];
        }""",
        list(path.read_bytes()),
    )
    assert played[0] == 480
    assert 2.5 < played[1] < 4.0
    close_viewer(page)
