"""Commands that arrange views around what they show."""

from __future__ import annotations

from collections.abc import Mapping

from backend.scene import commands as c
from backend.scene.context import Context, Performer


class ArrangementCommands:
    """Shows slices in 3D."""

    def __init__(self, context: Context) -> None:
        self._views = context.views
        self.performers: Mapping[type[c.Command], Performer] = {c.ShowSlicesIn3D: self._show_slices_in_3d}

    def _show_slices_in_3d(self, _command: c.ShowSlicesIn3D, _arrived: float) -> None:
        for view in self._views.slices():
            view.node.SetSliceVisible(True)
        self._views.threed().reset()
