"""Thick slices: samples along the normal of a plane gathered into one value a pixel. All release the interpreter lock.

Positions are those of `kernels.slices`. Values gather in float32 over several calls; the caller begins with what `START` holds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from backend.render.kernels.slices import row_span, trilinear

MINIP, MIP, MEAN, SUM = range(4)
START = (np.inf, -np.inf, 0.0, 0.0)
"""What a pixel begins with, by mode."""


@njit(nogil=True, cache=True)
def gathered(kept, v, mode):
    """What a pixel holds after one more sample."""
    if mode == MIP:
        return max(kept, v)
    if mode == MINIP:
        return min(kept, v)
    return kept + v


@njit(nogil=True, cache=True)
def aligned(planes, depths, depth_weights, rows, row_weights, columns, column_weights, mode, out):
    """Gather into out (h, w) float32 the trilinear samples at some depths of a plane along voxel axes.

    `planes` is indexed [depth, row, column]; `depths`, `rows`, `columns`: lower voxel index of each sample, of rows and columns
    -1 outside; `*_weights` (float32) of the upper one. A depth of weight 0 reads one plane only.
    """
    count = planes.shape[2]
    line = np.empty(count + 1, np.float32)
    one = np.float32(1.0)
    for j in range(out.shape[0]):
        y = rows[j]
        if y < 0:
            continue
        upper = min(y + 1, planes.shape[1] - 1)
        for n in range(depths.size):
            weight = depth_weights[n]
            r0 = planes[depths[n], y]
            r1 = planes[depths[n], upper]
            a = (one - row_weights[j]) * (one - weight)
            b = row_weights[j] * (one - weight)
            for x in range(count):
                line[x] = a * r0[x] + b * r1[x]
            if weight > 0:
                deeper = min(depths[n] + 1, planes.shape[0] - 1)
                r0 = planes[deeper, y]
                r1 = planes[deeper, upper]
                a = (one - row_weights[j]) * weight
                b = row_weights[j] * weight
                for x in range(count):
                    line[x] += a * r0[x] + b * r1[x]
            line[count] = line[count - 1]
            for i in range(out.shape[1]):
                x = columns[i]
                if x < 0:
                    continue
                v = line[x] + (line[x + 1] - line[x]) * column_weights[i]
                out[j, i] = gathered(out[j, i], v, mode)


@njit(nogil=True, cache=True)
def oblique(voxels, origin, right, down, step, first, last, interpolate, mode, out, counts, spans):
    """Gather into out (h, w) float32 the samples first..last of any plane, `step` (3,) apart along its normal.

    `counts` (h, w) receives how many lay in the volume, `spans[j]` the columns of row j where any did.
    """
    depth, height, width = voxels.shape
    limits = np.array([width, height, depth], np.float64)
    mx = np.float32(width - 1)
    my = np.float32(height - 1)
    mz = np.float32(depth - 1)
    zero = np.float32(0)
    row = np.empty(3, np.float64)
    for j in range(out.shape[0]):
        spans[j, 0] = out.shape[1]
        spans[j, 1] = 0
        for n in range(first, last + 1):
            for axis in range(3):
                row[axis] = origin[axis] + j * down[axis] + n * step[axis]
            begin, end = row_span(row, right, limits, out.shape[1])
            if end <= begin:
                continue
            spans[j, 0] = min(spans[j, 0], begin)
            spans[j, 1] = max(spans[j, 1], end)
            for i in range(begin, end):
                x = min(max(np.float32(row[0] + i * right[0]), zero), mx)
                y = min(max(np.float32(row[1] + i * right[1]), zero), my)
                z = min(max(np.float32(row[2] + i * right[2]), zero), mz)
                if interpolate:
                    v = trilinear(voxels, x, y, z)
                else:
                    half = np.float32(0.5)
                    v = np.float32(voxels[np.int64(z + half), np.int64(y + half), np.int64(x + half)])
                counts[j, i] += 1
                out[j, i] = gathered(out[j, i], v, mode)
        if spans[j, 1] == 0:
            spans[j, 0] = 0
