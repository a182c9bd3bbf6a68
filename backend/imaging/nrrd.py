"""NRRD volumes as they go over HTTP: the header of what is sent, and a strict reading of what comes.

Format: teem's "Definition of NRRD File Format". Geometry is that of voxel centres, mm: LPS, RAS or LAS in files, RAS here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from isal import igzip, igzip_lib
from numpy.typing import NDArray

from backend.errors import TooLargeError, UnreadableError
from backend.imaging.frames import LPS_TO_RAS, Matrix, lps_to_ras

HEADER_BYTES = 1 << 20
CHUNK_BYTES = 1 << 20
LARGEST_SIZE = (1 << 31) - 1  # VTK counts voxels along an axis in 32 bits
LARGEST_MM = 1e7  # what views can be placed at
SMALLEST_VOLUME = 1e-6  # of a unit cube spanned by the directions; less is flat
DEFLATE_RATIO = 1100  # no deflate stream unpacks to more than 1032 times its length

# Every spelling of teem's scalar types, by numpy's code.
_SPELLINGS = {
    "i1": "signed char|int8|int8_t",
    "u1": "uchar|unsigned char|uint8|uint8_t",
    "i2": "short|short int|signed short|signed short int|int16|int16_t",
    "u2": "ushort|unsigned short|unsigned short int|uint16|uint16_t",
    "i4": "int|signed int|int32|int32_t",
    "u4": "uint|unsigned int|uint32|uint32_t",
    "i8": "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
    "u8": "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
    "f4": "float",
    "f8": "double",
}
TYPES = {name: code for code, names in _SPELLINGS.items() for name in names.split("|")}
NAMES = {code: names.split("|")[0] for code, names in _SPELLINGS.items()}
_FRAMES = {
    "left-posterior-superior": LPS_TO_RAS, "lps": LPS_TO_RAS,
    "right-anterior-superior": np.eye(4), "ras": np.eye(4),
    "left-anterior-superior": np.diag([-1.0, 1.0, 1.0, 1.0]), "las": np.diag([-1.0, 1.0, 1.0, 1.0]),
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE | re.ASCII)
_VECTORS = re.compile(r"\s*\(([^()]*)\)\s*\(([^()]*)\)\s*\(([^()]*)\)\s*")


@dataclass(frozen=True)
class Header:
    """What an NRRD file says it holds: voxels of `dtype` (byte order included), i fastest, from byte `begin` on."""

    dtype: np.dtype[Any]
    sizes: tuple[int, int, int]
    ijk_to_ras: Matrix
    compressed: bool
    begin: int

    @property
    def data_bytes(self) -> int:
        """Length of the voxels, unpacked."""
        return math.prod(self.sizes) * self.dtype.itemsize


# -- writing ---------------------------------------------------------------------------------------------------------


def type_name(dtype: np.dtype[Any]) -> str:
    """NRRD's name of a numpy scalar type.

    Raises:
        UnreadableError: NRRD has none.
    """
    try:
        return NAMES[dtype.str[1:]]
    except KeyError:
        raise UnreadableError(f"NRRD has no scalar type for {dtype}") from None


def volume_header(dtype: np.dtype[Any], sizes: Sequence[int], ijk_to_ras: Matrix) -> bytes:
    """Header of a scalar volume in LPS, raw little endian, with the lines, order and numbers of Slicer's web server."""
    return _header(type_name(dtype), sizes, "", lps_to_ras(ijk_to_ras), "domain domain domain", str)


def grid_header(sizes: Sequence[int], ijk_to_ras: Matrix) -> bytes:
    """Header of a field of float vectors, three components first, likewise; whole numbers without a point."""
    lps = lps_to_ras(ijk_to_ras)
    return _header("float", (3, *sizes), "none ", lps, "vector domain domain domain", lambda v: str(v).removesuffix(".0"))


