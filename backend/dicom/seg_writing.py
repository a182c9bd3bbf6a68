"""Segments as a DICOM segmentation (SEG) of the series that they were drawn on. Runs in a worker: it takes Python its time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom.sr.coding import Code

from backend import __version__
from backend.errors import BadRequestError, TooLargeError, UnreadableError
from backend.imaging.frames import lps_to_ras
from backend.imaging.label_maps import KeptMaps, KeptSegment, read_maps
from backend.imaging.masks import box_of

TISSUE = Code("85756007", "SCT", "Tissue")
"""What a segment is where nobody has said, as in Slicer."""
MOST_BYTES = 4 << 30
SERIES_NUMBER = 300
EMPTY_IF_ABSENT = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "PositionReferenceIndicator",
)  # fmt: skip
"""What every image must have, if only empty (type 2), and many have not."""
LONGEST_LABEL = 64
LONGEST_NAME = 64


def write_seg(maps: str, headers: Sequence[str], target: str, name: str) -> list[str]:
    """Make a SEG file of label maps.

    Args:
        maps: file of `backend.imaging.label_maps`; segments without voxels are left out.
        headers: files of the series that it was drawn on; study, patient and frame of reference come from there.
        target: the file to make.
        name: its series description.

    Returns:
        Names of the segments that are in it.

    Raises:
        BadRequestError: there is nothing in any segment.
        UnreadableError: the series is no base for a segmentation.
        TooLargeError: it would take too much memory.
    """
    kept, layers = read_maps(Path(maps))
    sources = [pydicom.dcmread(path, stop_before_pixels=True) for path in headers]
    if not sources:
        raise UnreadableError("the series has no images")
    for source in sources:
        for keyword in EMPTY_IF_ABSENT:
            if keyword not in source:
                setattr(source, keyword, "")
    segments, voxels, affine = _cut(kept, layers)
    try:
        with warnings.catch_warnings():  # of how patients are called: that is the archive's to say
            warnings.filterwarnings("ignore", message=".*person name.*", category=UserWarning)
            made = _segmentation(sources, segments, voxels, affine, name)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UnreadableError(f"its series is no base for a segmentation: {error}") from error
    made.save_as(target)
    return [segment.name for segment in segments]


def _cut(kept: KeptMaps, layers: list[NDArray[np.uint8]]) -> tuple[list[KeptSegment], NDArray[np.uint8], NDArray[np.float64]]:
    """Segments that have voxels, these (K, J, I, segments) within the box of all, and that box's indices [k, j, i] to LPS."""
    boxes = [(segment, box_of(layers[segment.layer] == segment.label)) for segment in kept.segments]
    there = [(segment, box) for segment, box in boxes if box is not None]
    if not there:
        raise BadRequestError("no segment has any voxels yet")
    bounds = [(min(box[a].start for _s, box in there), max(box[a].stop for _s, box in there)) for a in range(3)]
    whole = tuple(slice(begin, end) for begin, end in bounds)
    sizes = [end - begin for begin, end in bounds]
    if int(np.prod(sizes)) * len(there) > MOST_BYTES:
        raise TooLargeError(f"{len(there)} segments in a box of {sizes} voxels are too much for one file")
    voxels = np.zeros((*sizes, len(there)), np.uint8)
    for number, (segment, _box) in enumerate(there):
        voxels[..., number] = layers[segment.layer][whole] == segment.label
    lps = lps_to_ras(kept.matrix)
    affine = np.eye(4)
    affine[:3, :3] = lps[:3, 2::-1]
    affine[:3, 3] = (affine[:3, :3] @ [begin for begin, _end in bounds]) + lps[:3, 3]
    return [segment for segment, _box in there], voxels, affine


def _segmentation(
    sources: Sequence[pydicom.Dataset], segments: list[KeptSegment], voxels: NDArray[np.uint8], affine: NDArray[np.float64],
    name: str,
) -> hd.seg.Segmentation:  # fmt: skip
    volume = hd.Volume(
        voxels, affine, "PATIENT", sources[0].FrameOfReferenceUID, {"SegmentNumber": list(range(1, len(segments) + 1))}
    )
    return hd.seg.Segmentation(
        sources, volume, SegmentationTypeValues.BINARY, [_description(*one) for one in enumerate(segments, 1)],
        series_instance_uid=hd.UID(), series_number=SERIES_NUMBER, sop_instance_uid=hd.UID(), instance_number=1,
        manufacturer="Slicecast", manufacturer_model_name="Slicecast", software_versions=__version__,
        device_serial_number="1", content_label="SEGMENTATION", series_description=name[:LONGEST_NAME],
    )  # fmt: skip


def _description(number: int, segment: KeptSegment) -> SegmentDescription:
    category, kind = _codes(segment.terminology)
    red, green, blue = (round(255 * part) for part in segment.color)
    label = segment.name[:LONGEST_LABEL] or f"Segment {number}"
    return SegmentDescription(
        number, label, category, kind, SegmentAlgorithmTypeValues.MANUAL,
        display_color=hd.color.CIELabColor.from_rgb(red, green, blue),
    )  # fmt: skip


def _codes(terminology: str) -> tuple[Code, Code]:
    """Category and type of a segment, from Slicer's way of writing it: `context~SCHEME^VALUE^MEANING~SCHEME^…`."""
    parts = [part.split("^") for part in terminology.split("~")]
    found = [Code(part[1], part[0], part[2]) for part in parts[1:3] if len(part) == 3 and all(part)]
    return (found[0], found[1]) if len(found) == 2 else (TISSUE, TISSUE)
