"""Files into the scene, through the readers of Slicer's own module logics, so that nodes come out as Slicer makes them."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from backend.dicom.volume import LoadedVolume
from backend.errors import BadRequestError, NotFoundError, UnreadableError
from backend.imaging.model_header import check_model
from backend.imaging.volume_header import check_complete, check_three_dimensional, sizes_of
from backend.render.views.matrices import to_vtk
from backend.render.views.segments import make_surfaces
from backend.scene.file_types import BY_EXTENSION, KNOWN, file_type_of, stem_of

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
                node = self._scene.GetNodeByID(node_id)
                if node is not None:  # it may have gone with the one before
                    self._scene.RemoveNode(node)
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
        if file_type_of(path) not in ("VolumeFile", "SegmentationFile"):
            known = " ".join(sorted(name for name, kind in BY_EXTENSION.items() if kind == "VolumeFile"))
            raise UnreadableError(f"there is no reader for volumes with this ending; there are for {known}")
        check_three_dimensional(path)
        check_complete(path)
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
        check_complete(path)
        nodes = self._stored("vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode", path, options)
        make_surfaces(nodes[0])
        return nodes

    def _model(self, path: Path, options: dict[str, str]) -> list[Any]:
        check_model(path)
        system = int(options.get("coordinateSystem", slicer.vtkMRMLStorageNode.CoordinateSystemLPS))
        node = self._app.modules["Models"].AddModel(str(path), system)
        if node is None or node.GetPolyData() is None or node.GetPolyData().GetNumberOfPoints() == 0:
            raise UnreadableError("no reader could read it as a model")
        require_sound_cells(node.GetPolyData())
        if options.get("name"):
            node.SetName(self._scene.GenerateUniqueName(options["name"]))
        return [node]

    def _markups(self, path: Path, options: dict[str, str]) -> list[Any]:
        if path.suffix.lower() == ".fcsv":
            check_points(path)
        node_id = self._app.modules["Markups"].LoadMarkups(str(path), options.get("name") or None)
        node = self._scene.GetNodeByID(node_id) if node_id else None
        if node is None:
            raise UnreadableError("no reader could read it as markups")
        return [node]

    def _transform(self, path: Path, options: dict[str, str]) -> list[Any]:
        if path.suffix.lower() == ".tfm":
            check_transform(path)
        node = self._app.modules["Transforms"].AddTransform(str(path), self._scene)
        if node is None:
            raise UnreadableError("no reader could read it as a transform")
        if options.get("name"):
            node.SetName(options["name"])
        return [node]

    def _scene_file(self, path: Path, options: dict[str, str]) -> list[Any]:
        clear = is_true(options.get("clear", ""))
        if path.name.lower().endswith(".mrml"):
            self._import(path, clear)
            return []
        with tempfile.TemporaryDirectory(prefix="slicecast-mrb-") as folder:
            self._import(unpack_bundle(path, Path(folder)), clear)
        return []

    def _import(self, path: Path, clear: bool) -> None:
        """Add a scene file's nodes, or put them in place of what is there; that only once they are known to be readable."""
        check_scene(path)
        if clear:
            trial = slicer.vtkMRMLScene()
            self._scene.CopyRegisteredNodesToScene(trial)
            trial.SetURL(str(path))
            if not trial.Import():
                raise UnreadableError("some of what the scene consists of could not be read")
        self._scene.SetURL(str(path))
        if not (self._scene.Connect() if clear else self._scene.Import()):
            raise UnreadableError("some of what the scene consists of could not be read")

    def _stored(self, node_class: str, storage_class: str, path: Path, options: dict[str, str]) -> list[Any]:
        storage = self._scene.AddNewNodeByClass(storage_class)
        node = self._scene.AddNewNodeByClass(node_class)
        storage.SetFileName(str(path))
        if not storage.ReadData(node):
            said = storage.GetUserMessages().GetAllMessagesAsString() or "its reader gave no reason"
            raise UnreadableError(said.strip())
        if node_class == "vtkMRMLTableNode" and node.GetNumberOfColumns() == 0:
            raise UnreadableError("there is nothing in it")
        node.SetAndObserveStorageNodeID(storage.GetID())
        extension = storage.GetSupportedFileExtension(str(path)) or path.suffix
        node.SetName(options.get("name") or path.name[: len(path.name) - len(extension)])
        storage.SetName(f"{node.GetName()}_Storage")
        if hasattr(node, "CreateDefaultDisplayNodes"):
            node.CreateDefaultDisplayNodes()
        return [node]


