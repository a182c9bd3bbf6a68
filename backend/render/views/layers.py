"""The volume layers of a slice view as pixels: background, foreground, label map, and what lies over them.

Plain scalar volumes under linear transforms are drawn by the slice kernels; anything else (colour volumes, thresholds,
warps) by Slicer's own pipeline, `vtkMRMLSliceLogic`, which needs no OpenGL either.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from backend.render.reslice import SLAB_MODES, GreySlice, apply_lut, blend_labels, over
from backend.render.views.changes import Remembered, SceneChanges
from backend.render.views.segments import LabelLayer
from backend.render.views.thick import ThickSlice
from backend.render.views.volumes import VolumeSource, VolumeSources, content_key, ijk_to_world

if TYPE_CHECKING:
    from backend.render.views.slice_geometry import Geometry

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Layers:
    """A finished slice: (h, w) grey or (h, w, 3) colour, and where a volume is: its alpha or column spans, or everywhere."""

    pixels: Pixels
    given_alpha: Pixels | None = None
    spans: NDArray[np.int64] | None = None

    @property
    def alpha(self) -> Pixels | None:
        """(h, w): 255 where a volume is, 0 elsewhere; None where it is all. Made only when asked for."""
        if self.spans is not None:
            grey = self.pixels if self.pixels.ndim == 2 else self.pixels[:, :, 0]
            return GreySlice(grey, self.spans).alpha()
        return self.given_alpha

    def rgba(self) -> Pixels:
        """(h, w, 4), alpha 0 where there is no volume."""
        if self.pixels.ndim == 2 and self.given_alpha is None:
            return GreySlice(self.pixels, self.spans).rgba()
        alpha = self.alpha
        opaque = np.full(self.pixels.shape[:2], 255, np.uint8) if alpha is None else alpha
        return np.dstack([self.rgb(), opaque])

    def rgb(self) -> Pixels:
        """(h, w, 3), a copy that may be drawn on."""
        return np.repeat(self.pixels[:, :, None], 3, axis=2) if self.pixels.ndim == 2 else self.pixels.copy()


@dataclass(frozen=True)
class ScalarLayer:
    """Everything a kernel needs for one scalar volume, whatever the plane."""

    source: VolumeSource
    ras_to_ijk: NDArray[np.floating[Any]]
    window: float
    level: float
    interpolate: bool
    lut: Pixels | None  # (256, 3), None for grey
    opacity: float = 1.0
    thick: ThickSlice | None = None

    def draw(self, geometry: Geometry) -> Layers:
        """The layer alone, outside black with alpha 0."""
        slab = self.thick.samples(geometry.slice_to_ras, self.ras_to_ijk) if self.thick else None
        grey = self.source.slices.grey(geometry.plane(self.ras_to_ijk), self.window, self.level, self.interpolate, slab)
        if self.lut is None:
            return Layers(grey.pixels, spans=grey.inside)
        pixels = apply_lut(grey.pixels, self.lut)
        if grey.inside is not None:
            pixels[grey.alpha() == 0] = 0
        return Layers(pixels, spans=grey.inside)


@dataclass(frozen=True)
class LabelMapLayer:
    """A label map volume: nearest voxels through its colour table, whole or only the outlines of labels."""

    source: VolumeSource
    ras_to_ijk: NDArray[np.floating[Any]]
    colors: NDArray[np.float32]
    opacity: float
    outline_px: int  # 0 where labels are filled

    def over(self, below: Layers, geometry: Geometry) -> Layers:
        """The layers with this one blended over them."""
        labels = self.source.slices.labels(geometry.plane(self.ras_to_ijk))
        colors, opacity = self.colors.copy(), self.colors[:, 3] * self.opacity
        outline = opacity if self.outline_px else np.zeros_like(opacity)
        colors[:, 3] = 0 if self.outline_px else opacity
        rgb, alpha = below.rgb(), below.alpha
        if alpha is None:
            blend_labels(rgb, labels, colors, outline, self.outline_px)
            return Layers(rgb)
        shown = np.repeat(alpha[:, :, None], 3, axis=2)  # beyond the other volumes labels are as opaque as they are drawn
        blend_labels(rgb, labels, colors, outline, self.outline_px)
        colors[:, :3] = 255
        blend_labels(shown, labels, colors, outline, self.outline_px)
        return Layers(rgb, np.ascontiguousarray(shown[:, :, 0]))


@dataclass(frozen=True)
class Stack:
    """The volume layers of a slice view as they are now, and a key of everything that decides their look but the plane."""

    base: ScalarLayer | None
    front: ScalarLayer | None
    labels: LabelMapLayer | None
    is_empty: bool
    is_plain: bool  # else only Slicer's own pipeline can draw it
    key: tuple[Any, ...]


class LayerStack:
    """The three volume layers of one slice view."""

    def __init__(self, logic: Any, sources: VolumeSources, changes: SceneChanges) -> None:
        self._logic, self._sources = logic, sources
        self.now = Remembered(changes, self._read)

    def _key(self) -> tuple[Any, ...]:
        """Changes whenever the layers may look different for another reason than geometry."""
        composite = self._logic.GetSliceCompositeNode()
        volumes = tuple(content_key(node) for node in self._nodes() if node is not None)
        node = self._logic.GetSliceNode()
        return (volumes, composite.GetMTime(), ThickSlice.of(node), node.GetUseLabelOutline())

    def _nodes(self) -> list[Any | None]:
        composite = self._logic.GetSliceCompositeNode()
        scene = self._logic.GetMRMLScene()
        ids = (
            composite.GetBackgroundVolumeID(),
            composite.GetForegroundVolumeID(),
            composite.GetLabelVolumeID(),
        )
        return [scene.GetNodeByID(node_id) if node_id else None for node_id in ids]

    def prepare(self, geometry: Geometry) -> Callable[[], Layers] | None:
        """Take in the layers now, draw them later on any thread; None where the view shows no volume at all."""
        stack = self.now()
        if stack.is_empty:
            return None
        if not stack.is_plain:
            drawn = self._by_slice_logic(geometry)
            return lambda: drawn
        return lambda: _draw(stack, geometry)

    def _read(self) -> Stack:
        background, foreground, label = self._nodes()
        composite = self._logic.GetSliceCompositeNode()
        base = self._scalar(background)
        front = self._scalar(foreground, composite.GetForegroundOpacity())
        labels = self._label_map(label, composite.GetLabelOpacity())
        plain = (
            composite.GetCompositing() == composite.Alpha
            and (base is None) == (background is None)
            and (front is None) == (foreground is None)
            and (labels is None) == (label is None)
        )
        empty = background is None and foreground is None and label is None
        return Stack(base, front, labels, empty, plain, self._key())

    def _scalar(self, node: Any | None, opacity: float = 1.0) -> ScalarLayer | None:
        if node is None or not node.IsA("vtkMRMLScalarVolumeNode") or node.IsA("vtkMRMLLabelMapVolumeNode"):
            return None
        display, matrix, source = (
            node.GetScalarVolumeDisplayNode(),
            ijk_to_world(node),
            self._sources.of(node),
        )
        if display is None or matrix is None or source is None or display.GetApplyThreshold():
            return None
        window, level, interpolate = display.GetWindow(), display.GetLevel(), bool(display.GetInterpolate())
        thick = ThickSlice.of(self._logic.GetSliceNode())
        return ScalarLayer(source, np.linalg.inv(matrix), window, level, interpolate, _lut(display), opacity, thick)

    def _label_map(self, node: Any | None, opacity: float) -> LabelMapLayer | None:
        if node is None or not node.IsA("vtkMRMLLabelMapVolumeNode") or node.GetDisplayNode() is None:
            return None
        matrix, source = ijk_to_world(node), self._sources.of(node)
        color = node.GetDisplayNode().GetColorNode()
        if matrix is None or source is None or color is None or color.GetLookupTable() is None:
            return None
        table = vtk_to_numpy(color.GetLookupTable().GetTable()).astype(np.float32)
        colors = np.column_stack([table[:, :3], table[:, 3] / 255.0])
        is_outlined = self._logic.GetSliceNode().GetUseLabelOutline()
        outline_px = node.GetDisplayNode().GetSliceIntersectionThickness() if is_outlined else 0
        return LabelMapLayer(source, np.linalg.inv(matrix), np.ascontiguousarray(colors, np.float32), opacity, outline_px)

    def _by_slice_logic(self, geometry: Geometry) -> Layers:
        node = self._logic.GetSliceNode()
        before = node.GetDimensions(), node.GetFieldOfView()
        node.SetDimensions(geometry.width, geometry.height, 1)
        node.SetFieldOfView(geometry.width * geometry.mm_per_px, geometry.height * geometry.mm_per_px, before[1][2])
        try:
            connection = self._logic.GetImageDataConnection()
            if connection is None:
                empty = np.zeros((geometry.height, geometry.width), np.uint8)
                return Layers(empty, empty)
            self._thicken(geometry, before[1][2])
            connection.GetProducer().Update()
            image = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
            scalars = vtk_to_numpy(image.GetPointData().GetScalars())
            rgba = np.ascontiguousarray(scalars.reshape(geometry.height, geometry.width, 4)[::-1])
        finally:
            node.SetDimensions(*before[0])
            node.SetFieldOfView(*before[1])
        alpha = np.ascontiguousarray(rgba[:, :, 3])
        rgb = np.ascontiguousarray(rgba[:, :, :3])
        rgb[alpha == 0] = 0
        return Layers(rgb, alpha)

    def _thicken(self, geometry: Geometry, step_mm: float) -> None:
        """Have Slicer's pipeline gather the samples that our kernels would: by itself it takes a part of the thickness only.

        `step_mm` is what one slice of the pipeline's output measures along the normal.
        """
        thick = ThickSlice.of(self._logic.GetSliceNode())
        layers = self._logic.GetBackgroundLayer(), self._logic.GetForegroundLayer()
        for node, layer in zip(self._nodes(), layers, strict=False):
            matrix = ijk_to_world(node) if thick and node is not None and node.GetImageData() else None
            if thick is None or matrix is None or node is None:
                continue
            slab = thick.samples(geometry.slice_to_ras, np.linalg.inv(matrix))
            samples_mm = float(np.linalg.norm(matrix[:3, :3] @ slab.step))
            across = np.linalg.norm(matrix[:3, :3] @ node.GetImageData().GetDimensions())
            reach = min(slab.reach, math.ceil(2 * across / samples_mm))
            layer.GetReslice().SetSlabMode(SLAB_MODES.index(slab.mode))
            layer.GetReslice().SetSlabNumberOfSlices(2 * reach + 1)
            layer.GetReslice().SetSlabSliceSpacingFraction(samples_mm / step_mm)


def _lut(display: Any) -> Pixels | None:
    """The colour table of a scalar volume's display as (256, 3), None where it is plain grey."""
    color = display.GetColorNode()
    if color is None or color.GetID() == "vtkMRMLColorTableNodeGrey":
        return None
    function = color.GetScalarsToColors()
    if function is None:
        return None
    low, high = function.GetRange()
    values = np.linspace(low, high, 256)
    table = np.array([[round(c * 255) for c in _color_at(function, value)] for value in values], np.uint8)
    return None if (table[:, 0] == np.arange(256)).all() and (table == table[:, :1]).all() else table


