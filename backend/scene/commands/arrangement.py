"""How views are arranged around what they show."""

from __future__ import annotations

from backend.scene.commands.base import Command


class ShowSlicesIn3D(Command):
    """Draw every slice view's plane in the 3D view, and frame there what the scene shows."""

    journal = "newest"
