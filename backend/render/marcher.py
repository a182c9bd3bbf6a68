"""Volume rendering on the CPU: empty-space leaping, early termination, shading, cropping, MIP, over
geometry by depth.

While moving, a half-size volume and fewer rays; standing, everything. A volume keeps its voxels (shared,
not copied, where
they are int16 or uint8, or uint16 below 32768), a half-size copy (a quarter to an eighth of them) and maps
of their blocks
(under 1 %); other types are kept as an int16 copy.
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

from backend.errors import SupersededError
from backend.render.kernels import march as kernels

Matrix = NDArray[np.float64]
Floats = NDArray[np.float32]
Mode = Literal["composite", "mip"]

TILE = 32
"""Width and height in rays of what one call of the kernel does: a few ms at most, so that stopping is prompt."""
MOVING_TILE = 64
"""The same while moving, where nothing is stopped and each call's own cost counts."""
MOVING_WHOLE_VOXELS = 4 << 20
"""Volumes up to this size are marched whole while moving too: half of little is a blur."""
STILL_OPAQUE, MOVING_OPAQUE = 0.02, 0.05
"""A ray ends when less than this passes."""
MOVING_LEAST_WEIGHT = 0.02
"""While moving, a sample that adds less than this keeps the shading of the one before."""


class _Workers:
    """The threads that all marchers share."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.pool = ThreadPoolExecutor(count, thread_name_prefix="march")


_workers = _Workers(os.cpu_count() or 2)


def configure_threads(count: int) -> None:
    """Use this many threads for all volume rendering of the process; pictures under way end on the old
    ones."""
    global _workers
    _workers = _Workers(max(1, count))


@dataclass(frozen=True)
class Camera:
    """VTK's camera: RAS mm, float64 (3,), vertical view angle; `parallel_scale_mm` is half the height,
    None = perspective."""

    position: Matrix
    focal_point: Matrix
    view_up: Matrix
    view_angle_deg: float = 30.0
    parallel_scale_mm: float | None = None

    def axes(self) -> Matrix:
        """(3, 3) unit vectors, RAS: right, up, forward. A view-up along the axis is replaced by any other."""
        forward = np.asarray(self.focal_point, np.float64) - self.position
        forward = forward / max(float(np.linalg.norm(forward)), 1e-12)
        right = np.cross(forward, self.view_up)
        if np.linalg.norm(right) < 1e-9:
            right = np.cross(forward, np.roll(forward, 1) + np.array((0.0, 0.1, 0.3)))
        right = right / max(float(np.linalg.norm(right)), 1e-12)
        return np.array([right, np.cross(right, forward), forward])

    def rays(self, width: int, height: int, columns: int, rows: int) -> Matrix:
        """Rays (columns × rows) spread evenly over a picture of width × height pixels: (6, 3), RAS mm.

        Origin of the top-left ray, its steps right and down, then the same for directions, per mm along
        the view axis.
        """
        right, up, forward = self.axes()
        parallel = self.parallel_scale_mm is not None
        half = self.parallel_scale_mm or math.tan(math.radians(self.view_angle_deg) / 2)
        wide = half * width / height
        across, down = right * (2 * wide / columns), -up * (2 * half / rows)
        corner = -right * wide + up * half + (across + down) / 2
        position, nothing = np.asarray(self.position, np.float64), np.zeros(3)
        if parallel:
            return np.array([position + corner, across, down, forward, nothing, nothing])
        return np.array([position, nothing, nothing, forward + corner, across, down])


@dataclass(frozen=True)
class TransferFunction:
    """Colour (n, 3) 0..1 and opacity (n,) per `unit_distance_mm`, tabulated evenly from value `low` to
    `high`.

    `gradient_opacity` (m,) multiplies opacity, tabulated from gradient magnitude 0 to `gradient_high`, in
    values per mean
    voxel spacing as VTK measures it.
    """

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
    gradient_opacity: Floats | None = None
    gradient_high: float = 255.0

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
        at = np.array(colors, np.float64)
        rgb = np.column_stack([np.interp(values, at[:, 0], at[:, c]) for c in (1, 2, 3)])
        alpha = np.interp(values, *np.array(opacity, np.float64).T)
        return cls(low, high, rgb.astype(np.float32), alpha.astype(np.float32), **options)


class Level:
    """One resolution of a volume with the range of values in each of its blocks.

    Args:
        voxels: (K, J, I) int16 or uint8, C-contiguous.
        ijk_to_ras: (4, 4) from voxel centres of this level to RAS mm.
        low, high: (3,) the sampled box along i, j, k, in voxels of this level.
        shift: blocks have 2**shift voxels along each axis.
    """

    def __init__(self, voxels: NDArray[Any], ijk_to_ras: Matrix, low: Matrix, high: Matrix, shift: int) -> None:
        self.voxels, self.ijk_to_ras, self.low, self.high, self.shift = voxels, ijk_to_ras, low, high, shift
        self.flat = voxels.reshape(-1)
        self.size = np.array(voxels.shape[::-1], np.int64)
        self.ras_to_ijk = np.linalg.inv(ijk_to_ras)
        self.spacing: Matrix = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
        edge = 1 << shift
        blocks = tuple((size + edge - 1) // edge for size in voxels.shape)
        self.block_low, self.block_high = np.empty(blocks, voxels.dtype), np.empty(blocks, voxels.dtype)
        _each(
            lambda k: kernels.block_range(voxels, edge, self.block_low, self.block_high, k, k + 1),
            range(blocks[0]),
        )

    def leaps(self, opacity: Floats, low: float, scale: float) -> NDArray[np.uint8]:
        """Chebyshev distance in blocks to the nearest block with anything visible; 0 where it is visible
        itself."""
        seen = np.concatenate([[0], np.cumsum(opacity > kernels.INVISIBLE)])
        last = len(opacity) - 1
        first = np.clip(((self.block_low.astype(np.float32) - low) * scale), 0, last).astype(np.int32)
        final = np.clip(((self.block_high.astype(np.float32) - low) * scale) + 1, 0, last).astype(np.int32)
        visible = seen[final + 1] > seen[first]
        if not visible.any():
            return np.full(visible.shape, 255, np.uint8)
        from scipy import ndimage  # its import takes 0.3 s, which the first picture need not wait for

        chess = ndimage.distance_transform_cdt(~visible, "chessboard")
        distance: NDArray[np.uint8] = np.minimum(chess, 255).astype(np.uint8)
        return distance

    def outline(self, leaps: NDArray[np.uint8]) -> Floats:
        """Centres (n, 3) in voxels of visible blocks beside invisible ones or the border: what rays meet first and last."""
        if leaps.size == 0:
            return np.zeros((0, 3), np.float32)
        visible = leaps == 0
        inner = np.pad(visible, 1)
        inside = visible.copy()
        for axis in range(3):
            for side in (0, 2):
                inside &= inner[
                    tuple(slice(side, side + n) if a == axis else slice(1, -1) for a, n in enumerate(visible.shape))
                ]
        blocks = np.argwhere(visible & ~inside)[:, ::-1]
        return np.ascontiguousarray((blocks + 0.5) * (1 << self.shift), np.float32)

    def spans(self, camera: Camera, width: int, height: int, columns: int, rows: int, centres: Floats) -> Floats:
        """Depths between which rays meet anything visible, see `kernels.spans`; empty if the camera is in or beside it."""
        nowhere = np.zeros((0, 0, 2), np.float32)
        axes = camera.axes()
        to_camera = np.column_stack([axes @ self.ijk_to_ras[:3, :3], axes @ (self.ijk_to_ras[:3, 3] - camera.position)])
        half_block = ((1 << self.shift) + 1.5) / 2 * self.ijk_to_ras[:3, :3]
        signs = np.array([[1, a, b] for a in (-1, 1) for b in (-1, 1)])
        radius = float(np.linalg.norm(signs @ half_block.T, axis=1).max())
        corners = np.array([[*np.where(pick, self.high, self.low), 1.0] for pick in np.ndindex(2, 2, 2)])
        if centres.size == 0 or (corners @ to_camera[2]).min() < 4 * radius:
            return nowhere
        parallel = camera.parallel_scale_mm
        half = parallel or math.tan(math.radians(camera.view_angle_deg) / 2)
        across = np.array([(columns - 1) / 2, columns * height / (2 * half * width)], np.float32)
        down = np.array([(rows - 1) / 2, -rows / (2 * half)], np.float32)
        out = np.empty((-(-rows // kernels.CELL), -(-columns // kernels.CELL), 2), np.float32)
        kernels.spans(centres, to_camera.astype(np.float32), np.float32(radius), across, down, parallel is None, out)
        return out

    def view(self, camera: Camera, rays: Matrix) -> Floats:
        """The kernel's table of a view, see `kernels.march`."""
        right, up, forward = camera.axes()
        inverse = self.ras_to_ijk[:3, :3]
        table = np.zeros((kernels.VIEW_ROWS, 3))
        table[:6] = rays @ inverse.T
        table[kernels.ORIGIN] += self.ras_to_ijk[:3, 3]
        table[kernels.SLOPE_RIGHT, :2] = rays[3] @ right, rays[4] @ right
        table[kernels.SLOPE_DOWN, :2] = rays[3] @ up, rays[5] @ up
        table[kernels.AXIS] = inverse @ forward
        metric = inverse @ inverse.T
        table[kernels.METRIC_DIAGONAL] = np.diag(metric)
        table[kernels.METRIC_OFF] = 2 * metric[0, 1], 2 * metric[0, 2], 2 * metric[1, 2]
        table[kernels.LOW], table[kernels.HIGH] = self.low, self.high
        return table.astype(np.float32)


