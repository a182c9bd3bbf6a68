"""Shapes on a grid of voxels: connected parts, smoothing, margins, shapes between slices. Numpy and scipy only.

Masks are (K, J, I) bools; spacings are mm along i, j, k. Everything is done within the box of what is set. Work that takes long
tells how far it is through `told`, which may raise to have it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.imaging.strokes import Box, Mask

Told = Callable[[float], None]
"""Hears the part that is done, 0 to 1; what it raises ends the work."""
Spacing = tuple[float, float, float]
FACES = np.array(
    [[[0, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 1, 0], [1, 1, 1], [0, 1, 0]], [[0, 0, 0], [0, 1, 0], [0, 0, 0]]], bool
)


def box_of(mask: Mask) -> Box | None:
    """The smallest box that holds all that is set, None where nothing is."""
    box = []
    for axis in range(3):
        there = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if not len(there):
            return None
        box.append(slice(int(there[0]), int(there[-1]) + 1))
    return box[0], box[1], box[2]


def inside(box: Box, inner: Box) -> Box:
    """A box whose indices count within another one, as a box of the grid."""
    k, j, i = (slice(b.start + n.start, b.start + n.stop) for b, n in zip(box, inner, strict=True))
    return k, j, i


def wider(box: Box, by: tuple[int, int, int], shape: tuple[int, ...]) -> Box:
    """A box with so many voxels more on each side along k, j, i, as far as the grid goes."""
    k, j, i = (slice(max(0, b.start - n), min(size, b.stop + n)) for b, n, size in zip(box, by, shape, strict=True))
    return k, j, i


def islands(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Parts that hang together by the faces of voxels: (K, J, I) numbers from 1, and how many voxels each has (0 first)."""
    from scipy import ndimage

    numbers, count = ndimage.label(mask, FACES)
    return numbers, np.bincount(numbers.ravel(), minlength=count + 1)


def keep_largest(mask: Mask) -> Mask:
    """The largest part alone."""
    return _of_islands(mask, lambda sizes: sizes == sizes[1:].max(initial=0), most=1)


def remove_small(mask: Mask, smallest: int) -> Mask:
    """Without parts of fewer voxels than `smallest`."""
    return _of_islands(mask, lambda sizes: sizes >= smallest)


def island_at(mask: Mask, k: int, j: int, i: int) -> Mask | None:
    """The part that holds a voxel, None where the voxel is not set."""
    if not mask[k, j, i]:
        return None
    numbers, _sizes = islands(mask)
    return np.asarray(numbers == numbers[k, j, i])


def _of_islands(mask: Mask, chosen: Callable[[NDArray[np.int64]], Any], most: int = 0) -> Mask:
    box = box_of(mask)
    if box is None:
        return mask
    numbers, sizes = islands(mask[box])
    keep = np.asarray(chosen(sizes), np.bool_)
    keep[0] = False
    if most:  # of several of the same size the first
        keep[np.flatnonzero(keep)[most:]] = False
    result = np.zeros_like(mask)
    result[box] = keep[numbers]
    return result


def voxels_of(size_mm: float, spacing: Spacing) -> tuple[int, int, int]:
    """Voxels along k, j, i that reach so many mm, rounded up."""
    k, j, i = (int(np.ceil(size_mm / step - 1e-6)) for step in spacing[::-1])
    return k, j, i


def smooth(mask: Mask, method: str, size_mm: float, spacing: Spacing, told: Told) -> Mask:
    """A smoother mask.

    Args:
        mask: what is smoothed.
        method: `median` (most of a box), `opening` (takes off what is thinner), `closing` (fills what is narrower), `gaussian`.
        size_mm: width of the box or ball; the Gaussian's standard deviation.
        spacing: mm along i, j, k.
        told: hears how far it is.
    """
    box = box_of(mask)
    if box is None:
        return mask
    reach = size_mm * 4 if method == "gaussian" else size_mm
    around = wider(box, tuple(n + 1 for n in voxels_of(reach, spacing)), mask.shape)  # type: ignore[arg-type]
    part = mask[around]
    told(0.1)
    result = mask.copy()
    if method == "median":
        result[around] = _median(part, size_mm, spacing)
    elif method == "gaussian":
        result[around] = _gaussian(part, size_mm, spacing)
    elif method == "opening":
        eroded = _shrunk(part, size_mm / 2, spacing)
        told(0.5)
        result[around] = _grown(eroded, size_mm / 2, spacing)
    else:
        whole = np.pad(part, [(n, n) for n in voxels_of(size_mm / 2, spacing)])  # what is closed may reach beyond the grid
        dilated = _grown(whole, size_mm / 2, spacing)
        told(0.5)
        inner = tuple(slice(n, n + size) for n, size in zip(voxels_of(size_mm / 2, spacing), part.shape, strict=True))
        result[around] = _shrunk(dilated, size_mm / 2, spacing)[inner] | part
    told(1.0)
    return result


