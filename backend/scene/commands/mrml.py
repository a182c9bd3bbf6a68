"""Nodes of the scene as the Slicer API's `/mrml` deals with them: properties, saving, reading again, removing, clearing."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.base import Command
from backend.scene.commands.content import SelectNodes
from backend.scene.commands.undo import NodesWent


class Properties(Command):
    """Ask for what nodes contain, by id: the shape of Slicer's debug print."""

    patient = True
    selection: SelectNodes


class Save(Command):
    """Write one node to a file, or the whole scene to a `.mrb` file where nothing is selected."""

    limit = "load_timeout_s"
    patient = True
    selection: SelectNodes
    path: str
    compress: bool | None = None
    compression_parameter: str = ""
    apply_transforms: bool = False


class Reload(Command):
    """Read nodes again from their files."""

    limit = "load_timeout_s"
    patient = True
    journal = "append"
    selection: SelectNodes


class Remove(Command):
    """Remove nodes; answers the ids of all that went, which the journal keeps as `ids`."""

    journal = "append"
    answer = list[str]
    selection: SelectNodes
    ids: tuple[str, ...] = ()

    def journaled(self, answer: list[str]) -> Command:
        """With what went."""
        return Remove(self.selection, tuple(answer))

    def amended(self, later: Command) -> Command | None:
        """What was brought back by undo is not removed again."""
        return None if isinstance(later, NodesWent) and self.ids and set(self.ids) <= set(later.back) else self


class Clear(Command):
    """Empty the scene: what views and logics are made of stays, in its first state, and ids count from 1 again."""

    journal = "clear"


class Saved(msgspec.Struct):
    """Whether a file was written, and if not, why."""

    success: bool
    message: str = ""


NodeProperties = dict[str, dict[str, Any]]
