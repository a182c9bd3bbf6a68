"""How the scene is looked at, taken as data and put back: what a link to a view is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.errors import SlicecastError
from backend.render.views.nodes import nodes_of_class
from backend.render.views.segments import segment_ids
from backend.scene import commands as c
from backend.scene.context import Context, Performer

MOST_DISPLAYS = 20_000
VOLUME_FIELDS = ("background", "foreground", "label")


class LookCommands:
    """Tells and sets the layout, every view's state, and what is visible."""

    def __init__(self, context: Context) -> None:
        self._context, self._scene, self._views = context, context.app.scene, context.views
        self.performers: Mapping[type[c.Command], Performer] = {c.DescribeLook: self._describe, c.ApplyLook: self._apply}

    def _describe(self, _command: c.DescribeLook, _arrived: float) -> c.Look:
        views = {view.name: view.snapshot() for view in self._views.all()}
        look = c.Look(self._context.app.layout_name, views)
        for patch in views.values():
            for name in VOLUME_FIELDS:
                volume = self._scene.GetNodeByID(getattr(patch, name) or "")
                if volume is not None:
                    look.volumes[volume.GetID()] = volume.GetName() or ""
        for display in self._displays():
            shown = display.GetDisplayableNode()
            look.displays[display.GetID()] = c.DisplayLook(
                shown.GetName() or "",
                bool(display.GetVisibility()),
                float(display.GetOpacity()),
                hidden_segments(shown, display),
            )
        return look

    def _displays(self) -> list[Any]:
        """Display nodes of what lists show."""
        found = []
        for display in nodes_of_class(self._scene, "vtkMRMLDisplayNode"):
            shown = display.GetDisplayableNode()
            if shown is not None and not shown.GetHideFromEditors():
                found.append(display)
        return found[:MOST_DISPLAYS]

    def _apply(self, command: c.ApplyLook, _arrived: float) -> list[str]:
        """Set all that still fits the scene."""
        look, missing = command.look, []
        if look.layout and look.layout != self._context.app.layout_name:
            try:
                self._context.perform(c.SetLayout(look.layout))
            except SlicecastError as error:
                missing.append(str(error))
        for node_id, wanted in look.displays.items():
            display = self._scene.GetNodeByID(node_id)
            shown = display.GetDisplayableNode() if display is not None and display.IsA("vtkMRMLDisplayNode") else None
            if shown is None or (shown.GetName() or "") != wanted.node:
                missing.append(wanted.node)
                continue
            set_display(shown, display, wanted)
        there = {name: self._fitting(patch, look, missing) for name, patch in look.views.items() if self._views.find(name)}
        missing += [name for name in look.views if name not in there]
        self._context.perform(c.Restore(there))
        for view in self._views.threeds():
            view.refit_box()
        return list(dict.fromkeys(missing))

    def _fitting(self, patch: c.ViewPatch, look: c.Look, missing: list[str]) -> c.ViewPatch:
        """A view's patch with the volumes that are there: of the same id and name, or else of the same name."""
        fitting = msgspec.structs.replace(patch)
        for field in VOLUME_FIELDS:
            wanted = getattr(patch, field)
            if not wanted:
                continue
            name = look.volumes.get(wanted, "")
            node = self._scene.GetNodeByID(wanted)
            if node is None or (node.GetName() or "") != name:
                node = next((one for one in nodes_of_class(self._scene, "vtkMRMLVolumeNode") if one.GetName() == name), None)
            if node is None:
                missing.append(name or wanted)
                setattr(fitting, field, None)
                if field == "background":
                    fitting.window = fitting.level = None
            else:
                setattr(fitting, field, node.GetID())
        return fitting


def hidden_segments(shown: Any, display: Any) -> list[str]:
    """Ids of the segments that a segmentation's display does not show."""
    if not shown.IsA("vtkMRMLSegmentationNode"):
        return []
    return [segment for segment in segment_ids(shown) if not display.GetSegmentVisibility(segment)]


def set_display(shown: Any, display: Any, wanted: c.DisplayLook) -> None:
    """Have a display node show its node as wanted."""
    if bool(display.GetVisibility()) != wanted.visible:
        display.SetVisibility(wanted.visible)
    if display.GetOpacity() != wanted.opacity:
        display.SetOpacity(min(max(wanted.opacity, 0.0), 1.0))
    if shown.IsA("vtkMRMLSegmentationNode"):
        hidden = set(wanted.hidden_segments)
        for segment in segment_ids(shown):
            if bool(display.GetSegmentVisibility(segment)) == (segment in hidden):
                display.SetSegmentVisibility(segment, segment not in hidden)
