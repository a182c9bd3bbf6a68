"""Volumes: images through Slicer's volumes logic, pictures and formats its ITK lacks through our own readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from backend.dicom.loaded import SUV_UNITS, LoadedVolume, Raster
from backend.errors import BadRequestError, UnreadableError
from backend.imaging.other_volumes import PICTURES, PlainVolume, is_other_volume, numbered_beside, read_other_volume
from backend.imaging.volume_header import check_three_dimensional
from backend.render.views.matrices import from_vtk, to_vtk
from backend.scene.context import Options
from backend.scene.file_types import VOLUME_ENDINGS, stem_of
from backend.scene.readers.checks import check_volume, check_within
from backend.scene.readers.source import Source, color_node, unique_name

# Bits of Slicer's loading options, and the reader property of each.
FLAGS = ((1, "labelmap"), (2, "center"), (4, "singleFile"), (16, "discardOrientation"))
AUTO_WINDOW = 8
HEAT = "vtkMRMLPETProceduralColorNodePET-Heat"
HOT_SUV = 8.0
"""What is shown at the top of the colours: well above the liver's uptake of FDG, so that what glows is worth a look."""
LAID_OVER = 0.4
COLOR_TYPES = {3: "VoxelVectorTypeColorRGB", 4: "VoxelVectorTypeColorRGBA"}


