"""Files of meshes, read back by other libraries."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from pygltflib import GLTF2

from backend.render.meshes import Mesh, encode

# A tetrahedron off the origin, its corners the only ones of a box.
POINTS = np.array([[1, 2, 3], [4, 2, 3], [1, 7, 3], [1, 2, 11]], np.float32)
CELLS = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.uint32)
NORMALS = (POINTS - POINTS.mean(axis=0)) / np.linalg.norm(POINTS - POINTS.mean(axis=0), axis=1, keepdims=True)
BODY = Mesh("body", POINTS, CELLS, (0.25, 0.5, 1.0), 0.5, NORMALS.astype(np.float32), None, {"id": "vtkMRMLModelNode4"})
LINE = Mesh("line", POINTS * 2, np.array([[0, 1], [1, 2]], np.uint32), (1.0, 0.0, 1.0))
VOLUME = 3 * 5 * 8 / 6


def loaded(data: bytes, kind: str) -> trimesh.Scene:
    return trimesh.load(io.BytesIO(data), file_type=kind, process=False, force="scene")


@pytest.mark.parametrize("kind", ["gltf", "glb"])
def test_gltf_is_read_back_whole(kind: str) -> None:
    scene = loaded(encode([BODY, LINE], kind, {"frame": "RAS"}), kind)  # type: ignore[arg-type]
    body = scene.geometry["body"]
    assert body.bounds.tolist() == [[1, 2, 3], [4, 7, 11]]
    assert body.volume == pytest.approx(VOLUME)  # positive: the corners run as seen from outside
    assert body.visual.material.baseColorFactor.tolist() == pytest.approx([64, 128, 255, 128], abs=1)
    np.testing.assert_allclose(body.vertex_normals, NORMALS, atol=1e-6)
    assert scene.geometry["line"].bounds.tolist() == [[2, 4, 6], [8, 14, 22]]


def test_gltf_has_slicers_form() -> None:
    document = json.loads(encode([BODY, LINE], "gltf", {"frame": "RAS"}))
    assert document["asset"]["version"] == "2.0"
    assert document["scenes"][0]["nodes"] == [0]
    root, *children = document["nodes"]
    assert root["children"] == [1, 2]
    assert [node["name"] for node in children] == ["body", "line"]
    assert children[0]["extras"] == {"id": "vtkMRMLModelNode4"}
    assert "mesh" not in root
    assert not {"translation", "rotation", "scale", "matrix"} & set().union(*map(set, document["nodes"]))
    assert document["buffers"][0]["uri"].startswith("data:application/octet-stream;base64,")
    assert document["accessors"][0]["min"] == [1, 2, 3]
    assert [mesh["primitives"][0]["mode"] for mesh in document["meshes"]] == [4, 1]
    assert document["materials"][0]["alphaMode"] == "BLEND"


def test_glb_is_padded_and_complete(tmp_path: Path) -> None:
    for name in ("a", "ab", "abc", "abcd"):  # names of all lengths: the JSON part ends on a multiple of four
        data = encode([Mesh(name, POINTS, CELLS)], "glb", {})
        path = tmp_path / "x.glb"
        path.write_bytes(data)
        found = GLTF2().load(str(path))
        assert int.from_bytes(data[8:12], "little") == len(data)
        assert len(found.binary_blob()) == found.buffers[0].byteLength


def test_nothing_at_all_is_valid_too() -> None:
    document = json.loads(encode([], "gltf", {}))
    assert "meshes" not in document
    assert "children" not in document["nodes"][0]
    GLTF2().from_json(json.dumps(document))
    assert len(encode([], "stl", {})) == 84
    assert encode([], "obj", {}).startswith(b"#")


def test_colours_of_points_are_kept() -> None:
    colors = np.array([[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [9, 8, 7, 255]], np.uint8)
    mesh = Mesh("painted", POINTS, CELLS, point_colors=colors)
    scene = loaded(encode([mesh], "glb", {}), "glb")
    document = json.loads(encode([mesh], "gltf", {}))
    assert document["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] == [1, 1, 1, 1]
    assert scene.geometry["painted"].visual.vertex_attributes["color"].tolist() == colors.tolist()
    assert b"v 1 7 3 0 0 1" in encode([mesh], "obj", {})


def test_stl_has_every_triangle_and_its_normal() -> None:
    data = encode([BODY, LINE, BODY], "stl", {})
    assert int.from_bytes(data[80:84], "little") == 8
    assert len(data) == 84 + 8 * 50
    (found,) = loaded(data, "stl").geometry.values()
    assert found.bounds.tolist() == [[1, 2, 3], [4, 7, 11]]
    assert found.area == pytest.approx(2 * trimesh.Trimesh(POINTS, CELLS).area)
    first = np.frombuffer(data[84:96], "<f4")
    assert first.tolist() == [0, 0, -1]


def test_obj_keeps_names_lines_and_the_second_body() -> None:
    text = encode([BODY, LINE, Mesh("two words\n", POINTS + 100, CELLS)], "obj", {}).decode()
    assert [line for line in text.splitlines() if line.startswith("o ")] == ["o body", "o line", "o two words"]
    assert "l 5 6" in text
    assert "f 9 11 10" in text
    found = loaded(text.encode(), "obj")
    assert found.bounds.tolist() == [[1, 2, 3], [104, 107, 111]]
