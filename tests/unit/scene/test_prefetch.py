"""Slices made ahead: which ones, that they are the very pictures that are asked for next, and when they are not made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import slicer

from backend.scene import commands as c
from backend.scene.framing import kind_of
from backend.scene.host import SceneHost
from backend.scene.making_times import QUICK_S

PICTURE = c.Picture(120, 100)


@pytest.fixture
def host(scene: SceneHost) -> Iterator[SceneHost]:
    """A volume of 40 × 40 × 40 voxels of 1.5 mm, axial in red."""
    node = slicer.util.addVolumeFromArray(np.random.default_rng(2).integers(0, 900, (40, 40, 40)).astype(np.int16))
    node.SetSpacing(1.5, 1.5, 1.5)
    node.CreateDefaultDisplayNodes()
    scene.views.red().show(node)
    scene._view_commands.prefetch._last.clear()
    yield scene
    scene.app.scene.RemoveNode(node)
    scene._view_commands.prefetch.drop()


def ask(host: SceneHost, offset: float, **more: Any) -> tuple[c.PictureInfo, bytes]:
    """The Slicer API's picture at an offset."""
    command = c.SlicePicture("red", more.pop("picture", PICTURE), patch=c.ViewPatch(offset=offset, **more))
    host.notice(command)
    info, data = host.perform(command, 0.0)()
    return info, data


def frame(host: SceneHost, offset: float, by: str) -> tuple[c.PictureInfo, bytes]:
    """The stream's picture at an offset."""
    host.perform(c.SetView("red", c.ViewPatch(offset=offset), by, 1), 0.0)
    info, data = host.perform(c.Frame("red", c.Picture(120, 100, "jpeg"), by), 0.0)()
    return info, data


def make_all(host: SceneHost) -> int:
    count = 0
    while host.is_ahead_waiting:
        host.make_ahead()
        count += 1
    return count


@pytest.mark.parametrize("draw", [ask, lambda host, offset: frame(host, offset, "ada")])
@pytest.mark.parametrize("step", [1.5, -1.5, 0.4])
def test_the_next_ones_are_there_and_right(host: SceneHost, draw: Any, step: float) -> None:
    draw(host, 20.0)
    assert not host.is_ahead_waiting
    draw(host, 20.0 + step)
    assert make_all(host) == 4
    state = host.views.red().state()
    assert state["offset"] == pytest.approx(20.0 + step)  # the view itself has not moved
    made = [draw(host, 20.0 + step * n) for n in (2, 3, 4, 5)]
    assert [info.render_us for info, _data in made] == [0, 0, 0, 0]
    host._view_commands._framer._cache._kept.clear()
    again = [draw(host, 20.0 + step * n) for n in (2, 3, 4, 5)]
    assert all(info.render_us > 0 for info, _data in again)
    assert [data for _info, data in made] == [data for _info, data in again]
    assert len({data for _info, data in made}) == 4


def test_jumps_over_slices_step_by_slices(host: SceneHost) -> None:
    ask(host, 10.5)
    ask(host, 13.5)  # two at once: the next may be one further, or two
    make_all(host)
    assert [ask(host, offset)[0].render_us == 0 for offset in (15.0, 16.5)] == [True, True]


def test_other_moves_make_nothing(host: SceneHost) -> None:
    ask(host, 5.0)
    ask(host, 50.0)
    host.make_ahead()  # if there was one to make, others would still wait
    assert not host.is_ahead_waiting  # a jump
    ask(host, 51.5)
    assert host.is_ahead_waiting
    ask(host, 51.5)
    host.make_ahead()  # if there was one to make, others would still wait
    assert not host.is_ahead_waiting  # standing: whatever came, came in the way
    ask(host, 53.0, picture=c.Picture(60, 60))
    host.make_ahead()  # if there was one to make, others would still wait
    assert not host.is_ahead_waiting  # another picture
    host.perform(c.SetView("red", c.ViewPatch(orientation="sagittal"), "ada", 1), 0.0)
    ask(host, 20.0, picture=c.Picture(60, 60))
    host.make_ahead()  # if there was one to make, others would still wait
    assert not host.is_ahead_waiting
    host.perform(c.SetView("red", c.ViewPatch(orientation="axial"), "ada", 1), 0.0)


def test_any_command_drops_it(host: SceneHost) -> None:
    ask(host, 20.0)
    ask(host, 21.5)
    assert host.is_ahead_waiting
    host.notice(c.Describe())
    assert not host.is_ahead_waiting
    host.make_ahead()  # nothing, then


def test_a_change_in_between_is_in_what_is_made(host: SceneHost) -> None:
    ask(host, 20.0)
    ask(host, 21.5)
    background = host.views.red().background
    assert background is not None
    background.GetDisplayNode().SetAutoWindowLevel(0)
    background.GetDisplayNode().SetWindowLevel(77, 400)
    make_all(host)
    made = ask(host, 23.0)
    assert made[0].render_us == 0
    host._view_commands._framer._cache._kept.clear()
    assert ask(host, 23.0)[1] == made[1]


def test_ends_with_the_volume(host: SceneHost) -> None:
    """Beyond the last slice nothing is made."""
    ask(host, 57.0)
    ask(host, 58.5)
    kept = host._view_commands._framer._cache._kept
    before = len(kept)
    make_all(host)
    assert len(kept) == before


def test_everybody_scrolls_alone(host: SceneHost) -> None:
    frame(host, 10.0, "ada")
    frame(host, 40.0, "eve")
    frame(host, 11.5, "ada")
    make_all(host)
    assert frame(host, 13.0, "ada")[0].render_us == 0


def test_what_was_made_ahead_makes_no_slow_picture_a_quick_one(host: SceneHost) -> None:
    """A thick slab that is mostly found ready would otherwise hold up the scene thread when it is not."""
    times = host._view_commands._framer._times
    picture = c.Picture(111, 99)
    kind = kind_of("Red", picture, host.views.slice("red").place())
    ask(host, 20.0, picture=picture)
    times._usual_s[kind] = 1.0
    for _ in range(30):
        ask(host, 20.0, picture=picture)
    assert times._usual_s[kind] == 1.0
    ask(host, 21.0, picture=picture)
    assert times._usual_s[kind] < 1.0


def test_a_slab_or_layer_that_is_new_makes_no_slow_picture_a_quick_one(host: SceneHost) -> None:
    times = host._view_commands._framer._times
    picture, view = c.Picture(101, 99), host.views.slice("red")
    thickness = view.place()["slab"]["thickness"]

    def is_quick() -> bool:
        return times._usual_s.get(kind_of("Red", picture, view.place()), 1.0) < QUICK_S

    ask(host, 20.0, picture=picture)
    times._usual_s[kind_of("Red", picture, view.place())] = 0.0
    assert is_quick()
    for patch in (c.ViewPatch(slab=c.SlabPatch("mip", 30.0)), c.ViewPatch(slab=c.SlabPatch("mip", 60.0))):
        view.apply(patch)
        assert not is_quick()
    view.apply(c.ViewPatch(slab=c.SlabPatch("off", thickness)))
    assert is_quick()
    background = view.logic.GetSliceCompositeNode().GetBackgroundVolumeID()
    view.logic.GetSliceCompositeNode().SetForegroundVolumeID(background)
    assert not is_quick()
