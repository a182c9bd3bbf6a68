"""`/slicer/volumes`, `/volume`, `/volumeSelection`: read by pynrrd and SimpleITK, which know nothing of us."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from PIL import Image
from slicerio import server as slicerio_server

from tests.support.live import Answer, LiveServer
from tests.support.nrrd_files import DATA, FIELDS, broken_files, file_of
from tests.support.phantoms import OCTANTS, centred, octant_volume, write_nrrd
from tests.support.restart import comes_back

DIMS, SPACING = (40, 36, 30), (1.5, 2.0, 2.5)
OBLIQUE = np.linalg.qr(np.array([[0.9, -0.3, 0.1], [0.2, 0.8, -0.4], [0.1, 0.5, 0.7]]))[0]
TYPES = {
    "signed char": "int8", "uchar": "uint8", "short": "int16", "ushort": "uint16", "int": "int32", "uint": "uint32",
    "longlong": "int64", "ulonglong": "uint64", "float": "float32", "double": "float64",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("volumes")
    affine = centred(OBLIQUE, SPACING, DIMS)
    path = write_nrrd(folder / "MRHead.nrrd", octant_volume(affine, DIMS), affine)
    live = LiveServer(path, allow_path=[str(folder)], enable_exec=True)
    live.folder = folder  # type: ignore[attr-defined]
    yield live.wait()
    live.stop()


def read(body: bytes) -> tuple[np.ndarray, dict[str, Any]]:
    """As pynrrd reads it: (I, J, K) voxels and the header."""
    file = io.BytesIO(body)
    header = nrrd.read_header(file)
    return nrrd.read_data(header, file), header


def volume(live: LiveServer, query: str = "") -> bytes:
    answer = live.get(f"/slicer/volume{query}")
    assert answer.status == 200, answer.body
    return answer.body


def put(live: LiveServer, name: str, body: bytes) -> Answer:
    return live.request("POST", f"/slicer/volume?id={name}", body, Content_Type="application/x-www-form-urlencoded")


def header_of(**changes: str | None) -> dict[str, str]:
    fields = dict(FIELDS)
    for name, value in changes.items():
        key = name.replace("_", " ")
        if value is None:
            del fields[key]
        else:
            fields[key] = value
    return fields


VOXELS = np.frombuffer(DATA, "<i2")


# -- reading ---------------------------------------------------------------------------------------------------------


def test_the_list_names_scalar_volumes_then_label_maps_and_equal_names_too(server: LiveServer) -> None:
    make = """
for kind in ("LabelMap", "Scalar", "Scalar", "Vector"):
    slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{kind}VolumeNode", "twin")
