"""Loading files over HTTP: what works, and what is refused with a reason and the scene as it was."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import nrrd
import numpy as np
import pytest

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]
AFFINE = centred(np.eye(3), (2.0, 2.0, 2.0), (24, 20, 16))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    write_nrrd(folder / "phantom.nrrd", octant_volume(AFFINE, (24, 20, 16)), AFFINE)
    live = LiveServer(folder / "phantom.nrrd", allow_path=[str(folder), str(DATA)]).wait()
    yield live
    live.stop()


def _post(live: LiveServer, path: Path | str, kind: str) -> tuple[int, dict[str, object]]:
    answer = live.request("POST", f"/slicer/mrml?localfile={path}&filetype={kind}", b"")
    return answer.status, answer.json()


@pytest.mark.parametrize(
    ("name", "kind", "node"),
    [
        ("CTChest4.nrrd", "VolumeFile", "vtkMRMLScalarVolumeNode"),
        ("Segmentation.seg.nrrd", "SegmentationFile", "vtkMRMLSegmentationNode"),
        ("SegmentationOverlapping.seg.nrrd", "SegmentationFile", "vtkMRMLSegmentationNode"),
        ("F_1.fcsv", "MarkupsFile", "vtkMRMLMarkupsFiducialNode"),
    ],
)
def test_files_that_slicer_reads(server: LiveServer, name: str, kind: str, node: str) -> None:
    status, answer = _post(server, DATA / name, kind)
    assert (status, answer["success"]) == (200, True)
    assert answer["loadedNodeIDs"][0].startswith(node)  # type: ignore[index]
    assert answer["loadedNodeIDs"][0] in server.get(f"/slicer/mrml/ids?class={node}").json()  # type: ignore[index]


def test_model_transform_and_markups_made_here(server: LiveServer, folder: Path) -> None:
    (folder / "cube.obj").write_text("v 0 0 0\nv 30 0 0\nv 0 30 0\nv 0 0 30\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n")
    (folder / "shift.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        "Parameters: 1 0 0 0 1 0 0 0 1 5 6 7\nFixedParameters: 0 0 0\n"
    )
    points = [{"id": "1", "label": "tip", "position": [1, 2, 3]}]
    markup = {"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": points}
    (folder / "tip.mrk.json").write_text(json.dumps({"markups": [markup]}))
    for name, kind, node in (
        ("cube.obj", "ModelFile", "vtkMRMLModelNode"),
        ("shift.tfm", "TransformFile", "vtkMRMLLinearTransformNode"),
        ("tip.mrk.json", "MarkupsFile", "vtkMRMLMarkupsFiducialNode"),
    ):
        status, answer = _post(server, folder / name, kind)
        assert (status, answer["success"]) == (200, True), answer
        assert answer["loadedNodeIDs"][0].startswith(node)  # type: ignore[index]


def test_nifti_and_metaimage(server: LiveServer, folder: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    voxels = octant_volume(AFFINE, (24, 20, 16))
    nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), AFFINE), folder / "phantom.nii.gz")
    header = "ObjectType = Image\nNDims = 3\nDimSize = 24 20 16\nElementSpacing = 2 2 2\nElementType = MET_SHORT\n"
    (folder / "phantom.mha").write_bytes((header + "ElementDataFile = LOCAL\n").encode() + voxels.astype("<i2").tobytes())
    for name in ("phantom.nii.gz", "phantom.mha"):
        status, answer = _post(server, folder / name, "VolumeFile")
        assert (status, answer["success"]) == (200, True), answer


def _bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    (folder / "text.nrrd").write_text("this is no image\n")
    whole = (folder / "phantom.nrrd").read_bytes()
    (folder / "short.nrrd").write_bytes(whole[: len(whole) // 2])
    nrrd.write(str(folder / "four.nrrd"), np.zeros((6, 5, 4, 3), np.int16), {"kinds": ["domain"] * 3 + ["time"]})
    (folder / "broken.seg.nrrd").write_bytes(b"NRRD0004\njunk")
    (folder / "broken.stl").write_bytes(b"not a mesh")
    return {
        "text": (folder / "text.nrrd", "VolumeFile"),
        "cut short": (folder / "short.nrrd", "VolumeFile"),
        "4-D": (folder / "four.nrrd", "VolumeFile"),
        "missing": (folder / "nothing.nrrd", "VolumeFile"),
        "segmentation": (folder / "broken.seg.nrrd", "SegmentationFile"),
        "model": (folder / "broken.stl", "ModelFile"),
        "type": (folder / "phantom.nrrd", "NoSuchFile"),
    }


@pytest.mark.parametrize("case", ["text", "cut short", "4-D", "missing", "segmentation", "model", "type"])
def test_what_can_not_be_read_is_refused_and_changes_nothing(server: LiveServer, folder: Path, case: str) -> None:
    path, kind = _bad_files(folder)[case]
    before = server.get("/slicer/mrml/ids").json()
    picture = server.get("/slice?view=red").body
    status, answer = _post(server, path, kind)
    assert status == 500
    assert answer["success"] is False
    assert "Failed to load node from file" in answer["message"]  # type: ignore[operator]
    assert server.get("/slicer/mrml/ids").json() == before
    assert server.get("/slice?view=red").body == picture


def test_paths_outside_the_allowed_folders_are_refused(server: LiveServer, folder: Path) -> None:
    link = folder / "link.nrrd"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/hostname")
    for path in ("/etc/passwd", f"{folder}/../../etc/passwd", link):
        status, answer = _post(server, path, "VolumeFile")
        assert status == 500
        assert "allow-path" in answer["message"]  # type: ignore[operator]


def test_messages_of_a_load_without_what_it_needs(server: LiveServer) -> None:
    assert "'filetype'" in server.request("POST", "/slicer/mrml?localfile=/x", b"").json()["message"]
    assert "`url` or `localfile`" in server.request("POST", "/slicer/mrml?filetype=VolumeFile", b"").json()["message"]


def test_upload_and_load(server: LiveServer, folder: Path) -> None:
    number = server.request("POST", "/api/uploads", b"").json()["id"]
    body = (folder / "phantom.nrrd").read_bytes()
    put = server.request("PUT", f"/api/uploads/{number}/my%20scan.nrrd", body)
    assert put.json() == {"name": "my scan.nrrd", "bytes": len(body)}
    answer = server.request("POST", "/api/load", json.dumps({"upload": number}).encode())
    assert answer.status == 200, answer.body
    assert answer.json()["loaded"][0]["name"].startswith("my scan")
    assert server.request("DELETE", f"/api/uploads/{number}").status == 400  # the scene needs it


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"upload": "0123456789abcdef"}', b'{"path": "/etc/passwd"}', b'{"url": "ftp://x/y"}']
)
def test_load_requests_that_make_no_sense(server: LiveServer, body: bytes) -> None:
    answer = server.request("POST", "/api/load", body)
    assert answer.status in (400, 403, 404)
    assert answer.json()["error"]["message"]


def test_upload_names_stay_in_their_folder(server: LiveServer) -> None:
    number = server.request("POST", "/api/uploads", b"").json()["id"]
    for name in ("..", "%2e%2e", ".hidden"):
        assert server.request("PUT", f"/api/uploads/{number}/{name}", b"x").status in (400, 404)
    put = server.request("PUT", f"/api/uploads/{number}/..%2F..%2Fx.nrrd", b"x")
    assert put.json()["name"] == "x.nrrd"


def test_private_addresses_are_not_downloaded_from(server: LiveServer) -> None:
    url = f"http://127.0.0.1:{server.port}/slice"
    answer = server.request("POST", f"/slicer/mrml?url={url}&filetype=VolumeFile", b"")
    assert answer.status == 500
    assert "private" in answer.json()["message"]


def test_a_url_is_loaded_from_an_allowed_server(folder: Path) -> None:
    import functools
    import http.server
    import threading

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    write_nrrd(folder / "phantom.nrrd", octant_volume(AFFINE, (24, 20, 16)), AFFINE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{web.server_address[1]}/phantom.nrrd"
        live = LiveServer(url.replace("phantom", "gone"), url, url_allow_private=True).wait()
        try:
            assert live.get("/api/scene").json()["volumes"][0]["name"] == "phantom"
            said = [line for line in live.log_lines() if line["event"] == "not loaded"]
            assert [line["what"] for line in said] == [url.replace("phantom", "gone")]  # said, and the rest went on
            missing = url.replace("phantom", "nothing")
            answer = live.request("POST", f"/slicer/mrml?url={missing}&filetype=VolumeFile", b"")
            assert "does not exist" in answer.json()["message"]
        finally:
            live.stop()
        web.shutdown()


def test_a_missing_file_on_the_command_line_is_said_at_once(tmp_path: Path) -> None:
    live = LiveServer(tmp_path / "nothing.nrrd")
    try:
        until = time.monotonic() + 20
        while live.process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        assert live.process.returncode == 1
        assert "there is no file" in live.log.read_text()
    finally:
        live.stop()
