"""Statistics of a volume in an ROI or a closed curve, on a thread of their own; volume rendering cropped by an ROI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import BadRequestError, NotFoundError
from backend.imaging.regions import RegionStatistics, box_statistics, plane_of, polygon_area, polygon_statistics, voxel_reach
from backend.render.views.volumes import ijk_to_world
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.deferred import Deferred
from backend.scene.markup_nodes import frame_of, kind_of, markup, renderings, size_of
from backend.scene.probing_commands import units_of

MOST_CORNERS = 720  # of a curve's outline; more would only cost time


class StatisticsCommands:
    """Measures regions, and crops by them."""

    def __init__(self, context: Context) -> None:
        self._context, self._scene, self._views = context, context.app.scene, context.views
        self.performers: Mapping[type[c.Command], Performer] = {c.Statistics: self._measure, c.CropBy: self._crop_by}

    def _measure(self, command: c.Statistics, _arrived: float) -> Deferred:
        node, volume = markup(self._scene, command.id), self._volume(command.volume)
        matrix, source = ijk_to_world(volume), self._views.sources.of(volume)
        if matrix is None or source is None:
            raise BadRequestError(f"{volume.GetName()} has several components or lies under a transform that is not linear")
        told = c.StatisticsOf(
            node.GetID(), volume.GetID(), volume.GetName() or "", units_of(volume), 0, None, None, None, None, None, None
        )
        voxels, kind = source.voxels, kind_of(node)
        if kind == "roi":
            frame, size = frame_of(node), np.array(size_of(node))
            thin = size < 1.5 * voxel_reach(frame, matrix)
            told.volume_mm3 = float(size.prod())
            told.area_mm2 = float(size[~thin].prod()) if thin.sum() == 1 else None
            return Deferred(lambda: box_statistics(voxels, matrix, frame, size / 2), lambda found: _with(told, found))
        if kind == "closedCurve":
            outline = _outline(node)
            plane = plane_of(outline)
            flat = (outline - plane[:3, 3]) @ plane[:3, :2]
            told.area_mm2 = polygon_area(flat)
            return Deferred(lambda: polygon_statistics(voxels, matrix, plane, flat), lambda found: _with(told, found))
        raise BadRequestError(f"{node.GetName()} encloses nothing: statistics are of ROIs and closed curves")

    def _volume(self, node_id: str) -> Any:
        if not node_id:
            found = self._views.red().background
            if found is None:
                raise NotFoundError("there is no volume to measure: load one first")
            return found
        found = self._scene.GetNodeByID(node_id)
        if found is None or not found.IsA("vtkMRMLScalarVolumeNode"):
            raise NotFoundError(f"no volume with id {node_id[:80]!r}")
        return found

    def _crop_by(self, command: c.CropBy, _arrived: float) -> list[str]:
        roi = markup(self._scene, command.roi)
        if kind_of(roi) != "roi":
            raise BadRequestError(f"{roi.GetName()} is no ROI")
        displays = [display for display in renderings(self._scene) if command.on or display.GetROINode() is roi]
        if not displays:
            raise BadRequestError("no volume rendering is shown that could be cropped")
        text = f"Crop by {roi.GetName()}" if command.on else "Stop cropping"
        with self._context.history.changing(text, displays):
            for display in displays:
                if command.on:
                    display.SetAndObserveROINodeID(roi.GetID())
                display.SetCroppingEnabled(command.on)
        return [display.GetVolumeNode().GetID() for display in displays]


def _outline(node: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, 3) a closed curve as it is drawn, world RAS mm, at most `MOST_CORNERS` corners.

    Raises:
        BadRequestError: it has less than three points.
    """
    points = node.GetCurvePointsWorld()
    if node.GetNumberOfControlPoints() < 3 or points is None or points.GetNumberOfPoints() < 3:
        raise BadRequestError(f"{node.GetName()} needs three points to enclose anything")
    found = np.array(vtk_to_numpy(points.GetData()), dtype=np.float64)
    step = -(-len(found) // MOST_CORNERS)
    return found[::step]


def _with(told: c.StatisticsOf, found: RegionStatistics) -> c.StatisticsOf:
    told.count, told.mean, told.sd = found.count, found.mean, found.sd
    told.minimum, told.maximum = found.minimum, found.maximum
    return told
