"""`/slicer/gridTransforms` and `/slicer/gridTransform` in every spelling, against SimpleITK's own transforms."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import nrrd
import numpy as np
import pytest
import SimpleITK

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

SPELLINGS = ("gridTransform", "gridtransform", "griddtransform", "GRIDTRANSFORM", "gridddTransform")
SIZE, ORIGIN, SPACING = (7, 6, 5), (10.0, -20.0, 30.0), (2.0, 3.5, 4.25)


def field() -> SimpleITK.Image:
    """Smooth displacements (LPS mm) of up to 2 mm on an oblique grid."""
    directions = np.linalg.qr(np.array([[0.9, -0.3, 0.1], [0.2, 0.8, -0.4], [0.1, 0.5, 0.7]]))[0]
    k, j, i = np.mgrid[0 : SIZE[2], 0 : SIZE[1], 0 : SIZE[0]]
    vectors = np.stack([np.sin(i / 2), 2 * np.cos(j / 3), k / 4 - 0.5], axis=-1)
    image = SimpleITK.GetImageFromArray(vectors, isVector=True)
    image.SetOrigin(ORIGIN)
    image.SetSpacing(SPACING)
    image.SetDirection(directions.ravel().tolist())
    return image


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("transforms")
    affine, dims = centred(np.eye(3), (4.0, 4.0, 4.0), (20, 20, 20)), (20, 20, 20)
    SimpleITK.WriteImage(field(), str(folder / "image.nrrd"))
    SimpleITK.WriteTransform(SimpleITK.DisplacementFieldTransform(field()), str(folder / "itk.h5"))
    volume = write_nrrd(folder / "volume.nrrd", octant_volume(affine, dims), affine)
    live = LiveServer(volume, allow_path=[str(folder)], enable_exec=True).wait()
    assert live.get("/slicer/gridTransforms").json() == []
    for name in ("image.nrrd", "itk.h5"):
        answer = live.request("POST", f"/slicer/mrml?localfile={folder / name}&filetype=TransformFile", b"")
        assert answer.json()["success"], answer.body
    yield live
    live.stop()


def got(live: LiveServer, query: str, path: Path) -> SimpleITK.Image:
    answer = live.get(f"/slicer/gridTransform{query}")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/octet-stream"
    path.write_bytes(answer.body)
    return SimpleITK.ReadImage(str(path), SimpleITK.sitkVectorFloat64)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_means_the_same(server: LiveServer, spelling: str) -> None:
    listed = server.get(f"/slicer/{spelling}s")
    assert listed.json() == [
        {"name": "image", "id": "vtkMRMLGridTransformNode1"},
        {"name": "itk", "id": "vtkMRMLGridTransformNode2"},
    ]
    assert server.get(f"/slicer/{spelling}S").json() == listed.json()
    assert server.get(f"/slicer/{spelling}").body == server.get("/slicer/gridTransform?id=image").body
    assert server.get(f"/slicer/{spelling}&id=itk").body == server.get("/slicer/gridTransform?id=itk").body


@pytest.mark.parametrize("name", ["image", "itk", "vtkMRMLGridTransformNode2", "it?"])
def test_values_and_geometry_are_those_that_simpleitk_wrote(server: LiveServer, tmp_path: Path, name: str) -> None:
    theirs, ours = field(), got(server, f"?id={name}", tmp_path / "got.nrrd")
    np.testing.assert_array_equal(
        SimpleITK.GetArrayViewFromImage(ours), SimpleITK.GetArrayViewFromImage(theirs).astype(np.float32).astype(np.float64)
    )
    assert ours.GetSize() == SIZE
    np.testing.assert_allclose(ours.GetOrigin(), ORIGIN, atol=1e-12)
    np.testing.assert_allclose(ours.GetSpacing(), SPACING, rtol=1e-12)
    np.testing.assert_allclose(ours.GetDirection(), theirs.GetDirection(), atol=1e-12)


def test_the_header_has_slicers_lines_and_pynrrd_reads_it(server: LiveServer) -> None:
    body = server.get("/slicer/gridTransform").body
    lines = body.partition(b"\n\n")[0].decode().split("\n")
    assert lines[0] == "NRRD0004"
    assert [line.split(": ")[0] for line in lines[3:]] == [
        "type", "dimension", "space", "sizes", "space directions", "kinds", "endian", "encoding", "space origin",
    ]  # fmt: skip
    assert lines[3:5] == ["type: float", "dimension: 4"]
    assert lines[6] == "sizes: 3 7 6 5"
    assert lines[7].startswith("space directions: none (")
    assert lines[8] == "kinds: vector domain domain domain"
    assert lines[11] == "space origin: (10,-20,30)"
    file = io.BytesIO(body)
    header = nrrd.read_header(file)
    assert nrrd.read_data(header, file).shape == (3, *SIZE)
    assert np.isnan(header["space directions"][0]).all()
    assert server.request("HEAD", "/slicer/gridTransform").headers["Content-Length"] == str(len(body))


def test_a_transform_kept_the_other_way_round_is_still_given_from_parent(server: LiveServer, tmp_path: Path) -> None:
    source = b"""
