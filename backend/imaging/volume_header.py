"""Read just enough of a volume file's header to refuse what would be mangled: images of more than three dimensions.

NRRD: teem's format document, sections 3 and 5. NIfTI-1: `dim` at byte 40 of the header. MetaImage: `NDims`, `DimSize`.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

from backend.errors import UnreadableError

HEADER_BYTES = 1 << 20


def sizes_of(path: Path) -> list[int] | None:
    """Sizes along the axes of an image, components left out; None for formats that are not looked into here.

    Raises:
        UnreadableError: the file is not what its name says. Some native readers crash on such files.
    """
    name = path.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        return _nrrd_sizes(path)
    if name.endswith((".nii", ".nii.gz")):
        return _nifti_sizes(path)
    if name.endswith((".mha", ".mhd")):
        return _meta_sizes(path)
    return None


def check_three_dimensional(path: Path) -> None:
    """Refuse files of formats we know that are not what their name says, or hold several volumes.

    Raises:
        UnreadableError: not that format at all, or a 4-D image, saying its sizes.
    """
    sizes = sizes_of(path) or []
    if len([size for size in sizes if size > 1]) > 3:
        shape = " × ".join(str(size) for size in sizes)
        raise UnreadableError(
            f"{path.name} is a {len(sizes)}-D image ({shape}), not a volume: "
            "load one time point, or the whole as a sequence (SequenceFile)"
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def _nrrd_sizes(path: Path) -> list[int]:
    head = _head(path)
    if head[:4] != b"NRRD":
        raise UnreadableError(f"{path.name} is not an NRRD file (it starts with {head[:4]!r})")
    text = head.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode("utf-8", "replace")
    fields = dict(line.split(":", 1) for line in text.split("\n")[1:] if ":" in line and not line.startswith("#"))
    sizes = _numbers(fields.get("sizes", ""))
    kinds = fields.get("kinds", "").split()
    if not sizes:
        raise UnreadableError(f"{path.name} has no sizes in its NRRD header")
    spatial = ("domain", "space", "list", "time", "none", "???")
    components = [i for i, kind in enumerate(kinds) if kind not in spatial]
    return [size for i, size in enumerate(sizes) if i not in components]


def _nifti_sizes(path: Path) -> list[int]:
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            head = file.read(348)
    except (OSError, EOFError) as error:
        raise UnreadableError(f"{path.name} is not a NIfTI file: {error}") from error
    if len(head) < 348:
        raise UnreadableError(f"{path.name} is too short for a NIfTI header")
    order = "<" if struct.unpack_from("<i", head)[0] in (348, 540) else ">"
    size = struct.unpack_from(order + "i", head)[0]
    if size == 540:  # NIfTI-2: eight 64-bit integers at byte 16
        dims = struct.unpack_from(order + "8q", head, 16)
    elif size == 348:
        dims = struct.unpack_from(order + "8h", head, 40)
    else:
        raise UnreadableError(f"{path.name} is not a NIfTI file")
    return list(dims[1 : 1 + max(1, min(dims[0], 7))])


def _meta_sizes(path: Path) -> list[int]:
    for line in _head(path).split(b"\n")[:200]:
        key, _, value = line.partition(b"=")
        if key.strip() == b"DimSize":
            return _numbers(value.decode("ascii", "replace"))
    raise UnreadableError(f"{path.name} is not a MetaImage file: it has no DimSize")


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split()]
    except ValueError as error:
        raise UnreadableError(f"sizes {text.strip()!r} are no whole numbers") from error