def _color_at(function: Any, value: float) -> tuple[float, float, float]:
    color = [0.0, 0.0, 0.0]
    function.GetColor(value, color)
    return color[0], color[1], color[2]


def _draw(stack: Stack, geometry: Geometry) -> Layers:
    if stack.base is not None:
        result = stack.base.draw(geometry)
    else:
        empty = np.zeros((geometry.height, geometry.width), np.uint8)
        result = Layers(empty, empty)
    if stack.front is not None and stack.front.opacity > 0:
        result = _blend(result, stack.front.draw(geometry), stack.front.opacity)
    if stack.labels is not None and stack.labels.opacity > 0:
        result = stack.labels.over(result, geometry)
    return result


def _blend(below: Layers, above: Layers, opacity: float) -> Layers:
    shown = above.alpha
    weight = np.full((1, 1), opacity, np.float32) if shown is None else shown / np.float32(255) * np.float32(opacity)
    rgb = below.rgb()
    mixed = rgb + (above.rgb().astype(np.float32) - rgb) * weight[:, :, None]
    alpha = below.alpha
    if alpha is not None:  # beyond the background the foreground is as opaque as it is blended
        through = 255.0 - alpha
        alpha = (alpha + through * weight + 0.5).astype(np.uint8)
    return Layers((mixed + 0.5).astype(np.uint8), alpha)


@dataclass(frozen=True)
class Overlaid:
    """A slice with segmentations and what OpenGL drew over it; call it to draw, on any thread."""

    geometry: Geometry
    layers: Callable[[], Layers] | None
    segments: list[LabelLayer]
    drawn: Pixels | None

    def __call__(self) -> Layers:
        geometry = self.geometry
        if self.layers is None:
            result = Layers(np.zeros((geometry.height, geometry.width), np.uint8), None)
        else:
            result = self.layers()
        if not self.segments and self.drawn is None:
            return result
        rgb = result.rgb()
        for layer in self.segments:
            labels = layer.slices.labels(geometry.plane(layer.ras_to_ijk))
            blend_labels(rgb, labels, layer.colors, layer.outline, layer.outline_px)
        if self.drawn is not None:
            over(rgb, self.drawn)
        return Layers(rgb, result.given_alpha, result.spans)
