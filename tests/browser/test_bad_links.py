"""Bad connections: far and narrow, silent, cut, and a server that is killed and comes back with something else."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from tests.browser.panels import open_panel, row
from tests.support.link import Link, link_to
from tests.support.live import LiveServer, free_port
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.viewer import FOUR, middle, pixels, state, viewer, wait_exact, wait_state

pytestmark = pytest.mark.timeout(300)

MOST_UNDER_WAY = 16
"""Pictures of a connection that are not acknowledged (docs/stream.md)."""
FOLLOW = """() => {
    window.shown = [];
    slicecast.follow('Red', picture => picture && window.shown.push(picture.n));
}"""


@pytest.fixture
def far(server: LiveServer) -> Iterator[Link]:
    """2 Mbit/s and 200 ms there and back."""
    with link_to(server.port, 2, 0.2) as link:
        yield link


def old_views(page: Page) -> int:
    return page.locator(".view:visible .surface.stale").count()


def lies_further_right(page: Page, view: str, before: NDArray[np.uint8], by_px: int) -> None:
    """Wait until a view shows what it showed before, moved to the right; pages draw what a hand does a frame later."""
    wanted, until = before[:, 10 : -10 - by_px].astype(int), time.monotonic() + 10
    while np.abs(pixels(page, view)[:, 10 + by_px : -10].astype(int) - wanted).max() > 40:
        assert time.monotonic() < until, f"view {view} has not moved by {by_px} pixels"
        page.wait_for_timeout(100)


def test_a_far_and_narrow_link_is_worked_over(browser: Browser, server: LiveServer, far: Link) -> None:
    with viewer(browser, f"http://127.0.0.1:{far.port}", 900, 700) as page:
        page.mouse.move(*middle(page, "Red"))
        page.evaluate(FOLLOW)
        before = state(page, "Red", "offset")
        for step in range(100):
            page.mouse.wheel(0, -100 if step % 25 < 20 else 100)
            page.wait_for_timeout(30)
        last = page.evaluate("window.shown.length")
        wanted = state(page, "Red", "offset")
        assert wanted > before
        wait_exact(page, "Red")
        assert state(page, "Red", "offset") == wanted
        assert server.get("/api/scene").status == 200
        # What was under way when the hand came to rest, and then the stills: nothing had queued up.
        numbers = page.evaluate("window.shown")
        moving = [n for n in numbers[last:] if n < numbers[-1]]
        assert len(moving) <= MOST_UNDER_WAY, numbers
        assert len(set(numbers)) > 3  # pictures came while it was scrolled, not only at the end

        window = state(page, "Red", "window")
        x, y = middle(page, "Red")
        page.mouse.down()
        page.mouse.move(x + 60, y, steps=10)
        page.mouse.up()
        wait_state(page, "Yellow", f"s.window > {window}")
        wait_exact(page, *FOUR)
        assert old_views(page) == 0
        open_panel(page, "Data")
        row(page, "Volumes").wait_for()


def test_wheel_and_drags_show_here_before_the_server_answers(browser: Browser, far: Link) -> None:
    with viewer(browser, f"http://127.0.0.1:{far.port}", 900, 700) as page:
        x, y = middle(page, "Red")
        page.mouse.move(x, y)
        shown = pixels(page, "Red")
        rev = page.evaluate("slicecast.picture('Red').rev")
        far.is_silent = True  # nothing can come of the server
        before = state(page, "Red", "offset")
        origin = state(page, "Red", "origin")
        page.keyboard.down("Shift")
        page.mouse.down()
        page.mouse.move(x + 60, y, steps=6)
        page.mouse.up()
        page.keyboard.up("Shift")
        wait_state(page, "Red", f"s.origin[0] !== {origin[0]}")
        # The last picture lies where the next one will have it: 60 pixels further right.
        lies_further_right(page, "Red", shown, 60)
        page.mouse.wheel(0, -300)
        wait_state(page, "Red", f"s.offset > {before}")
        assert page.evaluate("slicecast.picture('Red').rev") == rev
        lies_further_right(page, "Red", shown, 60)
        offset = state(page, "Red", "offset")
        far.is_silent = False
        page.wait_for_function(f"slicecast.picture('Red').rev > {rev} && slicecast.picture('Red').flags & 4", timeout=60_000)
        assert state(page, "Red", "offset") == pytest.approx(offset)


def test_a_link_that_falls_silent_is_told_and_what_was_wished_meanwhile_is_done(browser: Browser, server: LiveServer) -> None:
    with link_to(server.port) as link, viewer(browser, f"http://127.0.0.1:{link.port}") as page:
        green = state(page, "Green", "offset")
        page.evaluate(FOLLOW)
        link.is_silent = True
        page.get_by_role("heading", name="Waiting for the server…").wait_for(timeout=60_000)  # without anybody asking anything
        assert old_views(page) == 4
        page.locator(".view-Red .surface").focus()
        before = state(page, "Red", "offset")
        for _ in range(5):
            page.keyboard.press("ArrowUp")
        wait_state(page, "Red", f"s.offset > {before}")
        wished = state(page, "Red", "offset")
        server.get(f"/slice?view=green&offset={green + 10}")
        # It is taken for dead, and the next attempts are as silent.
        page.wait_for_function("slicecast.status() !== 'open'", timeout=60_000)
        assert old_views(page) == 4
        link.is_silent = False
        page.wait_for_function("slicecast.status() === 'open'", timeout=60_000)
        wait_state(page, "Green", f"Math.abs(s.offset - {green + 10}) < 0.1", timeout=60_000)
        wait_state(page, "Red", f"Math.abs(s.offset - {wished}) < 0.1", timeout=60_000)
        page.wait_for_function("[...document.querySelectorAll('.surface')].every(s => !s.matches('.stale'))", timeout=60_000)
        numbers = page.evaluate("window.shown")
        assert numbers == sorted(numbers)
        people = server.get("/api/scene").status
        assert people == 200


def test_a_cut_link_is_mended_when_somebody_looks(browser: Browser, server: LiveServer) -> None:
    """Changes that were told to nobody meanwhile are there afterwards, in lists as well."""
    with link_to(server.port) as link, viewer(browser, f"http://127.0.0.1:{link.port}") as page:
        panel = open_panel(page, "Data")
        row(page, "Volumes").wait_for()
        link.is_cut = True
        page.get_by_role("heading", name="Connection lost").or_(page.get_by_role("heading", name="Connecting…")).wait_for()
        expect(page.locator(".view:visible .surface.stale")).to_have_count(4)
        made = server.request("POST", "/api/markups", b'{"kind": "points", "name": "Meanwhile", "points": [[0, 0, 0]]}')
        assert made.status in (200, 201), made.body
        link.is_cut = False
        row(page, "Meanwhile").wait_for(timeout=60_000)
        expect(page.locator(".view:visible .surface.stale")).to_have_count(0, timeout=60_000)
        page.wait_for_function(f"slicecast.markups().some(m => m.id === '{made.json()['id']}')")
        server.request("DELETE", f"/api/markups/{made.json()['id']}")
        expect(panel.locator(".data-name", has_text="Meanwhile")).to_have_count(0, timeout=60_000)


def test_a_server_that_is_killed_and_comes_back_with_another_scan(browser: Browser, tmp_path: Path) -> None:
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), (24, 20, 16))
    first = write_nrrd(tmp_path / "first.nrrd", octant_volume(affine, (24, 20, 16)), affine)
    second = write_nrrd(tmp_path / "second.nrrd", octant_volume(affine, (24, 20, 16))[:, ::-1].copy(), affine)
    port = free_port()
    live = LiveServer(first, port=port).wait()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        page.goto(f"{live.url}/viewer/")
        wait_exact(page, "Red", "Green", "Yellow")
        open_panel(page, "Data")
        row(page, "first").wait_for()
        # At no moment is a picture of the first scan shown as if it were of now.
        page.evaluate(
            """() => {
                window.lies = 0;
                const look = () => {
                    const name = slicecast.state('Red')?.background?.name;
                    const isOld = document.querySelector('.view-Red .surface').matches('.stale');
                    if (slicecast.status() !== 'open' && !isOld) window.lies += 1;
                    if (name !== 'first' && !isOld && !window.came) window.lies += 1;
                    requestAnimationFrame(look);
                };
                slicecast.follow('Red', () => {
                    if (slicecast.state('Red')?.background?.name !== 'first') window.came = true;
                });
                requestAnimationFrame(look);
            }"""
        )
        live.process.send_signal(signal.SIGKILL)
        live.process.wait(20)
        page.wait_for_function("slicecast.status() !== 'open'", timeout=60_000)
        expect(page.locator(".view:visible .surface.stale")).to_have_count(4)
        again = LiveServer(second, port=port)
        try:
            again.wait()
            wait_state(page, "Red", "s.background?.name === 'second'", timeout=60_000)
            wait_exact(page, "Red", "Green", "Yellow")
            row(page, "second").wait_for(timeout=60_000)
            expect(page.locator(".data-name", has_text="first")).to_have_count(0)
            expect(page.locator(".view:visible .surface.stale")).to_have_count(0, timeout=60_000)
            assert page.evaluate("window.lies") == 0
        finally:
            again.stop()
    finally:
        context.close()
        live.stop()
    assert faults == []
