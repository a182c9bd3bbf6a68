"""Ray marching through a voxel grid, scalar code: it is bound by memory, and vector compilers did not beat it.

Empty space is leapt over by a Chebyshev distance map of 8³ blocks, rays end when they are opaque, gradients are taken only at
visible samples. Positions are voxel coordinates (x, y, z) = (i, j, k); the ray parameter t is in world millimetres.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

BLOCK = 8
VISIBLE = 0.002  # opacity of one step below which a sample counts as empty
OPAQUE = 0.02  # transparency at which a ray ends


@njit(nogil=True, cache=True)
def block_range(voxels, low, high):
    """Minimum and maximum of each 8³ block, widened by one voxel so that interpolation is covered."""
    depth, height, width = voxels.shape
    for bz in range(low.shape[0]):
        for by in range(low.shape[1]):
            for bx in range(low.shape[2]):
                a = voxels[bz * 8, by * 8, bx * 8]
                b = a
                for z in range(bz * 8, min(bz * 8 + 9, depth)):
                    for y in range(by * 8, min(by * 8 + 9, height)):
                        for x in range(bx * 8, min(bx * 8 + 9, width)):
                            v = voxels[z, y, x]
                            a = min(a, v)
                            b = max(b, v)
                low[bz, by, bx] = a
                high[bz, by, bx] = b


@njit(nogil=True, cache=True)
def halve(voxels, out):
    """Mean of each 2×2×2 block; an odd last voxel stands for itself."""
    depth, height, width = voxels.shape
    for z in range(out.shape[0]):
        z0 = 2 * z
        z1 = min(z0 + 1, depth - 1)
        for y in range(out.shape[1]):
            y0 = 2 * y
            y1 = min(y0 + 1, height - 1)
            for x in range(out.shape[2]):
                x0 = 2 * x
                x1 = min(x0 + 1, width - 1)
                total = np.int64(voxels[z0, y0, x0]) + np.int64(voxels[z0, y0, x1])
                total += np.int64(voxels[z0, y1, x0]) + np.int64(voxels[z0, y1, x1])
                total += np.int64(voxels[z1, y0, x0]) + np.int64(voxels[z1, y0, x1])
                total += np.int64(voxels[z1, y1, x0]) + np.int64(voxels[z1, y1, x1])
                out[z, y, x] = (total + 4) >> 3


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def trilinear(voxels, x, y, z):
    """Value at a position that lies at least a little below the last voxel of each axis."""
    x0 = np.uint32(x)
    y0 = np.uint32(y)
    z0 = np.uint32(z)
    fx = np.float32(x - x0)
    fy = np.float32(y - y0)
    fz = np.float32(z - z0)
    x1 = x0 + np.uint32(1)
    y1 = y0 + np.uint32(1)
    z1 = z0 + np.uint32(1)
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
    return a + (c - a) * fz


@njit(nogil=True, cache=True, fastmath=True)
def march(
    voxels, distance, block_high, lut, value_low, value_scale, rays, box, spacing, step,
    shade, mip, first_row, last_row, depth_mm, light, out,
):  # fmt: skip
    """March the rays of rows [first_row, last_row) and write premultiplied colour (h, w, 4), float32 0..255.

    rays (6, 3): origin of the first ray, origin steps right and down, direction of the first ray, its steps right and down,
    all in voxels, directions scaled so that their component along the view axis is 1 mm. box (6, 3): the same rays in
    coordinates of the crop box, which reaches from -1 to 1. depth_mm (h, w): where opaque geometry lies along the view axis.
    lut (n, 4): colour 0..255 and opacity of one step. light: ambient, diffuse, specular, specular power.
    """
    height, width = out.shape[0], out.shape[1]
    nz, ny, nx = voxels.shape
    one = np.float32(1.0)
    zero = np.float32(0.0)
    last = lut.shape[0] - 1
    mx = np.float32(nx - 1.001)
    my = np.float32(ny - 1.001)
    mz = np.float32(nz - 1.001)
    tiny = np.float32(1e-7)
    ambient, diffuse, specular, power = light
    for j in range(first_row, last_row):
        for i in range(width):
            for c in range(4):
                out[j, i, c] = zero
            dx = np.float32(rays[3, 0] + i * rays[4, 0] + j * rays[5, 0])
            dy = np.float32(rays[3, 1] + i * rays[4, 1] + j * rays[5, 1])
            dz = np.float32(rays[3, 2] + i * rays[4, 2] + j * rays[5, 2])
            wx = dx * spacing[0]
            wy = dy * spacing[1]
            wz = dz * spacing[2]
            length = np.float32(
                math.sqrt(wx * wx + wy * wy + wz * wz)
            )  # mm of ray per mm along the view axis
            ox = np.float32(rays[0, 0] + i * rays[1, 0] + j * rays[2, 0])
            oy = np.float32(rays[0, 1] + i * rays[1, 1] + j * rays[2, 1])
            oz = np.float32(rays[0, 2] + i * rays[1, 2] + j * rays[2, 2])
            # The crop box first: t there counts along the view axis, as everything does until it is scaled by length.
            t0 = zero
            t1 = depth_mm[j, i]
            for axis in range(3):
                o = np.float32(box[0, axis] + i * box[1, axis] + j * box[2, axis])
                d = np.float32(box[3, axis] + i * box[4, axis] + j * box[5, axis])
                if abs(d) < np.float32(1e-12):
                    if abs(o) > one:
                        t1 = -one
                else:
                    a = (-one - o) / d
                    b = (one - o) / d
                    t0 = max(t0, min(a, b))
                    t1 = min(t1, max(a, b))
            t0 *= length
            t1 *= length
            dx /= length
            dy /= length
            dz /= length
            if abs(dx) < tiny:
                dx = tiny
            if abs(dy) < tiny:
                dy = tiny
            if abs(dz) < tiny:
                dz = tiny
            rx = one / dx
            ry = one / dy
            rz = one / dz
            half = np.float32(0.5)  # the volume reaches half a voxel beyond its outer voxel centres
            a = (-half - ox) * rx
            b = (mx + half - ox) * rx
            t0 = max(t0, min(a, b))
            t1 = min(t1, max(a, b))
            a = (-half - oy) * ry
            b = (my + half - oy) * ry
            t0 = max(t0, min(a, b))
            t1 = min(t1, max(a, b))
            a = (-half - oz) * rz
            b = (mz + half - oz) * rz
            t0 = max(t0, min(a, b))
            t1 = min(t1, max(a, b))
            if t1 <= t0:
                continue
            t = np.float32(math.floor(t0 / step) + 1) * step
            red = zero
            green = zero
            blue = zero
            through = one
            best = np.float32(-1e9)
            while t < t1:
                x = min(max(ox + t * dx, zero), mx)
                y = min(max(oy + t * dy, zero), my)
                z = min(max(oz + t * dz, zero), mz)
                bx = np.uint32(x) >> np.uint32(3)
                by = np.uint32(y) >> np.uint32(3)
                bz = np.uint32(z) >> np.uint32(3)
                if mip:
                    blocks = np.int32(1) if np.float32(block_high[bz, by, bx]) <= best else np.int32(0)
                else:
                    blocks = np.int32(distance[bz, by, bx])
                if blocks > 0:  # leap to the far side of the cube of empty blocks around this one
                    reach = np.float32((blocks - 1) * 8)
                    ex = (
                        (np.float32(bx * 8 + 8) + reach - ox) if dx > 0 else (np.float32(bx * 8) - reach - ox)
                    ) * rx
                    ey = (
                        (np.float32(by * 8 + 8) + reach - oy) if dy > 0 else (np.float32(by * 8) - reach - oy)
                    ) * ry
                    ez = (
                        (np.float32(bz * 8 + 8) + reach - oz) if dz > 0 else (np.float32(bz * 8) - reach - oz)
                    ) * rz
                    t += max(np.float32(math.ceil((min(ex, min(ey, ez)) - t) / step)), one) * step
                    continue
                v = trilinear(voxels, x, y, z)
                if mip:
                    best = max(best, v)
                    t += step
                    continue
                place = np.int64(min(max((v - value_low) * value_scale, zero), np.float32(last)))
                opacity = lut[place, 3]
                if opacity > np.float32(VISIBLE):
                    r = lut[place, 0]
                    g = lut[place, 1]
                    b = lut[place, 2]
                    if shade:
                        x0 = max(x - one, zero)
                        x1 = min(x + one, mx)
                        y0 = max(y - one, zero)
                        y1 = min(y + one, my)
                        z0 = max(z - one, zero)
                        z1 = min(z + one, mz)
                        gx = trilinear(voxels, x1, y, z) - trilinear(voxels, x0, y, z)
                        gy = trilinear(voxels, x, y1, z) - trilinear(voxels, x, y0, z)
                        gz = trilinear(voxels, x, y, z1) - trilinear(voxels, x, y, z0)
                        facing = abs(gx * dx + gy * dy + gz * dz)
                        gx /= spacing[0]
                        gy /= spacing[1]
                        gz /= spacing[2]
                        steep = np.float32(math.sqrt(gx * gx + gy * gy + gz * gz))
                        facing = min(
                            facing / max(steep, np.float32(1e-6)), one
                        )  # a headlight, both sides lit
                        bright = ambient + diffuse * facing
                        # Schlick's rational stand-in for facing ** power
                        shine = specular * np.float32(255) * facing / (power - power * facing + facing)
                        r = r * bright + shine
                        g = g * bright + shine
                        b = b * bright + shine
                    weight = through * opacity
                    red += weight * min(r, np.float32(255))
                    green += weight * min(g, np.float32(255))
                    blue += weight * min(b, np.float32(255))
                    through *= one - opacity
                    if through < np.float32(OPAQUE):
                        through = zero
                        break
                t += step
            if mip and best > np.float32(-1e8):
                place = np.int64(min(max((best - value_low) * value_scale, zero), np.float32(last)))
                opacity = lut[place, 3]
                red = opacity * lut[place, 0]
                green = opacity * lut[place, 1]
                blue = opacity * lut[place, 2]
                through = one - opacity
            out[j, i, 0] = red
            out[j, i, 1] = green
            out[j, i, 2] = blue
            out[j, i, 3] = one - through


@njit(nogil=True, cache=True, fastmath=True)
def composite(layer, image, first_row, last_row, out):
    """Lay (rh, rw, 4) premultiplied float32, stretched bilinearly, over (h, w, 3) uint8; rows [first_row, last_row)."""
    rh, rw = layer.shape[0], layer.shape[1]
    height, width = image.shape[0], image.shape[1]
    sy = np.float32(rh / height)
    sx = np.float32(rw / width)
    same = rh == height and rw == width
    for j in range(first_row, last_row):
        y = min(
            max((np.float32(j) + np.float32(0.5)) * sy - np.float32(0.5), np.float32(0)), np.float32(rh - 1)
        )
        y0 = int(y)
        y1 = min(y0 + 1, rh - 1)
        fy = y - np.float32(y0)
        for i in range(width):
            if same:
                through = np.float32(1) - layer[j, i, 3]
                for c in range(3):
                    out[j, i, c] = np.uint8(layer[j, i, c] + through * image[j, i, c] + np.float32(0.5))
                continue
            x = min(
                max((np.float32(i) + np.float32(0.5)) * sx - np.float32(0.5), np.float32(0)),
                np.float32(rw - 1),
            )
            x0 = int(x)
            x1 = min(x0 + 1, rw - 1)
            fx = x - np.float32(x0)
            w00 = (np.float32(1) - fx) * (np.float32(1) - fy)
            w01 = fx * (np.float32(1) - fy)
            w10 = (np.float32(1) - fx) * fy
            w11 = fx * fy
            alpha = (
                w00 * layer[y0, x0, 3]
                + w01 * layer[y0, x1, 3]
                + w10 * layer[y1, x0, 3]
                + w11 * layer[y1, x1, 3]
            )
            through = np.float32(1) - alpha
            for c in range(3):
                v = (
                    w00 * layer[y0, x0, c]
                    + w01 * layer[y0, x1, c]
                    + w10 * layer[y1, x0, c]
                    + w11 * layer[y1, x1, c]
                )
                out[j, i, c] = np.uint8(min(v + through * image[j, i, c] + np.float32(0.5), np.float32(255)))


@njit(nogil=True, cache=True)
def eye_depth(zbuffer, near, far, parallel, out):
    """Depth buffer 0..1 to distance along the view axis, mm; nothing drawn is 1e30."""
    for j in range(zbuffer.shape[0]):
        for i in range(zbuffer.shape[1]):
            z = zbuffer[j, i]
            if z >= 1.0:
                out[j, i] = np.float32(1e30)
            elif parallel:
                out[j, i] = np.float32(near + z * (far - near))
            else:
                out[j, i] = np.float32(near * far / (far - z * (far - near)))