def _median(mask: Mask, size_mm: float, spacing: Spacing) -> Mask:
    from scipy import ndimage

    widths = [max(1, 2 * round((size_mm / step - 1) / 2 + 1e-6) + 1) for step in spacing[::-1]]
    share = ndimage.uniform_filter(mask.astype(np.float32), widths, mode="nearest")
    return np.asarray(share > 0.5)


def _gaussian(mask: Mask, deviation_mm: float, spacing: Spacing) -> Mask:
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(mask.astype(np.float32), [deviation_mm / step for step in spacing[::-1]], mode="nearest")
    return np.asarray(blurred >= 0.5)


def _grown(mask: Mask, by_mm: float, spacing: Spacing) -> Mask:
    from scipy import ndimage

    if not mask.any():
        return mask
    return np.asarray(ndimage.distance_transform_edt(~mask, spacing[::-1]) <= by_mm * (1 + 1e-9))


def _shrunk(mask: Mask, by_mm: float, spacing: Spacing) -> Mask:
    """What lies further than so far from all that is not set; beyond the grid nothing is known, so that does not count."""
    from scipy import ndimage

    if mask.all():
        return mask
    return np.asarray(ndimage.distance_transform_edt(mask, spacing[::-1]) > by_mm * (1 + 1e-9))


def with_margin(mask: Mask, size_mm: float, spacing: Spacing, told: Told) -> Mask:
    """Grown by so many mm on all sides, or shrunk by a negative number."""
    box = box_of(mask)
    if box is None:
        return mask
    around = wider(box, tuple(n + 1 for n in voxels_of(abs(size_mm), spacing)), mask.shape)  # type: ignore[arg-type]
    told(0.1)
    result = np.zeros_like(mask)
    part = mask[around]
    result[around] = _grown(part, size_mm, spacing) if size_mm > 0 else _shrunk(part, -size_mm, spacing)
    told(1.0)
    return result


def between_slices(mask: Mask, axis: int, spacing: Spacing, told: Told) -> Mask:
    """Fill the slices across an axis (0, 1, 2 for k, j, i) that lie between those in which something is set.

    Shapes go over into each other: at each slice between, their signed distances are mixed by how near it is.
    """
    turned = np.moveaxis(mask, axis, 0)
    across = tuple(step for other, step in enumerate(spacing[::-1]) if other != axis)
    there = np.flatnonzero(turned.any(axis=(1, 2)))
    result = turned.copy()
    for count, (first, last) in enumerate(zip(there[:-1].tolist(), there[1:].tolist(), strict=True)):
        told(count / max(1, len(there) - 1))
        if last - first < 2:
            continue
        low, high = _signed(turned[first], across), _signed(turned[last], across)
        for n in range(first + 1, last):
            weight = (n - first) / (last - first)
            result[n] |= (1 - weight) * low + weight * high <= 0
    told(1.0)
    return np.ascontiguousarray(np.moveaxis(result, 0, axis))


def _signed(mask: Mask, spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Distance to the border, mm, negative inside."""
    from scipy import ndimage

    outside = ndimage.distance_transform_edt(~mask, spacing)
    return np.asarray(outside - ndimage.distance_transform_edt(mask, spacing))


def sparse_axis(mask: Mask) -> int:
    """The axis (0, 1, 2 for k, j, i) along which the fewest of the slices between the outermost ones are set."""
    box = box_of(mask)
    if box is None:
        return 0
    shares = []
    for axis in range(3):
        there = mask[box].any(axis=tuple(other for other in range(3) if other != axis))
        shares.append(float(there.mean()))
    return int(np.argmin(shares))
