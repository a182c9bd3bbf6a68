"""What is made of DICOM series for a scene, as plain data: who takes it needs no DICOM library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.imaging.frames import Matrix
from backend.imaging.series import Diagnosis

SUV_UNITS = "{SUVbw}g/ml"
"""Of PET voxels that are standardised uptake values by body weight (UCUM)."""


@dataclass(frozen=True)
class Raster:
    """A grid of voxels: IJK to RAS mm (4, 4), and sizes along i, j, k."""

    ijk_to_ras: Matrix
    dims: tuple[int, int, int]


@dataclass(frozen=True)
class LoadedVolume:
    """Voxels (K, J, I) or (K, J, I, 3) in the units of the modality, their place, and how to show them."""

    voxels: NDArray[Any]
    ijk_to_ras: Matrix
    name: str
    window: float | None
    level: float | None
    diagnoses: list[Diagnosis]
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def has_window(self) -> bool:
        """Whether its files name the window that it is shown in."""
        return self.window is not None and self.level is not None and self.voxels.ndim == 3


@dataclass(frozen=True)
class LoadedSequence:
    """Volumes of the same place that follow each other: time points, echoes, diffusion weightings."""

    volumes: list[LoadedVolume]
    name: str
    index_name: str
    index_unit: str
    values: list[str]
    """Of the index, one for each volume."""
    diagnoses: list[Diagnosis]


@dataclass(frozen=True)
class Segment:
    """One segment: voxels (K, J, I) that are 0 or 1, their place, and what it is."""

    name: str
    color: tuple[float, float, float] | None
    """RGB, 0 to 1."""
    terminology: str
    """As Slicer writes it: context, category, type, modifier, each as `SCHEME^CODE^MEANING`; empty if there is none."""
    voxels: NDArray[np.uint8]
    ijk_to_ras: Matrix


@dataclass(frozen=True)
class LoadedSegmentation:
    """Segments of one series, and where they belong."""

    name: str
    segments: list[Segment]
    metadata: dict[str, str]
    diagnoses: list[Diagnosis]