@dataclass(frozen=True)
class _Tables:
    """What the kernel needs of a transfer function at one level."""

    lut: Floats
    gradient: Floats
    leaps: NDArray[np.uint8]
    centres: Floats
    look: Floats


class VolumeMarcher:
    """One volume, (K, J, I) of any integer or float type, placed by `ijk_to_ras` (4, 4). Safe to render
    from many threads.

    Sampled from the first to the last voxel centre along each axis, as VTK does; a single voxel is as
    thick as it is.
    """

    def __init__(self, voxels: NDArray[Any], ijk_to_ras: Matrix) -> None:
        stored, self._offset, self._scale = _storable(voxels)
        placed = np.array(ijk_to_ras, np.float64)
        for axis in range(3):
            if stored.shape[2 - axis] == 1:  # interpolation needs two, half a voxel before and after
                stored = np.repeat(stored, 2, axis=2 - axis)
                placed[:3, 3] -= placed[:3, axis] / 2
        size = np.array(stored.shape[::-1], np.float64)
        self._full = Level(stored, placed, np.zeros(3), size - 1, shift=3)
        self._half: Level | None = None
        self._lock = threading.Lock()
        self._transfer: TransferFunction | None = None
        self._tables: dict[tuple[bool, Mode], _Tables] = {}
        self._planes: Matrix = np.zeros((0, 4))

    @property
    def half(self) -> Level:
        """The volume at half size, made when first wanted; axes with much wider spacing than others stay
        as they are."""
        with self._lock:
            if self._half is None:
                self._half = _halved(self._full)
            return self._half

    def set_transfer(self, transfer: TransferFunction) -> None:
        """Set colours, opacity and shading; tables and the map of empty space are made with the next
        picture."""
        with self._lock:
            self._transfer, self._tables = transfer, {}

    def set_crop(self, box_to_ras: Matrix | None, half_size: Matrix | None) -> None:
        """Show only what lies in a box: its axes and centre (4, 4, RAS mm) and half its size (3,), mm;
        None shows all."""
        if box_to_ras is None or half_size is None:
            self._planes = np.zeros((0, 4))
            return
        sides = np.array([[*(sign * np.eye(3)[a]), half_size[a]] for a in range(3) for sign in (1.0, -1.0)])
        self.set_crop_planes(sides @ np.linalg.inv(box_to_ras))

    def set_crop_planes(self, planes: Matrix) -> None:
        """Show only where a·x + b·y + c·z + d >= 0 for all planes (n, 4), RAS mm."""
        self._planes = np.asarray(planes, np.float64).reshape(-1, 4)

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
        mode: Mode = "composite",
        aborted: Callable[[], bool] | None = None,
    ) -> NDArray[np.uint8]:
        """Draw the volume over `image` (h, w, 3), behind geometry at `depth_mm` (h, w) along the view axis.

        Fewer rays (columns, rows) than pixels are stretched; where geometry's outline falls between them,
        pixels get rays
        of their own.

        Raises:
            SupersededError: `aborted` said so, between two tiles.
        """
        moving = detail == "moving"
        level = self.half if moving and self._full.voxels.size > MOVING_WHOLE_VOXELS else self._full
        columns, rows = rays or (width, height)
        tables = self._tables_of(level, moving, mode)
        if tables is None:
            return image
        depth = np.full((height, width), kernels.FAR, np.float32) if depth_mm is None else depth_mm
        image, depth = np.ascontiguousarray(image), np.ascontiguousarray(depth, np.float32)
        view = level.view(camera, camera.rays(width, height, columns, rows))
        planes = (self._planes @ level.ijk_to_ras).astype(np.float32)
        span = level.spans(camera, width, height, columns, rows, tables.centres)
        shade = tables.look[kernels.SHADE] > 0 and mode == "composite"
        layer = np.empty((rows * columns, 5), np.float32)
        out = np.empty((height, width, 3), np.uint8)
        nowhere, no_tile = np.empty(0, np.int64), np.zeros(4, np.int64)

        def march(tile: NDArray[np.int64], targets: NDArray[np.int64], into: Floats) -> None:
            if aborted is not None and aborted():
                raise SupersededError("a newer picture is wanted")
            kernels.march(
                level.flat, level.size, tables.leaps, level.block_high, level.shift, tables.lut,
                tables.gradient,
                view, planes, span, tables.look, shade, mode == "mip", depth, columns, rows, tile, targets, into,
            )  # fmt: skip

        def compose(first: int) -> None:
            final = min(first + TILE, height)
            targets = np.empty((final - first) * width, np.int64)
            tolerance = np.float32(3.0 * level.spacing.min()) if depth_mm is not None else kernels.FAR
            count = kernels.composite(layer, columns, rows, image, depth, tolerance, first, final, out, targets)
            for begin in range(0, count, TILE * TILE):
                some = targets[begin : min(begin + TILE * TILE, count)]
                own = np.empty((some.size, 5), np.float32)
                march(no_tile, some, own)
                kernels.composite_listed(own, some, image, out)

        side = MOVING_TILE if moving else TILE
        tiles = [
            np.array([x, min(x + side, columns), y, min(y + side, rows)])
            for y in range(0, rows, side)
            for x in range(0, columns, side)
        ]
        _each(lambda n: march(tiles[n], nowhere, layer), range(len(tiles)))
        _each(compose, range(0, height, TILE))
        return out

    def _tables_of(self, level: Level, moving: bool, mode: Mode) -> _Tables | None:
        with self._lock:
            transfer = self._transfer
            if transfer is None:
                return None
            found = self._tables.get((moving, mode))
            if found is None:
                found = self._tables[moving, mode] = self._tabulated(transfer, level, moving, mode)
            return found

    def _tabulated(self, transfer: TransferFunction, level: Level, moving: bool, mode: Mode) -> _Tables:
        step_mm = float(level.spacing.min())
        lut = np.empty((len(transfer.opacity), 4), np.float32)
        lut[:, :3] = np.clip(transfer.rgb, 0.0, 1.0) * 255.0
        lut[:, 3] = np.clip(transfer.opacity, 0.0, 1.0)
        if mode == "composite":
            lut[:, 3] = 1.0 - (1.0 - lut[:, 3]) ** (step_mm / max(transfer.unit_distance_mm, 1e-6))
        low = (transfer.low - self._offset) / self._scale
        scale = (len(lut) - 1) * self._scale / max(transfer.high - transfer.low, 1e-9)
        gradient = np.zeros(0, np.float32)
        look = np.zeros(kernels.LOOK_SIZE, np.float32)
        if transfer.gradient_opacity is not None and mode == "composite":
            gradient = np.ascontiguousarray(transfer.gradient_opacity, np.float32)
            mean_mm = float(self._full.spacing.mean())
            steps = (len(gradient) - 1) / max(transfer.gradient_high, 1e-9)
            look[kernels.GRADIENT_SCALE] = self._scale * mean_mm * steps
        look[kernels.STEP_MM], look[kernels.LUT_LOW], look[kernels.LUT_SCALE] = step_mm, low, scale
        look[kernels.AMBIENT], look[kernels.DIFFUSE] = transfer.ambient, transfer.diffuse
        look[kernels.SPECULAR], look[kernels.POWER] = transfer.specular, max(transfer.specular_power, 1.0)
        look[kernels.SHADE] = transfer.shade
        look[kernels.SMOOTH] = not moving
        look[kernels.OPAQUE] = MOVING_OPAQUE if moving else STILL_OPAQUE
        look[kernels.LEAST_WEIGHT] = MOVING_LEAST_WEIGHT if moving else 0.0
        leaps = level.leaps(lut[:, 3], low, scale) if mode == "composite" else np.zeros((0, 0, 0), np.uint8)
        return _Tables(lut, gradient, leaps, level.outline(leaps), look)


