"""Saved and loaded again: the same voxels, points and matrices, bit for bit; geometry as SimpleITK and nibabel see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from tests.api.test_conformance_mrml import load, mrml, refused
from tests.support.live import ROOT, LiveServer

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]
SHARED = ROOT.parent / "shared" / "data"
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")


def tilted() -> NDArray[np.float64]:
    """An ijk_to_ras that is turned, flipped, permuted and of different spacings."""
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ np.array([[0, -1.0, 0], [0, 0, 1.0], [-1.0, 0, 0]]) * [0.75, 1.25, 2.5]
    matrix[:3, 3] = (11.5, -7.25, 30.125)
    return matrix


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    (folder / "start.txt").write_text("nothing to see")
    live = LiveServer(folder / "start.txt", allow_path=[str(folder), str(DATA), str(SHARED)], enable_exec=True).wait()
    yield live
    live.stop()


def save(live: LiveServer, node_id: str, path: Path, **query: Any) -> Path:
    answer = mrml(live, "GET", "/file", id=node_id, localfile=path, **query)
    assert (answer.status, answer.json()) == (200, {"success": True})
    return path


def run(live: LiveServer, source: str) -> Any:
    answer = live.request("POST", "/slicer/exec", source.encode())
    assert answer.status == 200, answer.body
    return answer.json()


def moved_from_parent(live: LiveServer, node_id: str, point: list[float]) -> list[float]:
    """Where a transform node takes an LPS point in the direction of resampling."""
    ras = [-point[0], -point[1], point[2]]
    transform = f"slicer.mrmlScene.GetNodeByID({node_id!r}).GetTransformFromParent()"
    found = run(live, f"__execResult = list({transform}.TransformPoint({ras}))")
    return [-found[0], -found[1], found[2]]


def properties(live: LiveServer, node_id: str) -> dict[str, Any]:
    return mrml(live, "GET", "/properties", id=node_id).json()[node_id]


def write(path: Path, voxels: NDArray[Any], ijk_to_ras: NDArray[np.float64]) -> Path:
    lps = LPS @ ijk_to_ras
    header = {"space": "left-posterior-superior", "space directions": lps[:3, :3].T, "space origin": lps[:3, 3]}
    nrrd.write(str(path), voxels.transpose(2, 1, 0), {**header, "kinds": ["domain"] * 3})
    return path


def some_voxels(kind: str) -> NDArray[Any]:
    random = np.random.default_rng(4)
    if kind.startswith("float"):
        return random.normal(size=(5, 6, 7)).astype(kind) * 1000
    limits = np.iinfo(kind)
    values = random.integers(limits.min, limits.max, (5, 6, 7), kind, endpoint=True)
    values[0, 0, :2] = limits.min, limits.max
    return values


def sitk_affine(path: Path) -> NDArray[np.float64]:
    """ijk_to_ras as SimpleITK reads it."""
    image = SimpleITK.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return LPS @ matrix


@pytest.mark.parametrize("compress", ["1", "false"])
@pytest.mark.parametrize("kind", TYPES)
def test_nrrd_of_every_type(server: LiveServer, folder: Path, kind: str, compress: str) -> None:
    voxels = some_voxels(kind)
    node_id = load(server, write(folder / f"{kind}.nrrd", voxels, tilted()), "VolumeFile")
    saved = save(server, node_id, folder / f"{kind}-{compress}-again.nrrd", useCompression=compress)
    found, header = nrrd.read(str(saved))
    assert found.dtype == np.dtype(kind)
    assert (found.transpose(2, 1, 0) == voxels).all()
    assert header["encoding"] == ("gzip" if compress == "1" else "raw")
    assert sitk_affine(saved) == pytest.approx(tilted(), abs=1e-9)
    assert (SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(saved))) == voxels).all()
    assert properties(server, node_id)["Matrices"]["IJKToRAS"] == [pytest.approx(row, abs=1e-9) for row in tilted()]


@pytest.mark.parametrize("ending", ["nii", "nii.gz", "mha", "mhd", "nhdr"])
def test_volumes_in_other_formats(server: LiveServer, folder: Path, ending: str) -> None:
    voxels = some_voxels("int16")
    node_id = load(server, write(folder / "other.nrrd", voxels, tilted()), "VolumeFile")
    saved = save(server, node_id, folder / f"turned.{ending}")
    again = load(server, saved, "VolumeFile")
    assert properties(server, again)["Name"].startswith("turned")
    back = save(server, again, folder / f"back-from-{ending.replace('.', '-')}.nrrd")
    assert (nrrd.read(str(back))[0].transpose(2, 1, 0) == voxels).all()
    assert sitk_affine(back) == pytest.approx(tilted(), abs=1e-5)
    assert sitk_affine(saved) == pytest.approx(tilted(), abs=1e-5)
    if ending.startswith("nii"):
        image = nibabel.load(saved)
        assert image.affine == pytest.approx(tilted(), abs=1e-5)
        assert (np.asarray(image.dataobj) == voxels.transpose(2, 1, 0)).all()


@pytest.mark.parametrize("name", ["LPS", "PIL", "RAS", "SAR"])
def test_real_nifti_files_lie_where_nibabel_says(server: LiveServer, folder: Path, name: str) -> None:
    path = SHARED / "nifti-orientations" / f"{name}.nii.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    lies_where_nibabel_says(server, folder, path)


@pytest.mark.parametrize("flip", [1.0, -1.0])
def test_nifti_files_of_either_hand_lie_where_nibabel_says(server: LiveServer, folder: Path, flip: float) -> None:
    path = folder / f"hand{flip:g}.nii.gz"
    nibabel.save(nibabel.Nifti1Image(some_voxels("int16").transpose(2, 1, 0), tilted() @ np.diag([1, flip, 1, 1])), path)
    lies_where_nibabel_says(server, folder, path)


def lies_where_nibabel_says(server: LiveServer, folder: Path, path: Path) -> None:
    node_id = load(server, path, "VolumeFile")
    image = nibabel.load(path)
    voxels, affine = np.asarray(image.dataobj, np.float32), image.affine.copy()
    if np.linalg.det(affine) < 0:  # Slicer holds volumes right-handed: it turns the last axis round
        voxels = voxels[:, :, ::-1]
        affine[:3, 3] += affine[:3, 2] * (voxels.shape[2] - 1)
        affine[:3, 2] *= -1
    told = np.array(properties(server, node_id)["Matrices"]["IJKToRAS"])
    saved = save(server, node_id, folder / f"from-{path.name}.nrrd")
    assert told == pytest.approx(affine, abs=1e-4)
    assert sitk_affine(saved) == pytest.approx(affine, abs=1e-4)
    assert np.allclose(nrrd.read(str(saved))[0], voxels, rtol=1e-6)


def test_mgh_lies_where_nibabel_says(server: LiveServer, folder: Path) -> None:
    for kind, ending in (("uint8", "mgz"), ("int16", "mgh"), ("float32", "mgz"), ("int32", "mgh")):
        voxels = some_voxels(kind)
        nibabel.save(nibabel.MGHImage(voxels.transpose(2, 1, 0), tilted()), folder / f"{kind}.{ending}")
        node_id = load(server, folder / f"{kind}.{ending}", "VolumeFile")
        saved = save(server, node_id, folder / f"{kind}-from-mgh.nrrd")
        found, _header = nrrd.read(str(saved))
        assert found.dtype == np.dtype(kind)
        assert (found.transpose(2, 1, 0) == voxels).all()
        assert sitk_affine(saved) == pytest.approx(tilted(), abs=1e-5)


@pytest.mark.parametrize("ending", ["gipl", "gipl.gz", "png", "jpg", "tif", "img"])
def test_other_volumes_are_as_simpleitk_reads_them(server: LiveServer, folder: Path, ending: str) -> None:
    values = some_voxels("uint8")
    flat = ending in ("png", "jpg")
    image = SimpleITK.GetImageFromArray(values[0] if flat else values)
    image.SetSpacing((1.0, 1.0) if flat else (0.5, 0.75, 1.5))
    if ending.startswith("gipl"):
        image.SetOrigin((3, -4, 5))
    path = folder / f"plain.{ending}"
    SimpleITK.WriteImage(image, str(path))
    expected = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    saved = save(server, load(server, path, "VolumeFile"), folder / f"from-{ending.replace('.', '-')}.nrrd")
    found = nrrd.read(str(saved))[0].transpose(2, 1, 0)
    assert (found == expected.reshape(found.shape)).all()
    if ending in ("gipl", "gipl.gz", "img"):
        assert sitk_affine(saved) == pytest.approx(sitk_affine(path))


def test_colour_pictures_and_numbered_stacks(server: LiveServer, folder: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (3, 8, 9, 3), np.uint8)
    for number, picture in enumerate(colours, start=9):  # 9, 10, 11: in order of numbers, not of letters
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(picture, isVector=True), str(folder / f"stack{number}.png"))
    stack = load(server, folder / "stack10.png", "VolumeFile")
    assert stack.startswith("vtkMRMLVectorVolumeNode")
    assert properties(server, stack)["VoxelVectorType"] == "colorRGB"
    saved = save(server, stack, folder / "stack-again.nrrd")
    assert (nrrd.read(str(saved))[0].transpose(3, 2, 1, 0) == colours).all()
    single = load(server, folder / "stack10.png", "VolumeFile", singleFile=1)
    assert properties(server, single)["ImageData"]["Dimensions"] == [9, 8, 1]
    two = ";".join(str(folder / f"stack{number}.png") for number in (11, 9))
    chosen = load(server, folder / "stack11.png", "VolumeFile", fileNames=two, name="chosen")
    saved = save(server, chosen, folder / "chosen.nrrd")
    assert (nrrd.read(str(saved))[0].transpose(3, 2, 1, 0) == colours[[2, 0]]).all()


def test_centre_and_discarded_orientation(server: LiveServer, folder: Path) -> None:
    path = write(folder / "placed.nrrd", some_voxels("int16"), tilted())
    nibabel.save(nibabel.MGHImage(some_voxels("int16").transpose(2, 1, 0), tilted()), folder / "placed.mgz")
    for file in (path, folder / "placed.mgz"):  # read by Slicer, read by us
        bare = np.array(properties(server, load(server, file, "VolumeFile", discardOrientation=1))["Matrices"]["IJKToRAS"])
        assert bare == pytest.approx(np.diag([0.75, 1.25, 2.5, 1.0]), abs=1e-6)
        centred = np.array(properties(server, load(server, file, "VolumeFile", center="true"))["Matrices"]["IJKToRAS"])
        assert centred[:3, :3] == pytest.approx(tilted()[:3, :3], abs=1e-6)
        assert centred @ [3, 2.5, 2, 1] == pytest.approx([0, 0, 0, 1], abs=1e-5)


def test_label_map_volume_and_label_map_as_segmentation(server: LiveServer, folder: Path) -> None:
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[1:3, 1:4], labels[4, 2:, 3:] = 3, 7
    path = write(folder / "labels.nrrd", labels, tilted())
    volume = load(server, path, "VolumeFile", labelmap=1)
    assert volume.startswith("vtkMRMLLabelMapVolumeNode")
    shown = run(server, "c=slicer.mrmlScene.GetNodeByID('vtkMRMLSliceCompositeNodeRed')\n__execResult=c.GetLabelVolumeID()")
    assert shown == volume
    saved = save(server, volume, folder / "labels-again.nrrd")
    assert (nrrd.read(str(saved))[0].transpose(2, 1, 0) == labels).all()
    segmentation = load(server, path, "SegmentationFile", name="Parts")
    segments = properties(server, segmentation)["Segmentation"]["Segments"]
    assert [segment["Name"] for segment in segments.values()] == ["Segment_3", "Segment_7"]
    assert len({tuple(segment["Color"]) for segment in segments.values()}) == 2
    assert properties(server, segmentation)["Name"] == "Parts"


@pytest.mark.parametrize("name", ["Segmentation.seg.nrrd", "SegmentationOverlapping.seg.nrrd"])
def test_segmentations(server: LiveServer, folder: Path, name: str) -> None:
    first = load(server, DATA / name, "SegmentationFile")
    told = properties(server, first)["Segmentation"]["Segments"]
    saved = save(server, first, folder / f"again-{name}")
    second = load(server, saved, "SegmentationFile")
    again = properties(server, second)["Segmentation"]["Segments"]
    assert list(again) == list(told)
    for key in told:
        assert (again[key]["Name"], again[key]["Tags"]) == (told[key]["Name"], told[key]["Tags"])
        assert again[key]["Color"] == pytest.approx(told[key]["Color"], abs=1e-5)
    assert _segment_voxels(DATA / name) == _segment_voxels(saved)
    assert properties(server, second)["Name"] == f"again-{name}".removesuffix(".seg.nrrd")


def _segment_voxels(path: Path) -> dict[str, set[tuple[int, ...]]]:
    """World positions (0.01 mm RAS) of each segment's voxels, by pynrrd alone."""
    voxels, header = nrrd.read(str(path))
    directions = np.array(header["space directions"], float)[-3:]
    layers = voxels[None] if voxels.ndim == 3 else voxels
    found = {}
    for index in range(100):
        if f"Segment{index}_ID" not in header:
            break
        layer, value = int(header[f"Segment{index}_Layer"]), int(header[f"Segment{index}_LabelValue"])
        places = np.argwhere(layers[layer] == value) @ directions + header["space origin"]
        found[header[f"Segment{index}_Name"]] = set(map(tuple, np.round(places * 100).astype(int)))
    return found


