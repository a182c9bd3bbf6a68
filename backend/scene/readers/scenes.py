"""Scenes: `.mrml` files and bundles of them, added to what is there or put in its place."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import slicer

from backend.errors import UnreadableError
from backend.scene.context import Options
from backend.scene.readers.bundles import unpack_bundle
from backend.scene.readers.checks import check_scene
from backend.scene.readers.source import Source


class SceneReader:
    """Imports scenes; the scene that is there is touched only once another scene has read the file without a fault."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._scene, self._limits = app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """Import; lists no nodes, as Slicer does not."""
        clear = source.flag("clear")
        if source.path.name.lower().endswith(".mrml"):
            self._import(source.path, clear)
            return []
        with tempfile.TemporaryDirectory(prefix="slicecast-mrb-") as folder:
            self._import(unpack_bundle(source.path, Path(folder), self._limits), clear)
        return []

    def _import(self, path: Path, clear: bool) -> None:
        check_scene(path, self._limits)
        trial = slicer.vtkMRMLScene()
        self._scene.CopyRegisteredNodesToScene(trial)
        trial.SetURL(str(path))
        readable = trial.Import()
        trial.Clear(True)
        self._scene.SetURL(str(path))
        if not readable or not (self._scene.Connect() if clear else self._scene.Import()):
            raise UnreadableError("some of what the scene consists of could not be read")
