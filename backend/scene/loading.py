"""Files into the scene, through the readers of Slicer's own module logics, so that nodes come out as Slicer makes them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from backend.dicom.volume import LoadedVolume
from backend.errors import BadRequestError, NotFoundError, UnreadableError
from backend.imaging.volume_header import check_three_dimensional, sizes_of
from backend.render.views.matrices import to_vtk
from backend.render.views.segments import make_surfaces
from backend.scene.file_types import KNOWN, file_type_of, stem_of

FALSE_WORDS = ("", "0", "false", "no", "off")


class Loader:
    """Loads one file at a time into the scene; a failed load leaves the scene as it was."""

    def __init__(self, app: Any) -> None:
        self._app, self._scene = app, app.scene
        self._readers: dict[str, Callable[[Path, dict[str, str]], list[Any]]] = {
            "VolumeFile": self._volume,
            "SegmentationFile": self._segmentation,
            "ModelFile": self._model,
            "MarkupsFile": self._markups,
            "TransformFile": self._transform,
            "SceneFile": self._scene_file,
            "TableFile": lambda p, o: self._stored("vtkMRMLTableNode", "vtkMRMLTableStorageNode", p, o),
            "TextFile": lambda p, o: self._stored("vtkMRMLTextNode", "vtkMRMLTextStorageNode", p, o),
            "ColorTableFile": lambda p, o: self._stored("vtkMRMLColorTableNode", "vtkMRMLColorTableStorageNode", p, o),
        }

    def load(self, path: Path, file_type: str | None, properties: dict[str, str]) -> list[Any]:
        """Load a file; returns the nodes it is about, main one first (empty for scenes).

        Raises:
            NotFoundError: no such file.
            BadRequestError: unknown file type.
            UnreadableError: not readable as that type; the scene is unchanged.
        """
        kind = file_type or file_type_of(path)
        if not path.is_file():
            raise NotFoundError(f"Failed to load node from file: {path}\nthere is no such file")
        if kind is None or kind not in self._readers:
            known = ", ".join(sorted(KNOWN))
            raise BadRequestError(f"Failed to load node from file: {path}\nunknown file type {kind!r}; known are {known}")
        before = {self._scene.GetNthNode(i).GetID() for i in range(self._scene.GetNumberOfNodes())}
        try:
            return self._readers[kind](path, properties)
        except Exception as error:
            for node_id in self._new_ids(before):
                self._scene.RemoveNode(self._scene.GetNodeByID(node_id))
            if isinstance(error, UnreadableError):
                raise UnreadableError(f"Failed to load node from file: {path}\n{error}") from error
            raise

    def _new_ids(self, before: set[str]) -> list[str]:
        nodes = [self._scene.GetNthNode(i).GetID() for i in range(self._scene.GetNumberOfNodes())]
        return [node_id for node_id in nodes if node_id not in before]

    def add_volume(self, volume: LoadedVolume) -> Any:
        """A scalar (or colour) volume node from voxels, with display; returns the node."""
        color = volume.voxels.ndim == 4
        name = "vtkMRMLVectorVolumeNode" if color else "vtkMRMLScalarVolumeNode"
        node = self._scene.AddNewNodeByClass(name, self._scene.GenerateUniqueName(volume.name))
        voxels = np.ascontiguousarray(volume.voxels)
        image = vtk.vtkImageData()
        image.SetDimensions(voxels.shape[2], voxels.shape[1], voxels.shape[0])
        flat = voxels.reshape(-1, 3) if color else voxels.ravel()
        image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True))
        node.SetIJKToRASMatrix(to_vtk(volume.ijk_to_ras))
        node.SetAndObserveImageData(image)
        if color:
            node.SetVoxelVectorType(node.VoxelVectorTypeColorRGB)
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetDefaultColorMap()
        if volume.window is not None and volume.level is not None and not color:
            display.SetAutoWindowLevel(0)
            display.SetWindowLevel(volume.window, volume.level)
        for key, value in volume.metadata.items():
            node.SetAttribute(f"DICOM.{key}", str(value))
        return node

    def show_volume(self, node: Any) -> None:
        """Make a volume active: background of every slice view, turned to its nearest axes, and fit."""
        self._app.logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
        for index in range(self._app.logic.GetSliceLogics().GetNumberOfItems()):
            logic = self._app.logic.GetSliceLogics().GetItemAsObject(index)
            slice_node = logic.GetSliceNode()
            logic.GetSliceCompositeNode().SetBackgroundVolumeID(node.GetID())
            slice_node.SetOrientationToDefault()
            slice_node.RotateToVolumePlane(node, True)
            logic.FitSliceToBackground(512, 512)
            logic.SnapSliceOffsetToIJK()

    def _volume(self, path: Path, options: dict[str, str]) -> list[Any]:
        check_three_dimensional(path)
        flags = 0
        for bit, name in ((1, "labelmap"), (2, "center"), (4, "singleFile"), (16, "discardOrientation")):
            flags |= bit if is_true(options.get(name, "")) else 0
        flags |= 0 if options.get("autoWindowLevel", "1").lower() in FALSE_WORDS else 8
        name = options.get("name") or stem_of(path)
        node = self._app.modules["Volumes"].AddArchetypeVolume(
            str(path), self._scene.GenerateUniqueName(name) if self._taken(name) else name, flags
        )
        if node is None or node.GetImageData() is None or node.GetImageData().GetNumberOfPoints() == 0:
            raise UnreadableError("no reader could read it as a volume; it may be damaged or cut short")
        return [node]

    def _taken(self, name: str) -> bool:
        return self._scene.GetFirstNodeByName(name) is not None

    def _segmentation(self, path: Path, options: dict[str, str]) -> list[Any]:
        sizes_of(path)
        nodes = self._stored("vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode", path, options)
        make_surfaces(nodes[0])
        return nodes

    def _model(self, path: Path, options: dict[str, str]) -> list[Any]:
        system = int(options.get("coordinateSystem", slicer.vtkMRMLStorageNode.CoordinateSystemLPS))
        node = self._app.modules["Models"].AddModel(str(path), system)
        if node is None or node.GetPolyData() is None or node.GetPolyData().GetNumberOfPoints() == 0:
            raise UnreadableError("no reader could read it as a model")
        if options.get("name"):
            node.SetName(self._scene.GenerateUniqueName(options["name"]))
        return [node]

    def _markups(self, path: Path, options: dict[str, str]) -> list[Any]:
        node_id = self._app.modules["Markups"].LoadMarkups(str(path), options.get("name") or None)
        node = self._scene.GetNodeByID(node_id) if node_id else None
        if node is None:
            raise UnreadableError("no reader could read it as markups")
        return [node]

    def _transform(self, path: Path, options: dict[str, str]) -> list[Any]:
        node = self._app.modules["Transforms"].AddTransform(str(path), self._scene)
        if node is None:
            raise UnreadableError("no reader could read it as a transform")
        if options.get("name"):
            node.SetName(options["name"])
        return [node]

    def _scene_file(self, path: Path, options: dict[str, str]) -> list[Any]:
        if path.name.lower().endswith(".mrml"):
            self._scene.SetURL(str(path))
            done = self._scene.Connect() if is_true(options.get("clear", "")) else self._scene.Import()
            if not done:
                raise UnreadableError("it could not be imported as a scene")
            return []
        with tempfile.TemporaryDirectory(prefix="slicecast-mrb-") as folder:
            clear = is_true(options.get("clear", ""))
            if not self._app.logic.OpenSlicerDataBundle(str(path), folder) if clear else not self._import(path, folder):
                raise UnreadableError("it could not be opened as a scene bundle")
        return []

    def _import(self, path: Path, folder: str) -> bool:
        scene_file = self._app.logic.UnpackSlicerDataBundle(str(path), folder)
        if not scene_file:
            return False
        self._scene.SetURL(scene_file)
        return bool(self._scene.Import())

    def _stored(self, node_class: str, storage_class: str, path: Path, options: dict[str, str]) -> list[Any]:
        storage = self._scene.AddNewNodeByClass(storage_class)
        node = self._scene.AddNewNodeByClass(node_class)
        storage.SetFileName(str(path))
        if not storage.ReadData(node):
            said = storage.GetUserMessages().GetAllMessagesAsString() or "its reader gave no reason"
            raise UnreadableError(said.strip())
        node.SetAndObserveStorageNodeID(storage.GetID())
        extension = storage.GetSupportedFileExtension(str(path)) or path.suffix
        node.SetName(options.get("name") or path.name[: len(path.name) - len(extension)])
        storage.SetName(f"{node.GetName()}_Storage")
        if hasattr(node, "CreateDefaultDisplayNodes"):
            node.CreateDefaultDisplayNodes()
        return [node]


def is_true(text: str) -> bool:
    """A reader property as Slicer reads booleans."""
    return text.strip().lower() not in FALSE_WORDS
