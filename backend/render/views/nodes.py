"""Nodes of the MRML scene by their class."""

from __future__ import annotations

from typing import Any


def nodes_of_class(scene: Any, class_name: str) -> list[Any]:
    """Nodes of a class and its subclasses, in scene order: one pass, where asking for the n-th begins anew each time."""
    found = scene.GetNodesByClass(class_name)
    found.UnRegister(None)  # it comes with a reference that nobody holds
    return list(found)
