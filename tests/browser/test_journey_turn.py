"""Planes and ROIs are turned by mouse, pen, finger and keys, in slices and in 3D; where they are then is told in RAS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from tests.support.live import LiveServer
from tests.support.phantoms import write_nrrd
from tests.support.viewer import spot, touch, wait_exact, wait_fitted

Vector = NDArray[np.float64]
IDENTITY = [1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
DEGREE = np.pi / 180


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    voxels = np.zeros((101, 101, 101), np.int16)
    voxels[40:60, 30:70, 20:80] = 400
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    affine[:3, 3] = (100, 100, -100)
    path = write_nrrd(tmp_path_factory.mktemp("scan") / "block.nrrd", voxels, affine)
    live = LiveServer(path, enable_exec=True).wait()
    yield live
    live.stop()


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    for markup in server.get("/api/markups").json()["markups"]:
        assert server.request("DELETE", f"/api/markups/{markup['id']}").status == 200
    context = browser.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
    found = context.new_page()
    faults: list[str] = []
    found.on("pageerror", lambda error: faults.append(str(error)))
    found.goto(f"{server.url}/viewer/")
    wait_exact(found, "Red", "Green", "1")
    found.locator("#rail-tools").click()
    found.get_by_role("button", name="Distance").wait_for()
    wait_fitted(found, "Red", "Green", "1")
    yield found
    context.close()
    assert faults == []


def make(page: Page, server: LiveServer, kind: str, size: list[float]) -> str:
    """A markup around the origin, along the patient's axes, chosen in the panel."""
    wanted = {"kind": kind, "name": "Mine", "frame": IDENTITY, "size": size}
    made = server.request("POST", "/api/markups", json.dumps(wanted).encode()).json()
    page.get_by_role("button", name="Choose Mine").click()
    page.wait_for_function("document.querySelectorAll('.view-Red .marks .turn').length === 1")
    return str(made["id"])


def handle(page: Page, view: str, n: int = 0) -> tuple[float, float]:
    """Where on the page a handle is that turns what is chosen."""
    box = page.locator(f".view-{view} .marks .turn circle").nth(n).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def finished(page: Page, count: int = 1) -> Iterator[None]:
    """What is done within ends when the server has taken this many last words on markups."""
    taken: list[str] = []
    page.on(
        "response", lambda one: taken.append(one.url) if one.request.method == "PUT" and "/api/markups/" in one.url else None
    )
    yield
    for _ in range(300):
        if len(taken) >= count:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{len(taken)} of {count} changes were taken")


def drag(page: Page, begin: tuple[float, float], end: tuple[float, float]) -> None:
    with finished(page):
        page.mouse.move(*begin)
        page.mouse.down()
        page.mouse.move(*end, steps=6)
        page.mouse.up()


def pen(page: Page, path: list[tuple[float, float]]) -> None:
    """A pen down, along a path, and up, as the browser's own input has it."""
    session = page.context.new_cdp_session(page)
    kinds = ["mouseMoved", "mousePressed", *["mouseMoved"] * (len(path) - 1), "mouseReleased"]
    for kind, (x, y) in zip(kinds, [path[0], *path, path[-1]], strict=True):
        held = {"button": "left", "buttons": 1, "clickCount": 1} if kind != kinds[0] else {}
        held = {**held, "buttons": 0} if kind == "mouseReleased" else held
        session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "pointerType": "pen", **held})
        page.wait_for_timeout(30)
    session.detach()


def axes(page: Page, server: LiveServer, node_id: str, wanted: list[list[float]], degrees: float = 1.5) -> None:
    """The node's axes, and no other than it has in MRML, once it has come to rest near these."""
    near = np.cos(degrees * DEGREE)
    page.wait_for_function(
        """([id, wanted, near]) => {
            const { frame } = slicecast.markups().find((one) => one.id === id);
            return wanted.every((axis, c) => axis.reduce((sum, v, row) => sum + v * frame[4 * row + c], 0) > near);
        }""",
        arg=[node_id, wanted, float(near)],
    )
    code = f"""
node = slicer.mrmlScene.GetNodeByID({node_id!r})
import vtk
matrix = vtk.vtkMatrix4x4()
if node.IsA('vtkMRMLMarkupsROINode'):
    matrix.DeepCopy(node.GetObjectToWorldMatrix())
else:
    node.GetObjectToWorldMatrix(matrix)
__execResult = {{'axes': [[matrix.GetElement(r, c) for r in range(3)] for c in range(3)]}}
"""
    until = 0
    while True:  # the last values of the drag may be on their way
        found = np.array(server.request("POST", "/slicer/exec", code.encode()).json()["axes"])
        if (np.einsum("ij,ij->i", found, np.array(wanted)) > near).all():
            break
        until += 1
        assert until < 50, found
        page.wait_for_timeout(100)
    assert np.linalg.det(found) == pytest.approx(1)  # turned, not mirrored


def undone(page: Page, node_id: str, steps: int) -> None:
    """After so many steps back it is where it was made."""
    for _ in range(steps):
        with page.expect_response("**/api/undo"):
            page.keyboard.press("Control+z")
    page.wait_for_function(
        """([id, frame]) => slicecast.markups().find((one) => one.id === id)
            ?.frame.every((v, n) => Math.abs(v - frame[n]) < 1e-9)""",
        arg=[node_id, IDENTITY],
    )


