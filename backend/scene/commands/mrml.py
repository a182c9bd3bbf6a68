"""Nodes of the scene as the Slicer API's `/mrml` deals with them: properties, saving, reading again, removing, clearing."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.base import Command


class Selection(msgspec.Struct, omit_defaults=True):
    """Which nodes: one by its exact id, or those of a class (is-a) and an exact name; all where nothing is given."""

    id: str | None = None
    class_name: str | None = None
    name: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is given."""
        return self.id is None and self.class_name is None and self.name is None


class Properties(Command):
    """Ask for what nodes contain, by id: the shape of Slicer's debug print."""

    patient = True
    selection: Selection


class Save(Command):
    """Write one node to a file, or the whole scene to a `.mrb` file where nothing is selected."""

    limit = "load_timeout_s"
    patient = True
    selection: Selection
    path: str
    compress: bool | None = None
    compression_parameter: str = ""
    apply_transforms: bool = False


class Reload(Command):
    """Read nodes again from their files."""

    limit = "load_timeout_s"
    patient = True
    journal = "append"
    selection: Selection


class Remove(Command):
    """Remove nodes."""

    journal = "append"
    selection: Selection


class Clear(Command):
    """Empty the scene: what views and logics are made of stays, in its first state, and ids count from 1 again."""

    journal = "clear"


class Saved(msgspec.Struct):
    """Whether a file was written, and if not, why."""

    success: bool
    message: str = ""


NodeProperties = dict[str, dict[str, Any]]
