"""Large surfaces are drawn with fewer triangles while a 3D view moves: without a GPU, time goes by their number.

The smaller copies are made on a thread of their own, by numpy, the first time a surface is drawn in motion; until one is there
the whole surface is drawn. Nothing of MRML is touched: an actor gets another mapper for the time of one picture.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from backend.render.decimate import Coarse, coarse

LARGE, MOST = 60_000, 30_000
"""Triangles of a surface that is worth a smaller copy, and of the copy."""


class _Copy:
    """A smaller copy of one state of a surface, there once it is made."""

    def __init__(self, surface: Any) -> None:
        self._surface, self.mtime = surface, surface.GetMTime()
        self._made: Coarse | None = None
        self._poly_data: Any = None
        points = vtk_to_numpy(surface.GetPoints().GetData()).astype(np.float64)
        triangles = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3).copy()
        threading.Thread(target=self._make, args=(points, triangles), daemon=True, name="coarse surface").start()

    def _make(self, points: Any, triangles: Any) -> None:
        self._made = coarse(points, triangles, MOST)

    def poly_data(self) -> Any | None:
        """The copy, None while it is made. Scene thread only."""
        if self._poly_data is None and self._made is not None:
            self._poly_data = _poly_data(self._surface, self._made)
        return self._poly_data


class MotionSurfaces:
    """The smaller copies of one view's surfaces. Scene thread only."""

    def __init__(self, renderer: Any) -> None:
        self._renderer = renderer
        self._copies: dict[str, _Copy] = {}

    @contextmanager
    def drawn_coarsely(self) -> Iterator[bool]:
        """Have large surfaces drawn by their copies within; gives whether there is any."""
        seen: dict[str, _Copy] = {}
        whole: list[tuple[Any, Any]] = []
        for actor, mapper, surface in self._large():
            name = surface.GetAddressAsString("")  # of nothing else, since the copy keeps hold of it
            found = self._copies.get(name)
            seen[name] = found if found is not None and found.mtime == surface.GetMTime() else _Copy(surface)
            copy = seen[name].poly_data()
            if copy is not None:
                whole.append((actor, mapper))
                actor.SetMapper(_mapper_like(mapper, copy))
        self._copies = seen
        try:
            yield bool(whole)
        finally:
            for actor, mapper in whole:
                actor.SetMapper(mapper)

    def _large(self) -> list[tuple[Any, Any, Any]]:
        """Visible actors with a mapper of many triangles and nothing else, and its surface."""
        found = []
        actors = self._renderer.GetActors()
        for actor in (actors.GetItemAsObject(index) for index in range(actors.GetNumberOfItems())):
            mapper = actor.GetMapper()
            surface = mapper.GetInput() if actor.GetVisibility() and isinstance(mapper, vtk.vtkPolyDataMapper) else None
            if surface is None or surface.GetNumberOfPolys() < LARGE:
                continue
            if surface.GetPolys().GetMaxCellSize() == 3 and surface.GetNumberOfCells() == surface.GetNumberOfPolys():
                found.append((actor, mapper, surface))
        return found


def _mapper_like(mapper: Any, surface: Any) -> Any:
    other = vtk.vtkPolyDataMapper()
    other.ShallowCopy(mapper)
    other.SetInputData(surface)
    return other


def _poly_data(surface: Any, made: Coarse) -> Any:
    """The copy with the attributes of the points and triangles that stand for it."""
    result = vtk.vtkPolyData()
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk(made.points, deep=True))
    result.SetPoints(points)
    polys = vtk.vtkCellArray()
    count = len(made.triangles)
    offsets = numpy_to_vtkIdTypeArray(np.arange(0, 3 * count + 1, 3, dtype=np.int64), deep=True)
    polys.SetData(offsets, numpy_to_vtkIdTypeArray(made.triangles.ravel().astype(np.int64), deep=True))
    result.SetPolys(polys)
    _take(surface.GetPointData(), result.GetPointData(), made.of_points)
    result.GetPointData().SetNormals(numpy_to_vtk(made.normals, deep=True))
    _take(surface.GetCellData(), result.GetCellData(), made.of_triangles)
    return result


def _take(source: Any, target: Any, chosen: Any) -> None:
    for index in range(source.GetNumberOfArrays()):
        array = source.GetArray(index)
        if array is None:
            continue
        values = np.ascontiguousarray(vtk_to_numpy(array)[chosen])
        copy = numpy_to_vtk(values, deep=True, array_type=array.GetDataType())
        copy.SetName(array.GetName())
        target.AddArray(copy)
    for kind in range(vtk.vtkDataSetAttributes.NUM_ATTRIBUTES):
        active = source.GetAbstractAttribute(kind)
        if active is not None and active.GetName():
            target.SetActiveAttribute(active.GetName(), kind)
