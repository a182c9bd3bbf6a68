"""Commands of the history: undo, redo, what there is."""

from __future__ import annotations

from collections.abc import Mapping

from backend.scene import commands as c
from backend.scene.context import Context, Performer


class UndoCommands:
    """Steps through the history of edits."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.performers: Mapping[type[c.Command], Performer] = {
            c.GetHistory: lambda _command, _arrived: context.history.state,
            c.Undo: self._undo,
            c.NodesWent: self._remove,
        }

    def _undo(self, command: c.Undo, _arrived: float) -> c.Undone:
        history = self._context.history
        edit = history.redo() if command.again else history.undo()
        came, went = (edit.gone, edit.back) if command.again else (edit.back, edit.gone)
        if came or went:
            for view in self._context.views.threeds():
                view.refit_box()
            self._context.announce_lists()
        return c.Undone(edit.text, history.state, came, went)

    def _remove(self, command: c.NodesWent, _arrived: float) -> None:
        scene = self._context.app.scene
        for node in [scene.GetNodeByID(node_id) for node_id in command.gone]:
            if node is not None:
                scene.RemoveNode(node)
