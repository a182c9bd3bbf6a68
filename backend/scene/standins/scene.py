"""What is different about `slicer.mrmlScene`."""

from __future__ import annotations

from typing import Any

import slicer


def keep_singletons(scene: Any) -> None:
    """Have `Clear(True)` keep the singletons as `Clear(False)` does: the views hang on their nodes, and would crash."""
    clear = scene.Clear

    def Clear(_removeSingletons: Any = 0) -> None:
        clear(0)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)  # clearing takes it away

    Clear.__doc__ = "Remove all nodes but the singletons (views, layout, selection, colours), which go back to their defaults."
    scene.Clear = Clear
