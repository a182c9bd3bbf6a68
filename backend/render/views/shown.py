"""Nodes that some display node shows, kept up to date by events: views ask for them many times a second, and a scene may hold
ten thousand others."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from backend.render.observing import observe
from backend.render.views.nodes import nodes_of_class

DISPLAYABLE = "vtkMRMLDisplayableNode"
EVENTS = (
    vtk.vtkCommand.ModifiedEvent,
    slicer.vtkMRMLDisplayableNode.DisplayModifiedEvent,
    slicer.vtkMRMLNode.ReferenceAddedEvent,
    slicer.vtkMRMLNode.ReferenceModifiedEvent,
    slicer.vtkMRMLNode.ReferenceRemovedEvent,
)


class ShownNodes:
    """Displayable nodes with a visible display node, in whatever view that is. Scene thread only."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._watched: set[str] = set()  # addresses
        self._shown: dict[str, Any] = {}
        observe(scene, scene.NodeAddedEvent, self._on_added)
        observe(scene, scene.NodeRemovedEvent, self._on_removed)
        for event in (scene.EndImportEvent, scene.EndRestoreEvent, scene.EndCloseEvent):
            observe(scene, event, self._on_other_scene)
        self._on_other_scene()

    def of(self, *class_names: str) -> list[Any]:
        """Shown nodes of any of these classes and their subclasses."""
        return [node for node in self._shown.values() if any(node.IsA(name) for name in class_names)]

    @vtk.calldata_type(vtk.VTK_OBJECT)  # type: ignore[untyped-decorator]
    def _on_added(self, _scene: Any, _event: str, node: Any) -> None:
        if node.IsA(DISPLAYABLE):
            self._watch(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)  # type: ignore[untyped-decorator]
    def _on_removed(self, _scene: Any, _event: str, node: Any) -> None:
        self._watched.discard(node.__this__)
        self._shown.pop(node.__this__, None)

    def _on_other_scene(self, *_event: Any) -> None:
        self._shown.clear()
        for node in nodes_of_class(self._scene, DISPLAYABLE):
            self._watch(node)

    def _watch(self, node: Any) -> None:
        if node.__this__ not in self._watched:
            self._watched.add(node.__this__)
            for event in EVENTS:
                observe(node, event, self._look)
        self._look(node)

    def _look(self, node: Any, _event: str = "") -> None:
        displays = (node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes()))
        if node.GetScene() is not None and any(display is not None and display.GetVisibility() for display in displays):
            self._shown[node.__this__] = node
        else:
            self._shown.pop(node.__this__, None)
