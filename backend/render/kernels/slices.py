"""Slice sampling fused with window/level, one pass over the picture. All release the interpreter lock.

Sample positions are voxel coordinates: integers are voxel centres. A sample belongs to the volume up to half a voxel beyond
the outer centres, where it takes the border's value. NaN voxels become 0.
"""

from __future__ import annotations

import numpy as np
from numba import njit

REACH = 0.5 + 1e-6
"""How far a volume reaches beyond the centres of its outer voxels, in voxels; its very border belongs to it."""


@njit(nogil=True, cache=True)
def samples_along(size, start, step, count):
    """Where `count` samples lie along an axis of `size` voxels: lower voxel index (int64), -1 outside, and weight (float32) of
    the upper one of each, and the range [begin, end) of those inside."""
    lower = np.empty(count, np.int64)
    weights = np.empty(count, np.float32)
    begin, end = count, 0
    for n in range(count):
        at = start + step * n
        is_inside = at >= -REACH and at <= size - 1 + REACH
        at = min(max(at, 0.0), size - 1.0)
        below = min(np.int64(at), max(size - 2, 0))
        weights[n] = at - below
        lower[n] = below if is_inside else -1
        if is_inside:
            begin, end = min(begin, n), n + 1
    return lower, weights, begin, max(begin, end)


@njit(nogil=True, cache=True)
def aligned(plane0, plane1, weight, rows, row_weights, columns, column_weights, low, gain, out):
    """Grey picture of an axis-aligned plane: two neighbouring planes blended by `weight`, then rows, then columns.

    `rows`, `columns`: lower voxel index for each output row and column, -1 outside; `*_weights` (float32) of the upper one.
    """
    count = plane0.shape[1]
    line = np.empty(count + 1, np.float32)
    shift = np.float32(0.5) - low * gain
    one = np.float32(1.0)
    for j in range(out.shape[0]):
        y = rows[j]
        if y < 0:
            out[j, :] = 0
            continue
        upper = min(y + 1, plane0.shape[0] - 1)
        a = (one - row_weights[j]) * (one - weight) * gain
        b = row_weights[j] * (one - weight) * gain
        c = (one - row_weights[j]) * weight * gain
        d = row_weights[j] * weight * gain
        r0 = plane0[y]
        r1 = plane0[upper]
        r2 = plane1[y]
        r3 = plane1[upper]
        for x in range(count):
            line[x] = a * r0[x] + b * r1[x] + c * r2[x] + d * r3[x] + shift
        line[count] = line[count - 1]
        for i in range(out.shape[1]):
            x = columns[i]
            if x < 0:
                out[j, i] = 0
                continue
            v = line[x] + (line[x + 1] - line[x]) * column_weights[i]
            v = min(max(v, np.float32(0)), np.float32(255))
            out[j, i] = np.uint8(v) if v == v else np.uint8(0)


@njit(nogil=True, cache=True)
def transpose_slab(voxels, first, count, slab):
    """slab[n, k, j] = voxels[k, j, first + n]: one pass over the cache lines serves `count` sagittal planes."""
    for k in range(voxels.shape[0]):
        for j in range(voxels.shape[1]):
            for n in range(count):
                slab[n, k, j] = voxels[k, j, first + n]


@njit(nogil=True, cache=True)
def row_span(origin, step, limits, width):
    """First and one-past-last column of a row whose samples lie within half a voxel of the volume."""
    first = 0.0
    last = width - 1.0
    for axis in range(3):
        low = -REACH
        high = limits[axis] - 1.0 + REACH
        s = origin[axis]
        d = step[axis]
        if abs(d) < 1e-12:
            if s < low or s > high:
                return 0, 0
        else:
            t0 = (low - s) / d
            t1 = (high - s) / d
            first = max(first, min(t0, t1))
            last = min(last, max(t0, t1))
    begin = int(np.ceil(first - 1e-9))
    end = int(np.floor(last + 1e-9)) + 1
    if end <= begin:
        return 0, 0
    return begin, end


@njit(nogil=True, cache=True)
def trilinear(voxels, x, y, z):
    """Sample of voxels (K, J, I) at a position (float32) within them, as float32."""
    depth, height, width = voxels.shape
    x0 = np.int64(x)
    y0 = np.int64(y)
    z0 = np.int64(z)
    fx = x - np.float32(x0)
    fy = y - np.float32(y0)
    fz = z - np.float32(z0)
    x1 = min(x0 + 1, width - 1)
    y1 = min(y0 + 1, height - 1)
    z1 = min(z0 + 1, depth - 1)
    a = np.float32(voxels[z0, y0, x0])
    b = np.float32(voxels[z0, y1, x0])
    c = np.float32(voxels[z1, y0, x0])
    d = np.float32(voxels[z1, y1, x0])
    a += (np.float32(voxels[z0, y0, x1]) - a) * fx
    b += (np.float32(voxels[z0, y1, x1]) - b) * fx
    c += (np.float32(voxels[z1, y0, x1]) - c) * fx
    d += (np.float32(voxels[z1, y1, x1]) - d) * fx
    a += (b - a) * fy
    c += (d - c) * fy
    a += (c - a) * fz
    return a


