"""Ray marching through one voxel level: the loops of `backend.render.marcher`.

Rays are parametrised by eye depth: a ray at pixel (u, v) is `origin + t * direction` in voxel coordinates
(x, y, z = i, j, k) and t is the distance along the view axis in mm, so that a depth picture ends rays without
conversion. Voxels are flat arrays addressed by unsigned indices, which spares numba's test for negative ones.
All loops release the interpreter lock; compiled for uint8 and int16 voxels.
"""


# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import math

import numpy as np
from numba import njit

FAR = np.float32(1e30)
"""Depth of nothing: finite, since the kernels are compiled with fast mathematics."""

# Rows of the `view` table (13, 3), in voxel coordinates: the first ray with its steps right and down,
# directions
# per mm of depth; their slopes to the view axis; the axis; the metric of gradients; the sampled box.
ORIGIN, ORIGIN_U, ORIGIN_V, DIRECTION, DIRECTION_U, DIRECTION_V = range(6)
SLOPE_RIGHT, SLOPE_DOWN, AXIS, METRIC_DIAGONAL, METRIC_OFF, LOW, HIGH = range(6, 13)
VIEW_ROWS = 13
# Entries of the `look` table.
STEP_MM, LUT_LOW, LUT_SCALE, AMBIENT, DIFFUSE, SPECULAR, POWER = range(7)
LEAST_WEIGHT, GRADIENT_SCALE, JITTER, SHADE, SMOOTH, OPAQUE = range(7, 13)
"""`OPAQUE`: a ray ends when less than this passes."""
LOOK_SIZE = 13

CELL = 4
"""Width and height in rays of a cell of the map of spans."""

_ONE = np.float32(1)
_ZERO = np.float32(0)
INVISIBLE = np.float32(2e-4)
"""Opacity of one step that leaves no trace."""


@njit(nogil=True, cache=True)
def halve(voxels, step, out, first, last):
    """Means of blocks of `step` (1 or 2 along k, j, i) voxels of (K, J, I): layers first..last-1 of out.

    Blocks that reach beyond the end average what is there.
    """
    depth, height, width = voxels.shape
    for k in range(first, last):
        for j in range(out.shape[1]):
            for i in range(out.shape[2]):
                total = 0
                count = 0
                for z in range(k * step[0], min(k * step[0] + step[0], depth)):
                    for y in range(j * step[1], min(j * step[1] + step[1], height)):
                        for x in range(i * step[2], min(i * step[2] + step[2], width)):
                            total += voxels[z, y, x]
                            count += 1
                out[k, j, i] = (2 * total + count) // (2 * count)


@njit(nogil=True, cache=True)
def block_range(voxels, size, low, high, first, last):
    """Least and greatest voxel of each block of size³, widened by one voxel so that interpolation is covered.

    Block layers first..last-1 along k are written, so that several threads can share the work.
    """
    depth, height, width = voxels.shape
    for bk in range(first, last):
        for bj in range(low.shape[1]):
            for bi in range(low.shape[2]):
                least = voxels[bk * size, bj * size, bi * size]
                greatest = least
                for k in range(bk * size, min(bk * size + size + 1, depth)):
                    for j in range(bj * size, min(bj * size + size + 1, height)):
                        for i in range(bi * size, min(bi * size + size + 1, width)):
                            value = voxels[k, j, i]
                            least = min(least, value)
                            greatest = max(greatest, value)
                low[bk, bj, bi] = least
                high[bk, bj, bi] = greatest


@njit(nogil=True, cache=True, fastmath=True)
def _sample(voxels, at, row, layer, fx, fy, fz):
    """Trilinear value in the cell whose first corner is at flat index `at`."""
    one = np.uint64(1)
    a = np.float32(voxels[at])
    b = np.float32(voxels[at + one])
    c = np.float32(voxels[at + row])
    d = np.float32(voxels[at + row + one])
    at += layer
    e = np.float32(voxels[at])
    f = np.float32(voxels[at + one])
    g = np.float32(voxels[at + row])
    h = np.float32(voxels[at + row + one])
    a += (b - a) * fx
    c += (d - c) * fx
    e += (f - e) * fx
    g += (h - g) * fx
    a += (c - a) * fy
    e += (g - e) * fy
    return a + (e - a) * fz


