"""What an image file says it needs, before anything is allocated for it: bytes of voxels, and files beside it."""

from __future__ import annotations

import math
import struct
from pathlib import Path

from backend.errors import UnreadableError
from backend.imaging.volume_header import (
    NIFTI_1,
    NRRD_TYPES,
    head_of,
    nifti_dims,
    nifti_head,
    nrrd_fields,
    numbers_of,
)

META_TYPES = {
    "met_char": 1, "met_uchar": 1, "met_short": 2, "met_ushort": 2, "met_int": 4, "met_uint": 4, "met_long": 8, "met_ulong": 8,
    "met_long_long": 8, "met_ulong_long": 8, "met_float": 4, "met_double": 8,
}  # fmt: skip
LARGEST_VALUE = 8
LIST_LINES = 100_000


def check_voxels(path: Path, limit_mb: int) -> None:
    """Refuse an image whose header asks for more memory than allowed.

    Raises:
        UnreadableError: saying how much, or that the sizes make no sense.
    """
    need = declared_bytes(path)
    if need is not None and need > limit_mb << 20:
        raise UnreadableError(f"{path.name} has {need >> 20} MB of voxels; {limit_mb} are allowed (setting max_volume_mb)")


def declared_bytes(path: Path) -> int | None:
    """Bytes of voxels that the header of an NRRD, NIfTI or MetaImage file speaks of; None for other formats.

    Raises:
        UnreadableError: it is not what its name says, or a size is not positive.
    """
    path = _header_of(path)
    name = path.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        fields = nrrd_fields(path, head_of(path))
        kind = fields.get("type", "").strip().lower().removeprefix("unsigned ").removeprefix("signed ")
        size = NRRD_TYPES.get(kind) or NRRD_TYPES.get(kind.removeprefix("u")) or LARGEST_VALUE
        return _product(path, numbers_of(fields.get("sizes", "")), size)
    if name.endswith((".nii", ".nii.gz", ".hdr")):
        head = nifti_head(path)
        order, dims = nifti_dims(path, head)
        at = 72 if struct.unpack_from(order + "i", head)[0] == NIFTI_1 else 14
        return _product(path, dims, max(struct.unpack_from(order + "h", head, at)[0] // 8, 1))
    if name.endswith((".mha", ".mhd")):
        fields = _meta_fields(path)
        channels = numbers_of(fields.get("elementnumberofchannels", "1")) or [1]
        size = META_TYPES.get(fields.get("elementtype", "").lower(), LARGEST_VALUE)
        return _product(path, [*numbers_of(fields.get("dimsize", "")), channels[0]], size)
    return None


def _header_of(path: Path) -> Path:
    """The header of an Analyze or NIfTI pair whose voxels `path` holds; any other path as it is."""
    for ending in (".img.gz", ".img"):
        if path.name.lower().endswith(ending):
            header = path.with_name(path.name[: -len(ending)] + ".hdr")
            if header.is_file():
                return header
    return path


def _product(path: Path, sizes: list[int], value_bytes: int) -> int:
    if not sizes or min(sizes) < 1:
        raise UnreadableError(f"{path.name} has no sensible sizes: {sizes}")
    return math.prod(sizes) * value_bytes


def detached_files(path: Path) -> list[Path]:
    """Files that an NRRD or MetaImage header names for its voxels, as it names them.

    Raises:
        UnreadableError: it is not what its name says.
    """
    name = path.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        head = head_of(path)
        fields = nrrd_fields(path, head)
        named = (fields.get("data file") or fields.get("datafile") or "").strip()
    elif name.endswith((".mha", ".mhd")):
        head = head_of(path)
        named = _meta_fields(path).get("elementdatafile", "")
        if named.upper() == "LOCAL":
            return []
    else:
        return []
    if named.upper().startswith("LIST"):
        lines = head.decode("utf-8", "replace").splitlines()
        begins = next((number for number, line in enumerate(lines) if "LIST" in line.upper()), len(lines))
        return [path.parent / line.strip() for line in lines[begins + 1 : begins + LIST_LINES] if line.strip()]
    # A pattern such as `slice%03d.raw 1 9 1` stands for files of one folder.
    return [path.parent / (named.split()[0] if "%" in named else named)] if named else []


def _meta_fields(path: Path) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head_of(path).split(b"\n")[:200]:
        key, equals, value = line.partition(b"=")
        if not equals:
            continue
        fields[key.strip().decode("ascii", "replace").lower()] = value.strip().decode("utf-8", "replace")
        if key.strip() == b"ElementDataFile":  # what follows is voxels
            return fields
    return fields
