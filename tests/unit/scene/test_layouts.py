"""Layouts: Slicer's table of names, which views each shows, views that are made and stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.errors import BadRequestError, NotFoundError, TooLargeError
from backend.scene import commands as c
from backend.scene.host import SceneHost
from tests.support.phantoms import HEAD_TO_RAS, centred, head_like, octant_volume, write_nrrd

NUMBERS = {
    "initial": 0, "default": 1, "conventional": 2, "fourup": 3, "oneup3d": 4, "oneupredslice": 6, "oneupyellowslice": 7,
    "oneupgreenslice": 8, "tabbed3d": 9, "tabbedslice": 10, "compare": 12, "dual3d": 15, "conventionalwidescreen": 16,
    "triple3dendoscopy": 19, "threeoverthree": 21, "fouroverfour": 22, "comparegrid": 23, "twoovertwo": 27, "sidebyside": 29,
    "fourbythreeslice": 30, "fourbytwoslice": 31, "fivebytwoslice": 32, "threebythreeslice": 33, "fouruptable": 34,
    "3dtable": 35, "conventionalplot": 36, "fourupplot": 37, "fourupplottable": 38, "oneupplot": 39,
    "threeoverthreeplot": 40, "dicombrowser": 41, "dualmonitorfourup": 42, "maximized": 98, "custom": 99, "user": 100,
    "final": 43,
}  # fmt: skip

# Rows of views; `|` between the columns of a layout that has columns of rows.
SHOWN = {
    "FourUp": "Red 1 / Green Yellow",
    "Initial": "Red 1 / Green Yellow",
    "Conventional": "1 / Red Green Yellow",
    "ConventionalWidescreen": "1 | Red / Green / Yellow",
    "OneUp3D": "1",
    "OneUpRedSlice": "Red",
    "OneUpYellowSlice": "Yellow",
    "OneUpGreenSlice": "Green",
    "Dual3D": "1 2 / Red Green Yellow",
    "Triple3DEndoscopy": "1 / 2 3",
    "SideBySide": "Red Yellow",
    "TwoOverTwo": "Red Slice4 / Green Yellow",
    "ThreeOverThree": "Red Green Yellow / Red+ Green+ Yellow+",
    "ThreeByThreeSlice": "Red Yellow Green / Slice4 Slice5 Slice6 / Slice7 Slice8 Slice9",
    "DicomBrowser": "",
}


@pytest.fixture
def host(scene: SceneHost) -> SceneHost:
    """The scene in its usual layout; views that other tests have brought stay."""
    set_layout(scene, "FourUp")
    scene.perform(c.SetContents("full"), 0.0)
    return scene


def set_layout(host: SceneHost, name: str) -> c.GuiState:
    return host.perform(c.SetLayout(name), 0.0)


def text_of(part: c.LayoutPart) -> str:
    if part.view:
        return part.view
    inner = [text_of(p) for p in part.parts]
    if part.split == "rows":
        return " / ".join(inner)
    return (" | " if any(" / " in text for text in inner) else " ").join(inner)


def test_every_name_of_the_table_selects_its_number(host: SceneHost) -> None:
    for name, number in NUMBERS.items():
        for spelling in (name, name.upper()):
            assert set_layout(host, spelling).layout.lower() == name
            assert host.app.layout_node.GetViewArrangement() == number


def test_a_layout_says_where_its_views_lie(host: SceneHost) -> None:
    for name, shown in SHOWN.items():
        set_layout(host, name)
        assert host.info.layout == name
        assert text_of(host.info.composition) == shown, name


def test_colours_and_labels_are_slicers(host: SceneHost) -> None:
    set_layout(host, "TwoOverTwo")
    told = {part.view: (part.kind, part.label, part.color) for part in c.views_of(host.info.composition)}
    assert told == {
        "Red": ("slice", "R", "#F34A33"),
        "Slice4": ("slice", "4", "#8C8C8C"),
        "Green": ("slice", "G", "#6EB04B"),
        "Yellow": ("slice", "Y", "#EDD54C"),
    }
    set_layout(host, "FourUpPlotTable")
    assert [part.kind for part in c.views_of(host.info.composition)] == ["slice", "plot", "slice", "slice", "table"]
    assert [part.share for part in host.info.composition.parts] == [1.0, 0.6]


def test_unknown_names_change_nothing(host: SceneHost) -> None:
    set_layout(host, "SideBySide")
    before = host.info
    with pytest.raises(BadRequestError, match=r"^Unknown layout name: nosuch$"):
        set_layout(host, "NoSuch")
    with pytest.raises(BadRequestError):
        host.views.set_layout(12345)
    assert host.info == before


def test_views_come_with_their_layout_and_stay(host: SceneHost, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="Slice99"):
        host.perform(c.OpenView("Slice99"), 0.0)
    path = write_nrrd(tmp_path / "head.nrrd", head_like(), HEAD_TO_RAS)
    host.perform(c.Load(str(path)), 0.0)
    with_fresh_view(host)
    fresh = host.perform(c.OpenView("fresh"), 0.0).state
    assert fresh["background"]["name"] == "head"
    set_layout(host, "ThreeByThreeSlice")
    for name in ("Red", "Slice4"):
        host.perform(c.SetView(name, c.ViewPatch(orientation="Axial", fit=True)), 0.0)
    opened = host.perform(c.OpenView("slice4"), 0.0)
    assert (opened.view, opened.kind) == ("Slice4", "slice")
    red = host.perform(c.OpenView("Red"), 0.0).state
    for field in ("background", "slice_to_ras", "fov", "orientation"):
        assert opened.state[field] == red[field]
    set_layout(host, "OneUp3D")
    host.perform(c.SetView("Slice9", c.ViewPatch(offset=20.0)), 0.0)
    assert host.perform(c.OpenView("Slice9"), 0.0).state["offset"] == pytest.approx(20.0)
    set_layout(host, "DualMonitorFourUp")
    plus = host.perform(c.OpenView("yellow+"), 0.0).state
    assert (plus["orientation"], plus["color"]) == ("Sagittal", "#F6E9A2")
    assert {"Red", "Slice4", "Yellow+", "1", "1+"} <= set(host.info.views)


def with_fresh_view(host: SceneHost) -> None:
    """A layout with a view that no other has."""
    node = host.app.layout_node
    xml = '<layout type="horizontal"><item><view class="vtkMRMLSliceNode" singletontag="Fresh"/></item></layout>'
    with pytest.raises(BadRequestError):
        host.views.set_layout(601)
    node.AddLayoutDescription(601, xml)
    host.views.set_layout(601)


def test_a_volume_loaded_later_shows_in_every_slice_view(host: SceneHost, tmp_path: Path) -> None:
    set_layout(host, "ThreeOverThree")
    affine = centred(np.eye(3), (1.0, 1.0, 1.0), (10, 10, 10))
    path = write_nrrd(tmp_path / "small.nrrd", octant_volume(affine, (10, 10, 10)), affine)
    host.perform(c.Load(str(path)), 0.0)
    shown = {view.name: view.background.GetName() for view in host.views.slices()}
    assert set(shown.values()) == {"small"}
    assert {"Red", "Green", "Yellow", "Red+", "Green+", "Yellow+"} <= set(shown)


def test_every_3d_view_has_a_camera_of_its_own(host: SceneHost) -> None:
    set_layout(host, "Triple3DEndoscopy")
    first = host.perform(c.OpenView("1"), 0.0).state["camera"]
    assert first == {"position": [0, 500, 0], "focal_point": [0, 0, 0], "view_up": [0, 0, 1], "view_angle": 30}
    host.perform(c.SetView("View2", c.ViewPatch(look_from="R")), 0.0)
    assert host.perform(c.OpenView("2"), 0.0).state["camera"]["position"][0] > 0
    assert host.perform(c.OpenView("threeD"), 0.0).state["camera"] == first
    assert host.perform(c.OpenView("threed3"), 0.0).view == "3"


def test_a_layout_that_a_script_sets_is_followed(host: SceneHost) -> None:
    xml = (
        '<layout type="horizontal"><item splitSize="200"><view class="vtkMRMLSliceNode" singletontag="Mine">'
        '<property name="orientation" action="default">Coronal</property>'
        '<property name="viewlabel" action="default">M</property></view></item>'
        '<item splitSize="800"><view class="vtkMRMLViewNode" singletontag="4"/></item></layout>'
    )
    node = host.app.layout_node
    node.AddLayoutDescription(501, xml)
    node.SetViewArrangement(501)
    assert host.perform(c.OpenView("mine"), 0.0).state["orientation"] == "Coronal"
    assert host.perform(c.OpenView("4"), 0.0).kind == "threeD"
    assert (host.info.layout, text_of(host.info.composition)) == ("Custom", "Mine 4")
    assert [part.share for part in host.info.composition.parts] == pytest.approx([0.4, 1.6])


def test_the_number_of_views_is_bounded(host: SceneHost, monkeypatch: pytest.MonkeyPatch) -> None:
    count = len(host.views.all())
    monkeypatch.setattr(host.views, "_limit", count + 1)
    names = [f"Many{number}" for number in range(3)]
    items = "".join(f'<item><view class="vtkMRMLSliceNode" singletontag="{name}"/></item>' for name in names)
    host.app.layout_node.AddLayoutDescription(602, f'<layout type="horizontal">{items}</layout>')
    with pytest.raises(TooLargeError, match=f"{count + 1} views"):
        host.views.set_layout(602)
    assert (host.info.layout, len(host.views.all())) == ("FourUp", count)
    host.app.set_layout(602)  # as a script may
    assert len(host.views.all()) == count + 1
    with pytest.raises(NotFoundError):
        host.perform(c.OpenView("Many2"), 0.0)


def test_contents_are_told(host: SceneHost) -> None:
    assert host.info.contents == "full"
    host.perform(c.SetContents("viewers"), 0.0)
    assert host.info.contents == "viewers"


def test_the_journal_keeps_each_layout_once_and_the_present_one_last() -> None:
    keys = [c.SetLayout("FourUp"), c.SetLayout("fourup"), c.SetLayout("Dual3D")]
    assert keys[0].journal_key() == keys[1].journal_key() != keys[2].journal_key()