@njit(nogil=True, cache=True, fastmath=True)
def _central(voxels, at, side, fa, fb, fc, sb, sc):
    """Trilinear central difference along `side` (flat stride) in the cell at `at`; sb, sc: the other
    strides."""
    two = side + side
    p = np.float32(voxels[at + side]) - np.float32(voxels[at - side])
    q = np.float32(voxels[at + two]) - np.float32(voxels[at])
    g0 = p + (q - p) * fa
    at1 = at + sb
    p = np.float32(voxels[at1 + side]) - np.float32(voxels[at1 - side])
    q = np.float32(voxels[at1 + two]) - np.float32(voxels[at1])
    g1 = p + (q - p) * fa
    at1 = at + sc
    p = np.float32(voxels[at1 + side]) - np.float32(voxels[at1 - side])
    q = np.float32(voxels[at1 + two]) - np.float32(voxels[at1])
    g2 = p + (q - p) * fa
    at1 = at + sb + sc
    p = np.float32(voxels[at1 + side]) - np.float32(voxels[at1 - side])
    q = np.float32(voxels[at1 + two]) - np.float32(voxels[at1])
    g3 = p + (q - p) * fa
    g0 += (g1 - g0) * fb
    g2 += (g3 - g2) * fb
    return (g0 + (g2 - g0) * fc) * np.float32(0.5)


@njit(nogil=True, cache=True, fastmath=True)
def _forward(voxels, at, side, fb, fc, sb, sc):
    """Difference along `side` inside the cell: the gradient beside the border, where no neighbour is left."""
    g0 = np.float32(voxels[at + side]) - np.float32(voxels[at])
    at1 = at + sb
    g1 = np.float32(voxels[at1 + side]) - np.float32(voxels[at1])
    at1 = at + sc
    g2 = np.float32(voxels[at1 + side]) - np.float32(voxels[at1])
    at1 = at + sb + sc
    g3 = np.float32(voxels[at1 + side]) - np.float32(voxels[at1])
    g0 += (g1 - g0) * fb
    g2 += (g3 - g2) * fb
    return g0 + (g2 - g0) * fc


@njit(nogil=True, cache=True, fastmath=True)
def spans(centres, to_camera, radius, across, down, perspective, out):
    """Depths between which rays can meet anything visible: least and greatest per cell of CELL² rays, mm.

    Args:
        centres: (n, 3) float32 centres of visible blocks, in voxels.
        to_camera: (3, 4) from voxels to mm right, up and ahead of the camera; all blocks must lie ahead of it.
        radius: mm of the sphere around a block.
        across, down: (2,) ray coordinate = a + b * slope (perspective) or mm (parallel).
        out: (rows of cells, columns of cells, 2) float32; FAR, 0 where nothing is visible.
    """
    rows, columns = out.shape[0], out.shape[1]
    out[:, :, 0] = FAR
    out[:, :, 1] = _ZERO
    per_cell = _ONE / np.float32(CELL)
    for n in range(centres.shape[0]):
        i, j, k = centres[n, 0], centres[n, 1], centres[n, 2]
        x = to_camera[0, 0] * i + to_camera[0, 1] * j + to_camera[0, 2] * k + to_camera[0, 3]
        y = to_camera[1, 0] * i + to_camera[1, 1] * j + to_camera[1, 2] * k + to_camera[1, 3]
        z = to_camera[2, 0] * i + to_camera[2, 1] * j + to_camera[2, 2] * k + to_camera[2, 3]
        wide = radius
        high = radius
        if perspective:
            x /= z
            y /= z
            wide = radius / (z - radius) * (_ONE + abs(x))
            high = radius / (z - radius) * (_ONE + abs(y))
        u = across[0] + across[1] * x
        v = down[0] + down[1] * y
        wide *= abs(across[1])
        high *= abs(down[1])
        first_column = max(np.int64(math.floor((u - wide) * per_cell)), 0)
        last_column = min(np.int64(math.floor((u + wide) * per_cell)) + 1, columns)
        first_row = max(np.int64(math.floor((v - high) * per_cell)), 0)
        last_row = min(np.int64(math.floor((v + high) * per_cell)) + 1, rows)
        for row in range(first_row, last_row):
            for column in range(first_column, last_column):
                out[row, column, 0] = min(out[row, column, 0], z - radius)
                out[row, column, 1] = max(out[row, column, 1], z + radius)


