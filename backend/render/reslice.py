"""Slices of a volume without OpenGL: window/levelled pictures of any plane, label maps, and drawing one over the other."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from backend.render.kernels import slabs
from backend.render.kernels import slices as kernels

Matrix = NDArray[np.floating[Any]]
Grey = NDArray[np.uint8]
Samples = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Along an axis of a volume: lower voxel index of each, -1 outside, and weight of the upper one."""

THICKEST_OUTLINE = 16
SLAB_PLANES = 32
SLAB_BYTES = 64 << 20
AXIS_TOLERANCE = 1e-7  # voxels per pixel across another axis that still count as aligned

# Kernels are compiled for these; other types are converted once, when a volume is first sliced.
NATIVE_DTYPES = (np.uint8, np.int16, np.uint16, np.int32, np.float32)


@dataclass(frozen=True)
class Plane:
    """A picture's pixels in voxel coordinates (i, j, k): centre of the top-left pixel, and the steps right and down."""

    origin: Matrix
    right: Matrix
    down: Matrix
    width: int
    height: int

    @classmethod
    def from_matrices(cls, slice_to_ras: Matrix, mm_per_px: float, width: int, height: int, ras_to_ijk: Matrix) -> Plane:
        """The plane of a slice view.

        `slice_to_ras` (4, 4) has columns screen right, screen up, normal and the picture's centre (RAS mm). Like Slicer's
        XYToRAS the centre lies on pixel (width / 2, height / 2) counted from the bottom left.
        """
        to_ijk = (ras_to_ijk @ slice_to_ras)[:3].tolist()  # so few numbers are quicker by themselves
        right, down = [row[0] * mm_per_px for row in to_ijk], [row[1] * -mm_per_px for row in to_ijk]
        to_left, to_top = width / 2, height - 1 - height / 2
        origin = [row[3] - r * to_left - d * to_top for row, r, d in zip(to_ijk, right, down, strict=True)]
        return cls(np.array(origin), np.array(right), np.array(down), width, height)


SlabMode = Literal["mip", "minip", "mean", "sum"]
SLAB_MODES: tuple[SlabMode, ...] = ("minip", "mip", "mean", "sum")  # by number in VTK, in MRML and in the kernels


@dataclass(frozen=True)
class Slab:
    """Samples of a thick slice: `reach` on either side of the plane and the one in it, `step` (3,) voxels apart."""

    mode: SlabMode
    step: Matrix
    reach: int

    @classmethod
    def of_thickness(cls, mode: SlabMode, thickness_mm: float, per_mm: Matrix, oversampling: float) -> Self:
        """All samples within half the thickness of the plane, the plane's own among them.

        `per_mm` (3,): voxels along each axis for one mm along the normal. Samples lie `oversampling` to a voxel, so where
        the plane lies on voxel centres none of those is missed.
        """
        step_mm = 1.0 / (float(np.abs(per_mm).max()) * oversampling)
        return cls(mode, per_mm * step_mm, int(thickness_mm / 2 / step_mm + 1e-6))


@dataclass(frozen=True)
class GreySlice:
    """A (height, width) uint8 picture, black outside the volume; `inside` are columns [begin, end) of each row, None if all."""

    pixels: Grey
    inside: NDArray[np.int64] | None

    def rgba(self) -> Grey:
        """(height, width, 4), alpha 255 inside the volume, 0 outside."""
        height, width = self.pixels.shape
        spans = np.tile((0, width), (height, 1)) if self.inside is None else self.inside
        rgba = np.empty((height, width), "<u4")
        kernels.with_alpha(self.pixels, spans, rgba)
        return rgba.view(np.uint8).reshape(height, width, 4)

    def alpha(self) -> Grey:
        """(height, width): 255 inside the volume, 0 outside."""
        alpha = np.full(self.pixels.shape[:2], 255, np.uint8)
        if self.inside is not None:
            columns = np.arange(self.pixels.shape[1])
            alpha[(columns < self.inside[:, :1]) | (columns >= self.inside[:, 1:])] = 0
        return alpha


