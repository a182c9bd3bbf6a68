"""RT structure sets as label maps: closed planar contours (PS3.3 C.8.8.6) filled on the grid of their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from backend.dicom.folder import kept_metadata, series_name
from backend.dicom.loaded import LoadedSegmentation, Raster, Segment
from backend.errors import TooLargeError, UnreadableError
from backend.imaging.series import Diagnosis

CLOSED = ("CLOSED_PLANAR", "CLOSED_PLANARXOR", "CLOSED_PLANAR_XOR")
OFF_SLICE = 0.3
"""How far, in slices, a contour may lie from the slice that it is filled on."""
OWN_PIXEL_MM = 1.0
MARGIN = 2
"""Pixels around the contours of a grid of their own."""
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Region:
    """A region of interest: its closed contours, each (N, 3) in RAS mm."""

    name: str
    color: tuple[float, float, float] | None
    contours: list[Points]


def load_structures(path: Path, rasters: Mapping[str, Raster], max_voxels: int) -> LoadedSegmentation:
    """A structure set as segments.

    Args:
        path: the RTSTRUCT file.
        rasters: of the image series that are loaded, by SeriesInstanceUID.
        max_voxels: of a grid.

    Raises:
        UnreadableError: there is no closed contour in it.
        TooLargeError: the grid would have more voxels than that.
    """
    diagnoses: list[Diagnosis] = []
    try:
        dataset = pydicom.dcmread(path)
        regions = [found for item in dataset.get("ROIContourSequence") or () if (found := _region(dataset, item, diagnoses))]
        referenced = _referenced_series(dataset)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise UnreadableError(f"its contours can not be read: {error}") from error
    if not regions:
        raise UnreadableError("there are no closed contours in it")
    segments = []
    for region in regions:
        raster = _raster_for(region, rasters.get(referenced))
        if np.prod(raster.dims, dtype=np.float64) > max_voxels:
            raise TooLargeError(f"a grid of {raster.dims} voxels is over the limit")
        segments.append(Segment(region.name, region.color, "", _fill(region, raster), raster.ijk_to_ras))
    return LoadedSegmentation(series_name(dataset, "RTSTRUCT"), segments, kept_metadata(dataset), diagnoses)


def _region(dataset: Dataset, item: Dataset, diagnoses: list[Diagnosis]) -> Region | None:
    number = item.ReferencedROINumber
    named = next((roi for roi in dataset.get("StructureSetROISequence") or () if roi.ROINumber == number), None)
    name = str(named.get("ROIName", "")) if named is not None else ""
    contours, others = [], 0
    for contour in item.get("ContourSequence") or ():
        if contour.get("ContourGeometricType") not in CLOSED or len(contour.ContourData) < 9:
            others += 1
            continue
        points = np.array([float(value) for value in contour.ContourData], np.float64).reshape(-1, 3)
        contours.append(points * (-1.0, -1.0, 1.0))
    if others:
        diagnoses.append(Diagnosis("contours", f"{name or number}: {others} points or open contours were left out"))
    color = item.get("ROIDisplayColor")
    rgb = tuple(int(value) / 255 for value in color) if color is not None and len(color) == 3 else None
    return Region(name or f"ROI {number}", rgb, contours) if contours else None  # type: ignore[arg-type]


def _referenced_series(dataset: Dataset) -> str:
    for frame in dataset.get("ReferencedFrameOfReferenceSequence") or ():
        for study in frame.get("RTReferencedStudySequence") or ():
            for series in study.get("RTReferencedSeriesSequence") or ():
                return str(series.get("SeriesInstanceUID", ""))
    return ""


def _raster_for(region: Region, images: Raster | None) -> Raster:
    """The grid of the images, if every contour lies in a slice of it and none is left out; else one of the contours' own."""
    if images is not None:
        along = [_in_grid(points, images)[:, 2] for points in region.contours]
        middles = np.array([float(np.mean(one)) for one in along])
        spread = max(float(np.ptp(one)) for one in along)
        gaps = np.diff(np.unique(np.rint(middles)))
        if spread <= OFF_SLICE and np.abs(middles - np.rint(middles)).max() <= OFF_SLICE and (not len(gaps) or gaps.min() == 1):
            return images
    return _own_raster(region)


def _own_raster(region: Region) -> Raster:
    """Slices through the contours, as far from each other as these are; pixels of 1 mm."""
    normal = _normal(region.contours)
    first = np.array([0.0, 1.0, 0.0]) if abs(normal[1]) < abs(normal[0]) else np.array([1.0, 0.0, 0.0])
    first -= normal * (first @ normal)
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    axes = np.stack([first, second, normal], axis=1)
    placed = [points @ axes for points in region.contours]
    offsets = np.unique(np.round([float(np.mean(points[:, 2])) for points in placed], 2))
    step = float(np.diff(offsets).min()) if len(offsets) > 1 else OWN_PIXEL_MM
    everything = np.concatenate(placed)
    low, high = everything.min(axis=0)[:2] - MARGIN * OWN_PIXEL_MM, everything.max(axis=0)[:2] + MARGIN * OWN_PIXEL_MM
    sizes = np.ceil((high - low) / OWN_PIXEL_MM).astype(int) + 1
    slices = round((offsets[-1] - offsets[0]) / step) + 1
    matrix = np.eye(4)
    matrix[:3, :3] = axes * (OWN_PIXEL_MM, OWN_PIXEL_MM, step)
    matrix[:3, 3] = axes @ (low[0], low[1], offsets[0])
    return Raster(matrix, (int(sizes[0]), int(sizes[1]), int(slices)))


def _normal(contours: list[Points]) -> Points:
    """Of the plane that the largest contour lies in; a unit vector."""
    points = max(contours, key=len)
    found: Points = np.linalg.svd(points - points.mean(axis=0))[2][2]
    return np.asarray(found * np.sign(found[np.argmax(np.abs(found))]), np.float64)


def _in_grid(points: Points, raster: Raster) -> Points:
    inverse = np.linalg.inv(raster.ijk_to_ras)
    return np.asarray(points @ inverse[:3, :3].T + inverse[:3, 3], np.float64)


def _fill(region: Region, raster: Raster) -> NDArray[np.uint8]:
    """Voxels (K, J, I) whose centres lie inside an odd number of contours, so that holes stay holes."""
    i, j, k = raster.dims
    voxels = np.zeros((k, j, i), np.uint8)
    for points in region.contours:
        placed = _in_grid(points, raster)
        number = round(float(placed[:, 2].mean()))
        if 0 <= number < k:
            voxels[number] ^= fill_polygon(placed[:, :2], (j, i))
    return voxels


def fill_polygon(points: Points, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Pixels (rows, columns) whose centres lie inside a closed polygon of points (N, 2) as column, row."""
    filled = np.zeros(shape, np.uint8)
    x, y = points[:, 0], points[:, 1]
    x_next, y_next = np.roll(x, -1), np.roll(y, -1)
    for row in range(max(0, int(np.ceil(y.min()))), min(shape[0] - 1, int(np.floor(y.max()))) + 1):
        crosses = (y <= row) != (y_next <= row)
        if not crosses.any():
            continue
        part = (row - y[crosses]) / (y_next[crosses] - y[crosses])
        edges = np.sort(x[crosses] + part * (x_next[crosses] - x[crosses]))
        for left, right in zip(edges[::2], edges[1::2], strict=False):
            filled[row, max(0, int(np.ceil(left))) : max(0, int(np.floor(right)) + 1)] ^= 1
    return filled
