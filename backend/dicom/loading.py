"""What a folder of DICOM files has for a scene: the volume, the volumes or the segments of one of its series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.dicom.folder import Series, choose, scan
from backend.dicom.loaded import LoadedSegmentation, LoadedSequence, LoadedVolume, Raster
from backend.dicom.structures import load_structures
from backend.dicom.volume import Told, load_series
from backend.errors import NotFoundError
from backend.imaging.series import Diagnosis

Loaded = LoadedVolume | LoadedSequence | LoadedSegmentation


@dataclass(frozen=True)
class Bounds:
    """How many files are looked at, and how many voxels a grid of segments may have."""

    files: int
    voxels: int


def load_best_series(
    path: Path, bounds: Bounds, told: Told, series_uid: str | None = None, rasters: Mapping[str, Raster] | None = None
) -> Loaded:
    """The series that matters most in a folder, or the one with this SeriesInstanceUID.

    Args:
        path: the folder, or one file.
        told: hears how far it is.
        series_uid: of the series that is wanted.
        rasters: of the image series that are loaded already, by SeriesInstanceUID; contours are filled on theirs.

    Raises:
        NotFoundError: the folder does not have that series.
        UnreadableError: nothing for a scene is there, or too much of it can not be decoded.
        TooLargeError: segments on more voxels than the bounds.
    """
    told(None, f"Looking through {path.name}")
    series, diagnoses = scan(path, bounds.files)
    if series_uid is not None:
        wanted = [one for one in series if one.uid == series_uid]
        if not wanted:
            raise NotFoundError(f"there is no series {series_uid} in {path.name}")
        return _load(wanted[0], bounds, told, diagnoses, rasters or {})
    chosen = choose(series)
    if len(series) > 1:
        names = chosen.description or chosen.modality
        diagnoses.append(Diagnosis("mixed", f"{len(series)} series are here; “{names}” is shown"))
    return _load(chosen, bounds, told, diagnoses, rasters or {})


def _load(series: Series, bounds: Bounds, told: Told, diagnoses: list[Diagnosis], rasters: Mapping[str, Raster]) -> Loaded:
    if not series.is_derived:
        return load_series(series, told, diagnoses)
    from backend.dicom.segmentation import load_segmentation  # noqa: PLC0415: its library takes long to load, images need none

    found = [
        load_segmentation(path, bounds.voxels) if series.modality == "SEG" else load_structures(path, rasters, bounds.voxels)
        for path, _header in series.files
    ]
    return LoadedSegmentation(
        found[0].name, [segment for one in found for segment in one.segments], found[0].metadata,
        [*diagnoses, *(note for one in found for note in one.diagnoses)],
    )  # fmt: skip