class MotionBudget:
    """How many rays a moving picture may have: fewer when pictures take longer than the budget. Pure: time
    is fed in."""

    def __init__(self, budget_s: float = 0.033, least: int = 192, most: int = 512) -> None:
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
        if ratio < 1.0 or ratio > 1.5:
            wanted = self._rays * min(max(math.sqrt(ratio), 0.85), 1.1)
            self._rays = float(min(max(wanted, self._least), self._most))


def eye_depth(zbuffer: Floats, near: float, far: float, parallel: bool) -> Floats:
    """Depth buffer (h, w) 0..1 to distance along the view axis in mm; 1e30 where nothing was drawn."""
    out = np.empty(zbuffer.shape, np.float32)
    kernels.eye_depth(np.ascontiguousarray(zbuffer), near, far, parallel, out)
    return out


def _each(work: Callable[[int], None], items: range) -> None:
    """All items on the pool, taken one by one by as many threads as there are; the first error ends the
    rest."""
    workers = _workers
    upcoming = iter(items)
    guard = threading.Lock()
    failures: list[BaseException] = []

    def drain() -> None:
        while not failures:
            with guard:
                item = next(upcoming, None)
            if item is None:
                return
            try:
                work(item)
            except BaseException as error:
                failures.append(error)

    for future in [workers.pool.submit(drain) for _ in range(min(workers.count, len(items)))]:
        future.result()
    if failures:
        raise failures[0]