@pytest.mark.parametrize("ending", ["vtk", "vtp", "stl", "ply", "obj"])
def test_models(server: LiveServer, folder: Path, ending: str) -> None:
    mesh = folder / "mesh.obj"
    mesh.write_text("v 1.5 2.25 3\nv 30 -4 5.125\nv 0 30 7\nv -8 0.5 31\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n")
    node_id = load(server, mesh, "ModelFile", coordinateSystem=0)
    points = "__execResult=slicer.util.arrayFromModelPoints(slicer.mrmlScene.GetNodeByID('%s')).tolist()"
    faces = "__execResult=slicer.mrmlScene.GetNodeByID('%s').GetPolyData().GetNumberOfPolys()"
    given = run(server, points % node_id)
    assert given[0] == [1.5, 2.25, 3]  # RAS, as it was said to be
    saved = save(server, node_id, folder / f"mesh-again.{ending}")
    assert _mesh_points(saved)[:, :2].min() == pytest.approx(-30)  # files are LPS
    again = load(server, saved, "ModelFile")
    assert sorted(map(tuple, run(server, points % again))) == sorted(map(tuple, given))
    assert run(server, faces % again) == 4
    lps = load(server, mesh, "ModelFile")  # a file that tells nothing is LPS
    assert run(server, points % lps)[0] == [-1.5, -2.25, 3]


