"""Segments from SEG and RTSTRUCT lie where they were drawn: left is left, in any orientation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

from backend.dicom.loaded import LoadedSegmentation, Raster
from backend.dicom.loading import Bounds, load_best_series
from backend.dicom.structures import fill_polygon
from backend.errors import TooLargeError, UnreadableError
from tests.support.dicom_phantom import write_series
from tests.support.phantoms import OCTANTS, centred
from tests.unit.dicom.test_volume import ORIENTATIONS

DIMS, SPACING = (40, 36, 12), (1.0, 1.0, 3.0)
BOUNDS = Bounds(1000, 1 << 24)
CHOSEN = (1, 1, 1)
"""The octant that is segmented: right, anterior, superior."""


def write_images(folder: Path, axes: NDArray[np.float64]) -> list[Path]:
    """The octant phantom, with what a segmentation takes over from its images."""
    empty = dict.fromkeys(
        ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"), ""
    )
    return write_series(folder, centred(axes, SPACING, DIMS), DIMS, PatientName="Doe^Jane", PatientID="P", StudyID="1", **empty)


def load(path: Path, **options: Any) -> LoadedSegmentation:
    loaded = load_best_series(path, BOUNDS, lambda _part, _text: None, **options)
    assert isinstance(loaded, LoadedSegmentation)
    return loaded


def points_of(voxels: NDArray[Any], ijk_to_ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """RAS mm of all voxels that are set."""
    kji = np.argwhere(voxels)
    return (np.c_[kji[:, ::-1], np.ones(len(kji))] @ ijk_to_ras.T)[:, :3]


def write_seg(folder: Path, images: list[Path], kind: SegmentationTypeValues) -> None:
    """Two segments: the chosen octant, and everything else that is not the opposite one."""
    sources = [pydicom.dcmread(path) for path in images]
    pixels = np.stack([source.pixel_array for source in sources])
    opposite = OCTANTS[tuple(-sign for sign in CHOSEN)]  # type: ignore[index]
    masks = np.stack([pixels == OCTANTS[CHOSEN], (pixels != OCTANTS[CHOSEN]) & (pixels != opposite)], axis=-1)
    algorithm = {"algorithm_type": SegmentAlgorithmTypeValues.MANUAL}
    descriptions = [
        SegmentDescription(
            number, name, codes.SCT.Organ, kind_of, **algorithm,
            display_color=highdicom.color.CIELabColor.from_rgb(*color),
        )
        for number, (name, kind_of, color) in enumerate(
            [("octant", codes.SCT.Liver, (200, 40, 40)), ("rest", codes.SCT.Lung, (40, 200, 40))], 1
        )
    ]  # fmt: skip
    array = masks.astype(np.float32) if kind == SegmentationTypeValues.FRACTIONAL else masks.astype(np.uint8)
    made = Segmentation(
        sources, array, kind, descriptions, generate_uid(), 9, generate_uid(), 1, "maker", "model", "1", "serial",
        series_description="Parts",
    )  # fmt: skip
    folder.mkdir()
    made.save_as(folder / "seg.dcm")


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_segments_lie_where_they_were_drawn(tmp_path: Path, name: str) -> None:
    images = write_images(tmp_path / "ct", ORIENTATIONS[name])
    write_seg(tmp_path / "seg", images, SegmentationTypeValues.BINARY)
    loaded = load(tmp_path / "seg")
    assert loaded.name == "9: Parts"
    octant, rest = loaded.segments
    assert (octant.name, rest.name) == ("octant", "rest")
    assert octant.color == pytest.approx((200 / 255, 40 / 255, 40 / 255), abs=0.01)
    assert "SCT^10200004^Liver" in octant.terminology
    points = points_of(octant.voxels, octant.ijk_to_ras)
    assert len(points) > 200
    assert (np.sign(np.where(np.abs(points) < 1e-6, CHOSEN, points)) == CHOSEN).all()
    everything = points_of(rest.voxels, rest.ijk_to_ras)
    assert not (np.sign(everything) == CHOSEN).all(axis=1).any()


@pytest.mark.parametrize("kind", [SegmentationTypeValues.FRACTIONAL, SegmentationTypeValues.LABELMAP])
def test_other_kinds_of_segmentations(tmp_path: Path, kind: SegmentationTypeValues) -> None:
    images = write_images(tmp_path / "ct", np.eye(3))
    write_seg(tmp_path / "seg", images, kind)
    octant = load(tmp_path / "seg").segments[0]
    points = points_of(octant.voxels, octant.ijk_to_ras)
    assert (np.sign(points) == CHOSEN).all()


def test_a_grid_that_is_too_large_is_refused(tmp_path: Path) -> None:
    images = write_images(tmp_path / "ct", np.eye(3))
    write_seg(tmp_path / "seg", images, SegmentationTypeValues.BINARY)
    with pytest.raises(TooLargeError):
        load_best_series(tmp_path / "seg", Bounds(10, 100), lambda _part, _text: None)


def test_images_are_preferred_to_segments(tmp_path: Path) -> None:
    images = write_images(tmp_path / "ct", np.eye(3))
    write_seg(tmp_path / "seg", images, SegmentationTypeValues.BINARY)
    assert not isinstance(load_best_series(tmp_path, BOUNDS, lambda _part, _text: None), LoadedSegmentation)


# -- RTSTRUCT ----------------------------------------------------------------------------------------------------------


def write_structures(
    folder: Path, regions: dict[str, list[NDArray[np.float64]]], series: str = "", kind: str = "CLOSED_PLANAR"
) -> None:
    """Regions by name, contours (N, 3) in RAS mm."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = RTStructureSetStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.SeriesNumber, data.SeriesDescription = "RTSTRUCT", 7, "Plan"
    data.StructureSetROISequence, data.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(regions.items(), 1):
        named, drawn = Dataset(), Dataset()
        named.ROINumber, named.ROIName = number, name
        drawn.ReferencedROINumber, drawn.ROIDisplayColor, drawn.ContourSequence = number, [255, 0, 51], []
        for points in contours:
            contour = Dataset()
            contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
            contour.ContourData = [f"{value:.3f}" for value in (points * (-1, -1, 1)).ravel()]
            drawn.ContourSequence.append(contour)
        data.StructureSetROISequence.append(named)
        data.ROIContourSequence.append(drawn)
    if series:
        inner, study, frame = Dataset(), Dataset(), Dataset()
        inner.SeriesInstanceUID = series
        study.RTReferencedSeriesSequence, frame.RTReferencedStudySequence = [inner], [study]
        data.ReferencedFrameOfReferenceSequence = [frame]
    folder.mkdir()
    pydicom.dcmwrite(folder / "rs.dcm", data, enforce_file_format=True)


