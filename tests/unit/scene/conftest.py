"""One scene for all tests of this folder: VTK does not bear several in one process, which ends in a crash at its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from backend.scene.context import Options
from backend.scene.host import SceneHost


@pytest.fixture(scope="session")
def only_scene() -> Iterator[SceneHost]:
    """The scene, with whatever earlier tests have left in it."""
    host = SceneHost(Options(threads=1), lambda _event: None, lambda: None)
    host.start()
    yield host
    host.pool.shutdown()
    for thread in threading.enumerate():
        if thread.name == "warm-up":  # it must not compile while the interpreter ends
            thread.join()


@pytest.fixture(scope="module")
def scene(only_scene: SceneHost) -> SceneHost:
    """The scene, empty, in its usual layout, its cameras where Slicer has them."""
    nodes = only_scene.app.scene
    for node in [nodes.GetNthNode(index) for index in range(nodes.GetNumberOfNodes())]:
        if node is not None and nodes.IsNodePresent(node) and node.IsA("vtkMRMLTransformableNode"):
            if node.IsA("vtkMRMLCameraNode"):
                node.SetPosition(0, 500, 0)
                node.SetFocalPoint(0, 0, 0)
                node.SetViewUp(0, 0, 1)
            elif not node.GetHideFromEditors():
                nodes.RemoveNode(node)
    only_scene.views.set_layout(3)
    return only_scene
