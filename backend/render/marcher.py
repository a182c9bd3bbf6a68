"""Volume rendering on the CPU: empty-space leaping, early termination, shading, cropping, MIP, over geometry by depth.

While moving, a half-size volume and fewer rays; standing, everything. A volume keeps its voxels (shared where they are int16
or uint8 already), a half-size copy (an eighth) and two small maps.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from backend.errors import SupersededError
from backend.render.kernels import march as kernels

Matrix = NDArray[np.float64]
Floats = NDArray[np.float32]

THREADS = os.cpu_count() or 2
TILE_ROWS = 8
FAR_MM = np.float32(1e30)
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="march")


@dataclass(frozen=True)
class Camera:
    """VTK's camera: RAS mm, vertical view angle in degrees; `parallel_scale` is half the height in mm, None for perspective."""

    position: Matrix
    focal_point: Matrix
    view_up: Matrix
    view_angle: float = 30.0
    parallel_scale: float | None = None

    def rays(self, width: int, height: int) -> Matrix:
        """(6, 3) RAS mm: origin of the top-left pixel's ray, its steps right and down, the same for directions."""
        forward = self.focal_point - self.position
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, self.view_up)
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        half = self.parallel_scale or math.tan(math.radians(self.view_angle) / 2)
        pixel = 2 * half / height
        corner = right * (pixel - pixel * width) / 2 + up * (half - pixel / 2)
        nothing = np.zeros(3)
        if self.parallel_scale is not None:
            return np.array([self.position + corner, right * pixel, -up * pixel, forward, nothing, nothing])
        return np.array([self.position, nothing, nothing, forward + corner, right * pixel, -up * pixel])


@dataclass(frozen=True)
class TransferFunction:
    """Colour (n, 3) 0..1 and opacity (n,) per `unit_distance_mm`, tabulated evenly from value `low` to `high`."""

    low: float
    high: float
    rgb: Floats
    opacity: Floats
    unit_distance_mm: float = 1.0
    shade: bool = True
    ambient: float = 0.2
    diffuse: float = 0.9
    specular: float = 0.2
    specular_power: float = 10.0

    @classmethod
    def from_points(
        cls,
        low: float,
        high: float,
        colors: list[tuple[float, float, float, float]],
        opacity: list[tuple[float, float]],
        **options: Any,
    ) -> TransferFunction:
        """From control points (value, red, green, blue) and (value, opacity), linear between them."""
        values = np.linspace(low, high, 4096)
        at = np.array(colors)
        rgb = np.column_stack([np.interp(values, at[:, 0], at[:, c]) for c in (1, 2, 3)])
        alpha = np.interp(values, *np.array(opacity).T)
        return cls(low, high, rgb.astype(np.float32), alpha.astype(np.float32), **options)


