"""What a reader gets: a file and the reader properties of the Slicer API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.errors import BadRequestError, UnreadableError

FALSE_WORDS = ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class Source:
    """A file to load and its reader properties, which are always text."""

    path: Path
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        """The name that the user wants, None for that of the file."""
        return self.options.get("name") or None

    def flag(self, name: str, default: bool = False) -> bool:
        """A property as Slicer reads booleans."""
        text = self.options.get(name)
        return default if text is None else is_true(text)


def is_true(text: str) -> bool:
    """A reader property as Slicer reads booleans."""
    return text.strip().lower() not in FALSE_WORDS


def require_small(path: Path, limit_mb: int) -> None:
    """Refuse a text file that is too large to be parsed in memory.

    Raises:
        UnreadableError: naming the setting.
    """
    size = path.stat().st_size
    if size > limit_mb << 20:
        raise UnreadableError(f"{path.name} has {size >> 20} MB; files of this kind may have {limit_mb} (setting max_text_mb)")


def color_node(scene: object, options: Mapping[str, str]) -> object | None:
    """The node that `colorNodeID` names, None without it.

    Raises:
        BadRequestError: there is none of this id.
    """
    node_id = options.get("colorNodeID")
    if not node_id:
        return None
    node = scene.GetNodeByID(node_id)  # type: ignore[attr-defined]
    if node is None or not node.IsA("vtkMRMLColorNode"):
        raise BadRequestError(f"no color node with id {node_id!r}")
    found: object = node
    return found


def unique_name(scene: Any, name: str) -> str:
    """The name, or the name with a number behind it if a node has it already."""
    return str(name if scene.GetFirstNodeByName(name) is None else scene.GenerateUniqueName(name))
