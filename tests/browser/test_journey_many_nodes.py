"""Journeys under bad conditions: ten thousand nodes in the scene; a volume that fails to load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.browser.panels import close_viewer, open_panel, open_viewer, row
from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

MAKE = """
import slicer
slicer.mrmlScene.StartState(slicer.mrmlScene.BatchProcessState)
for n in range(9000):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", f"Pose {n:04}")
for n in range(1000):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", f"Part {n:04}")
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetVisibility(n < 20)
slicer.mrmlScene.EndState(slicer.mrmlScene.BatchProcessState)
"""


@pytest.fixture(scope="module")
def crowded() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    done = live.request("POST", "/slicer/exec", MAKE.encode(), Content_Type="text/plain")
    assert done.status == 200, done.body
    yield live
    live.stop()


def test_ten_thousand_nodes_stay_quick(browser: Browser, crowded: LiveServer) -> None:
    page = open_viewer(browser, crowded)
    # Slicer's displayable managers take their time when a view first meets so many nodes; what follows is about the list.
    page.wait_for_function("['Red', 'Yellow', 'Green', '1'].every(v => slicecast.picture(v)?.flags & 4)", timeout=120_000)
    page.evaluate(
        """() => {
          window.blocked = [];
          new PerformanceObserver(list => window.blocked.push(...list.getEntries().map(e => e.duration)))
            .observe({ type: 'longtask' });
        }"""
    )
    begun = time.monotonic()
    open_panel(page, "Data")
    row(page, "Volumes").wait_for()
    assert time.monotonic() - begun < 5.0
    page.get_by_label("Kind").select_option("transform")
    row(page, "Pose 0000").wait_for()
    tree = page.locator(".data-tree")
    tree.focus()
    page.keyboard.press("End")
    row(page, "Pose 8999").wait_for(timeout=3000)
    assert page.locator(".data-row").count() < 100
    page.get_by_label("Kind").select_option("")
    page.get_by_role("searchbox", name="Search names").fill("part 0777")
    row(page, "Part 0777").wait_for(timeout=3000)
    row(page, "Part 0777").locator("input[type=color]").fill("#00ff00")
    page.wait_for_timeout(600)
    found = crowded.get("/api/nodes?search=part+0777").json()["rows"][0]
    assert found["color"] == "#00FF00"
    # Looking goes on: a wheel step is seen soon, and what another client adds comes into the list.
    page.get_by_role("searchbox", name="Search names").fill("newcomer")
    crowded.request("POST", "/slicer/exec", b"slicer.mrmlScene.AddNewNodeByClass('vtkMRMLTextNode', 'Newcomer')")
    row(page, "Newcomer").wait_for(timeout=5000)
    before = page.evaluate("slicecast.state('Red').offset")
    begun = time.monotonic()
    page.locator(".view-Red .surface").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"slicecast.state('Red').offset !== {before} && slicecast.picture('Red').n > 0")
    assert time.monotonic() - begun < 2.0
    blocked = page.evaluate("window.blocked")
    assert max(blocked, default=0) < 200, blocked
    close_viewer(page)


def test_a_volume_that_fails_to_load_harms_nothing(browser: Browser, tmp_path: Path) -> None:
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), (24, 20, 16))
    good = write_nrrd(tmp_path / "octants.nrrd", octant_volume(affine, (24, 20, 16)), affine)
    cut = tmp_path / "cut short.nrrd"
    cut.write_bytes(good.read_bytes()[:-200])
    live = LiveServer(good).wait()
    try:
        page = open_viewer(browser, live)
        open_panel(page, "Data")
        row(page, "octants").wait_for()
        before = live.get("/api/nodes").json()["rows"], page.evaluate("slicecast.state('Red').slice_to_ras")
        page.set_input_files(".data-files", str(cut))
        failed = page.locator(".data-loads li.failed")
        failed.wait_for(timeout=15_000)
        text = failed.inner_text()
        assert "cut short.nrrd was not loaded" in text
        assert len(failed.locator("p").inner_text()) > 10  # it says why
        assert (live.get("/api/nodes").json()["rows"], page.evaluate("slicecast.state('Red').slice_to_ras")) == before
        assert page.evaluate("slicecast.status()") == "open"
        failed.get_by_role("button", name="Try again").click()
        failed.wait_for(timeout=15_000)  # it fails again, and nothing piles up
        assert page.locator(".data-loads li").count() == 1
        failed.get_by_role("button", name="Dismiss").click()
        again = write_nrrd(tmp_path / "second.nrrd", octant_volume(affine, (24, 20, 16)), affine)
        page.set_input_files(".data-files", str(again))
        row(page, "second").wait_for(timeout=15_000)
        close_viewer(page)
    finally:
        live.stop()
