"""Long lists in the panels can be filtered by name, by keys too, and are fit for screen readers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.panels import close_viewer, open_panel, open_viewer
from tests.browser.test_accessibility import faults
from tests.support.live import LiveServer

MAKE = """
for n in range(70):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", f"{'Rib' if n % 10 else 'Screw'} {n:02}")
    node.CreateDefaultDisplayNodes()
for n in range(14):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"Lesion {n:02}")
    node.AddControlPoint([n, 0, -170])
segmentation = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
for n in range(12):
    segmentation.GetSegmentation().AddEmptySegment("", f"Vertebra {n:02}")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    done = live.request("POST", "/slicer/exec", MAKE.encode(), Content_Type="text/plain")
    assert done.status == 200, done.body
    yield live
    live.stop()


@pytest.fixture
def page(browser: Browser, server: LiveServer) -> Iterator[Page]:
    opened = open_viewer(browser, server)
    yield opened
    close_viewer(opened)


def test_models_and_segments_in_3d(page: Page) -> None:
    panel = open_panel(page, "3D")
    listed = panel.get_by_role("list", name="Models and segmentations")
    expect(listed.get_by_role("button", name="Show Rib 01 in 3D")).to_be_visible()
    words = panel.get_by_role("searchbox", name="Filter by name")
    words.fill("screw")  # all are found, also those that the panel had not listed
    expect(listed.get_by_role("button", name="Show Screw 60 in 3D")).to_be_visible()
    expect(listed.get_by_role("button", name="in 3D")).to_have_count(7)
    expect(panel.get_by_role("status").filter(has_text="7 found")).to_be_visible()
    words.fill("03 VERTEBRA")  # a segment: its segmentation is there, with that one only
    expect(listed.get_by_role("button", name="Show Vertebra 03 in 3D")).to_be_visible()
    expect(listed.get_by_role("button", name="in 3D")).to_have_count(2)
    assert faults(page) == []
    words.fill("nothing of this name")
    expect(panel.get_by_text("No name has these words")).to_be_visible()
    expect(listed.get_by_role("listitem")).to_have_count(0)
    words.press("Escape")
    expect(words).to_have_value("")
    expect(listed.get_by_role("button", name="Show Rib 01 in 3D")).to_be_visible()


@pytest.mark.parametrize(
    ("title", "word", "row"), [("Tools", "lesion 07", "Lesion 07"), ("Segment", "vertebra 07", "Vertebra 07")]
)
def test_markups_and_segments(page: Page, title: str, word: str, row: str) -> None:
    panel = open_panel(page, title)
    words = panel.get_by_role("searchbox", name="Filter by name")
    words.fill(word)
    group = panel.locator(".markups" if title == "Tools" else ".segment-list")
    expect(group.get_by_role("listitem")).to_have_count(1)
    expect(group.get_by_role("button", name=row).first).to_be_visible()
    assert faults(page) == []
    words.press("Escape")
    expect(group.get_by_role("listitem")).not_to_have_count(1)
