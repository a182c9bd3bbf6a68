"""Commands of the Slicer API's `/mrml`: what nodes contain, saving, reading again, removing, clearing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import slicer

from backend.errors import BadRequestError, NotFoundError, UnreadableError
from backend.imaging.other_volumes import is_other_volume
from backend.render.views.segments import REPRESENTATIONS, make_surfaces
from backend.scene import commands as c
from backend.scene.content_commands import selected
from backend.scene.context import Context, Performer
from backend.scene.properties import properties_of
from backend.scene.readers.checks import check_file
from backend.scene.readers.volumes import VolumeReader, storage_of
from backend.scene.saving import save_node, save_scene
from backend.scene.undo import NodeState

NONE_MATCHED = "No nodes matched the filter criteria"


class MrmlCommands:
    """Works on nodes, whatever they are."""

    def __init__(self, context: Context) -> None:
        self._context, self._scene, self._views = context, context.app.scene, context.views
        self._volumes = VolumeReader(context.app, context.options)
        self._needed = {node.GetID() for node in self._nodes()}  # what views and logics are made of
        self.performers: Mapping[type[c.Command], Performer] = {
            c.Properties: self._properties,
            c.Save: self._save,
            c.Reload: self._reload,
            c.Remove: self._remove,
            c.Clear: self._clear,
        }

    def _nodes(self) -> list[Any]:
        return list(self._scene.GetNodes())

    def _selected(self, selection: c.SelectNodes) -> list[Any]:
        nodes = selected(self._scene, selection)
        if not nodes:
            raise NotFoundError(NONE_MATCHED)
        return nodes

    def _properties(self, command: c.Properties, _arrived: float) -> c.NodeProperties:
        return {node.GetID(): properties_of(node) for node in self._selected(command.selection)}

    def _save(self, command: c.Save, _arrived: float) -> c.Saved:
        path = Path(command.path)
        if command.selection.is_everything and path.suffix.lower() == ".mrb":
            return save_scene(self._scene, path)
        nodes = self._selected(command.selection)
        if len(nodes) > 1:
            raise BadRequestError("/mrml/file can only be used for a single node")
        return save_node(nodes[0], path, command.compress, command.compression_parameter, command.apply_transforms)

    def _reload(self, command: c.Reload, _arrived: float) -> list[str]:
        again = [node for node in self._selected(command.selection) if self._read_again(node)]
        self._context.announce_lists()
        return [node.GetID() for node in again]

    def _read_again(self, node: Any) -> bool:
        """Read a node from its file, once a node in no scene has taken it without fault; False where that can not be."""
        storage = storage_of(node)
        path = Path(storage.GetFileName()) if storage is not None else None
        if path is None or not path.is_file():
            return False
        try:
            check_file(path, self._context.options)
            if node.IsA("vtkMRMLVolumeNode") and is_other_volume(path):
                return self._volumes.read_again(node, storage)
        except UnreadableError:
            return False
        trial, reader = node.CreateNodeInstance(), storage.CreateNodeInstance()
        reader.Copy(storage)
        if not reader.ReadData(trial):
            return False
        name = node.GetName()
        read = bool(storage.ReadData(node))
        node.SetName(name)
        if read and node.IsA("vtkMRMLSegmentationNode"):
            make_surfaces(node)
        return read

    def _remove(self, command: c.Remove, _arrived: float) -> list[str]:
        nodes = self._selected(command.selection)
        gone = [node for node in nodes if node.GetID() not in self._needed]
        gone.sort(key=lambda node: node.IsA("vtkMRMLDisplayNode"))  # last: a volume that is shown would get another one
        if not gone:
            raise BadRequestError(f"{nodes[0].GetID()} can not be removed: views or logics are made of it")
        helpers = list(dict.fromkeys(helper for node in gone for helper in _helpers(node)))
        shown = [NodeState(view.logic.GetSliceCompositeNode()) for view in self._views.slices()]
        for node in gone:
            if self._scene.IsNodePresent(node):  # it may have gone with the one before
                self._scene.RemoveNode(node)
        for helper in helpers:
            if self._scene.IsNodePresent(helper) and not self._is_needed(helper):
                self._scene.RemoveNode(helper)
        for view in self._views.threeds():
            view.refit_box()
        went = [node for node in gone + helpers if not self._scene.IsNodePresent(node)]
        text = f"Delete {gone[0].GetName()}" if len(gone) == 1 else f"Delete {len(gone)} nodes"
        self._context.history.removed(text, went, self._scene, shown, sum(map(content_bytes, went)))
        self._context.announce_lists()
        return [node.GetID() for node in went]

    def _is_needed(self, helper: Any) -> bool:
        """Whether a view, a logic or another node that is left uses a display or storage node."""
        user = helper.GetDisplayableNode() if helper.IsA("vtkMRMLDisplayNode") else helper.GetStorableNode()
        return helper.GetID() in self._needed or user is not None

    def _clear(self, _command: c.Clear, _arrived: float) -> None:
        self._scene.Clear(False)
        self._scene.SetURL("")
        self._context.history.clear()
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)  # clearing takes it away
        for view in self._views.threeds():
            view.refit_box()
        self._context.announce_lists()


def content_bytes(node: Any) -> int:
    """About how much memory a node's voxels or surface take."""
    if node.IsA("vtkMRMLSegmentationNode"):
        segmentation = node.GetSegmentation()
        held = {
            part.__this__: part  # segments share label maps; surfaces can not be put into a set
            for n in range(segmentation.GetNumberOfSegments())
            for name in REPRESENTATIONS
            if (part := segmentation.GetNthSegment(n).GetRepresentation(name)) is not None
        }
        return sum(int(part.GetActualMemorySize()) for part in held.values()) << 10
    data = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else node.GetMesh() if node.IsA("vtkMRMLModelNode") else None
    return int(data.GetActualMemorySize()) << 10 if data is not None else 0


def _helpers(node: Any) -> list[Any]:
    """How a node is shown and stored: nodes that MRML leaves behind when it is removed."""
    found = (
        [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())] if node.IsA("vtkMRMLDisplayableNode") else []
    )
    if node.IsA("vtkMRMLStorableNode"):
        found += [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
    return [helper for helper in found if helper is not None]