def _header(kind: str, sizes: Sequence[int], before: str, lps: Matrix, kinds: str, text: Any) -> bytes:
    directions = " ".join(_vector(lps[:3, axis], text) for axis in range(3))
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        f"type: {kind}",
        f"dimension: {len(sizes)}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(size) for size in sizes)}",
        f"space directions: {before}{directions}",
        f"kinds: {kinds}",
        "endian: little",
        "encoding: raw",
        f"space origin: {_vector(lps[:3, 3], text)}",
    ]
    return ("\n".join(lines) + "\n\n").encode()


def _vector(values: NDArray[np.float64], text: Any) -> str:
    return "(" + ",".join(text(float(value)) for value in values) + ")"


# -- reading ---------------------------------------------------------------------------------------------------------


def read_header(file: BinaryIO, size: int, most_bytes: int) -> Header:
    """Read and check the header of a scalar volume; nothing is allocated from what it says.

    Args:
        file: stands at its beginning.
        size: bytes of the whole file.
        most_bytes: the largest volume that is taken, unpacked.

    Raises:
        UnreadableError: no NRRD, not a volume that is understood (in Slicer's words where it has some), or a header whose
            sizes do not fit the data.
        TooLargeError: more than `most_bytes`.
    """
    head = file.read(HEADER_BYTES)
    header = _parse(head)
    if header.data_bytes > most_bytes:
        raise TooLargeError(f"the volume would take {header.data_bytes} bytes; up to {most_bytes} are taken")
    there = size - header.begin
    fits = header.data_bytes <= there * DEFLATE_RATIO if header.compressed else header.data_bytes == there
    if not fits:
        raise _wrong_length(header, f"{there}{' compressed' if header.compressed else ''}")
    return header


def read_voxels(file: BinaryIO, header: Header, into: NDArray[Any]) -> None:
    """Read the voxels of `header` into a flat array of its scalar type in native byte order.

    Raises:
        UnreadableError: damaged, or another length than the header's.
    """
    file.seek(header.begin)
    view = into.view(np.uint8).data
    found = 0
    try:
        source: Any = igzip.IGzipFile(fileobj=file) if header.compressed else file
        while found < len(view) and (count := source.readinto(view[found : found + CHUNK_BYTES])):
            found += count
        more = bool(source.read(1))
    except (OSError, EOFError, igzip_lib.IsalError) as error:  # type: ignore[misc]  # typed as an instance in isal
        raise UnreadableError(f"the compressed data are damaged or cut short: {error}") from error
    if found < len(view) or more:
        raise _wrong_length(header, f"{'more' if more else found}")
    if not header.dtype.isnative:
        into.byteswap(inplace=True)


def _wrong_length(header: Header, found: str) -> UnreadableError:
    size = " × ".join(str(n) for n in header.sizes)
    why = f"{size} voxels of {type_name(header.dtype)} take {header.data_bytes} bytes and there are {found}"
    # Who sends shorts under another name, which Slicer refuses by its type, is refused in the same words.
    return UnreadableError(why if header.dtype.str[1:] == "i2" else f"Can only read short volumes in this length: {why}")


def _parse(head: bytes) -> Header:
    fields, begin = _fields(head)
    code = TYPES.get(_needed(fields, "type").lower())
    if code is None:
        raise UnreadableError("Can only read short volumes, and those of NRRD's other scalar types")
    if _needed(fields, "dimension") != "3" or not _are_spatial(fields.get("kinds")):
        raise UnreadableError("Can only read 3D, 1 component volumes")
    endian = "little" if code.endswith("1") and "endian" not in fields else _needed(fields, "endian").lower()
    if endian not in ("little", "big"):
        raise UnreadableError("Can only read little endian, and big")
    encoding = _needed(fields, "encoding").lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise UnreadableError("Can only read raw encoding, and gzip")
    frame = _FRAMES.get(_needed(fields, "space").lower())
    if frame is None:
        raise UnreadableError("Can only read space in LPS, and in RAS and LAS")
    for name in ("data file", "datafile"):
        if name in fields:
            raise UnreadableError("the data must follow the header; files that it names are not read")
    for name in ("line skip", "lineskip", "byte skip", "byteskip"):
        if fields.get(name, "0") != "0":
            raise UnreadableError(f"{name} is not understood: the data must follow the header")
    sizes = _sizes(_needed(fields, "sizes"))
    matrix = np.eye(4)
    matrix[:3, :3] = _directions(_needed(fields, "space directions"))
    matrix[:3, 3] = _origin(_needed(fields, "space origin"))
    dtype = np.dtype(("<" if endian == "little" else ">") + code)
    return Header(dtype, sizes, frame @ matrix, encoding != "raw", begin)