"""
    assert server.request("POST", "/slicer/exec", make.encode()).status == 200
    listed = server.get("/slicer/volumes")
    assert listed.headers["Content-Type"] == "application/json"
    assert [entry["id"] for entry in listed.json() if entry["name"] in ("MRHead", "twin")] == [
        "vtkMRMLScalarVolumeNode1", "vtkMRMLScalarVolumeNode2", "vtkMRMLScalarVolumeNode3", "vtkMRMLLabelMapVolumeNode1",
    ]  # fmt: skip
    server.request("POST", "/slicer/exec", b"[slicer.mrmlScene.RemoveNode(n) for n in slicer.util.getNodes('twin*').values()]")


@pytest.mark.parametrize(
    "query",
    ["", "?id=MRHead", "?id=MR*", "?id=vtkMRMLScalarVolumeNode1", "?id=[MN]RHea?", "&id=MRHead", "&id='MRHead'", "?time=1"],
)
def test_every_way_to_name_a_volume_gives_the_same_file(server: LiveServer, query: str) -> None:
    body = volume(server, query)
    assert body.startswith(b"NRRD0004\n# ")
    voxels, header = read(body)
    assert voxels.shape == DIMS
    assert voxels.dtype == np.int16
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_array_equal(voxels.transpose(2, 1, 0), octant_volume(centred(OBLIQUE, SPACING, DIMS), DIMS))


def test_lines_come_in_slicers_order_and_numbers_as_python_writes_them(server: LiveServer) -> None:
    put(server, "Lines", file_of(header_of(), VOXELS.tobytes()))
    head, _, data = volume(server, "?id=Lines").partition(b"\n\n")
    lines = head.decode().split("\n")
    assert [line[:2] for line in lines[1:3]] == ["# ", "# "]
    assert lines[3:] == [
        "type: short",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: 4 3 2",
        "space directions: (1.0,0.0,0.0) (0.0,1.5,0.0) (0.0,0.0,2.0)",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        "space origin: (-1.0,2.0,3.0)",
    ]
    assert data == VOXELS.tobytes()


def test_answers_say_what_they_are_and_head_is_get_without_the_body(server: LiveServer) -> None:
    answer = server.get("/slicer/volume?id=MRHead")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Content-Disposition" not in answer.headers
    head = server.request("HEAD", "/slicer/volume?id=MRHead")
    assert head.status == 200
    assert head.body == b""
    assert head.headers["Content-Length"] == answer.headers["Content-Length"] == str(len(answer.body))
    assert head.headers["Content-Type"] == "application/octet-stream"


def test_the_cast_to_short_cuts_off_and_is_only_done_when_asked(server: LiveServer) -> None:
    values = np.array([0.4, 1.6, -2.7, 1e9, -1e9, np.nan, np.inf, -np.inf] * 3, "<f4")
    put(server, "Floats", file_of(header_of(type="float"), values.tobytes()))
    assert read(volume(server, "?id=Floats"))[0].dtype == np.float32
    cast, _header = read(volume(server, "?id=Floats&type=short"))
    assert cast.dtype == np.int16
    assert cast.ravel(order="F")[:8].tolist() == [0, 2, -3, 32767, -32768, 0, 32767, -32768]
    assert "type may be short" in server.get("/slicer/volume?id=Floats&type=block").json()["message"]


def test_what_is_no_scalar_volume_is_refused(server: LiveServer) -> None:
    make = "slicer.mrmlScene.AddNewNodeByClass('vtkMRMLVectorVolumeNode', 'Arrows')"
    server.request("POST", "/slicer/exec", make.encode())
    for query, said in {
        "?id=nosuch": "could not find nodes in the scene by name or id 'nosuch'",
        "?id=mrhead": "could not find nodes in the scene by name or id 'mrhead'",
        "?id=Arrows": "not a scalar volume",
        "?id=vtkMRMLSliceNodeRed": "not a vtkMRMLVolumeNode",
        "?id=" + "x" * 5000: "5000 characters",
        "?id=a%00b": "can not be printed",
    }.items():
        answer = server.get(f"/slicer/volume{query}")
        assert answer.status == 500
        assert answer.headers["Content-Type"] == "application/json"
        assert said in answer.json()["message"]
    server.request("POST", "/slicer/exec", b"slicer.mrmlScene.RemoveNode(slicer.util.getNode('Arrows'))")


def test_a_volume_under_a_transform_comes_with_its_own_geometry(server: LiveServer) -> None:
    before = volume(server, "?id=MRHead")
    move = """
transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
matrix = vtk.vtkMatrix4x4()
matrix.SetElement(0, 3, 50)
transform.SetMatrixTransformToParent(matrix)
slicer.util.getNode("MRHead").SetAndObserveTransformNodeID(transform.GetID())
"""
    assert server.request("POST", "/slicer/exec", b"import vtk\n" + move.encode()).status == 200
    assert volume(server, "?id=MRHead") == before
    server.request("POST", "/slicer/exec", b"slicer.util.getNode('MRHead').SetAndObserveTransformNodeID(None)")


# -- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_every_scalar_type_comes_back_bit_for_bit(server: LiveServer, name: str, encoding: str, endian: str) -> None:
    random = np.random.default_rng(len(name))
    dtype = np.dtype(TYPES[name])
    data = random.integers(0, 256, 24 * dtype.itemsize, np.uint8).tobytes()  # not-a-numbers and all
    axes = np.linalg.qr(random.normal(size=(3, 3)))[0] * random.uniform(0.1, 4, 3)
    origin = random.normal(size=3) * 100
    sent = header_of(
        type=name, encoding=encoding, endian=endian, space_origin=_text(origin), space_directions=_texts(axes),
    )  # fmt: skip
    swapped = np.frombuffer(data, dtype).astype(dtype.newbyteorder(">")).tobytes() if endian == "big" else data
    answer = put(server, "Bits", file_of(sent, gzip.compress(swapped) if encoding == "gzip" else swapped))
    assert answer.json() == {"status": "success"}, answer.body
    body = volume(server, "?id=Bits")
    voxels, header = read(body)
    assert body.partition(b"\n\n")[2] == data
    assert voxels.dtype == dtype
    assert header["type"] == name
    assert (header["space directions"] == axes.T).all()
    assert (header["space origin"] == origin).all()
    assert server.get("/slice?view=red").status == 200  # and it can be shown


def _text(vector: np.ndarray) -> str:
    return "(" + ",".join(repr(float(v)) for v in vector) + ")"


def _texts(axes: np.ndarray) -> str:
    return " ".join(_text(axes[:, axis]) for axis in range(3))


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"kinds": None}, "\n"),
        ({}, "\r\n"),
        ({"space": "LPS"}, "\n"),
        ({"space": "RAS", "space_directions": "(-1,0,0) (0,-1.5,0) (0,0,2)", "space_origin": "(1,-2,3)"}, "\n"),
        ({"space": "LAS", "space_directions": "(1,0,0) (0,-1.5,0) (0,0,2)", "space_origin": "(-1,-2,3)"}, "\n"),
        ({"space": "Ras", "space_directions": "(-1,0,0)(0,-1.5,0) ( 0, 0, 2 )", "space_origin": "(1,-2,3)"}, "\n"),
        ({"type": "int16_t", "measurement_frame": "(1,0,0) (0,1,0) (0,0,1)", "content": "ü: a: b"}, "\n"),
    ],
)  # fmt: skip
def test_other_ways_to_write_the_same_header(server: LiveServer, changes: dict[str, str | None], end: str) -> None:
    body = file_of(header_of(**changes), VOXELS.tobytes(), end).replace(b"NRRD0005", b"NRRD0005" + end.encode() + b"key:=a: b")
    assert put(server, "Ways", body).json() == {"status": "success"}
    voxels, header = read(volume(server, "?id=Ways"))
    np.testing.assert_array_equal(header["space directions"], np.diag([1, 1.5, 2]))
    np.testing.assert_array_equal(header["space origin"], (-1, 2, 3))
    np.testing.assert_array_equal(voxels.ravel(order="F"), VOXELS)


def test_the_body_of_one_volume_makes_another_that_is_equal(server: LiveServer) -> None:
    body = volume(server, "?id=MRHead")
    assert server.request("PUT", "/slicer/volume?id=Copy", body).json() == {"status": "success"}
    assert [entry["name"] for entry in server.get("/slicer/volumes").json()].count("Copy") == 1
    assert volume(server, "?id=Copy") == body


def test_a_volume_that_is_there_takes_the_new_voxels_and_keeps_id_name_and_display(server: LiveServer) -> None:
    put(server, "Kept", file_of(header_of(), VOXELS.tobytes()))
    server.request("POST", "/slicer/exec", b"d=slicer.util.getNode('Kept').GetDisplayNode(); d.SetAutoWindowLevel(0); "
                                           b"d.SetWindowLevel(33,7)")  # fmt: skip
    before = server.get("/slicer/volumes").json()
    assert put(server, "Kep*", file_of(header_of(sizes="3 4 2"), VOXELS[::-1].tobytes())).json() == {"status": "success"}
    assert server.get("/slicer/volumes").json() == before
    voxels, _header = read(volume(server, "?id=Kept"))
    assert voxels.shape == (3, 4, 2)
    asked = b"n=slicer.util.getNode('Kept'); d=n.GetDisplayNode(); __execResult=[d.GetWindow(), d.GetLevel(), n.GetName()]"
    assert server.request("POST", "/slicer/exec", asked).json() == [33, 7, "Kept"]


def test_what_is_put_is_shown_in_all_slice_views_and_fits(server: LiveServer) -> None:
    affine = centred(np.diag([-1.0, -1.0, 1.0]), (3.0, 3.0, 3.0), (50, 50, 50))
    path = write_nrrd(server.folder / "big.nrrd", octant_volume(affine, (50, 50, 50)), affine)  # type: ignore[attr-defined]
    for view, orientation in {"red": "axial", "yellow": "sagittal", "green": "coronal"}.items():
        server.get(f"/slice?view={view}&orientation={orientation}&offset=20")
    assert put(server, "Shown", path.read_bytes()).json() == {"status": "success"}
    asked = """