@njit(nogil=True, cache=True)
def oblique(voxels, origin, right, down, low, gain, out, spans):
    """Grey picture of any plane, trilinear. `spans[j]` receives the columns of row j that lie in the volume."""
    depth, height, width = voxels.shape
    limits = np.array([width, height, depth], np.float64)
    mx = np.float32(width - 1)
    my = np.float32(height - 1)
    mz = np.float32(depth - 1)
    zero = np.float32(0)
    row = np.empty(3, np.float64)
    for j in range(out.shape[0]):
        for axis in range(3):
            row[axis] = origin[axis] + j * down[axis]
        begin, end = row_span(row, right, limits, out.shape[1])
        spans[j, 0] = begin
        spans[j, 1] = end
        out[j, :begin] = 0
        out[j, end:] = 0
        for i in range(begin, end):
            x = min(max(np.float32(row[0] + i * right[0]), zero), mx)
            y = min(max(np.float32(row[1] + i * right[1]), zero), my)
            z = min(max(np.float32(row[2] + i * right[2]), zero), mz)
            a = trilinear(voxels, x, y, z)
            v = min(max((a - low) * gain + np.float32(0.5), zero), np.float32(255))
            out[j, i] = np.uint8(v) if v == v else np.uint8(0)


@njit(nogil=True, cache=True)
def nearest(voxels, origin, right, down, out, spans):
    """Nearest voxels of any plane into `out` (any dtype); outside is 0."""
    depth, height, width = voxels.shape
    limits = np.array([width, height, depth], np.float64)
    row = np.empty(3, np.float64)
    for j in range(out.shape[0]):
        for axis in range(3):
            row[axis] = origin[axis] + j * down[axis]
        begin, end = row_span(row, right, limits, out.shape[1])
        spans[j, 0] = begin
        spans[j, 1] = end
        out[j, :begin] = 0
        out[j, end:] = 0
        for i in range(begin, end):
            x = min(max(np.int64(np.floor(row[0] + i * right[0] + 0.5)), 0), width - 1)
            y = min(max(np.int64(np.floor(row[1] + i * right[1] + 0.5)), 0), height - 1)
            z = min(max(np.int64(np.floor(row[2] + i * right[2] + 0.5)), 0), depth - 1)
            out[j, i] = voxels[z, y, x]


@njit(nogil=True, cache=True)
def window_values(values, low, gain, out):
    """(h, w) values of any dtype to grey."""
    for j in range(values.shape[0]):
        for i in range(values.shape[1]):
            v = (np.float32(values[j, i]) - low) * gain + np.float32(0.5)
            v = min(max(v, np.float32(0)), np.float32(255))
            out[j, i] = np.uint8(v) if v == v else np.uint8(0)


@njit(nogil=True, cache=True)
def is_edge(labels, j, i, reach):
    """Whether a pixel not further than `reach` in either direction has another label."""
    label = labels[j, i]
    for y in range(max(j - reach, 0), min(j + reach + 1, labels.shape[0])):
        for x in range(max(i - reach, 0), min(i + reach + 1, labels.shape[1])):
            if labels[y, x] != label:
                return True
    return False


@njit(nogil=True, cache=True)
def blend_labels(rgb, labels, colors, outline, thickness):
    """Draw labels over (h, w, 3): fill by colors[label, 3], and outlines `thickness` pixels wide within each label."""
    height, width = labels.shape
    known = colors.shape[0]
    for j in range(height):
        for i in range(width):
            label = np.int64(labels[j, i])
            if label <= 0 or label >= known:
                continue
            opacity = colors[label, 3]
            edge = outline[label]
            if edge > opacity and is_edge(labels, j, i, thickness):
                opacity = edge
            if opacity > 0:
                for c in range(3):
                    below = np.float32(rgb[j, i, c])
                    rgb[j, i, c] = np.uint8(below + (colors[label, c] - below) * opacity + np.float32(0.5))


@njit(nogil=True, cache=True)
def with_alpha(grey, spans, rgba):
    """(h, w) grey into (h, w) little-endian uint32 RGBA: alpha 255 within the columns `spans[j]` of row j, 0 elsewhere."""
    for j in range(grey.shape[0]):
        for i in range(grey.shape[1]):
            rgba[j, i] = np.uint32(grey[j, i]) * np.uint32(0x010101)
        for i in range(spans[j, 0], spans[j, 1]):
            rgba[j, i] |= np.uint32(0xFF000000)


@njit(nogil=True, cache=True)
def over(rgb, overlay):
    """Lay (h, w) little-endian uint32 RGBA with premultiplied alpha over (h, w, 3), in place."""
    byte = np.uint32(255)
    for j in range(rgb.shape[0]):
        for i in range(rgb.shape[1]):
            value = overlay[j, i]
            if value == 0:
                continue
            rest = byte - (value >> np.uint32(24))
            for c in range(3):
                v = ((value >> np.uint32(8 * c)) & byte) + (np.uint32(rgb[j, i, c]) * rest + np.uint32(127)) // byte
                rgb[j, i, c] = np.uint8(min(v, byte))
