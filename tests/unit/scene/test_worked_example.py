"""The numbers that Slicer's documentation gives for its sample MRHead, on a phantom of that geometry."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from backend.errors import NotFoundError
from backend.scene import commands as c
from backend.scene.host import SceneHost
from tests.support.phantoms import HEAD_TO_RAS, head_like, write_nrrd


@pytest.fixture(scope="module")
def host(scene: SceneHost, tmp_path_factory: pytest.TempPathFactory) -> SceneHost:
    path = write_nrrd(tmp_path_factory.mktemp("head") / "MRHead.nrrd", head_like(), HEAD_TO_RAS)
    scene.perform(c.Load(str(path)), 0.0)
    return scene


def ask(host: SceneHost, view: str = "red", size: int = 64, **fields: object) -> dict[str, object]:
    orientation, offset = fields.pop("orientation", None), fields.pop("offset", None)
    patch = c.ViewPatch(orientation=orientation, offset=offset)  # type: ignore[arg-type]
    host.perform(c.SlicePicture(view, c.Picture(size, size), patch=patch, **fields), 0.0)  # type: ignore[arg-type]
    return host.perform(c.OpenView(view), 0.0).state


def test_fit_puts_the_plane_on_the_voxel_centre_that_the_documentation_shows(host: SceneHost) -> None:
    host.perform(c.SetView("red", c.ViewPatch(fit=True)), 0.0)
    state = host.perform(c.OpenView("red"), 0.0).state
    assert state["offset"] == pytest.approx(-10.214302, abs=2e-5)
    assert state["fov"] == pytest.approx([256, 256], abs=1e-3)
    assert state["offset_range"] == pytest.approx([-138.714, 117.286], abs=1e-3)


def test_scroll_to_goes_from_edge_to_edge(host: SceneHost) -> None:
    state = ask(host, orientation="axial", scroll_to=0.3)
    assert state["offset"] == pytest.approx(-61.914, abs=1e-3)
    assert state["orientation"] == "Axial"
    state = ask(host, "yellow", orientation="sagittal", scroll_to=0.0)
    assert state["offset"] == pytest.approx(-81.704, abs=1e-3)
    assert state["origin"][0] == pytest.approx(81.704, abs=1e-3)  # type: ignore[index]
    assert ask(host, "yellow", scroll_to=1.0)["offset"] == pytest.approx(87.295, abs=1e-3)
    assert ask(host, "green", scroll_to=0.0)["offset"] == pytest.approx(-121.571, abs=1e-3)


def test_offset_wins_over_scroll_to_and_both_over_orientation(host: SceneHost) -> None:
    state = ask(host, "green", orientation="axial", scroll_to=0.9, offset=0.0)
    assert (state["orientation"], state["offset"]) == ("Axial", 0.0)
    state = ask(host, "green", orientation="coronal", scroll_to=0.5)
    assert state["orientation"] == "Coronal"
    assert state["offset"] == pytest.approx((-121.571 + 134.429) / 2, abs=1e-3)


def test_geometry_is_copied_before_the_offset_is_set(host: SceneHost) -> None:
    ask(host, "red", orientation="axial", offset=5.0)
    state = ask(host, "green", copy_geometry_from="RED", offset=33.0)
    assert (state["orientation"], state["offset"]) == ("Axial", 33.0)
    ask(host, "green", orientation="coronal")


def test_copied_geometry_keeps_the_shape_of_the_field_of_view(host: SceneHost) -> None:
    host.perform(c.SetView("green", c.ViewPatch(fov=(100.0, 50.0))), 0.0)
    host.perform(c.SetView("red", c.ViewPatch(fov=(80.0, 80.0))), 0.0)
    assert ask(host, "green", copy_geometry_from="red")["fov"] == pytest.approx([80.0, 40.0])
    host.perform(c.SetView("red", c.ViewPatch(fit=True)), 0.0)
    host.perform(c.SetView("green", c.ViewPatch(orientation="coronal", fit=True)), 0.0)


def test_a_drag_adds_to_the_offset_kept_at_its_start(host: SceneHost) -> None:
    ask(host, "red", orientation="axial", offset=10.0)
    assert ask(host, drag="start")["offset"] == 10.0
    assert ask(host, drag="drag", offset=4.0)["offset"] == 14.0
    assert ask(host, drag="drag", offset=-3.0)["offset"] == 7.0
    assert ask(host, offset=1.0)["offset"] == 1.0
    assert ask(host, drag="start", offset=2.0)["offset"] == 3.0


def test_pictures_of_a_size_leave_the_view_alone(host: SceneHost) -> None:
    before = ask(host, "red", orientation="axial", offset=10.0)
    assert ask(host, "red", size=700) == before


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("colored", [False, True])
def test_transparency_outside_survives_colours_and_letters(host: SceneHost, colored: bool, labels: bool) -> None:
    """Below `/slicer` a picture is RGBA whatever is drawn: much of it lies outside when the plane is wide."""
    display = host.views.red().background.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeWarm1" if colored else "vtkMRMLColorTableNodeGrey")
    host.perform(c.SetView("red", c.ViewPatch(orientation="axial", fit=True, fov=(600.0, 600.0))), 0.0)
    made = host.perform(c.SlicePicture("red", c.Picture(300, 300), overlays=labels, labels=labels), 0.0)
    picture = np.asarray(Image.open(io.BytesIO(made()[1])))
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    host.perform(c.SetView("red", c.ViewPatch(fit=True)), 0.0)
    assert picture.shape == (300, 300, 4)
    assert (picture[150, 150, 3], picture[20, 20, 3]) == (255, 0)
    assert (picture[150, 150, 0] != picture[150, 150, 2]) == colored
    assert tuple(picture[20, 20, :3]) == (0, 0, 0)


def test_a_view_without_volume_refuses_and_stays(host: SceneHost) -> None:
    red = host.views.red()
    volume = red.background
    composite = red.logic.GetSliceCompositeNode()
    before = host.perform(c.OpenView("red"), 0.0).state["orientation"]
    composite.SetBackgroundVolumeID(None)
    for wanted in ({}, {"scroll_to": 0.5}, {"scroll_to": 0.5, "overlays": True}):
        with pytest.raises(NotFoundError, match="no volume"):
            ask(host, "red", orientation="sagittal", **wanted)
        assert host.perform(c.OpenView("red"), 0.0).state["orientation"] == before
    composite.SetBackgroundVolumeID(volume.GetID())


def test_pixels_show_the_height_that_the_offset_says(host: SceneHost) -> None:
    """The phantom's grey falls by one a millimetre from superior to inferior; the patient's right is brighter."""
    host.app.scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode").GetScalarVolumeDisplayNode().SetAutoWindowLevel(0)
    host.perform(c.SetView("red", c.ViewPatch(orientation="axial", fit=True, window=256.0, level=127.5)), 0.0)
    picture = c.Picture(256, 256)
    made = host.perform(c.SlicePicture("red", picture, patch=c.ViewPatch(offset=16.785698), grey=True), 0.0)
    pixels = np.asarray(Image.open(io.BytesIO(made()[1])))
    assert pixels[128, 160] == pytest.approx(100, abs=1)  # 100 mm below the topmost voxel's centre, on the left
    assert pixels[128, 100] == 255  # on the right
