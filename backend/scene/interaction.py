"""Raw input events turned into view state, for pages that bring no tools of their own (docs/stream.md, "Raw input")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.errors import BadRequestError
from backend.imaging.cameras import View, pan, rotate, zoom
from backend.render.views.matrices import Matrix
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.scene.commands import Pointer as PointerCommand
from backend.scene.commands import ViewPatch

LEFT, RIGHT, MIDDLE = 1, 2, 4
SHIFT, ALT = 1, 4
WHEEL_STEP_PX = 100.0  # one notch of a usual mouse wheel
WINDOW_PER_VIEW = 1.0  # dragging across the whole view changes the window by this share of the volume's range
DEGREES_PER_VIEW = 180.0
KINDS = ("down", "move", "up", "cancel", "wheel", "key", "keyup", "dbl")


@dataclass
class Pointer:
    """What one client's pointer does over one view: last place (0..1), buttons held, wheel distance not yet used."""

    x: float = 0.0
    y: float = 0.0
    buttons: int = 0
    wheel_px: float = 0.0


class Pointers:
    """All clients' pointers."""

    def __init__(self) -> None:
        self._pointers: dict[tuple[str, str], Pointer] = {}

    def handle(self, view: SliceView | ThreeDView, command: PointerCommand) -> None:
        """Apply a batch of `[dt, kind, x, y, buttons, modifiers, extra]` in order.

        Raises:
            BadRequestError: an event that is not of this form; those before it are applied.
        """
        pointer = self._pointers.setdefault((command.by, command.camera or view.name), Pointer())
        for event in command.events:
            kind, x, y, buttons, modifiers, extra = _read(event)
            if kind == "down":
                pointer.x, pointer.y, pointer.buttons = x, y, buttons or LEFT
            elif kind in ("up", "cancel"):
                pointer.buttons = 0
            elif kind == "move" and pointer.buttons:
                _drag(view, pointer.buttons, modifiers, x - pointer.x, pointer.y - y, command)
                pointer.x, pointer.y = x, y
            elif kind == "wheel":
                _wheel(view, pointer, extra)
            elif kind == "dbl":
                view.apply(ViewPatch(fit=True) if isinstance(view, SliceView) else ViewPatch(reset=True))

    def forget(self, by: str) -> None:
        """A client has gone; its drags end."""
        for key in [key for key in self._pointers if key[0] == by]:
            del self._pointers[key]


def _read(event: list[Any]) -> tuple[str, float, float, int, int, float]:
    try:
        _dt, kind, x, y, buttons, modifiers = event[:6]
        extra = float(event[6]) if len(event) > 6 and isinstance(event[6], int | float) else 0.0
        place = float(x), float(y)
        held, pressed = int(buttons), int(modifiers)
    except (TypeError, ValueError) as error:
        raise BadRequestError("an input event is [dt, kind, x, y, buttons, modifiers, extra]") from error
    if kind not in KINDS or not all(abs(v) < 1e6 for v in (*place, extra)):
        raise BadRequestError(f"no such input event: {kind!r}")
    return kind, *place, held, pressed, extra


def _drag(view: SliceView | ThreeDView, buttons: int, modifiers: int, right: float, up: float, command: PointerCommand) -> None:
    """A drag by fractions of the view's width and height, up positive."""
    panning = bool(buttons & MIDDLE) or bool(modifiers & SHIFT)
    if isinstance(view, SliceView):
        _drag_slice(view, buttons, modifiers, panning, right, up, command)
    else:
        view.view = _dragged(view.view, buttons, panning, right, up, command.size)


def _drag_slice(
    view: SliceView, buttons: int, modifiers: int, panning: bool, right: float, up: float, command: PointerCommand
) -> None:
    state, size = view.state(), command.size
    if panning:
        geometry = view.geometry(*size)
        matrix = geometry.slice_to_ras
        across, along = right * size[0] * geometry.mm_per_px, up * size[1] * geometry.mm_per_px
        origin = matrix[:3, 3] - matrix[:3, 0] * across - matrix[:3, 1] * along
        view.apply(ViewPatch(origin=(float(origin[0]), float(origin[1]), float(origin[2]))))
    elif modifiers & ALT:
        view.apply(ViewPatch(slice_to_ras=_tilted(view.slice_to_ras, right, up).ravel().tolist()))
    elif buttons & RIGHT:
        factor = 2.0 ** (2.0 * -up)
        width, height = view.field_of_view()
        view.apply(ViewPatch(fov=(width * factor, height * factor)))
    elif state["scalar_range"] is not None and not command.looks_only:
        span = (state["scalar_range"][1] - state["scalar_range"][0]) * WINDOW_PER_VIEW
        window = max(state["window"] + right * span, 1e-3)
        view.apply(ViewPatch(window=window, level=state["level"] - up * span))


def _tilted(slice_to_ras: Matrix, right: float, up: float) -> Matrix:
    """A plane turned about its centre, as if one dragged what comes towards the viewer: about its own up and right axes."""
    a, b = math.radians(right * DEGREES_PER_VIEW), math.radians(-up * DEGREES_PER_VIEW)
    about_up = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    about_right = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    left, _scale, axes = np.linalg.svd(slice_to_ras[:3, :3] @ about_up @ about_right)
    turned = slice_to_ras.copy()
    turned[:3, :3] = left @ axes  # orthonormal, however often it is turned
    return turned


def _dragged(view: View, buttons: int, panning: bool, right: float, up: float, size: tuple[int, int]) -> View:
    if panning:
        span = 2.0 * math.tan(math.radians(view.view_angle) / 2)  # height of the view at distance 1
        return pan(view, right * span * size[0] / max(size[1], 1), -up * span)
    if buttons & RIGHT:
        return zoom(view, 2.0 ** (2.0 * up))
    return rotate(view, right * DEGREES_PER_VIEW, up * DEGREES_PER_VIEW)


def _wheel(view: SliceView | ThreeDView, pointer: Pointer, distance_px: float) -> None:
    if isinstance(view, ThreeDView):
        view.view = zoom(view.view, 1.1 ** (-distance_px / WHEEL_STEP_PX))
        return
    pointer.wheel_px += distance_px
    steps = int(pointer.wheel_px / WHEEL_STEP_PX)
    pointer.wheel_px -= steps * WHEEL_STEP_PX
    state = view.state()
    if steps and state["offset_range"] is not None:
        low, high = state["offset_range"]
        view.apply(ViewPatch(offset=min(max(state["offset"] - steps * state["offset_step"], low), high)))
