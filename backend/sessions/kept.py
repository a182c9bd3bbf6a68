"""What the gateway knows of a scene beside the journal, from what it was told: a new scene process is put back to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.scene import commands as c


@dataclass(frozen=True)
class Kept:
    """What a new process gets besides the journal: the views' states, and the markups, as they were told last."""

    views: dict[str, dict[str, Any]]
    markups: list[c.MarkupState]
    gone: set[str]
    """Ids of markups that were told to be gone."""


def patch_of(state: dict[str, Any]) -> c.ViewPatch:
    """A patch that puts back a view's state as events have told it."""
    patch = c.ViewPatch()
    for layer in c.LAYERS:
        if layer in state:
            setattr(patch, layer, state[layer]["id"] if state[layer] else "")
    patch.foreground_opacity, patch.label_opacity = state.get("foreground_opacity"), state.get("label_opacity")
    patch.slice_to_ras = state.get("slice_to_ras")
    patch.fov = tuple(state["fov"]) if state.get("fov") else None
    patch.window, patch.level = state.get("window"), state.get("level")
    patch.linked = state.get("linked")
    if state.get("slab"):
        patch.slab = c.SlabPatch(**state["slab"])
    camera = state.get("camera")
    if camera:
        patch.camera = c.CameraPatch(
            tuple(camera["position"]),
            tuple(camera["focal_point"]),
            tuple(camera["view_up"]),
            camera["view_angle"],
        )
    if state.get("crosshair"):
        patch.crosshair = tuple(state["crosshair"])
    if state.get("background_colors"):
        patch.background_colors = tuple(state["background_colors"])
    for name in ("box", "axis_labels", "parallel", "quality", "technique"):
        setattr(patch, name, state.get(name))
    if state.get("rendering"):
        patch.rendering = {key: _rendering_of(told) for key, told in state["rendering"].items()}
    return patch


def _rendering_of(told: dict[str, Any]) -> c.RenderingPatch:
    fields = {name: told[name] for name in ("visible", "preset", "shift", "opacity", "shade")}
    if not told["preset"]:  # a look of its own
        for name in ("opacity_points", "color_points", "gradient_points"):
            if told.get(name):
                fields[name] = [tuple(point) for point in told[name]]
    crop = told["crop"]
    if crop["on"] or crop["bounds"] != told["bounds"]:
        fields["crop"] = c.CropPatch(crop["on"], tuple(crop["bounds"]))
    return c.RenderingPatch(**fields)
