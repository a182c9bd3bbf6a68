"""Writing nodes and the scene to files, as scripts have it done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

from backend.errors import SlicecastError
from backend.scene.commands import Save, SelectNodes
from backend.scene.saving import endings_of
from backend.scene.standins.desk import Desk

# Slicer's writer of each class.
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
    """Formats a node can be written in, such as `nrrd (.nrrd)`."""
    return [f"{ending.lstrip('.')} ({ending})" for ending in endings_of(node)]


def extension_of(filename: str, node: Any) -> str:
    """The longest ending of a file name that a node can be written with, empty if none."""
    known = sorted(endings_of(node), key=len, reverse=True)
    return next((ending for ending in known if filename.lower().endswith(ending)), "")


def write(desk: Desk, node: Any, filename: str, properties: dict[str, Any]) -> str:
    """Write a node to a file that then is its own; returns what went wrong, empty if nothing."""
    reason = export(desk, node, filename, properties, in_world=False)
    if not reason:
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode(filename)
        else:
            node.GetStorageNode().SetFileName(filename)
    return reason


def export(desk: Desk, node: Any, filename: str, properties: dict[str, Any], in_world: bool) -> str:
    """Write a node without making the file its own, `in_world` with its transforms applied; returns what went wrong."""
    compress = slicer.util.toBool(properties["useCompression"]) if "useCompression" in properties else None
    parameter = str(properties.get("compressionParameter", ""))
    return _save(desk, Save(SelectNodes(id=node.GetID()), filename, compress, parameter, in_world))


def write_scene(desk: Desk, filename: str, messages: Any) -> str:
    """Write the scene as `.mrml` (without data), as `.mrb`, or else into a folder; returns what went wrong."""
    path, scene = Path(filename), desk.scene
    if path.suffix.lower() == ".mrb":
        return _save(desk, Save(SelectNodes(), filename))
    if path.suffix.lower() == ".mrml":
        scene.SetURL(filename)
        return "" if scene.Commit(filename) else "the scene file could not be written"
    path.mkdir(parents=True, exist_ok=True)
    return "" if scene.SaveSceneToSlicerDataBundleDirectory(filename, None, messages) else "the folder could not be written"


def _save(desk: Desk, command: Save) -> str:
    try:
        saved = desk.perform(command)
    except SlicecastError as error:
        return str(error)
    return "" if saved.success else saved.message or "its writer gave no reason"
