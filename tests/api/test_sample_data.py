"""`/slicer/sampledata`: samples of all kinds, from a store on loopback."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import struct
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import nrrd
import numpy as np
import pytest

from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.restart import comes_back
from tests.support.sample_store import SampleServer, write_catalogue
from tests.support.stream_client import StreamClient

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]
DIMS = (32, 24, 20)


@pytest.fixture(scope="module")
def store() -> Iterator[SampleServer]:
    found = SampleServer()
    yield found
    found.close()


def write_gipl(path: Path, voxels: np.ndarray) -> Path:
    """A gzipped GIPL volume: a header of 256 bytes, big-endian, then the voxels."""
    head = struct.pack(">4H", *voxels.shape[::-1], 1) + struct.pack(">H", 15) + struct.pack(">4f", 1, 1, 1, 1)
    head += bytes(80) + bytes(16 * 4 + 4) + bytes(1 + 1) + bytes(8 * 4)
    head = head[:252].ljust(252, b"\0") + struct.pack(">I", 719555000)
    path.write_bytes(gzip.compress(head + voxels.astype(">i2").tobytes()))
    return path


@pytest.fixture(scope="module")
def server(store: SampleServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("made")
    matrix = centred(np.eye(3), (2.0, 2.0, 2.0), DIMS)
    voxels = octant_volume(matrix, DIMS)
    head = write_nrrd(folder / "MR-head.nrrd", voxels, matrix)
    raw = folder / "parts.raw.gz"
    raw.write_bytes(gzip.compress(voxels.astype("<i2").tobytes()))
    header = folder / "parts.nhdr"
    header.write_text(
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 32 24 20\n"
        "space directions: (2,0,0) (0,2,0) (0,0,2)\nkinds: domain domain domain\nendian: little\nencoding: gzip\n"
        "space origin: (0,0,0)\ndata file: parts.raw.gz\n"
    )
    bad = folder / "bad.nrrd"
    bad.write_bytes(b"this is no volume")

    def one(path: Path, node: str = "", kind: str = "VolumeFile") -> dict[str, str]:
        return {"file": path.name, "checksum": f"SHA256:{store.add(path)}", "node": node, "type": kind if node else ""}

    gipl = [write_gipl(folder / f"{name}.gipl.gz", voxels) for name in ("Pre", "Post")]
    samples = {
        "MRHead": [one(head, "MRHead")],
        "CTMRBrain": [one(head, "CTBrain"), one(head, "MRBrainT1")],
        "DWIVolume": [one(raw), one(header, "dwi")],
        "CBCTDentalSurgery": [one(gipl[0], "PreDentalSurgery"), one(gipl[1], "PostDentalSurgery")],
        "TinyPatient": [
            one(DATA / "CTChest4.nrrd", "TinyPatient_CT"),
            one(DATA / "Segmentation.seg.nrrd", "TinyPatient_Segments", "SegmentationFile"),
        ],
        "Bad": [one(head, "Fine"), one(bad, "Bad")],
        "Slow": [one(write_nrrd(folder / "slow.nrrd", np.random.default_rng(1).integers(
            0, 30000, (128, 128, 128)).astype(np.int16), np.eye(4)), "Slow")],
        "Gone": [{"file": "gone.nrrd", "checksum": "SHA256:" + "0" * 64, "node": "Gone", "type": "VolumeFile"}],
    }  # fmt: skip
    catalogue = write_catalogue(folder / "catalogue.json", samples)
    live = LiveServer(sample_urls=[store.url], sample_catalogue=str(catalogue), url_allow_private=True).wait()
    yield live
    live.stop()


def get(server: LiveServer, name: str) -> Answer:
    return server.get(f"/slicer/sampledata?name={name}")


def names(server: LiveServer, class_name: str = "vtkMRMLVolumeNode") -> list[str]:
    return server.get(f"/slicer/mrml/names?class={class_name}").json()


def test_name_must_be_given_and_known(server: LiveServer) -> None:
    for path, said in (
        ("", "was not specified"),
        ("?name=", "was not specified"),
        ("?name=Nope", "sampledata Nope was not found"),
    ):
        answer = server.get("/slicer/sampledata" + path)
        assert (answer.status, answer.headers["Content-Type"]) == (500, "application/json")
        assert said in answer.json()["message"]


def test_a_sample_is_loaded_shown_and_named_once_more_when_loaded_again(server: LiveServer) -> None:
    before = server.get("/slice?view=red").body
    answer = get(server, "MRHead")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "text/plain", b"Sample data MRHead loaded")
    assert server.get("/slice?view=red").body != before
    assert get(server, "mrhead").body == b"Sample data MRHead loaded"
    assert server.request("POST", "/slicer/sampledata?name=MRHead").status == 200
    assert [name for name in names(server) if "MRHead" in name] == ["MRHead", "MRHead_1", "MRHead_2"]
    storage = server.get("/slicer/mrml/names?class=vtkMRMLVolumeArchetypeStorageNode").json()
    assert not [name for name in storage if "MRHead" in name or "MR-head" in name]


def test_samples_of_several_parts(server: LiveServer) -> None:
    assert get(server, "CTMRBrain").status == 200
    assert get(server, "DWIVolume").status == 200
    assert {"CTBrain", "MRBrainT1", "dwi"} <= set(names(server))


def test_gipl_volumes(server: LiveServer) -> None:
    answer = get(server, "CBCTDentalSurgery")
    assert answer.status == 200, answer.body
    assert {"PreDentalSurgery", "PostDentalSurgery"} <= set(names(server))


def test_a_volume_with_its_segmentation(server: LiveServer) -> None:
    assert get(server, "TinyPatient").status == 200
    assert "TinyPatient_CT" in names(server)
    assert "TinyPatient_Segments" in names(server, "vtkMRMLSegmentationNode")


def test_a_sample_that_can_not_be_read_leaves_nothing(server: LiveServer) -> None:
    before, picture = server.get("/slicer/mrml/ids").json(), server.get("/slice?view=red").body
    answer = get(server, "Bad")
    assert answer.status == 500
    assert "bad.nrrd" in answer.json()["message"]
    assert server.get("/slicer/mrml/ids").json() == before
    assert server.get("/slice?view=red").body == picture


def test_a_sample_that_can_not_be_had_says_where_to_put_it(server: LiveServer) -> None:
    said = get(server, "Gone").json()["message"]
    assert "gone.nrrd can not be had" in said
    assert f"Put the file into {server.data / 'samples'} as gone.nrrd or {'0' * 64}" in said


async def test_a_download_is_told_of_and_holds_up_nobody(server: LiveServer, store: SampleServer) -> None:
    client = await StreamClient.connect(server.port)
    await client.message("welcome")
    store.pause_s = 1.0
    loading = threading.Thread(target=get, args=(server, "Slow"))
    loading.start()
    told = await client.message("progress", lambda m: "slow.nrrd" in m["text"])
    assert told["text"].startswith("Downloading slow.nrrd")
    begun = time.monotonic()
    assert (await asyncio.to_thread(server.get, "/slice?view=red")).status == 200
    assert (await asyncio.to_thread(server.get, "/slicer/mrml/ids")).status == 200
    assert time.monotonic() - begun < 0.9
    await asyncio.to_thread(loading.join)
    store.pause_s = 0.0
    await client.close()
    assert "Slow" in names(server)


def test_it_comes_back_after_a_crash(server: LiveServer) -> None:
    before, old = names(server), server.scene_pid()
    assert "MRHead_2" in before
    os.kill(old, signal.SIGKILL)
    comes_back(server, old, 90)
    assert names(server) == before
    storage = server.get("/slicer/mrml/names?class=vtkMRMLVolumeArchetypeStorageNode").json()
    assert not [name for name in storage if "MRHead" in name]


def test_voxels_of_a_sample_are_those_of_its_file(server: LiveServer, store: SampleServer) -> None:
    cached = next(path for path in (server.data / "samples").rglob("MR-head.nrrd"))
    voxels, header = nrrd.read(str(cached))
    assert voxels.shape == DIMS
    assert header["space"] == "left-posterior-superior"
