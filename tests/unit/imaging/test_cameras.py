"""Moves of the 3D camera against what a person standing before the patient would see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import BadRequestError
from backend.imaging.cameras import AXES, View, frame, look_from, orbit, pan, require_usable, roll, rotate, zoom
from backend.imaging.frames import direction_letters

FOCUS = np.array([10.0, -20.0, 30.0])
# For each direction looked from: what lies at the picture's right and top, and towards the viewer.
SEEN = {"A": "LSA", "P": "RSP", "L": "PSL", "R": "ASR", "S": "RAS", "I": "LAI"}

angles = st.floats(-170, 170)
fractions = st.floats(-2, 2)


def away(r: float, a: float, s: float) -> np.ndarray:
    return FOCUS + np.array([r, a, s])


def from_anterior(distance: float = 500.0) -> View:
    return View(away(0.0, distance, 0.0), FOCUS, np.array([0.0, 0.0, 1.0]))


def on_screen(view: View, ras: np.ndarray) -> tuple[float, float]:
    """Where a point is drawn: right and up of the picture's centre, 1 at the edge of a square picture."""
    right, up, forward = view.axes()
    arm = ras - view.position
    half = float(arm @ forward) * np.tan(np.radians(view.view_angle) / 2)
    return float(arm @ right) / half, float(arm @ up) / half


def is_sound(view: View) -> bool:
    right, up, forward = view.axes()
    basis = np.array([right, up, -forward])
    return np.allclose(basis @ basis.T, np.eye(3), atol=1e-6) and np.linalg.det(basis) > 0


@pytest.mark.parametrize("letter", AXES)
def test_standing_on_each_side_of_the_patient(letter: str) -> None:
    view = look_from(from_anterior(), letter)
    right, up, forward = view.axes()
    assert direction_letters(right) + direction_letters(up) + direction_letters(-forward) == SEEN[letter.upper()]
    assert view.distance == pytest.approx(500.0)
    assert (view.focal_point == FOCUS).all()
    assert is_sound(view)


def test_from_anterior_the_patients_right_hand_is_at_the_pictures_left() -> None:
    view = look_from(from_anterior(), "anterior")
    across, along = on_screen(view, away(50.0, 0.0, 20.0))
    assert across < 0 < along


def test_only_the_first_letter_counts_and_others_do_nothing() -> None:
    view = from_anterior()
    assert (look_from(view, "Left side").position == look_from(view, "l").position).all()
    assert look_from(view, "x") is view
    assert look_from(view, "") is view


def test_a_drag_to_the_right_turns_the_front_to_the_right() -> None:
    nose = away(0.0, 50.0, 0.0)
    across, along = on_screen(rotate(from_anterior(), 30.0, 0.0), nose)
    assert across > 0.01
    assert along == pytest.approx(0.0, abs=1e-9)
    across, along = on_screen(rotate(from_anterior(), 0.0, 30.0), nose)
    assert along > 0.01
    assert across == pytest.approx(0.0, abs=1e-9)


def test_a_quarter_turn_to_the_right_shows_the_patients_right() -> None:
    turned = rotate(from_anterior(), 90.0, 0.0)
    assert np.allclose(turned.position, look_from(from_anterior(), "R").position)
    assert np.allclose(turned.view_up, (0, 0, 1))


def test_a_quarter_turn_up_shows_the_soles_of_the_feet_and_two_the_back_upside_down() -> None:
    from_below = rotate(from_anterior(), 0.0, 90.0)
    assert np.allclose(from_below.position, away(0, 0, -500))
    assert np.allclose(from_below.axes()[1], (0, 1, 0))
    from_behind = rotate(from_below, 0.0, 90.0)
    assert np.allclose(from_behind.position, away(0, -500, 0))
    assert np.allclose(from_behind.axes()[1], (0, 0, -1))


@given(angles, angles, angles, fractions, fractions)
def test_moves_keep_a_sound_camera_at_its_distance(right: float, up: float, by: float, sideways: float, upwards: float) -> None:
    view = orbit(pan(roll(rotate(from_anterior(), right, up), by), sideways, upwards), sideways, upwards)
    assert is_sound(view)
    assert view.distance == pytest.approx(500.0)
    assert np.linalg.norm(view.view_up) == pytest.approx(1.0)


