"""Pictures that take little time are made at once, the others by other threads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from backend.scene import commands as c
from backend.scene import process, wire
from backend.scene.host import SceneHost
from backend.scene.making_times import KINDS_KEPT, QUICK_S, MakingTimes, Quick


def busy(seconds: float) -> Callable[[], str]:
    def make() -> str:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass
        return "made"

    return make


def is_quick(times: MakingTimes, kind: str) -> bool:
    return isinstance(times.timed(kind, busy(0)), Quick)


def test_only_what_was_quick_before_is() -> None:
    times = MakingTimes()
    assert not is_quick(times, "small")
    assert times.timed("small", busy(0))() == "made"
    assert times.timed("large", busy(2 * QUICK_S))() == "made"
    assert is_quick(times, "small")
    assert not is_quick(times, "large")


def test_a_slow_first_one_is_soon_forgotten_and_a_single_slow_one_changes_nothing() -> None:
    times = MakingTimes()
    times.timed("slice", busy(0.1))()
    for _ in range(12):
        times.timed("slice", busy(0))()
    assert is_quick(times, "slice")
    times.timed("slice", busy(0.1))()
    assert is_quick(times, "slice")
    for _ in range(12):
        times.timed("slice", busy(2 * QUICK_S))()
    assert not is_quick(times, "slice")


def test_a_failure_is_passed_on_and_its_time_noted() -> None:
    times = MakingTimes()

    def fail() -> str:
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        times.timed("broken", fail)()
    assert is_quick(times, "broken")


def test_as_many_kinds_as_sizes_asked_for_do_not_fill_the_memory() -> None:
    times = MakingTimes()
    for number in range(KINDS_KEPT + 50):
        times.timed(f"size {number}", busy(0))()
    assert len(times._usual_s) == KINDS_KEPT
    assert is_quick(times, f"size {KINDS_KEPT + 49}")
    assert not is_quick(times, "size 0")


@pytest.mark.parametrize("has_cores_to_spare", [False, True])
def test_a_quick_picture_is_made_by_the_scene_thread(
    scene: SceneHost, monkeypatch: pytest.MonkeyPatch, has_cores_to_spare: bool
) -> None:
    """Where there are cores to spare, only if nobody waits for the scene thread meanwhile."""
    monkeypatch.setattr(process, "HAS_CORES_TO_SPARE", has_cores_to_spare)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inbox = process.Inbox()
        server = process.Server(scene, inbox, process.Outbox(ours))
        makers: list[str] = []

        def make() -> tuple[c.PictureInfo, bytes]:
            makers.append(threading.current_thread().name)
            return c.PictureInfo("", "png", 1, 1), b"picture"

        def made_by(result: Callable[[], object]) -> str:
            monkeypatch.setattr(scene, "perform", lambda _command, _arrived: result)
            server._perform(wire.Request(1, c.Describe()), 0.0)
            head, body = wire.unpack_prefix(theirs.recv(wire.PREFIX.size, socket.MSG_WAITALL))
            assert theirs.recv(head + body, socket.MSG_WAITALL).endswith(b"picture")
            return makers.pop()

        here = threading.current_thread().name
        assert made_by(make) != here
        assert made_by(Quick(make)) == here
        inbox.put(wire.Request(2, c.Describe()))
        assert (made_by(Quick(make)) == here) is not has_cores_to_spare
