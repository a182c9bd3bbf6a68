"""What the ITK of slicer-core has no reader for: MGH (FreeSurfer), GIPL, pictures (PNG, JPEG, TIFF), NRRD of 64-bit integers.

MGH: FreeSurfer's format description, "MghMgzFormat": 284 bytes, big-endian, voxel sizes, direction cosines, RAS centre.
GIPL: "Guy's Image Processing Lab" header as ITK reads it: 256 bytes, big-endian, one of two magic numbers at byte 252.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from backend.errors import UnreadableError
from backend.imaging import nrrd

MGH = (".mgh", ".mgz", ".mgh.gz")
GIPL = (".gipl", ".gipl.gz")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MGH_HEADER, GIPL_HEADER, GIPL_MAGIC = 284, 256, (719555000, 4026526128)
MGH_TYPES = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}
GIPL_TYPES = {7: ">i1", 8: ">u1", 15: ">i2", 16: ">u2", 31: ">u4", 32: ">i4", 64: ">f4", 65: ">f8"}
LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(frozen=True)
class PlainVolume:
    """Voxels (K, J, I), or (K, J, I, components), and their place: `ijk_to_ras` (4, 4), RAS mm."""

    voxels: NDArray[Any]
    ijk_to_ras: NDArray[np.float64]


def is_other_volume(path: Path) -> bool:
    """Whether `read_other_volume` is for it."""
    return path.name.lower().endswith(MGH + GIPL + PICTURES) or _wide_header(path) is not None


def _wide_header(path: Path) -> nrrd.Header | None:
    """The header of a volume of 64-bit integers, which other readers make floats of; None for anything else."""
    if not path.name.lower().endswith(".nrrd"):
        return None
    try:
        with path.open("rb") as file:
            header = nrrd.read_header(file, path.stat().st_size, sys.maxsize)
    except UnreadableError:  # others will say why, or know better
        return None
    return header if header.dtype.itemsize == 8 and header.dtype.kind in "iu" else None


def read_other_volume(path: Path, limit_mb: int, files: list[Path] | None = None) -> PlainVolume:
    """Read it; `files` are further pictures that belong to a stack, in order.

    Raises:
        UnreadableError: it is not what its name says, cut short, or larger than `limit_mb` in memory.
    """
    name = path.name.lower()
    try:
        if name.endswith(MGH):
            return _read_mgh(path, limit_mb)
        if name.endswith(GIPL):
            return _read_gipl(path, limit_mb)
        if name.endswith(".nrrd"):
            return _read_wide(path, limit_mb)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd tags; what matters comes as an error
            return _read_pictures(files or [path], limit_mb)
    except UnreadableError:
        raise
    except Exception as error:  # Pillow's readers of damaged files raise all sorts
        raise UnreadableError(f"{path.name} is damaged or not what its name says: {error}") from error


def numbered_beside(path: Path) -> list[Path]:
    """The stack a numbered picture belongs to: files of its folder that differ from it only in their last number, in order."""
    number = LAST_NUMBER.search(path.stem)
    if number is None:
        return [path]
    head, tail = path.stem[: number.start()], path.stem[number.end() :]
    pattern = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail) + re.escape(path.suffix))
    found = [(int(match[1]), file) for file in path.parent.iterdir() if (match := pattern.fullmatch(file.name))]
    return [file for _number, file in sorted(found)]


def _unpacked(path: Path, count: int) -> bytes:
    """The first `count` bytes, unpacked."""
    with gzip.open(path) if path.name.lower().endswith(("z", ".gz")) else path.open("rb") as file:
        return file.read(count)


def _require(path: Path, data: bytes, need: int) -> None:
    if len(data) < need:
        raise UnreadableError(f"{path.name} is cut short or damaged: {len(data)} of {need} bytes are there")


def _require_room(path: Path, need: int, limit_mb: int) -> None:
    if need > limit_mb << 20:
        raise UnreadableError(f"{path.name} has {need >> 20} MB of voxels; {limit_mb} are allowed (setting max_volume_mb)")


def _read_mgh(path: Path, limit_mb: int) -> PlainVolume:
    head = _unpacked(path, MGH_HEADER)
    _require(path, head, MGH_HEADER)
    version, width, height, depth, frames, kind = struct.unpack_from(">6i", head)
    if version != 1 or min(width, height, depth, frames) < 1 or kind not in MGH_TYPES:
        raise UnreadableError(f"{path.name} is no MGH file")
    if frames > 1:
        raise UnreadableError(f"{path.name} holds {frames} volumes; files of one can be loaded")
    dims, spacing, axes = (width, height, depth), np.ones(3), np.array([[-1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    centre = np.zeros(3)
    if struct.unpack_from(">h", head, 28)[0]:
        values = np.array(struct.unpack_from(">15f", head, 30), np.float64)
        spacing, axes, centre = values[:3], values[3:12].reshape(3, 3).T, values[12:]
    dtype = np.dtype(MGH_TYPES[kind])
    need = math.prod(dims) * dtype.itemsize
    _require_room(path, need, limit_mb)
    data = _unpacked(path, MGH_HEADER + need)
    _require(path, data, MGH_HEADER + need)
    matrix = np.eye(4)
    matrix[:3, :3] = axes * spacing
    matrix[:3, 3] = centre - matrix[:3, :3] @ (np.array(dims) / 2)
    voxels = np.frombuffer(data, dtype, math.prod(dims), MGH_HEADER).reshape(depth, height, width)
    return PlainVolume(voxels.astype(dtype.newbyteorder("=")), matrix)


def _read_gipl(path: Path, limit_mb: int) -> PlainVolume:
    head = _unpacked(path, GIPL_HEADER)
    _require(path, head, GIPL_HEADER)
    if struct.unpack_from(">I", head, 252)[0] not in GIPL_MAGIC:
        raise UnreadableError(f"{path.name} is no GIPL file")
    sizes = [max(size, 1) for size in struct.unpack_from(">4H", head)]
    (kind,) = struct.unpack_from(">H", head, 8)
    if kind not in GIPL_TYPES or sizes[3] > 1:
        raise UnreadableError(f"{path.name} holds voxels of type {kind} and {sizes[3]} volumes; that can not be loaded")
    spacing = [abs(value) or 1.0 for value in struct.unpack_from(">3f", head, 10)]
    origin = struct.unpack_from(">3d", head, 204)
    dtype = np.dtype(GIPL_TYPES[kind])
    need = math.prod(sizes) * dtype.itemsize
    _require_room(path, need, limit_mb)
    data = _unpacked(path, GIPL_HEADER + need)
    _require(path, data, GIPL_HEADER + need)
    lps = np.diag([*spacing, 1.0])  # the format has no directions
    lps[:3, 3] = origin
    voxels = np.frombuffer(data, dtype, math.prod(sizes), GIPL_HEADER).reshape(sizes[2], sizes[1], sizes[0])
    return PlainVolume(voxels.astype(dtype.newbyteorder("=")), np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps)


def _read_wide(path: Path, limit_mb: int) -> PlainVolume:
    header = _wide_header(path)
    if header is None:
        raise UnreadableError(f"{path.name} holds no 64-bit integers any more")
    _require_room(path, header.data_bytes, limit_mb)
    voxels = np.empty(math.prod(header.sizes), header.dtype.newbyteorder("="))
    with path.open("rb") as file:
        nrrd.read_voxels(file, header, voxels)
    return PlainVolume(voxels.reshape(header.sizes[::-1]), header.ijk_to_ras)


def _read_pictures(files: list[Path], limit_mb: int) -> PlainVolume:
    slices: list[NDArray[Any]] = []
    total = 0
    for file in files:
        with Image.open(file) as picture:
            width, height = picture.size
            for page in ImageSequence.Iterator(picture):
                total += width * height * len(page.getbands()) * (2 if page.mode.startswith("I") else 1)
                _require_room(file, total, limit_mb)
                slices.append(_pixels(page))
    if any(page.shape != slices[0].shape for page in slices):
        raise UnreadableError(f"the pictures beside {files[0].name} differ in size; load one alone with singleFile=1")
    return PlainVolume(np.stack(slices), np.diag([-1.0, -1.0, 1.0, 1.0]))


def _pixels(page: Image.Image) -> NDArray[Any]:
    """(h, w) or (h, w, 3 or 4), palettes resolved."""
    if page.mode in ("1", "LA"):
        page = page.convert("L")
    elif page.mode in ("P", "CMYK", "YCbCr", "PA"):
        page = page.convert("RGB")
    elif page.mode in ("La", "RGBa"):
        page = page.convert("RGBA")
    pixels = np.asarray(page)
    return pixels.astype(pixels.dtype.newbyteorder("="))
