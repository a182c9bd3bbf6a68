"""The viewer of a further session shows that session's scene, and changes nothing in others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, expect

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.viewer import middle


def test_the_viewer_of_a_further_session(browser: Browser, server: LiveServer, tmp_path: Path) -> None:
    before = server.get("/slicer/volumes").json()
    assert server.request("POST", "/api/sessions", b'{"id": "second"}').status == 201
    dims = (20, 20, 20)
    affine = centred(np.eye(3), (4.0, 4.0, 4.0), dims)
    scan = write_nrrd(tmp_path / "phantom.nrrd", octant_volume(affine, dims), affine)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.url}/sessions/second/viewer/")
    expect(page.get_by_text("Nothing is loaded")).to_be_visible(timeout=60_000)
    page.locator("input[type=file]").first.set_input_files(scan)
    page.wait_for_function("window.slicecast?.picture('Red')?.flags & 4", timeout=60_000)
    assert [one["name"] for one in server.get("/sessions/second/slicer/volumes").json()] == ["phantom"]
    offset = page.evaluate("slicecast.state('Red').offset")
    page.mouse.move(*middle(page, "Red"))
    page.mouse.wheel(0, -100)
    page.wait_for_function(f"slicecast.state('Red').offset !== {json.dumps(offset)}")
    page.locator("#rail-data").click()
    expect(page.locator("#sidebar").get_by_text("phantom").first).to_be_visible()
    assert server.get("/slicer/volumes").json() == before
    assert server.request("DELETE", "/api/sessions/second").status == 200
    context.close()
    assert faults == []
