"""Two people change the same thing at the same time: nobody's work is lost, both see the same, and what went away is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_journey_segments import (
    AFFINE,
    at_plane,
    begin,
    drag,
    moved,
    newest,
    phantom,
    set_radius,
    sizes,
    spot,
)  # fmt: skip
from tests.support.live import LiveServer
from tests.support.phantoms import write_nrrd
from tests.support.viewer import wait_exact

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(write_nrrd(tmp_path_factory.mktemp("scan") / "ball.nrrd", phantom(), AFFINE)).wait()
    yield live
    live.stop()


@pytest.fixture
def people(browser: Browser, server: LiveServer) -> Iterator[tuple[Page, Page]]:
    """Ada and Bea, who both look at the scene."""
    faults: list[str] = []
    pages = []
    for name in ("Ada", "Bea"):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(f"""localStorage.setItem("slicecast.name", JSON.stringify("{name}"))""")
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{server.url}/viewer/")
        wait_exact(page, "Red", "Green", "Yellow")
        pages.append(page)
    yield pages[0], pages[1]
    for page in pages:
        page.context.close()
    assert faults == []


def line(server: LiveServer, *points: Any) -> str:
    body = json.dumps({"kind": "line", "name": "Shared", "points": [list(map(float, p)) for p in points]})
    made = server.request("POST", "/api/markups", body.encode())
    assert made.status in (200, 201), made.body
    return str(made.json()["id"])


def told(server: LiveServer) -> dict[str, Any]:
    return {one["id"]: one for one in server.get("/api/markups").json()["markups"]}


def has_line(page: Page, number: str, points: Any, within_mm: float = 1.5) -> None:
    """Wait until the page's line has these points."""
    page.wait_for_function(
        """([id, wanted, near]) => {
            const found = slicecast.markups().find(m => m.id === id)?.points;
            return found && wanted.every((p, i) => Math.hypot(...p.map((v, a) => v - found[i][a])) < near);
        }""",
        arg=[number, [list(map(float, p)) for p in points], within_mm],
    )


def test_two_ends_of_a_line_are_dragged_by_two(people: tuple[Page, Page], server: LiveServer) -> None:
    ada, _bea = people
    first, second = (at_plane(ada, "Red", place) for place in ((-20.0, 0, 0), (20.0, 0, 0)))
    number = line(server, first, second)
    for page in people:
        has_line(page, number, (first, second))
    ends = moved(first, 0, 25, 0), moved(second, 0, -25, 0)
    for page, place in zip(people, (first, second), strict=True):
        page.mouse.move(*spot(page, "Red", place))
        page.mouse.down()
    for step in range(1, 11):  # in turn, while both hold their end
        for page, begun, end in zip(people, (first, second), ends, strict=True):
            page.mouse.move(*spot(page, "Red", begun + (end - begun) * step / 10))
    for page in people:
        page.mouse.up()
    for page in people:
        has_line(page, number, ends)
    np.testing.assert_allclose(told(server)[number]["points"], ends, atol=1.5)
    server.request("DELETE", f"/api/markups/{number}")


def test_a_line_goes_while_somebody_drags_it(people: tuple[Page, Page], server: LiveServer) -> None:
    ada, bea = people
    first, second = (at_plane(ada, "Red", place) for place in ((-20.0, 0, 0), (20.0, 0, 0)))
    number = line(server, first, second)
    for page in people:
        has_line(page, number, (first, second))
    ada.mouse.move(*spot(ada, "Red", first))
    ada.mouse.down()
    ada.mouse.move(*spot(ada, "Red", moved(first, 0, 10, 0)), steps=4)
    bea.mouse.click(*spot(bea, "Red", second))
    bea.keyboard.press("Delete")
    ada.wait_for_function("id => slicecast.markups().every(m => m.id !== id)", arg=number)
    ada.mouse.move(*spot(ada, "Red", moved(first, 0, 25, 0)), steps=4)
    ada.mouse.up()
    ada.locator(".toasts").get_by_text("Shared").or_(ada.locator(".toasts").get_by_text(number)).first.wait_for()
    assert number not in told(server)
    for page in people:
        page.wait_for_function("id => slicecast.markups().every(m => m.id !== id)", arg=number)
    # Both go on.
    again = line(server, first, second)
    for page in people:
        has_line(page, again, (first, second))
    server.request("DELETE", f"/api/markups/{again}")


def test_a_segment_is_painted_by_two(people: tuple[Page, Page], server: LiveServer) -> None:
    ada, bea = people
    for page in people:
        page.get_by_role("button", name="Segment", exact=True).click()
    begin(ada, server)
    bea.locator(".segment-list li").first.wait_for()
    places = [at_plane(ada, "Red", place) for place in ((-20.0, 10, 0), (20.0, 10, 0))]
    for page in people:
        page.get_by_role("button", name="Paint", exact=True).click()
        set_radius(page, 6.0)
    for page, place in zip(people, places, strict=True):
        page.mouse.move(*spot(page, "Red", place))
        page.mouse.down()
    for step in range(1, 9):
        for page, place in zip(people, places, strict=True):
            page.mouse.move(*spot(page, "Red", moved(place, 0, -2.5 * step, 0)))
    for page in people:
        page.mouse.up()
    # Each has painted a bar of 12 mm across and 32 mm with its ends: some 150 voxels of 1.5 mm in its one slice.
    settled(people, server, 250)
    both = sizes(server)[0]
    ada.locator(".view-Red .surface").focus()
    ada.keyboard.press("z")  # one history for all: the newest stroke goes, whoever made it, and only that
    ada.wait_for_function(SIZE + f" < {both - 80}", arg=newest(server)["id"])
    assert sizes(server)[0] > both * 0.3
    ada.keyboard.press("y")
    ada.wait_for_function(SIZE + f" === {both}", arg=newest(server)["id"])

    # The segment goes while somebody paints it.
    ada.mouse.move(*spot(ada, "Red", places[0]))
    ada.mouse.down()
    node = newest(server)
    assert server.request("DELETE", f"/api/segmentations/{node['id']}/segments/{node['segments'][0]['id']}").status == 200
    ada.mouse.move(*spot(ada, "Red", moved(places[0], 0, -20, 0)), steps=6)
    ada.mouse.up()
    ada.locator(".toasts").get_by_text("segment").first.wait_for()
    for page in people:
        expect(page.locator(".segment-list li")).to_have_count(0)
    bea.get_by_role("button", name="Add segment").click()
    for page in people:
        expect(page.locator(".segment-list li")).to_have_count(1)
    drag(bea, "Red", at_plane(bea, "Red", (0.0, 0, 0)))
    bea.wait_for_function(SIZE + " > 20", arg=newest(server)["id"])


SIZE = "async id => Object.values((await (await fetch(`/api/segmentations/${id}/statistics`)).json()).segments)[0].voxels"


def settled(people: tuple[Page, Page], server: LiveServer, least: int) -> None:
    """Wait until the segment has so many voxels, and both pages pictures that are exact."""
    people[0].wait_for_function(SIZE + f" > {least}", arg=newest(server)["id"])
    for page in people:
        wait_exact(page, "Red")
