"""Video in a real Chromium, over a narrow link: it is shown, shows the right thing, and gives way where its decoder fails."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.link import link_to
from tests.support.live import LiveServer

# Stills would cover what the video left on the canvas.
NO_STILLS = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { send.call(this, data.replaceAll('"still":"lossless"', '"still":"off"')); };
"""


ONLY = """
const ask = VideoDecoder.isConfigSupported;
VideoDecoder.isConfigSupported = (config) =>
  config.codec.startsWith("NAME") ? ask.call(VideoDecoder, config) : Promise.resolve({ supported: false, config });
"""


@pytest.fixture(scope="module")
def several() -> Iterator[LiveServer]:
    """A server that codes by other encoders than the usual one."""
    names = ["libx264", "libsvtav1", "libvpx-vp9"]
    if not set(names) <= set(av.codecs_available):
        pytest.skip(f"this PyAV does not have all of {names}")
    live = LiveServer(video_encoders=names).wait().wait_said("video by")
    yield live
    live.stop()


def opened(browser: Browser, port: int, script: str = "") -> Page:
    page = browser.new_page(viewport={"width": 700, "height": 600})
    if script:  # it does not reach workers, so the page keeps its stream to itself
        page.add_init_script(script)
        page.add_init_script("delete window.OffscreenCanvas; delete HTMLCanvasElement.prototype.transferControlToOffscreen")
    page.goto(f"http://127.0.0.1:{port}/viewer/")
    page.wait_for_function("slicecast.picture('Red')", timeout=60_000)
    return page


def scroll_until(page: Page, condition: str) -> None:
    """Turn the wheel over the red view until something is so."""
    box = page.locator(".view-Red .surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for step in range(200):
        page.mouse.wheel(0, -100 if step % 20 < 10 else 100)
        page.wait_for_timeout(40)
        if page.evaluate(condition):
            return
    raise AssertionError(f"never {condition}")


def canvas(page: Page) -> Any:
    shot = page.locator(".view-Red canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(float)


def shows_what_the_still_shows(browser: Browser, server: LiveServer, codec: str, script: str = "") -> None:
    """Scroll until there is video of this codec, and compare its last picture with the still."""
    with link_to(server.port, 2, 0.08) as link:
        page = opened(browser, link.port, NO_STILLS + script)
        scroll_until(page, f"slicecast.picture('Red').codec === '{codec}'")
        page.wait_for_timeout(1500)
        assert page.evaluate("slicecast.picture('Red').codec") == codec
        video = canvas(page)
        page.close()
    exact = browser.new_page(viewport={"width": 700, "height": 600})
    exact.goto(f"{server.url}/viewer/")
    exact.wait_for_function("slicecast.picture('Red')?.flags & 4", timeout=30_000)
    still = canvas(exact)
    exact.close()
    assert np.abs(video - still).mean() < 8
    assert np.abs(video[:, ::-1] - still).mean() > 12


def test_a_slice_scrolled_over_a_narrow_link_is_video_and_shows_what_the_still_shows(
    browser: Browser, server: LiveServer
) -> None:
    shows_what_the_still_shows(browser, server, "vp9")


@pytest.mark.parametrize(("codec", "name"), [("h264", "avc1.64002A"), ("av1", "av01.0.08M.08")])
def test_other_codecs_are_shown_where_the_browser_decodes_them(
    browser: Browser, several: LiveServer, codec: str, name: str
) -> None:
    page = browser.new_page()
    page.goto(f"{several.url}/demos/")  # a secure context, which WebCodecs wants
    decodes = page.evaluate(f"VideoDecoder.isConfigSupported({{codec: '{name}'}}).then((answer) => answer.supported)")
    page.close()
    if not decodes:
        pytest.skip(f"this Chromium does not decode {codec}")
    shows_what_the_still_shows(browser, several, codec, ONLY.replace("NAME", name))


def test_workers_show_video_and_then_the_exact_still(browser: Browser, server: LiveServer) -> None:
    with link_to(server.port, 2, 0.08) as link:
        page = opened(browser, link.port)
        scroll_until(page, "slicecast.picture('Red').codec === 'vp9'")
        page.wait_for_function("slicecast.picture('Red').flags & 4", timeout=30_000)
        page.close()


def test_where_the_decoder_fails_jpeg_comes(browser: Browser, server: LiveServer) -> None:
    broken = "window.tried = 0; VideoDecoder.prototype.decode = () => { window.tried += 1; throw new Error('no'); };"
    with link_to(server.port, 2, 0.08) as link:
        page = opened(browser, link.port, NO_STILLS + broken)
        told = page.evaluate("slicecast.picture('Red').n")
        tried = []
        for _ in range(4):
            scroll_until(page, f"slicecast.picture('Red').n > {told} + 20")
            told = page.evaluate("slicecast.picture('Red').n")
            assert page.evaluate("slicecast.picture('Red').codec") == "jpeg"
            tried.append(page.evaluate("tried"))
        assert 0 < tried[-1] < 8  # what was under way when the server heard of it
        assert tried[-1] == tried[-2]
        page.close()