def circle(centre: tuple[float, float, float], radius: float, axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a circle in the plane of the first two columns of `axes`."""
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return np.array(centre) + radius * (np.outer(np.cos(angles), axes[:, 0]) + np.outer(np.sin(angles), axes[:, 1]))


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("with_images", [True, False])
def test_contours_are_filled_where_they_were_drawn(tmp_path: Path, name: str, with_images: bool) -> None:
    axes = ORIENTATIONS[name]
    grid = centred(axes, SPACING, DIMS)
    centre = grid[:3, :3] @ (5.0, -3.0, 0.0)
    contours = [circle(tuple(centre + grid[:3, 2] * (k - 5.5)), 6.0, axes) for k in range(3, 9)]
    holes = [circle(tuple(centre + grid[:3, 2] * (k - 5.5)), 2.5, axes) for k in range(3, 9)]
    write_structures(tmp_path / "rs", {"ring": contours + holes}, "1.2.3")
    loaded = load(tmp_path / "rs", rasters={"1.2.3": Raster(grid, DIMS)} if with_images else {})
    (ring,) = loaded.segments
    assert (loaded.name, ring.name) == ("7: Plan", "ring")
    assert ring.color == pytest.approx((1.0, 0.0, 0.2))
    points = points_of(ring.voxels, ring.ijk_to_ras)
    assert points.mean(axis=0) == pytest.approx(centre, abs=0.6)
    away = (points - centre) @ axes
    distance = np.hypot(away[:, 0], away[:, 1])
    assert distance.max() <= 6.1
    assert distance.min() >= 2.4
    volume = len(points) * abs(np.linalg.det(ring.ijk_to_ras[:3, :3]))
    assert volume == pytest.approx(np.pi * (36 - 6.25) * 3.0 * 6, rel=0.08)


def test_structures_without_closed_contours_are_refused(tmp_path: Path) -> None:
    write_structures(tmp_path / "rs", {"point": [np.zeros((1, 3))]}, kind="POINT")
    with pytest.raises(UnreadableError, match="no closed contours"):
        load(tmp_path / "rs")


def test_polygons_are_filled_by_pixel_centres() -> None:
    square = np.array([(0.5, 0.5), (3.5, 0.5), (3.5, 2.5), (0.5, 2.5)])
    filled = fill_polygon(square, (4, 5))
    assert filled.tolist() == [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
    outside = fill_polygon(np.add(square, 10), (4, 5))
    assert not outside.any()
