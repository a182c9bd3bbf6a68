"""Studies of the archive in the scene: whole, by series, with what can not be shown named."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.dicom_phantom import write_series
from tests.support.instances import make_instance, multipart
from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.restart import comes_back

DATA = next((found for parent in Path(__file__).parents if (found := parent / "shared" / "data").is_dir()), Path("/nowhere"))
DIMS = (12, 10, 8)
AFFINE = centred(np.diag([-1.0, -1.0, 1.0]), (2.0, 2.0, 3.0), DIMS)
STUDY = "1.2.826.5"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """With a study of two series of the octant phantom in its archive."""
    folder = tmp_path_factory.mktemp("files")
    small = write_nrrd(folder / "small.nrrd", octant_volume(AFFINE, DIMS), AFFINE)
    live = LiveServer(small, enable_exec=True, worker_processes=1).wait()
    for number in (1, 2):
        files = write_series(folder / str(number), AFFINE, DIMS, StudyInstanceUID=STUDY, SeriesInstanceUID=f"{STUDY}.{number}",
                             SeriesNumber=number, SeriesDescription=f"Part {number}")  # fmt: skip
        store(live, [path.read_bytes() for path in files])
    yield live
    live.stop()


def store(live: LiveServer, files: list[bytes]) -> None:
    """By STOW-RS."""
    body, kind = multipart(files)
    assert live.request("POST", "/dicom/studies", body, Content_Type=kind).status == 200


def opened(live: LiveServer, study: str, series: str = "") -> dict[str, Any]:
    """The job that opened it, when it is over."""
    answer = live.request("POST", "/api/archive/open", json.dumps({"study": study, "series": series}).encode())
    assert answer.status == 202, answer.body
    assert answer.headers["Location"] == answer.json()["job_url"]
    until = time.monotonic() + 100
    while time.monotonic() < until:
        job: dict[str, Any] = live.get(answer.json()["job_url"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    raise TimeoutError(live.log.read_text())


def run(live: LiveServer, source: str) -> Any:
    """What Python in the scene process answers."""
    answer = live.request("POST", "/slicer/exec", source.encode())
    assert answer.status == 200, answer.body
    return answer.json()


def test_a_study_opens_with_all_its_series(server: LiveServer) -> None:
    job = opened(server, STUDY)
    assert job["state"] == "done", job
    assert [one["name"] for one in job["result"]["loaded"]] == ["1: Part 1", "2: Part 2"]
    assert [one["state"] for one in job["result"]["series"]] == ["present", "present"]
    node = job["result"]["loaded"][0]["id"]
    matrix, value = run(
        server,
        f"""
import vtk
node = slicer.mrmlScene.GetNodeByID({node!r})
m = vtk.vtkMatrix4x4(); node.GetIJKToRASMatrix(m)
__execResult = [[m.GetElement(i, j) for i in range(4) for j in range(4)], float(slicer.util.arrayFromVolume(node)[0, 0, 0])]
""",
    )
    assert np.allclose(np.reshape(matrix, (4, 4)), AFFINE)
    assert value == octant_volume(AFFINE, DIMS)[0, 0, 0]


def test_one_series_opens_alone_and_outlives_a_crash_and_its_deletion(server: LiveServer) -> None:
    server.request("DELETE", "/slicer/mrml")
    job = opened(server, STUDY, f"{STUDY}.2")
    assert [one["name"] for one in job["result"]["loaded"]] == ["2: Part 2"]
    assert server.request("DELETE", f"/dicom/studies/{STUDY}/series/{STUDY}.2").status == 204
    killed = server.scene_pid()
    os.kill(killed, signal.SIGKILL)
    comes_back(server, killed)
    names = server.get("/slicer/mrml/names?class=vtkMRMLScalarVolumeNode").json()
    assert names == ["2: Part 2"]
    server.request("DELETE", "/slicer/mrml")
    assert not list((server.data / "sessions").rglob("*.dcm")), "nothing needs the second names any more"


def test_time_points_open_as_a_sequence(server: LiveServer, tmp_path: Path) -> None:
    for value in (1, 2, 3):
        files = write_series(
            tmp_path / str(value), AFFINE, DIMS, StudyInstanceUID="1.2.826.7", SeriesInstanceUID="1.2.826.7.1",
            TemporalPositionIdentifier=value, RescaleIntercept=1000 * value, SeriesDescription="Dynamic",
        )  # fmt: skip
        store(server, [path.read_bytes() for path in files])
    job = opened(server, "1.2.826.7")
    assert job["state"] == "done", job
    assert job["result"]["warnings"] == []
    found = run(server, """
proxy, sequence, browser = [slicer.mrmlScene.GetNodeByID(i) for i in %r]
first = float(slicer.util.arrayFromVolume(proxy).max())
browser.SetSelectedItemNumber(2)
slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
__execResult = [
    proxy.GetName(), sequence.GetNumberOfDataNodes(), sequence.GetIndexName(), sequence.GetNthIndexValue(1), first,
    float(slicer.util.arrayFromVolume(proxy).max()),
]
""" % [one["id"] for one in job["result"]["loaded"]])  # fmt: skip
    assert found == ["3: Dynamic", 3, "time point", "2", 1250.0, 3250.0]
    picture = server.get("/slice?view=red&size=64")
    assert picture.status == 200


def test_users_python_loads_from_the_archive(server: LiveServer) -> None:
    source = f"""
