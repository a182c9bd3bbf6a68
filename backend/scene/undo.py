"""One history of edits for a whole scene: markups, how things are shown, removed nodes, segments. Undo takes them back.

MRML's own undo copies every node of the scene at every step and knows nothing of voxels; this one keeps for each edit only what
puts back what it changed, so that a stroke of a brush and a dragged point can stand in the same history, and it is bounded by
steps and by bytes. Everybody in a session shares it, as they share the scene.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from backend.errors import BadRequestError
from backend.scene.commands.undo import HistoryState
from backend.scene.quiet import quiet

TOLD_STEPS = 20
NODE_BYTES = 2000  # what is reckoned for a node that is kept, whatever it is
POINT_BYTES = 300  # and for a control point


@dataclass
class Edit:
    """Something that was done, and how to take it back and do it again. Both may raise `SlicecastError`; it is then dropped.

    Edits that follow each other with the same `merge` (a drag, say) become one, if no more than `merge_s` lies between them:
    with what takes back the first and does again the last, so both must set states, not add differences. `back` and `gone`:
    ids of nodes that taking it back brings back and takes away.
    """

    text: str
    undo: Callable[[], None]
    redo: Callable[[], None]
    size_bytes: int = 0
    merge: str = ""
    merge_s: float = float("inf")
    back: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    at: float = field(default_factory=time.monotonic)


class NodeState:
    """What a node holds, to be put back: content, name, attributes, references. Not for volumes: voxels would be shared."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self._copy = node.CreateNodeInstance()
        with quiet():  # measurements complain that the copy is in no scene, which has their units
            _copy(node, self._copy)
        self._name = node.GetName()
        self._attributes = {name: node.GetAttribute(name) for name in node.GetAttributeNames()}
        self._references = _references(node)

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        return NODE_BYTES + (POINT_BYTES * self.node.GetNumberOfControlPoints() if self.node.IsA("vtkMRMLMarkupsNode") else 0)

    def put_back(self) -> None:
        """Have the node as it was.

        Raises:
            BadRequestError: the node is not in the scene any more.
        """
        node = self.node
        if node.GetScene() is None or not node.GetScene().IsNodePresent(node):
            raise BadRequestError(f"{self._name} is not there any more")
        blocked = node.StartModify()
        try:
            _copy(self._copy, node)
            node.SetName(self._name)
            for name in node.GetAttributeNames():
                if name not in self._attributes:
                    node.RemoveAttribute(name)
            for name, value in self._attributes.items():
                node.SetAttribute(name, value)
            _refer(node, self._references)
        finally:
            node.EndModify(blocked)


def _copy(source: Any, target: Any) -> None:
    if source.IsA("vtkMRMLVolumeRenderingDisplayNode"):  # its content is copied in part only
        target.Copy(source)
    else:
        target.CopyContent(source)


def _references(node: Any) -> dict[str, list[str]]:
    roles = [node.GetNthNodeReferenceRole(index) for index in range(node.GetNumberOfNodeReferenceRoles())]
    return {
        role: [node.GetNthNodeReferenceID(role, n) or "" for n in range(node.GetNumberOfNodeReferences(role))] for role in roles
    }


def _refer(node: Any, wanted: dict[str, list[str]]) -> None:
    now = _references(node)
    for role in now.keys() | wanted.keys():
        ids = wanted.get(role, [])
        if now.get(role, []) == ids:
            continue
        for n, node_id in enumerate(ids):
            node.SetNthNodeReferenceID(role, n, node_id)
        while node.GetNumberOfNodeReferences(role) > len(ids):
            node.RemoveNthNodeReferenceID(role, node.GetNumberOfNodeReferences(role) - 1)


