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
from backend.scene.nodes.rows import node_row, segment_of, segment_row
from backend.scene.nodes.showing import show
from backend.scene.nodes.tree import GROUPS, Tree
from backend.scene.properties import properties_of
from backend.scene.saving import endings_of
from backend.scene.undo import Edit

MOST_TRANSFORMS = 500
DISPLAY_BYTES = 100  # what the history reckons for a display that it keeps


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
        show(self._views, self._context.history, node, kind, command)
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
            self._rename(segment or node, command.name.strip())
        if command.transform is not None:
            self._move(node, transform)
        self._context.announce_lists()
        return self._changed(node, kind, command.segment, was)

    def _rename(self, named: Any, name: str) -> None:
        before = named.GetName()
        named.SetName(name)
        self._context.history.push(Edit(f"Rename {before}", lambda: named.SetName(before), lambda: named.SetName(name)))

    def _move(self, node: Any, transform: str | None) -> None:
        before, put = node.GetTransformNodeID(), node.SetAndObserveTransformNodeID
        put(transform)
        text = f"Transform of {node.GetName()}"
        self._context.history.push(Edit(text, lambda: put(before), lambda: put(transform)))

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
        before = []
        for entry in list(self.index.entries()):
            node = self._scene.GetNodeByID(entry.id) if entry.kind == command.kind else None
            display = node.GetDisplayNode() if node is not None and node.IsA("vtkMRMLDisplayableNode") else None
            if display is not None:
                before.append((display, display.GetVisibility()))

        def put(wanted: list[tuple[Any, int]]) -> None:
            for display, visible in wanted:
                display.SetVisibility(visible)

        after = [(display, int(command.visible)) for display, _visible in before]
        put(after)
        text = f"{'Show' if command.visible else 'Hide'} all {GROUPS[command.kind].lower()}"
        self._context.history.push(Edit(text, lambda: put(before), lambda: put(after), len(before) * DISPLAY_BYTES))
        return len(before)

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