from DICOMLib import DICOMUtils
one = DICOMUtils.loadSeriesByUID(["{STUDY}.1"])
store = DICOMUtils.loadPatientByName("Phantom")
__execResult = [slicer.util.getNode(one[0]).GetName(), len(store) >= 1, slicer.dicomDatabase.studyForSeries("{STUDY}.1")]
"""
    assert run(server, source) == ["1: Part 1", True, STUDY]
    missing = server.request("POST", "/slicer/exec", b"from DICOMLib import DICOMUtils; DICOMUtils.loadSeriesByUID(['1.2.3'])")
    assert missing.status == 500
    assert "nor in the archive" in missing.json()["message"]


@pytest.mark.parametrize(
    ("study", "series", "said"),
    [("1.2.3.4", "", "no study"), (STUDY, "1.2.3.4", "no series"), ("../x", "", "no UID")],
)
def test_what_is_not_there_is_said(server: LiveServer, study: str, series: str, said: str) -> None:
    job = opened(server, study, series)
    assert job["state"] == "failed"
    assert said in job["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"series": "1"}', b'{"study": 1}'])
def test_bodies_that_make_no_sense_are_refused(server: LiveServer, body: bytes) -> None:
    assert server.request("POST", "/api/archive/open", body).status == 400


def test_what_can_not_be_shown_is_named_without_our_paths(server: LiveServer) -> None:
    store(
        server, [make_instance("1.2.826.6", Modality="SR", Rows=None, Columns=None, PixelData=None, SeriesDescription="Report")]
    )
    job = opened(server, "1.2.826.6")
    assert job["state"] == "failed"
    assert "Report" in job["error"]
    assert "1 SR" in job["error"]
    assert str(server.data) not in job["error"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared sample data is not here")
def test_a_pet_ct_study_opens_fused_with_its_segments(server: LiveServer) -> None:
    server.request("DELETE", "/slicer/mrml")
    for name in ("ct", "pet-ac", "seg-pet-1", "rwv-pet-ac"):
        files = [path.read_bytes() for path in sorted((DATA / "petct-chest" / name).glob("*.dcm"))]
        store(server, files)
    study = next(one["0020000D"]["Value"][0] for one in server.get("/dicom/studies?PatientID=ACRIN*").json())
    job = opened(server, study)
    assert [one["class"] for one in job["result"]["loaded"]] == [
        "vtkMRMLScalarVolumeNode", "vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode",
    ]  # fmt: skip
    assert len(job["result"]["warnings"]) == 1
    assert "RWV" in job["result"]["warnings"][0]
    found = run(server, """
import numpy as np
ct, pet, seg = [slicer.mrmlScene.GetNodeByID(i) for i in %r]
composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
voxels = slicer.util.arrayFromVolume(pet)
__execResult = [
    composite.GetBackgroundVolumeID() == ct.GetID(), composite.GetForegroundVolumeID() == pet.GetID(),
    composite.GetForegroundOpacity(),
    float(voxels.max()), pet.GetAttribute("DICOM.Units"), seg.GetSegmentation().GetNumberOfSegments(),
    seg.GetSegmentation().GetNthSegment(0).GetName(),
]
""" % [one["id"] for one in job["result"]["loaded"]])  # fmt: skip
    background, foreground, opacity, highest, units, segments, name = found
    assert (background, foreground, 0 < opacity < 1) == (True, True, True)
    assert units == "{SUVbw}g/ml"
    assert 5 < highest < 60, "the bladder and the tumour are bright, and no Becquerels are left"
    assert (segments, name) == (2, "pt_segment_1")
    first, series = job["result"]["loaded"][1]["name"], job["result"]["series"]
    assert first == "1: PET AC"
    assert {one["modality"] for one in series} == {"CT", "PT", "SEG", "RWV"}


def test_the_demo_makes_room_for_a_study(tmp_path: Path) -> None:
    """Its segments and points are those of another patient, and at other places."""
    live = LiveServer(worker_processes=1).wait()
    try:
        assert len(live.get("/slicer/mrml/names?class=vtkMRMLSegmentationNode").json()) == 1
        files = write_series(tmp_path, AFFINE, DIMS, StudyInstanceUID=STUDY, SeriesDescription="Mine")
        store(live, [path.read_bytes() for path in files])
        assert opened(live, STUDY)["state"] == "done"
        for kind, names in (("Volume", ["3: Mine"]), ("Segmentation", []), ("MarkupsFiducial", [])):
            assert live.get(f"/slicer/mrml/names?class=vtkMRML{kind}Node").json() == names
        assert opened(live, STUDY)["state"] == "done"
        assert len(live.get("/slicer/mrml/names?class=vtkMRMLVolumeNode").json()) == 2, "what was opened stays"
    finally:
        live.stop()