node = slicer.util.getNode("itk")
twin = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "turned")
twin.SetAndObserveTransformToParent(node.GetTransformFromParent())
"""
    assert server.request("POST", "/slicer/exec", source).status == 200
    inverse = got(server, "?id=turned", tmp_path / "turned.nrrd")
    forward = SimpleITK.DisplacementFieldTransform(field())
    for index in ((3, 3, 2), (2, 2, 2), (4, 3, 3)):
        point = np.array(inverse.TransformIndexToPhysicalPoint(index))
        moved = point + inverse[index]
        assert np.linalg.norm(moved - point) > 0.5
        np.testing.assert_allclose(forward.TransformPoint(moved), point, atol=0.06)  # theirs interpolates linearly


def test_what_is_no_grid_transform_is_refused(server: LiveServer) -> None:
    server.request("POST", "/slicer/exec", b"slicer.mrmlScene.AddNewNodeByClass('vtkMRMLLinearTransformNode', 'linear')")
    for query, message in {
        "?id=linear": "linear is not a grid transform",
        "?id=volume": "not a vtkMRMLTransformNode",
        "?id=nosuch": "could not find nodes in the scene by name or id 'nosuch'",
    }.items():
        answer = server.get(f"/slicer/gridTransform{query}")
        assert answer.status == 500
        assert message in answer.json()["message"]
    posted = server.request("POST", "/slicer/gridTransform?id=itk", b"NRRD0004\n\n")
    assert posted.json() == {"success": False, "message": "Server error: POST griddtransform is not implemented"}


def test_floats_are_written_for_fields_of_floats_and_doubles(server: LiveServer) -> None:
    source = b"""
import vtk
node = slicer.util.getNode("image")
transform = node.GetTransformFromParentAs("vtkOrientedGridTransform", False, True)
cast = vtk.vtkImageCast()
cast.SetOutputScalarTypeToFloat()
cast.SetInputData(transform.GetDisplacementGrid())
cast.Update()
transform.SetDisplacementGridData(cast.GetOutput())
"""
    before = server.get("/slicer/gridTransform?id=image").body
    assert server.request("POST", "/slicer/exec", source).status == 200
    assert server.get("/slicer/gridTransform?id=image").body == before
    assert len(before.partition(b"\n\n")[2]) == 3 * 4 * SIZE[0] * SIZE[1] * SIZE[2]


def test_the_scene_moves_points_as_simpleitk_does(server: LiveServer, tmp_path: Path) -> None:
    """Slicer's transform to the parent is the inverse of the field, which says where a result's point comes from."""
    transform = SimpleITK.DisplacementFieldTransform(got(server, "?id=itk", tmp_path / "got.nrrd"))
    for index in ((3, 3, 2), (1, 4, 3)):
        r, a, s = (np.array((-1, -1, 1)) * field().TransformIndexToPhysicalPoint(index)).tolist()
        source = f"""
moved = [0, 0, 0]
slicer.util.getNode("itk").GetTransformFromParent().TransformPoint([{r}, {a}, {s}], moved)
__execResult = moved
"""
        moved = server.request("POST", "/slicer/exec", source.encode()).json()
        lps = transform.TransformPoint((-r, -a, s))
        np.testing.assert_allclose(moved, (-lps[0], -lps[1], lps[2]), atol=1e-3)
        assert np.abs(np.subtract(moved, (r, a, s))).max() > 0.1
