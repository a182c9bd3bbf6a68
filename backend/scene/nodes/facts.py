"""What there is to know about a node, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import vtk

from backend.imaging.frames import direction_letters
from backend.render.views.matrices import from_vtk, to_vtk
from backend.render.views.segments import REPRESENTATIONS, segment_ids
from backend.render.views.volumes import ijk_to_world, scalar_range
from backend.scene.commands import Kind
from backend.scene.nodes.rows import detail_of, units_of

Facts = list[tuple[str, str]]
OF_DICOM = (("PatientName", "Patient"), ("StudyDate", "Study of"), ("Modality", "Modality"), ("SeriesDescription", "Series"))
LARGEST_MEASURED = 2_000_000
"""Cells of a model whose surface is measured when it is asked about."""


def facts_of(node: Any, kind: Kind) -> Facts:
    """Pairs of a name and a value; lengths in mm of RAS."""
    by_kind = {"volume": _volume, "segmentation": _segmentation, "model": _model, "markups": _markups, "transform": _transform}
    facts: Facts = [("Contents", detail_of(node, kind))] if kind not in by_kind else by_kind[kind](node)
    if node.GetDescription():
        facts.append(("Description", node.GetDescription()))
    storage = node.GetStorageNode() if node.IsA("vtkMRMLStorableNode") else None
    if storage is not None and storage.GetFileName():
        facts.append(("File", Path(storage.GetFileName()).name))
    return facts


def _volume(node: Any) -> Facts:
    image = node.GetImageData()
    if image is None:
        return [("Contents", "empty")]
    low, high = scalar_range(image)
    units = units_of(node)
    facts = [
        ("Size", " × ".join(str(side) for side in image.GetDimensions()) + " voxels"),
        ("Spacing", " × ".join(f"{side:.6g}" for side in node.GetSpacing()) + " mm"),
        ("Origin (RAS)", _point(node.GetOrigin())),
        ("Values", f"{low:.6g} to {high:.6g}{f' {units}' if units else ''}, {image.GetScalarTypeAsString()}"),
        ("Memory", f"{image.GetActualMemorySize() / 1024:.1f} MB"),
    ]
    matrix = ijk_to_world(node)
    if matrix is not None:
        names = ", ".join(f"{axis} to {direction_letters(matrix[:3, index])}" for index, axis in enumerate("IJK"))
        facts.append(("Axes point", names))
    if image.GetNumberOfScalarComponents() > 1:
        facts.append(("Values in a voxel", str(image.GetNumberOfScalarComponents())))
    if units:
        facts.append(("Units", units))
    known = ((word, node.GetAttribute(f"DICOM.{key}")) for key, word in OF_DICOM)
    return facts + [(word, value) for word, value in known if value]


def _segmentation(node: Any) -> Facts:
    names = [name for name in REPRESENTATIONS if node.GetSegmentation().ContainsRepresentation(name)]
    return [("Segments", str(len(segment_ids(node)))), ("Held as", ", ".join(names) or "nothing")]


def _model(node: Any) -> Facts:
    mesh = node.GetMesh()
    if mesh is None:
        return [("Contents", "empty")]
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    size = " × ".join(f"{bounds[2 * axis + 1] - bounds[2 * axis]:.1f}" for axis in range(3))
    facts = [("Points", f"{mesh.GetNumberOfPoints():,}"), ("Cells", f"{mesh.GetNumberOfCells():,}"), ("Reach", f"{size} mm")]
    if mesh.IsA("vtkPolyData") and 0 < mesh.GetNumberOfCells() <= LARGEST_MEASURED:
        properties = vtk.vtkMassProperties()
        triangles = vtk.vtkTriangleFilter()
        triangles.SetInputData(mesh)
        properties.SetInputConnection(triangles.GetOutputPort())
        properties.Update()
        facts.append(("Surface", f"{properties.GetSurfaceArea() / 100:.2f} cm²"))
    return facts


def _markups(node: Any) -> Facts:
    facts = [("Type", node.GetMarkupType()), ("Control points", str(node.GetNumberOfControlPoints()))]
    for index in range(node.GetNumberOfMeasurements()):
        measurement = node.GetNthMeasurement(index)
        if measurement.GetEnabled() and measurement.GetValueDefined():
            facts.append((measurement.GetName().capitalize(), measurement.GetValueWithUnitsAsPrintableString()))
    return facts


def _transform(node: Any) -> Facts:
    if not node.IsLinear():
        return [("Kind", "warp")]
    matrix = to_vtk(np.eye(4))
    node.GetMatrixTransformToParent(matrix)
    rows = from_vtk(matrix)
    return [("Kind", "linear")] + [
        (f"Row {n + 1}", "  ".join(f"{value:.6g}" for value in row)) for n, row in enumerate(rows[:3])
    ]


def _point(position: tuple[float, float, float]) -> str:
    return ", ".join(f"{value:.2f}" for value in position)
