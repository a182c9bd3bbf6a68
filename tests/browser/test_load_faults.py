"""Whoever opens the viewer sees what the server could not load at its start, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.panels import SEEN
from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

DIMS = (16, 16, 16)
AFFINE = centred(np.eye(3), (4.0, 4.0, 4.0), DIMS)
WHY = "broken.nrrd has no sizes in its NRRD header"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.nrrd"
    path.write_bytes(b"NRRD0004\njunk")
    return path


@contextmanager
def opened(browser: Browser, live: LiveServer) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{live.url}/viewer/")
    yield page
    context.close()
    assert faults == []


def test_an_empty_scene_says_what_failed_until_something_is_loaded(browser: Browser, broken: Path, tmp_path: Path) -> None:
    live = LiveServer(broken).wait()
    try:
        with opened(browser, live) as page:
            card = page.locator(".scene-state.empty")
            expect(card).to_contain_text("Nothing is loaded", timeout=30_000)
            expect(card.get_by_role("region", name="Could not be loaded")).to_contain_text(WHY)
            good = write_nrrd(tmp_path / "good.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
            page.locator("input[type=file]").first.set_input_files(good)
            page.wait_for_function(SEEN, timeout=30_000)
            expect(page.locator(".load-faults")).to_have_count(0)
    finally:
        live.stop()


def test_a_partly_loaded_scene_says_so_until_it_is_dismissed(browser: Browser, broken: Path, tmp_path: Path) -> None:
    good = write_nrrd(tmp_path / "good.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    second = tmp_path / "second.nrrd"
    second.write_bytes(b"no image")
    live = LiveServer(broken, good, second).wait()
    try:
        with opened(browser, live) as page:
            page.wait_for_function(SEEN, timeout=30_000)
            notice = page.get_by_role("region", name="Could not be loaded")
            expect(notice.get_by_role("listitem")).to_have_count(2)
            expect(notice.get_by_role("listitem").first).to_contain_text(WHY)
            notice.get_by_role("button", name="Dismiss: broken.nrrd").press("Enter")
            expect(notice.get_by_role("listitem")).to_have_count(1)
            expect(notice).to_contain_text("second.nrrd")
            with opened(browser, live) as later:
                expect(later.get_by_role("region", name="Could not be loaded")).to_contain_text("second.nrrd", timeout=30_000)
                later.get_by_role("button", name="Dismiss: second.nrrd").click()
            expect(notice).to_have_count(0)
    finally:
        live.stop()
