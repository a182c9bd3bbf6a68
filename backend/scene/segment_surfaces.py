"""Surfaces of segments for 3D views, made of label maps on threads: smooth, closed, in the segmentation's own frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from backend.imaging.masks import box_of, wider
from backend.imaging.strokes import Grid
from backend.render.views.matrices import to_vtk
from backend.render.views.segments import segment_ids
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.deferred import Deferred
from backend.scene.readers.segmentations import CLOSED_SURFACE
from backend.scene.segment_maps import SegmentMaps
from backend.scene.segment_state import Segmentations, smoothing_of

ITERATIONS = 20


@dataclass
class Wish:
    """A surface that shall be made, and what it is made of."""

    maps: SegmentMaps
    segment_id: str
    voxels: NDArray[Any]
    label: int
    smoothing: float
    version: int


class SegmentSurfaces:
    """Keeps surfaces up with label maps where they are shown."""

    def __init__(self, context: Context, segmentations: Segmentations) -> None:
        self._context, self._all = context, segmentations
        self.performers: Mapping[type[c.Command], Performer] = {c.UpdateSurfaces: self._update}

    def _update(self, _command: c.UpdateSurfaces, _arrived: float) -> Any:
        wishes = [wish for node in self._all.nodes() for wish in self._wishes(node)]
        if not wishes:
            return 0
        return Deferred(lambda: [(wish, surface_of(wish)) for wish in wishes], self._finish)

    def _wishes(self, node: Any) -> list[Wish]:
        stale = self._all.stale.get(node.GetID(), set()) & set(segment_ids(node))
        if not stale:
            return []
        display = node.GetDisplayNode()
        if display is None or not display.GetVisibility3D() or node.GetID() in self._all.work:
            for segment_id in stale:  # rather none than an old one; `stale` remembers what to make when it is shown
                segment = node.GetSegmentation().GetSegment(segment_id)
                if segment.GetRepresentation(CLOSED_SURFACE) is not None and not (display and display.GetVisibility3D()):
                    segment.RemoveRepresentation(CLOSED_SURFACE)
            return []
        maps, smoothing = self._all.maps(node), smoothing_of(node)
        del self._all.stale[node.GetID()]
        found = []
        for segment_id in sorted(stale):
            layer, label = maps.place(segment_id)
            found.append(Wish(maps, segment_id, layer.voxels, label, smoothing, maps.version))
        return found

    def _finish(self, made: list[tuple[Wish, Any]]) -> int:
        for wish, surface in made:
            node = wish.maps.node
            segment = node.GetSegmentation().GetSegment(wish.segment_id)
            if segment is None:
                continue  # it was removed meanwhile
            segment.AddRepresentation(CLOSED_SURFACE, surface)
            if wish.maps.version != wish.version and node.GetID() not in self._all.stale:
                self._all.stale[node.GetID()] = {wish.segment_id}  # it was painted on while its surface was made
        for view in self._context.views.threeds():
            view.refit_box()
        return len(made)


def surface_of(wish: Wish) -> Any:
    """The surface of a segment as vtkPolyData with normals, mm in the segmentation's frame; empty where there is nothing.

    On a thread of its own: the filters let others run.
    """
    return make_surface(wish.voxels == wish.label, wish.maps.grid, wish.smoothing)


def make_surface(mask: NDArray[np.bool_], grid: Grid, smoothing: float) -> Any:
    """The closed surface around what is set, (K, J, I); `smoothing` 0 (the voxels' steps) to 1."""
    box = box_of(mask)
    if box is None:
        return vtk.vtkPolyData()
    around = wider(box, (0, 0, 0), mask.shape)
    part = np.pad(mask[around], 1).astype(np.uint8)  # closed at the border of the grid too
    image = vtk.vtkImageData()
    image.SetDimensions(*part.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(part.ravel(), deep=False, array_type=vtk.VTK_UNSIGNED_CHAR))
    edges = vtk.vtkDiscreteFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 1)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    shift = np.eye(4)
    shift[:3, 3] = (around[2].start - 1, around[1].start - 1, around[0].start - 1)
    to_mm = vtk.vtkTransform()
    to_mm.SetMatrix(to_vtk(grid.ijk_to_mm @ shift))
    placed = vtk.vtkTransformPolyDataFilter()
    placed.SetTransform(to_mm)
    placed.SetInputConnection(edges.GetOutputPort())
    last: Any = placed
    if np.linalg.det(grid.ijk_to_mm[:3, :3]) < 0:  # a mirrored grid turns triangles inside out
        last = vtk.vtkReverseSense()
        last.ReverseCellsOn()
        last.SetInputConnection(placed.GetOutputPort())
    if smoothing > 0:
        smoother = vtk.vtkWindowedSincPolyDataFilter()
        smoother.SetInputConnection(last.GetOutputPort())
        smoother.SetNumberOfIterations(ITERATIONS)
        smoother.SetPassBand(10.0 ** (-4.0 * smoothing))  # Slicer's rule
        smoother.BoundarySmoothingOff()
        smoother.FeatureEdgeSmoothingOff()
        smoother.NonManifoldSmoothingOn()
        smoother.NormalizeCoordinatesOn()
        last = smoother
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputConnection(last.GetOutputPort())
    normals.ConsistencyOff()
    normals.SplittingOff()
    normals.Update()
    result = vtk.vtkPolyData()
    result.DeepCopy(normals.GetOutput())
    return result