def _mesh_points(path: Path) -> NDArray[np.float32]:
    readers = {
        ".vtk": vtk.vtkPolyDataReader, ".vtp": vtk.vtkXMLPolyDataReader, ".stl": vtk.vtkSTLReader, ".ply": vtk.vtkPLYReader,
        ".obj": vtk.vtkOBJReader,
    }  # fmt: skip
    reader = readers[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    return vtk_to_numpy(reader.GetOutput().GetPoints().GetData())


@pytest.mark.parametrize("name", ["Torso.vtp", "42400-IDGH.stl", "simplify_brain.obj"])
def test_real_meshes(server: LiveServer, folder: Path, name: str) -> None:
    path = SHARED / "meshes" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    node_id = load(server, path, "ModelFile")
    saved = save(server, node_id, folder / f"real-{name}")
    before, after = _mesh_points(path), _mesh_points(saved)
    assert len(before) == len(after)
    assert np.sort(before, axis=0) == pytest.approx(np.sort(after, axis=0), abs=1e-3)


@pytest.mark.parametrize("kind", ["Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI"])
def test_markups_of_every_type(server: LiveServer, folder: Path, kind: str) -> None:
    count = {"Line": 2, "Angle": 3, "Plane": 3, "ROI": 1}.get(kind, 4)
    points = [
        {
            "id": str(i + 1),
            "label": f"{kind}-ä {i}",
            "description": f"no. {i}",
            "position": [1.25 * i, 2.5 - 7 * (i % 2), 3.75 * i],
        }
        for i in range(count)
    ]
    markup: dict[str, Any] = {"type": kind, "coordinateSystem": "LPS", "controlPoints": points}
    if kind == "ROI":
        markup |= {"roiType": "Box", "center": points[0]["position"], "size": [10.5, 20.25, 30.0]}
    if kind == "Plane":
        markup["planeType"] = "threePoints"
    path = folder / f"some-{kind}.mrk.json"
    path.write_text(json.dumps({"markups": [markup]}), "utf-8")
    node_id = load(server, path, "MarkupsFile")
    assert node_id.startswith(f"vtkMRMLMarkups{kind}Node")
    told = properties(server, node_id)
    assert (told["Name"], told["NumberOfControlPoints"]) == (f"some-{kind}", count)
    first = told["ControlPoints"]["ControlPoint[0]"]
    assert (first["Label"], first["Description"]) == (f"{kind}-ä 0", "no. 0")
    saved = save(server, node_id, folder / f"again-{kind}.mrk.json")
    again = json.loads(saved.read_text("utf-8"))["markups"][0]
    assert (again["type"], again["coordinateSystem"]) == (kind, "LPS")
    for point, given in zip(again["controlPoints"], points, strict=True):
        assert point["position"] == pytest.approx(given["position"], abs=1e-9)
        assert (point["label"], point["description"]) == (given["label"], given["description"])
    if kind == "ROI":
        assert again["size"] == pytest.approx([10.5, 20.25, 30.0])
    assert load(server, saved, "MarkupsFile", name="named") != node_id


def test_several_markups_in_one_file_come_in_and_the_first_is_listed(server: LiveServer, folder: Path) -> None:
    markups = [{"type": kind, "controlPoints": [{"position": [i, 0, 0]}]} for i, kind in enumerate(("Fiducial", "Curve"))]
    (folder / "two.mrk.json").write_text(json.dumps({"markups": markups}))
    before = mrml(server, "GET", "/ids", class_="vtkMRMLMarkupsNode").json()
    node_id = load(server, folder / "two.mrk.json", "MarkupsFile")
    new = [found for found in mrml(server, "GET", "/ids", class_="vtkMRMLMarkupsNode").json() if found not in before]
    assert len(new) == 2
    assert new[0] == node_id
    assert node_id.startswith("vtkMRMLMarkupsFiducialNode")


def test_fcsv(server: LiveServer, folder: Path) -> None:
    node_id = load(server, DATA / "F_1.fcsv", "MarkupsFile")
    again = load(server, save(server, node_id, folder / "again.fcsv"), "MarkupsFile")
    assert properties(server, again)["ControlPoints"] == properties(server, node_id)["ControlPoints"]


@pytest.mark.parametrize("ending", ["h5", "tfm", "txt", "mat"])
def test_linear_transforms(server: LiveServer, folder: Path, ending: str) -> None:
    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix([0.9, -0.1, 0.2, 0.15, 1.1, -0.05, 0.02, 0.3, 0.8])
    transform.SetTranslation([5.5, -6.25, 7.125])
    path = folder / "affine.tfm"
    SimpleITK.WriteTransform(transform, str(path))
    node_id = load(server, path, "TransformFile")
    assert node_id.startswith("vtkMRMLLinearTransformNode")
    to_parent = np.array(properties(server, node_id)["Matrices"]["MatrixTransformToParent"])
    from_parent = np.eye(4)
    from_parent[:3, :3], from_parent[:3, 3] = np.array(transform.GetMatrix()).reshape(3, 3), transform.GetTranslation()
    assert to_parent == pytest.approx(np.linalg.inv(LPS @ from_parent @ LPS), abs=1e-9)
    saved = save(server, node_id, folder / f"affine-again.{ending}")
    again = properties(server, load(server, saved, "TransformFile"))
    assert again["Name"] == "affine-again"
    assert np.array(again["Matrices"]["MatrixTransformToParent"]) == pytest.approx(to_parent, abs=1e-12)
    if ending != "mat":
        point = [3.0, 4.0, -5.0]
        assert SimpleITK.ReadTransform(str(saved)).TransformPoint(point) == pytest.approx(transform.TransformPoint(point))


def test_bspline_and_grid_transforms(server: LiveServer, folder: Path) -> None:
    random = np.random.default_rng(5)
    bspline = SimpleITK.BSplineTransformInitializer(SimpleITK.Image([20, 20, 20], SimpleITK.sitkInt8), [4, 4, 4])
    bspline.SetParameters(random.normal(size=len(bspline.GetParameters())).tolist())
    SimpleITK.WriteTransform(bspline, str(folder / "bspline.tfm"))
    field = SimpleITK.GetImageFromArray(random.normal(size=(6, 7, 8, 3)), isVector=True)
    field.SetSpacing((2.0, 3.0, 4.0))
    SimpleITK.WriteImage(field, str(folder / "grid.nrrd"))
    grid = SimpleITK.DisplacementFieldTransform(SimpleITK.Cast(field, SimpleITK.sitkVectorFloat64))
    for name, given, kind, ending in (
        ("bspline.tfm", bspline, "BSpline", "h5"), ("grid.nrrd", grid, "Grid", "nrrd"), ("grid.nrrd", grid, "Grid", "nii.gz"),
    ):  # fmt: skip
        node_id = load(server, folder / name, "TransformFile")
        assert node_id.startswith(f"vtkMRML{kind}TransformNode")
        for point in ([2.0, 3.0, 4.0], [6.0, 9.0, 8.0]):  # at its nodes: between them Slicer interpolates a grid otherwise
            assert moved_from_parent(server, node_id, point) == pytest.approx(given.TransformPoint(point), abs=1e-3)
        saved = save(server, node_id, folder / f"again-{kind}.{ending}")
        again = load(server, saved, "TransformFile")
        assert properties(server, again)["Name"] == f"again-{kind}"
        for point in ([2.0, 3.0, 4.0], [7.5, 8.25, 9.0]):
            first = moved_from_parent(server, node_id, point)
            assert moved_from_parent(server, again, point) == pytest.approx(first, abs=1e-6)


@pytest.mark.parametrize("name", ["affine.tfm", "rotationAndAffine.tfm", "Bspline-f-m.tfm", "deform2x2x2_ras.nrrd"])
def test_real_transforms(server: LiveServer, name: str) -> None:
    path = SHARED / "transforms" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    if name == "rotationAndAffine.tfm":  # of a class that ITK has given up
        assert "Rigid3DTransform" in refused(mrml(server, "POST", localfile=path, filetype="TransformFile"))
        return
    node_id = load(server, path, "TransformFile")
    if name == "affine.tfm":
        point = [10.0, -20.0, 30.0]
        expected = SimpleITK.ReadTransform(str(path)).TransformPoint(point)
        assert moved_from_parent(server, node_id, point) == pytest.approx(expected, abs=1e-6)


def test_saving_in_world_coordinates(server: LiveServer, folder: Path) -> None:
    node_id = load(server, write(folder / "moved.nrrd", some_voxels("int16"), tilted()), "VolumeFile")
    run(
        server,
        "import vtk\nt=slicer.mrmlScene.AddNewNodeByClass('vtkMRMLLinearTransformNode')\nm=vtk.vtkMatrix4x4()\n"
        f"m.SetElement(0,3,100)\nt.SetMatrixTransformToParent(m)\nslicer.mrmlScene.GetNodeByID('{node_id}')"
        ".SetAndObserveTransformNodeID(t.GetID())",
    )
    ids = mrml(server, "GET", "/ids").json()
    moved = tilted()
    moved[0, 3] += 100
    assert sitk_affine(save(server, node_id, folder / "own.nrrd")) == pytest.approx(tilted())
    assert sitk_affine(save(server, node_id, folder / "own2.nrrd", applytransforms="false")) == pytest.approx(tilted())
    assert sitk_affine(save(server, node_id, folder / "world.nrrd", applytransforms="true")) == pytest.approx(moved)
    assert mrml(server, "GET", "/ids").json() == ids
    assert np.array(properties(server, node_id)["Matrices"]["IJKToRAS"]) == pytest.approx(tilted())


def test_tables_texts_and_colours(server: LiveServer, folder: Path) -> None:
    (folder / "t.csv").write_text("a,b\n1,x\n2,y\n")
    (folder / "note.txt").write_text("line one: ä\n  ID: no\n", "utf-8")
    (folder / "organs.ctbl").write_text("# Color\n0 none 0 0 0 0\n1 liver 255 0 0 255\n2 lung 0 0 255 255\n")
    for name, kind, start, ending in (
        ("t.csv", "TableFile", "vtkMRMLTableNode", "tsv"), ("note.txt", "TextFile", "vtkMRMLTextNode", "txt"),
        ("organs.ctbl", "ColorTableFile", "vtkMRMLColorTableNode", "ctbl"),
    ):  # fmt: skip
        node_id = load(server, folder / name, kind)
        assert node_id.startswith(start)
        assert properties(server, node_id)["Name"] == name.split(".")[0]
        saved = save(server, node_id, folder / f"again-{name}.{ending}")
        assert load(server, saved, kind).startswith(start)
    assert (folder / "again-note.txt.txt").read_text("utf-8") == (folder / "note.txt").read_text("utf-8")
    assert (folder / "again-t.csv.tsv").read_text().split() == ["a", "b", "1", "x", "2", "y"]
    volume = write(folder / "coloured.nrrd", some_voxels("int16"), tilted())
    color = mrml(server, "GET", "/ids", name="organs").json()[0]
    shown = properties(server, load(server, volume, "VolumeFile", colorNodeID=color))
    assert properties(server, shown["DisplayNodeIDs[0]"])["ColorNodeID"] == color
    assert "no color node" in refused(mrml(server, "POST", localfile=volume, filetype="VolumeFile", colorNodeID="nope"))


def test_sequences(server: LiveServer, folder: Path) -> None:
    frames = np.random.default_rng(2).integers(0, 99, (5, 4, 3, 6), np.int16)
    header = {
        "kinds": ["list", "domain", "domain", "domain"], "space": "left-posterior-superior", "space origin": [0, 0, 0],
        "space directions": [[np.nan] * 3, [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    }  # fmt: skip
    nrrd.write(str(folder / "beat.seq.nrrd"), frames, header)
    node_id = load(server, folder / "beat.seq.nrrd", "SequenceFile")
    assert node_id.startswith("vtkMRMLSequenceNode")
    browsers = mrml(server, "GET", "/names", class_="vtkMRMLSequenceBrowserNode").json()
    assert browsers == ["beat browser"]
    count = f"__execResult=slicer.mrmlScene.GetNodeByID('{node_id}').GetNumberOfDataNodes()"
    assert run(server, count) == 5
    (proxy,) = mrml(server, "GET", "/ids", name="beat", class_="vtkMRMLVolumeNode").json()
    shown = "__execResult=slicer.mrmlScene.GetNodeByID('vtkMRMLSliceCompositeNodeRed').GetBackgroundVolumeID()"
    assert run(server, shown) == proxy
    first = save(server, proxy, folder / "first.nrrd")
    assert (nrrd.read(str(first))[0] == frames[0]).all()
    saved = save(server, node_id, folder / "again.seq.nrrd")
    again = load(server, saved, "SequenceFile", show=0, name="quiet")
    assert run(server, count.replace(node_id, again)) == 5
    assert mrml(server, "GET", "/names", class_="vtkMRMLSequenceBrowserNode").json() == browsers
    bundle = save(server, node_id, folder / "beat.seq.mrb")
    packed = load(server, bundle, "SequenceFile", show=0)
    assert run(server, count.replace(node_id, packed)) == 5


def test_presets_annotations_and_terminologies(server: LiveServer, folder: Path) -> None:
    made = run(server, "n=slicer.mrmlScene.AddNewNodeByClass('vtkMRMLVolumePropertyNode','bones')\n__execResult=n.GetID()")
    for ending in ("vp", "vp.json"):
        saved = save(server, made, folder / f"bones.{ending}")
        assert load(server, saved, "TransferFunctionFile").startswith("vtkMRMLVolumePropertyNode")
    shader = run(server, "n=slicer.mrmlScene.AddNewNodeByClass('vtkMRMLShaderPropertyNode','s')\n__execResult=n.GetID()")
    assert load(server, save(server, shader, folder / "s.sp"), "ShaderPropertyFile").startswith("vtkMRMLShaderPropertyNode")
    code = {"CodeMeaning": "Tissue", "CodingSchemeDesignator": "SCT", "CodeValue": "85756007"}
    terms = {
        "SegmentationCategoryTypeContextName": "My terms",
        "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/segment-context-schema.json#",
        "SegmentationCodes": {
            "Category": [{**code, "showAnatomy": False, "Type": [{**code, "recommendedDisplayRGBValue": [1, 2, 3]}]}]
        },
    }
    (folder / "my.term.json").write_text(json.dumps(terms))
    answer = mrml(server, "POST", localfile=folder / "my.term.json", filetype="TerminologyFile")
    assert answer.json() == {"success": True, "loadedNodeIDs": []}
    (folder / "no.term.json").write_text("{}")
    assert "terminology" in refused(mrml(server, "POST", localfile=folder / "no.term.json", filetype="TerminologyFile"))
    for name, kind, count in (("ruler.acsv", "Line", 2), ("slicer4.acsv", "Fiducial", 1)):
        lines = ["# Annotation file", f"# Name = {name}", "# pointColumns = type|x|y|z|sel|vis"]
        lines += [f"point|{i}.5|2|3|1|1" for i in range(count)] + (["# lineVisibility = 1"] if count == 2 else [])
        (folder / name).write_text("\n".join(lines) + "\n")
        node_id = load(server, folder / name, "AnnotationFile")
        assert node_id.startswith(f"vtkMRMLMarkups{kind}Node")
        assert properties(server, node_id)["ControlPoints"]["ControlPoint[0]"]["Position"] == [0.5, 2, 3]
    ruler = SHARED / "markups" / "ruler.acsv"
    if ruler.exists():
        told = properties(server, load(server, ruler, "AnnotationFile"))
        assert told["ControlPoints"]["ControlPoint[0]"]["Position"] == [164.232, -48.7013, 0]


def test_a_surface_as_segmentation(server: LiveServer, folder: Path) -> None:
    ball = vtk.vtkSphereSource()
    ball.SetRadius(20)
    ball.SetCenter(5, 6, 7)
    ball.SetThetaResolution(24)
    ball.SetPhiResolution(24)
    writer = vtk.vtkSTLWriter()
    writer.SetInputConnection(ball.GetOutputPort())
    writer.SetFileName(str(folder / "ball.stl"))
    writer.Write()
    node_id = load(server, folder / "ball.stl", "SegmentationFile")
    told = properties(server, node_id)["Segmentation"]
    assert told["SourceRepresentationName"] == "Closed surface"
    (segment,) = told["Segments"].values()
    assert segment["Name"] == "ball"
    box = f"b=[0]*6\nslicer.mrmlScene.GetNodeByID('{node_id}').GetRASBounds(b)\n__execResult=b"
    assert run(server, box) == pytest.approx([-25, 15, -26, 14, -13, 27], abs=1)  # the file is LPS
    second = properties(server, load(server, folder / "ball.stl", "SegmentationFile"))
    assert second["Name"] == "ball_1"


def test_a_whole_scene(server: LiveServer, folder: Path) -> None:
    mrml(server, "DELETE")
    load(server, write(folder / "kept.nrrd", some_voxels("int16"), tilted()), "VolumeFile")
    load(server, DATA / "F_1.fcsv", "MarkupsFile")
    answer = mrml(server, "GET", "/file", localfile=folder / "all.mrb")
    assert answer.json() == {"success": True}
    names = mrml(server, "GET", "/names", class_="vtkMRMLDisplayableNode").json()
    mrml(server, "DELETE")
    answer = mrml(server, "POST", localfile=folder / "all.mrb", filetype="SceneFile")
    assert answer.json() == {"success": True, "loadedNodeIDs": []}
    assert sorted(mrml(server, "GET", "/names", class_="vtkMRMLDisplayableNode").json()) == sorted(names)
    saved = save(server, mrml(server, "GET", "/ids", name="kept").json()[0], folder / "kept-again.nrrd")
    assert (nrrd.read(str(saved))[0].transpose(2, 1, 0) == some_voxels("int16")).all()
