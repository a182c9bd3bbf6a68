"""Raw input on a real scene of a known volume: what the pointer holds stays under it, a notch is a slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.errors import BadRequestError
from backend.scene import commands as c
from backend.scene.host import SceneHost
from tests.support.phantoms import centred, octant_volume, write_nrrd

SIZE = (400, 200)
LEFT, RIGHT, MIDDLE, SHIFT = 1, 2, 4, 1
SPACING, DIMS = (1.5, 2.0, 2.5), (40, 36, 30)


@pytest.fixture(scope="module")
def scene(scene: SceneHost, tmp_path_factory: pytest.TempPathFactory) -> SceneHost:
    affine = centred(np.eye(3), SPACING, DIMS)
    path = write_nrrd(tmp_path_factory.mktemp("volume") / "phantom.nrrd", octant_volume(affine, DIMS), affine)
    scene.perform(c.Load(str(path), show_in_3d=True), 0.0)
    return scene


@pytest.fixture
def host(scene: SceneHost) -> SceneHost:
    """The scene with views as after loading, and no pointer held down."""
    for view in ("red", "yellow", "green"):
        scene.perform(c.SetView(view, c.ViewPatch(fit=True, window=100.0, level=150.0)), 0.0)
    scene.perform(c.SetView("1", c.ViewPatch(look_from="A", reset=True)), 0.0)
    for by in ("me", "you"):
        scene.perform(c.CancelFrames(by), 0.0)
    return scene


def state(host: SceneHost, view: str) -> dict[str, Any]:
    return host.perform(c.OpenView(view), 0.0).state


def send(host: SceneHost, view: str, *events: list[Any], by: str = "me") -> dict[str, Any]:
    host.perform(c.Pointer(view, [[0, *event] for event in events], SIZE, by), 0.0)
    return state(host, view)


def drag(
    host: SceneHost, view: str, start: tuple[float, float], end: tuple[float, float], buttons: int, keys: int = 0
) -> dict[str, Any]:
    """Press, move in two steps, let go, and move once more with nothing held."""
    middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
    return send(
        host, view,
        ["down", *start, buttons, keys], ["move", *middle, buttons, keys], ["move", *end, buttons, keys],
        ["up", *end, 0, keys], ["move", 0.9, 0.9, 0, keys],
    )  # fmt: skip


def ras_at(told: dict[str, Any], x: float, y: float) -> np.ndarray:
    """The point of the plane shown at a place (0 to 1 from the top left) of a picture of SIZE."""
    matrix = np.array(told["slice_to_ras"]).reshape(4, 4)
    mm = max(told["fov"][0] / SIZE[0], told["fov"][1] / SIZE[1])
    return matrix[:3, 3] + matrix[:3, 0] * (x - 0.5) * SIZE[0] * mm + matrix[:3, 1] * (0.5 - y) * SIZE[1] * mm


@pytest.mark.parametrize(("view", "spacing"), [("red", 2.5), ("yellow", 1.5), ("green", 2.0)])
def test_a_notch_of_the_wheel_is_one_slice_and_up_is_on(host: SceneHost, view: str, spacing: float) -> None:
    before = state(host, view)["offset"]
    assert send(host, view, ["wheel", 0.5, 0.5, 0, 0, -100])["offset"] == pytest.approx(before + spacing)
    assert send(host, view, ["wheel", 0.5, 0.5, 0, 0, 200])["offset"] == pytest.approx(before - spacing)


def test_a_touchpads_small_steps_add_up(host: SceneHost) -> None:
    before = state(host, "red")["offset"]
    assert send(host, "red", ["wheel", 0.5, 0.5, 0, 0, -60])["offset"] == before
    assert send(host, "red", ["wheel", 0.5, 0.5, 0, 0, -60])["offset"] == pytest.approx(before + 2.5)
    host.perform(c.CancelFrames("me"), 0.0)  # what is left of a notch goes with its client
    third = ["wheel", 0.5, 0.5, 0, 0, -100 / 3]
    assert send(host, "red", third, third, third)["offset"] == pytest.approx(before + 5.0)


def test_the_wheel_stops_at_the_ends_of_the_volume(host: SceneHost) -> None:
    low, high = state(host, "red")["offset_range"]
    assert (low, high) == (pytest.approx(-37.5), pytest.approx(37.5))
    assert send(host, "red", ["wheel", 0.5, 0.5, 0, 0, -99999])["offset"] == pytest.approx(high)
    assert send(host, "red", ["wheel", 0.5, 0.5, 0, 0, 99999])["offset"] == pytest.approx(low)


def test_a_left_drag_widens_to_the_right_and_brightens_upwards(host: SceneHost) -> None:
    span = 250 - 40
    told = drag(host, "red", (0.2, 0.5), (0.4, 0.5), LEFT)
    assert (told["window"], told["level"]) == (pytest.approx(100 + 0.2 * span), pytest.approx(150))
    told = drag(host, "red", (0.5, 0.6), (0.5, 0.5), LEFT)
    assert told["level"] == pytest.approx(150 - 0.1 * span)
    assert drag(host, "red", (0.9, 0.5), (0.0, 0.5), LEFT)["window"] > 0
    assert state(host, "green")["level"] == told["level"]  # the window belongs to the volume


@pytest.mark.parametrize(("buttons", "keys"), [(LEFT, SHIFT), (MIDDLE, 0)])
@pytest.mark.parametrize("view", ["red", "yellow", "green"])
def test_panning_keeps_the_anatomy_under_the_pointer(host: SceneHost, view: str, buttons: int, keys: int) -> None:
    before = state(host, view)
    held = ras_at(before, 0.3, 0.7)
    after = drag(host, view, (0.3, 0.7), (0.55, 0.2), buttons, keys)
    assert np.allclose(ras_at(after, 0.55, 0.2), held)
    assert (after["fov"], after["window"]) == (before["fov"], before["window"])
    assert after["offset"] == pytest.approx(before["offset"])


def test_a_right_drag_zooms_in_upwards_about_the_centre(host: SceneHost) -> None:
    before = state(host, "red")
    after = drag(host, "red", (0.5, 0.75), (0.5, 0.25), RIGHT)
    assert after["fov"] == pytest.approx([side / 2 for side in before["fov"]])
    assert np.allclose(ras_at(after, 0.5, 0.5), ras_at(before, 0.5, 0.5))
    assert drag(host, "red", (0.5, 0.25), (0.5, 0.75), RIGHT)["fov"] == pytest.approx(before["fov"])


def test_a_double_click_fits(host: SceneHost) -> None:
    before = state(host, "red")
    drag(host, "red", (0.1, 0.1), (0.6, 0.9), LEFT, SHIFT)
    drag(host, "red", (0.5, 0.2), (0.5, 0.9), RIGHT)
    after = send(host, "red", ["dbl", 0.5, 0.5, 0, 0])
    assert after["fov"] == pytest.approx(before["fov"])
    assert after["origin"] == pytest.approx(before["origin"])


def on_screen(told: dict[str, Any], ras: np.ndarray) -> tuple[float, float]:
    """Where a 3D view of SIZE draws a point, 0 to 1 from the top left."""
    camera = {name: np.array(value) for name, value in told["camera"].items()}
    forward = camera["focal_point"] - camera["position"]
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, camera["view_up"])
    right /= np.linalg.norm(right)
    arm = ras - camera["position"]
    height = 2 * float(arm @ forward) * np.tan(np.radians(float(camera["view_angle"])) / 2)
    return (
        0.5 + float(arm @ right) / (height * SIZE[0] / SIZE[1]),
        0.5 - float(arm @ np.cross(right, forward)) / height,
    )


def test_a_left_drag_turns_the_patient_with_the_pointer(host: SceneHost) -> None:
    nose = np.add(state(host, "1")["camera"]["focal_point"], (0.0, 20.0, 0.0))
    told = drag(host, "1", (0.5, 0.5), (0.6, 0.5), LEFT)
    x, y = on_screen(told, nose)
    assert (x > 0.5, y) == (True, pytest.approx(0.5))
    told = drag(host, "1", (0.6, 0.5), (1.0, 0.5), LEFT)
    arm = np.subtract(told["camera"]["position"], told["camera"]["focal_point"])
    assert np.allclose(arm / np.linalg.norm(arm), (1, 0, 0))  # half the view is a quarter turn: the patient's right
    told = drag(host, "1", (0.5, 0.6), (0.5, 0.5), LEFT)
    assert np.subtract(told["camera"]["position"], told["camera"]["focal_point"])[2] < 0  # seen from below


@pytest.mark.parametrize("view_angle", [30.0, 60.0])
@pytest.mark.parametrize(("buttons", "keys"), [(LEFT, SHIFT), (MIDDLE, 0)])
def test_panning_in_3d_keeps_the_focus_under_the_pointer(host: SceneHost, view_angle: float, buttons: int, keys: int) -> None:
    host.perform(c.SetView("1", c.ViewPatch(camera=c.CameraPatch(view_angle=view_angle))), 0.0)
    focus = np.array(state(host, "1")["camera"]["focal_point"])
    told = drag(host, "1", (0.5, 0.5), (0.7, 0.2), buttons, keys)
    host.perform(c.SetView("1", c.ViewPatch(camera=c.CameraPatch(view_angle=30.0))), 0.0)
    assert on_screen(told, focus) == (pytest.approx(0.7), pytest.approx(0.2))


def test_zooming_in_3d_by_drag_and_wheel(host: SceneHost) -> None:
    def distance(told: dict[str, Any]) -> float:
        return float(np.linalg.norm(np.subtract(told["camera"]["position"], told["camera"]["focal_point"])))

    far = distance(state(host, "1"))
    assert distance(drag(host, "1", (0.5, 0.75), (0.5, 0.25), RIGHT)) == pytest.approx(far / 2)
    assert distance(drag(host, "1", (0.5, 0.25), (0.5, 0.75), RIGHT)) == pytest.approx(far)
    nearer = distance(send(host, "1", ["wheel", 0.5, 0.5, 0, 0, -100]))
    assert nearer == pytest.approx(far / 1.1)
    assert distance(send(host, "1", ["wheel", 0.5, 0.5, 0, 0, 100])) == pytest.approx(far)
    assert distance(send(host, "1", ["wheel", 0, 0, 0, 0, -900], ["dbl", 0, 0, 0, 0])) == pytest.approx(far)


def test_nothing_moves_unless_a_button_is_held(host: SceneHost) -> None:
    before = state(host, "red")
    assert send(host, "red", ["move", 0.1, 0.1, 0, 0], ["move", 0.9, 0.9, 0, 0]) == before
    assert send(host, "red", ["down", 0.1, 0.1, LEFT, 0], ["cancel", 0.1, 0.1, 0, 0], ["move", 0.9, 0.9, 0, 0]) == before
    assert send(host, "red", ["key", 0.5, 0.5, 0, 0], ["keyup", 0.5, 0.5, 0, 0]) == before


def test_each_client_and_each_view_has_a_pointer_of_its_own(host: SceneHost) -> None:
    before = state(host, "red")
    send(host, "red", ["down", 0.1, 0.5, RIGHT, 0])
    assert send(host, "red", ["move", 0.9, 0.9, 0, 0], by="you") == before
    send(host, "green", ["move", 0.9, 0.9, 0, 0])
    assert state(host, "red") == before
    host.perform(c.CancelFrames("me"), 0.0)  # a client that has gone holds nothing
    assert send(host, "red", ["move", 0.9, 0.9, 0, 0]) == before


@pytest.mark.parametrize(
    "event", [[], ["wheel"], ["hover", 0, 0, 0, 0], ["move", "a", 0, 0, 0], ["move", 1e9, 0, 0, 0], ["move", None, 0, 0, 0]]
)
def test_events_that_make_no_sense_are_refused_and_those_before_them_hold(host: SceneHost, event: list[Any]) -> None:
    before = state(host, "red")["offset"]
    with pytest.raises(BadRequestError):
        send(host, "red", ["wheel", 0.5, 0.5, 0, 0, -100], event, ["wheel", 0.5, 0.5, 0, 0, -100])
    assert state(host, "red")["offset"] == pytest.approx(before + 2.5)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(host: SceneHost, value: float) -> None:
    with pytest.raises(BadRequestError):
        send(host, "red", ["wheel", 0.5, 0.5, 0, 0, value])
