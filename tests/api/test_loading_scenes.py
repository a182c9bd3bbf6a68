"""Scenes, bundles, models, transforms and markups over HTTP: whole ones come in, broken ones change nothing and say why."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import slicer
import vtk

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

DIMS = (24, 20, 16)
AFFINE = centred(np.eye(3), (2.0, 2.0, 2.0), DIMS)
SHIFT = (5.25, -6.5, 7.75)
SCENE = """<MRML version="Slicer5.8" userTags="">
<VolumeArchetypeStorage id="vtkMRMLVolumeArchetypeStorageNode1" name="storage" fileName="octants.nrrd"></VolumeArchetypeStorage>
<ScalarVolumeDisplay id="vtkMRMLScalarVolumeDisplayNode1" name="display" colorNodeRef="vtkMRMLColorTableNodeGrey"
 window="210" level="145" autoWindowLevel="0"></ScalarVolumeDisplay>
<Volume id="vtkMRMLScalarVolumeNode1" name="octants" displayNodeRef="vtkMRMLScalarVolumeDisplayNode1"
 storageNodeRef="vtkMRMLVolumeArchetypeStorageNode1"></Volume>
<LinearTransform id="vtkMRMLLinearTransformNode1" name="shift" matrixTransformToParent="1 0 0 5 0 1 0 6 0 0 1 7 0 0 0 1">
</LinearTransform>
</MRML>
"""
KINDS = {
    "octants.nrrd": "VolumeFile", "raw.nrrd": "VolumeFile", "detached.nhdr": "VolumeFile", "octants.nii": "VolumeFile",
    "octants.nii.gz": "VolumeFile", "octants.mha": "VolumeFile", "octants.mhd": "VolumeFile",
    "parts.seg.nrrd": "SegmentationFile",
    "ascii.vtk": "ModelFile", "binary.vtk": "ModelFile", "ball.vtp": "ModelFile", "ascii.stl": "ModelFile",
    "binary.stl": "ModelFile", "ascii.ply": "ModelFile", "binary.ply": "ModelFile", "ball.obj": "ModelFile",
    "shift.tfm": "TransformFile", "shift.h5": "TransformFile",
    "tips.mrk.json": "MarkupsFile", "tips.fcsv": "MarkupsFile",
    "scene.mrml": "SceneFile", "scene.mrb": "SceneFile",
}  # fmt: skip
NODES = {
    "VolumeFile": "vtkMRMLScalarVolumeNode", "SegmentationFile": "vtkMRMLSegmentationNode", "ModelFile": "vtkMRMLModelNode",
    "TransformFile": "vtkMRMLLinearTransformNode", "MarkupsFile": "vtkMRMLMarkupsFiducialNode",
}  # fmt: skip


def _volumes(folder: Path) -> None:
    voxels = octant_volume(AFFINE, DIMS)
    write_nrrd(folder / "octants.nrrd", voxels, AFFINE)
    data, header = nrrd.read(str(folder / "octants.nrrd"))
    kept = {key: header[key] for key in ("space", "space directions", "space origin", "kinds")}
    nrrd.write(str(folder / "raw.nrrd"), data, {**kept, "encoding": "raw"})
    nrrd.write(str(folder / "detached.nhdr"), data, {**kept, "encoding": "raw"}, detached_header=True)
    segment = {"Segment0_ID": "one", "Segment0_Name": "one", "Segment0_LabelValue": "1", "Segment0_Layer": "0"}
    nrrd.write(str(folder / "parts.seg.nrrd"), (data > 100).astype(np.uint8), {**kept, **segment})
    for name in ("octants.nii", "octants.nii.gz"):
        nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), AFFINE), folder / name)
    lps = np.diag([-1.0, -1, 1, 1]) @ AFFINE
    meta = "ObjectType = Image\nNDims = 3\nDimSize = 24 20 16\nElementSpacing = 2 2 2\nElementType = MET_SHORT\n"
    meta += f"TransformMatrix = -1 0 0 0 -1 0 0 0 1\nOffset = {lps[0, 3]} {lps[1, 3]} {lps[2, 3]}\n"
    stored = voxels.astype("<i2").tobytes()
    (folder / "octants.mha").write_bytes((meta + "ElementDataFile = LOCAL\n").encode() + stored)
    (folder / "octants.mhd").write_text(meta + "ElementDataFile = octants.raw\n")
    (folder / "octants.raw").write_bytes(stored)


def _models(folder: Path) -> None:
    ball = vtk.vtkSphereSource()
    ball.SetRadius(20)
    for name, writer in (
        ("ascii.vtk", vtk.vtkPolyDataWriter()), ("binary.vtk", vtk.vtkPolyDataWriter()),
        ("ball.vtp", vtk.vtkXMLPolyDataWriter()),
        ("ascii.stl", vtk.vtkSTLWriter()), ("binary.stl", vtk.vtkSTLWriter()), ("ascii.ply", vtk.vtkPLYWriter()),
        ("binary.ply", vtk.vtkPLYWriter()), ("ball.obj", vtk.vtkOBJWriter()),
    ):  # fmt: skip
        if hasattr(writer, "SetFileTypeToASCII"):
            (writer.SetFileTypeToBinary if name.startswith("binary") else writer.SetFileTypeToASCII)()
        writer.SetInputConnection(ball.GetOutputPort())
        writer.SetFileName(str(folder / name))
        assert writer.Write()


def _transforms_and_markups(folder: Path) -> None:
    transform = slicer.vtkMRMLLinearTransformNode()
    matrix = vtk.vtkMatrix4x4()
    for row, value in enumerate(SHIFT):
        matrix.SetElement(row, 3, value)
    transform.SetMatrixTransformToParent(matrix)
    for name in ("shift.tfm", "shift.h5"):
        storage = slicer.vtkMRMLTransformStorageNode()
        storage.SetFileName(str(folder / name))
        assert storage.WriteData(transform)
    points = [{"id": str(i), "label": f"tip {i}", "position": [i, 2, 3]} for i in range(3)]
    markup = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": points}
    (folder / "tips.mrk.json").write_text(json.dumps({"markups": [markup]}))
    lines = ["# Markups fiducial file version = 4.11", "# CoordinateSystem = LPS"]
    lines += ["# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"]
    lines += [f"{i},{i}.5,2.5,3.5,0,0,0,1,1,1,0,tip {i},," for i in range(3)]
    (folder / "tips.fcsv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("files")
    _volumes(found)
    _models(found)
    _transforms_and_markups(found)
    (found / "scene.mrml").write_text(SCENE)
    with zipfile.ZipFile(found / "scene.mrb", "w") as bundle:
        bundle.writestr("scene/scene.mrml", SCENE)
        bundle.write(found / "octants.nrrd", "scene/octants.nrrd")
    return found


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    live = LiveServer(folder / "octants.nrrd", allow_path=[str(folder)], enable_exec=True).wait()
    yield live
    live.stop()


def load(live: LiveServer, path: Path, kind: str, rest: str = "") -> dict[str, object]:
    answer = live.request("POST", f"/slicer/mrml?localfile={path}&filetype={kind}{rest}", b"")
    assert (answer.status == 200) == (answer.json()["success"] is True)
    return answer.json()


def ids(live: LiveServer, node_class: str = "vtkMRMLNode") -> list[str]:
    return live.get(f"/slicer/mrml/ids?class={node_class}").json()


def run(live: LiveServer, source: str) -> object:
    answer = live.request("POST", "/slicer/exec", source.encode())
    assert answer.status == 200, answer.body
    return answer.json()


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind != "SceneFile"])
def test_whole_files_come_in(server: LiveServer, folder: Path, name: str) -> None:
    before = ids(server)
    answer = load(server, folder / name, KINDS[name])
    assert answer["success"], answer
    node = answer["loadedNodeIDs"][0]  # type: ignore[index]
    assert node.startswith(NODES[KINDS[name]])
    assert node not in before
    assert node in ids(server)


@pytest.mark.parametrize("name", ["raw.nrrd", "detached.nhdr", "octants.nii", "octants.nii.gz", "octants.mha", "octants.mhd"])
def test_a_volume_is_the_same_in_every_format(server: LiveServer, folder: Path, name: str) -> None:
    pictures = []
    for file in ("octants.nrrd", name):
        assert load(server, folder / file, "VolumeFile")["success"]
        pictures.append([server.get(f"/slice?view={view}&overlays=0&size=128").body for view in ("red", "green", "yellow")])
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("name", ["shift.tfm", "shift.h5"])
def test_transforms_move_by_what_they_say(server: LiveServer, folder: Path, name: str) -> None:
    node = load(server, folder / name, "TransformFile")["loadedNodeIDs"][0]  # type: ignore[index]
    matrix = f"m = slicer.mrmlScene.GetNodeByID({node!r}).GetMatrixTransformToParent()\n"
    found = run(server, matrix + "__execResult = [m.GetElement(row, 3) for row in range(3)]")
    assert found == pytest.approx(SHIFT)


@pytest.mark.parametrize(("name", "first"), [("tips.mrk.json", [0.0, -2.0, 3.0]), ("tips.fcsv", [-0.5, -2.5, 3.5])])
def test_points_lie_where_they_say(server: LiveServer, folder: Path, name: str, first: list[float]) -> None:
    node = load(server, folder / name, "MarkupsFile")["loadedNodeIDs"][0]  # type: ignore[index]
    points = f"n = slicer.mrmlScene.GetNodeByID({node!r})\n"
    found = run(server, points + "__execResult = [n.GetNumberOfControlPoints(), *n.GetNthControlPointPosition(0)]")
    assert found == pytest.approx([3, *first])


@pytest.mark.parametrize("name", ["scene.mrml", "scene.mrb"])
def test_a_scene_is_added_and_its_volume_shown(folder: Path, name: str) -> None:
    live = LiveServer(folder / name).wait()
    try:
        assert [volume["name"] for volume in live.get("/api/scene").json()["volumes"]] == ["octants"]
        assert live.get("/slicer/mrml/names?class=vtkMRMLLinearTransformNode").json().count("shift") == 1
        assert live.get("/slice?view=red").status == 200
    finally:
        live.stop()


@pytest.mark.parametrize("name", ["scene.mrml", "scene.mrb"])
def test_a_scene_adds_to_what_is_there_or_takes_its_place(server: LiveServer, folder: Path, name: str) -> None:
    volumes = ids(server, "vtkMRMLScalarVolumeNode")
    assert load(server, folder / name, "SceneFile")["success"]
    assert len(ids(server, "vtkMRMLScalarVolumeNode")) == len(volumes) + 1
    assert load(server, folder / name, "SceneFile", "&clear=true")["success"]
    assert len(ids(server, "vtkMRMLScalarVolumeNode")) == 1
    assert server.get("/slice?view=red").status == 200


def _broken(folder: Path, place: Path, name: str, how: str) -> Path:
    """A broken copy of a file in an empty folder, with the files it needs beside it."""
    stem, dot, ending = name.partition(".")
    path = place / f"{stem}{dot}{ending}"
    whole = (folder / name).read_bytes()
    for beside in ("octants.raw", "detached.raw", "octants.nrrd"):
        if not (place / beside).exists():
            shutil.copy(folder / beside, place / beside)
    path.write_bytes(
        {
            "empty": b"",
            "text": b"this is no such file\n" * 5,
            "a third": whole[: len(whole) // 3],
            "half": whole[: len(whole) // 2],
            "nearly all": whole[: len(whole) * 6 // 10 if name.endswith((".vtk", ".vtp")) else -12],
        }[how]
    )
    return path


def _cases() -> list[tuple[str, str]]:
    """All but cut `.obj` files, which nothing tells from whole ones."""
    cases = [(name, how) for name in KINDS for how in ("empty", "text", "a third", "half", "nearly all")]
    return [(name, how) for name, how in cases if not name.endswith(".obj") or how in ("empty", "text")]


@pytest.mark.parametrize(("name", "how"), _cases())
def test_broken_files_change_nothing_and_say_why(server: LiveServer, folder: Path, name: str, how: str) -> None:
    place = folder / f"broken-{how.replace(' ', '-')}"
    place.mkdir(exist_ok=True)
    path = _broken(folder, place, name, how)
    process, before, picture = server.scene_pid(), ids(server), server.get("/slice?view=red").body
    answer = load(server, path, KINDS[name])
    assert answer["success"] is False, f"{name} loaded"
    assert "Failed to load node from file" in str(answer["message"])
    assert len(str(answer["message"]).splitlines()[-1]) > 15
    assert "Error:" not in str(answer["message"])  # no exceptions, but sentences
    assert ids(server) == before
    assert server.get("/slice?view=red").body == picture
    assert server.scene_pid() == process


def test_a_detached_header_without_its_voxels(server: LiveServer, folder: Path) -> None:
    place = folder / "alone"
    place.mkdir()
    shutil.copy(folder / "detached.nhdr", place)
    assert "detached.raw" in str(load(server, place / "detached.nhdr", "VolumeFile")["message"])
    (place / "detached.raw").write_bytes((folder / "detached.raw").read_bytes()[:-2])
    assert "cut short" in str(load(server, place / "detached.nhdr", "VolumeFile")["message"])


def test_a_scene_that_lacks_a_file_names_it_and_clears_nothing(server: LiveServer, folder: Path) -> None:
    (folder / "lacking.mrml").write_text(SCENE.replace("octants.nrrd", "gone.nrrd"))
    with zipfile.ZipFile(folder / "lacking.mrb", "w") as bundle:
        bundle.writestr("scene/scene.mrml", SCENE)
    damaged = SCENE.replace("octants.nrrd", "damaged.mha")
    (folder / "damaged.mha").write_bytes((folder / "octants.mha").read_bytes()[:-100])
    (folder / "damaged.mrml").write_text(damaged)
    before = ids(server)
    for name, why in (("lacking.mrml", "gone.nrrd"), ("lacking.mrb", "octants.nrrd"), ("damaged.mrml", "could not be read")):
        for rest in ("", "&clear=true"):
            answer = load(server, folder / name, "SceneFile", rest)
            assert why in str(answer["message"])
            assert ids(server) == before


def test_a_scene_that_fails_half_way_leaves_the_views_alone(server: LiveServer, folder: Path) -> None:
    assert load(server, folder / "octants.nrrd", "VolumeFile")["success"]
    views = """<Slice id="vtkMRMLSliceNodeRed" name="Red" singletonTag="Red" layoutName="Red" fieldOfView="9 9 1"
 sliceToRAS="-1 0 0 3 0 1 0 4 0 0 1 11 0 0 0 1" dimensions="512 512 1"></Slice>
