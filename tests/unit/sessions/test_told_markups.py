"""What the gateway knows of markups from what it was told."""

from __future__ import annotations

import pytest

from backend.scene import commands as c
from backend.sessions import told_markups
from backend.sessions.told_markups import ToldMarkups


def state(markup: str) -> c.MarkupState:
    return c.MarkupState(markup, markup, "line", 0, [], [], "#ff0000", 1.0, True, False)


def test_markups_come_change_go_and_come_back() -> None:
    known = ToldMarkups()
    known.take(c.MarkupsChanged([state("a"), state("b")], []))
    known.take(c.MarkupsChanged([], ["a", "never there"]))
    assert (set(known), known.gone) == ({"b"}, {"a", "never there"})
    known.take(c.MarkupsChanged([state("a")], ["b"]))  # undone
    assert (set(known), known.gone) == ({"a"}, {"b", "never there"})
    known.clear()  # another process has them under other ids
    assert known.gone == {"b", "never there"}


def test_only_the_newest_that_are_gone_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_markups, "MOST_GONE", 3)
    known = ToldMarkups()
    for number in range(10):
        known.take(c.MarkupsChanged([state(str(number))], []))
        known.take(c.MarkupsChanged([], [str(number)]))
    assert known.gone == {"7", "8", "9"}
