"""The server panel and the API pages in a real Chromium."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.live import LiveServer


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    yield live
    live.stop()


def open_page(browser: Browser, url: str, faults: list[str], width: int = 1280) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(url)
    return page


@pytest.fixture
def panel(browser: Browser, server: LiveServer) -> Iterator[Page]:
    faults: list[str] = []
    page = open_page(browser, f"{server.url}/viewer/#server", faults)
    page.get_by_text("live", exact=True).wait_for()
    yield page
    page.close()
    assert faults == []


def test_requests_and_results_appear_live_and_can_be_filtered(panel: Page, server: LiveServer) -> None:
    server.get("/slicer/timeimage?color=abc&access_token=hush-hush")
    server.request("POST", "/slicer/exec", b"__execResult = {'answer': 6 * 7}")
    server.get("/slicer/nosuch")
    panel.locator(".line", has_text="/slicer/timeimage?color=abc&access_token=***").wait_for()
    panel.locator(".line", has_text='{"answer": 42}').wait_for()
    warning = panel.locator(".line.warning", has_text="unknown command")
    warning.wait_for()
    assert "hush-hush" not in panel.content()
    panel.get_by_label("Kind").select_option("exec")
    expect(panel.locator(".line", has_text="/slicer/timeimage")).to_have_count(0)
    panel.locator(".line", has_text='{"answer": 42}').wait_for()
    panel.get_by_label("Kind").select_option("")
    panel.get_by_label("Level").select_option("warning")
    expect(panel.locator(".line", has_text='{"answer": 42}')).to_have_count(0)
    warning.wait_for()
    panel.get_by_placeholder("Filter by").fill("no such words")
    panel.get_by_text("Nothing yet.").wait_for()
    panel.get_by_placeholder("Filter by").fill("NOSUCH")
    warning.wait_for()


def test_pausing_and_clearing(panel: Page, server: LiveServer) -> None:
    panel.get_by_role("button", name="Pause").click()
    panel.get_by_text("paused", exact=True).wait_for()
    server.get("/healthz?while=paused")
    panel.wait_for_timeout(700)
    assert panel.locator(".line", has_text="while=paused").count() == 0
    panel.get_by_role("button", name="Pause").click()
    panel.locator(".line", has_text="while=paused").wait_for()
    panel.get_by_role("button", name="Clear").click()
    expect(panel.locator(".line", has_text="while=paused")).to_have_count(0)
    assert server.get("/api/server/log").json()["entries"] == []
    server.get("/healthz?after=clearing")
    panel.locator(".line", has_text="after=clearing").wait_for()


def test_doors_are_switched_by_keyboard(panel: Page, server: LiveServer) -> None:
    door = panel.get_by_role("switch", name="Slicer Web Server API")
    expect(door).to_be_checked()
    door.focus()
    panel.keyboard.press("Space")
    expect(door).not_to_be_checked()
    assert (server.get("/slicer/system/version").status, server.get("/slice").status) == (404, 404)
    panel.keyboard.press("Space")
    expect(door).to_be_checked()
    assert server.get("/slicer/system/version").status == 200
    studies = panel.get_by_role("switch", name="DICOMweb")
    studies.click()
    expect(studies).not_to_be_checked()
    assert server.get("/dicom/studies").status == 404
    studies.click()
    expect(studies).to_be_checked()
    assert server.get("/dicom/studies").status == 204
    code = panel.get_by_role("switch", name="Python in the scene")
    code.click()
    expect(code).not_to_be_checked()
    assert "unknown command" in server.request("POST", "/slicer/exec", b"1").json()["message"]
    code.click()
    expect(code).to_be_checked()
    assert server.request("POST", "/slicer/exec", b"__execResult = 1").json() == 1


def test_cors_is_switched(panel: Page, server: LiveServer) -> None:
    box = panel.get_by_label("Origins, or * for any")
    box.fill("https://pages.example, nonsense")
    box.press("Enter")
    expect(panel.get_by_role("alert")).to_contain_text("must be a list of origins")
    assert box.input_value() == "https://pages.example, nonsense"
    assert server.get("/healthz", Origin="https://pages.example").headers["Access-Control-Allow-Origin"] is None
    box.fill("https://pages.example")
    box.press("Enter")
    panel.get_by_text("On for https://pages.example").wait_for()
    told = server.get("/healthz", Origin="https://pages.example").headers["Access-Control-Allow-Origin"]
    assert told == "https://pages.example"
    panel.locator("fieldset", has_text="CORS").get_by_role("button", name="Switch off").click()
    panel.get_by_text("Off: only this server's own pages").wait_for()
    assert server.get("/healthz", Origin="https://pages.example").headers["Access-Control-Allow-Origin"] is None


def test_switching_the_pages_off_asks_first_and_the_open_panel_goes_on(browser: Browser) -> None:
    faults: list[str] = []
    live = LiveServer().wait()
    try:
        page = open_page(browser, f"{live.url}/viewer/#server", faults)
        pages = page.get_by_role("switch", name="Pages")
        pages.click()
        page.get_by_text("can not be opened again").wait_for()
        assert live.get("/").status == 200
        page.get_by_role("button", name="Switch off").click()
        expect(pages).not_to_be_checked()
        assert (live.get("/").status, live.get("/viewer/").status, live.get("/slicer/system/version").status) == (404, 404, 200)
        pages.click()
        expect(pages).to_be_checked()
        assert live.get("/").status == 200
        expect(page.get_by_role("switch", name="Python in the scene")).to_be_disabled()
        page.close()
    finally:
        live.stop()
    assert faults == []


def test_the_token_is_asked_for(browser: Browser) -> None:
    faults: list[str] = []
    live = LiveServer(admin_token="open sesame").wait()
    try:
        page = open_page(browser, f"{live.url}/viewer/#server", faults)
        field = page.get_by_label("Administrator's token")
        field.fill("guess")
        field.press("Enter")
        page.get_by_text("needs the administrator's bearer token").wait_for()
        field.fill("open sesame")
        field.press("Enter")
        expect(page.get_by_role("switch", name="Slicer Web Server API")).to_be_checked()
        page.get_by_text("live", exact=True).wait_for()
        assert "sesame" not in live.log.read_text()
        page.close()
    finally:
        live.stop()
    assert faults == []


def test_every_page_that_the_panel_links_to_is_served(server: LiveServer) -> None:
    for page in server.get("/api/server").json()["pages"]:
        assert server.get(page["path"]).status == 200, page


@pytest.mark.parametrize("path", ["/viewer/#server", "/docs", "/docs/slicer", "/docs/api", "/", "/ServerTests"])
def test_nothing_overflows_at_360_pixels(browser: Browser, server: LiveServer, path: str) -> None:
    faults: list[str] = []
    page = open_page(browser, server.url + path, faults, width=360)
    page.wait_for_load_state("networkidle" if "#server" not in path else "load")
    page.wait_for_timeout(300)
    for route in page.locator("details.route > summary").all()[:4]:
        route.click()
    wide = "[...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > 361 && !e.closest('pre, .log'))"
    assert page.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 90))") == []
    page.close()
    assert faults == []


# -- API pages ------------------------------------------------------------------------------------------------------------


def test_the_slicer_page_names_every_route_of_the_document(browser: Browser, server: LiveServer) -> None:
    faults: list[str] = []
    page = open_page(browser, f"{server.url}/docs/slicer", faults)
    page.locator("details.route").first.wait_for()
    shown = set(page.locator("details.route .path").all_inner_texts())
    paths = server.get("/api/openapi.json").json()["paths"]
    assert shown == {path for path, item in paths.items() if any("slicer" in found["tags"] for found in item.values())}
    page.get_by_label("Find among").fill("timeimage")
    assert page.locator("details.route:visible").count() == 1
    page.close()
    assert faults == []


def test_a_form_sends_the_request_and_gives_a_curl_line_that_works(
    browser: Browser, server: LiveServer, tmp_path: Path
) -> None:
    faults: list[str] = []
    page = open_page(browser, f"{server.url}/docs/slicer", faults)
    card = page.locator("details.route", has=page.locator(".path", has_text="/slicer/slice")).first
    card.locator("summary").first.click()
    card.get_by_label("view", exact=True).fill("green")
    card.get_by_label("size", exact=True).fill("200")
    card.get_by_label("offset", exact=True).fill("-20")
    card.get_by_label("offset", exact=True).press("Enter")
    card.locator("figcaption", has_text="200 × 200").wait_for()
    expect(card.locator(".answer")).to_contain_text("200 OK")
    card.get_by_text("headers").click()
    expect(card.locator(".answer table")).to_contain_text("image/png")
    line = card.locator(".curl").inner_text()
    assert shlex.split(line)[-1] == f"{server.url}/slicer/slice?view=green&offset=-20&size=200"
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"
    page.close()
    assert faults == []


def test_forms_with_bodies_and_errors(browser: Browser, server: LiveServer) -> None:
    faults: list[str] = []
    page = open_page(browser, f"{server.url}/docs/api#post_api_load", faults)
    card = page.locator("#post_api_load")
    body = card.get_by_label("Body: application/json")
    assert json.loads(body.input_value())["name"] == "Scan"
    body.fill('{"upload": "it\'s not there"}')
    assert "'\\''" in card.locator(".curl").inner_text()
    card.get_by_role("button", name="Send").click()
    expect(card.locator(".answer")).to_contain_text("404 Not Found")
    expect(card.locator(".answer pre")).to_contain_text("there is no upload")
    page.close()
    assert faults == []
