"""Nodes into files, through the storage nodes of MRML. A file appears whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import BadRequestError, NotFoundError, UnavailableError
from backend.imaging.frames import lps_to_ras
from backend.render.views.matrices import from_vtk, to_vtk
from backend.render.views.segments import BINARY_LABELMAP
from backend.scene.commands import Saved

IMAGES = (".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz")
SCENE_BUNDLE = ".mrb"
FORMAT = re.compile(r"\(\*?(\.[\w.]+)\)")
# Storage nodes that can write a node besides the one that is its default.
FURTHER: tuple[tuple[str, str], ...] = (
    ("vtkMRMLMarkupsFiducialNode", "vtkMRMLMarkupsFiducialStorageNode"),
    ("vtkMRMLVolumePropertyNode", "vtkMRMLVolumePropertyStorageNode"),
    ("vtkMRMLVolumePropertyNode", "vtkMRMLVolumePropertyJsonStorageNode"),
    ("vtkMRMLTableNode", "vtkMRMLTableSQLiteStorageNode"),
    ("vtkMRMLSequenceNode", "vtkMRMLSequenceStorageNode"),
    ("vtkMRMLTextNode", "vtkMRMLTextStorageNode"),  # short texts have none by default
)


def save_node(node: Any, path: Path, compress: bool | None, compression_parameter: str, apply_transforms: bool) -> Saved:
    """Write a node; its own storage node, if any, is not touched.

    Raises:
        BadRequestError: no format of this ending, an unknown compression parameter, or nothing in the node.
        NotFoundError: the folder is not there.
        UnavailableError: the folder can not be written to.
    """
    storage = _storage_for(node, path)
    _require_folder(path)
    if compress is not None:
        storage.SetUseCompression(int(compress))
    if compression_parameter:
        known = [preset.CompressionParameter for preset in storage.GetCompressionPresets()] if _has_presets(storage) else []
        if known and compression_parameter not in known:
            raise BadRequestError(f"unknown compressionParameter {compression_parameter!r}; known are {', '.join(known)}")
        storage.SetCompressionParameter(compression_parameter)
    written = hardened(node) if apply_transforms else node

    def write(target: Path) -> str:
        if is_wide(written):
            return _write_wide(written, target, storage.GetUseCompression())
        storage.SetScene(node.GetScene())  # sequences look into it for the classes of their items
        storage.SetFileName(str(target))
        if storage.WriteData(written) and target.is_file():
            return ""
        return storage.GetUserMessages().GetAllMessagesAsString().strip() or "its writer gave no reason"

    return _written(path, write)


def is_wide(node: Any) -> bool:
    """Whether a volume's voxels are 64-bit integers, which the writers of ITK refuse."""
    image = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
    scalars = image.GetPointData().GetScalars() if image is not None else None
    return scalars is not None and scalars.GetDataTypeSize() == 8 and not scalars.IsA("vtkDoubleArray")


def _write_wide(node: Any, target: Path, compress: bool) -> str:
    """Write such a volume as NRRD; returns why not, or nothing."""
    if target.suffix.lower() != ".nrrd":
        return "volumes of 64-bit integers can be saved as .nrrd only"
    voxels = vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()).reshape(node.GetImageData().GetDimensions()[::-1])
    matrix = to_vtk(np.eye(4))
    node.GetIJKToRASMatrix(matrix)
    lps = lps_to_ras(from_vtk(matrix))  # its own inverse
    header = {
        "space": "left-posterior-superior",
        "space directions": lps[:3, :3].T,
        "space origin": lps[:3, 3],
        "kinds": ["domain"] * 3,
        "encoding": "gzip" if compress else "raw",
    }
    nrrd.write(str(target), voxels.transpose(2, 1, 0), header)
    return ""


def save_scene(scene: Any, path: Path) -> Saved:
    """Write the whole scene as a bundle (`.mrb`).

    Raises:
        BadRequestError: another ending.
        NotFoundError, UnavailableError: about the folder.
    """
    if not path.name.lower().endswith(SCENE_BUNDLE):
        raise BadRequestError(f"a whole scene is saved as {SCENE_BUNDLE}, not as {path.name}")
    _require_folder(path)
    url = scene.GetURL()

    def write(target: Path) -> str:
        try:
            return "" if scene.WriteToMRB(str(target), None) and target.is_file() else "the scene could not be written"
        finally:
            scene.SetURL(url)

    return _written(path, write)


def _has_presets(storage: Any) -> bool:
    return hasattr(storage, "GetCompressionPresets")


def _storage_for(node: Any, path: Path) -> Any:
    """A new storage node, in no scene, for the longest ending of `path` that one of the node's formats has."""
    best: tuple[int, Any] = (0, None)
    lowered = path.name.lower()
    for storage in _storages(node):
        for ending in _endings(node, storage):
            if lowered.endswith(ending) and len(lowered) > len(ending) > best[0]:
                best = (len(ending), storage)
    if best[1] is None:
        raise BadRequestError(f"Failed to export {node.GetID()} - no known file format was found for filename {path}")
    return best[1]


def endings_of(node: Any) -> list[str]:
    """Endings of file names that a node can be written with, such as `.seg.nrrd`."""
    return list(dict.fromkeys(ending for storage in _storages(node) for ending in _endings(node, storage)))


def _storages(node: Any) -> list[Any]:
    if not node.IsA("vtkMRMLStorableNode"):
        return []
    default = node.CreateDefaultStorageNode()
    further = [getattr(slicer, storage)() for kind, storage in FURTHER if node.IsA(kind)]
    return ([default] if default is not None else []) + further


def _endings(node: Any, storage: Any) -> list[str]:
    if storage.IsA("vtkMRMLVolumeArchetypeStorageNode"):
        return list(IMAGES)
    if storage.IsA("vtkMRMLNRRDStorageNode"):
        return [".nrrd", ".nhdr"]
    types = storage.GetSupportedWriteFileTypes()
    found = [FORMAT.search(types.GetValue(index)) for index in range(types.GetNumberOfValues())]
    endings = [match[1].lower() for match in found if match]
    if node.IsA("vtkMRMLSegmentationNode") and not node.GetSegmentation().ContainsRepresentation(BINARY_LABELMAP):
        return [ending for ending in endings if ending.endswith(".vtm")]
    return endings


def hardened(node: Any) -> Any:
    """A copy of a node, in no scene, with its parent transforms applied to its content."""
    copy = node.CreateNodeInstance()
    copy.SetName(node.GetName())
    copy.CopyContent(node)
    parent = node.GetParentTransformNode() if node.IsA("vtkMRMLTransformableNode") else None
    if parent is None:
        return copy
    if parent.IsTransformToWorldLinear():
        matrix = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToWorld(matrix)
        copy.ApplyTransformMatrix(matrix)
    else:
        transform = vtk.vtkGeneralTransform()
        parent.GetTransformToWorld(transform)
        copy.ApplyTransform(transform)
    return copy


def _require_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise NotFoundError(f"Failed to export to {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise BadRequestError(f"Failed to export to {path}: that is a folder")


def _written(path: Path, write: Any) -> Saved:
    """Have `write` make the file, and those that belong to it, in a folder beside their place, then move them there."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".slicecast-", dir=path.parent))
    except OSError as error:
        raise UnavailableError(f"Failed to export to {path}: {error.strerror}") from error
    try:
        why = write(folder / path.name)
        if why:
            return Saved(False, why)
        made = sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file == folder / path.name)
        for file in made:  # the named file last: it speaks of the others
            target = path.parent / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
    except OSError as error:
        return Saved(False, f"{error.strerror}: {error.filename}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Saved(True)
