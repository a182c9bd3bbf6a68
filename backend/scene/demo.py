"""The demo scene: a real CT chest with its segmentation and points, which the installed package `slicerio` carries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from backend.errors import NotFoundError


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
