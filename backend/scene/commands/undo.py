"""Taking back what was done, and doing it again."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.base import Command


class HistoryState(msgspec.Struct):
    """What can be taken back and done again, in words, the next one first; twenty of each at most."""

    undo: list[str] = []
    redo: list[str] = []


class Undone(msgspec.Struct):
    """What was taken back or done again, what is left, and ids of nodes that came back and that went."""

    text: str
    history: HistoryState
    back: list[str] = []
    gone: list[str] = []


class GetHistory(Command):
    """Ask for `HistoryState`."""


class Undo(Command):
    """Take back the newest edit, or with `again` do again what was taken back last; answers `Undone`."""

    answer = Undone
    again: bool = False

    def journaled(self, answer: Any) -> Command:
        """Only which nodes came back and went: what edits change is put back by itself after a restart."""
        return NodesWent(tuple(answer.back), tuple(answer.gone)) if answer.back or answer.gone else self


class NodesWent(Command):
    """By undo or redo nodes came `back` and others are `gone`. When told again, those are removed if they are there."""

    journal = "append"
    back: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def amended(self, later: Command) -> Command | None:
        """What has come back since is not removed again."""
        if not isinstance(later, NodesWent) or not set(self.gone) & set(later.back):
            return self
        left = tuple(node for node in self.gone if node not in later.back)
        return NodesWent(self.back, left) if left else None


class HistoryChanged(msgspec.Struct, tag=True):
    """Event: something else can be undone or redone now."""

    history: HistoryState
