"""Files made to do harm: refused with a reason, nothing written, nothing allocated, scene, views and counters as before."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from tests.api.test_conformance_mrml import load, mrml, refused
from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]
DIMS = (24, 20, 16)
AFFINE = centred(np.eye(3), (2.0, 2.0, 2.0), DIMS)
SCENE = '<MRML version="Slicer5.8" userTags="">{}</MRML>\n'
VOLUME = (
    '<VolumeArchetypeStorage id="vtkMRMLVolumeArchetypeStorageNode1" fileName="{}"></VolumeArchetypeStorage>'
    '<Volume id="vtkMRMLScalarVolumeNode1" name="it" storageNodeRef="vtkMRMLVolumeArchetypeStorageNode1"></Volume>'
)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = tmp_path_factory.mktemp("web")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield root, f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("outside")
    write_nrrd(found / "secret.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    (found / "secret.raw").write_bytes(bytes(24 * 20 * 16 * 2))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, outside: Path) -> Path:
    found = tmp_path_factory.mktemp("files")
    write_nrrd(found / "octants.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    (found / "link.nrrd").symlink_to(outside / "secret.nrrd")
    (found / "outside").symlink_to(outside)
    return found


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    live = LiveServer(
        folder / "octants.nrrd", allow_path=[str(folder), str(DATA)], url_allow_private=True, max_volume_mb=256,
        bundle_max_mb=256, bundle_max_files=50, bundle_max_ratio=100, enable_exec=True,
    ).wait()  # fmt: skip
    yield live
    live.stop()


def _nrrd(sizes: str, encoding: str = "raw", more: str = "") -> bytes:
    text = f"NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: {sizes}\n"
    text += "space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\nendian: little\n"
    return (text + f"encoding: {encoding}\nspace origin: (0,0,0)\n{more}\n").encode()


def _nifti(dims: tuple[int, int, int]) -> bytes:
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *dims, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, 4, 16)
    struct.pack_into("<f", head, 108, 352.0)
    head[344:348] = b"n+1\0"
    return bytes(head)


def _bundle(path: Path, scene: str, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("s/s.mrml", scene)
        for name, content in files.items():
            bundle.writestr(name, content)


def _png(path: Path, width: int, height: int) -> None:
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def made(folder: Path, outside: Path) -> Path:
    """The folder, with all the files of `CASES` in it."""
    million = "1000000 1000000 1000"
    (folder / "lies.nrrd").write_bytes(_nrrd(million))
    (folder / "negative.nrrd").write_bytes(_nrrd("-4 4 4"))
    (folder / "zero.nrrd").write_bytes(_nrrd("0 4 4"))
    (folder / "words.nrrd").write_bytes(_nrrd("a b c"))
    (folder / "bomb.nrrd").write_bytes(_nrrd("1024 1024 1024", "gzip") + gzip.compress(bytes(1 << 20)))
    (folder / "lies.seg.nrrd").write_bytes(_nrrd(million))
    (folder / "grid.nrrd").write_bytes(_nrrd(million))
    (folder / "lies.nii").write_bytes(_nifti((30000, 30000, 30000)))
    (folder / "lies.nii.gz").write_bytes(gzip.compress(_nifti((30000, 30000, 30000))))
    (folder / "lies.mha").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 90000 90000 90000\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    )
    _png(folder / "lies.png", 60000, 60000)
    (folder / "lies.mgh").write_bytes(struct.pack(">6i", 1, 30000, 30000, 30000, 1, 4) + bytes(300))
    (folder / "named.nhdr").write_bytes(_nrrd("24 20 16", more=f"data file: {outside / 'secret.raw'}\n"))
    (folder / "upwards.nhdr").write_bytes(_nrrd("24 20 16", more=f"data file: ../{outside.name}/secret.raw\n"))
    (folder / "linked.nhdr").write_bytes(_nrrd("24 20 16", more="data file: outside/secret.raw\n"))
    (folder / "list.nhdr").write_bytes(_nrrd("24 20 16", more=f"data file: LIST\n{outside / 'secret.raw'}\n"))
    meta = "ObjectType = Image\nNDims = 3\nDimSize = 24 20 16\nElementType = MET_SHORT\nElementDataFile = "
    (folder / "named.mhd").write_text(f"{meta}{outside / 'secret.raw'}\n")
    (folder / "named.mrml").write_text(SCENE.format(VOLUME.format(outside / "secret.nrrd")))
    (folder / "upwards.mrml").write_text(SCENE.format(VOLUME.format(f"../{outside.name}/secret.nrrd")))
    (folder / "escaped.mrml").write_text(SCENE.format(VOLUME.format(f"..%2F{outside.name}%2Fsecret.nrrd")))
    (folder / "linked.mrml").write_text(SCENE.format(VOLUME.format("link.nrrd")))
    (folder / "file-url.mrml").write_text(SCENE.format(VOLUME.format(f"file://{outside / 'secret.nrrd'}")))
    (folder / "remote.mrml").write_text(SCENE.format(VOLUME.format("http://127.0.0.1:1/x.nrrd")))
    member = VOLUME.replace('fileName="{}"', f'fileName="octants.nrrd" fileListMember0="{outside / "secret.nrrd"}"')
    (folder / "member.mrml").write_text(SCENE.format(member))
    (folder / "indirect.mrml").write_text(SCENE.format(VOLUME.format("named.nhdr")))
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(12))
    (folder / "laughs.mrml").write_text(f"<!DOCTYPE MRML [{entities}]>\n<MRML>&e11;</MRML>")
    _bundle(folder / "big.mrb", SCENE.format(""), {"s/zeros": bytes(300 << 20)})
    _bundle(folder / "ratio.mrb", SCENE.format(""), {"s/zeros": bytes(100 << 20)})
    _bundle(folder / "many.mrb", SCENE.format(""), {f"s/{n}": b"" for n in range(60)})
    _bundle(folder / "refers.mrb", SCENE.format(VOLUME.format(outside / "secret.nrrd")), {})
    _bundle(folder / "refers.seq.mrb", SCENE.format(VOLUME.format(outside / "secret.nrrd")), {})
    (folder / "deep.mrk.json").write_text('{"markups": ' + "[" * 200_000)
    (folder / "nan.mrk.json").write_text('{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [NaN, 0, 0]}]}]}')
    (folder / "short.mrk.json").write_text('{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1, 2]}]}]}')
    (folder / "scalar.mrk.json").write_text('{"markups": [3]}')
    (folder / "huge.mrk.json").write_bytes(b'{"markups": [{"type": "Fiducial", "x": "' + b"a" * (20 << 20) + b'"}]}')
    points = [{"position": [1, 2, 3]}] * 30_000
    (folder / "points.mrk.json").write_text(json.dumps({"markups": [{"type": "Fiducial", "controlPoints": points}]}))
    (folder / "kind.mrk.json").write_text(
        '{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1, 2, 3], "label": 7}]}]}'
    )
    (folder / "colour.mrk.json").write_text('{"markups": [{"type": "Line", "display": {"color": [1]}}]}')
    head, tail = (
        "#Insight Transform File V1.0\nTransform: BSplineTransform_double_3_3\nParameters: 1 2 3\n",
        "0 0 0 1 1 1 1 0 0 0 1 0 0 0 1",
    )
    (folder / "spline.tfm").write_text(f"{head}FixedParameters: 1000000 1000000 1000000 {tail}\n")
    (folder / "lies.stl").write_bytes(bytes(80) + struct.pack("<I", 4_000_000_000) + bytes(50))
    (folder / "nowhere.obj").write_text("v nan inf -inf\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (folder / "lies.vp").write_text("1\n0\n0\n0.7\n0.1\n0.2\n10\n4000000000 0 1 1024 1\n4 0 1 255 1\n4 0 0 0 0\n")
    (folder / "deep.vp.json").write_text("[" * 200_000)
    (folder / "deep.term.json").write_text("[" * 200_000)
    (folder / "blocks.seg.vtm").write_text(f'<VTKFile><DataSet index="0" file="{outside / "secret.raw"}"/></VTKFile>')
    doubles = _nrrd("2 2 2").replace(b"type: short", b"type: double")
    (folder / "labels.nrrd").write_bytes(doubles + np.linspace(-1e300, 1e300, 8).tobytes())
    (folder / "colours.mrml").write_text(
        SCENE.format('<ColorTable id="vtkMRMLColorTableNode1" numcolors="2000000000"></ColorTable>')
    )
    loop = '<LinearTransform id="a" references="transform:b;"></LinearTransform>'
    loop += '<LinearTransform id="b" transformNodeRef="a"></LinearTransform>'
    (folder / "loop.mrml").write_text(SCENE.format(loop))
    (folder / "huge.txt").write_bytes(b"a" * (20 << 20))
    (folder / "huge.csv").write_bytes(b"a,b\n" * (5 << 20))
    return folder


LARGE, BEYOND = "are allowed (setting max_volume_mb)", "outside its own folder"
# Case: file, its type, words of the reason.
CASES = {
    "sizes of an NRRD": ("lies.nrrd", "VolumeFile", LARGE),
    "a negative size": ("negative.nrrd", "VolumeFile", "sensible sizes"),
    "a size of zero": ("zero.nrrd", "VolumeFile", "sensible sizes"),
    "sizes that are words": ("words.nrrd", "VolumeFile", "no whole numbers"),
    "a gzip bomb": ("bomb.nrrd", "VolumeFile", LARGE),
    "sizes of a segmentation": ("lies.seg.nrrd", "SegmentationFile", LARGE),
    "sizes of a grid": ("grid.nrrd", "TransformFile", LARGE),
    "sizes of a sequence": ("grid.nrrd", "SequenceFile", LARGE),
    "sizes of a NIfTI": ("lies.nii", "VolumeFile", LARGE),
    "sizes of a packed NIfTI": ("lies.nii.gz", "VolumeFile", LARGE),
    "sizes of a MetaImage": ("lies.mha", "VolumeFile", LARGE),
    "sizes of a PNG": ("lies.png", "VolumeFile", ""),
    "sizes of an MGH": ("lies.mgh", "VolumeFile", LARGE),
    "voxels elsewhere": ("named.nhdr", "VolumeFile", BEYOND),
    "voxels upwards": ("upwards.nhdr", "VolumeFile", BEYOND),
    "voxels behind a link": ("linked.nhdr", "VolumeFile", BEYOND),
    "a list of voxels elsewhere": ("list.nhdr", "VolumeFile", BEYOND),
    "voxels of a MetaImage elsewhere": ("named.mhd", "VolumeFile", BEYOND),
    "a link": ("link.nrrd", "VolumeFile", "outside the folders"),
    "a scene that names a file": ("named.mrml", "SceneFile", BEYOND),
    "a scene upwards": ("upwards.mrml", "SceneFile", BEYOND),
    "a scene upwards in percent": ("escaped.mrml", "SceneFile", BEYOND),
    "a scene behind a link": ("linked.mrml", "SceneFile", BEYOND),
    "a scene with a file URL": ("file-url.mrml", "SceneFile", BEYOND),
    "a scene with a remote URL": ("remote.mrml", "SceneFile", "other servers"),
    "a scene with a list": ("member.mrml", "SceneFile", BEYOND),
    "a scene whose volume names a file": ("indirect.mrml", "SceneFile", BEYOND),
    "a billion laughs": ("laughs.mrml", "SceneFile", "entities"),
    "a bundle too large": ("big.mrb", "SceneFile", "bundle_max_mb"),
    "a bundle that grows": ("ratio.mrb", "SceneFile", "bundle_max_ratio"),
    "a bundle of many files": ("many.mrb", "SceneFile", "bundle_max_files"),
    "a bundle that names a file": ("refers.mrb", "SceneFile", BEYOND),
    "a sequence that names a file": ("refers.seq.mrb", "SequenceFile", BEYOND),
    "deep JSON": ("deep.mrk.json", "MarkupsFile", "nested"),
    "no number in JSON": ("nan.mrk.json", "MarkupsFile", "NaN"),
    "two numbers in JSON": ("short.mrk.json", "MarkupsFile", "three numbers"),
    "a number for a list": ("scalar.mrk.json", "MarkupsFile", "no markups"),
    "20 MB of JSON": ("huge.mrk.json", "MarkupsFile", "max_text_mb"),
    "30000 points": ("points.mrk.json", "MarkupsFile", "max_control_points"),
    "a label that is a number": ("kind.mrk.json", "MarkupsFile", "no text"),
    "a colour of one number": ("colour.mrk.json", "MarkupsFile", "no list of numbers"),
    "sizes of a B-spline": ("spline.tfm", "TransformFile", "parameters"),
    "triangles of a surface": ("lies.stl", "ModelFile", "cut short"),
    "points that are nowhere": ("nowhere.obj", "ModelFile", "no numbers"),
    "points of a transfer function": ("lies.vp", "TransferFunctionFile", "not as long"),
    "deep transfer functions": ("deep.vp.json", "TransferFunctionFile", "nested"),
    "deep terms": ("deep.term.json", "TerminologyFile", "nested"),
    "blocks elsewhere": ("blocks.seg.vtm", "SegmentationFile", BEYOND),
    "values that are no labels": ("labels.nrrd", "SegmentationFile", "labels reach"),
    "a huge colour table": ("colours.mrml", "SceneFile", "colour table"),
    "transforms in a circle": ("loop.mrml", "SceneFile", "leads back"),
    "20 MB of text": ("huge.txt", "TextFile", "max_text_mb"),
    "20 MB of table": ("huge.csv", "TableFile", "max_text_mb"),
}


def _state(live: LiveServer) -> list[object]:
    pictures = [live.get(f"/slice?view={view}&size=64").body for view in ("red", "green")] + [live.get("/threeD?size=64").body]
    return [mrml(live, "GET", "/ids").json(), *pictures]


@pytest.mark.parametrize("case", CASES)
def test_refused_with_everything_as_before(server: LiveServer, made: Path, case: str) -> None:
    name, kind, why = CASES[case]
    before, pid = _state(server), server.scene_pid()
    message = refused(mrml(server, "POST", localfile=made / name, filetype=kind))
    assert message.startswith(f"Server error: Failed to load node from file: {made / name}\n")
    assert why in message
    assert _state(server) == before
    assert server.scene_pid() == pid
    assert _peak_mb(pid) < 1500


def _peak_mb(pid: int) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) >> 10


def test_failed_loads_use_up_no_numbers(server: LiveServer, made: Path) -> None:
    mrml(server, "DELETE")
    (made / "no.obj").write_text("nothing")
    (made / "no.tfm").write_text("nothing")
    for name, kind in (
        ("lies.nrrd", "VolumeFile"), ("no.obj", "ModelFile"), ("no.tfm", "TransformFile"), ("scalar.mrk.json", "MarkupsFile"),
        ("lies.seg.nrrd", "SegmentationFile"), ("huge.csv", "TableFile"),
    ):  # fmt: skip
        refused(mrml(server, "POST", localfile=made / name, filetype=kind))
    (made / "good.obj").write_text("v 0 0 0\nv 30 0 0\nv 0 30 0\nf 1 2 3\n")
    (made / "good.csv").write_text("a,b\n1,2\n")
    assert load(server, made / "octants.nrrd", "VolumeFile") == "vtkMRMLScalarVolumeNode1"
    assert load(server, made / "good.obj", "ModelFile") == "vtkMRMLModelNode4"  # after those of the slice views
    assert load(server, DATA / "F_1.fcsv", "MarkupsFile") == "vtkMRMLMarkupsFiducialNode1"
    assert load(server, DATA / "Segmentation.seg.nrrd", "SegmentationFile") == "vtkMRMLSegmentationNode1"
    assert load(server, made / "good.csv", "TableFile") == "vtkMRMLTableNode1"
    assert mrml(server, "GET", "/names", class_="vtkMRMLVolumeNode").json() == ["octants"]


def test_scenes_may_name_files_of_allowed_folders(server: LiveServer, made: Path) -> None:
    (made / "deep").mkdir(exist_ok=True)
    (made / "deep" / "above.mrml").write_text(SCENE.format(VOLUME.format("../octants.nrrd")))
    answer = mrml(server, "POST", localfile=made / "deep" / "above.mrml", filetype="SceneFile")
    assert answer.json() == {"success": True, "loadedNodeIDs": []}


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "{0}/../../../etc/x.nrrd", "{0}/outside/x.nrrd", "/nowhere/x.nrrd", "a%00b.nrrd"]
)
def test_saving_elsewhere_is_refused(server: LiveServer, made: Path, outside: Path, place: str) -> None:
    mrml(server, "DELETE")
    node_id = load(server, made / "octants.nrrd", "VolumeFile")
    path = place.format(made)
    answer = server.get(f"/slicer/mrml/file?id={node_id}&localfile={path}")
    assert "Failed to export node to file" in refused(answer)
    assert "Failed to export node to file" in refused(server.get(f"/slicer/mrml/file?id={node_id}&url=file://{path}"))
    assert not (outside / "x.nrrd").exists()


def test_a_save_that_fails_leaves_no_file_and_the_old_one(server: LiveServer, made: Path) -> None:
    mrml(server, "DELETE")
    node_id = load(server, made / "octants.nrrd", "VolumeFile")
    target = made / "precious.nii"
    target.write_bytes(b"old")
    before = sorted(made.rglob("*"))
    source = "import vtk\ni = vtk.vtkImageData()\ni.SetDimensions(3, 3, 3)\ni.AllocateScalars(vtk.VTK_LONG_LONG, 1)\n"
    source += f"slicer.mrmlScene.GetNodeByID({node_id!r}).SetAndObserveImageData(i)"
    assert server.request("POST", "/slicer/exec", source.encode()).status == 200
    answer = mrml(server, "GET", "/file", id=node_id, localfile=target)
    assert (answer.status, answer.json()["success"]) == (200, False)
    assert "64-bit" in answer.json()["message"]
    assert target.read_bytes() == b"old"
    assert "no folder" in refused(mrml(server, "GET", "/file", id=node_id, localfile=made / "new" / "x.nrrd"))
    (made / "a-folder.nrrd").mkdir()
    assert "that is a folder" in refused(mrml(server, "GET", "/file", id=node_id, localfile=made / "a-folder.nrrd"))
    (made / "a-folder.nrrd").rmdir()
    for name in ("useCompression", "applytransforms"):
        assert name in refused(mrml(server, "GET", "/file", id=node_id, localfile=made / "x.nrrd", **{name: "maybe"}))
    assert sorted(made.rglob("*")) == before


def test_odd_parameters(server: LiveServer, made: Path) -> None:
    path = made / "octants.nrrd"
    for query, why in (
        ({"filetype": "NoSuchFile"}, "unknown file type"), ({"filetype": "VolumeFile", "fileNames": "[1"}, "fileNames"),
        ({"filetype": "VolumeFile", "fileNames": "/etc/passwd"}, "outside its own folder"),
        ({"filetype": "VolumeFile", "fileNames": str(made / "gone.nrrd")}, "no such file"),
        ({"filetype": "VolumeFile", "checksum": "SHA1:00"}, "invalid checksum"),
        ({"filetype": "VolumeFile", "checksum": "SHA256:" + "0" * 64}, "not the expected"),
    ):  # fmt: skip
        before = mrml(server, "GET", "/ids").json()
        assert why in refused(mrml(server, "POST", localfile=path, **query))
        assert mrml(server, "GET", "/ids").json() == before
    for name in ("a" * 5000, "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "<b>&amp;\n", "%n%s"):
        node_id = load(server, path, "VolumeFile", name=name)
        assert mrml(server, "GET", "/ids", id=node_id).json() == [node_id]
    assert "coordinateSystem" in refused(
        mrml(server, "POST", localfile=made / "good.obj", filetype="ModelFile", coordinateSystem=7)
    )
    assert refused(server.request("POST", "/slicer/mrml?localfile=a%00b&filetype=VolumeFile"))
    assert refused(server.request("POST", "/slicer/mrml?localfile=" + "a" * 6000 + "&filetype=VolumeFile"))


def test_downloads_keep_their_endings_and_plain_names(server: LiveServer, web: tuple[Path, str]) -> None:
    root, url = web
    (root / "Segmentation.seg.nrrd").write_bytes((DATA / "Segmentation.seg.nrrd").read_bytes())
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(octant_volume(AFFINE, DIMS)), str(root / "scan.nii.gz"))
    (root / "tips.mrk.json").write_text('{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1, 2, 3]}]}]}')
    mrml(server, "DELETE")
    for name, kind, start in (
        ("Segmentation.seg.nrrd", "SegmentationFile", "Segmentation"), ("scan.nii.gz", "VolumeFile", "scan"),
        ("tips.mrk.json", "MarkupsFile", "tips"),
    ):  # fmt: skip
        digest = hashlib.sha256((root / name).read_bytes()).hexdigest()
        answer = mrml(server, "POST", url=f"{url}/{name}", filetype=kind, checksum=f"SHA256:{digest}")
        (node_id,) = answer.json()["loadedNodeIDs"]
        assert mrml(server, "GET", "/names", id=node_id).json() == [start]


def test_a_download_that_is_not_what_it_should_be_loads_nothing_and_is_not_kept(
    server: LiveServer, web: tuple[Path, str]
) -> None:
    root, url = web
    write_nrrd(root / "scan.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    before = mrml(server, "GET", "/ids").json()
    spool = next(server.data.glob("sessions/*/uploads"))
    spooled = sorted(spool.iterdir())
    message = refused(mrml(server, "POST", url=f"{url}/scan.nrrd", filetype="VolumeFile", checksum=f"MD5:{'0' * 32}"))
    assert "not the expected" in message
    assert hashlib.md5((root / "scan.nrrd").read_bytes()).hexdigest() in message
    refused(mrml(server, "POST", url=f"{url}/scan.nrrd", filetype="SegmentationFile", checksum="nonsense"))
    (root / "broken.nrrd").write_bytes(b"NRRD0004\n")
    refused(mrml(server, "POST", url=f"{url}/broken.nrrd", filetype="VolumeFile"))
    assert mrml(server, "GET", "/ids").json() == before
    assert sorted(spool.iterdir()) == spooled


def test_clearing_gives_up_what_was_downloaded(server: LiveServer, web: tuple[Path, str]) -> None:
    root, url = web
    write_nrrd(root / "kept.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    assert mrml(server, "POST", url=f"{url}/kept.nrrd", filetype="VolumeFile").status == 200
    spool = next(server.data.glob("sessions/*/uploads"))
    assert list(spool.rglob("kept.nrrd"))
    mrml(server, "DELETE")
    assert list(spool.iterdir()) == []


def test_a_crash_restores_what_was_there_after_loads_removals_and_clearing(server: LiveServer, made: Path) -> None:
    load(server, made / "octants.nrrd", "VolumeFile", name="before")
    mrml(server, "DELETE")
    load(server, made / "octants.nrrd", "VolumeFile", name="first")
    load(server, made / "octants.nrrd", "VolumeFile", name="second")
    refused(mrml(server, "POST", localfile=made / "lies.nrrd", filetype="VolumeFile"))
    assert mrml(server, "DELETE", name="first").status == 200
    load(server, DATA / "F_1.fcsv", "MarkupsFile")
    before = _state(server)
    names = mrml(server, "GET", "/names", class_="vtkMRMLVolumeNode").json()
    assert names == ["second"]
    time.sleep(0.3)
    old = server.scene_pid()
    os.kill(old, signal.SIGKILL)
    _comes_back(server, old)
    assert _state(server) == before
    mrml(server, "DELETE")
    time.sleep(0.3)
    old = server.scene_pid()
    os.kill(old, signal.SIGKILL)
    _comes_back(server, old)
    assert mrml(server, "GET", "/ids", class_="vtkMRMLVolumeNode").json() == []


def _comes_back(live: LiveServer, old: int) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        try:
            if live.get("/readyz").status == 200 and live.scene_pid() != old:
                return
        except LookupError:
            pass
        time.sleep(0.1)
    raise TimeoutError(live.log.read_text())
