"""Commands that look at one place: what volumes and segmentations hold there, what a 3D view shows there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backend.dicom.loaded import SUV_UNITS
from backend.errors import NotFoundError
from backend.imaging.colors import to_hex
from backend.render.kernels.slices import REACH
from backend.render.views.matrices import Matrix, from_vtk, parent_to_world, to_vtk
from backend.render.views.nodes import nodes_of_class
from backend.render.views.segments import BINARY_LABELMAP
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.render.views.volumes import ijk_to_world, scalar_range
from backend.render.volume_looks import CT_AIR_HU
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.own_cameras import OwnCameras

HU_CODE = "[hnsf'U]"  # UCUM


class ProbingCommands:
    """Probes and picks."""

    def __init__(self, context: Context, cameras: OwnCameras) -> None:
        self._scene, self._views, self._cameras = context.app.scene, context.views, cameras
        self.performers: Mapping[type[c.Command], Performer] = {c.Probe: self._probe, c.Pick: self._pick}

    def _probe(self, command: c.Probe, _arrived: float) -> c.Probed:
        view = self._views.get(command.view)
        if not isinstance(view, SliceView):
            raise NotFoundError(f"{view.name} is no slice view")
        composite = view.logic.GetSliceCompositeNode()
        shown = {
            "background": composite.GetBackgroundVolumeID(),
            "foreground": composite.GetForegroundVolumeID(),
            "label": composite.GetLabelVolumeID(),
        }
        volumes = ((layer, self._scene.GetNodeByID(node_id)) for layer, node_id in shown.items() if node_id)
        layers = [probed(layer, node, command.position) for layer, node in volumes if node is not None and node.GetImageData()]
        return c.Probed(command.position, layers, self._segments(view.node, command.position))

    def _segments(self, view_node: Any, position: c.Vector3) -> list[c.ProbedSegment]:
        found = []
        for node in nodes_of_class(self._scene, "vtkMRMLSegmentationNode"):
            display = node.GetDisplayNode()
            if display is not None and display.GetVisibility() and display.IsDisplayableInView(view_node.GetID()):
                found += segments_at(node, position)
        return found

    def _pick(self, command: c.Pick, _arrived: float) -> c.Picked:
        with self._cameras.seen(command.view, command.camera) as view:
            if not isinstance(view, ThreeDView):
                raise NotFoundError(f"{view.name} is no 3D view")
            point = view.pick(command.x, command.y, *command.size)
        return c.Picked(None if point is None else (float(point[0]), float(point[1]), float(point[2])))


def index_at(to_world: Matrix, dimensions: tuple[int, int, int], position: c.Vector3) -> tuple[int, int, int] | None:
    """The voxel (i, j, k) that holds a point, world RAS mm; None where pictures are black, outside."""
    at, last = np.linalg.solve(to_world, (*position, 1.0))[:3], np.array(dimensions) - 1
    if (at < -REACH).any() or (at > last + REACH).any():
        return None
    i, j, k = (int(n) for n in np.clip(np.floor(at + 0.5), 0, last))
    return i, j, k


def probed(layer: Any, node: Any, position: c.Vector3) -> c.ProbedLayer:
    """What a volume holds at a point."""
    matrix, image = ijk_to_world(node), node.GetImageData()
    index = index_at(matrix, image.GetDimensions(), position) if matrix is not None else None
    told = c.ProbedLayer(layer, node.GetID(), node.GetName() or "", index, None, units_of(node))
    if index is None:
        return told
    values = [float(image.GetScalarComponentAsDouble(*index, n)) for n in range(image.GetNumberOfScalarComponents())]
    told.value = values[0] if len(values) == 1 else values
    if node.IsA("vtkMRMLLabelMapVolumeNode") and node.GetDisplayNode() is not None:
        colors = node.GetDisplayNode().GetColorNode()
        told.label = (colors.GetColorName(int(values[0])) or "") if colors is not None else ""
    return told


def units_of(node: Any) -> str:
    """`HU`, `SUV`, what MRML says of the volume's values, or nothing."""
    if node.IsA("vtkMRMLLabelMapVolumeNode") or not node.IsA("vtkMRMLScalarVolumeNode"):
        return ""
    if node.GetAttribute("DICOM.Units") == SUV_UNITS:
        return "SUV"
    modality, units = node.GetAttribute("DICOM.Modality"), node.GetVoxelValueUnits()
    if modality == "CT" or (units is not None and units.GetCodeValue() == HU_CODE):
        return "HU"
    if units is not None and units.GetCodeMeaning():
        return str(units.GetCodeMeaning())
    image = node.GetImageData()
    is_ct = not modality and image.GetNumberOfScalarComponents() == 1 and scalar_range(image)[0] <= CT_AIR_HU
    return "HU" if is_ct else ""


def segments_at(node: Any, position: c.Vector3) -> list[c.ProbedSegment]:
    """Shown segments of a segmentation that hold a point."""
    parent, display, segmentation = parent_to_world(node), node.GetDisplayNode(), node.GetSegmentation()
    if parent is None:
        return []
    found = []
    for number in range(segmentation.GetNumberOfSegments()):
        segment_id, segment = segmentation.GetNthSegmentID(number), segmentation.GetNthSegment(number)
        image = segment.GetRepresentation(BINARY_LABELMAP)
        if image is None or image.GetPointData().GetScalars() is None or not display.GetSegmentVisibility(segment_id):
            continue
        image_to_world = to_vtk(np.eye(4))
        image.GetImageToWorldMatrix(image_to_world)
        extent = image.GetExtent()
        shift = np.eye(4)
        shift[:3, 3] = extent[0::2]
        index = index_at(parent @ from_vtk(image_to_world) @ shift, image.GetDimensions(), position)
        if index is None:
            continue
        i, j, k = (n + low for n, low in zip(index, extent[0::2], strict=True))
        if image.GetScalarComponentAsDouble(i, j, k, 0) == segment.GetLabelValue():
            color = to_hex(display.GetSegmentColor(segment_id)).lower()
            found.append(c.ProbedSegment(node.GetID(), segment_id, segment.GetName() or "", color))
    return found
