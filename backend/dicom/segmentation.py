"""DICOM segmentations (SEG) as label maps, one for each segment, with names, colours and codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from backend.dicom.folder import kept_metadata, series_name
from backend.dicom.loaded import LoadedSegmentation, Segment
from backend.errors import TooLargeError, UnreadableError
from backend.imaging.frames import Matrix, lps_to_ras

HALF = 0.5
CATEGORIES, ANATOMY = "Segmentation category and type - DICOM master list", "Anatomic codes - DICOM master list"
"""Names of the contexts that Slicer looks codes up in."""


def load_segmentation(path: Path, max_voxels: int) -> LoadedSegmentation:
    """A SEG file. Each segment is cut to its own box.

    Args:
        path: the file.
        max_voxels: of one segment's whole grid.

    Raises:
        UnreadableError: it is none, or its frames do not make up a volume.
        TooLargeError: its grid has more voxels than that.
    """
    try:
        found = highdicom.seg.segread(path)
        segments = list(_segments(found, max_voxels))
    except TooLargeError:
        raise
    except Exception as error:  # files that break the rules make the library raise anything
        raise UnreadableError(f"its segments can not be read: {error}") from error
    if not segments:
        raise UnreadableError("there are no segments in it")
    return LoadedSegmentation(series_name(found, "SEG"), segments, kept_metadata(found), [])


def _segments(found: Any, max_voxels: int) -> Iterator[Segment]:
    geometry = found.get_volume_geometry()
    if geometry is None:
        raise UnreadableError("its frames do not make up a volume")
    if int(np.prod(geometry.spatial_shape)) > max_voxels:
        raise TooLargeError(f"a segmentation of {geometry.spatial_shape} voxels is over the limit")
    for number in found.segment_numbers:
        volume = found.get_volume(segment_numbers=[number], combine_segments=False)
        voxels = np.asarray(volume.array)[..., 0] >= HALF
        description = found.get_segment_description(number)
        corner, cut = _cut(voxels.astype(np.uint8))
        yield Segment(
            str(description.segment_label), _color(description), _terminology(description), cut,
            _ijk_to_ras(np.asarray(volume.affine), corner),
        )  # fmt: skip


def _cut(voxels: NDArray[np.uint8]) -> tuple[tuple[int, int, int], NDArray[np.uint8]]:
    """First index (K, J, I) and content of the box around what is set; one voxel of nothing if nothing is."""
    bounds = []
    for axis in range(3):
        there = np.flatnonzero(voxels.any(axis=tuple(other for other in range(3) if other != axis)))
        bounds.append((int(there[0]), int(there[-1]) + 1) if len(there) else (0, 1))
    box = tuple(slice(*bound) for bound in bounds)
    return (bounds[0][0], bounds[1][0], bounds[2][0]), np.ascontiguousarray(voxels[box])


def _ijk_to_ras(kji_to_lps: Matrix, corner: tuple[int, int, int]) -> Matrix:
    """The library's axes are frame, row, column; ours the other way round, from the corner of the box."""
    lps = np.eye(4)
    lps[:3, :3] = kji_to_lps[:3, 2::-1]
    lps[:3, 3] = (kji_to_lps @ (*corner, 1.0))[:3]
    return lps_to_ras(lps)


def _color(description: Dataset) -> tuple[float, float, float] | None:
    """From PCS values, 16 bits each (PS3.3 C.10.7.1.1)."""
    value = description.get("RecommendedDisplayCIELabValue")
    if value is None or len(value) != 3:
        return None
    red, green, blue = highdicom.color.CIELabColor.from_dicom_value(tuple(int(one) for one in value)).to_rgb()
    return red / 255, green / 255, blue / 255


def _terminology(description: Dataset) -> str:
    def code(keyword: str, within: Dataset = description) -> str:
        items = within.get(keyword)
        if not items:
            return "^^"
        return "^".join(str(items[0].get(name, "")) for name in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning"))

    kind = description.get("SegmentedPropertyTypeCodeSequence")
    if not kind:
        return ""
    modifier = code("SegmentedPropertyTypeModifierCodeSequence", kind[0])
    region = code("AnatomicRegionSequence")
    category, type_ = code("SegmentedPropertyCategoryCodeSequence"), code("SegmentedPropertyTypeCodeSequence")
    return "~".join((CATEGORIES, category, type_, modifier, ANATOMY, region, "^^"))