def _fields(head: bytes) -> tuple[dict[str, str], int]:
    """Fields by name in lower case, and where the data begin."""
    if head[:4] != b"NRRD":
        raise UnreadableError(f"Cannot load non-nrrd file (magic is {head[:4]!r})")
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := head.find(mark)) >= 0]
    if not ends:
        raise UnreadableError(f"no empty line ends the header within the first {HEADER_BYTES >> 20} MB")
    fields: dict[str, str] = {}
    for number, line in enumerate(head[: min(ends)].decode("utf-8", "replace").split("\n")[1:], start=2):
        text = line.strip()
        name, colon, value = text.partition(":")
        if not text or text.startswith("#") or value.startswith("="):
            continue
        if not colon:
            raise UnreadableError(f"line {number} of the header is no field: {text[:80]!r}")
        if name.strip().lower() in fields:
            raise UnreadableError(f"the header gives {name.strip()[:80]!r} twice")
        fields[name.strip().lower()] = value.strip()
    return fields, min(ends)


def _needed(fields: dict[str, str], name: str) -> str:
    try:
        return fields[name]
    except KeyError:
        raise UnreadableError(f"{name.encode()!r}") from None  # as Slicer says it


def _are_spatial(kinds: str | None) -> bool:
    return kinds is None or (len(kinds.split()) == 3 and set(kinds.lower().split()) <= {"domain", "space", "none", "???"})


def _sizes(text: str) -> tuple[int, int, int]:
    words = text.split()
    if len(words) != 3 or not all(re.fullmatch(r"\d{1,10}", word, re.ASCII) for word in words):
        raise UnreadableError(f"sizes must be three whole numbers, not {text[:80]!r}")
    i, j, k = (int(word) for word in words)
    if min(i, j, k) < 1 or max(i, j, k) > LARGEST_SIZE:
        raise UnreadableError(f"sizes {text[:80]!r} are out of range")
    return i, j, k


def _numbers(text: str, what: str) -> list[float]:
    words = [word.strip() for word in text.split(",")]
    values = [float(word) if _NUMBER.fullmatch(word) else math.nan for word in words]
    if len(values) != 3 or not all(math.isfinite(v) and abs(v) <= LARGEST_MM for v in values):
        raise UnreadableError(f"{what} ({text[:80]}) is not three finite numbers up to {LARGEST_MM:g}")
    return values


def _directions(text: str) -> NDArray[np.float64]:
    """(3, 3): a column for each axis."""
    found = _VECTORS.fullmatch(text)
    if found is None:
        raise UnreadableError(f"space directions must be three vectors like (1,0,0), not {text[:80]!r}")
    columns = np.array([_numbers(vector, "a space direction") for vector in found.groups()]).T
    lengths = np.linalg.norm(columns, axis=0)
    if lengths.min() < 1 / LARGEST_MM or abs(np.linalg.det(columns / lengths)) < SMALLEST_VOLUME:
        raise UnreadableError("the space directions do not span a volume")
    return columns


def _origin(text: str) -> list[float]:
    inside = text.removeprefix("(").removesuffix(")")
    if text != f"({inside})":
        raise UnreadableError(f"the space origin must be a vector like (0,0,0), not {text[:80]!r}")
    return _numbers(inside, "the space origin")