def _halved(full: Level) -> Level:
    """Means of two voxels along each axis that is long enough and not much coarser than the finest."""
    spacing, size = full.spacing, full.size
    step = np.where((spacing < 1.8 * spacing.min()) & (size >= 8), 2, 1)
    shape = tuple(int(n) for n in ((size + step - 1) // step)[::-1])
    small = np.empty(shape, full.voxels.dtype)
    _each(lambda k: kernels.halve(full.voxels, step[::-1].copy(), small, k, k + 1), range(shape[0]))
    offset = (step - 1) / 2
    to_full = np.diag([*step.astype(np.float64), 1.0])
    to_full[:3, 3] = offset
    return Level(small, full.ijk_to_ras @ to_full, (full.low - offset) / step, (full.high - offset) / step, shift=2)


def _storable(voxels: NDArray[Any]) -> tuple[NDArray[Any], float, float]:
    """Voxels as int16 or uint8 with (offset, scale): value = offset + scale × stored. NaN becomes the
    least value."""
    if voxels.dtype in (np.int16, np.uint8):
        return np.ascontiguousarray(voxels), 0.0, 1.0
    if voxels.dtype == np.bool_:
        return np.ascontiguousarray(voxels).view(np.uint8), 0.0, 1.0
    finite = np.isfinite(voxels) if voxels.dtype.kind == "f" else None
    if finite is not None and not finite.all():
        known = voxels[finite]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        voxels = np.nan_to_num(voxels, nan=low, posinf=high, neginf=low)
    else:
        low, high = float(voxels.min()), float(voxels.max())
    if voxels.dtype.kind in "iu" and low >= -32768 and high <= 32767:
        stored = np.ascontiguousarray(voxels)
        return (stored.view(np.int16) if stored.dtype == np.uint16 else stored.astype(np.int16)), 0.0, 1.0
    scale = max((high - low) / 65535.0, 1e-30)
    stored = np.empty(voxels.shape, np.int16)
    for k in range(len(voxels)):  # slice by slice: no second full-size float copy
        stored[k] = np.clip(np.rint((voxels[k].astype(np.float64) - low) / scale) - 32768.0, -32768, 32767)
    return stored, low + 32768.0 * scale, scale
