"""Volumes whose pictures are known: each patient octant has its own value."""

from __future__ import annotations

from pathlib import Path

import nrrd
import numpy as np
from numpy.typing import NDArray

# Value of each octant by the signs of its RAS coordinates (R, A, S).
OCTANTS = {
    (1, 1, 1): 250, (1, 1, -1): 220, (1, -1, 1): 190, (1, -1, -1): 160,
    (-1, 1, 1): 130, (-1, 1, -1): 100, (-1, -1, 1): 70, (-1, -1, -1): 40,
}  # fmt: skip


def octant_volume(ijk_to_ras: NDArray[np.float64], dims: tuple[int, int, int]) -> NDArray[np.int16]:
    """(K, J, I) int16 for a volume with this affine."""
    k, j, i = np.mgrid[0 : dims[2], 0 : dims[1], 0 : dims[0]]
    ras = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ ijk_to_ras.T
    voxels = np.zeros(i.shape, np.int16)
    for signs, value in OCTANTS.items():
        inside = np.all([np.where(ras[..., axis] > 0, 1, -1) == signs[axis] for axis in range(3)], axis=0)
        voxels[inside] = value
    return voxels


def centred(axes: NDArray[np.float64], spacing: tuple[float, float, float], dims: tuple[int, int, int]) -> NDArray[np.float64]:
    """An ijk_to_ras whose volume is centred on the origin; `axes` (3, 3) columns are the directions of i, j, k."""
    matrix = np.eye(4)
    matrix[:3, :3] = axes * spacing
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(dims) - 1) / 2)
    return matrix


def write_nrrd(path: Path, voxels: NDArray[np.int16], ijk_to_ras: NDArray[np.float64], encoding: str = "gzip") -> Path:
    """An NRRD in LPS, as Slicer writes it."""
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ ijk_to_ras
    header = {
        "space": "left-posterior-superior",
        "space directions": lps[:3, :3].T,
        "space origin": lps[:3, 3],
        "kinds": ["domain"] * 3,
        "encoding": encoding,
    }
    nrrd.write(str(path), voxels.transpose(2, 1, 0), header)
    return path


# Slicer's sample MRHead: 256 × 256 × 130 voxels of 1 × 1 × 1.3 mm in sagittal slices.
HEAD_DIMS = (256, 256, 130)
HEAD_TO_RAS = np.array(
    [[0, 0, 1.2999954223632812, -86.64489746], [-1, 0, 0, 133.9285714], [0, -1, 0, 116.78569794], [0, 0, 0, 1.0]]
)


def head_like() -> NDArray[np.int16]:
    """(130, 256, 256) int16 with MRHead's geometry: a ramp from superior 0 to inferior 255, 300 more at the patient's right."""
    voxels = np.zeros(HEAD_DIMS[::-1], np.int16)
    voxels += np.arange(HEAD_DIMS[1], dtype=np.int16)[None, :, None]
    voxels[HEAD_DIMS[2] // 2 :] += 300
    return voxels


def bumpy_sphere(folder: Path, triangles: int) -> Path:
    """A sphere of 80 mm with bumps as binary STL, RAS mm, of about so many triangles."""
    rows = round((triangles / 4) ** 0.5)
    columns = 2 * rows
    theta, phi = np.meshgrid(np.linspace(0, np.pi, rows + 1), np.linspace(0, 2 * np.pi, columns + 1), indexing="ij")
    radius = 80 + 6 * np.sin(9 * theta) * np.cos(11 * phi)
    points = radius[..., None] * np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    corners = np.concatenate([np.stack([a, b, c], axis=2).reshape(-1, 3, 3), np.stack([a, c, d], axis=2).reshape(-1, 3, 3)])
    records = np.zeros(len(corners), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")]))
    records["corners"] = corners
    path = folder / "surface.stl"
    path.write_bytes(b"SPACE=RAS".ljust(80) + np.uint32(len(records)).tobytes() + records.tobytes())
    return path
