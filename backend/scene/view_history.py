"""What of a view's changes is an edit that can be taken back: window and level, slab, linking, volume rendering.

Where a view looks from is none: scrolling and zooming would fill the history with what nobody wants back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from backend.render.views.slice_view import SliceView
from backend.render.views.thick import slab_state
from backend.render.views.threed_view import ThreeDView
from backend.scene import commands as c
from backend.scene.linking import Links
from backend.scene.undo import Edit, History

GOES_ON_S = 1.0  # a drag sends many values; a pause as long as this ends it


@contextmanager
def recorded(history: History, links: Links, view: Any, command: c.SetView) -> Iterator[None]:
    """Change a view within, by a command; what is worth it comes into the history."""
    patch = command.patch
    if isinstance(view, ThreeDView):
        nodes, what = view.rendering_nodes(list(patch.rendering or {})), _what(patch)
        with (
            history.changing("Volume rendering", nodes, f"rendering {what} {view.name} {command.by}", GOES_ON_S)
            if nodes
            else nullcontext()
        ):
            yield
        return
    edits = [make for wanted, make in _KINDS if wanted(patch)]
    before = [make(links, view) for make in edits]
    yield
    for make, (text, key, state, back) in zip(edits, before, strict=True):
        _text, _key, now, on = make(links, view)
        if now != state:
            history.push(Edit(text, back, on, merge=f"{key} {command.by}", merge_s=GOES_ON_S))


def _what(patch: c.ViewPatch) -> str:
    """Which points of a transfer function a patch sets, and how many: one that is added or removed is an edit of its own."""
    fields = []
    for one in (patch.rendering or {}).values():
        fields += [f"opacity {len(one.opacity_points)}"] if one.opacity_points else []
        fields += [f"color {len(one.color_points)}"] if one.color_points else []
        fields += [f"gradient {len(one.gradient_points)}"] if one.gradient_points else []
    return " ".join(fields)


Recorded = tuple[str, str, Any, Callable[[], None]]
"""Text, what it is of, its state now, and what puts that back."""


def _window(_links: Links, view: SliceView) -> Recorded:
    volume = view.background
    display = volume.GetScalarVolumeDisplayNode() if volume is not None else None
    if display is None:
        return "Window", "", None, lambda: None
    state = (display.GetAutoWindowLevel(), display.GetWindow(), display.GetLevel())

    def back() -> None:
        display.SetAutoWindowLevel(state[0])
        display.SetWindowLevel(state[1], state[2])

    return "Window and level", f"window {display.GetID()}", state, back


def _applied(text: str, links: Links, view: SliceView, state: Any, patch: c.ViewPatch) -> Recorded:
    def back() -> None:
        with links.following(view):
            view.apply(patch)

    return text, f"{text} {view.name}", state, back


def _slab(links: Links, view: SliceView) -> Recorded:
    state = slab_state(view.node)
    return _applied("Slab", links, view, state, c.ViewPatch(slab=c.SlabPatch(**state)))


def _linked(links: Links, view: SliceView) -> Recorded:
    state = bool(view.logic.GetSliceCompositeNode().GetLinkedControl())
    return _applied("Link views" if not state else "Unlink views", links, view, state, c.ViewPatch(linked=state))


_KINDS: list[tuple[Callable[[c.ViewPatch], bool], Callable[[Links, SliceView], Recorded]]] = [
    (lambda patch: patch.window is not None or patch.level is not None or patch.auto_window, _window),
    (lambda patch: patch.slab is not None, _slab),
    (lambda patch: patch.linked is not None, _linked),
]
