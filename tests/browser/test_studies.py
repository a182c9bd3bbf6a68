"""The study browser in a real Chromium: upload, search, open, download, delete; jobs, peers, and 100,000 studies."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid

from benchmarks import generated_archive
from tests.support.archive_server import ArchiveServer
from tests.support.dicom_phantom import write_series
from tests.support.instances import make_dataset, make_instance, part10
from tests.support.live import free_port

OUTPUT = Path(__file__).parents[1] / "output"
PATIENCE_MS = 30_000
OUTSIDE = "[...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    port = free_port()
    peers = [f"myself=SLICECAST@127.0.0.1:{port}", f"nobody=GONE@127.0.0.1:{free_port()}"]
    live = ArchiveServer(enable_dicom=True, dicom_port=port, dicom_peers=peers)
    yield live
    live.stop()


def open_page(browser: Browser, url: str, faults: list[str], **options: Any) -> Page:
    page = browser.new_page(**{"viewport": {"width": 1400, "height": 900}, "accept_downloads": True, **options})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(url)
    return page


@pytest.fixture
def page(browser: Browser, server: ArchiveServer) -> Iterator[Page]:
    faults: list[str] = []
    found = open_page(browser, f"{server.url}/viewer/#studies", faults)
    yield found
    found.close()
    assert faults == []


def keep(page: Page, name: str) -> None:
    """A picture to look at."""
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=str(OUTPUT / f"studies-{name}.png"))


def write_phantom(folder: Path, **tags: Any) -> None:
    """A CT series of seven slices."""
    write_series(folder, np.diag([2.0, 2.0, 3.0, 1.0]), (40, 40, 7), **tags)


def rows(page: Page) -> Any:
    return page.locator(".scroller .line:not(.coming)")


def test_a_folder_is_uploaded_found_opened_downloaded_and_deleted(page: Page, server: ArchiveServer, tmp_path: Path) -> None:
    page.get_by_text("The archive is empty.").wait_for()
    keep(page, "empty")
    folder = tmp_path / "disc"
    write_phantom(folder / "ct", PatientID="PH1", StudyDate="20240131", StudyDescription="Octant phantom")
    (folder / "readme.txt").write_text("no image")
    (folder / "DICOMDIR").write_bytes(b"left out")
    page.get_by_label("Upload folder").set_input_files(folder)
    bar = page.get_by_role("region", name="Upload")
    expect(bar.get_by_role("status")).to_have_text("Upload finished: 7 images stored, 1 refused, 1 left out")
    expect(bar.get_by_role("listitem")).to_have_text("disc/readme.txt: it is no DICOM file")
    keep(page, "uploaded")
    bar.get_by_role("button", name="Close").click()
    expect(page.get_by_text("1 study", exact=True)).to_be_visible()

    page.get_by_label("Patient", exact=True).fill("nobody")
    page.get_by_text("No study matches.").wait_for()
    page.get_by_label("Patient", exact=True).fill("phan")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Description").fill("octant")
    page.get_by_label("From").fill("2024-01-31")
    page.get_by_label("Modality").fill("ct")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text("Searching…")).to_have_count(0)
    page.get_by_label("To").fill("2024-01-30")
    page.get_by_text("No study matches.").wait_for()
    page.get_by_role("button", name="Clear").first.click()
    expect(rows(page)).to_have_count(1)

    page.get_by_role("grid").focus()
    page.keyboard.press("Enter")
    study = page.get_by_role("region", name="Study")
    expect(study.get_by_role("heading")).to_have_text("Phantom")
    picture = study.locator(".thumbnail img")
    picture.wait_for()
    page.wait_for_function("document.querySelector('.thumbnail img').naturalWidth > 0")
    expect(study.get_by_text("No. 3 · CT · 7 images")).to_be_visible()
    keep(page, "study")
    with page.expect_download() as begun:
        study.get_by_role("link", name="Download", exact=True).click()
    assert begun.value.suggested_filename.endswith(".zip")
    with zipfile.ZipFile(begun.value.path()) as opened:
        assert opened.testzip() is None
        assert len(opened.namelist()) == 7
        assert all(name.startswith("3 CT Octants/") and name.endswith(".dcm") for name in opened.namelist())

    study.get_by_role("button", name="Delete", exact=True).click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("7 images is removed")
    keep(page, "delete")
    page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    assert server.get("/dicom/studies").status == 200
    study.get_by_role("button", name="Delete", exact=True).click()
    question.get_by_role("button", name="Delete").click()
    page.get_by_text("The archive is empty.").wait_for()
    assert server.get("/dicom/studies").status == 204


def test_a_zip_is_uploaded_and_its_job_shown(page: Page, server: ArchiveServer, tmp_path: Path) -> None:
    study, buffer = generate_uid(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for number in range(5):
            made.writestr(f"a/{number}", make_instance(study, PatientName="Zip^Pat", SeriesNumber=number))
        made.writestr("a/letter.doc", b"Dear colleague")
    (tmp_path / "export.zip").write_bytes(buffer.getvalue())
    page.get_by_label("Upload files").set_input_files(tmp_path / "export.zip")
    bar = page.get_by_role("region", name="Upload")
    expect(bar.get_by_role("status")).to_have_text("Upload finished: 5 images stored, 1 refused")
    expect(bar.get_by_role("listitem")).to_have_text("a/letter.doc: it is no DICOM file")
    page.get_by_role("link", name="Jobs").click()
    job = page.locator(".jobs > li", has_text="export.zip")
    expect(job).to_contain_text("done")
    expect(job).to_contain_text("5 stored")
    keep(page, "jobs")
    page.get_by_role("link", name="Studies").click()
    page.locator(".line", has_text="Zip, Pat").click()
    expect(page.locator(".series > li")).to_have_count(5)
    one = page.locator(".series > li").first
    one.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".series > li")).to_have_count(4)
    expect(page.locator(".line", has_text="Zip, Pat")).to_contain_text("4 / 4")
    server.request("DELETE", f"/dicom/studies/{study}")


def test_a_series_without_a_picture_has_a_quiet_placeholder(page: Page, server: ArchiveServer) -> None:
    broken = make_dataset(PatientName="Broken^Pixels", PixelData=encapsulate([b"no JPEG at all"]))
    broken.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    broken["PixelData"].is_undefined_length = True
    assert server.store(part10(broken)).status == 200
    page.reload()
    page.locator(".line", has_text="Broken, Pixels").click()
    expect(page.locator(".series .thumbnail")).to_have_text("CT")
    keep(page, "placeholder")


def test_peers_are_asked_searched_and_retrieved_from(page: Page, server: ArchiveServer) -> None:
    study = generate_uid()
    server.store(make_instance(study, PatientName="Peer^Anna", StudyDescription="Head"))
    page.get_by_role("link", name="Peers").click()
    page.get_by_role("button", name="Echo myself").click()
    page.get_by_text("It answers, in").wait_for()
    page.get_by_role("button", name="Echo nobody").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("link", name="Search myself").click()
    page.get_by_label("Patient", exact=True).fill("anna")
    page.keyboard.press("Enter")
    found = page.locator(".peer li", has_text="Peer, Anna")
    expect(found).to_contain_text("Head")
    found.get_by_role("button", name="Retrieve").click()
    expect(found).to_contain_text("(done)")
    keep(page, "peers")
    found.get_by_role("link", name="Show").click()
    page.get_by_role("region", name="Study").get_by_label("Send to…").first.select_option("myself")
    expect(page.locator(".work")).to_contain_text("done")
    page.get_by_role("link", name="Jobs").click()
    expect(page.locator(".jobs > li", has_text="to myself")).to_contain_text("done")


def test_a_study_is_opened_in_the_viewer(page: Page, server: ArchiveServer, tmp_path: Path) -> None:
    write_phantom(tmp_path, PatientID="PH2", StudyDescription="To be opened")
    server.store(*[path.read_bytes() for path in sorted(tmp_path.iterdir())])
    until = time.monotonic() + PATIENCE_MS / 1000
    while server.get("/api/scene").json()["status"] != "ready":
        assert time.monotonic() < until
        time.sleep(0.1)
    page.reload()
    page.locator(".line", has_text="To be opened").click()
    page.get_by_role("button", name="Open in viewer").click()
    page.wait_for_url(f"{server.url}/viewer/")
    page.wait_for_function("document.querySelector('select option')?.textContent.includes('Octants')")
    page.get_by_role("link", name="Studies").click()
    page.get_by_role("grid").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 3840])
def test_nothing_overflows_from_a_phone_to_4k(browser: Browser, server: ArchiveServer, width: int, scheme: Any) -> None:
    study = generate_uid()
    long = {"PatientName": "Featherstonehaugh-Cholmondeley^Maximiliana Alexandrina", "StudyDescription": "W" * 60}
    server.store(make_instance(study, SeriesDescription="A" * 60, **long))
    faults: list[str] = []
    for place in ("#studies", f"#studies/{study}", "#jobs", "#peers/myself"):
        options = {"viewport": {"width": width, "height": 720}, "color_scheme": scheme}
        page = open_page(browser, f"{server.url}/viewer/{place}", faults, **options)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(200)
        assert page.evaluate(f"{OUTSIDE}.map(e => e.outerHTML.slice(0, 90))") == [], place
        keep(page, f"{width}-{scheme}-{re.sub(r'[^a-z]', '', place)}{'-open' if study in place else ''}")
        page.close()
    server.request("DELETE", f"/dicom/studies/{study}")
    assert faults == []


def test_a_phone_goes_to_a_study_and_back_by_keyboard(browser: Browser, server: ArchiveServer) -> None:
    study = generate_uid()
    server.store(make_instance(study, PatientName="Phone^Fay"))
    faults: list[str] = []
    page = open_page(browser, f"{server.url}/viewer/#studies", faults, viewport={"width": 360, "height": 700})
    page.get_by_role("button", name="More fields").click()
    page.get_by_label("Accession").fill("A1")
    page.get_by_label("Patient", exact=True).fill("fay")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("grid").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Study")).to_be_focused()
    expect(page.get_by_role("heading", name="Phone, Fay")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Back to the list")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("grid")).to_be_focused()
    assert page.get_by_label("Patient", exact=True).input_value() == "fay"
    page.close()
    server.request("DELETE", f"/dicom/studies/{study}")
    assert faults == []


def test_without_an_archive_the_page_says_so(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "index.db").write_bytes(b"this is no database, but something else" * 100)
    live = ArchiveServer(tmp_path)
    faults: list[str] = []
    try:
        page = open_page(browser, f"{live.url}/viewer/#studies", faults)
        expect(page.get_by_role("alert")).to_contain_text("there is no archive")
        page.get_by_label("Upload files").set_input_files({"name": "a", "mimeType": "", "buffer": make_instance()})
        expect(page.get_by_text("Upload interrupted")).to_be_visible()
        page.close()
    finally:
        live.stop()
    assert faults == []


# -- large ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    """100,000 studies without files."""
    data = tmp_path_factory.mktemp("large")
    (data / "archive").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_archive, "SERIES_PER_STUDY", 1)
        patch.setattr(generated_archive, "INSTANCES_PER_SERIES", 1)
        generated_archive.make_index(data / "archive" / "index.db", 100_000)
    live = ArchiveServer(data)
    yield live
    live.stop()


def test_a_hundred_thousand_studies_are_scrolled_and_searched(browser: Browser, large: ArchiveServer) -> None:
    faults: list[str] = []
    page = open_page(browser, f"{large.url}/viewer/#studies", faults)
    expect(page.get_by_text("100,000 studies, newest first")).to_be_visible()
    assert page.locator(".line").count() < 60
    grid = page.get_by_role("grid")
    grid.focus()
    page.keyboard.press("End")
    last = page.locator("#study-99999:not(.coming)")
    last.wait_for()
    oldest = large.get("/dicom/studies?offset=99999&limit=1").json()[0]
    expect(last).to_contain_text(oldest["00100020"]["Value"][0])
    assert page.locator(".line").count() < 60
    keep(page, "large-end")
    page.locator(".scroller").evaluate("e => e.scrollTo(0, e.scrollHeight / 2)")
    page.locator("#study-50000:not(.coming)").wait_for()
    # As people type, each letter a search; the last one is what is shown.
    page.get_by_label("Patient", exact=True).press_sequentially("mull pet", delay=40)
    count = len(large.get("/dicom/studies?PatientName=mull%20pet&fuzzymatching=true&limit=5000").json())
    expect(page.get_by_text(f"{count} studies, newest first")).to_be_visible()
    expect(page.locator("#study-0")).to_contain_text("Müller, Peter")
    assert page.locator(".scroller").evaluate("e => e.scrollTop") == 0
    keep(page, "large-search")
    page.close()
    assert faults == []
