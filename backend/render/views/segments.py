"""Segmentations of the scene as label layers that the slice kernels can sample, with their display colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from backend.render.reslice import SliceRenderer
from backend.render.views.matrices import Matrix, from_vtk, parent_to_world, to_vtk, transform_mtime
from backend.render.views.nodes import nodes_of_class

BINARY_LABELMAP = "Binary labelmap"
REPRESENTATIONS = (BINARY_LABELMAP, "Fractional labelmap", "Closed surface", "Planar contour", "Ribbon model")
"""What a segmentation may be held as."""


def segment_ids(node: Any) -> list[str]:
    """Ids of a segmentation's segments, in their order."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]


@dataclass(frozen=True)
class LabelLayer:
    """One label map of a segmentation. Segments that overlap lie in different layers."""

    slices: SliceRenderer
    ras_to_ijk: NDArray[np.floating[Any]]
    colors: NDArray[np.float32]  # (labels, 4): red, green, blue 0..255, fill opacity 0..1
    outline: NDArray[np.float32]  # (labels,): outline opacity 0..1
    outline_px: int


class SegmentationLayers:
    """Keeps the layers of every segmentation of the scene until it, its display or its transform changes."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._layers: dict[str, tuple[tuple[int, ...], list[LabelLayer]]] = {}

    def visible(self, view_node: Any) -> list[LabelLayer]:
        """Layers to draw in this slice view, in scene order."""
        found: list[LabelLayer] = []
        for node in self._visible_nodes(view_node):
            found += self._of(node)
        return found

    def key(self, view_node: Any) -> tuple[tuple[int, ...], ...]:
        """Changes whenever `visible` may give something else."""
        return tuple(self._key_of(node) for node in self._visible_nodes(view_node))

    def _visible_nodes(self, view_node: Any) -> list[Any]:
        nodes = []
        for node in nodes_of_class(self._scene, "vtkMRMLSegmentationNode"):
            display = node.GetDisplayNode()
            shown = display is not None and display.GetVisibility() and display.GetVisibility2D()
            if shown and display.IsDisplayableInView(view_node.GetID()):
                nodes.append(node)
        return nodes

    @staticmethod
    def _key_of(node: Any) -> tuple[int, ...]:
        segmentation = node.GetSegmentation()
        segments = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
        images = [segment.GetRepresentation(BINARY_LABELMAP) for segment in segments]
        return (
            segmentation.GetMTime(),
            node.GetDisplayNode().GetMTime(),
            transform_mtime(node),
            max((segment.GetMTime() for segment in segments), default=0),
            max((image.GetMTime() for image in images if image is not None), default=0),
        )

    def _of(self, node: Any) -> list[LabelLayer]:
        key = self._key_of(node)
        kept = self._layers.get(node.GetID())
        if kept is None or kept[0] != key:
            kept = (key, build_layers(node))
            self._layers[node.GetID()] = kept
        return kept[1]


def build_layers(node: Any) -> list[LabelLayer]:
    """Label layers of a segmentation node; empty where its transform is not linear or it has no label map."""
    parent = parent_to_world(node)
    segmentation = node.GetSegmentation()
    if parent is None or not segmentation.ContainsRepresentation(BINARY_LABELMAP):
        return []
    display = node.GetDisplayNode()
    images: dict[int, Any] = {}
    segments_of: dict[int, list[tuple[str, Any]]] = {}
    for index in range(segmentation.GetNumberOfSegments()):
        segment = segmentation.GetNthSegment(index)
        image = segment.GetRepresentation(BINARY_LABELMAP)
        if image is None or image.GetPointData().GetScalars() is None:
            continue
        layer = hash(image)
        images[layer] = image
        segments_of.setdefault(layer, []).append((segmentation.GetNthSegmentID(index), segment))
    return [_layer(images[layer], parent, display, segments) for layer, segments in segments_of.items()]


def _layer(image: Any, parent: Matrix, display: Any, segments: list[tuple[str, Any]]) -> LabelLayer:
    image_to_world = to_vtk(np.eye(4))
    image.GetImageToWorldMatrix(image_to_world)
    extent = image.GetExtent()
    shift = np.eye(4)  # the array starts at the extent's first index, not at 0
    shift[:3, 3] = extent[0::2]
    ijk_to_ras = parent @ from_vtk(image_to_world) @ shift
    labels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    count = max(segment.GetLabelValue() for _id, segment in segments) + 1
    colors, outline = np.zeros((count, 4), np.float32), np.zeros(count, np.float32)
    whole_fill = display.GetOpacity() * display.GetOpacity2DFill() * bool(display.GetVisibility2DFill())
    whole_outline = display.GetOpacity() * display.GetOpacity2DOutline() * bool(display.GetVisibility2DOutline())
    for segment_id, segment in segments:
        if not display.GetSegmentVisibility(segment_id):
            continue
        value = segment.GetLabelValue()
        color = display.GetSegmentColor(segment_id)
        colors[value, :3] = [255.0 * color[channel] for channel in range(3)]
        if display.GetSegmentVisibility2DFill(segment_id):
            colors[value, 3] = whole_fill * display.GetSegmentOpacity2DFill(segment_id)
        if display.GetSegmentVisibility2DOutline(segment_id):
            outline[value] = whole_outline * display.GetSegmentOpacity2DOutline(segment_id)
    slices, outline_px = SliceRenderer(np.ascontiguousarray(labels)), display.GetSliceIntersectionThickness()
    return LabelLayer(slices, np.linalg.inv(ijk_to_ras), colors, outline, outline_px)


def make_surfaces(node: Any) -> None:
    """Make a segmentation's closed surfaces so that 3D views show it, and its label maps so that slices do."""
    node.CreateClosedSurfaceRepresentation()
    if not node.GetSegmentation().ContainsRepresentation(BINARY_LABELMAP):
        node.CreateBinaryLabelmapRepresentation()
