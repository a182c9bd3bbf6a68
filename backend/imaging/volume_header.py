"""Read just enough of a volume file to refuse what would be mangled: more than three dimensions, or voxels missing at its end.

NRRD: teem's format document, sections 3 and 5. NIfTI-1: `dim` at byte 40 of the header. MetaImage: `NDims`, `DimSize`.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from backend.errors import UnreadableError

HEADER_BYTES = 1 << 20
NIFTI_1, NIFTI_2 = 348, 540  # sizes of their headers, which they begin with
NRRD_TYPES = {
    "char": 1, "int8": 1, "int8_t": 1, "short": 2, "short int": 2, "int16": 2, "int16_t": 2, "int": 4, "int32": 4,
    "int32_t": 4, "float": 4, "longlong": 8, "long long": 8, "long long int": 8, "int64": 8, "int64_t": 8, "double": 8,
}  # fmt: skip
NRRD_ENCODINGS = ("raw", "gz", "gzip", "ascii", "text", "txt", "hex")


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
    if _is_diffusion(path):
        return
    if len([size for size in sizes if size > 1]) > 3:
        shape = " × ".join(str(size) for size in sizes)
        raise UnreadableError(
            f"{path.name} is a {len(sizes)}-D image ({shape}), not a volume: "
            "load one time point, or the whole as a sequence (SequenceFile)"
        )


def _is_diffusion(path: Path) -> bool:
    """Whether it is an NRRD file of diffusion-weighted images, whose fourth axis is that of the gradients."""
    name = path.name.lower()
    return name.endswith((".nrrd", ".nhdr")) and nrrd_fields(path, head_of(path)).get("modality", "").lstrip("=") == "DWMRI"


def check_complete(path: Path) -> None:
    """Refuse an NRRD or NIfTI file that ends before its voxels do: some readers make up the rest, others crash.

    Raises:
        UnreadableError: saying so.
    """
    name = path.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        _check_nrrd(path)
    elif name.endswith((".nii", ".nii.gz")):
        head = nifti_head(path)
        order, dims = nifti_dims(path, head)
        if struct.unpack_from(order + "i", head)[0] == NIFTI_1:
            start, bits = struct.unpack_from(order + "f", head, 108)[0], struct.unpack_from(order + "h", head, 72)[0]
        else:
            start, bits = struct.unpack_from(order + "q", head, 168)[0], struct.unpack_from(order + "h", head, 14)[0]
        if min(dims) < 1 or bits < 1 or not 0 <= start < HEADER_BYTES * 1024:
            raise UnreadableError(f"{path.name} has no sensible NIfTI header")
        _require(path, 0, int(start) + math.prod(dims) * bits // 8, name.endswith(".gz"))


def _check_nrrd(path: Path) -> None:
    head = head_of(path)
    fields = nrrd_fields(path, head)
    encoding = fields.get("encoding", "raw").strip().lower()
    if encoding not in NRRD_ENCODINGS:
        raise UnreadableError(f"{path.name} is encoded as {encoding!r}; this server reads {', '.join(NRRD_ENCODINGS)}")
    kind = fields.get("type", "").strip().lower().removeprefix("unsigned ").removeprefix("signed ")
    size = NRRD_TYPES.get(kind) or NRRD_TYPES.get(kind.removeprefix("u"))
    skips = [fields.get(name, "0").strip() for name in ("line skip", "lineskip", "byte skip", "byteskip")]
    if size is None or encoding not in ("raw", "gz", "gzip") or any(skip != "0" for skip in skips):
        return
    need = math.prod(numbers_of(fields["sizes"])) * size
    named = (fields.get("data file") or fields.get("datafile") or "").strip()
    if not named:
        ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := head.find(mark)) >= 0]
        _require(path, min(ends, default=len(head)), need, encoding != "raw")
    elif len(named.split()) == 1 and "%" not in named and named != "LIST":
        data = path.parent / named
        if not data.is_file():
            raise UnreadableError(f"{path.name} needs {named} beside it, which is not there")
        _require(data, 0, need, encoding != "raw")


def _require(path: Path, start: int, need: int, compressed: bool) -> None:
    """Refuse a file with fewer than `need` bytes from `start` on, unpacked."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not compressed:
            found = size - start
        else:
            file.seek(max(start, size - 4))
            told = int.from_bytes(file.read(4), "little")
            if told == need % (1 << 32):  # a gzip file ends with how long it is unpacked
                return
            file.seek(start)
            found = _unpacked(file, need)
    if found < need:
        raise UnreadableError(f"{path.name} is cut short or damaged: {max(found, 0)} of {need} bytes are there")


