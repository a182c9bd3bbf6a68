"""The scene process dies, then the whole server: the viewer says so, shows nothing old as new, and comes back as it was."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.live import LiveServer, free_port
from tests.support.viewer import state, viewer, wait_exact, wait_state


@pytest.fixture
def port() -> int:
    return free_port()


def answers(live: LiveServer, timeout_s: float = 60.0) -> None:
    """Wait until a server that loads nothing answers."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        try:
            if live.get("/readyz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(live.log.read_text())


def test_a_crash_of_the_scene(browser: Browser) -> None:
    live = LiveServer().wait()
    try:
        with viewer(browser, live.url) as page:
            page.keyboard.press("Shift+R")
            page.get_by_role("button", name="CT skin").click()
            page.get_by_role("button", name="White", exact=True).click()
            wait_state(page, "1", "s.background_colors[0] === '#ffffff'")
            page.locator(".view-Red .surface").focus()
            page.keyboard.press("ArrowUp")
            page.locator(".view-Green .surface").focus()
            page.keyboard.press("h")
            wait_state(page, "Green", "s.edges.left === 'L'")
            wait_exact(page, "Red", "Green", "1")
            offset = state(page, "Red", "offset")
            os.kill(live.scene_pid(), signal.SIGKILL)
            page.get_by_role("heading", name="The scene restarts…").wait_for()
            expect(page.locator(".view-Red .surface.stale")).to_have_count(1)
            expect(page.get_by_role("heading", name="The scene restarts…")).to_have_count(0, timeout=40_000)
            wait_exact(page, "Red", "Green", "Yellow", "1")
            expect(page.locator(".surface.stale")).to_have_count(0)
            assert state(page, "Red", "offset") == pytest.approx(offset)
            assert state(page, "Green", "edges.left") == "L"
            assert page.evaluate("Object.values(slicecast.state('1').rendering)[0].preset") == "CT skin"
            assert state(page, "1", "background_colors") == ["#ffffff", "#ffffff"]
            page.locator(".view-Red .surface").focus()
            page.keyboard.press("ArrowUp")
            wait_state(page, "Red", f"s.offset > {offset}")
    finally:
        live.stop()


def test_a_server_that_goes_and_comes_back(browser: Browser, port: int, tmp_path: Path) -> None:
    live = LiveServer(port=port).wait()
    with viewer(browser, live.url) as page:
        live.stop()
        page.get_by_role("heading", name="Connection lost").wait_for(timeout=10_000)
        expect(page.locator(".view-Red .surface.stale")).to_have_count(1)
        again = LiveServer(port=port)
        try:
            again.wait()
            expect(page.get_by_role("heading", name="Connection lost")).to_have_count(0, timeout=20_000)
            wait_exact(page, "Red", "1")
            expect(page.locator(".surface.stale")).to_have_count(0)
        finally:
            again.stop()


def test_a_server_without_anything_says_what_to_do(browser: Browser) -> None:
    live = LiveServer(demo=False)
    try:
        answers(live)
        page = browser.new_page()
        page.goto(f"{live.url}/viewer/")
        page.get_by_role("heading", name="Nothing is loaded").wait_for(timeout=20_000)
        page.get_by_role("link", name="Studies").first.wait_for()
        with page.expect_file_chooser() as chooser:
            page.locator(".scene-state").get_by_role("button", name="Open files…").click()
        assert chooser.value.is_multiple()
        page.close()
    finally:
        live.stop()