class VolumeReader:
    """Reads `VolumeFile`, and puts voxels from elsewhere into the scene."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._app, self._scene, self._limits = app, app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """The volume node."""
        path = source.path
        if not path.name.lower().endswith(VOLUME_ENDINGS):
            raise UnreadableError(
                f"there is no reader for volumes with this ending; there are for {' '.join(sorted(VOLUME_ENDINGS))}"
            )
        color, files = color_node(self._scene, source.options), self._files(source)
        node = self._by_us(source, files) if is_other_volume(path) else self._by_slicer(source, files)
        if color is not None:
            node.GetDisplayNode().SetAndObserveColorNodeID(color.GetID())  # type: ignore[attr-defined]
        return [node]

    def _files(self, source: Source) -> list[Path]:
        """The files of a stack: those of the property `fileNames`, a JSON list or parted by semicolons."""
        text = source.options.get("fileNames", "")
        if not text:
            return []
        try:
            names = json.loads(text) if text.startswith("[") else text.split(";")
        except ValueError as error:
            raise BadRequestError(f"fileNames is no list of paths: {error}") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise BadRequestError("fileNames is no list of paths")
        files = [Path(name.strip()) for name in names if name.strip()]
        missing = [str(file) for file in files if not file.is_file()]
        if missing:
            raise UnreadableError(f"there is no such file: {', '.join(missing[:5])}")
        check_within(source.path.parent, files, self._limits)
        return files

    def _by_slicer(self, source: Source, files: list[Path]) -> Any:
        path = source.path
        check_three_dimensional(path)
        for file in files or [path]:
            check_volume(file, self._limits)
        flags = sum(bit for bit, name in FLAGS if source.flag(name)) | (
            AUTO_WINDOW if source.flag("autoWindowLevel", True) else 0
        )
        listed = vtk.vtkStringArray()
        for file in files:
            listed.InsertNextValue(str(file))
        node = self._app.modules["Volumes"].AddArchetypeVolume(str(path), self._name(source), flags, listed if files else None)
        if node is None or node.GetImageData() is None or node.GetImageData().GetNumberOfPoints() == 0:
            raise UnreadableError("no reader could read it as a volume; it may be damaged or cut short")
        return node

    def _by_us(self, source: Source, files: list[Path]) -> Any:
        path = source.path
        if not files and path.name.lower().endswith(PICTURES) and not source.flag("singleFile"):
            files = numbered_beside(path)
        volume = read_other_volume(path, self._limits.max_volume_mb, files)
        matrix = placed(volume, source.flag("center"), source.flag("discardOrientation"))
        label_map = source.flag("labelmap")
        if label_map and volume.voxels.ndim == 4:
            raise UnreadableError("a picture with colours is no label map")
        is_auto = source.flag("autoWindowLevel", True) or label_map
        node = self._add(self._name(source), volume.voxels, matrix, label_map, is_auto)
        storage = self._scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(str(path))
        for file in files:
            storage.AddFileName(str(file))
        storage.SetCenterImage(source.flag("center"))
        storage.SetUseOrientationFromFile(not source.flag("discardOrientation"))
        node.SetAndObserveStorageNodeID(storage.GetID())
        return node

    def _name(self, source: Source) -> str:
        name = source.name or stem_of(source.path)
        return unique_name(self._scene, name)

    def add(self, volume: LoadedVolume) -> Any:
        """A scalar or colour volume node from a DICOM series, with its window; returns the node."""
        name = unique_name(self._scene, volume.name)
        node = self._add(name, volume.voxels, volume.ijk_to_ras, False, not volume.has_window)
        self.window(node, volume)
        for key, value in volume.metadata.items():
            node.SetAttribute(f"DICOM.{key}", str(value))
        return node

    def rasters(self) -> dict[str, Raster]:
        """Grids of the volumes that came from DICOM, by SeriesInstanceUID."""
        found = {}
        for index in range(self._scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")):
            node = self._scene.GetNthNodeByClass(index, "vtkMRMLVolumeNode")
            series = node.GetAttribute("DICOM.SeriesInstanceUID")
            if series and node.GetImageData() is not None:
                matrix = vtk.vtkMatrix4x4()
                node.GetIJKToRASMatrix(matrix)
                found[series] = Raster(from_vtk(matrix), tuple(node.GetImageData().GetDimensions()))
        return found

    def lay_over(self, node: Any) -> None:
        """Show a volume half transparent over what slice views show; PET in the colours of heat."""
        if node.GetAttribute("DICOM.Modality") == "PT":
            display = node.GetDisplayNode()
            display.SetAndObserveColorNodeID(HEAT)
            if node.GetAttribute("DICOM.Units") == SUV_UNITS:
                display.SetAutoWindowLevel(0)
                display.SetWindowLevelMinMax(0.0, HOT_SUV)
        for index in range(self._app.logic.GetSliceLogics().GetNumberOfItems()):
            composite = self._app.logic.GetSliceLogics().GetItemAsObject(index).GetSliceCompositeNode()
            composite.SetForegroundVolumeID(node.GetID())
            composite.SetForegroundOpacity(LAID_OVER)

    @staticmethod
    def window(node: Any, volume: LoadedVolume) -> None:
        """Give a node the window that its files name."""
        if volume.has_window:
            node.GetDisplayNode().SetAutoWindowLevel(0)
            node.GetDisplayNode().SetWindowLevel(volume.window, volume.level)

    def _add(
        self, name: str, voxels: NDArray[Any], ijk_to_ras: NDArray[np.float64], label_map: bool, is_auto: bool
    ) -> Any:  # fmt: skip
        """`is_auto`: whether the window is found from the voxels, which takes a second for a large scan."""
        kind = "Vector" if voxels.ndim == 4 else "LabelMap" if label_map else "Scalar"
        node = self._scene.AddNewNodeByClass(f"vtkMRML{kind}VolumeNode", name)
        node.SetIJKToRASMatrix(to_vtk(ijk_to_ras))
        node.CreateDefaultDisplayNodes()
        if not is_auto:
            node.GetDisplayNode().SetAutoWindowLevel(0)
        node.SetAndObserveImageData(image_of(voxels))
        if voxels.ndim == 4:
            node.SetVoxelVectorType(getattr(node, COLOR_TYPES[voxels.shape[3]]))
        node.GetDisplayNode().SetDefaultColorMap()
        return node

    def read_again(self, node: Any, storage: Any) -> bool:
        """Put what a file of our own formats holds now into a node that was read from it, as its storage node remembers."""
        files = [Path(storage.GetNthFileName(index)) for index in range(storage.GetNumberOfFileNames())]
        volume = read_other_volume(Path(storage.GetFileName()), self._limits.max_volume_mb, files)
        matrix = placed(volume, bool(storage.GetCenterImage()), not storage.GetUseOrientationFromFile())
        node.SetIJKToRASMatrix(to_vtk(matrix))
        node.SetAndObserveImageData(image_of(volume.voxels))
        return True

    def show(self, node: Any) -> None:
        """Make a volume active: background (a label map: label layer) of every slice view, turned to its axes, and fit."""
        label_map, selection = node.IsA("vtkMRMLLabelMapVolumeNode"), self._app.logic.GetSelectionNode()
        if label_map:
            selection.SetActiveLabelVolumeID(node.GetID())
        else:
            selection.SetActiveVolumeID(node.GetID())
        for index in range(self._app.logic.GetSliceLogics().GetNumberOfItems()):
            logic = self._app.logic.GetSliceLogics().GetItemAsObject(index)
            slice_node, composite = logic.GetSliceNode(), logic.GetSliceCompositeNode()
            if label_map:
                composite.SetLabelVolumeID(node.GetID())
                if composite.GetBackgroundVolumeID():
                    continue
            else:
                composite.SetBackgroundVolumeID(node.GetID())
            slice_node.SetOrientationToDefault()
            slice_node.RotateToVolumePlane(node, True)
            if label_map:
                logic.FitSliceToVolume(node, 512, 512)
            else:
                logic.FitSliceToBackground(512, 512)
            logic.SnapSliceOffsetToIJK()


def image_of(voxels: NDArray[Any]) -> Any:
    """A `vtkImageData` with a copy of voxels (K, J, I) or (K, J, I, components); its place belongs to the node."""
    voxels = np.ascontiguousarray(voxels)
    image = vtk.vtkImageData()
    image.SetDimensions(voxels.shape[2], voxels.shape[1], voxels.shape[0])
    flat = voxels.reshape(-1, voxels.shape[3]) if voxels.ndim == 4 else voxels.ravel()
    scalars = numpy_to_vtk(flat, deep=True)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def placed(volume: PlainVolume, center: bool, discard_orientation: bool) -> NDArray[np.float64]:
    """IJK to RAS mm (4, 4): as the file says, centred on the origin, or along the axes with the first voxel at the origin."""
    matrix = volume.ijk_to_ras.copy()
    if discard_orientation:
        return np.diag([*np.linalg.norm(matrix[:3, :3], axis=0), 1.0])
    if center:
        dims = np.array(volume.voxels.shape[2::-1], np.float64)
        matrix[:3, 3] = -matrix[:3, :3] @ ((dims - 1) / 2)
    return matrix


def storage_of(node: Any) -> Any:
    """The storage node of a node that has a file, None for all others."""
    if not node.IsA("vtkMRMLStorableNode"):
        return None
    storage = node.GetStorageNode()
    return storage if isinstance(storage, slicer.vtkMRMLStorageNode) and storage.GetFileName() else None
