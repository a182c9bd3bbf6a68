"""Models, markups and transforms."""

from __future__ import annotations

from typing import Any

import slicer

from backend.errors import BadRequestError, UnreadableError
from backend.imaging.model_header import check_model
from backend.scene.context import Options
from backend.scene.readers.checks import (
    check_markups,
    check_points,
    check_transform,
    check_volume,
    require_sound_cells,
    transform_kinds,
)
from backend.scene.readers.source import Source, require_small, unique_name

MODELS = (".vtk", ".vtp", ".vtu", ".g", ".byu", ".meta", ".stl", ".ply", ".obj", ".ucd")
SYSTEMS = {"0": 0, "1": 1, "ras": 0, "lps": 1}
GRIDS = (".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz")
TEXT_TRANSFORMS = (".tfm", ".txt")


def read_surface(source: Source, system: int, limits: Options) -> tuple[Any, Any]:
    """Storage and model node of a surface file, not in any scene yet.

    Raises:
        UnreadableError: no reader for it, damaged, or too large.
    """
    path = source.path
    if not path.name.lower().endswith(MODELS):
        raise UnreadableError(f"there is no reader for models with this ending; there are for {' '.join(MODELS)}")
    if path.stat().st_size > limits.max_volume_mb << 20:
        raise UnreadableError(f"it is larger than {limits.max_volume_mb} MB (setting max_volume_mb)")
    check_model(path)
    storage, node = slicer.vtkMRMLModelStorageNode(), slicer.vtkMRMLModelNode()
    storage.SetFileName(str(path))
    storage.SetCoordinateSystem(system)
    if not storage.ReadData(node) or node.GetMesh() is None or node.GetMesh().GetNumberOfPoints() == 0:
        raise UnreadableError("no reader could read it as a model")
    if node.GetPolyData() is not None:
        require_sound_cells(node.GetPolyData())
    return storage, node


class ModelReader:
    """Reads `ModelFile`."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._scene, self._limits = app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """The model node; files that do not tell their coordinate system are LPS unless `coordinateSystem` says otherwise."""
        text = source.options.get("coordinateSystem", "1").strip().lower()
        if text not in SYSTEMS:
            raise BadRequestError(f"coordinateSystem is 0 (RAS) or 1 (LPS), not {text!r}")
        storage, node = read_surface(source, SYSTEMS[text], self._limits)
        name = source.name or source.path.name[: -len(source.path.suffix)]
        node.SetName(unique_name(self._scene, name))
        self._scene.AddNode(node)
        self._scene.AddNode(storage)
        node.SetAndObserveStorageNodeID(storage.GetID())
        node.CreateDefaultDisplayNodes()
        return [node]


class MarkupsReader:
    """Reads `MarkupsFile`: Slicer's JSON and `.fcsv`."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._app, self._scene, self._limits = app, app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """The first node of the file; all of them come in."""
        ending = source.path.suffix.lower()
        if ending == ".fcsv":
            check_points(source.path, self._limits)
        elif ending == ".json":
            check_markups(source.path, self._limits)
        else:
            raise UnreadableError("there is no reader for markups with this ending; there are for .mrk.json .json .fcsv")
        node_id = self._app.modules["Markups"].LoadMarkups(str(source.path), source.name)
        node = self._scene.GetNodeByID(node_id) if node_id else None
        if node is None:
            raise UnreadableError("no reader could read it as markups")
        return [node]


class TransformReader:
    """Reads `TransformFile`: linear, B-spline, grid and composed ones."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._app, self._scene, self._limits = app, app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """The transform node; its class follows from what the file holds."""
        name = source.path.name.lower()
        if name.endswith(TEXT_TRANSFORMS):
            check_transform(source.path, self._limits)
        elif name.endswith(GRIDS):
            check_volume(source.path, self._limits)
        else:
            require_small(source.path, self._limits.max_volume_mb)
        node = self._app.modules["Transforms"].AddTransform(str(source.path), self._scene)
        if node is None:
            kinds = transform_kinds(source.path) if name.endswith(TEXT_TRANSFORMS) else []
            of = f" of {', '.join(kinds)}" if kinds else ""
            raise UnreadableError(f"no reader could read it as a transform{of}")
        ending = next((ending for ending in sorted(GRIDS, key=len, reverse=True) if name.endswith(ending)), source.path.suffix)
        node.SetName(source.name or source.path.name[: len(name) - len(ending)])
        return [node]