<SliceCompositeNode id="vtkMRMLSliceCompositeNodeRed" singletonTag="Red" layoutName="Red"
 backgroundVolumeID="vtkMRMLScalarVolumeNode1"></SliceCompositeNode>
<Camera id="vtkMRMLCameraNode1" name="Camera" singletonTag="1" layoutName="1" position="9 9 9" focalPoint="1 2 3"></Camera>
"""
    (folder / "cut.mha").write_bytes((folder / "octants.mha").read_bytes()[:-100])
    scene = SCENE.replace('version="Slicer5.8" userTags="">', 'version="Slicer5.8" userTags="">' + views)
    (folder / "views.mrml").write_text(scene.replace("octants.nrrd", "cut.mha"))
    pictures = ("/slice?view=red", "/slice?view=green", "/threeD?size=64")
    before = [server.get(path).body for path in pictures]
    assert "could not be read" in str(load(server, folder / "views.mrml", "SceneFile")["message"])
    assert [server.get(path).body for path in pictures] == before
    (folder / "views.mrml").write_text(scene)
    assert load(server, folder / "views.mrml", "SceneFile")["success"]
    assert server.get("/slice?view=red").body != before[0]  # the same views do count where the rest is whole


def test_a_bundle_can_not_write_outside_its_folder(server: LiveServer, folder: Path) -> None:
    outside = folder / "outside.txt"
    with zipfile.ZipFile(folder / "slip.mrb", "w") as bundle:
        bundle.writestr("scene/scene.mrml", SCENE)
        bundle.write(folder / "octants.nrrd", "scene/octants.nrrd")
        for up in range(1, 12):
            bundle.writestr("../" * up + str(outside).lstrip("/"), "slipped")
        bundle.writestr(str(outside), "slipped")
    assert load(server, folder / "slip.mrb", "SceneFile")["success"]
    assert not outside.exists()


def test_faces_that_name_points_which_are_not_there(server: LiveServer, folder: Path) -> None:
    path = folder / "wild.ply"
    head = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    path.write_text(
        head + "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 900\n"
    )
    assert "points that it does not have" in str(load(server, path, "ModelFile")["message"])
    assert server.get("/threeD?size=64").status == 200


def test_endings_without_a_reader_are_said_to_be_so(server: LiveServer, folder: Path) -> None:
    (folder / "brain.mnc").write_bytes(b"CDF" + bytes(100))
    assert "no reader for volumes with this ending" in str(load(server, folder / "brain.mnc", "VolumeFile")["message"])


def test_uploads_of_files_that_belong_together(server: LiveServer, folder: Path) -> None:
    for names, expected in ((("octants.mhd", "octants.raw"), 1), (("scene.mrml", "octants.nrrd"), 0)):
        volumes = ids(server, "vtkMRMLScalarVolumeNode")
        number = server.request("POST", "/api/uploads", b"").json()["id"]
        for name in names:
            assert server.request("PUT", f"/api/uploads/{number}/{name}", (folder / name).read_bytes()).status == 201
        answer = server.request("POST", "/api/load", json.dumps({"upload": number}).encode())
        assert answer.status == 200, answer.body
        assert len(answer.json()["loaded"]) == expected
        assert len(ids(server, "vtkMRMLScalarVolumeNode")) == len(volumes) + 1
