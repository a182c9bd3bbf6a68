"""Nodes by a shell pattern on name or id, the rule of the Slicer API outside `/mrml`."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from backend.errors import BadRequestError, NotFoundError
from backend.render.views.nodes import nodes_of_class

LONGEST_NAME = 1024


def check_name(text: str) -> str:
    """`text` if it can be a node's name.

    Raises:
        BadRequestError: too long, or with control characters.
    """
    if len(text) > LONGEST_NAME:
        raise BadRequestError(f"a name or id of {len(text)} characters; up to {LONGEST_NAME} are taken")
    if not text.isprintable():
        raise BadRequestError(f"a name or id with characters that can not be printed: {text[:80]!r}")
    return text


def matching(scene: Any, pattern: str) -> Iterator[Any]:
    """Nodes whose name or id matches the shell pattern, or is exactly that text, in scene order; case counts.

    Raises:
        BadRequestError: a pattern that can not be a name.
    """
    check_name(pattern)
    for node in scene.GetNodes():
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


def same_as_before(scene: Any, node_id: str, name: str, class_name: str) -> Any:
    """The node that a command meant when it was first carried out, in a scene that was built again.

    Ids may be others by then, if something that is not told again had made nodes, so the name must be the same too.

    Raises:
        NotFoundError: there is none.
    """
    node = scene.GetNodeByID(node_id)
    if node is not None and node.GetName() == name and node.IsA(class_name):
        return node
    for node in nodes_of_class(scene, class_name):
        if node.GetName() == name:
            return node
    raise NotFoundError(f"{name!r}, which was {node_id}, is not there any more")
