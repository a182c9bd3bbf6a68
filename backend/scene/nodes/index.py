"""All nodes that lists show, kept up to date by the scene's own events: a look at each of ten thousand takes too long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import slicer
import vtk

from backend.render.observing import observe
from backend.scene.commands import Kind, NodesChanged

MOST_IDS = 200
"""More changed nodes than this are told as a change of the whole tree."""
CLASSES: tuple[tuple[str, Kind], ...] = (
    ("vtkMRMLVolumeNode", "volume"),
    ("vtkMRMLSegmentationNode", "segmentation"),
    ("vtkMRMLModelNode", "model"),
    ("vtkMRMLMarkupsNode", "markups"),
    ("vtkMRMLTransformNode", "transform"),
    ("vtkMRMLSequenceNode", "sequence"),
    ("vtkMRMLTableNode", "table"),
    ("vtkMRMLTextNode", "text"),
)
SEEN = frozenset(("volume", "segmentation", "model", "markups"))
"""Kinds that views show."""
SEGMENTATION = slicer.vtkSegmentation
OF_ROWS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("vtkMRMLDisplayableNode", (slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent,)),
    ("vtkMRMLMarkupsNode", (slicer.vtkMRMLMarkupsNode.PointAddedEvent, slicer.vtkMRMLMarkupsNode.PointRemovedEvent)),
    ("vtkMRMLVolumeNode", (slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,)),
    ("vtkMRMLSegmentationNode", (SEGMENTATION.SegmentModified,)),
)
OF_TREES = (SEGMENTATION.SegmentAdded, SEGMENTATION.SegmentRemoved, SEGMENTATION.SegmentsOrderModified)


@dataclass
class Entry:
    """What is known of a node without looking at it."""

    id: str
    kind: Kind
    name: str
    is_hidden: bool


class NodeIndex:
    """Ids, kinds and names of nodes in scene order, and what has changed since it was last told. Scene thread only."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._entries: dict[str, Entry] = {}
        self._kinds: dict[str, Kind | None] = {}
        self._composites: set[str] = set()
        self.rev = 1
        """Rises with every change that may show in the tree."""
        self.structure = 1
        """Rises with every change of which rows there are, and of their names."""
        self._changed: set[str] = set()
        self._told = (1, 1)
        observe(scene, scene.NodeAddedEvent, self._on_added)
        observe(scene, scene.NodeRemovedEvent, self._on_removed)
        for event in (scene.EndImportEvent, scene.EndRestoreEvent, scene.EndCloseEvent):
            observe(scene, event, self._on_other_scene)
        self._on_other_scene()

    def entries(self) -> Iterator[Entry]:
        """Nodes that lists show, in scene order."""
        return (entry for entry in self._entries.values() if not entry.is_hidden)

    def find(self, node_id: str) -> Entry | None:
        """A node that lists show, by its id."""
        entry = self._entries.get(node_id)
        return None if entry is None or entry.is_hidden else entry

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing that views could show."""
        return not any(entry.kind in SEEN for entry in self.entries())

    def kind_of(self, node: Any) -> Kind | None:
        """What kind of node lists call it, None for one that they never show."""
        name = node.GetClassName()
        if name not in self._kinds:
            self._kinds[name] = next((kind for base, kind in CLASSES if node.IsA(base)), None)
        return self._kinds[name]

    def news(self) -> NodesChanged | None:
        """What has changed since the last call, if anything has."""
        if (self.rev, self.structure) == self._told:
            return None
        is_whole = self.structure != self._told[1] or len(self._changed) > MOST_IDS
        news = NodesChanged(self.rev, None if is_whole else sorted(self._changed))
        self._told, self._changed = (self.rev, self.structure), set()
        return news

    def change(self, node_id: str) -> None:
        """A node's row may be another."""
        self.rev += 1
        if len(self._changed) <= MOST_IDS:
            self._changed.add(node_id)

    def _restructure(self) -> None:
        self.rev += 1
        self.structure += 1

    # -- events of the scene -------------------------------------------------------------------------------------

    @vtk.calldata_type(vtk.VTK_OBJECT)  # type: ignore[untyped-decorator]
    def _on_added(self, _scene: Any, _event: str, node: Any) -> None:
        self._take(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)  # type: ignore[untyped-decorator]
    def _on_removed(self, _scene: Any, _event: str, node: Any) -> None:
        if self._entries.pop(node.GetID(), None) is not None:
            self._restructure()

    def _on_other_scene(self, *_event: Any) -> None:
        """Look at all: while a scene is read or closed, ids may change and events may be held back."""
        known, self._entries = self._entries, {}
        for node in self._scene.GetNodes():
            self._take(node, known.get(node.GetID()))
        self._restructure()

    def _take(self, node: Any, known: Entry | None = None) -> None:
        if node.IsA("vtkMRMLSliceCompositeNode") and node.GetID() not in self._composites:
            self._composites.add(node.GetID())
            observe(node, vtk.vtkCommand.ModifiedEvent, self._on_layers)
        kind = self.kind_of(node)
        if kind is None:
            return
        if known is None:
            self._observe(node)
        self._entries[node.GetID()] = Entry(node.GetID(), kind, node.GetName() or "", bool(node.GetHideFromEditors()))
        self._restructure()

    def _observe(self, node: Any) -> None:
        observe(node, vtk.vtkCommand.ModifiedEvent, self._on_modified)
        for base, events in OF_ROWS:
            if node.IsA(base):
                for event in events:
                    observe(node, event, self._on_row)
        if node.IsA("vtkMRMLSegmentationNode"):
            for event in OF_TREES:
                observe(node, event, self._on_tree)

    def _on_modified(self, node: Any, _event: str) -> None:
        entry = self._entries.get(node.GetID() or "")
        if entry is None:
            return
        name, is_hidden = node.GetName() or "", bool(node.GetHideFromEditors())
        if (name, is_hidden) != (entry.name, entry.is_hidden):
            entry.name, entry.is_hidden = name, is_hidden
            self._restructure()
        elif not is_hidden:
            self.change(entry.id)

    def _on_row(self, node: Any, _event: str) -> None:
        entry = self._entries.get(node.GetID() or "")
        if entry is not None and not entry.is_hidden:
            self.change(entry.id)

    def _on_tree(self, node: Any, _event: str) -> None:
        if node.GetID() in self._entries:
            self._restructure()

    def _on_layers(self, _node: Any, _event: str) -> None:
        for entry in self.entries():
            if entry.kind == "volume":
                self.change(entry.id)
