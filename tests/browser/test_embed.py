"""The client module and the element in pages: the demo page, and a page of another origin that was let in."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.live import LiveServer, free_port

PAGE = """<!doctype html><title>elsewhere</title>
<slicecast-view view="coronal" server="{server}" style="width:300px;height:300px"></slicecast-view>
<script type="module" src="{server}/slicecast-client.js"></script>"""
INK = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height), context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(Array.from(data).filter((_, i) => i % 4 == 0)).size;
}"""


def wait(page: Any, condition: str, timeout_ms: int = 30_000) -> None:
    page.wait_for_function(condition, timeout=timeout_ms, polling=50)


def test_element_and_canvas_show_and_move_the_views(demo: LiveServer, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{demo.url}/demos/embed.html")
    wait(page, "document.title.startsWith('volume') && document.querySelector('slicecast-view').state")
    element = page.locator("slicecast-view")
    assert element.evaluate(f"e => ({INK})(e.shadowRoot.querySelector('canvas'))") > 20
    assert page.locator("#volume").evaluate(INK) > 20
    letters = element.evaluate(
        "e => ['left', 'right', 'top', 'bottom'].map(x => e.shadowRoot.querySelector('.' + x).textContent)"
    )
    assert letters == ["R", "L", "A", "P"]
    before = element.evaluate("e => e.state.offset")
    element.hover()
    page.mouse.wheel(0, -300)
    wait(page, f"document.querySelector('slicecast-view').state.offset > {before} + 5")
    element.evaluate("e => e.set({ offset: -100 })")
    wait(page, "document.querySelector('#said').textContent === 'axial at -100.0 mm'")
    element.evaluate("e => e.setAttribute('view', 'yellow')")
    wait(page, "document.querySelector('slicecast-view').state?.orientation === 'Sagittal'")
    element.evaluate("e => e.remove()")
    assert faults == []
    page.close()


def test_an_element_with_a_camera_of_its_own_moves_alone(demo: LiveServer, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.goto(f"{demo.url}/demos/embed.html")
    wait(page, "document.querySelector('slicecast-view').state")
    page.evaluate(
        """() => {
          const own = document.querySelector('slicecast-view').cloneNode();
          own.id = 'own';
          own.setAttribute('own', '');
          document.body.append(own);
        }"""
    )
    wait(page, "document.querySelector('#own').state")
    shared = page.locator("slicecast-view").first
    before = shared.evaluate("e => e.state.offset")
    page.locator("#own").evaluate(f"e => e.set({{ offset: {before} - 40, window: 777 }})")
    wait(page, "document.querySelector('slicecast-view').state.window === 777")  # told after the plane had moved
    assert shared.evaluate("e => e.state.offset") == before
    shared.evaluate(f"e => e.set({{ offset: {before} + 10 }})")
    wait(page, f"Math.abs(document.querySelector('slicecast-view').state.offset - {before} - 10) < 1e-6")
    wait(page, f"Math.abs(document.querySelector('#own').state.offset - {before} + 40) < 1e-6")
    page.locator("#own").evaluate("e => e.removeAttribute('own')")
    wait(page, f"Math.abs(document.querySelector('#own').state?.offset - {before} - 10) < 1e-6")
    page.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[LiveServer, str]]:
    """A server that lets another origin in, and a page of that origin."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    server = LiveServer(cors=[origin]).wait()
    (tmp_path / "index.html").write_text(PAGE.format(server=server.url))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    yield server, origin
    pages.shutdown()
    pages.server_close()
    server.stop()


def test_a_page_of_another_origin_that_was_let_in(elsewhere: tuple[LiveServer, str], browser: Any) -> None:
    _server, origin = elsewhere
    page = browser.new_page()
    page.goto(origin)
    wait(page, "document.querySelector('slicecast-view').state?.orientation === 'Coronal'")
    wait(page, f"({INK})(document.querySelector('slicecast-view').shadowRoot.querySelector('canvas')) > 20")
    page.close()


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("img", "[...document.images].every(i => i.complete && i.naturalWidth > 0)"),
        ("texture", "document.title === 'a slice as a texture'"),
        ("tracker", "document.querySelector('#said').textContent.startsWith('a pose is seen after')"),
        ("react", "document.querySelector('.nodes li input') && document.querySelector('#said').textContent.includes(' at ')"),
    ],
)
def test_example_pages_run_without_a_fault(demo: LiveServer, browser: Any, name: str, shows: str) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.goto(f"{demo.url}/demos/{name}.html")
    wait(page, shows)
    page.close()
    assert faults == []


def test_the_typed_api_from_a_page(demo: LiveServer, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{demo.url}/demos/embed.html")
    rows = page.evaluate(
        """async () => {
          const { apiOf, ApiError } = await import('/slicecast-client.js');
          const api = apiOf(location.href);
          const { rows } = await api('GET /api/nodes', { query: { kind: 'volume' } });
          const fault = await api('GET /api/nodes/{id}', { path: { id: 'none' } }).catch(error => error);
          return [rows.length, fault instanceof ApiError, fault.status];
        }"""
    )
    assert rows == [1, True, 404]
    page.close()
