"""SlicerWeb's older way to set up a demonstration."""

from __future__ import annotations

from typing import Literal

from backend.scene.commands.base import Command

PresetId = Literal["default", "compareview", "amigo-2012-07-02"]


class ArrangePreset(Command):
    """Show volumes that the scene holds as a preset of SlicerWeb does; answers their names."""

    id: PresetId
