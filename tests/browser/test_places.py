"""The page and the server mean the same pixels: what is clicked, what is drawn over a picture, and Slicer's XYToRAS."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer
from tests.support.phantoms import write_nrrd
from tests.support.viewer import pixels, viewer

CENTRE = (3.3, -7.9, 12.1)
"""Of the one bright voxel, RAS mm."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    voxels = np.zeros((31, 31, 31), np.int16)
    voxels[15, 15, 15] = 1000
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    affine[:3, 3] = np.array(CENTRE) - affine[:3, :3] @ (15, 15, 15)
    path = write_nrrd(tmp_path_factory.mktemp("scan") / "point.nrrd", voxels, affine)
    live = LiveServer(path, enable_exec=True).wait()
    yield live
    live.stop()


@pytest.fixture(params=[1, 2])
def page(browser: Browser, server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Page]:
    for markup in server.get("/api/markups").json()["markups"]:
        server.request("DELETE", f"/api/markups/{markup['id']}")
    with viewer(browser, server.url, device_scale_factor=request.param) as found:
        found.locator("#rail-tools").click()
        found.get_by_role("button", name="Distance").wait_for()
        found.wait_for_function(
            "['Red', 'Green', 'Yellow'].every((v) => slicecast.picture(v)?.flags & 4 && slicecast.picture(v).width"
            " === Math.round(document.querySelector(`.view-${v} .surface`).clientWidth * devicePixelRatio))"
        )
        yield found


def xy_to_ras(page: Page, server: LiveServer, view: str, size: tuple[int, int]) -> NDArray[np.float64]:
    """(4, 4) what a slice node of this view makes of pixels counted from the bottom left."""
    code = f"""
import slicer
view = slicer.mrmlScene.GetNodeByID('vtkMRMLSliceNode{view}')
node = slicer.vtkMRMLSliceNode()
node.GetSliceToRAS().DeepCopy(view.GetSliceToRAS())
node.SetDimensions({size[0]}, {size[1]}, 1)
mm = max({page.evaluate(f"slicecast.state('{view}').fov[0]")} / {size[0]}, {page.evaluate(f"slicecast.state('{view}').fov[1]")} / {size[1]})
node.SetFieldOfView({size[0]} * mm, {size[1]} * mm, 1)
node.UpdateMatrices()
__execResult = {{'matrix': [node.GetXYToRAS().GetElement(r, c) for r in range(4) for c in range(4)]}}
"""
    answer = server.request("POST", "/slicer/exec", code.encode()).json()
    return np.array(answer["matrix"]).reshape(4, 4)


@pytest.mark.parametrize("view", ["Red", "Green", "Yellow"])
def test_a_click_on_a_pixel_means_what_slicer_says_it_does(page: Page, server: LiveServer, view: str) -> None:
    box = page.locator(f".view-{view} .surface").bounding_box()
    assert box is not None
    ratio = page.evaluate("devicePixelRatio")
    width, height = round(box["width"] * ratio), round(box["height"] * ratio)
    x, y = round(box["x"] + 0.4 * box["width"]), round(box["y"] + 0.6 * box["height"])
    column, row = (x - box["x"]) * ratio, (y - box["y"]) * ratio
    page.get_by_role("button", name="Points", exact=True).click()
    page.mouse.click(x, y)
    page.wait_for_function("slicecast.markups()[0]?.points?.length === 1")
    matrix = xy_to_ras(page, server, view, (width, height))
    wanted = matrix @ (column, height - 1 - row, 0, 1)
    mm = float(np.linalg.norm(matrix[:3, 0]))
    assert np.allclose(server.get("/api/markups").json()["markups"][0]["points"][0], wanted[:3], atol=0.02 * mm)
    # And it is drawn in the middle of that pixel.
    handle = page.locator(f".view-{view} .marks .handle.chosen").bounding_box()
    assert handle is not None
    drawn = (handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    assert drawn == pytest.approx((x + 0.5 / ratio, y + 0.5 / ratio), abs=0.06 / ratio)


@pytest.mark.parametrize("view", ["Red", "Green", "Yellow"])
def test_what_the_page_draws_lies_over_what_the_picture_shows(page: Page, server: LiveServer, view: str) -> None:
    # The picture first: a point of the scene would be drawn over it.
    page.evaluate(f"slicecast.set('{view}', {{crosshair: {list(CENTRE)}}})")
    page.wait_for_function(f"Math.abs(slicecast.state('{view}').crosshair[0] - {CENTRE[0]}) < 1e-6")
    page.wait_for_function(f"slicecast.picture('{view}').flags & 4")
    page.wait_for_timeout(300)
    page.wait_for_function(f"slicecast.picture('{view}').flags & 4")
    grey = pixels(page, view)[..., 0].astype(float)
    spots = grey[20:-20, 20:-20]
    rows, columns = np.indices(spots.shape)
    centre = [float((spots * index).sum() / spots.sum()) + 20.5 for index in (columns, rows)]  # in device pixels
    assert spots.max() > 200
    server.request("POST", "/api/markups", {"kind": "points", "name": "Voxel", "points": [list(CENTRE)]})
    page.get_by_role("button", name="Choose Voxel").click()
    box = page.locator(f".view-{view} .surface").bounding_box()
    handle = page.locator(f".view-{view} .marks .handle").first.bounding_box()
    assert box is not None
    assert handle is not None
    ratio = page.evaluate("devicePixelRatio")
    drawn = [(handle["x"] + handle["width"] / 2 - box["x"]) * ratio, (handle["y"] + handle["height"] / 2 - box["y"]) * ratio]
    assert drawn == pytest.approx(centre, abs=0.2)