def _unpacked(file: BinaryIO, enough: int) -> int:
    """How many bytes a gzip file gives, counted up to `enough`."""
    found = 0
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            while found < enough and (chunk := unpacked.read(1 << 20)):
                found += len(chunk)
    except (OSError, EOFError, zlib.error):
        pass
    return found


def head_of(path: Path) -> bytes:
    """The beginning of a file, where its header is."""
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def nrrd_fields(path: Path, head: bytes) -> dict[str, str]:
    """Fields of an NRRD header by their lower-case names.

    Raises:
        UnreadableError: it is no NRRD file.
    """
    if head[:4] != b"NRRD":
        raise UnreadableError(f"{path.name} is not an NRRD file (it starts with {head[:4]!r})")
    text = head.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode("utf-8", "replace")
    lines = [line.split(":", 1) for line in text.split("\n")[1:] if ":" in line and not line.startswith("#")]
    return {name.strip().lower(): value for name, value in lines}


def _nrrd_sizes(path: Path) -> list[int]:
    fields = nrrd_fields(path, head_of(path))
    sizes = numbers_of(fields.get("sizes", ""))
    kinds = fields.get("kinds", "").split()
    if not sizes:
        raise UnreadableError(f"{path.name} has no sizes in its NRRD header")
    spatial = ("domain", "space", "list", "time", "none", "???")
    components = [i for i, kind in enumerate(kinds) if kind not in spatial]
    return [size for i, size in enumerate(sizes) if i not in components]


def _nifti_sizes(path: Path) -> list[int]:
    return nifti_dims(path, nifti_head(path))[1]


def nifti_head(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            head = file.read(NIFTI_1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(f"{path.name} is not a NIfTI file: {error}") from error
    if len(head) < NIFTI_1:
        raise UnreadableError(f"{path.name} is too short for a NIfTI header")
    return head


def nifti_dims(path: Path, head: bytes) -> tuple[str, list[int]]:
    """Byte order and sizes of a NIfTI header."""
    order = "<" if struct.unpack_from("<i", head)[0] in (NIFTI_1, NIFTI_2) else ">"
    size = struct.unpack_from(order + "i", head)[0]
    if size == NIFTI_2:  # eight 64-bit integers at byte 16
        dims = struct.unpack_from(order + "8q", head, 16)
    elif size == NIFTI_1:
        dims = struct.unpack_from(order + "8h", head, 40)
    else:
        raise UnreadableError(f"{path.name} is not a NIfTI file")
    return order, list(dims[1 : 1 + max(1, min(dims[0], 7))])


def _meta_sizes(path: Path) -> list[int]:
    for line in head_of(path).split(b"\n")[:200]:
        key, _, value = line.partition(b"=")
        if key.strip() == b"DimSize":
            return numbers_of(value.decode("ascii", "replace"))
    raise UnreadableError(f"{path.name} is not a MetaImage file: it has no DimSize")


def numbers_of(text: str) -> list[int]:
    """Whole numbers between spaces.

    Raises:
        UnreadableError: something else is there.
    """
    try:
        return [int(word) for word in text.split()]
    except ValueError as error:
        raise UnreadableError(f"sizes {text.strip()!r} are no whole numbers") from error