@given(angles, angles)
def test_rotations_undo_each_other(right: float, up: float) -> None:
    start = from_anterior()
    there = rotate(start, right, 0.0)
    back = rotate(there, -right, 0.0)
    assert np.allclose(back.position, start.position, atol=1e-6)
    back = rotate(rotate(start, 0.0, up), 0.0, -up)
    assert np.allclose(back.position, start.position, atol=1e-6)
    assert np.allclose(back.view_up, start.view_up, atol=1e-6)


def test_rolling_turns_the_picture_and_nothing_else() -> None:
    rolled = roll(from_anterior(), 90.0)
    assert (rolled.position == from_anterior().position).all()
    assert direction_letters(rolled.axes()[1]) == "L"  # the camera turns clockwise, so what was at the right is on top
    assert np.allclose(roll(rolled, -90.0).view_up, (0, 0, 1))


def test_panning_moves_eye_and_focus_together() -> None:
    view = pan(from_anterior(), 0.1, 0.2)
    assert np.allclose(view.position - view.focal_point, (0, 500, 0))
    assert np.allclose(view.focal_point - FOCUS, (50, 0, 100))  # screen left is the patient's right


def test_orbiting_goes_round_the_focus() -> None:
    view = orbit(from_anterior(), 1.0, 0.0)
    assert np.allclose(view.position, FOCUS + 500 * np.array([1, 1, 0]) / np.sqrt(2))
    above = orbit(from_anterior(), 0.0, 1.0)
    assert np.allclose(above.position, FOCUS + 500 * np.array([0, 1, 1]) / np.sqrt(2))
    assert np.allclose(above.axes()[1], np.array([0, -1, 1]) / np.sqrt(2))


def test_zooming_comes_closer_and_keeps_the_direction() -> None:
    near = zoom(from_anterior(), 2.0)
    assert np.allclose(near.position, away(0, 250, 0))
    assert np.allclose(zoom(near, 0.5).position, from_anterior().position)


BOX = (-40.0, 60.0, -10.0, 90.0, 100.0, 300.0)


@pytest.mark.parametrize("letter", AXES)
def test_framing_shows_the_whole_box_as_large_as_it_may_be_turned(letter: str) -> None:
    view = frame(look_from(from_anterior(), letter), BOX)
    corners = [np.array([r, a, s]) for r in BOX[:2] for a in BOX[2:4] for s in BOX[4:]]
    reach = max(abs(v) for corner in corners for v in on_screen(view, corner))
    assert 0.4 < reach <= 1.0
    assert np.allclose(view.focal_point, (10, 40, 200))
    assert direction_letters(-view.axes()[2]) == letter.upper()


def test_framing_a_point_or_from_the_focus_itself() -> None:
    assert frame(from_anterior(), (5, 5, 5, 5, 5, 5)).distance > 1.0
    lost = View(FOCUS, FOCUS, np.array([0.0, 0.0, 1.0]))
    assert direction_letters(-frame(lost, BOX).axes()[2]) == "A"


def test_an_eye_on_its_focus_is_refused_and_one_looking_along_up_is_not() -> None:
    with pytest.raises(BadRequestError):
        View(FOCUS, FOCUS, np.array([0.0, 0.0, 1.0])).axes()
    assert is_sound(View(away(0.0, 0.0, 9.0), FOCUS, np.array([0.0, 0.0, 1.0])))


@pytest.mark.parametrize("by", [1e300, -1.7e308, 1e16])
def test_a_camera_beyond_all_bodies_is_refused(by: float) -> None:
    with pytest.raises(BadRequestError), np.errstate(all="ignore"):
        require_usable(pan(from_anterior(), by, 0.0))


def test_a_camera_at_its_own_focal_point_is_refused() -> None:
    with pytest.raises(BadRequestError):
        require_usable(replace(from_anterior(), position=FOCUS))
    assert is_sound(require_usable(from_anterior()))
