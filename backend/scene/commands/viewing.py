"""What a viewer offers beside its views: looks to choose from, remembered cameras, layouts, sequences to play."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.base import Command
from backend.scene.commands.layout import LayoutPart
from backend.scene.commands.views import CameraPatch

MAX_BOOKMARKS = 64


class LookPicture(Command):
    """A small square picture of a volume as a preset shows it, from the front; its own size in pixels."""

    lane = "pictures"
    volume: str
    preset: str
    size: int = 96
    if_none_match: tuple[str, ...] = ()


class Histogram(Command):
    """Count how often values occur in a volume, by its id; answers `HistogramOf`."""

    limit = "load_timeout_s"
    volume: str
    bins: int = 256


class HistogramOf(msgspec.Struct):
    """Counts of voxels in equal parts of the range (least and greatest value). Of large volumes a part is counted."""

    range: tuple[float, float]
    counts: list[int]


class ListLayouts(Command):
    """Ask for all layouts that show views of the scene."""


class LayoutEntry(msgspec.Struct):
    """A layout's name and places."""

    name: str
    composition: LayoutPart


class ListBookmarks(Command):
    """Ask for the remembered cameras, oldest first."""


class Bookmark(msgspec.Struct):
    """A remembered camera."""

    name: str
    camera: CameraPatch


class AddBookmark(Command):
    """Remember a camera; a name that is taken gets a number. Answers the bookmark."""

    journal = "append"
    answer = Bookmark
    name: str
    camera: CameraPatch

    def journaled(self, answer: Any) -> Command:
        """Under the name that it got."""
        return msgspec.structs.replace(self, name=answer.name)

    def amended(self, later: Command) -> Command | None:
        """One that was forgotten since need not be remembered again."""
        return None if isinstance(later, RemoveBookmark) and later.name == self.name else self


class RemoveBookmark(Command):
    """Forget a camera."""

    journal = "append"
    name: str


class ListSequences(Command):
    """Ask for the sequences that can be played."""


class SequenceEntry(msgspec.Struct):
    """A sequence browser: what it shows, how many items there are, which is shown now (from 0), and what its index says."""

    id: str
    name: str
    items: int
    item: int
    label: str = ""


class ShowItem(Command):
    """Show an item of a sequence, by its browser's id, or its name where nodes were told again; answers the entry."""

    journal = "newest"
    answer = SequenceEntry
    sequence: str
    item: int
    name: str = ""

    def journal_key(self) -> str:
        """One for each sequence."""
        return f"ShowItem {self.sequence}"

    def journaled(self, answer: Any) -> Command:
        """With its name."""
        return msgspec.structs.replace(self, name=answer.name)
