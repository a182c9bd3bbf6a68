"""Sample data into the scene, from files that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.errors import SlicecastError
from backend.scene import commands as c
from backend.scene.context import Context, Performer


class SampleCommands:
    """Loads samples the way Slicer does: under their own names, without a file to be saved to, shown."""

    def __init__(self, context: Context) -> None:
        self._scene, self._perform = context.app.scene, context.perform
        self.performers: Mapping[type[c.Command], Performer] = {c.LoadSample: self._load}

    def _load(self, command: c.LoadSample, _arrived: float) -> c.LoadResult:
        result = c.LoadResult([])
        try:
            for file, path in zip(command.files, command.paths, strict=True):
                if file.node:
                    loaded = self._perform(c.Load(path, file.type or None, {"name": file.node}, job=command.job))
                    result.nodes += loaded.nodes
                    result.warnings += loaded.warnings
        except SlicecastError:
            for node in result.nodes:
                self._scene.RemoveNode(self._scene.GetNodeByID(node.id))
            raise
        for node in result.nodes:
            self._forget_file(self._scene.GetNodeByID(node.id))
        return result

    def _forget_file(self, node: Any) -> None:
        """Take the storage node away: the file is one of a cache, not a place to save to."""
        storage = node.GetStorageNode() if node is not None and node.IsA("vtkMRMLStorableNode") else None
        if storage is not None:
            self._scene.RemoveNode(storage)
            node.SetAndObserveStorageNodeID(None)
