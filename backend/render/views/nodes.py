"""Nodes of the MRML scene by their class."""

from __future__ import annotations

from typing import Any

FEW = 4


def nodes_of_class(scene: Any, class_name: str) -> list[Any]:
    """Nodes of a class and its subclasses, in scene order: many in one pass, for asking for the n-th begins anew each time.

    A few are asked for one by one: a list of MRML's own would look like a change of the scene (`changes.py`).
    """
    count = scene.GetNumberOfNodesByClass(class_name)
    if count <= FEW:
        return [scene.GetNthNodeByClass(index, class_name) for index in range(count)]
    found = scene.GetNodesByClass(class_name)
    found.UnRegister(None)  # it comes with a reference that nobody holds
    return list(found)
