"""Commands about markups as the viewer edits them, and the telling of what has changed in them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from backend.errors import NotFoundError
from backend.render.views.changes import Remembered
from backend.render.views.matrices import transform_mtime
from backend.scene import commands as c
from backend.scene import markup_nodes as nodes
from backend.scene.context import Context, Performer
from backend.scene.finding import same_as_before

LOOKS_SHARE = 4.0  # looking through thousands of markups takes no more than a fifth of the time
Stamp = tuple[int, ...]


class AnnotationCommands:
    """Makes, changes and removes markups; every step is in the history."""

    def __init__(self, context: Context) -> None:
        self._context, self._scene, self._history = context, context.app.scene, context.history
        self._stamps: dict[str, Stamp] = {}  # of each markup that was told of
        self._not_before = 0.0
        self._now = Remembered(context.views.changes, self._read_stamps)
        self.performers: Mapping[type[c.Command], Performer] = {
            c.ListMarkups: lambda _command, _arrived: [nodes.state_of(node) for node in nodes.markups_of(self._scene)],
            c.MakeMarkup: self._make,
            c.ChangeMarkup: self._change,
            c.DropMarkup: self._drop,
            c.RestoreMarkups: self._restore,
        }

    def _make(self, command: c.MakeMarkup, _arrived: float) -> c.MarkupState:
        node = nodes.make(self._scene, command.kind, command.patch.name)
        display = node.GetDisplayNode()
        try:
            nodes.apply(node, _without_name(command.patch), command.most)
        except Exception:
            self._remove(node)
            raise
        self._history.added(f"Add {node.GetName()}", [node, display], command.gesture)
        return nodes.state_of(node)

    def _change(self, command: c.ChangeMarkup, _arrived: float) -> c.MarkupState:
        node = nodes.markup(self._scene, command.id)
        parts = [part for part in (node, node.GetDisplayNode()) if part is not None]
        with self._history.changing(f"{_verb(command.patch)} {node.GetName()}", parts, command.gesture):
            nodes.apply(node, command.patch, command.most)
        return nodes.state_of(node)

    def _drop(self, command: c.DropMarkup, _arrived: float) -> None:
        self._remove(nodes.markup(self._scene, command.id))
        self._history.forget(command.gesture)

    def _remove(self, node: Any) -> None:
        display = node.GetDisplayNode()
        self._scene.RemoveNode(node)
        if display is not None:
            self._scene.RemoveNode(display)

    def _restore(self, command: c.RestoreMarkups, _arrived: float) -> None:
        kept = [self._restored(state) for state in command.markups]
        for node in nodes.markups_of(self._scene):
            if node not in kept and node.GetID() not in command.others:
                self._remove(node)
        for node, state in zip(kept, command.markups, strict=True):
            for display in nodes.renderings(self._scene) if state.crops else ():
                display.SetAndObserveROINodeID(node.GetID())
                display.SetCroppingEnabled(True)
        self._history.clear()

    def _restored(self, state: c.MarkupState) -> Any:
        class_name = nodes.CLASSES[state.kind]
        try:
            node = same_as_before(self._scene, state.id, state.name, class_name)
        except NotFoundError:
            node = self._scene.GetNodeByID(state.id)
            if node is None or not node.IsA(class_name):
                node = nodes.make(self._scene, state.kind, state.name)
        if state.count and (state.points is not None or state.frame is not None):
            nodes.apply(node, nodes.patch_of(state), state.count)
            node.SetName(state.name)
            for index, label in enumerate(state.labels or []):
                node.SetNthControlPointLabel(index, label)
        return node

    # -- telling -------------------------------------------------------------------------------------------------

    def _read_stamps(self) -> dict[str, Stamp]:
        crops = {display.GetROINode().GetID() for display in nodes.cropped(self._scene)}
        return {node.GetID(): (*_stamp(node), node.GetID() in crops) for node in nodes.markups_of(self._scene)}

    def told(self, node_id: str) -> c.MarkupsChanged:
        """What one markup is now, for the gateway to have before somebody relies on it."""
        node = self._scene.GetNodeByID(node_id)
        crops = any(display.GetROINode() is node for display in nodes.cropped(self._scene))
        self._stamps = {**self._stamps, node_id: (*_stamp(node), crops)}
        return c.MarkupsChanged([nodes.state_of(node)], [])

    def news(self, at_once: bool = False) -> c.MarkupsChanged | None:
        """What has changed since this was last asked; None where nothing has, or it was looked a moment ago."""
        begun = time.monotonic()
        if begun < self._not_before and not at_once:
            return None
        now = self._now()
        self._not_before = time.monotonic() + LOOKS_SHARE * (time.monotonic() - begun)
        if now == self._stamps:
            return None
        changed = [node_id for node_id, stamp in now.items() if self._stamps.get(node_id) != stamp]
        gone = [node_id for node_id in self._stamps if node_id not in now]
        self._stamps = now
        return c.MarkupsChanged([nodes.state_of(self._scene.GetNodeByID(node_id)) for node_id in changed], gone)


def _stamp(node: Any) -> Stamp:
    """Another value whenever what is told of a markup may differ."""
    display = node.GetDisplayNode()
    return (node.GetMTime(), display.GetMTime() if display else 0, transform_mtime(node))


def _without_name(patch: c.MarkupPatch) -> c.MarkupPatch:
    return c.MarkupPatch(**{name: getattr(patch, name) for name in patch.__struct_fields__ if name != "name"})


def _verb(patch: c.MarkupPatch) -> str:
    if patch.name is not None:
        return "Rename"
    if patch.remove is not None:
        return "Remove a point of"
    if (patch.position, patch.points, patch.frame, patch.size) != (None, None, None, None):
        return "Move"
    return "Change"
