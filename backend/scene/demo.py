"""The demo scene: a real CT chest with its segmentation and points, which the installed package `slicerio` carries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backend.errors import NotFoundError

SOFT_TISSUE_WINDOW = (400.0, 40.0)  # HU: width, centre
FILL_OPACITY = 0.2


def demo_files() -> list[tuple[Path, str]]:
    """Files of the demo scene with their types, in the order to load them.

    Raises:
        NotFoundError: the package that carries them is not installed.
    """
    spec = find_spec("slicerio")
    if spec is None or spec.origin is None:
        raise NotFoundError("the demo data comes with the package slicerio, which is not installed")
    folder = Path(spec.origin).parent / "data"
    return [
        (folder / "CTChest4.nrrd", "VolumeFile"),
        (folder / "Segmentation.seg.nrrd", "SegmentationFile"),
        (folder / "F_1.fcsv", "MarkupsFile"),
    ]


def arrange(scene: Any) -> None:
    """Show the demo at its best: a soft tissue window, lungs as surfaces around the volume-rendered bones."""
    volume = scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode").GetScalarVolumeDisplayNode()
    volume.SetAutoWindowLevel(0)
    volume.SetWindowLevel(*SOFT_TISSUE_WINDOW)
    node = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
    display.SetOpacity2DFill(FILL_OPACITY)
    for index in range(segmentation.GetNumberOfSegments()):
        segment_id = segmentation.GetNthSegmentID(index)
        name = segmentation.GetSegment(segment_id).GetName()
        display.SetSegmentVisibility3D(segment_id, "lung" in name)
        if name == "tissue":  # it fills the whole body
            display.SetSegmentVisibility(segment_id, False)