def test_an_roi_in_an_axial_slice_by_mouse(page: Page, server: LiveServer) -> None:
    node_id = make(page, server, "roi", [60, 30, 20])
    # From the front to the patient's left, which is at the right of the screen.
    drag(page, handle(page, "Red"), spot(page, (-60.0, 0.0, 0.0)))
    left = [[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    axes(page, server, node_id, left)
    size = page.evaluate("slicecast.markups()[0].size")
    assert size == pytest.approx([60, 30, 20])
    undone(page, node_id, 1)
    # The same in a slice that is flipped: the patient's left is on the other side of the screen.
    page.locator(".view-Red .surface").focus()
    page.keyboard.press("h")
    page.wait_for_function("slicecast.state('Red').slice_to_ras[0] > 0.9")
    drag(page, handle(page, "Red"), spot(page, (-60.0, 0.0, 0.0)))
    axes(page, server, node_id, left)
    undone(page, node_id, 1)
    page.keyboard.press("h")
    page.wait_for_function("slicecast.state('Red').slice_to_ras[0] < -0.9")


def test_an_roi_in_a_sagittal_slice_by_pen(page: Page, server: LiveServer) -> None:
    node_id = make(page, server, "roi", [60, 30, 40])
    begin = handle(page, "Yellow")
    # The handle is at the head's end; to the back, by 45 degrees.
    end = spot(page, (0.0, -50.0, 50.0), "Yellow")
    with finished(page):
        pen(page, [begin, ((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2), end])
    half = 0.5**0.5
    axes(page, server, node_id, [[1, 0, 0], [0, half, half], [0, -half, half]])
    undone(page, node_id, 1)


def test_a_plane_is_tilted_in_a_coronal_slice_by_a_finger(page: Page, server: LiveServer) -> None:
    node_id = make(page, server, "plane", [60, 60])
    begin = handle(page, "Green")
    middle = spot(page, (-40.0, 0.0, 40.0), "Green")
    with finished(page):
        touch(page, [begin, middle, spot(page, (-60.0, 0.0, 0.0), "Green")])
    # Its normal from the head to the patient's left; what pointed to the right points to the head.
    axes(page, server, node_id, [[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    undone(page, node_id, 1)


def seen(page: Page, ras: Vector) -> tuple[float, float]:
    """Where on the page a point is seen in 3D."""
    box = page.locator(".view-1 .surface").bounding_box()
    assert box is not None
    camera = page.evaluate("slicecast.state('1').camera")
    position, focal, up = (np.array(camera[name]) for name in ("position", "focal_point", "view_up"))
    ahead = (focal - position) / np.linalg.norm(focal - position)
    right = np.cross(ahead, up)
    right /= np.linalg.norm(right)
    arm = ras - position
    half = np.tan(np.radians(camera["view_angle"]) / 2) * float(arm @ ahead)
    scale = box["height"] / (2 * half)
    x, y = float(arm @ right) * scale, float(arm @ np.cross(right, ahead)) * scale
    return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 - y


def about(axis: int, degrees: float) -> Vector:
    """(3, 3) a turn about R, A or S, counterclockwise for who looks against it."""
    u, v = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[u, u] = turn[v, v] = np.cos(degrees * DEGREE)
    turn[v, u] = np.sin(degrees * DEGREE)
    turn[u, v] = -turn[v, u]
    return turn


def test_an_roi_in_3d_about_each_of_its_axes(page: Page, server: LiveServer) -> None:
    code = b"""
camera = slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLCameraNode')
camera.SetFocalPoint(0, 0, 0)
camera.SetPosition(-300, 420, 260)
camera.SetViewUp(0, 0, 1)
"""
    assert server.request("POST", "/slicer/exec", code).status == 200
    page.wait_for_function("Math.abs(slicecast.state('1').camera.position[1] - 420) < 1e-6")
    half = np.array([30.0, 25.0, 20.0])
    node_id = make(page, server, "roi", (2 * half).tolist())
    for axis in (0, 1, 2):
        begin = handle(page, "1", axis)
        # Where the handle is held: on an edge, pushed out by 26 pixels, whichever edge that is.
        distance = float(np.linalg.norm([300, 420, 260]))
        box = page.locator(".view-1 .surface").bounding_box()
        assert box is not None
        off = 26 * 2 * distance * np.tan(15 * DEGREE) / box["height"] / 2**0.5
        places = [(half + off) * np.insert(signs, axis, 0) for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
        place = min(places, key=lambda at: float(np.hypot(*np.subtract(seen(page, at), begin))))
        assert np.allclose(seen(page, place), begin, atol=1)
        turn = about(axis, 30)
        drag(page, begin, seen(page, turn @ place))
        axes(page, server, node_id, turn.T.tolist(), 2)
        undone(page, node_id, 1)


def test_by_keys(page: Page, server: LiveServer) -> None:
    node_id = make(page, server, "roi", [60, 30, 20])
    page.locator(".view-Red .surface").focus()
    with finished(page, 8):
        for _ in range(8):
            page.keyboard.press("Alt+Shift+ArrowRight")
    # Clockwise as it is seen: what points to the front goes to the patient's left.
    axes(page, server, node_id, about(2, 8).T.tolist(), 0.5)
    undone(page, node_id, 8)


def test_what_is_locked_or_not_chosen_has_no_such_handles(page: Page, server: LiveServer) -> None:
    node_id = make(page, server, "roi", [60, 30, 20])
    begin = handle(page, "Red")
    page.get_by_role("button", name="Lock Mine against dragging").click()
    page.wait_for_function("slicecast.markups()[0].locked")
    before: list[Any] = page.evaluate("slicecast.markups()[0].frame")
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*spot(page, (-60.0, 0.0, 0.0)), steps=4)
    page.mouse.up()
    assert server.get("/api/markups").json()["markups"][0]["frame"] == pytest.approx(before)
    assert node_id == page.evaluate("slicecast.markups()[0].id")
