"""Writing nodes and the scene to files, through MRML's storage nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk

# Slicer's writer of each class, most special first.
WRITERS: dict[str, str] = {
    "vtkMRMLVolumeNode": "VolumeFile",
    "vtkMRMLSegmentationNode": "SegmentationFile",
    "vtkMRMLModelNode": "ModelFile",
    "vtkMRMLMarkupsNode": "MarkupsFile",
    "vtkMRMLTransformNode": "TransformFile",
    "vtkMRMLTableNode": "TableFile",
    "vtkMRMLTextNode": "TextFile",
    "vtkMRMLSequenceNode": "SequenceFile",
    "vtkMRMLColorNode": "ColorTableFile",
    "vtkMRMLVolumePropertyNode": "TransferFunctionFile",
}


def writer_of(node: Any) -> str:
    """Slicer's name for what writes a node; empty where nothing does."""
    return next((writer for name, writer in WRITERS.items() if node.IsA(name)), "")


def formats_of(node: Any) -> list[str]:
    """Formats a node can be written in, such as `NRRD (.nrrd)`."""
    storage = node.CreateDefaultStorageNode() if node.IsA("vtkMRMLStorableNode") else None
    if storage is None:
        return []
    types = storage.GetSupportedWriteFileTypes()
    return [types.GetValue(index) for index in range(types.GetNumberOfValues())]


def extension_of(filename: str, node: Any) -> str:
    """The longest ending of a file name that a node can be written with, empty if none."""
    helper = slicer.vtkDataFileFormatHelper.GetFileExtensionFromFormatString
    known = sorted((str(helper(text)) for text in formats_of(node)), key=len, reverse=True)
    return next((extension for extension in known if filename.lower().endswith(extension.lower())), "")


def write(node: Any, filename: str, properties: dict[str, Any]) -> str:
    """Write a node to its own storage node's file, which then is this one; returns what went wrong, empty if nothing."""
    if not extension_of(filename, node):
        return f"no known file format was found for filename {filename}"
    if node.GetStorageNode() is None:
        node.AddDefaultStorageNode(filename)
    return _write(node.GetStorageNode(), node, filename, properties)


def export(node: Any, filename: str, properties: dict[str, Any], in_world: bool) -> str:
    """Write a node without making the file its own, `in_world` with its transforms applied; returns what went wrong."""
    if not extension_of(filename, node):
        return f"no known file format was found for filename {filename}"
    if in_world and node.IsA("vtkMRMLTransformableNode") and node.GetParentTransformNode() is not None:
        node = _in_world(node)
    storage = node.CreateDefaultStorageNode()
    if hasattr(storage, "ConfigureForDataExchange") and node.GetScene() is None:
        storage.ConfigureForDataExchange()
    storage.SetScene(node.GetScene())
    return _write(storage, node, filename, properties)


def _in_world(node: Any) -> Any:
    """A copy of a node, in no scene, with all its transforms applied to its data."""
    to_world = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(node.GetParentTransformNode(), None, to_world)
    copy = node.CreateNodeInstance()
    copy.CopyContent(node)
    copy.SetName(node.GetName())
    copy.ApplyTransform(to_world)
    return copy


def _write(storage: Any, node: Any, filename: str, properties: dict[str, Any]) -> str:
    if not Path(filename).parent.is_dir():
        return f"there is no folder {Path(filename).parent}"
    storage.SetFileName(str(filename))
    if "useCompression" in properties:
        storage.SetUseCompression(1 if slicer.util.toBool(properties["useCompression"]) else 0)
    if "compressionParameter" in properties:
        storage.SetCompressionParameter(str(properties["compressionParameter"]))
    if storage.WriteData(node):
        return ""
    return storage.GetUserMessages().GetAllMessagesAsString().strip() or "its writer gave no reason"


def write_scene(scene: Any, filename: str, messages: Any) -> str:
    """Write the scene as `.mrml` (without data), as `.mrb`, or else into a folder; returns what went wrong."""
    path = Path(filename)
    if path.suffix.lower() == ".mrml":
        scene.SetURL(str(path))
        return "" if scene.Commit(str(path)) else "the scene file could not be written"
    if path.suffix.lower() == ".mrb":
        return "" if scene.WriteToMRB(str(path), None, messages) else "the bundle could not be written"
    path.mkdir(parents=True, exist_ok=True)
    return "" if scene.SaveSceneToSlicerDataBundleDirectory(str(path), None, messages) else "the folder could not be written"
