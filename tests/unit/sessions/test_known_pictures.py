"""Which pictures need not be asked for again, and what makes them be asked for."""

from __future__ import annotations

import pytest

from backend.scene import commands as c
from backend.sessions.known_pictures import Asked, KnownPictures

PNG = c.Picture(64, 64, "png")
STAYS = c.SlicePicture("red", PNG)
MOVES = c.SlicePicture("red", PNG, patch=c.ViewPatch(offset=10.0))
THERE = c.SlicePicture("red", PNG, patch=c.ViewPatch(offset=20.0))
THREED = c.ThreeDPicture("1", PNG)


def asked(known: KnownPictures, command: Asked, data: bytes = b"picture") -> None:
    """Ask and be answered."""
    known.keep(command, known.said(command), (c.PictureInfo("tag", "png", 64, 64), data))


@pytest.mark.parametrize("command", [STAYS, MOVES, THREED])
def test_the_same_again_is_known(command: Asked) -> None:
    known = KnownPictures()
    assert known.find(command) is None
    asked(known, command)
    found = known.find(command)
    assert found is not None
    assert found[1] == b"picture"


def test_pictures_that_move_nothing_go_together() -> None:
    known = KnownPictures()
    for command in (MOVES, STAYS, THREED, c.SlicePicture("yellow", PNG)):
        asked(known, command)
    assert all(known.find(command) is not None for command in (MOVES, STAYS, THREED))
    larger = c.SlicePicture("red", c.Picture(128, 128, "png"), patch=c.ViewPatch(offset=10.0))
    asked(known, larger)  # the same place in another size
    assert known.find(MOVES) is not None


def test_a_picture_that_moves_its_view_makes_all_others_unknown() -> None:
    known = KnownPictures()
    asked(known, STAYS)
    asked(known, THREED)
    asked(known, MOVES)
    assert known.find(STAYS) is None
    assert known.find(THREED) is None  # it may show the slice
    asked(known, THERE)
    assert known.find(MOVES) is None  # asking for it moves the view back
    assert known.find(THERE) is not None


@pytest.mark.parametrize("command", [
    c.ThreeDPicture("1", PNG, orbit=(10.0, 0.0)), c.ThreeDPicture("1", PNG, start=True),
    c.ThreeDPicture("1", PNG, look_from="A"),
    c.SlicePicture("red", PNG, drag="drag", patch=c.ViewPatch(offset=1.0)), c.SlicePicture("red", PNG, drag="start"),
])  # fmt: skip
def test_what_moves_on_when_it_is_asked_for_again_is_never_known(command: Asked) -> None:
    known = KnownPictures()
    asked(known, STAYS)
    asked(known, command)
    assert known.find(command) is None
    assert known.find(STAYS) is None
    asked(known, MOVES)
    asked(known, command)
    asked(known, MOVES)
    assert known.find(MOVES) is not None


def test_whatever_else_is_said_or_heard_makes_all_unknown() -> None:
    known = KnownPictures()
    for change in (lambda: known.said(c.SetView("red", c.ViewPatch(window=1.0))), lambda: known.said(c.ListMarkups()),
                   lambda: known.heard(c.ViewChanged("Red", 2, {})), known.change):  # fmt: skip
        asked(known, MOVES)
        assert known.find(MOVES) is not None
        change()
        assert known.find(MOVES) is None
    asked(known, MOVES)
    known.heard(c.Beat(0.0))
    known.heard(c.Progress("job", "Reading"))
    known.said(c.Frame("Red", PNG))
    assert known.find(MOVES) is not None


def test_a_picture_from_before_a_change_that_comes_after_it_is_not_kept() -> None:
    known = KnownPictures()
    state = known.said(STAYS)
    known.change()
    known.keep(STAYS, state, (c.PictureInfo("tag", "png", 64, 64), b"old"))
    assert known.find(STAYS) is None
