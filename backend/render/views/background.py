"""What a slice view's state tells of its background volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.render.views.matrices import Matrix
from backend.render.views.volumes import ijk_to_world, scalar_range

TOLD = {
    "patient": "PatientName",
    "patient_id": "PatientID",
    "study": "StudyDescription",
    "series": "SeriesDescription",
    "modality": "Modality",
    "date": "StudyDate",
}


@dataclass(frozen=True)
class Background:
    """Plain values of a volume node and its display."""

    id: str
    name: str
    ijk_to_world: Matrix | None
    dimensions: tuple[int, int, int]
    window: float | None
    level: float | None
    scalar_range: list[float] | None
    told: dict[str, str]
    """What DICOM says of it, where it does: `patient`, `patient_id`, `study`, `series`, `modality`, `date`."""


def background_of(volume: Any | None) -> Background | None:
    """Read a volume node; None where there is none."""
    if volume is None:
        return None
    image = volume.GetImageData()
    display = volume.GetScalarVolumeDisplayNode() if volume.IsA("vtkMRMLScalarVolumeNode") else None
    return Background(
        volume.GetID(),
        volume.GetName(),
        ijk_to_world(volume) if image else None,
        image.GetDimensions() if image else (0, 0, 0),
        display.GetWindow() if display else None,
        display.GetLevel() if display else None,
        list(scalar_range(image)) if display and image else None,
        {name: text for name, key in TOLD.items() if (text := volume.GetAttribute(f"DICOM.{key}"))},
    )
