"""How often those who only watch get a picture."""

from __future__ import annotations

from backend.api.stream.audience import Audience
from backend.api.stream.streams import Stream


def stream() -> Stream:
    return Stream(1, "Red", "", (100, 100), True, "high", "balanced", 60.0)


def test_who_acts_and_few_who_watch_are_not_held_back() -> None:
    assert Audience(600.0, present=50).beat_s(acted_at=9.0, now=10.0) == 0.0
    assert Audience(600.0, present=8).beat_s(acted_at=float("-inf"), now=10.0) == 0.0


def test_many_share_what_there_is() -> None:
    beat = Audience(600.0, present=60).beat_s(acted_at=float("-inf"), now=10.0)
    assert beat == 0.1


def test_watchers_start_together() -> None:
    early, late = stream(), stream()
    early.started, late.started = (10.01, 10.31), (10.2, 10.39)
    assert early.next_due(True, False, 0.1) == late.next_due(True, False, 0.1)
    assert 10.39 < late.next_due(True, False, 0.1) <= 10.4 + 1e-9
    assert stream().next_due(True, False, 0.1) <= stream().next_due(True, False) + 0.1