@njit(nogil=True, cache=True, fastmath=True)
def march(
    voxels, size, leaps, block_high, shift, lut, gradient_lut, view, planes, span, look, shade, mip,
    depth_mm, columns, rows, tile, targets, out,
):  # fmt: skip
    """March rays and write (n, 5) float32: premultiplied red, green, blue 0..255, opacity 0..1, depth (mm)
    of the end.

    Args:
        voxels: flat, of `size` (3,) int64 voxels along i, j, k.
        leaps, block_high: per block of 2**shift voxels (bk, bj, bi), the Chebyshev distance in blocks to
        anything
            visible, and the greatest voxel.
        lut: (n, 4) colour 0..255 and opacity of one step.
        gradient_lut: (n,) factor of opacity by gradient, or empty.
        view, look: tables, see the names above.
        planes: (m, 4) in voxel coordinates: only where a·x + b·y + c·z + d >= 0.
        span: (rows, columns, 2) as `spans` writes it, or empty.
        depth_mm: (h, w) depth of opaque geometry.
        tile: (4,) first and last column and row of the columns × rows rays to march, written to
            out[row * columns + column].
        targets: where not empty, the pixels row * w + column of the full picture to march instead, written
        to out[n].
    """
    height, width = depth_mm.shape
    across = np.float32(columns) / np.float32(width)
    down = np.float32(rows) / np.float32(height)
    half = np.float32(0.5)
    block = np.float32(1 << shift)
    last = np.float32(lut.shape[0] - 1)
    row = np.uint64(size[0])
    layer = np.uint64(size[0] * size[1])
    side = np.uint64(1)
    top_x = np.float32(size[0]) - np.float32(1.001)
    top_y = np.float32(size[1]) - np.float32(1.001)
    top_z = np.float32(size[2]) - np.float32(1.001)
    blocks_y = np.int64(block_high.shape[1])
    blocks_x = np.int64(block_high.shape[2])
    leap = leaps.reshape(leaps.size)
    highest = block_high.reshape(block_high.size)
    step_mm = look[STEP_MM]
    lut_low = look[LUT_LOW]
    lut_scale = look[LUT_SCALE]
    ambient = look[AMBIENT]
    diffuse = look[DIFFUSE]
    specular = look[SPECULAR] * np.float32(255)
    power = look[POWER]
    least_weight = look[LEAST_WEIGHT]
    smooth = look[SMOOTH] > _ZERO
    opaque = look[OPAQUE]
    ax, ay, az = view[AXIS, 0], view[AXIS, 1], view[AXIS, 2]
    mxx, myy, mzz = view[METRIC_DIAGONAL, 0], view[METRIC_DIAGONAL, 1], view[METRIC_DIAGONAL, 2]
    mxy, mxz, myz = view[METRIC_OFF, 0], view[METRIC_OFF, 1], view[METRIC_OFF, 2]
    listed = targets.size > 0
    tile_width = tile[1] - tile[0]
    count = targets.size if listed else tile_width * (tile[3] - tile[2])
    for n in range(count):
        if listed:
            pj = targets[n] // width
            pi = targets[n] - pj * width
            u = (np.float32(pi) + half) * across - half
            v = (np.float32(pj) + half) * down - half
            place = n
        else:
            rj = n // tile_width
            ri = n - rj * tile_width + tile[0]
            rj += tile[2]
            u = np.float32(ri)
            v = np.float32(rj)
            pi = min(np.int64((u + half) / across), width - 1)
            pj = min(np.int64((v + half) / down), height - 1)
            place = rj * columns + ri
        out[place, 0] = _ZERO
        out[place, 1] = _ZERO
        out[place, 2] = _ZERO
        out[place, 3] = _ZERO
        out[place, 4] = FAR
        ox = view[ORIGIN, 0] + u * view[ORIGIN_U, 0] + v * view[ORIGIN_V, 0]
        oy = view[ORIGIN, 1] + u * view[ORIGIN_U, 1] + v * view[ORIGIN_V, 1]
        oz = view[ORIGIN, 2] + u * view[ORIGIN_U, 2] + v * view[ORIGIN_V, 2]
        dx = view[DIRECTION, 0] + u * view[DIRECTION_U, 0] + v * view[DIRECTION_V, 0]
        dy = view[DIRECTION, 1] + u * view[DIRECTION_U, 1] + v * view[DIRECTION_V, 1]
        dz = view[DIRECTION, 2] + u * view[DIRECTION_U, 2] + v * view[DIRECTION_V, 2]
        tiny = np.float32(1e-8)
        dx = tiny if abs(dx) < tiny else dx
        dy = tiny if abs(dy) < tiny else dy
        dz = tiny if abs(dz) < tiny else dz
        rx = _ONE / dx
        ry = _ONE / dy
        rz = _ONE / dz
        t0 = _ZERO
        t1 = depth_mm[pj, pi]
        if span.size > 0:
            cell_row = min(max(np.int64(v), 0) // CELL, span.shape[0] - 1)
            cell_column = min(max(np.int64(u), 0) // CELL, span.shape[1] - 1)
            t0 = span[cell_row, cell_column, 0]
            t1 = min(t1, span[cell_row, cell_column, 1])
            if t1 <= t0:
                continue
        a = (view[LOW, 0] - ox) * rx
        b = (view[HIGH, 0] - ox) * rx
        t0 = max(t0, min(a, b))
        t1 = min(t1, max(a, b))
        a = (view[LOW, 1] - oy) * ry
        b = (view[HIGH, 1] - oy) * ry
        t0 = max(t0, min(a, b))
        t1 = min(t1, max(a, b))
        a = (view[LOW, 2] - oz) * rz
        b = (view[HIGH, 2] - oz) * rz
        t0 = max(t0, min(a, b))
        t1 = min(t1, max(a, b))
        if t1 <= t0:
            continue
        for m in range(planes.shape[0]):
            rate = planes[m, 0] * dx + planes[m, 1] * dy + planes[m, 2] * dz
            here = planes[m, 0] * ox + planes[m, 1] * oy + planes[m, 2] * oz + planes[m, 3]
            if abs(rate) < np.float32(1e-9):
                if here < _ZERO:
                    t1 = _ZERO
            elif rate > _ZERO:
                t0 = max(t0, -here / rate)
            else:
                t1 = min(t1, -here / rate)
        if t1 <= t0:
            continue
        right = view[SLOPE_RIGHT, 0] + u * view[SLOPE_RIGHT, 1]
        lower = view[SLOPE_DOWN, 0] + v * view[SLOPE_DOWN, 1]
        step = step_mm / np.float32(math.sqrt(_ONE + right * right + lower * lower))
        per_step = _ONE / step
        # Samples lie on one lattice of depths, shifted by a fixed pattern per pixel where that hides bands.
        start = look[JITTER] * (np.float32((pi * 7 + pj * 13 + (pi ^ pj) * 5) & 15) * np.float32(0.0625))
        t = (np.float32(math.floor(t0 * per_step - start)) + _ONE + start) * step
        block_rx = block * rx  # where the far side of block 0 is met, and how much later per block
        block_ry = block * ry
        block_rz = block * rz
        exit_x = max(block_rx, _ZERO) - ox * rx
        exit_y = max(block_ry, _ZERO) - oy * ry
        exit_z = max(block_rz, _ZERO) - oz * rz
        red = _ZERO
        green = _ZERO
        blue = _ZERO
        through = _ONE
        bright = ambient + diffuse
        shine = _ZERO
        best = np.float32(-1e9)
        stop = FAR
        while t < t1:
            x = min(max(ox + t * dx, _ZERO), top_x)
            y = min(max(oy + t * dy, _ZERO), top_y)
            z = min(max(oz + t * dz, _ZERO), top_z)
            ix = np.int64(x)
            iy = np.int64(y)
            iz = np.int64(z)
            bx = ix >> shift
            by = iy >> shift
            bz = iz >> shift
            where = np.uint64((bz * blocks_y + by) * blocks_x + bx)
            if mip:
                empty = np.int64(1) if np.float32(highest[where]) <= best else np.int64(0)
            else:
                empty = np.int64(leap[where])
            if empty > 0:  # to the far side of the cube of empty blocks around this one
                beyond = np.float32(empty - 1)
                ex = np.float32(bx) * block_rx + beyond * abs(block_rx) + exit_x
                ey = np.float32(by) * block_ry + beyond * abs(block_ry) + exit_y
                ez = np.float32(bz) * block_rz + beyond * abs(block_rz) + exit_z
                t += max(np.float32(math.ceil((min(ex, ey, ez) - t) * per_step)), _ONE) * step
                continue
            fx = x - np.float32(ix)
            fy = y - np.float32(iy)
            fz = z - np.float32(iz)
            at = np.uint64(iz) * layer + np.uint64(iy) * row + np.uint64(ix)
            value = _sample(voxels, at, row, layer, fx, fy, fz)
            if mip:
                best = max(best, value)
                t += step
                continue
            entry = np.uint64(np.int64(min(max((value - lut_low) * lut_scale, _ZERO), last)))
            opacity = lut[entry, np.uint64(3)]
            if opacity > INVISIBLE:
                weight = through * opacity
                if gradient_lut.size > 0 or (shade and weight > least_weight):
                    if smooth and ix > 0 and iy > 0 and iz > 0 and ix + 2 < size[0] and iy + 2 < size[1] and iz + 2 < size[2]:
                        gx = _central(voxels, at, side, fx, fy, fz, row, layer)
                        gy = _central(voxels, at, row, fy, fx, fz, side, layer)
                        gz = _central(voxels, at, layer, fz, fx, fy, side, row)
                    else:
                        gx = _forward(voxels, at, side, fy, fz, row, layer)
                        gy = _forward(voxels, at, row, fx, fz, side, layer)
                        gz = _forward(voxels, at, layer, fx, fy, side, row)
                    square = gx * gx * mxx + gy * gy * myy + gz * gz * mzz
                    square += gx * gy * mxy + gx * gz * mxz + gy * gz * myz
                    steep = np.float32(math.sqrt(max(square, np.float32(1e-20))))
                    if gradient_lut.size > 0:
                        factor = min(steep * look[GRADIENT_SCALE], np.float32(gradient_lut.size - 1))
                        opacity *= gradient_lut[np.int64(factor)]
                        weight = through * opacity
                    if shade:  # a headlight, both sides lit
                        facing = min(abs(gx * ax + gy * ay + gz * az) / steep, _ONE)
                        bright = ambient + diffuse * facing
                        mirrored = np.float32(2) * facing * facing - _ONE
                        if mirrored > _ZERO:  # Schlick's rational stand-in for mirrored ** power
                            shine = specular * mirrored / (power - power * mirrored + mirrored)
                        else:
                            shine = _ZERO
                if shade:
                    red += weight * min(lut[entry, np.uint64(0)] * bright + shine, np.float32(255))
                    green += weight * min(lut[entry, np.uint64(1)] * bright + shine, np.float32(255))
                    blue += weight * min(lut[entry, np.uint64(2)] * bright + shine, np.float32(255))
                else:
                    red += weight * lut[entry, np.uint64(0)]
                    green += weight * lut[entry, np.uint64(1)]
                    blue += weight * lut[entry, np.uint64(2)]
                through -= weight
                if through < opaque:
                    stop = t
                    break
            t += step
        if mip and best > np.float32(-1e8):
            entry = np.uint64(np.int64(min(max((best - lut_low) * lut_scale, _ZERO), last)))
            opacity = lut[entry, np.uint64(3)]
            red = opacity * lut[entry, np.uint64(0)]
            green = opacity * lut[entry, np.uint64(1)]
            blue = opacity * lut[entry, np.uint64(2)]
            through = _ONE - opacity
        elif through < opaque:  # what little would have passed has the colour of what was met
            whole = _ONE / (_ONE - through)
            red *= whole
            green *= whole
            blue *= whole
            through = _ZERO
        out[place, 0] = red
        out[place, 1] = green
        out[place, 2] = blue
        out[place, 3] = _ONE - through
        out[place, 4] = stop


@njit(nogil=True, cache=True, fastmath=True)
def _unlike(depth, ray_depth, stop, tolerance):
    """Whether a ray that ended at ray_depth tells nothing about a pixel whose geometry lies at depth."""
    return abs(depth - ray_depth) > tolerance and stop > min(depth, ray_depth)


@njit(nogil=True, cache=True, fastmath=True)
def composite(layer, columns, rows, image, depth_mm, tolerance, first_row, last_row, out, targets):
    """Lay (rows * columns, 5) rays, stretched bilinearly, over image (h, w, 3): rows [first_row, last_row)
    of out.

    Pixels where geometry lies at another depth than at one of the four rays around are left to be marched
    by themselves,
    so that outlines of geometry stay sharp: their indices go to targets, and their number is returned.
    """
    height, width = depth_mm.shape
    half = np.float32(0.5)
    found = 0
    outlines = tolerance < FAR
    if columns == width and rows == height:
        for j in range(first_row, last_row):
            for i in range(width):
                p = j * width + i
                through = _ONE - layer[p, 3]
                for c in range(3):
                    value = layer[p, c] + through * np.float32(image[j, i, c]) + half
                    out[j, i, c] = np.uint8(min(value, np.float32(255)))
        return found
    across = np.float32(columns) / np.float32(width)
    down = np.float32(rows) / np.float32(height)
    for j in range(first_row, last_row):
        y = min(max((np.float32(j) + half) * down - half, _ZERO), np.float32(rows - 1))
        y0 = np.int64(y)
        y1 = min(y0 + 1, rows - 1)
        fy = y - np.float32(y0)
        d0 = min(np.int64((np.float32(y0) + half) / down), height - 1)
        d1 = min(np.int64((np.float32(y1) + half) / down), height - 1)
        for i in range(width):
            x = min(max((np.float32(i) + half) * across - half, _ZERO), np.float32(columns - 1))
            x0 = np.int64(x)
            x1 = min(x0 + 1, columns - 1)
            fx = x - np.float32(x0)
            p00 = np.uint64(y0 * columns + x0)
            p01 = np.uint64(y0 * columns + x1)
            p10 = np.uint64(y1 * columns + x0)
            p11 = np.uint64(y1 * columns + x1)
            depth = depth_mm[j, i]
            e0 = min(np.int64((np.float32(x0) + half) / across), width - 1)
            e1 = min(np.int64((np.float32(x1) + half) / across), width - 1)
            if outlines and (
                _unlike(depth, depth_mm[d0, e0], layer[p00, 4], tolerance)
                or _unlike(depth, depth_mm[d0, e1], layer[p01, 4], tolerance)
                or _unlike(depth, depth_mm[d1, e0], layer[p10, 4], tolerance)
                or _unlike(depth, depth_mm[d1, e1], layer[p11, 4], tolerance)
            ):
                targets[found] = j * width + i
                found += 1
                continue
            a0 = layer[p00, 3]
            a1 = layer[p01, 3]
            a2 = layer[p10, 3]
            a3 = layer[p11, 3]
            if a0 + a1 + a2 + a3 == _ZERO:
                out[j, i, 0] = image[j, i, 0]
                out[j, i, 1] = image[j, i, 1]
                out[j, i, 2] = image[j, i, 2]
                continue
            w11 = fx * fy
            w01 = fx - w11
            w10 = fy - w11
            w00 = _ONE - fx - w10
            through = _ONE - (w00 * a0 + w01 * a1 + w10 * a2 + w11 * a3)
            for c in range(3):
                value = w00 * layer[p00, c] + w01 * layer[p01, c] + w10 * layer[p10, c] + w11 * layer[p11, c]
                value += through * np.float32(image[j, i, c]) + half
                out[j, i, c] = np.uint8(min(value, np.float32(255)))
    return found


@njit(nogil=True, cache=True, fastmath=True)
def composite_listed(rays, targets, image, out):
    """Lay rays (n, 5) over the pixels row * w + column of image (h, w, 3) that targets (n,) lists, into
    out."""
    width = image.shape[1]
    for n in range(targets.size):
        j = targets[n] // width
        i = targets[n] - j * width
        through = _ONE - rays[n, 3]
        for c in range(3):
            value = rays[n, c] + through * np.float32(image[j, i, c]) + np.float32(0.5)
            out[j, i, c] = np.uint8(min(value, np.float32(255)))


@njit(nogil=True, cache=True)
def eye_depth(zbuffer, near, far, parallel, out):
    """Depth buffer 0..1 to distance along the view axis, mm; FAR where nothing was drawn."""
    for j in range(zbuffer.shape[0]):
        for i in range(zbuffer.shape[1]):
            z = zbuffer[j, i]
            if z >= 1.0:
                out[j, i] = FAR
            elif parallel:
                out[j, i] = np.float32(near + z * (far - near))
            else:
                out[j, i] = np.float32(near * far / (far - z * (far - near)))