__execResult = {}
for color in ("Red", "Yellow", "Green"):
    composite = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceCompositeNode{color}")
    node = slicer.mrmlScene.GetNodeByID(f"vtkMRMLSliceNode{color}")
    volume = slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID())
    __execResult[color] = [volume.GetName(), min(node.GetFieldOfView()[:2])]
"""
    shown = server.request("POST", "/slicer/exec", asked.encode()).json()
    assert {name for name, _fov in shown.values()} == {"Shown"}
    assert [fov for _name, fov in shown.values()] == [150, 150, 150], shown


def test_without_an_id_the_first_volume_is_replaced_and_undefined_is_a_name(server: LiveServer) -> None:
    kept = volume(server)
    assert server.request("POST", "/slicer/volume", file_of(header_of(), VOXELS.tobytes())).status == 200
    assert read(volume(server, "?id=MRHead"))[0].shape == (4, 3, 2)
    assert server.request("POST", "/slicer/volume", kept).status == 200
    assert volume(server, "?id=MRHead") == kept
    put(server, "undefined", file_of(header_of(), VOXELS.tobytes()))
    assert "undefined" in [entry["name"] for entry in server.get("/slicer/volumes").json()]


# -- refusals --------------------------------------------------------------------------------------------------------

REFUSED = {
    "short volumes": ({"type": "block"}, "Can only read short volumes"),
    "uchar with the length of shorts": ({"type": "uchar"}, "Can only read short volumes"),
    "4D": ({"dimension": "4"}, "Can only read 3D, 1 component volumes"),
    "components": ({"kinds": "RGB-color domain domain"}, "Can only read 3D, 1 component volumes"),
    "endian": ({"endian": "middle"}, "Can only read little endian"),
    "encoding": ({"encoding": "bzip2"}, "Can only read raw encoding"),
    "space": ({"space": "scanner-xyz"}, "Can only read space in LPS"),
    **{f"no {name}": ({name.replace(" ", "_"): None}, f"b'{name}'") for name in (
        "type", "dimension", "endian", "encoding", "space", "sizes", "space directions", "space origin")},
    "sizes that lie": ({"sizes": "4 3 3"}, "take 72 bytes and there are 48"),
    "sizes that lie a lot": ({"sizes": "2147483647 2147483647 2147483647"}, "the volume would take"),
    "sizes beyond numbers": ({"sizes": "99999999999999999999 1 1"}, "sizes must be"),
    "negative sizes": ({"sizes": "-4 3 -2"}, "sizes must be"),
    "size zero": ({"sizes": "0 3 2"}, "out of range"),
    "two sizes": ({"sizes": "4 6"}, "sizes must be"),
    "not a number": ({"space_directions": "(nan,0,0) (0,1,0) (0,0,1)"}, "finite"),
    "infinite": ({"space_origin": "(0,0,1e999)"}, "finite"),
    "flat": ({"space_directions": "(1,0,0) (0,1,0) (1,1,0)"}, "do not span"),
    "no length": ({"space_directions": "(1,0,0) (0,0,0) (0,0,1)"}, "do not span"),
    "none": ({"space_directions": "none (0,1,0) (0,0,1)"}, "three vectors"),
    "detached": ({"data file": "/etc/passwd"}, "must follow the header"),
    "skipped": ({"byte skip": "-1"}, "must follow the header"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_slicers_words_and_nothing_is_changed(server: LiveServer, case: str) -> None:
    changes, message = REFUSED[case]
    before = (server.get("/slicer/mrml/ids").body, volume(server, "?id=MRHead"), spooled(server))
    for name in ("MRHead", "Refused"):
        answer = put(server, name, file_of(header_of(**changes), VOXELS.tobytes()))
        assert answer.status == 500
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json()["success"] is False
        assert message in answer.json()["message"]
    assert (server.get("/slicer/mrml/ids").body, volume(server, "?id=MRHead"), spooled(server)) == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"hello", "Cannot load non-nrrd file (magic is b'hell')"),
        (b"N", "Cannot load non-nrrd file (magic is b'N')"),
        (b"NRRD0004\ntype: short\n", "no empty line ends the header"),
        (b"NRRD0004\ntype short\n\n", "is no field"),
        (b"NRRD0004\ntype: short\nType: float\n\n", "twice"),
        (b"NRRD0004\n\xff\xfe: \xff\n\n", "b'type'"),
        (file_of(header_of(encoding="gzip"), b"no gzip at all, but long enough"), "damaged"),
        (file_of(header_of(encoding="gzip"), gzip.compress(VOXELS.tobytes())[:-9]), "cut short"),
        (file_of(header_of(encoding="gzip"), gzip.compress(bytes(1 << 24))), "there are more"),
        (file_of(header_of(encoding="gzip"), gzip.compress(bytes(46))), "there are 46"),
        (file_of(header_of(encoding="gzip", sizes="1000 1000 1000"), gzip.compress(bytes(48))), "compressed"),
    ],
)
def test_what_is_no_nrrd_is_refused(server: LiveServer, body: bytes, message: str) -> None:
    before = server.get("/slicer/mrml/ids").body
    answer = put(server, "Refused", body)
    assert answer.status == 500
    assert message in answer.json()["message"]
    assert server.get("/slicer/mrml/ids").body == before


def test_a_label_map_takes_whole_numbers_only(server: LiveServer) -> None:
    server.request("POST", "/slicer/exec", b"slicer.mrmlScene.AddNewNodeByClass('vtkMRMLLabelMapVolumeNode', 'Labels')")
    assert put(server, "Labels", file_of(header_of(type="uchar"), bytes(24))).json() == {"status": "success"}
    refused = put(server, "Labels", file_of(header_of(type="float"), bytes(96)))
    assert "whole numbers" in refused.json()["message"]
    assert read(volume(server, "?id=Labels"))[0].dtype == np.uint8


@given(broken_files().filter(bool))  # no body is a question
@settings(max_examples=80, deadline=None)
def test_whatever_comes_is_taken_or_refused_and_nothing_else_happens(server: LiveServer, data: bytes) -> None:
    before = (server.get("/slicer/volumes").body, server.scene_pid())
    answer = server.request("POST", "/slicer/volume?id=Fuzz", data)
    if answer.status == 200:
        assert answer.json() == {"status": "success"}
        read(volume(server, "?id=Fuzz"))
        assert server.scene_pid() == before[1]
    else:
        assert answer.status == 500
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json()["message"].startswith("Server error: ")
        assert (server.get("/slicer/volumes").body, server.scene_pid()) == before


# -- orientation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", ["oblique", "as scanners store it"])
def test_a_volume_got_over_http_lies_in_simpleitk_where_our_pictures_show_it(
    server: LiveServer, tmp_path: Path, axes: str
) -> None:
    affine = centred(OBLIQUE if axes == "oblique" else np.diag([-1.0, -1.0, 1.0]), SPACING, DIMS)
    path = write_nrrd(tmp_path / "in.nrrd", octant_volume(affine, DIMS), affine)
    assert put(server, "Placed", path.read_bytes()).status == 200
    (tmp_path / "out.nrrd").write_bytes(volume(server, "?id=Placed"))
    image = SimpleITK.ReadImage(str(tmp_path / "out.nrrd"))
    picture = server.get("/slice?view=red&orientation=axial&offset=8&size=200").body
    grey = np.asarray(Image.open(io.BytesIO(picture)).convert("L")).astype(int)
    for right, anterior in ((9, 9), (9, -9), (-9, 9), (-9, -9)):
        value = image[image.TransformPhysicalPointToIndex((-right, -anterior, 8.0))]  # SimpleITK counts in LPS
        assert value == OCTANTS[int(np.sign(right)), int(np.sign(anterior)), 1]
        row, column = (85 if anterior > 0 else 115), (85 if right > 0 else 115)  # patient right is on the picture's left
        assert abs(np.median(grey[row - 4 : row + 4, column - 4 : column + 4]) - (value - 40) * 255 / 210) <= 3


def test_a_ct_that_simpleitk_wrote_comes_back_the_same(server: LiveServer, tmp_path: Path) -> None:
    source = Path(slicerio_server.__file__).parent / "data" / "CTChest4.nrrd"
    image = SimpleITK.ReadImage(str(source))
    SimpleITK.WriteImage(image, str(tmp_path / "gz.nrrd"), True)  # compressed
    assert put(server, "CT", (tmp_path / "gz.nrrd").read_bytes()).json() == {"status": "success"}
    (tmp_path / "back.nrrd").write_bytes(volume(server, "?id=CT"))
    back = SimpleITK.ReadImage(str(tmp_path / "back.nrrd"))
    np.testing.assert_array_equal(SimpleITK.GetArrayViewFromImage(back), SimpleITK.GetArrayViewFromImage(image))
    assert back.GetOrigin() == image.GetOrigin()
    assert back.GetPixelID() == image.GetPixelID()
    np.testing.assert_allclose(back.GetSpacing(), image.GetSpacing(), rtol=1e-12)
    np.testing.assert_allclose(back.GetDirection(), image.GetDirection(), atol=1e-12)


# -- which volume is shown -------------------------------------------------------------------------------------------


def test_selection_steps_through_the_volumes_and_wraps_and_leaves_the_zoom(server: LiveServer) -> None:
    for name in ("StepA", "StepB"):
        put(server, name, file_of(header_of(), VOXELS.tobytes()))
    ask = b"""
composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeGreen")
volumes = [n.GetName() for n in slicer.util.getNodesByClass("vtkMRMLVolumeNode")]
__execResult = [slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID()).GetName(), volumes,
                slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed").GetFieldOfView()[0]]
"""
    shown, names, zoom = server.request("POST", "/slicer/exec", ask).json()
    for command, step in {"next": 1, "Next": 1, "PREVIOUS": -1, "previous": -1, "nonsense": 1, "": 1}.items():
        answer = server.get(f"/slicer/volumeSelection?cmd={command}")
        assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "text/plain", b"Volume selected")
        expected = names[(names.index(shown) + step) % len(names)]
        shown, _names, now = server.request("POST", "/slicer/exec", ask).json()
        assert shown == expected
        assert now == zoom


def test_nothing_to_select_is_an_error() -> None:
    live = LiveServer(enable_exec=True).wait()
    try:
        live.request("POST", "/slicer/exec", b"[slicer.mrmlScene.RemoveNode(n) for n in slicer.util.getNodesByClass("
                                             b"'vtkMRMLVolumeNode')]")  # fmt: skip
        assert live.get("/slicer/volumes").json() == []
        assert live.get("/slicer/volumeSelection").status == 500
        assert "could not find nodes" in live.get("/slicer/volume").json()["message"]
        assert live.request("POST", "/slicer/volume", file_of(header_of(), VOXELS.tobytes())).status == 200
        assert [entry["name"] for entry in live.get("/slicer/volumes").json()] == ["Volume"]
    finally:
        live.stop()


# -- crashes, and clients that go ------------------------------------------------------------------------------------


def spooled(live: LiveServer) -> list[str]:
    return sorted(str(path) for path in live.data.glob("sessions/*/uploads/**/*") if path.is_file())


def test_volumes_outlive_a_crash_with_their_ids_and_old_voxels_leave_the_spool(server: LiveServer) -> None:
    folder: Path = server.folder  # type: ignore[attr-defined]
    live = LiveServer(folder / "MRHead.nrrd", allow_path=[str(folder)]).wait()
    try:
        for name, factor in (("Survivor", 1), ("Other", 2), ("Survivor", 3), ("MRHead", 9), ("MRHead", 7)):
            assert put(live, name, file_of(header_of(), (VOXELS * factor).tobytes())).status == 200
        loaded = live.request("POST", f"/slicer/mrml?localfile={folder / 'MRHead.nrrd'}&filetype=VolumeFile&name=Late", b"")
        assert loaded.json()["success"]
        for name, factor in (("Other", 4), ("Survivor", 5)):
            assert put(live, name, file_of(header_of(), (VOXELS * factor).tobytes())).status == 200
        assert len(spooled(live)) == 3
        asked = ("volumes", "volume?id=Survivor", "volume?id=Other", "volume?id=MRHead", "volume?id=Late", "slice")
        before = {path: live.get(f"/slicer/{path}").body for path in asked}
        assert [entry["name"] for entry in json.loads(before["volumes"])] == ["MRHead", "Survivor", "Other", "Late"]
        old = live.scene_pid()
        os.kill(old, 9)
        comes_back(live, old)
        assert {path: live.get(f"/slicer/{path}").body for path in asked} == before
        assert (read(before["volume?id=Survivor"])[0].ravel(order="F") == VOXELS * 5).all()
        assert len(spooled(live)) == 3
    finally:
        live.stop()


@pytest.mark.timeout(400)
def test_voxels_never_come_back_under_another_name_though_ids_have_moved(server: LiveServer) -> None:
    folder: Path = server.folder  # type: ignore[attr-defined]
    live = LiveServer(folder / "MRHead.nrrd", enable_exec=True, max_restarts=9).wait()
    try:
        made = b"slicer.mrmlScene.AddNewNodeByClass('vtkMRMLScalarVolumeNode', 'Lost')"  # exec is not told again
        assert live.request("POST", "/slicer/exec", made).status == 200
        for factor, name in enumerate(("Lost", "A", "B", "C"), start=1):
            assert put(live, name, file_of(header_of(), (VOXELS * factor).tobytes())).status == 200
        for factor, name in ((10, "B"), (20, "A"), (30, "B")):
            old = live.scene_pid()
            os.kill(old, 9)
            comes_back(live, old)
            assert put(live, name, file_of(header_of(), (VOXELS * factor).tobytes())).status == 200
        old = live.scene_pid()
        os.kill(old, 9)
        comes_back(live, old)
        assert [entry["name"] for entry in live.get("/slicer/volumes").json()] == ["MRHead", "A", "B", "C"]
        for name, factor in {"A": 20, "B": 30, "C": 4}.items():
            assert (read(volume(live, f"?id={name}"))[0].ravel(order="F") == VOXELS * factor).all()
        affine = centred(OBLIQUE, SPACING, DIMS)
        np.testing.assert_array_equal(read(volume(live))[0].transpose(2, 1, 0), octant_volume(affine, DIMS))
    finally:
        live.stop()


def test_a_client_that_goes_in_the_middle_leaves_nothing_behind(server: LiveServer) -> None:
    side = 200
    put(server, "Large", file_of(header_of(sizes=f"{side} {side} {side}"), bytes(2 * side**3)))
    before = spooled(server)
    for _ in range(6):  # more than may be on their way at a time
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET /slicer/volume?id=Large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    until = time.monotonic() + 10
    while open_nameless(server) and time.monotonic() < until:
        time.sleep(0.05)
    assert open_nameless(server) == []
    assert spooled(server) == before
    assert len(volume(server, "?id=Large")) > 2 * side**3


def open_nameless(live: LiveServer) -> list[str]:
    """Files that the gateway holds open after their names went."""
    found = []
    for link in Path(f"/proc/{live.process.pid}/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:
            continue
    return [name for name in found if "uploads" in name]


def test_a_client_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    affine, dims = np.eye(4), (300, 300, 300)
    path = write_nrrd(tmp_path / "large.nrrd", np.zeros(dims, np.int16), affine)
    live = LiveServer(path, send_timeout_s=1.0, volume_downloads=1).wait()
    try:
        with socket.create_connection(("127.0.0.1", live.port)) as connection:
            connection.sendall(b"GET /slicer/volume HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.5)
            waiting = live.get("/slicer/volume")  # waits for the other's turn to end, one way or the other
            until = time.monotonic() + 10
            while open_nameless(live) and time.monotonic() < until:
                time.sleep(0.05)
            assert open_nameless(live) == []
            assert waiting.status in (200, 500)
        assert live.get("/slicer/volume").status == 200
    finally:
        live.stop()
