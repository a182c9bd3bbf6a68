"""What a 3D view shows as meshes in RAS mm: models, segments, markups. Made from the nodes' own data, without OpenGL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from backend.render.meshes import Mesh

CLOSED_SURFACE = "Closed surface"
TUBE_SIDES = 8
TUBE_RADIUS_MM = 0.5
RELATIVE_GLYPH_BASE = 0.5  # a relative glyph is so many percent of a view, which shows about this share of the diagonal
LEAST_DIAGONAL_MM = 10.0
MAGENTA = (1.0, 0.0, 1.0)
LETTER_SHARE = 0.06  # of the box's diagonal
OUTSIDE = 0.6  # letters stand this share of a side from the box's centre
FACES = (("R", 0, 1), ("L", 0, -1), ("A", 1, 1), ("P", 1, -1), ("S", 2, 1), ("I", 2, -1))
EDGES = np.array([(a, a | bit) for a in range(8) for bit in (1, 2, 4) if not a & bit], np.uint32)


@dataclass(frozen=True)
class Fibers:
    """How polylines are written: at most `count` of them (None: all), as lines or as tubes."""

    count: int | None = None
    tubes: bool = False


def displayed_nodes(scene: Any, view_node: Any) -> list[Any]:
    """Models, segmentations and markups that this 3D view shows, in scene order."""
    return [
        node
        for node in scene.GetNodes()
        if any(node.IsA(name) for name in ("vtkMRMLModelNode", "vtkMRMLSegmentationNode", "vtkMRMLMarkupsNode"))
        and _display_in(node, view_node) is not None
    ]


def _display_in(node: Any, view_node: Any) -> Any | None:
    for index in range(node.GetNumberOfDisplayNodes()):
        display = node.GetNthDisplayNode(index)
        shown = display is not None and display.GetVisibility() and display.GetVisibility3D()
        if shown and display.IsDisplayableInView(view_node.GetID()):
            return display
    return None


def meshes_of(nodes: list[Any], view_node: Any | None = None, fibers: Fibers | None = None) -> list[Mesh]:
    """Meshes of nodes, each model, segment and markup one of its own; what `view_node` hides is left out, if it is given."""
    found: list[Mesh] = []
    for node in nodes:
        display = node.GetDisplayNode() if view_node is None else _display_in(node, view_node)
        if node.IsA("vtkMRMLSegmentationNode"):
            found += _segments(node, display, only_shown=view_node is not None)
        elif node.IsA("vtkMRMLModelNode") and not slicer.vtkMRMLSliceLogic.IsSliceModelNode(node):
            found += _model(node, display, fibers or Fibers())
    diagonal = _diagonal(found)
    for node in nodes:
        if node.IsA("vtkMRMLMarkupsNode"):
            found += _markup(node, node.GetDisplayNode() if view_node is None else _display_in(node, view_node), diagonal)
    return found


def _diagonal(meshes: list[Mesh]) -> float:
    if not meshes:
        return LEAST_DIAGONAL_MM
    low = np.min([mesh.points.min(axis=0) for mesh in meshes], axis=0)
    high = np.max([mesh.points.max(axis=0) for mesh in meshes], axis=0)
    return max(float(np.linalg.norm(high - low)), LEAST_DIAGONAL_MM)


# -- models ------------------------------------------------------------------------------------------------------


def _model(node: Any, display: Any | None, fibers: Fibers) -> list[Mesh]:
    mesh = node.GetMesh()
    if mesh is None or mesh.GetNumberOfPoints() == 0:
        return []
    if not mesh.IsA("vtkPolyData"):
        mesh = _run(vtk.vtkDataSetSurfaceFilter(), mesh)
    color = display.GetColor() if display is not None else (1.0, 1.0, 1.0)
    opacity = display.GetOpacity() if display is not None else 1.0
    mesh = _colored(mesh, _scalar_colors(mesh, display))
    return list(_pieces(mesh, node, node.GetName(), color, opacity, {"id": node.GetID()}, fibers))


def _scalar_colors(mesh: Any, display: Any | None) -> Any | None:
    """The (p, 4) colours of a model coloured by a scalar of its points, None for one colour."""
    if display is None or not display.GetScalarVisibility() or not display.GetActiveScalarName():
        return None
    array = mesh.GetPointData().GetArray(display.GetActiveScalarName())
    color = display.GetColorNode()
    table = color.GetScalarsToColors() if color is not None else None
    if array is None or table is None:
        return None
    scaled = table.NewInstance()
    scaled.DeepCopy(table)
    if scaled.IsA("vtkLookupTable"):
        scaled.SetTableRange(display.GetScalarRange())
        scaled.BuildSpecialColors()  # a copy lacks those beyond its ends
    return scaled.MapScalars(array, vtk.VTK_COLOR_MODE_DEFAULT, -1)


def _colored(mesh: Any, colors: Any | None) -> Any:
    """A shallow copy whose scalars are colours, or that has none."""
    copy = mesh.NewInstance()
    copy.ShallowCopy(mesh)
    copy.GetPointData().SetScalars(colors)
    return copy


# -- segments ----------------------------------------------------------------------------------------------------


def _segments(node: Any, display: Any | None, only_shown: bool) -> Iterator[Mesh]:
    segmentation = node.GetSegmentation()
    if not segmentation.ContainsRepresentation(CLOSED_SURFACE) and segmentation.GetNumberOfSegments():
        segmentation = _with_surfaces(segmentation)
    for index in range(segmentation.GetNumberOfSegments()):
        segment_id = segmentation.GetNthSegmentID(index)
        segment = segmentation.GetSegment(segment_id)
        hidden = display is None or not (
            display.GetSegmentVisibility(segment_id) and display.GetSegmentVisibility3D(segment_id)
        )
        if only_shown and hidden:
            continue
        surface = segment.GetRepresentation(CLOSED_SURFACE)
        if surface is None:
            continue
        color, opacity = segment.GetColor(), 1.0
        if display is not None:
            shown = display.GetSegmentColor(segment_id)
            color = (shown[0], shown[1], shown[2])
            opacity = display.GetOpacity3D() * display.GetSegmentOpacity3D(segment_id)
        extras = {"id": node.GetID(), "segmentID": segment_id}
        yield from _pieces(_colored(surface, None), node, segment.GetName(), color, opacity, extras, Fibers())


def _with_surfaces(segmentation: Any) -> Any:
    """A copy that has closed surfaces: an export changes nothing in the scene."""
    copy = slicer.vtkSegmentation()
    copy.DeepCopy(segmentation)
    copy.CreateRepresentation(CLOSED_SURFACE)
    return copy


# -- markups -----------------------------------------------------------------------------------------------------


def _markup(node: Any, display: Any | None, diagonal: float) -> Iterator[Mesh]:
    """Balls at the control points, and a tube along what joins them. Positions are world coordinates already."""
    if display is None:
        return
    color, opacity = display.GetSelectedColor(), display.GetOpacity()
    glyph = display.GetGlyphScale() / 100.0 * diagonal * RELATIVE_GLYPH_BASE
    if not display.GetUseGlyphScale():
        glyph = display.GetGlyphSize()
    count = node.GetNumberOfControlPoints()
    shown = [i for i in range(count) if node.GetNthControlPointPositionVisibility(i) and node.GetNthControlPointVisibility(i)]
    if shown:
        points = vtk.vtkPoints()
        for index in shown:
            place = [0.0, 0.0, 0.0]
            node.GetNthControlPointPositionWorld(index, place)
            points.InsertNextPoint(place)
        balls = _run(_glyphs(points, glyph / 2), None)
        yield from _pieces(balls, None, node.GetName(), color, opacity, {"id": node.GetID()}, Fibers())
    joined = node.GetCurveWorld() if node.IsA("vtkMRMLMarkupsCurveNode") or node.IsA("vtkMRMLMarkupsLineNode") else None
    if joined is not None and joined.GetNumberOfPoints() > 1:
        absolute = display.GetCurveLineSizeMode() == display.UseLineDiameter
        width = display.GetLineDiameter() if absolute else display.GetLineThickness() * glyph
        name = f"{node.GetName()} line"
        yield from _pieces(_tube(joined, width / 2), None, name, color, opacity, {"id": node.GetID()}, Fibers())


def _glyphs(points: Any, radius: float) -> Any:
    ball = vtk.vtkSphereSource()
    ball.SetRadius(radius)
    ball.SetThetaResolution(16)
    ball.SetPhiResolution(12)
    centres = vtk.vtkPolyData()
    centres.SetPoints(points)
    glyphs = vtk.vtkGlyph3D()
    glyphs.SetInputData(centres)
    glyphs.SetSourceConnection(ball.GetOutputPort())
    glyphs.SetScaleModeToDataScalingOff()
    return glyphs


def _tube(lines: Any, radius: float) -> Any:
    tube = vtk.vtkTubeFilter()
    tube.SetRadius(max(radius, 1e-3))
    tube.SetNumberOfSides(TUBE_SIDES)
    tube.CappingOn()
    return _run(tube, lines)


# -- polydata to arrays ------------------------------------------------------------------------------------------


def _run(step: Any, mesh: Any | None) -> Any:
    if mesh is not None:
        step.SetInputData(mesh)
    step.Update()
    return step.GetOutput()


def _pieces(
    mesh: Any, node: Any | None, name: str, color: Any, opacity: float, extras: dict[str, Any], fibers: Fibers
) -> Iterator[Mesh]:
    """The triangles and the lines of a polydata in world coordinates; `node` tells the transform it is under."""
    mirrored = False
    if node is not None and node.GetParentTransformNode() is not None:
        mesh, mirrored = _to_world(mesh, node.GetParentTransformNode())
    lines = _lines(mesh, fibers.count)
    rgb = (float(color[0]), float(color[1]), float(color[2]))
    if mesh.GetNumberOfPolys() or mesh.GetNumberOfStrips():
        yield from _surface(mesh, name, rgb, opacity, extras, mirrored)
    if lines is not None and fibers.tubes:
        yield from _surface(_tube(lines, TUBE_RADIUS_MM), name, rgb, opacity, extras, False)
    elif lines is not None:
        points, colors = _points(lines)
        yield from _checked(Mesh(name, points, _segments_of(lines.GetLines()), rgb, opacity, None, colors, extras))


def _to_world(mesh: Any, parent: Any) -> tuple[Any, bool]:
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(parent, None, transform)
    moved = vtk.vtkTransformPolyDataFilter()
    moved.SetTransform(transform)
    matrix = vtk.vtkMatrix4x4()
    linear = parent.IsTransformToWorldLinear() and parent.GetMatrixTransformToWorld(matrix)
    return _run(moved, mesh), bool(linear and matrix.Determinant() < 0)


def _surface(
    mesh: Any, name: str, color: tuple[float, float, float], opacity: float, extras: dict[str, Any], mirrored: bool
) -> Iterator[Mesh]:
    only_triangles = vtk.vtkTriangleFilter()
    only_triangles.PassLinesOff()
    only_triangles.PassVertsOff()
    triangles = _run(only_triangles, mesh)
    if triangles.GetPointData().GetNormals() is None:
        normals = vtk.vtkPolyDataNormals()
        normals.SplittingOff()
        normals.ConsistencyOff()
        triangles = _run(normals, triangles)
    if not triangles.GetNumberOfPolys():
        return
    points, colors = _points(triangles)
    cells = vtk_to_numpy(triangles.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.uint32)
    directions = np.array(vtk_to_numpy(triangles.GetPointData().GetNormals()), np.float32)
    if mirrored:  # the corners run the other way round now
        cells = cells[:, ::-1]
    yield from _checked(Mesh(name, points, cells, color, opacity, _of_length_one(directions), colors, extras))


def _of_length_one(directions: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    upright = np.array((0, 0, 1), np.float32)  # for points whose triangles have no area
    return np.where(lengths > 1e-6, directions / np.maximum(lengths, 1e-6), upright).astype(np.float32)


def _points(mesh: Any) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None]:
    points = np.array(vtk_to_numpy(mesh.GetPoints().GetData()), np.float32)
    scalars = mesh.GetPointData().GetScalars()
    colors = None
    if scalars is not None and scalars.GetNumberOfComponents() == 4 and scalars.GetDataType() == vtk.VTK_UNSIGNED_CHAR:
        colors = np.array(vtk_to_numpy(scalars))
    return points, colors


def _lines(mesh: Any, count: int | None) -> Any | None:
    """The polylines of a mesh alone, evenly thinned out to `count`; None if it has none."""
    total = mesh.GetNumberOfLines()
    if not total:
        return None
    cells = vtk.vtkCellArray()
    ids = vtk.vtkIdList()
    for index in range(total) if count is None or count >= total else np.linspace(0, total - 1, max(count, 0)).astype(int):
        mesh.GetLines().GetCellAtId(int(index), ids)
        cells.InsertNextCell(ids)
    alone = vtk.vtkPolyData()
    alone.SetPoints(mesh.GetPoints())
    alone.SetLines(cells)
    alone.GetPointData().ShallowCopy(mesh.GetPointData())
    return alone


def _segments_of(lines: Any) -> NDArray[np.uint32]:
    """(n, 2) pieces of polylines."""
    offsets = vtk_to_numpy(lines.GetOffsetsArray())
    corners = vtk_to_numpy(lines.GetConnectivityArray())
    inner = np.ones(max(len(corners) - 1, 0), bool)
    inner[offsets[1:-1] - 1] = False  # from the end of one line to the start of the next there is none
    return np.column_stack([corners[:-1], corners[1:]])[inner].astype(np.uint32)


def _checked(mesh: Mesh) -> Iterator[Mesh]:
    """The mesh without points that are nowhere and those that nothing uses, if something is left."""
    good = np.asarray(np.isfinite(mesh.points).all(axis=1))
    cells = mesh.cells[good[mesh.cells].all(axis=1)]
    used = np.zeros(len(mesh.points), bool)
    used[cells] = True
    if not used.any():
        return
    if used.all():
        yield mesh
        return
    place = np.cumsum(used, dtype=np.uint32) - np.uint32(1)
    yield Mesh(
        mesh.name, mesh.points[used], place[cells].astype(np.uint32), mesh.color, mesh.opacity,
        None if mesh.normals is None else mesh.normals[used],
        None if mesh.point_colors is None else mesh.point_colors[used], mesh.extras,
    )  # fmt: skip


# -- the box around it all ---------------------------------------------------------------------------------------


def box_meshes(bounds: tuple[float, ...], right: NDArray[np.float64], up: NDArray[np.float64]) -> list[Mesh]:
    """A view's box (rmin, rmax, amin, amax, smin, smax) and its letters, which face a camera with these screen axes."""
    low, high = np.array(bounds[0::2]), np.array(bounds[1::2])
    corners = np.array([[(high if corner >> axis & 1 else low)[axis] for axis in range(3)] for corner in range(8)])
    found = [Mesh("Box", corners.astype(np.float32), EDGES, MAGENTA)]
    centre, size = (low + high) / 2, high - low
    scale = max(float(np.linalg.norm(size)) * LETTER_SHARE, 1e-3)
    towards = np.cross(right, up)
    for letter, axis, sign in FACES:
        text = vtk.vtkVectorText()
        text.SetText(letter)
        place = centre.copy()
        place[axis] += sign * max(size[axis] * OUTSIDE, size[axis] / 2 + scale)
        for mesh in _surface(_run(text, None), letter, MAGENTA, 1.0, {}, False):
            flat = mesh.points - mesh.points.mean(axis=0)
            points = place + scale * (flat[:, :1] * right + flat[:, 1:2] * up)
            normals = np.broadcast_to(towards, points.shape)
            found.append(
                Mesh(letter, points.astype(np.float32), mesh.cells, MAGENTA, 1.0, normals.astype(np.float32))
            )  # fmt: skip
    return found
