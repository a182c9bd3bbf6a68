"""Commands about the layout: which views are shown, and whether anything is shown around them."""

from __future__ import annotations

from collections.abc import Mapping

from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.layouts import layout_number

COMPARE_GRID = layout_number("CompareGrid")


class LayoutCommands:
    """Switches layouts. Windows are the clients' own; what they should show is kept here and told to all of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._contents: c.Contents = "full"
        self.performers: Mapping[type[c.Command], Performer] = {
            c.SetLayout: self._set_layout,
            c.SetContents: self._set_contents,
        }

    def state(self) -> c.GuiState:
        """What windows of this scene show."""
        return c.GuiState(self._context.app.layout_name, self._contents)

    def _set_layout(self, command: c.SetLayout, _arrived: float) -> c.GuiState:
        number = layout_number(command.name)
        if command.compare:
            self._context.app.set_compare_views(command.compare, number == COMPARE_GRID)
        self._context.views.set_layout(number)
        self._context.announce_lists()
        return self.state()

    def _set_contents(self, command: c.SetContents, _arrived: float) -> c.GuiState:
        self._contents = command.contents
        self._context.announce_lists()
        return self.state()
