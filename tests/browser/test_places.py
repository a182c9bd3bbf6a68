"""The page and the server mean the same pixels: what is clicked, what is drawn over a picture, and Slicer's XYToRAS."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer
from tests.support.phantoms import write_nrrd
from tests.support.viewer import pixels, viewer, wait_fitted

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
    window = b"""
display = slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLScalarVolumeNode').GetDisplayNode()
display.AutoWindowLevelOff()
display.SetWindowLevel(1000, 500)
"""
    assert live.request("POST", "/slicer/exec", window).status == 200
    yield live
    live.stop()


@pytest.fixture(params=[1, 2])
def page(browser: Browser, server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Page]:
    for markup in server.get("/api/markups").json()["markups"]:
        server.request("DELETE", f"/api/markups/{markup['id']}")
    with viewer(browser, server.url, device_scale_factor=request.param) as found:
        found.locator("#rail-tools").click()
        found.get_by_role("button", name="Distance").wait_for()
        wait_fitted(found, "Red", "Green", "Yellow")
        yield found


def xy_to_ras(page: Page, server: LiveServer, view: str, size: tuple[int, int]) -> NDArray[np.float64]:
    """(4, 4) what a slice node of this view makes of pixels counted from the bottom left."""
    state = page.evaluate(f"slicecast.state('{view}')")
    mm = max(state["fov"][0] / size[0], state["fov"][1] / size[1])
    code = f"""
import slicer
view = slicer.mrmlScene.GetNodeByID('vtkMRMLSliceNode{view}')
node = slicer.vtkMRMLSliceNode()
node.GetSliceToRAS().DeepCopy(view.GetSliceToRAS())
node.SetDimensions({size[0]}, {size[1]}, 1)
node.SetFieldOfView({size[0] * mm}, {size[1] * mm}, 1)
node.UpdateMatrices()
__execResult = {{'matrix': [node.GetXYToRAS().GetElement(r, c) for r in range(4) for c in range(4)]}}
"""
    answer = server.request("POST", "/slicer/exec", code.encode()).json()
    return np.array(answer["matrix"]).reshape(4, 4)


def test_a_click_on_a_pixel_means_what_slicer_says_it_does(page: Page, server: LiveServer) -> None:
    page.get_by_role("button", name="Points", exact=True).click()
    for count, view in enumerate(("Red", "Green", "Yellow"), 1):
        check_click(page, server, view, count)


def check_click(page: Page, server: LiveServer, view: str, count: int) -> None:
    box = page.locator(f".view-{view} .surface").bounding_box()
    assert box is not None
    ratio = page.evaluate("devicePixelRatio")
    width, height = page.evaluate(f"(({{ width, height }}) => [width, height])(slicecast.picture('{view}'))")
    x, y = round(box["x"] + 0.4 * box["width"]), round(box["y"] + 0.6 * box["height"])
    # The pixel of the picture whose middle lies in the middle of the screen's; a box may begin and end between those.
    column = (x + 0.5 / ratio - box["x"]) / box["width"] * width - 0.5
    row = (y + 0.5 / ratio - box["y"]) / box["height"] * height - 0.5
    page.mouse.click(x, y)
    page.wait_for_function(f"slicecast.markups()[0]?.points?.length === {count}")
    matrix = xy_to_ras(page, server, view, (width, height))
    wanted = matrix @ (column, height - 1 - row, 0, 1)
    mm = float(np.linalg.norm(matrix[:3, 0]))
    assert np.allclose(server.get("/api/markups").json()["markups"][0]["points"][-1], wanted[:3], atol=0.02 * mm)
    # And it is drawn in the middle of that pixel.
    handle = page.locator(f".view-{view} .marks .handle.chosen").bounding_box()
    assert handle is not None
    drawn = (handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    assert drawn == pytest.approx((x + 0.5 / ratio, y + 0.5 / ratio), abs=0.06 / ratio)


def test_what_the_page_draws_lies_over_what_the_picture_shows(page: Page, server: LiveServer) -> None:
    # The pictures first: a point of the scene would be drawn over them. Slices go through the middle of what is loaded.
    bright = {view: brightest(page, view) for view in ("Red", "Green", "Yellow")}
    wanted = {"kind": "points", "name": "Voxel", "points": [CENTRE]}
    server.request("POST", "/api/markups", json.dumps(wanted).encode())
    page.get_by_role("button", name="Choose Voxel").click()
    for view, (centre, (width, height)) in bright.items():
        box = page.locator(f".view-{view} .surface").bounding_box()
        handle = page.locator(f".view-{view} .marks .handle").first.bounding_box()
        assert box is not None
        assert handle is not None
        x = (handle["x"] + handle["width"] / 2 - box["x"]) / box["width"] * width
        y = (handle["y"] + handle["height"] / 2 - box["y"]) / box["height"] * height
        assert (x, y) == pytest.approx(centre, abs=0.2)


def brightest(page: Page, view: str) -> tuple[list[float], tuple[int, int]]:
    """The middle of what is bright in a picture, and the picture's size, device pixels."""
    page.wait_for_function(f"slicecast.picture('{view}').flags & 4")
    grey = pixels(page, view)[..., 0].astype(float)
    assert grey.max() > 200
    spots = np.maximum(grey - grey.max() / 2, 0)
    rows, columns = np.indices(spots.shape)
    centre = [float((spots * index).sum() / spots.sum()) + 0.5 for index in (columns, rows)]  # in device pixels
    return centre, (grey.shape[1], grey.shape[0])
