"""The current layout as one picture."""

from __future__ import annotations

from backend.scene.commands.base import Command
from backend.scene.commands.pictures import Picture


class Screenshot(Command):
    """Picture the current layout: every view in its place, with its title bar, directions and overlays."""

    lane = "pictures"
    picture: Picture
