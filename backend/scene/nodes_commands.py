"""Commands about nodes as people see them: pages of the tree, what one node is, how it is shown, its name and transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.errors import BadRequestError, NotFoundError
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.finding import check_name, same_as_before
from backend.scene.nodes.facts import facts_of
from backend.scene.nodes.index import NodeIndex
from backend.scene.nodes.layers import layers_of
from backend.scene.nodes.rows import node_row, segment_of, segment_row, show
from backend.scene.nodes.tree import Tree
from backend.scene.properties import properties_of
from backend.scene.saving import endings_of

MOST_TRANSFORMS = 500


class NodesCommands:
    """Lists and describes nodes, and sets what lists let people set."""

    def __init__(self, context: Context) -> None:
        self._context, self._scene, self._views = context, context.app.scene, context.views
        self.index = NodeIndex(self._scene)
        self._tree = Tree(self._scene, self.index)
        self.performers: Mapping[type[c.Command], Performer] = {
            c.ListNodes: self._list,
            c.DescribeNode: self._describe,
            c.ShowNode: self._show,
            c.ArrangeNode: self._arrange,
            c.ShowAll: self._show_all,
            c.RemoveSegment: self._remove_segment,
        }

    def _list(self, command: c.ListNodes, _arrived: float) -> c.NodePage:
        planned, counts = self._tree.plan(command), {str(kind): 0 for kind in c.KINDS}
        for entry in self.index.entries():
            counts[entry.kind] += 1
        wanted, layers = planned[command.offset : command.offset + command.count], layers_of(self._views)
        read = (self._tree.read(one, layers) for one in wanted)
        return c.NodePage(self.index.rev, len(planned), counts, [row for row in read if row is not None])

    def _describe(self, command: c.DescribeNode, _arrived: float) -> c.NodeDetails:
        node, kind = self._node(command.id)
        parent = node.GetParentTransformNode() if node.IsA("vtkMRMLTransformableNode") else None
        return c.NodeDetails(
            node_row(node, kind, layers_of(self._views)),
            node.GetClassName(),
            facts_of(node, kind),
            endings_of(node),
            self._transforms_for(node),
            parent.GetID() if parent is not None else "",
            {name: node.GetAttribute(name) or "" for name in node.GetAttributeNames()},
            properties_of(node),
        )

    def _transforms_for(self, node: Any) -> list[tuple[str, str]]:
        """Transforms that a node may be put under: not itself, nor one that is under it."""
        if not node.IsA("vtkMRMLTransformableNode"):
            return []
        entries = [entry for entry in self.index.entries() if entry.kind == "transform"][:MOST_TRANSFORMS]
        return [(entry.id, entry.name) for entry in entries if not self._is_under(self._scene.GetNodeByID(entry.id), node)]

    @staticmethod
    def _is_under(transform: Any, node: Any) -> bool:
        seen = 0
        while transform is not None and transform is not node and seen < MOST_TRANSFORMS:
            transform, seen = transform.GetParentTransformNode(), seen + 1
        return transform is not None

    def _show(self, command: c.ShowNode, _arrived: float) -> c.NodeChanged:
        node, kind = self._node(command.id, command.was)
        show(self._views, node, kind, command.segment, command.visible, command.color, command.opacity)
        return self._changed(node, kind, command.segment, node.GetName() or "")

    def _arrange(self, command: c.ArrangeNode, _arrived: float) -> c.NodeChanged:
        node, kind = self._node(command.id, command.was)
        was, transform = node.GetName() or "", None
        segment = segment_of(node, command.segment) if command.segment else None
        if command.name is not None and not check_name(command.name).strip():
            raise BadRequestError("a name can not be empty")
        if command.transform is not None:
            transform = self._transform(node, command.transform)
        if command.name is not None:
            (segment or node).SetName(command.name.strip())
        if command.transform is not None:
            node.SetAndObserveTransformNodeID(transform)
        self._context.announce_lists()
        return self._changed(node, kind, command.segment, was)

    def _transform(self, node: Any, wanted: str) -> str | None:
        if not node.IsA("vtkMRMLTransformableNode"):
            raise BadRequestError(f"{node.GetName()} can not be put under a transform")
        if not wanted:
            return None
        transform = self._scene.GetNodeByID(wanted)
        if transform is None or not transform.IsA("vtkMRMLTransformNode"):
            raise NotFoundError(f"there is no transform {wanted!r}")
        if self._is_under(transform, node):
            raise BadRequestError(f"{transform.GetName()} is under {node.GetName()} itself")
        return wanted

    def _show_all(self, command: c.ShowAll, _arrived: float) -> int:
        if command.kind == "volume":
            raise BadRequestError("slice views show few volumes at a time; show them one by one")
        shown = 0
        for entry in list(self.index.entries()):
            node = self._scene.GetNodeByID(entry.id) if entry.kind == command.kind else None
            display = node.GetDisplayNode() if node is not None and node.IsA("vtkMRMLDisplayableNode") else None
            if display is not None:
                display.SetVisibility(command.visible)
                shown += 1
        return shown

    def _remove_segment(self, command: c.RemoveSegment, _arrived: float) -> None:
        node, _kind = self._node(command.id)
        segment_of(node, command.segment)
        node.GetSegmentation().RemoveSegment(command.segment)

    def _node(self, node_id: str, was: str = "") -> tuple[Any, c.Kind]:
        node = same_as_before(self._scene, node_id, was, "vtkMRMLNode") if was else self._scene.GetNodeByID(node_id)
        kind = self.index.kind_of(node) if node is not None else None
        if node is None or kind is None:
            raise NotFoundError(f"there is no node {node_id!r}")
        return node, kind

    def _changed(self, node: Any, kind: c.Kind, segment: str, was: str) -> c.NodeChanged:
        row = segment_row(node, segment, 0) if segment else node_row(node, kind, layers_of(self._views))
        self.index.change(node.GetID())  # not everything that is set has an event of its own
        return c.NodeChanged(row, was)
