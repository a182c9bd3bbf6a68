"""The layout: which views are shown, and where."""

from __future__ import annotations

from typing import Literal

import msgspec

from backend.scene.commands.base import Command

Contents = Literal["viewers", "full"]


class SetLayout(Command):
    """Switch to a layout by the name that the Slicer API uses, any case; `compare` views in those that compare, 0: as many
    as there are."""

    journal = "newest"
    outlives_clear = True
    name: str
    compare: int = 0

    def journal_key(self) -> str:
        """Each layout once, the present one last: views of earlier layouts are made again too."""
        return f"SetLayout {self.name.lower()}"


class SetContents(Command):
    """Show the viewers alone, or everything around them too."""

    journal = "newest"
    outlives_clear = True
    contents: Contents


class LayoutPart(msgspec.Struct, omit_defaults=True):
    """A view's place in a layout (`view` and what describes it), or several places beside each other (`split`, `parts`)."""

    split: Literal["", "rows", "columns", "tabs"] = ""
    parts: list[LayoutPart] = []
    share: float = 1.0
    """Size beside its neighbours, in proportion to theirs."""
    view: str = ""
    kind: Literal["", "slice", "threeD", "table", "plot", "other"] = ""
    label: str = ""
    color: str = ""


class GuiState(msgspec.Struct):
    """What windows of this scene show."""

    layout: str
    contents: Contents


def views_of(part: LayoutPart) -> list[LayoutPart]:
    """The places of a layout that hold a view, in reading order."""
    return [part] if part.view else [found for inner in part.parts for found in views_of(inner)]