class History:
    """What was done in a scene and can be taken back. Scene thread only."""

    def __init__(self, most: int, most_bytes: int) -> None:
        """Keep `most` edits and `most_bytes` of what they need; the oldest are forgotten first."""
        self._most, self._most_bytes = most, most_bytes
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._is_at_it = False
        self.version = 0
        """Another number whenever `state` may differ."""

    def push(self, edit: Edit) -> None:
        """Add what was just done. While something is taken back, nothing is added."""
        if self._is_at_it:
            return
        if self._goes_on(edit.merge, edit.merge_s, edit.at):
            top = self._done[-1]
            top.redo, top.at, top.size_bytes = edit.redo, edit.at, max(top.size_bytes, edit.size_bytes)
            return
        self._undone.clear()
        self._done.append(edit)
        while len(self._done) > self._most or sum(one.size_bytes for one in self._done) > self._most_bytes:
            self._done.pop(0)
        self.version += 1

    def lengthen(self, edit: Edit, size_bytes: int) -> bool:
        """Whether an edit is the newest still, so that what it takes back may grow, to `size_bytes`: a stroke that goes on."""
        if self._is_at_it or self._undone or not self._done or self._done[-1] is not edit:
            return False
        edit.size_bytes, edit.at = size_bytes, time.monotonic()
        return True

    def _goes_on(self, merge: str, merge_s: float, at: float | None = None) -> bool:
        """Whether an edit belongs to the newest one."""
        if not merge or not self._done or self._undone or self._done[-1].merge != merge:
            return False
        return (time.monotonic() if at is None else at) - self._done[-1].at <= merge_s

    def forget(self, merge: str) -> None:
        """Have it that the edits with this `merge`, which must have been undone otherwise, never were."""
        self._done = [edit for edit in self._done if edit.merge != merge or not merge]
        self.version += 1

    def undo(self) -> Edit:
        """Take back the newest edit.

        Raises:
            BadRequestError: there is none.
            SlicecastError: it can not be taken back any more; it is forgotten.
        """
        return self._step(self._done, self._undone, "undo", "There is nothing to undo")

    def redo(self) -> Edit:
        """Do again what was taken back last.

        Raises:
            BadRequestError: there is nothing.
            SlicecastError: it can not be done again; it is forgotten.
        """
        return self._step(self._undone, self._done, "redo", "There is nothing to redo")

    def _step(self, source: list[Edit], target: list[Edit], what: str, nothing: str) -> Edit:
        if not source:
            raise BadRequestError(nothing)
        edit = source.pop()
        self.version += 1
        self._is_at_it = True
        try:
            getattr(edit, what)()
        finally:
            self._is_at_it = False
        edit.merge = ""  # what follows is another edit
        target.append(edit)
        return edit

    def clear(self) -> None:
        """Forget everything: the nodes that it is about have gone."""
        self._done.clear()
        self._undone.clear()
        self.version += 1

    @property
    def state(self) -> HistoryState:
        """What can be taken back and done again, the next one first."""
        names = [[edit.text for edit in reversed(edits[-TOLD_STEPS:])] for edits in (self._done, self._undone)]
        return HistoryState(*names)

    # -- edits of nodes ------------------------------------------------------------------------------------------

    @contextmanager
    def changing(self, text: str, nodes: Iterable[Any], merge: str = "", merge_s: float = float("inf")) -> Iterator[None]:
        """Change nodes within, and have that in the history. Nothing is added where it fails."""
        if self._goes_on(merge, merge_s):
            yield
            self._done[-1].at = time.monotonic()
            return
        before = [NodeState(node) for node in nodes]
        yield
        after: list[NodeState] = []

        def back() -> None:
            after[:] = [NodeState(state.node) for state in before]
            _put_back(before)

        size = 2 * sum(state.size_bytes for state in before)
        self.push(Edit(text, back, lambda: _put_back(after), size, merge, merge_s))

    def added(self, text: str, nodes: list[Any], merge: str = "") -> None:
        """Nodes were added to the scene just now."""
        self._came_and_went(text, nodes, True, merge, nodes[0].GetScene(), 0, [])

    def removed(self, text: str, nodes: list[Any], scene: Any, others: list[NodeState], size_bytes: int = 0) -> None:
        """Nodes were removed from `scene` just now, in this order. They are kept, with `size_bytes` of voxels and the like;
        `others` are states from before of nodes that speak of them."""
        self._came_and_went(text, nodes, False, "", scene, size_bytes, others)

    def _came_and_went(
        self, text: str, nodes: list[Any], are_there: bool, merge: str, scene: Any, size_bytes: int, others: list[NodeState]
    ) -> None:
        ids = [node.GetID() for node in nodes]
        size = NODE_BYTES * len(nodes) + size_bytes
        states: list[NodeState] = []

        def take() -> None:
            states[:] = [NodeState(node) for node in nodes if not node.IsA("vtkMRMLVolumeNode")]
            for node in nodes:
                if scene.IsNodePresent(node):
                    scene.RemoveNode(node)

        def bring() -> None:
            for node in reversed(nodes):  # what others refer to was removed last
                if not scene.IsNodePresent(node):
                    scene.AddNode(node)
            _put_back(states)
            _put_back([state for state in others if scene.IsNodePresent(state.node)])

        if are_there:
            self.push(Edit(text, take, bring, size, merge, gone=ids))
        else:
            self.push(Edit(text, bring, take, size, back=ids))


def _put_back(states: list[NodeState]) -> None:
    for state in states:
        state.put_back()
