"""Nodes by a shell pattern on name or id, the rule of the Slicer API outside `/mrml`."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from backend.errors import BadRequestError, NotFoundError

LONGEST_PATTERN = 1024


def matching(scene: Any, pattern: str) -> Iterator[Any]:
    """Nodes whose name or id matches the shell pattern, or is exactly that text, in scene order; case counts.

    Raises:
        BadRequestError: a pattern longer than any name.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise BadRequestError(f"a name or id of {len(pattern)} characters; up to {LONGEST_PATTERN} are taken")
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        for text in (node.GetName() or "", node.GetID()):
            if fnmatchcase(text, pattern) or text == pattern:
                yield node
                break


def first_of_kind(scene: Any, pattern: str | None, class_name: str, default: str) -> Any:
    """The first node of a class that matches `pattern`, or without one the first whose id matches `default`.

    Raises:
        NotFoundError: nothing matches.
        BadRequestError: only nodes of other classes do.
    """
    wanted = default if pattern is None else pattern
    found = list(matching(scene, wanted))
    for node in found:
        if node.IsA(class_name):
            return node
    if not found:
        raise NotFoundError(f"could not find nodes in the scene by name or id '{wanted}'")
    raise BadRequestError(f"{found[0].GetName() or found[0].GetID()} is a {found[0].GetClassName()}, not a {class_name}")
