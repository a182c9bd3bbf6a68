"""Triangles and lines as glTF 2.0 (JSON with inlined buffers, or GLB), OBJ and STL; coordinates as they are given."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Format = Literal["gltf", "glb", "obj", "stl"]
MEDIA_TYPES: dict[str, str] = {
    "gltf": "application/json",  # what Slicer says
    "glb": "model/gltf-binary",
    "obj": "model/obj",
    "stl": "model/stl",
}
FLOAT, UNSIGNED_INT, UNSIGNED_BYTE = 5126, 5125, 5121
VERTICES, INDICES = 34962, 34963
LINES, TRIANGLES = 1, 4
STL_HEADER_BYTES = 80


@dataclass(frozen=True)
class Mesh:
    """Triangles, (n, 3) indices, or line pieces, (n, 2), over points (p, 3) float32; one colour, or one for each point."""

    name: str
    points: NDArray[np.float32]
    cells: NDArray[np.uint32]
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)  # red, green, blue, 0..1
    opacity: float = 1.0
    normals: NDArray[np.float32] | None = None  # (p, 3)
    point_colors: NDArray[np.uint8] | None = None  # (p, 4) RGBA
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def is_surface(self) -> bool:
        """Whether it has triangles, not lines."""
        return bool(self.cells.shape[1] == 3)

    @property
    def byte_count(self) -> int:
        """Size of its arrays."""
        optional = [array.nbytes for array in (self.normals, self.point_colors) if array is not None]
        return int(self.points.nbytes + self.cells.nbytes + sum(optional))


def encode(meshes: list[Mesh], kind: Format, extras: dict[str, Any]) -> bytes:
    """A file of `kind`. `extras` say something about the whole, in glTF only; STL leaves lines and colours out."""
    if kind == "obj":
        return _obj(meshes)
    if kind == "stl":
        return _stl(meshes)
    document, binary = _gltf(meshes, extras)
    if kind == "glb":
        return _glb(document, binary)
    if binary:
        document["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    return json.dumps(document).encode()


class _Buffer:
    """One buffer with its views and accessors."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, array: NDArray[Any], kind: str, component: int, target: int, **more: Any) -> int:
        """Append an array, whose elements are a multiple of 4 bytes long; returns the accessor's index."""
        data = np.ascontiguousarray(array).tobytes()
        self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": len(data), "target": target})
        self.parts.append(data)
        self.size += len(data)
        count = array.size if kind == "SCALAR" else len(array)
        accessor = {"bufferView": len(self.views) - 1, "componentType": component, "count": count, "type": kind, **more}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _gltf(meshes: list[Mesh], extras: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The document without its buffer's place, and the buffer. Scene, root node, one node for each mesh."""
    buffer = _Buffer()
    nodes: list[dict[str, Any]] = [{"name": "Scene"}]
    found: list[dict[str, Any]] = []
    materials: list[dict[str, Any]] = []
    for mesh in meshes:
        nodes.append({"name": mesh.name, "mesh": len(found), **({"extras": mesh.extras} if mesh.extras else {})})
        found.append({"name": mesh.name, "primitives": [_primitive(mesh, buffer, len(materials))]})
        materials.append(_material(mesh))
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "Slicecast"},
        "scene": 0,
        "scenes": [{"nodes": [0], "extras": extras}],
        "nodes": nodes,
    }
    if meshes:  # glTF allows no empty lists
        nodes[0]["children"] = list(range(1, len(nodes)))
        document |= {"meshes": found, "materials": materials, "accessors": buffer.accessors, "bufferViews": buffer.views}
        document["buffers"] = [{"byteLength": buffer.size}]
    return document, b"".join(buffer.parts)


def _primitive(mesh: Mesh, buffer: _Buffer, material: int) -> dict[str, Any]:
    points = np.ascontiguousarray(mesh.points, np.float32)
    low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    attributes = {"POSITION": buffer.add(points, "VEC3", FLOAT, VERTICES, min=low, max=high)}
    if mesh.normals is not None:
        attributes["NORMAL"] = buffer.add(mesh.normals.astype(np.float32), "VEC3", FLOAT, VERTICES)
    if mesh.point_colors is not None:
        attributes["COLOR_0"] = buffer.add(mesh.point_colors, "VEC4", UNSIGNED_BYTE, VERTICES, normalized=True)
    indices = buffer.add(mesh.cells.astype(np.uint32), "SCALAR", UNSIGNED_INT, INDICES)
    mode = TRIANGLES if mesh.is_surface else LINES
    return {"attributes": attributes, "indices": indices, "material": material, "mode": mode}


def _material(mesh: Mesh) -> dict[str, Any]:
    color = (1.0, 1.0, 1.0) if mesh.point_colors is not None else mesh.color
    return {
        "name": mesh.name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*(float(c) for c in color), float(mesh.opacity)],
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
        },
        "doubleSided": True,
        **({"alphaMode": "BLEND"} if mesh.opacity < 1.0 else {}),
    }


def _glb(document: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if binary:
        chunks += struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _obj(meshes: list[Mesh]) -> bytes:
    """Wavefront OBJ; colours follow the positions of their points, as most readers take them."""
    lines = ["# Slicecast; RAS mm"]
    first = 1
    for mesh in meshes:
        lines.append("o " + " ".join(mesh.name.split()))
        colors = np.broadcast_to(mesh.color, mesh.points.shape)
        if mesh.point_colors is not None:
            colors = mesh.point_colors[:, :3] / 255.0
        rows = np.column_stack([mesh.points, colors]).tolist()
        lines += ["v {:.6g} {:.6g} {:.6g} {:.4g} {:.4g} {:.4g}".format(*row) for row in rows]
        if mesh.is_surface:
            lines += ["f {} {} {}".format(*cell) for cell in (mesh.cells.astype(np.int64) + first).tolist()]
        else:
            lines += ["l {} {}".format(*cell) for cell in (mesh.cells.astype(np.int64) + first).tolist()]
        first += len(mesh.points)
    return ("\n".join(lines) + "\n").encode()


def _stl(meshes: list[Mesh]) -> bytes:
    """Binary STL: every triangle of every mesh."""
    surfaces = [mesh.points[mesh.cells.astype(np.int64)] for mesh in meshes if mesh.is_surface]
    corners = np.concatenate(surfaces) if surfaces else np.empty((0, 3, 3), np.float32)
    facets = np.zeros(len(corners), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("unused", "<u2")]))
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    facets["normal"] = normals / np.where(lengths > 0, lengths, 1.0)
    facets["corners"] = corners
    header = b"Slicecast; RAS mm; units are millimetres".ljust(STL_HEADER_BYTES, b" ")
    return header + struct.pack("<I", len(facets)) + facets.tobytes()
