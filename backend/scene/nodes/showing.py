"""Setting how a node, or a segment, is shown: visible, its colour, its opacity. Each can be taken back."""

from __future__ import annotations

import math
import re
from typing import Any

from backend.errors import BadRequestError
from backend.imaging.colors import from_hex
from backend.scene.commands import Kind, ShowNode
from backend.scene.nodes.layers import show_in_slices
from backend.scene.nodes.rows import segment_of
from backend.scene.undo import Edit, History
from backend.scene.views import Views

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
COLORED = ("model", "markups")
DRAG_S = 1.5
"""Colours and opacities that follow each other within this time are one edit."""
Color = tuple[float, float, float]


def show(views: Views, history: History, node: Any, kind: Kind, wanted: ShowNode) -> None:
    """Set what is given; all values are looked at before the first is set.

    Raises:
        BadRequestError: no colour, an opacity that is none, or what the node has no way to show.
        NotFoundError: it has no such segment.
    """
    rgb = None if wanted.color is None else color_of(wanted.color)
    opacity = wanted.opacity
    if opacity is not None and not (math.isfinite(opacity) and 0 <= opacity <= 1):
        raise BadRequestError(f"opacity must be from 0 to 1, not {opacity}")
    if kind == "volume" and not wanted.segment:
        if rgb is not None or opacity is not None:
            raise BadRequestError("a volume has no colour and opacity of its own; its layers in the slice views have")
        if wanted.visible is not None:
            composites = [view.logic.GetSliceCompositeNode() for view in views.slices()]
            with history.changing(text_of(wanted, node.GetName()), composites):
                show_in_slices(views, node, wanted.visible)
        return
    if rgb is not None and kind not in COLORED and not wanted.segment:
        raise BadRequestError(f"{node.GetName()} has no colour of its own")
    segment = segment_of(node, wanted.segment) if wanted.segment else None
    display = display_of(node)
    text, merge = text_of(wanted, (segment or node).GetName()), ""
    if wanted.visible is None:
        merge = f"{text} {node.GetID()} {wanted.segment}"
    if segment is not None and rgb is not None:
        _color_segment(history, segment, rgb, text, merge)
    if segment is None or wanted.visible is not None or opacity is not None:
        with history.changing(text, [display], merge, DRAG_S):
            _display(display, kind, wanted, rgb)


def _display(display: Any, kind: Kind, wanted: ShowNode, rgb: Color | None) -> None:
    if wanted.segment:
        if wanted.visible is not None:
            display.SetSegmentVisibility(wanted.segment, wanted.visible)
        if wanted.opacity is not None:
            display.SetSegmentOpacity(wanted.segment, wanted.opacity)
        return
    if wanted.visible is not None:
        display.SetVisibility(wanted.visible)
    if wanted.opacity is not None:
        display.SetOpacity(wanted.opacity)
    if rgb is not None:
        display.SetColor(*rgb)
        if kind == "markups":
            display.SetSelectedColor(*rgb)


def _color_segment(history: History, segment: Any, rgb: Color, text: str, merge: str) -> None:
    before = segment.GetColor()
    segment.SetColor(*rgb)
    history.push(Edit(text, lambda: segment.SetColor(*before), lambda: segment.SetColor(*rgb), 0, merge, DRAG_S))


def display_of(node: Any) -> Any:
    """A node's display node, made if it has none.

    Raises:
        BadRequestError: views never show nodes of its class.
    """
    if node.IsA("vtkMRMLDisplayableNode"):
        if node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
        if node.GetDisplayNode() is not None:
            return node.GetDisplayNode()
    raise BadRequestError(f"{node.GetName()} is nothing that views show")


def text_of(wanted: ShowNode, name: str) -> str:
    """What is done, for the history."""
    if wanted.visible is not None:
        return f"{'Show' if wanted.visible else 'Hide'} {name}"
    return f"Colour of {name}" if wanted.color is not None else f"Opacity of {name}"


def color_of(text: str) -> tuple[float, float, float]:
    """`#RRGGBB` as a colour of 0..1.

    Raises:
        BadRequestError: it is none.
    """
    if not COLOR.fullmatch(text):
        raise BadRequestError(f"a colour is written #RRGGBB, not {text[:40]!r}")
    return from_hex(text)
