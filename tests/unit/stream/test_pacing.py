"""The rules of flow control with recorded series of acknowledgements; no socket, no clock."""

from __future__ import annotations

import itertools
import random

from backend.api.stream.pacing import LADDER, WINDOW_LEAST, WINDOW_MOST, Pacer


def run(pacer: Pacer, delay_s: float, rate: float, pictures: int, size: int = 40_000, begin: float = 0.0) -> float:
    """A link with a round trip and a rate in bytes/s; the sender always has more to send. Returns the time at the end."""
    now, free, seq = begin, begin, 0
    flying: list[tuple[float, int]] = []
    for _ in range(pictures):
        while pacer.has_room:
            seq += 1
            pacer.sent(1, seq, size, now)
            free = max(free, now) + size / rate
            flying.append((free + delay_s, seq))
        pacer.had_to_wait()
        at, first = flying.pop(0)
        now = max(now, at)
        pacer.acknowledged(1, first, now)
    return now


def test_the_window_holds_back_until_acknowledged() -> None:
    pacer = Pacer()
    pacer.sent(1, 1, 100, 0.0)
    assert pacer.has_room
    pacer.sent(1, 2, 100, 0.0)
    assert not pacer.has_room
    pacer.acknowledged(1, 2, 0.1)  # cumulative
    assert pacer.flying == {}


def test_what_was_never_sent_changes_nothing() -> None:
    pacer = Pacer()
    pacer.sent(1, 1, 100, 0.0)
    assert pacer.acknowledged(1, 99, 0.1) is None
    assert pacer.acknowledged(7, 1, 0.1) is None
    assert len(pacer.flying) == 1


def test_a_long_wide_link_gets_a_wide_window() -> None:
    pacer = Pacer()
    run(pacer, 0.2, 50e6, 400)
    assert pacer.window > 4
    assert pacer.window <= WINDOW_MOST


def test_a_narrow_link_keeps_the_least_window_and_lower_quality() -> None:
    pacer = Pacer()
    run(pacer, 0.05, 250_000, 100)
    assert pacer.window == WINDOW_LEAST
    assert pacer.level == len(LADDER) - 1


def test_quality_comes_back_when_the_link_does() -> None:
    pacer = Pacer()
    end = run(pacer, 0.05, 250_000, 60)
    assert pacer.level > 2
    run(pacer, 0.02, 50e6, 4000, begin=end + 1)
    assert pacer.level == 0


def test_a_closed_stream_frees_its_room() -> None:
    pacer = Pacer()
    pacer.sent(1, 1, 100, 0.0)
    pacer.sent(2, 1, 100, 0.0)
    pacer.forget(1)
    assert pacer.has_room


def test_silence_is_a_stall() -> None:
    pacer = Pacer()
    assert not pacer.stalled(100.0)
    pacer.sent(1, 1, 100, 0.0)
    assert not pacer.stalled(0.9)
    assert pacer.stalled(1.1)


def test_a_noisy_link_settles_and_does_not_swing() -> None:
    """40 kB at 0.9 MB/s take 45 ms, near the target; every second picture is half as large."""
    pacer, chance = Pacer(), random.Random(3)
    now = free = 0.0
    levels, windows = [], []
    for seq in range(1, 600):
        size = chance.choice([20_000, 40_000])
        pacer.sent(1, seq, size, now)
        free = max(free, now) + size / 9e5
        now = free + 0.04 + chance.random() * 0.01
        pacer.acknowledged(1, seq, now)
        levels.append(pacer.level)
        windows.append(pacer.window)
    assert len(set(levels[200:])) <= 2
    assert sum(one != other for one, other in itertools.pairwise(levels[200:])) <= 6
    assert max(windows[200:]) - min(windows[200:]) <= 2


def test_video_is_for_links_that_are_far_and_narrow() -> None:
    near, far, wide = Pacer(), Pacer(), Pacer()
    run(near, 0.001, 5e5, 60, size=9_000)  # a page that is slow to draw
    run(far, 0.08, 3e5, 60)
    run(wide, 0.08, 1e7, 60)
    assert (near.is_narrow, far.is_narrow, wide.is_narrow) == (False, True, False)


def test_video_is_left_when_the_link_is_clearly_wider() -> None:
    pacer = Pacer()
    end = run(pacer, 0.08, 3e5, 60)
    assert pacer.is_narrow
    run(pacer, 0.08, 1e7, 200, begin=end + 1)
    assert not pacer.is_narrow