class Level:
    """One resolution of a volume with its maps of where it is visible."""

    def __init__(self, voxels: NDArray[Any], ijk_to_ras: Matrix) -> None:
        self.voxels, self.ijk_to_ras = voxels, ijk_to_ras
        self.ras_to_ijk = np.linalg.inv(ijk_to_ras)
        self.spacing = np.linalg.norm(ijk_to_ras[:3, :3], axis=0).astype(np.float32)
        blocks = tuple((size + kernels.BLOCK - 1) // kernels.BLOCK for size in voxels.shape)
        self.block_low, self.block_high = np.empty(blocks, voxels.dtype), np.empty(blocks, voxels.dtype)
        kernels.block_range(voxels, self.block_low, self.block_high)

    def distance(self, opacity: Floats, low: float, scale: float) -> NDArray[np.uint8]:
        """Chebyshev distance in blocks to the nearest block with anything visible; 0 where it is visible itself."""
        seen = np.concatenate([[0], np.cumsum(opacity > kernels.VISIBLE / 4)])
        last = len(opacity) - 1
        first = np.clip(((self.block_low.astype(np.float32) - low) * scale).astype(np.int32), 0, last)
        final = np.clip(((self.block_high.astype(np.float32) - low) * scale).astype(np.int32) + 1, 0, last)
        visible = seen[final + 1] > seen[first]
        if not visible.any():
            return np.full(visible.shape, 255, np.uint8)
        chess = ndimage.distance_transform_cdt(~visible, "chessboard")
        return np.minimum(chess, 255).astype(np.uint8)


class VolumeMarcher:
    """One volume, (K, J, I) of any integer or float type, placed by `ijk_to_ras` (4, 4). Safe to render from many threads."""

    def __init__(self, voxels: NDArray[Any], ijk_to_ras: Matrix) -> None:
        stored, self._offset, self._scale = _storable(_at_least_two(voxels))
        self._full = Level(stored, np.asarray(ijk_to_ras, np.float64))
        self._half: Level | None = None
        self._half_lock = threading.Lock()
        self._transfer: TransferFunction | None = None
        self._distances: dict[int, NDArray[np.uint8]] = {}
        self._ras_to_box = np.diag([1e-9, 1e-9, 1e-9, 1.0])

    @property
    def half(self) -> Level:
        """The half-size volume, made when first wanted."""
        with self._half_lock:
            if self._half is None:
                full = self._full.voxels
                small = np.empty(tuple(max(2, (size + 1) // 2) for size in full.shape), full.dtype)
                kernels.halve(_even(full, small.shape), small)
                matrix = self._full.ijk_to_ras @ np.array(
                    [[2, 0, 0, 0.5], [0, 2, 0, 0.5], [0, 0, 2, 0.5], [0, 0, 0, 1.0]]
                )
                self._half = Level(small, matrix)
            return self._half

    def set_transfer(self, transfer: TransferFunction) -> None:
        """Set colours, opacity and shading."""
        self._transfer, self._distances = transfer, {}

    def set_crop(self, box_to_ras: Matrix | None, half_size: Matrix | None) -> None:
        """Show only what lies in a box: its axes and centre (4, 4, RAS mm) and half its size (3,), mm; None shows all."""
        if box_to_ras is None or half_size is None:
            self._ras_to_box = np.diag([1e-9, 1e-9, 1e-9, 1.0])
        else:
            sized = box_to_ras @ np.diag([*np.maximum(half_size, 1e-6), 1.0])
            self._ras_to_box = np.linalg.inv(sized)

    def render(
        self,
        camera: Camera,
        width: int,
        height: int,
        *,
        image: NDArray[np.uint8],
        depth_mm: Floats | None = None,
        detail: Literal["moving", "still"] = "still",
        rays: tuple[int, int] | None = None,
        mode: Literal["composite", "mip"] = "composite",
        aborted: Callable[[], bool] | None = None,
    ) -> NDArray[np.uint8]:
        """Draw the volume over `image` (h, w, 3), behind geometry at `depth_mm` (h, w) along the view axis.

        Raises:
            SupersededError: `aborted` said so, between two tiles.
        """
        level = self._full if detail == "still" else self.half
        columns, rows = rays or (width, height)
        transfer = self._transfer
        if transfer is None:
            return image
        depth = _depth_at(depth_mm, columns, rows)
        step = float(level.spacing.min()) * (1.0 if detail == "still" else 0.85)
        lut, distance = self._tables(level, transfer, step, mode)
        rays_ras = camera.rays(columns, rows)
        low = (transfer.low - self._offset) / self._scale
        scale = (len(lut) - 1) * self._scale / max(transfer.high - transfer.low, 1e-6)
        light = tuple(
            np.float32(v)
            for v in (transfer.ambient, transfer.diffuse, transfer.specular, transfer.specular_power)
        )
        layer = np.empty((rows, columns, 4), np.float32)
        out = np.empty((height, width, 3), np.uint8)

        def tile(first: int) -> None:
            if aborted is not None and aborted():
                raise SupersededError("a newer picture is wanted")
            kernels.march(
                level.voxels, distance, level.block_high, lut, np.float32(low), np.float32(scale),
                _into(rays_ras, level.ras_to_ijk), _into(rays_ras, self._ras_to_box), level.spacing, np.float32(step),
                transfer.shade and mode == "composite", mode == "mip",
                first, min(first + TILE_ROWS, rows), depth, light, layer,
            )  # fmt: skip

        _run(tile, range(0, rows, TILE_ROWS))
        share = -(-height // THREADS)
        _run(
            lambda first: kernels.composite(layer, image, first, min(first + share, height), out),
            range(0, height, share),
        )
        return out

    def _tables(
        self, level: Level, transfer: TransferFunction, step: float, mode: str
    ) -> tuple[Floats, NDArray[np.uint8]]:
        lut = np.empty((len(transfer.opacity), 4), np.float32)
        lut[:, :3] = transfer.rgb * 255.0
        lut[:, 3] = (
            transfer.opacity
            if mode == "mip"
            else 1.0
            - (1.0 - np.minimum(transfer.opacity, 0.9999)) ** (step / max(transfer.unit_distance_mm, 1e-6))
        )
        distances = self._distances
        found = distances.get(id(level))
        if found is None:
            low = (transfer.low - self._offset) / self._scale
            scale = (len(lut) - 1) * self._scale / max(transfer.high - transfer.low, 1e-6)
            found = level.distance(lut[:, 3], low, scale)
            distances[id(level)] = found
        return lut, found


class MotionBudget:
    """How many rays a moving picture may have: fewer when pictures take longer than the budget. Pure: time is fed in."""

    def __init__(self, budget_s: float = 0.033, least: int = 160, most: int = 512) -> None:
        self._budget, self._least, self._most = budget_s, least, most
        self._rays = 256.0

    def rays(self, width: int, height: int) -> tuple[int, int]:
        """Columns and rows for a picture of this size."""
        long_side = max(width, height)
        scale = min(1.0, self._rays / long_side)
        return max(1, round(width * scale / 2) * 2), max(1, round(height * scale / 2) * 2)

    def took(self, seconds: float) -> None:
        """Tell how long the last picture took; changes are small and rare so that the picture does not swim."""
        ratio = self._budget / max(seconds, 1e-4)
        if ratio < 0.8 or ratio > 1.5:
            wanted = self._rays * min(max(math.sqrt(ratio), 0.85), 1.1)
            self._rays = float(min(max(wanted, self._least), self._most))


def eye_depth(zbuffer: Floats, near: float, far: float, parallel: bool) -> Floats:
    """Depth buffer (h, w) 0..1 to distance along the view axis in mm; 1e30 where nothing was drawn."""
    out = np.empty(zbuffer.shape, np.float32)
    kernels.eye_depth(np.ascontiguousarray(zbuffer), near, far, parallel, out)
    return out


def _run(work: Callable[[int], None], items: range) -> None:
    """All items on the pool; the first error ends the rest and is raised."""
    pending = [_pool.submit(work, item) for item in items]
    failure: BaseException | None = None
    for future in pending:
        if failure is not None and future.cancel():
            continue
        error = future.exception()
        failure = failure or error
    if failure is not None:
        raise failure


def _into(rays: Matrix, matrix: Matrix) -> Matrix:
    """Rays (origins and directions, RAS mm) in another coordinate system."""
    result = rays @ matrix[:3, :3].T
    result[0] += matrix[:3, 3]
    return result


def _depth_at(depth_mm: Floats | None, columns: int, rows: int) -> Floats:
    if depth_mm is None:
        return np.full((rows, columns), FAR_MM, np.float32)
    height, width = depth_mm.shape
    if (height, width) == (rows, columns):
        return depth_mm
    at_rows = ((np.arange(rows) + 0.5) * height / rows).astype(np.int64)
    at_columns = ((np.arange(columns) + 0.5) * width / columns).astype(np.int64)
    return np.ascontiguousarray(depth_mm[at_rows[:, None], at_columns[None, :]])


def _storable(voxels: NDArray[Any]) -> tuple[NDArray[Any], float, float]:
    """Voxels as int16 or uint8 with (offset, scale): value = offset + scale × stored. Others are quantised to 15 bits."""
    if voxels.dtype in (np.int16, np.uint8):
        return np.ascontiguousarray(voxels), 0.0, 1.0
    finite = np.nan_to_num(voxels, nan=np.nanmin(voxels)) if voxels.dtype.kind == "f" else voxels
    low, high = float(finite.min()), float(finite.max())
    if voxels.dtype.kind in "iu" and low >= -32768 and high <= 32767:
        return np.ascontiguousarray(finite, dtype=np.int16), 0.0, 1.0
    scale = max((high - low) / 32767.0, 1e-12)
    stored = ((finite.astype(np.float32) - np.float32(low)) / np.float32(scale)).astype(np.int16)
    return np.ascontiguousarray(stored), low, scale


def _at_least_two(voxels: NDArray[Any]) -> NDArray[Any]:
    """Interpolation needs two voxels along each axis: a single one is doubled."""
    for axis in range(3):
        if voxels.shape[axis] == 1:
            voxels = np.repeat(voxels, 2, axis=axis)
    return voxels


def _even(voxels: NDArray[Any], small: tuple[int, ...]) -> NDArray[Any]:
    """Pad so that halving to `small`, at least two along each axis, stays inside."""
    missing = [max(0, 2 * s - 1 - size) for s, size in zip(small, voxels.shape, strict=True)]
    return np.pad(voxels, [(0, m) for m in missing], mode="edge") if any(missing) else voxels