class SliceRenderer:
    """Slices one volume, (K, J, I) of any scalar type. Several threads may use it at once."""

    def __init__(self, voxels: NDArray[Any]) -> None:
        self._given = voxels
        self._voxels: NDArray[Any] | None = None
        self._slab: tuple[int, NDArray[Any]] | None = None
        self._lock = threading.Lock()

    @property
    def voxels(self) -> NDArray[Any]:
        """The voxels in a type and order that the kernels are made for."""
        if self._voxels is None:
            given = np.ascontiguousarray(self._given)
            self._voxels = given if given.dtype in NATIVE_DTYPES else given.astype(_near_type(given))
        return self._voxels

    def grey(self, plane: Plane, window: float, level: float, interpolate: bool = True, slab: Slab | None = None) -> GreySlice:
        """Window/levelled picture: `level` ± `window` / 2 become black and white; a negative window inverts.

        Of a slab only samples in the volume count; the mode sum adds them up as they are, however many a voxel has.
        """
        window = window if abs(window) > 1e-6 else 1e-6
        low, gain = np.float32(level - window / 2), np.float32(255.0 / window)
        out = np.empty((plane.height, plane.width), np.uint8)
        if slab is not None and slab.reach > 0:
            values, inside = self._slab_values(plane, slab, interpolate)
            kernels.window_values(values, low, gain, out)
            return _outside_black(out, inside)
        if not interpolate:
            values, inside = self._nearest(plane)
            kernels.window_values(values, low, gain, out)
            return _outside_black(out, inside)
        axes = _aligned_axes(plane)
        if axes is not None:
            return self._aligned(plane, axes, low, gain, out)
        spans = np.empty((plane.height, 2), np.int64)
        kernels.oblique(self.voxels, plane.origin, plane.right, plane.down, low, gain, out, spans)
        return GreySlice(out, _all_or(spans, plane.width))

    def labels(self, plane: Plane) -> NDArray[Any]:
        """Nearest voxels, (height, width) of the volume's type; outside is 0."""
        return self._nearest(plane)[0]

    def _nearest(self, plane: Plane) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
        out = np.empty((plane.height, plane.width), self.voxels.dtype)
        spans = np.empty((plane.height, 2), np.int64)
        kernels.nearest(self.voxels, plane.origin, plane.right, plane.down, out, spans)
        return out, _all_or(spans, plane.width)

    def _aligned(self, plane: Plane, axes: tuple[int, int, int], low: np.float32, gain: np.float32, out: Grey) -> GreySlice:
        across, along, normal = axes
        size = self.voxels.shape[::-1]  # (I, J, K)
        depth, depth_weight, _begin, _end = kernels.samples_along(size[normal], plane.origin[normal], 0.0, 1)
        rows, columns, spans = _footprint(plane, size, across, along)
        if depth[0] < 0:
            out[:] = 0
            return GreySlice(out, np.zeros((plane.height, 2), np.int64))
        first = int(depth[0])
        planes = self._planes(normal, first, min(first + 1, size[normal] - 1))
        plane0, plane1 = planes[0], planes[-1]
        # A plane is indexed [later axis, earlier axis]; pictures that run the other way are made transposed.
        transposed = along < across
        if transposed:
            turned = np.empty(out.shape[::-1], np.uint8)
            kernels.aligned(plane0, plane1, depth_weight[0], *columns, *rows, low, gain, turned)
            out[:] = turned.T
        else:
            kernels.aligned(plane0, plane1, depth_weight[0], *rows, *columns, low, gain, out)
        return GreySlice(out, spans)

    def _slab_values(self, plane: Plane, slab: Slab, interpolate: bool) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        """(height, width) float32 before window/level, NaN where no sample lies in the volume, and the columns of those."""
        first, last = _samples_within(plane, slab, self.voxels.shape)
        mode = SLAB_MODES.index(slab.mode)
        values = np.full((plane.height, plane.width), slabs.START[mode], np.float32)
        axes = _aligned_axes(plane) if interpolate else None
        if axes is not None and np.abs(slab.step).sum() - abs(slab.step[axes[2]]) < AXIS_TOLERANCE:
            return self._aligned_slab(plane, axes, slab.step[axes[2]], range(first, last + 1), mode, values)
        spans = np.empty((plane.height, 2), np.int64)
        counts = np.zeros(values.shape, np.int32)
        slabs.oblique(
            self.voxels, plane.origin, plane.right, plane.down, slab.step, first, last, interpolate, mode, values, counts, spans
        )
        if mode == slabs.MEAN:
            values /= np.maximum(counts, 1)
        values[counts == 0] = np.nan
        return values, _all_or(spans, plane.width)

    def _aligned_slab(
        self, plane: Plane, axes: tuple[int, int, int], step: float, samples: range, mode: int, values: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
        across, along, normal = axes
        size = self.voxels.shape[::-1]  # (I, J, K)
        rows, columns, spans = _footprint(plane, size, across, along)
        depths, weights, _begin, _end = kernels.samples_along(
            size[normal], plane.origin[normal] + samples.start * step, step, len(samples)
        )
        order = np.argsort(depths, kind="stable")[(depths < 0).sum() :]
        if not len(order):
            return np.full_like(values, np.nan), np.zeros((plane.height, 2), np.int64)
        depths, weights = depths[order], weights[order]
        transposed = along < across
        gathered = np.full(values.shape[::-1], slabs.START[mode], np.float32) if transposed else values
        begin = 0
        while begin < len(depths):  # as many planes at once as a turned slab may hold
            first = int(depths[begin])
            end = int(np.searchsorted(depths, first + self._planes_at_once(normal) - 1))
            planes = self._planes(normal, first, min(int(depths[end - 1]) + 1, size[normal] - 1))
            here = depths[begin:end] - first, weights[begin:end]
            if transposed:
                slabs.aligned(planes, *here, *columns, *rows, mode, gathered)
            else:
                slabs.aligned(planes, *here, *rows, *columns, mode, gathered)
            begin = end
        values = np.ascontiguousarray(gathered.T) if transposed else gathered
        if mode == slabs.MEAN:
            values /= np.float32(len(depths))
        return values, spans

    def _planes_at_once(self, normal: int) -> int:
        voxels = self.voxels
        if normal != 0:
            return int(voxels.shape[2 - normal]) + 1
        return max(2, min(SLAB_PLANES, SLAB_BYTES // max(1, voxels[:, :, 0].nbytes)))

    def _planes(self, normal: int, first: int, last: int) -> NDArray[Any]:
        """Planes first..last, at most `_planes_at_once`, indexed [plane, later axis, earlier axis]."""
        voxels = self.voxels
        if normal == 2:
            return voxels[first : last + 1]
        if normal == 1:
            return voxels[:, first : last + 1].transpose(1, 0, 2)
        with self._lock:  # strided reads of single sagittal planes cost a cache line a voxel, so a slab is turned at once
            begin, slab = self._slab or (0, voxels[:0])
            if not (len(slab) and begin <= first and last < begin + len(slab)):
                planes = min(self._planes_at_once(normal), voxels.shape[2])
                begin = max(0, min(first - (planes - (last + 1 - first)) // 2, voxels.shape[2] - planes))
                slab = np.empty((planes, *voxels.shape[:2]), voxels.dtype)
                kernels.transpose_slab(voxels, begin, len(slab), slab)
                self._slab = (begin, slab)
        return slab[first - begin : last + 1 - begin]


def apply_lut(grey: Grey, lut: Grey) -> Grey:
    """(h, w, 3) picture of a grey one through a (256, 3) colour table."""
    return np.asarray(lut[grey])


def blend_labels(
    rgb: Grey, labels: NDArray[Any], colors: NDArray[np.float32], outline: NDArray[np.float32], thickness: int = 1
) -> None:
    """Draw labels over `rgb` (h, w, 3) in place.

    `colors` (n, 4): red, green, blue 0..255 and fill opacity 0..1 for each label; `outline` (n,): opacity of outlines, which
    lie within their label, `thickness` pixels wide (16 at most).
    """
    kernels.blend_labels(rgb, labels, colors, outline, max(0, min(thickness, THICKEST_OUTLINE)))


def over(rgb: Grey, overlay: Grey) -> None:
    """Lay `overlay` (h, w, 4), premultiplied, over `rgb` (h, w, 3) in place."""
    kernels.over(rgb, np.ascontiguousarray(overlay).view("<u4").reshape(rgb.shape[:2]))


def _near_type(array: NDArray[Any]) -> type:
    if array.dtype in (np.int8, np.bool_):
        return np.int16
    if array.dtype.kind in "iu" and array.size and np.abs(array).max() < 2**31:
        return np.int32
    return np.float32


def _aligned_axes(plane: Plane) -> tuple[int, int, int] | None:
    """Voxel axes that pixels run along rightwards and downwards, and the normal one; None for oblique planes."""
    right, down = [abs(step) for step in plane.right.tolist()], [abs(step) for step in plane.down.tolist()]
    across, along = right.index(max(right)), down.index(max(down))
    stray = sum(right) - right[across] + sum(down) - down[along]
    if across == along or stray * max(plane.width, plane.height) > 512 * AXIS_TOLERANCE:
        return None
    return across, along, 3 - across - along


def _samples_within(plane: Plane, slab: Slab, shape: tuple[int, ...]) -> tuple[int, int]:
    """First and last sample of a slab that can lie in a volume (K, J, I) at all; the plane's own alone where none can."""
    normal = np.cross(plane.right, plane.down)
    step, start = float(normal @ slab.step), float(normal @ plane.origin)
    if step == 0:
        return 0, 0
    size = np.array(shape[::-1])
    centre, half = float(normal @ (size - 1)) / 2, float(np.abs(normal) @ size) / 2
    ends = sorted(((centre - half - start) / step, (centre + half - start) / step))
    first, last = max(-slab.reach, math.floor(ends[0])), min(slab.reach, math.ceil(ends[1]))
    return (first, last) if first <= last else (0, 0)


def _footprint(
    plane: Plane, size: tuple[int, ...], across: int, along: int
) -> tuple[Samples, Samples, NDArray[np.int64] | None]:
    """Of a plane along axes of a volume of `size` (I, J, K): where its rows and its columns lie, and `GreySlice.inside`."""
    rows, row_weights, top, bottom = kernels.samples_along(size[along], plane.origin[along], plane.down[along], plane.height)
    columns, column_weights, left, right = kernels.samples_along(
        size[across], plane.origin[across], plane.right[across], plane.width
    )
    spans = None
    if bottom - top < plane.height or right - left < plane.width:
        spans = np.zeros((plane.height, 2), np.int64)
        spans[top:bottom] = left, right
    return (rows, row_weights), (columns, column_weights), spans


def _all_or(spans: NDArray[np.int64], width: int) -> NDArray[np.int64] | None:
    return None if (spans[:, 0] == 0).all() and (spans[:, 1] == width).all() else spans


def _outside_black(out: Grey, inside: NDArray[np.int64] | None) -> GreySlice:
    result = GreySlice(out, inside)
    if inside is not None:
        out[result.alpha() == 0] = 0
    return result
