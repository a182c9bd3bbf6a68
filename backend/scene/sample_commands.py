"""Sample data into the scene, from files that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.scene import commands as c
from backend.scene.context import Context, Performer


class SampleCommands:
    """Loads samples the way Slicer does: under their own names, without a file to be saved to, shown."""

    def __init__(self, context: Context) -> None:
        self._scene, self._views, self._perform = context.app.scene, context.views, context.perform
        self.performers: Mapping[type[c.Command], Performer] = {c.LoadSample: self._load}

    def _load(self, command: c.LoadSample, _arrived: float) -> c.LoadResult:
        result, nodes_before = c.LoadResult([]), set(self._ids())
        views_before = {view: view.snapshot() for view in self._views.all()}
        try:
            for file, path in zip(command.files, command.paths, strict=True):
                if file.node:
                    part = self._perform(c.Load(path, file.type or None, {"name": file.node}, job=command.job))
                    result.nodes += part.nodes
                    result.warnings += part.warnings
        except BaseException:  # users' code that loads may be interrupted in the middle
            made = [self._scene.GetNodeByID(node_id) for node_id in self._ids() if node_id not in nodes_before]
            for node in sorted(made, key=lambda node: bool(node.IsA("vtkMRMLDisplayNode"))):
                if self._scene.IsNodePresent(node):  # a volume that is shown would get a new display node if that went first
                    self._scene.RemoveNode(node)
            for view, patch in views_before.items():
                view.apply(patch)
            raise
        for loaded in result.nodes:
            self._forget_file(self._scene.GetNodeByID(loaded.id))
        return result

    def _ids(self) -> list[str]:
        return [node.GetID() for node in self._scene.GetNodes()]

    def _forget_file(self, node: Any) -> None:
        """Take the storage node away: the file is one of a cache, not a place to save to."""
        storage = node.GetStorageNode() if node is not None and node.IsA("vtkMRMLStorableNode") else None
        if storage is not None:
            self._scene.RemoveNode(storage)
            node.SetAndObserveStorageNodeID(None)
