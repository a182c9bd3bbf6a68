"""OHIF in a real Chromium over the archive: list, search, preview, a study opened and scrolled, a segmentation, uploads."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from backend.http.static import document_root
from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_instance

STUDY = Path(__file__).parents[3] / "shared" / "data" / "petct-chest"
OUTPUT = Path(__file__).parents[1] / "output"
FILES_AT_ONCE = 40
PATIENCE_MS = 60_000

pytestmark = [
    pytest.mark.skipif(not (document_root() / "browse" / "index.html.gz").exists(), reason="OHIF is not there (make ohif)"),
    pytest.mark.skipif(not STUDY.exists(), reason="the shared PET/CT study is not there"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    running = ArchiveServer()
    try:
        files = [path.read_bytes() for path in sorted(STUDY.rglob("*.dcm"))]
        for start in range(0, len(files), FILES_AT_ONCE):
            assert running.store(*files[start : start + FILES_AT_ONCE]).status == 200
        yield running
    finally:
        running.stop()


@pytest.fixture
def page(browser: Browser, server: ArchiveServer) -> Iterator[Page]:
    faults: list[str] = []
    found = browser.new_page(viewport={"width": 1400, "height": 900})
    found.set_default_timeout(PATIENCE_MS)
    found.on("pageerror", lambda error: faults.append(str(error)))
    found.on("response", lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    found.on("request", lambda asked: faults.append(asked.url) if is_elsewhere(asked.url, server) else None)
    yield found
    found.close()
    assert faults == []


def is_elsewhere(url: str, server: ArchiveServer) -> bool:
    return url.startswith("http") and not url.startswith(server.url)


def keep(page: Page, name: str) -> None:
    """A picture to look at."""
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=str(OUTPUT / f"ohif-{name}.png"))


def canvas(page: Page) -> NDArray[np.uint8]:
    """The image in the only viewport, grey, as the square that it fills."""
    place = page.locator("canvas").first.bounding_box()
    assert place is not None
    side = place["height"]
    clip = {"x": place["x"] + (place["width"] - side) / 2, "y": place["y"], "width": side, "height": side}
    return np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L"))  # type: ignore[arg-type]


def likeness(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Correlation of two pictures, both made small."""
    small = [np.asarray(Image.fromarray(one).resize((128, 128)), np.float64).ravel() for one in (a, b)]
    return float(np.corrcoef(*small)[0, 1])


def test_the_list_is_searched_and_shows_previews(page: Page, server: ArchiveServer) -> None:
    page.goto(f"{server.url}/browse/")
    row = page.get_by_text("LUNG DELAYS").first
    expect(row).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text("Confirm and hide").click()
    name = page.locator("table input, input").first
    name.fill("nobody")
    expect(page.get_by_text("No studies available")).to_be_visible()
    name.fill("acrin-nsclc")
    expect(row).to_be_visible()
    with page.expect_response(lambda answer: "/thumbnail" in answer.url) as preview:
        row.click()
    assert preview.value.headers["content-type"] == "image/jpeg"
    expect(page.get_by_text("CT IMAGES")).to_be_visible()
    keep(page, "list")


@pytest.mark.timeout(300)
def test_a_study_is_opened_and_scrolled_and_segmented(page: Page, server: ArchiveServer) -> None:
    (study,) = server.get("/dicom/studies?StudyDescription=LUNG%20DELAYS").json()
    page.goto(f"{server.url}/browse/viewer?StudyInstanceUIDs={study['0020000D']['Value'][0]}")
    page.get_by_text("Skip all").click()
    page.get_by_text("Confirm and hide").click()
    page.get_by_text("CT IMAGES").dblclick()
    number = page.get_by_text(re.compile(r"^I:\s*\d+ \(\d+/135\)")).first
    expect(number).to_contain_text("(1/135)")
    page.mouse.move(800, 450)
    for _ in range(59):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(60)
    expect(number).to_contain_text("(60/135)")
    page.wait_for_timeout(3000)
    shown = canvas(page)
    keep(page, "ct")
    letters = page.locator(".viewport-orientation-markers, [class*=orientation]").all_inner_texts()
    assert {"A", "R"} <= set("".join(letters)), letters
    (instance,) = server.get("/dicom/instances?SeriesDescription=CT%20IMAGES&InstanceNumber=60").json()
    url = instance["00081190"]["Value"][0].removeprefix(server.url)
    rendered = server.get(f"{url}/rendered?window=40,400,linear", Accept="image/png")
    ours = np.asarray(Image.open(io.BytesIO(rendered.body)).convert("L"))
    assert likeness(shown, ours) > 0.97
    for wrong in (ours[:, ::-1], ours[::-1]):
        assert likeness(shown, np.ascontiguousarray(wrong)) < 0.9
    page.get_by_text("Segmentation", exact=True).first.dblclick()
    page.wait_for_function("() => document.body.innerText.includes('SEG')")
    page.wait_for_timeout(8000)
    keep(page, "segmentation")
    place = page.locator("canvas").first.bounding_box()
    assert place is not None
    colours = np.asarray(Image.open(io.BytesIO(page.locator("canvas").first.screenshot())).convert("RGB"), np.int16)
    assert np.count_nonzero(np.ptp(colours, axis=2) > 40) > 5000


def test_files_are_uploaded(page: Page, server: ArchiveServer, tmp_path: Path) -> None:
    study = "1.2.826.0.1.3680043.8.498.4711"
    files = []
    for number in (1, 2, 3):
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(make_instance(study, f"{study}.1", f"{study}.1.{number}", InstanceNumber=number))
    page.goto(f"{server.url}/browse/")
    page.get_by_text("Confirm and hide").click()
    page.get_by_text("Upload").first.click()
    page.locator("input[type=file]").first.set_input_files(files)
    expect(page.get_by_text("3 files completed")).to_be_visible()
    found: list[dict[str, dict[str, list[int]]]] = []
    for _ in range(100):  # the viewer counts what is sent, which is not yet answered
        answer = server.get(f"/dicom/studies?StudyInstanceUID={study}")
        found = answer.json() if answer.status == 200 else []
        if found and found[0]["00201208"]["Value"] == [3]:
            break
        page.wait_for_timeout(100)
    keep(page, "upload")
    assert found[0]["00201208"]["Value"] == [3]
