"""The demo pages in a real Chromium, with WebGL in software."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from tests.support.live import ROOT, LiveServer

PAGES = ("timecube", "threeDCube", "gltf", "img", "linked", "phone", "latency", "tool")
LIVE = "['Live', 'Loaded', 'Ready'].includes(document.getElementById('server').textContent)"
NOT_LIVE = "document.documentElement.classList.contains('not-live')"
NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
};
"""
Image3 = NDArray[np.int64]
Opened = Callable[..., Page]


@contextmanager
def opened(browser: Browser, url: str, before: str = "", **options: Any) -> Iterator[Page]:
    """A page that must raise no error and write none to the console."""
    faults: list[str] = []
    page = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **options})
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: said.type == "error" and faults.append(f"{said.text} {said.location.get('url')}"))
    if before:
        page.add_init_script(before)
    page.goto(url)
    yield page
    page.close()
    assert faults == []


def shot(element: Locator) -> Image3:
    """What an element shows: (h, w, 3)."""
    return np.asarray(Image.open(io.BytesIO(element.screenshot())).convert("RGB")).astype(np.int64)


def picture(data: bytes) -> Image3:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(np.int64)


def middle(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Middle of what is marked, (x, y) in fractions from the top left."""
    assert mask.sum() > 30
    rows, columns = np.nonzero(mask)
    return np.array((columns.mean() / mask.shape[1], rows.mean() / mask.shape[0]))


def yellow(rgb: Image3) -> NDArray[np.bool_]:
    return (rgb[..., 0] > 110) & (abs(rgb[..., 0] - rgb[..., 1]) < 25) & (rgb[..., 2] < rgb[..., 0] * 0.35)


def green(rgb: Image3) -> NDArray[np.bool_]:
    """The right lung's surface."""
    return (rgb[..., 1] > rgb[..., 0] * 1.4) & (rgb[..., 1] > rgb[..., 2] * 1.4) & (rgb[..., 1] > 60)


def magenta(rgb: Image3) -> NDArray[np.bool_]:
    """The left lung's surface."""
    return (rgb[..., 0] > rgb[..., 1] * 1.8) & (rgb[..., 2] > rgb[..., 1] * 1.2) & (rgb[..., 0] > rgb[..., 2] * 1.2)


def milliseconds(page: Page, root: str, figure: str) -> float:
    text = page.locator(f"{root} [data-figure={figure}]").inner_text()
    assert re.fullmatch(r"[\d.]+ ms", text)
    return float(text.split()[0])


def assert_sane(page: Page, root: str) -> None:
    p50, p95, longest = (milliseconds(page, root, figure) for figure in ("p50", "p95", "max"))
    assert 0 < p50 <= p95 <= longest < 60_000


# -- all pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pages_are_live_quiet_and_fit(browser: Browser, demo: LiveServer, name: str, scheme: str) -> None:
    with opened(browser, f"{demo.url}/demos/{name}.html", color_scheme=scheme) as page:
        page.wait_for_function(LIVE, timeout=30_000)
        for width, height in ((360, 740), (1280, 800), (3840, 2160)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(int(part) for part in re.findall(r"\d+", ground)) < 380) == (scheme == "dark")


def test_the_index_leads_everywhere(browser: Browser, demo: LiveServer) -> None:
    assert demo.get("/demos").body == demo.get("/demos/").body == demo.get("/demos/index.html").body
    for name in ("timecube", "threeDCube", "threejs", "modelviewer"):
        assert demo.get(f"/ServerTests/{name}.html").status == 200
    for start in ("/demos", "/"):
        with opened(browser, demo.url + start) as page:
            page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
            links = page.evaluate("[...document.links].map(a => a.href)")
            for width in (360, 3840):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = {urlsplit(link).path for link in links}
        assert {f"/demos/{name}.html" for name in (*PAGES, "embed")} <= found
        for path in found:
            if path.startswith(("/demos/", "/ServerTests/")):
                assert demo.get(path).status == 200, path


# -- cubes ---------------------------------------------------------------------------------------------------------------


def test_the_time_cube_turns_and_measures(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/timecube.html") as page:
        cube = page.locator("#cube")
        page.wait_for_function("Number(document.querySelector('[data-figure=count]').textContent) > 20", timeout=30_000)
        assert_sane(page, "#figures")
        before = shot(cube)
        page.wait_for_timeout(300)
        assert (before != shot(cube)).mean() > 0.02, "it does not turn"
        page.get_by_role("button", name="Stop turning").click()
        page.wait_for_timeout(200)
        still = shot(cube)
        page.wait_for_timeout(200)
        changed = (still != shot(cube)).any(axis=2).mean()
        assert 0 < changed < 0.2, "the time goes on while the cube stands"
        cube.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(200)
        assert (still != shot(cube)).any(axis=2).mean() > changed
        assert page.locator(".histogram rect").count() == 20


def test_the_view_cube_shows_the_view_and_not_its_mirror_image(browser: Browser, demo: LiveServer) -> None:
    demo.get("/threeD?lookFromAxis=A")
    with opened(browser, f"{demo.url}/demos/threeDCube.html", reduced_motion="reduce") as page:
        cube = page.locator("#cube")
        cube.focus()
        for key in ["ArrowLeft"] * 5 + ["ArrowUp"] * 3:  # until its front is straight ahead
            page.keyboard.press(key)
        for source, address in (("threeD", "/threeD?size=512"), ("red", "/slice?view=red&overlays=1&labels=1&size=512")):
            page.select_option("#source", source)
            count = int(page.locator("[data-figure=count]").inner_text())
            page.wait_for_function(f"Number(document.querySelector('[data-figure=count]').textContent) > {count} + 5")
            seen, expected = shot(cube), picture(demo.get(address).body)
            side = round(min(seen.shape[:2]) * 2.7 / 4.2 * 0.96)
            top, left = (seen.shape[0] - side) // 2, (seen.shape[1] - side) // 2
            face = seen[top : top + side, left : left + side].mean(axis=2)
            cut = round(512 * 0.02)
            grey = Image.fromarray(expected[cut:-cut, cut:-cut].mean(axis=2).astype(np.uint8)).resize((side, side))
            right = np.corrcoef(face.ravel(), np.asarray(grey).ravel())[0, 1]
            mirrored = np.corrcoef(face.ravel(), np.asarray(grey)[:, ::-1].ravel())[0, 1]
            assert right > 0.85, source
            assert right > mirrored + 0.02, source


def test_a_lost_graphics_context_comes_back(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/timecube.html") as page:
        page.wait_for_function(LIVE)
        page.evaluate("window.lose = document.getElementById('cube').getContext('webgl').getExtension('WEBGL_lose_context')")
        page.evaluate("lose.loseContext()")
        page.get_by_text("graphics context was lost").wait_for()
        page.evaluate("lose.restoreContext()")
        page.wait_for_function("document.getElementById('notice').textContent === ''")
        page.wait_for_timeout(300)
        assert (shot(page.locator("#cube")).max(axis=2) > 120).mean() > 0.1


@pytest.mark.parametrize("name", ["timecube", "threeDCube"])
def test_without_webgl_the_picture_is_flat(browser: Browser, demo: LiveServer, name: str) -> None:
    with opened(browser, f"{demo.url}/demos/{name}.html", before=NO_WEBGL) as page:
        page.get_by_text("no WebGL").wait_for()
        page.wait_for_function("Number(document.querySelector('[data-figure=count]').textContent) > 5", timeout=30_000)
        assert len(np.unique(shot(page.locator("#cube")).reshape(-1, 3), axis=0)) > 20


# -- plain pages ---------------------------------------------------------------------------------------------------------


def test_plain_pictures_scroll_without_piling_up(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/img.html", device_scale_factor=1.5) as page:
        page.wait_for_function(LIVE)
        page.wait_for_function(
            "[...document.images].every(i => Math.abs(i.naturalWidth - i.clientWidth * devicePixelRatio) <= 1)"
        )
        under_way: set[str] = set()
        asked: list[str] = []
        most = [0]

        def begin(request: Any) -> None:
            asked.append(request.url)
            under_way.add(request.url)
            most[0] = max(most[0], len(under_way))

        page.on("request", lambda request: "/slice" in request.url and begin(request))
        page.on("requestfinished", lambda request: under_way.discard(request.url))
        slider = page.locator("input").first
        slider.evaluate(
            """async (slider) => {
              for (let step = 0; step <= 60; step += 1) {
                slider.value = 0.2 + step / 100;
                slider.dispatchEvent(new Event("input"));
                await new Promise((done) => setTimeout(done, 2));
              }
            }"""
        )
        page.wait_for_function("document.images[0].src.includes('scrollTo=0.8&')")
        assert most[0] == 1
        assert 1 < len(asked) <= 61
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.images[0].src.includes('scrollTo=0.805&')")
        page.mouse.move(*_center(page.locator("img").nth(2)))
        page.mouse.wheel(0, -100)
        page.wait_for_function("document.images[2].src.includes('view=green&orientation=coronal&scrollTo=0.51&')")
        labels = shot(page.locator("img").first)
        assert (labels[:, : labels.shape[1] // 12].min(axis=2) > 150).sum() > 10, "the letter R at the left is missing"


def _center(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_linked_views_show_the_same_slice(browser: Browser, demo: LiveServer) -> None:
    script = re.search(r'<script type="module">\n(.*?) *</script>', (ROOT / "docroot/demos/linked.html").read_text(), re.DOTALL)
    assert script is not None
    assert sum(1 for line in script[1].splitlines() if line.strip()) < 40
    with opened(browser, f"{demo.url}/demos/linked.html") as page:
        page.wait_for_function(LIVE)
        first = _assert_same_anatomy(page)
        page.mouse.move(*_center(page.locator("#right")))
        page.mouse.wheel(0, -100)
        page.wait_for_function("document.getElementById('place').value === '0.51'")
        page.wait_for_timeout(1000)
        assert (first != _assert_same_anatomy(page)).any()
        page.goto(f"{demo.url}/viewer/")  # and when it is left, the second view is what it was
        page.wait_for_function("slicecast.state('Yellow')?.orientation === 'Sagittal'")


def _assert_same_anatomy(page: Page) -> Image3:
    left, right = shot(page.locator("#left")), shot(page.locator("#right"))
    assert abs(left[..., 0] - left[..., 1])[10:].max() < 30, "there is colour in the plain slice"
    assert green(right).any()
    a, b = left[10:].mean(axis=2), right[10:].mean(axis=2)
    height, width = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
    assert np.corrcoef(a[:height, :width].ravel(), b[:height, :width].ravel())[0, 1] > 0.9
    return left


# -- the scene as glTF ---------------------------------------------------------------------------------------------------


def test_surfaces_lie_as_in_the_servers_picture(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/gltf.html") as page:
        page.wait_for_function(LIVE, timeout=60_000)
        assert page.evaluate("gltf.parts()") >= 3
        assert page.locator("#handed").inner_text() == "right-handed RAS"
        surface = page.locator("#surface")
        for axis, order in (("A", -1), ("P", 1)):
            page.locator(f"[data-look={axis}]").click()
            page.wait_for_timeout(300)
            seen, made = shot(surface), picture(demo.get(f"/threeD?lookFromAxis={axis}&size=512").body)
            for rgb in (seen, made):
                right_lung, left_lung = middle(green(rgb)), middle(magenta(rgb))
                assert (right_lung[0] - left_lung[0]) * order > 0.05, f"the lungs are exchanged, seen from {axis}"
                assert abs(right_lung[1] - left_lung[1]) < 0.1
            assert (page.evaluate("gltf.place(100, 0, -170)[0] - gltf.place(-100, 0, -170)[0]") * order) > 0
            letters = {letter: page.locator(".letter", has_text=letter).bounding_box() for letter in "RLSI"}
            assert (letters["R"]["x"] - letters["L"]["x"]) * order > 0
            assert letters["S"]["y"] < letters["I"]["y"]
        page.locator("[data-look=S]").click()  # from above with anterior at the top, as in Slicer
        place = "gltf.place({}, {}, -170)"
        page.wait_for_function(
            f"{place.format(100, 0)}[0] > {place.format(-100, 0)}[0] && {place.format(0, 100)}[1] < {place.format(0, -100)}[1]"
        )
        before = shot(surface)
        page.mouse.move(*_center(surface))
        page.mouse.down()
        page.mouse.move(_center(surface)[0] + 120, _center(surface)[1] - 60, steps=5)
        page.mouse.up()
        page.wait_for_timeout(300)
        assert (before != shot(surface)).any(axis=2).mean() > 0.02


def test_without_webgl_the_gltf_page_shows_a_picture(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/gltf.html", before=NO_WEBGL + "console.error = () => {};") as page:
        page.get_by_text("no WebGL").wait_for()
        page.wait_for_function("document.images[0].naturalWidth === 512")


# -- the tracked tool ----------------------------------------------------------------------------------------------------


def _tool_is_at(page: Page, place: tuple[float, float]) -> bool:
    """Whether the streamed picture, without the page's own outline, has the cursor there, in fractions from the top left."""
    page.evaluate("document.getElementById('overlay').style.visibility = 'hidden'")
    tool = yellow(shot(page.locator("#surface")))
    page.evaluate("document.getElementById('overlay').style.visibility = ''")
    return bool(tool.sum() > 30 and abs(middle(tool) - place).max() < 0.02)


def test_the_tool_follows_the_pointer_in_the_picture(browser: Browser, demo: LiveServer) -> None:
    demo.get("/threeD?lookFromAxis=A")
    with opened(browser, f"{demo.url}/demos/tool.html") as page:
        page.wait_for_function("tool.live() && tool.sent() > 0", timeout=30_000)
        box = page.locator("#surface").bounding_box()
        assert box is not None
        for place in ((0.42, 0.5), (0.58, 0.5), (0.58, 0.36)):
            count = page.evaluate("tool.sent()")
            page.mouse.move(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])
            page.wait_for_function(f"tool.sent() > {count}")
            _wait_until(page, lambda place=place: _tool_is_at(page, place))
        position = page.evaluate("tool.pose().position")
        assert position[0] < -10, "the right half of the view from the front is the patient's left"
        middle_s = page.evaluate("(tool.pose().position)[2]")
        page.locator("#surface").focus()
        page.keyboard.press("ArrowDown")
        assert page.evaluate("(tool.pose().position)[2]") < middle_s
        page.mouse.wheel(0, -100)  # away from the user: deeper, which from the front is posterior
        page.wait_for_function(f"tool.pose().position[1] < {position[1]} - 5")
        upright = page.evaluate("tool.pose().quaternion")
        page.keyboard.press("q")
        page.wait_for_function(f"Math.abs(tool.pose().quaternion[0] - {upright[0]}) > 0.01")


def _wait_until(page: Page, test: Callable[[], bool], tries: int = 60) -> None:
    for _ in range(tries):
        if test():
            return
        page.wait_for_timeout(250)
    raise AssertionError("the picture never showed it")


def test_the_tool_sends_poses_at_its_own_rate(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/tool.html") as page:
        page.wait_for_function("tool.live()", timeout=30_000)
        page.get_by_role("button", name="Circle by itself").click()
        page.wait_for_function("tool.sent() > 240", timeout=60_000)
        page.wait_for_function("/^[\\d.]+ ms$/.test(document.getElementById('age').textContent)")
        assert int(page.locator("#rate").inner_text()) > 0
        assert int(page.locator("#pictures").inner_text()) >= 0
        page.select_option("#way", "http")
        page.wait_for_function("tool.sent() > 5", timeout=60_000)
        page.wait_for_function("/^[\\d.]+ ms$/.test(document.getElementById('age').textContent)")
        assert len(demo.get("/slicer/mrml/ids?name=trackingDevice").json()) == 1


def test_the_pad_stands_in_for_a_phone(browser: Browser, demo: LiveServer) -> None:
    demo.get("/threeD?lookFromAxis=A")
    with opened(browser, f"{demo.url}/demos/phone.html") as page:
        with page.expect_request("**/slicer/tracking?**", timeout=30_000) as first:
            page.reload()  # it tells where the phone is as it begins, and then when that changes
        query = parse_qs(urlsplit(first.value.url).query)
        w, x, y, z = (float(part) for part in query["q"][0].split(","))
        # Upright by 60°, its top ahead: from the front that is posterior, half a turn from the patient's own anterior.
        np.testing.assert_allclose(abs(np.array((w, x, y, z))), (0, 0, 0.5, 0.866), atol=1e-3)
        assert y * z > 0
        assert float(query["p"][0].split(",")[1]) > 100
        page.locator("#pad").focus()
        with page.expect_request("**/slicer/tracking?**"):
            page.keyboard.press("ArrowUp")
        assert page.evaluate("phone.angles().beta") == 65

        def is_in_the_middle() -> bool:
            tool = yellow(shot(page.locator("#surface")))
            return bool(tool.sum() > 30 and abs(middle(tool) - 0.5).max() < 0.05)

        _wait_until(page, is_in_the_middle)
        with page.expect_request("**/slicer/eulers?**") as old:
            page.select_option("#form", "eulers")
        alpha, beta, gamma = (float(part) for part in parse_qs(urlsplit(old.value.url).query)["angles"][0].split(","))
        assert (abs(alpha), beta, gamma) == (180, 65, 0)


def test_a_phone_turns_the_tool(browser: Browser, demo: LiveServer) -> None:
    with opened(browser, f"{demo.url}/demos/phone.html") as page:
        page.wait_for_function("phone.sent() > 0", timeout=30_000)
        session = page.context.new_cdp_session(page)
        session.send("DeviceOrientation.setDeviceOrientationOverride", {"alpha": 30, "beta": 40, "gamma": -20})
        page.wait_for_function("document.getElementById('source').textContent === 'this device'")
        angles = page.evaluate("phone.angles()")
        assert (round(angles["alpha"]), round(angles["beta"]), round(angles["gamma"])) == (30, 40, -20)
        sent = page.evaluate("phone.sent()")
        session.send("DeviceOrientation.setDeviceOrientationOverride", {"alpha": 80, "beta": 40, "gamma": -20})
        page.wait_for_function(f"phone.sent() > {sent}")


@pytest.mark.parametrize(("answer", "text"), [("granted", "tells no orientation"), ("denied", "Not allowed")])
def test_phones_that_want_to_be_asked(browser: Browser, demo: LiveServer, answer: str, text: str) -> None:
    asks = f"DeviceOrientationEvent.requestPermission = async () => {{ window.asked = true; return '{answer}'; }};"
    with opened(browser, f"{demo.url}/demos/phone.html", before=asks) as page:
        page.wait_for_timeout(300)
        assert page.evaluate("window.asked") is None, "it may be asked for only when the user presses the button"
        page.get_by_role("button", name="Allow motion").click()
        page.get_by_text(text).wait_for()
        assert page.evaluate("window.asked") is True


# -- latency -------------------------------------------------------------------------------------------------------------


def test_latency_is_measured_four_ways_and_can_be_copied(browser: Browser, demo: LiveServer) -> None:
    demo.get("/slice?view=red&offset=-150.5")
    before = demo.get("/slice?view=red").headers["ETag"]
    with opened(browser, f"{demo.url}/demos/latency.html") as page:
        page.wait_for_function(LIVE)
        page.get_by_role("button", name="Measure").click()
        page.get_by_text("Done.").wait_for(timeout=110_000)
        for row in ("time", "slice", "probe", "stream"):
            assert page.locator(f"#row-{row} [data-figure=count]").inner_text() == "100"
            assert_sane(page, f"#row-{row}")
        page.get_by_role("button", name="Copy the result").click()
        report = page.locator("#report").input_value()
        assert len(re.findall(r"^\| .* \| 100 \| [\d.]+ ms \| [\d.]+ ms \| [\d.]+ ms \|$", report, re.MULTILINE)) == 4
    assert demo.get("/slice?view=red").headers["ETag"] == before


# -- losing the server ---------------------------------------------------------------------------------------------------


@pytest.mark.timeout(240)
def test_pages_say_when_the_server_is_away_and_come_back(browser: Browser) -> None:
    live = LiveServer().wait()
    names = ("timecube", "threeDCube", "img", "linked", "tool", "phone", "latency")
    pages = {name: browser.new_page() for name in names}
    try:
        for name, page in pages.items():
            page.goto(f"{live.url}/demos/{name}.html")
            page.wait_for_function(LIVE, timeout=30_000)
        live.stop()
        for name, page in pages.items():
            page.wait_for_function(NOT_LIVE, timeout=20_000)
            assert page.locator("#server").inner_text() not in ("Live", "Loaded", "Ready", ""), name
        live = LiveServer(port=live.port).wait()
        for page in pages.values():
            page.wait_for_function(f"{LIVE} && !{NOT_LIVE}", timeout=30_000)
    finally:
        for page in pages.values():
            page.close()
        live.stop()
