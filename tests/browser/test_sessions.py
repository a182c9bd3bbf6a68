"""The viewer and the pages of a further session show that session's scene, and change nothing in others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
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


STATIC = re.compile(r"/demos/built/|/sessions/third/")
ASKED = {
    "img": "slice", "linked": "slice", "timecube": "timeimage", "threeDCube": "threeD", "gltf": "slicer/threeDGraphics",
    "embed": "stream", "texture": "stream", "tracker": "stream", "tool": "stream", "latency": "stream",
    "phone": "slicer/tracking", "react": "api/nodes",
}  # fmt: skip


@pytest.fixture(scope="module")
def third(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """With a session of that name, which has a scan of its own."""
    assert server.request("POST", "/api/sessions", b'{"id": "third"}').status == 201
    dims = (20, 20, 20)
    affine = centred(np.eye(3), (4.0, 4.0, 4.0), dims)
    scan = write_nrrd(tmp_path_factory.mktemp("third") / "phantom.nrrd", octant_volume(affine, dims), affine)
    place = f"/sessions/third/api/uploads/{server.request('POST', '/sessions/third/api/uploads', b'').json()['id']}"
    assert server.request("PUT", f"{place}/phantom.nrrd", scan.read_bytes()).status == 201
    wanted = json.dumps({"upload": place.rpartition("/")[2]}).encode()
    assert server.request("POST", "/sessions/third/api/load", wanted).status == 200
    yield server
    server.request("DELETE", "/api/sessions/third")


@pytest.mark.parametrize("name", ASKED)
def test_demos_are_of_the_session_below_which_they_are_opened(browser: Browser, third: LiveServer, name: str) -> None:
    page = browser.new_page()
    faults: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("response", lambda answer: answer.status >= 400 and faults.append(f"{answer.status} {answer.url}"))
    page.goto(f"{third.url}/sessions/third/demos/{name}.html")
    wanted = f"/sessions/third/{ASKED[name]}"
    for _ in range(600):
        if any(urlsplit(url).path == wanted for url in asked):
            break
        page.wait_for_timeout(50)
    else:
        pytest.fail(f"nobody asked for {wanted}: {asked}")
    if name == "embed":
        page.wait_for_function("document.querySelector('slicecast-view').state?.background?.name === 'phantom'")
    elif name == "img":
        page.wait_for_function("[...document.images].every((image) => image.naturalWidth > 0)")
    elif name in ("tracker", "tool"):
        for _ in range(600):
            if third.get("/sessions/third/slicer/mrml/ids?name=trackingDevice").json():
                break
            page.wait_for_timeout(50)
        assert third.get("/sessions/third/slicer/mrml/ids?name=trackingDevice").json()
    page.close()
    assert [url for url in asked if not url.startswith("blob:") and not STATIC.match(urlsplit(url).path)] == []
    assert third.get("/slicer/mrml/ids?name=trackingDevice").json() == []
    assert faults == []


@pytest.mark.parametrize("place", ["", "demos/", "demos", "ServerTests"])
def test_links_of_pages_stay_in_the_session(browser: Browser, third: LiveServer, place: str) -> None:
    page = browser.new_page()
    page.goto(f"{third.url}/sessions/third/{place}")
    found = page.evaluate("[...document.links].map((link) => link.href).concat([...document.images].map((one) => one.src))")
    own = [url for url in found if url.startswith(third.url)]
    assert len(own) > 5
    assert [url for url in own if not url.startswith(f"{third.url}/sessions/third/")] == []
    page.close()
