"""Refuse surface files that are cut short: VTK's readers crash on such PLY files and make up the rest of others.

PLY: Greg Turk's description of the format. Legacy VTK: "VTK File Formats", section "Simple Legacy Formats", versions 2 to 5.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np

from backend.errors import UnreadableError

PLY_TYPES = {
    "char": "b", "int8": "b", "uchar": "B", "uint8": "B", "short": "h", "int16": "h", "ushort": "H", "uint16": "H",
    "int": "i", "int32": "i", "uint": "I", "uint32": "I", "float": "f", "float32": "f", "double": "d", "float64": "d",
}  # fmt: skip
VTK_SIZES = {
    "char": 1, "unsigned_char": 1, "short": 2, "unsigned_short": 2, "int": 4, "unsigned_int": 4, "float": 4, "double": 8,
    "long": 8, "unsigned_long": 8, "vtkidtype": 4, "vtktypeint32": 4, "vtktypeint64": 8,
}  # fmt: skip
VTK_CELLS = ("VERTICES", "LINES", "POLYGONS", "TRIANGLE_STRIPS", "CELLS")


def check_model(path: Path) -> None:
    """Refuse a PLY, STL or legacy VTK file that ends before its mesh does; other formats are left to their readers.

    Raises:
        UnreadableError: cut short, or not what its name says.
    """
    check = {".ply": _check_ply, ".vtk": _check_vtk, ".stl": _check_stl}.get(path.suffix.lower())
    if check is None:
        return
    try:
        check(path.read_bytes())
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise UnreadableError(f"{path.name} is damaged or cut short") from error


def _check_ply(data: bytes) -> None:
    head, mark, body = data.partition(b"end_header")
    lines = [line.split() for line in head.decode("ascii", "replace").splitlines()]
    if not mark or lines[0] != ["ply"]:
        raise ValueError("no PLY header")
    form = next(line[1] for line in lines if line[:1] == ["format"])
    elements: list[tuple[int, list[list[str]]]] = []
    for line in lines:
        if line[:1] == ["element"]:
            elements.append((int(line[2]), []))
        elif line[:1] == ["property"]:
            elements[-1][1].append(line[1:-1])
    if form == "ascii":
        rows = [row for row in body.splitlines() if row.strip()]
        if len(rows) < sum(count for count, _properties in elements):
            raise ValueError("too few lines")
        return
    at = len(head) + len(mark) + (2 if body[:2] == b"\r\n" else 1)
    for count, properties in elements:
        at = _after_element(data, at, count, properties, "<" if "little" in form else ">")
    if at > len(data):
        raise ValueError("too few bytes")


def _after_element(data: bytes, at: int, count: int, properties: list[list[str]], order: str) -> int:
    """Where `count` rows of these properties end that begin at `at`."""
    if not any(p[0] == "list" for p in properties):
        return at + count * sum(struct.calcsize(PLY_TYPES[p[0]]) for p in properties)
    if len(properties) == 1 and count:  # faces: mostly all triangles, which is seen at once
        counter, item = (PLY_TYPES[name] for name in properties[0][1:])
        head = struct.calcsize(counter)
        row = head + int(struct.unpack_from(order + counter, data, at)[0]) * struct.calcsize(item)
        if at + count * row <= len(data):
            counts = np.frombuffer(data, np.uint8, count * row, at).reshape(count, row)[:, :head]
            if (counts == counts[0]).all():
                return at + count * row
    for _row in range(count):
        for kind in properties:
            if kind[0] == "list":
                number = struct.unpack_from(order + PLY_TYPES[kind[1]], data, at)[0]
                if number < 0:
                    raise ValueError("a list of negative length")
                at += struct.calcsize(PLY_TYPES[kind[1]]) + int(number) * struct.calcsize(PLY_TYPES[kind[2]])
            else:
                at += struct.calcsize(PLY_TYPES[kind[0]])
    return at


def _check_stl(data: bytes) -> None:
    """A binary file has 50 bytes for each triangle after its header of 84."""
    if data.lstrip()[:5].lower() == b"solid" and b"facet" in data[:4096]:
        return
    if len(data) < 84 or len(data) < 84 + 50 * int(struct.unpack_from("<I", data, 80)[0]):
        raise ValueError("too few bytes")


def _check_vtk(data: bytes) -> None:
    lines = data.split(b"\n", 4)
    if not lines[0].startswith(b"# vtk DataFile"):
        raise ValueError("no VTK header")
    binary = lines[2].strip().upper() == b"BINARY"
    if lines[3].split()[:2] != [b"DATASET", b"POLYDATA"]:
        return
    at = sum(len(line) + 1 for line in lines[:4])
    while (found := re.compile(rb"\s*(\w+)([^\n]*)\n").match(data, at)) is not None:
        name, words = found[1].decode().upper(), found[2].decode().split()
        at = found.end()
        if name == "METADATA":
            at = data.index(b"\n\n", at) + 2
        elif name == "POINTS":
            at = _after_values(data, at, 3 * int(words[0]), words[1], binary)
        elif name in VTK_CELLS:
            offsets = re.compile(rb"\s*OFFSETS +(\w+)[^\n]*\n").match(data, at)
            if offsets is None:
                at = _after_values(data, at, int(words[1]), "int", binary)
                continue
            at = _after_values(data, offsets.end(), int(words[0]), offsets[1].decode(), binary)
            links = re.compile(rb"\s*CONNECTIVITY +(\w+)[^\n]*\n").match(data, at)
            if links is None:
                raise ValueError("no connectivity")
            at = _after_values(data, links.end(), int(words[1]), links[1].decode(), binary)
        else:
            return  # what belongs to points and cells: names, colours, normals
    if not data[at:].isspace() and data[at:]:
        raise ValueError("ends within a line")


def _after_values(data: bytes, at: int, count: int, kind: str, binary: bool) -> int:
    """Where `count` values that begin at `at` end."""
    if binary:
        at += count * VTK_SIZES[kind.lower()]
        if at > len(data):
            raise ValueError("too few bytes")
        return at
    if not count:
        return at
    blank = np.frombuffer(data, np.uint8, offset=at) <= ord(" ")
    begins = np.flatnonzero(~blank & np.concatenate([[True], blank[:-1]]))
    if len(begins) < count:
        raise ValueError("too few numbers")
    end = data.find(b"\n", at + int(begins[count - 1]))
    float(data[at + int(begins[count - 1]) : end if end > 0 else None].split()[0])
    return end + 1 if end >= 0 else len(data)
