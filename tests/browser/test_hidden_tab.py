"""A tab that is really hidden, behind another, for longer than the server waits for a client that was lost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.support.link import link_to
from tests.support.live import LiveServer
from tests.support.tabs import Tab, Tabs, real_tabs

pytestmark = pytest.mark.timeout(300)

RESUME_S, IDLE_S, HIDDEN_S = 3.0, 15.0, 34.0
"""Minutes in life: here the server is as much less patient."""
EXACT = "['Red', '1'].every(v => window.slicecast?.picture(v)?.flags & 4)"
OLD = "document.querySelectorAll('.view:not([style*=none]) .surface.stale').length"


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(stream_resume_s=RESUME_S, stream_idle_s=IDLE_S).wait()
    yield live
    live.stop()


@pytest.fixture
def tabs() -> Iterator[Tabs]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with real_tabs(CHROMIUM, FLAGS) as found:
        yield found


def opened(tabs: Tabs, port: int) -> Tab:
    tab = tabs.open(f"http://127.0.0.1:{port}/viewer/")
    tab.wait_for(EXACT)
    assert tab.evaluate("document.visibilityState") == "visible"
    tab.evaluate("window.drawn = 0; slicecast.follow('Red', () => { window.drawn += 1; }); 0")
    tab.evaluate("window.told = new Set(); setInterval(() => told.add(slicecast.status()), 50); 0")
    return tab


def hide(tabs: Tabs, tab: Tab) -> Tab:
    other = tabs.open()
    other.front()
    tab.wait_for("document.visibilityState === 'hidden'")
    return other


def test_a_hidden_tab_keeps_its_connection_draws_nothing_and_catches_up(tabs: Tabs, server: LiveServer) -> None:
    tab = opened(tabs, server.port)
    hide(tabs, tab)
    came = -1
    while came != (came := tab.evaluate("window.drawn")):
        time.sleep(2)  # what was under way comes to its end
    drawn, offset = tab.evaluate("window.drawn"), tab.evaluate("slicecast.state('Red').offset")
    until = time.monotonic() + HIDDEN_S  # more than twice what the server takes for the silence of the dead
    while time.monotonic() < until:
        server.get(f"/slice?view=red&offset={offset - 12}")
        time.sleep(0.5)
        server.get(f"/slice?view=red&offset={offset - 24}")
        time.sleep(0.5)
    assert tab.evaluate("window.drawn") == drawn
    assert tab.evaluate("[...told]") == ["open"]  # its heart beats though its timers are slow
    tab.evaluate(
        """window.lies = 0;
        document.addEventListener('visibilitychange', () => {
            const before = slicecast.picture('Red').rev;
            const look = () => {
                const isOld = document.querySelector('.view-Red .surface').matches('.stale');
                if (slicecast.picture('Red').rev !== before) return;
                if (!isOld) window.lies += 1;
                requestAnimationFrame(look);
            };
            setTimeout(look, 150);  // when the page has heard of it
        }); 0"""
    )
    tab.front()
    tab.wait_for(f"{EXACT} && Math.abs(slicecast.state('Red').offset - {offset - 24}) < 0.1 && {OLD} === 0")
    assert tab.evaluate("window.lies") == 0


def test_a_hidden_tab_that_was_forgotten_goes_on_where_it_was(tabs: Tabs, server: LiveServer) -> None:
    with link_to(server.port) as link:
        tab = opened(tabs, link.port)
        tab.evaluate("document.querySelector('#rail-share').click()")
        tab.wait_for("document.querySelector('#sidebar input[type=checkbox]')")
        tab.evaluate(
            "[...document.querySelectorAll('#sidebar label')].find(l => l.textContent.includes('Look around')).click()"
        )
        shared = tab.evaluate("slicecast.state('Red').offset")
        focus = "document.querySelector('.view-Red .surface')"
        tab.evaluate(f"{focus}.focus(); 0")
        for _ in range(4):
            tab.evaluate(f"{focus}.dispatchEvent(new KeyboardEvent('keydown', {{key: 'ArrowUp', bubbles: true}})); 0")
        tab.wait_for(f"slicecast.state('Red').offset > {shared} + 5")
        mine = tab.evaluate("slicecast.state('Red').offset")
        tab.wait_for(EXACT)
        assert server.get("/slice?view=red").status == 200
        hide(tabs, tab)
        link.is_cut = True
        tab.wait_for("slicecast.status() !== 'open'")
        time.sleep(RESUME_S + 2)  # by now the server has forgotten it
        link.is_cut = False
        tab.front()
        tab.wait_for(f"slicecast.status() === 'open' && {EXACT} && {OLD} === 0")
        assert tab.evaluate("slicecast.state('Red').offset") == pytest.approx(mine)  # its own place, not that of the others
        tab.evaluate(f"{focus}.dispatchEvent(new KeyboardEvent('keydown', {{key: 'ArrowUp', bubbles: true}})); 0")
        tab.wait_for(f"slicecast.state('Red').offset > {mine} + 1")
