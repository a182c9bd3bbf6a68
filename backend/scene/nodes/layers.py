"""Where slice views show volumes: background, foreground, label map."""

from __future__ import annotations

from typing import Any

from backend.scene.commands import LAYERS, ViewPatch
from backend.scene.views import Views


def layers_of(views: Views) -> dict[str, list[str]]:
    """Of each volume that a slice view shows, by id: in which layers."""
    found: dict[str, list[str]] = {}
    for view in views.slices():
        for layer in LAYERS:
            volume = view.layer(layer)
            if volume is not None and layer not in found.setdefault(volume.GetID(), []):
                found[volume.GetID()].append(layer)
    return found


def show_in_slices(views: Views, volume: Any, visible: bool) -> None:
    """Show a volume in every slice view, a label map over what is there and others as background; or in none."""
    is_labels = volume.IsA("vtkMRMLLabelMapVolumeNode")
    for view in views.slices():
        if visible:
            view.apply(ViewPatch(label=volume.GetID()) if is_labels else ViewPatch(background=volume.GetID()))
            continue
        shown = {layer: "" for layer in LAYERS if view.layer(layer) is volume}
        if shown:
            view.apply(ViewPatch(**shown))  # type: ignore[arg-type]
