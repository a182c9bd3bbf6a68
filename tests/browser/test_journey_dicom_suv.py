"""Journey: import a folder of PET images and read uptake values."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page
from pydicom.dataset import Dataset

from tests.browser.panels import close_viewer, open_panel, open_viewer, row
from tests.support.dicom_phantom import write_series
from tests.support.live import LiveServer
from tests.support.phantoms import centred

DIMS = (24, 20, 16)
FACTOR = 80_000 / 1e8  # g / Bq: 80 kg, and 2E8 Bq an hour before, with a half-life of an hour
SLOPE = 10


def write_pet(folder: Path) -> None:
    injected = Dataset()
    injected.RadionuclideTotalDose, injected.RadionuclideHalfLife = "2E8", "3600"
    injected.RadiopharmaceuticalStartTime = "090000"
    write_series(
        folder, centred(np.eye(3), (4.0, 4.0, 4.0), DIMS), DIMS, Modality="PT", SeriesDescription="Whole body",
        Units="BQML", DecayCorrection="START", CorrectedImage=["ATTN", "DECY"], PatientWeight="80",
        SeriesDate="20240102", AcquisitionDate="20240102", SeriesTime="100000", AcquisitionTime="100000",
        RadiopharmaceuticalInformationSequence=[injected], RescaleSlope=SLOPE,
    )  # fmt: skip


def test_import_a_pet_and_read_suv(browser: Browser, tmp_path: Path) -> None:
    write_pet(tmp_path / "pet")
    live = LiveServer(demo=False)
    try:
        page = open_viewer_empty(browser, live)
        open_panel(page, "Data")
        page.get_by_text("The scene is empty.").wait_for()
        page.set_input_files(".data-folder", str(tmp_path / "pet"))
        row(page, "Whole body").wait_for(timeout=30_000)
        assert "SUV" in row(page, "Whole body").inner_text()
        row(page, "Whole body").click()
        values = page.locator(".data-facts > div", has_text="Values").locator("dd")
        values.wait_for()
        low, _to, high, units, *_rest = values.inner_text().replace(",", "").split()
        assert (float(low), float(high)) == (round(40 * SLOPE * FACTOR, 4), round(250 * SLOPE * FACTOR, 4))
        assert units == "SUV"
        assert page.locator(".data-facts > div", has_text="Patient").locator("dd").inner_text() == "Phantom"
        close_viewer(page)
    finally:
        live.stop()


def open_viewer_empty(browser: Browser, live: LiveServer) -> Page:
    """The viewer of a server that has loaded nothing."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if live.get("/readyz").status == 200:
                break
        time.sleep(0.1)
    page = open_viewer(browser, live)
    assert page.evaluate("slicecast.state('Red').background") is None
    return page
