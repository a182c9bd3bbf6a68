"""The data panel in a real Chromium: how things are shown, names, deleting and undo, saving, layers, keys, phone size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.panels import close_viewer, open_panel, open_viewer, row
from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    found = open_viewer(browser, server)
    open_panel(found, "Data")
    row(found, "Volumes").wait_for()
    yield found
    close_viewer(found)


def nodes(server: LiveServer, query: str = "count=500") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/api/nodes?{query}").json()["rows"]
    return found


def named(server: LiveServer, name: str) -> dict[str, Any]:
    return next(one for one in nodes(server) if one["name"] == name)


def test_segments_are_hidden_coloured_and_named(page: Page, server: LiveServer) -> None:
    segmentation = next(one for one in nodes(server) if one["kind"] == "segmentation")
    row(page, segmentation["name"], "segmentation").get_by_role("button", name="Open").click()
    segment = page.locator(".data-row.segment").first
    segment.wait_for()
    name = segment.locator(".data-name").inner_text()
    segment.get_by_role("button", name=f"Hide {name}").click()
    segment.get_by_role("button", name=f"Show {name}").wait_for()
    segment.locator("input[type=color]").fill("#12ab34")
    segment.click()
    box = page.get_by_label("Name", exact=True)
    box.fill("Renamed")
    box.press("Enter")
    row(page, "Renamed").wait_for()
    page.wait_for_timeout(400)
    found = next(one for one in nodes(server, f"toggled={segmentation['id']}") if one["kind"] == "segment")
    assert (found["name"], found["visible"], found["color"]) == ("Renamed", False, "#12AB34")


def test_what_others_change_shows(page: Page, server: LiveServer) -> None:
    markups = next(one for one in nodes(server) if one["kind"] == "markups")
    server.request("PATCH", f"/api/nodes/{markups['id']}", b'{"name": "From elsewhere"}', Content_Type="application/json")
    row(page, "From elsewhere").wait_for(timeout=3000)
    assert server.request("DELETE", f"/slicer/mrml?id={markups['id']}").status == 200
    row(page, "From elsewhere").wait_for(state="detached", timeout=3000)


def test_deleting_asks_first_and_can_be_taken_back(page: Page, server: LiveServer) -> None:
    segmentation = next(one for one in nodes(server) if one["kind"] == "segmentation")
    row(page, segmentation["name"], "segmentation").click()
    page.locator(".data-tree").press("Delete")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    assert named(server, segmentation["name"])
    page.locator(".data-tree").press("Delete")
    dialog.get_by_role("button", name="Delete").click()
    row(page, segmentation["name"], "segmentation").wait_for(state="detached")
    assert server.request("POST", "/api/undo").status == 200
    row(page, segmentation["name"], "segmentation").wait_for()


def test_a_node_is_saved_in_a_format_of_choice(page: Page, server: LiveServer, tmp_path: Path) -> None:
    volume = next(one for one in nodes(server) if one["kind"] == "volume")
    row(page, volume["name"]).click()
    page.locator(".data-facts", has_text="voxels").wait_for()
    page.get_by_label("Save as").select_option(".nii.gz")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save", exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"{volume['name']}.nii.gz"
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    page.get_by_text("Everything the node holds").click()
    page.locator(".data-values", has_text="ClassName").wait_for()


def test_layers_of_all_slice_views(browser: Browser, tmp_path: Path) -> None:
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), (24, 20, 16))
    paths = [write_nrrd(tmp_path / f"{name}.nrrd", octant_volume(affine, (24, 20, 16)), affine) for name in ("ct", "pet")]
    live = LiveServer(*paths).wait()
    try:
        page = open_viewer(browser, live)
        open_panel(page, "Data")
        layers = page.locator(".data-layers")
        layers.get_by_label("Background").select_option(label="ct")
        layers.get_by_label("Foreground", exact=True).select_option(label="pet")
        page.wait_for_function(
            "['Red', 'Green', 'Yellow'].every(v => slicecast.state(v).foreground?.name === 'pet' &&"
            " slicecast.state(v).background?.name === 'ct' && slicecast.state(v).foreground_opacity === 0.5)"
        )
        layers.get_by_label("Foreground: Opacity").fill("0.25")
        page.wait_for_function("slicecast.state('Yellow').foreground_opacity === 0.25")
        expect(row(page, "pet").locator(".data-badge")).to_have_text("F")
        row(page, "pet").get_by_role("button", name="Hide pet").click()
        page.wait_for_function("slicecast.state('Green').foreground === null")
        close_viewer(page)
    finally:
        live.stop()


def test_keys_alone_do_it_all(page: Page, server: LiveServer) -> None:
    tree = page.locator(".data-tree")
    tree.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    page.locator(".data-row.volume").first.wait_for(state="detached")
    page.keyboard.press("ArrowRight")
    page.locator(".data-row.volume").first.wait_for()
    page.keyboard.press("ArrowDown")
    volume = next(one for one in nodes(server) if one["kind"] == "volume")
    assert page.locator(".data-row[aria-selected=true] .data-name").inner_text().startswith(volume["name"])
    page.keyboard.press(" ")
    page.wait_for_function("slicecast.state('Red').background === null")
    page.keyboard.press(" ")
    page.wait_for_function("slicecast.state('Red').background !== null")
    page.keyboard.press("F2")
    page.wait_for_function("document.activeElement.tagName === 'INPUT'")
    page.keyboard.type("Chest")
    page.keyboard.press("Enter")
    row(page, "Chest").wait_for()
    assert page.evaluate("document.activeElement.className") == "data-tree"
    page.get_by_role("searchbox", name="Search names").fill("zzz")
    page.get_by_text("Nothing of this name.").wait_for()
    page.get_by_role("searchbox", name="Search names").press("Escape")
    row(page, "Chest").wait_for()


def test_on_a_phone_nothing_overflows(browser: Browser, server: LiveServer) -> None:
    page = open_viewer(browser, server, {"width": 360, "height": 740})
    open_panel(page, "Data")
    row(page, "Volumes").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(
        "document.querySelector('.data-panel').scrollWidth <= document.querySelector('.data-panel').clientWidth"
    )
    close_viewer(page)


def test_samples_and_addresses_are_asked_for(page: Page) -> None:
    page.get_by_role("button", name="Add…").click()
    page.get_by_role("menuitem", name="Sample data…").click()
    page.get_by_role("dialog").get_by_role("button", name="MRHead", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add…").click()
    page.get_by_role("menuitem", name="From an address…").click()
    page.get_by_label(re.compile("Address")).fill("http://127.0.0.1:9/secret.nrrd")
    page.get_by_role("dialog").get_by_role("button", name="Load").click()
    failed = page.locator(".data-loads li.failed")
    failed.wait_for(timeout=15_000)
    assert "secret.nrrd was not loaded" in failed.inner_text()
    failed.get_by_role("button", name="Dismiss").click()
    failed.wait_for(state="detached")
