"""Waiting changes of state: which of them the scene need not carry out."""

from __future__ import annotations

from backend.scene import commands as c
from backend.scene.process import newest_values
from backend.scene.wire import Request


def left(*commands: c.Command) -> list[c.Command]:
    return [request.command for request in newest_values(Request(0, command) for command in commands)]


def move(offset: float, n: int, camera: str = "", by: str = "a", **more: float) -> c.SetView:
    return c.SetView("Red", c.ViewPatch(offset=offset, **more), by, n, camera)


def test_of_the_same_values_only_the_newest_is_left() -> None:
    assert left(move(1, 1), move(2, 2), move(3, 3)) == [move(3, 3)]


def test_cameras_do_not_stand_in_each_others_way() -> None:
    first, second = [move(n, n, "x") for n in range(3)], [move(n, n, "y", "b") for n in range(3)]
    mixed = [command for pair in zip(first, second, strict=True) for command in pair]
    assert left(*mixed) == [first[-1], second[-1]]


def test_what_sets_anything_else_stays() -> None:
    changes = [move(1, 1, window=5.0), move(2, 2), move(3, 3, by="b"), move(4, 4)]
    assert left(*changes) == changes
    position, focus = (c.CameraPatch(position=(1, 2, 3)), c.CameraPatch(focal_point=(1, 2, 3)))
    turns = [c.SetView("1", c.ViewPatch(camera=camera), "a", 1) for camera in (position, focus)]
    assert left(*turns) == turns


def test_what_depends_on_what_was_before_stays() -> None:
    changes: list[c.Command] = [c.SetView("1", c.ViewPatch(look_from=axis), "a", n) for n, axis in enumerate("LSA")]
    changes += [c.SetView("Red", c.ViewPatch(orientation=name, offset=1.0), "a", 9) for name in ("Axial", "Coronal")]
    assert left(*changes) == changes


def test_raw_input_and_other_commands_are_never_left_out() -> None:
    events = c.Pointer("Red", [[0, "wheel", 0.5, 0.5, 0, 0, 100]], (64, 64), "a", 2)
    changes = [move(1, 1), events, events, c.OwnCamera("Red", "x"), c.Track(position=[0, 0, 0]), move(2, 3)]
    assert left(*changes) == changes