def require_sound_cells(mesh: Any) -> None:
    """Refuse a surface whose cells name points that it does not have: drawing it would crash.

    Raises:
        UnreadableError: saying so.
    """
    for cells in (mesh.GetVerts(), mesh.GetLines(), mesh.GetPolys(), mesh.GetStrips()):
        if cells.GetNumberOfConnectivityIds():
            points = vtk_to_numpy(cells.GetConnectivityArray())
            if points.min() < 0 or points.max() >= mesh.GetNumberOfPoints():
                raise UnreadableError("its faces name points that it does not have; it may be damaged or cut short")


def check_points(path: Path) -> None:
    """Refuse an `.fcsv` file whose lines are no points: its reader would make points at the origin of them.

    Raises:
        UnreadableError: naming the line.
    """
    lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
    columns = next((line.count(",") for line in lines if line.startswith("# columns")), None)
    points = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    if not points and (columns is None or not lines[-1].endswith("\n")):
        raise UnreadableError("there are no points in it")
    for number, line in points:
        cut = not line.endswith("\n") and line.count(",") < (columns or 0)
        try:
            _x, _y, _z = (float(word) for word in line.split(",")[1:4])
        except ValueError:
            cut = True
        if cut:
            raise UnreadableError(f"line {number} is no point: {line.strip()[:80]!r}")


def check_transform(path: Path) -> None:
    """Refuse a `.tfm` file that ends early: its reader takes half a number for a number.

    Raises:
        UnreadableError: saying so.
    """
    tags = [line.partition(":")[0].strip() for line in path.read_text("utf-8", "replace").splitlines()]
    if "Parameters" not in tags or tags.count("Parameters") != tags.count("FixedParameters"):
        raise UnreadableError("it is no ITK transform file, or cut short")


def check_scene(path: Path) -> None:
    """Refuse a `.mrml` file that is no scene, or whose files are not where it says, or cut short.

    Raises:
        UnreadableError: naming what is wrong.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, ValueError) as error:
        raise UnreadableError(f"it is not a scene: {error}") from error
    if root.tag != "MRML":
        raise UnreadableError(f"it is not a scene but {root.tag!r}")
    names = [unquote(name) for node in root.iter() if (name := node.get("fileName"))]
    missing = [name for name in names if "://" not in name and not (path.parent / name).exists()]
    if missing:
        raise UnreadableError(f"it needs files that are not there: {', '.join(missing[:5])}")
    for name in names:
        if (path.parent / name).is_file():
            check_model(path.parent / name)
            check_complete(path.parent / name)


def unpack_bundle(path: Path, folder: Path) -> Path:
    """Unpack a `.mrb` file below `folder` and nowhere else; returns its scene file.

    Raises:
        UnreadableError: no zip archive, damaged, too large, or without a scene.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            size = sum(member.file_size for member in bundle.infolist())
            if size > shutil.disk_usage(folder).free // 2:
                raise UnreadableError(f"unpacked it would take {size >> 20} MB, too much for {tempfile.gettempdir()}")
            bundle.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise UnreadableError(f"it is not a scene bundle, or damaged: {error}") from error
    scenes = [found for found in folder.rglob("*.mrml") if not found.name.startswith(".")]
    if not scenes:
        raise UnreadableError("there is no scene (.mrml) in it")
    return min(scenes, key=lambda found: (len(found.parts), found.name))


def is_true(text: str) -> bool:
    """A reader property as Slicer reads booleans."""
    return text.strip().lower() not in FALSE_WORDS
