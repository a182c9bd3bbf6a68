"""`slicer:` links in a real Chromium: a click leads to the viewer, which asks before anything is fetched."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from tests.api.test_dicomweb_study import link_to, write_study
from tests.support.dicomweb_server import DicomWebServer
from tests.support.live import LiveServer


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomWebServer]:
    with DicomWebServer(write_study(tmp_path_factory.mktemp("study"), 2)) as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(link_allow_hosts=["127.0.0.1"]).wait()
    yield live
    live.stop()


def test_a_click_on_another_site_asks_and_then_opens(browser: Browser, server: LiveServer, pacs: DicomWebServer) -> None:
    link = link_to(pacs, "&access_token=SECRET").replace("slicer:", "web+slicer:")
    target = f"{server.url}/slicer?url={quote(link, safe='')}"  # what a browser makes of it that this page has registered with

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a href="{target}">open</a><img src="{target}">'.encode())

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://localhost:{site.server_address[1]}/")  # whose image is fetched at once, and opens nothing
        page.get_by_text("open").click()
        question = page.get_by_role("dialog", name="Open a link")
        question.wait_for()
        assert f"study {pacs.study} from {pacs.host}" in question.inner_text()
        assert page.url == f"{server.url}/viewer/"
        assert "SECRET" not in question.inner_text()
        question.get_by_role("button", name="Cancel").click()
        page.wait_for_function("slicecast.state('Red')?.background != null")
        assert pacs.asked == []
        assert server.get("/api/jobs").json() == {"jobs": []}
        page.goto(f"{server.url}/viewer/#open={quote(link, safe='')}")
        question.get_by_role("button", name="Open").click()
        page.wait_for_function("slicecast.state('Red')?.background?.name === '1: Part 1'", timeout=30_000)
        assert {one.authorization for one in pacs.asked} == {"Bearer SECRET"}
        page.close()
        site.shutdown()


def test_a_link_that_is_refused_says_why(browser: Browser, server: LiveServer) -> None:
    page = browser.new_page()
    link = "slicer://viewer/?studyUID=1.2.3&dicomweb_endpoint=http://pacs.example/dicom"
    page.goto(f"{server.url}/viewer/#open={quote(link, safe='')}")
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_text("--link-allow-hosts pacs.example").wait_for()
    page.close()


def test_the_browser_is_offered_to_send_links_here_after_a_click_only(browser: Browser, server: LiveServer) -> None:
    page = browser.new_page()
    page.add_init_script("navigator.registerProtocolHandler = (...given) => (window.registered = given)")
    page.goto(f"{server.url}/viewer/")
    page.get_by_role("button", name="Help").click()
    assert page.evaluate("window.registered") is None
    page.get_by_role("button", name="Take slicer links").click()
    assert page.evaluate("window.registered") == ["web+slicer", f"{server.url}/slicer?url=%s"]
    page.close()


def test_the_question_can_be_seen(browser: Browser, server: LiveServer, pacs: DicomWebServer, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 600})
    page.goto(f"{server.url}/viewer/#open={quote(link_to(pacs), safe='')}")
    box = page.get_by_role("dialog", name="Open a link").bounding_box()
    assert box is not None
    assert box["x"] > 0
    assert box["x"] + box["width"] < 900
    page.screenshot(path=str(tmp_path / "question.png"))
    page.close()
