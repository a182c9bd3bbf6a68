"""What a scene process says unasked."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.annotations import MarkupsChanged
from backend.scene.commands.content import SceneInfo
from backend.scene.commands.samples import FilesWanted, SeriesWanted, StudyWanted
from backend.scene.commands.undo import HistoryChanged


class ViewChanged(msgspec.Struct, tag=True):
    """Event: a view shows something new. `patch` holds the changed state fields and may be empty (other content).

    `camera`: the own camera that sees it, whose revisions are its own too.
    """

    view: str
    rev: int
    patch: dict[str, Any]
    by: str = ""
    camera: str = ""


class SceneChanged(msgspec.Struct, tag=True):
    """Event: the scene's lists changed."""

    info: SceneInfo


class NodesChanged(msgspec.Struct, tag=True):
    """Event: the tree of nodes is another: as a whole (`ids` is None), or only in the rows of these nodes."""

    rev: int
    ids: list[str] | None = None


class Progress(msgspec.Struct, tag=True):
    """Event: how far long work has come; `fraction` is None while unknown."""

    job: str
    text: str
    fraction: float | None = None


class Started(msgspec.Struct, tag=True):
    """Event: the process is up and the scene can answer."""

    pid: int
    info: SceneInfo


class Beat(msgspec.Struct, tag=True):
    """Event: the process's input thread is alive; the scene thread has been busy with `command` for `busy_s`."""

    busy_s: float
    command: str = ""


Wanted = FilesWanted | StudyWanted | SeriesWanted
Told = ViewChanged | SceneChanged | NodesChanged | HistoryChanged | MarkupsChanged
AnyEvent = Told | Progress | Started | Beat | Wanted
