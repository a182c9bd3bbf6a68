"""Studies fetched from a DICOMweb server on loopback: good ones, and those that fail, stall, cut, redirect and lie."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import generate_uid

from tests.support.archive_server import left_in
from tests.support.dicom_phantom import write_series
from tests.support.dicomweb_server import Behaviour, DicomWebServer
from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.stream_client import StreamClient

DIMS = (24, 20, 16)
FLAT = (24, 20, 6)
AFFINE = centred(np.eye(3), (2.0, 2.0, 2.0), DIMS)
DATA = next((found for parent in Path(__file__).parents if (found := parent / "shared" / "data").is_dir()), Path("/nowhere"))
SILENCE_S = 2.0
TOKEN = "very-secret.token_42~+/=="
VOLUMES = "/slicer/mrml/names?class=vtkMRMLScalarVolumeNode"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Any scene to begin with, quicker than the demo."""
    return write_nrrd(tmp_path_factory.mktemp("scene") / "small.nrrd", octant_volume(AFFINE, DIMS), AFFINE)


@pytest.fixture(scope="module")
def server(small: Path) -> Iterator[LiveServer]:
    live = LiveServer(small, link_allow_hosts=["127.0.0.1"], study_silence_s=SILENCE_S, log_level="debug").wait()
    yield live
    live.stop()


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[DicomWebServer]:
    """A study of three series, of which the second is the one that tests spoil."""
    with DicomWebServer(write_study(tmp_path / "study", 3, dims=FLAT)) as running:
        yield running


def write_study(folder: Path, series: int, axes: Any = None, dims: tuple[int, int, int] = DIMS) -> Path:
    study, affine = generate_uid(), centred(np.eye(3) if axes is None else axes, (2.0, 2.0, 2.0), dims)
    for number in range(1, series + 1):
        write_series(folder / f"{number}", affine, dims, StudyInstanceUID=study, SeriesNumber=number,
                     SeriesDescription=f"Part {number}")  # fmt: skip
    return folder


def access(live: LiveServer, pacs: DicomWebServer, **changes: Any) -> Answer:
    host, _, store = pacs.url.rpartition("/")
    body = {"dicomWEBPrefix": host, "dicomWEBStore": store, "studyUID": pacs.study, "accessToken": TOKEN} | changes
    return live.request("POST", "/slicer/accessDICOMwebStudy", json.dumps(body).encode())


def test_users_python_imports_a_study_and_loads_a_series(small: Path, pacs: DicomWebServer) -> None:
    source = f"""
from DICOMLib import DICOMUtils
series = DICOMUtils.importFromDICOMWeb({pacs.url!r}, {pacs.study!r}, accessToken={TOKEN!r})
one = DICOMUtils.importFromDICOMWeb({pacs.url!r}, {pacs.study!r}, seriesInstanceUID=series[1])
ids = DICOMUtils.loadSeriesByUID(one)
__execResult = [len(series), one == [series[1]], slicer.util.getNode(ids[0]).GetName()]
"""
    live = LiveServer(small, link_allow_hosts=["127.0.0.1"], enable_exec=True).wait()
    try:
        answer = live.request("POST", "/slicer/exec", source.encode())
        assert answer.status == 200, answer.body
        count, is_the_one, name = answer.json()
        assert (count, is_the_one) == (3, True)
        assert "Part" in name
        assert TOKEN not in live.log.read_text()
        missing = live.request("POST", "/slicer/exec", f"DICOMUtils.importFromDICOMWeb({pacs.url!r}, '1.2.3')".encode())
        assert missing.status == 500
        assert "1.2.3" in missing.json()["message"]
    finally:
        live.stop()


def link_to(pacs: DicomWebServer, more: str = "") -> str:
    return f"slicer://viewer/?studyUID={pacs.study}&dicomweb_endpoint={quote(pacs.url, safe='')}{more}"


def begin(live: LiveServer, link: str) -> Any:
    answer = live.request("POST", "/api/open", json.dumps({"url": link}).encode())
    assert answer.status == 202, answer.body
    assert answer.headers["Location"] == answer.json()["job_url"]
    return answer.json()["job"]


def finished(live: LiveServer, job: str, timeout_s: float = 60.0) -> Any:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        found = live.get(f"/api/jobs/{job}").json()
        if found["state"] in ("done", "failed", "cancelled"):
            return found
        time.sleep(0.05)
    raise TimeoutError(live.log.read_text())


def series_uid(pacs: DicomWebServer, number: int) -> str:
    return next(one.series for one in pacs.instances if one.model["00200011"]["Value"] == [number])


def files_of(live: LiveServer, study: str) -> dict[str, bytes]:
    """Of the archive, as stored."""
    answer = live.get(f"/dicom/studies/{study}/instances?includefield=SeriesInstanceUID")
    uids = [(one["0020000E"]["Value"][0], one["00080018"]["Value"][0]) for one in answer.json()] if answer.status == 200 else []
    path = f"/dicom/studies/{study}/series/%s/instances/%s"
    return {
        uid: live.request("GET", path % (series, uid), Accept="application/dicom; transfer-syntax=*").body
        for series, uid in uids
    }


def partial_files(live: LiveServer) -> list[Path]:
    return left_in(live)


# -- the whole way ------------------------------------------------------------------------------------------------


def test_a_study_is_fetched_kept_and_loaded_and_a_second_run_transfers_no_pixels(
    server: LiveServer, pacs: DicomWebServer
) -> None:
    before = server.get(VOLUMES).json()
    answer = access(server, pacs)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"success": True}
    assert [name.partition("_")[0] for name in server.get(VOLUMES).json()[len(before) :]] == [
        "1: Part 1",
        "2: Part 2",
        "3: Part 3",
    ]
    root = f"/dicom-web/studies/{pacs.study}/series"
    series = [series_uid(pacs, number) for number in (1, 2, 3)]
    wanted = [root, *(path for uid in series for path in (f"{root}/{uid}/metadata", f"{root}/{uid}"))]
    assert sorted(one.path for one in pacs.asked) == sorted(wanted)
    assert {one.authorization for one in pacs.asked} == {f"Bearer {TOKEN}"}
    assert files_of(server, pacs.study) == {one.uid: one.path.read_bytes() for one in pacs.instances}
    pacs.asked.clear()
    assert access(server, pacs).json() == {"success": True}
    assert pacs.pixel_requests() == []
    assert len(pacs.asked) == 4
    assert partial_files(server) == []


def test_without_a_token_there_is_no_header(server: LiveServer, pacs: DicomWebServer) -> None:
    assert access(server, pacs, accessToken="").status == 200
    assert {one.authorization for one in pacs.asked} == {None}


@pytest.mark.parametrize("axes", [np.eye(3), np.diag([-1.0, -1.0, 1.0]), np.array([[0, 0, 1.0], [1.0, 0, 0], [0, -1.0, 0]])])
def test_what_was_fetched_lies_where_it_belongs(server: LiveServer, tmp_path: Path, axes: Any) -> None:
    with DicomWebServer(write_study(tmp_path / "turned", 1, axes)) as turned:
        assert access(server, turned).status == 200
    picture = server.get("/slice?view=red&orientation=axial&size=200").body
    server.get("/slice?view=red&offset=5")
    picture = server.get("/slice?view=red&offset=5&size=200").body
    with Image.open(io.BytesIO(picture)) as image:
        grey = np.asarray(image.convert("L")).astype(int)
    right_front, left_front, right_back, left_back = grey[90, 90], grey[90, 110], grey[110, 90], grey[110, 110]
    assert right_front > right_back > left_front > left_back > 0  # octants of 250, 190, 130, 70; the patient's right is left


def test_the_first_volume_is_shown_and_no_localizer(server: LiveServer, tmp_path: Path) -> None:
    study = generate_uid()
    write_series(tmp_path / "localizer", AFFINE, (24, 20, 1), StudyInstanceUID=study, SeriesNumber=1, SeriesDescription="Scout")
    write_series(tmp_path / "volume", AFFINE, DIMS, StudyInstanceUID=study, SeriesNumber=2, SeriesDescription="The volume")
    with DicomWebServer(tmp_path) as pacs:
        result = finished(server, begin(server, link_to(pacs)))["result"]
    assert [node["name"] for node in result["loaded"]] == ["2: The volume", "1: Scout"]
    shown = asyncio.run(_background(server))
    assert shown == "2: The volume"


async def _background(live: LiveServer) -> str:
    client = await StreamClient.connect(live.port)
    await client.open("Red", (64, 64))
    opened = next(message for message in client.messages if message["type"] == "opened")
    await client.close()
    return str(opened["state"]["background"]["name"])


# -- ways to ask --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bare", [False, True])
def test_instances_one_by_one(server: LiveServer, pacs: DicomWebServer, bare: bool) -> None:
    pacs.behaviour.bare = bare
    job = finished(server, begin(server, link_to(pacs, "&bulk_retrieve=0")))
    assert job["state"] == "done", job
    asked = pacs.pixel_requests()
    assert len(asked) == 18
    assert all("/instances/" in one.path for one in asked)
    assert files_of(server, pacs.study) == {one.uid: one.path.read_bytes() for one in pacs.instances}
    assert job["progress"]["counts"] == {
        "instances": 18, "of_instances": 18, "series": 3, "of_series": 3, "bytes": job["progress"]["counts"]["bytes"],
    }  # fmt: skip


def test_only_missing_instances_are_asked_for_one_by_one(server: LiveServer, pacs: DicomWebServer) -> None:
    finished(server, begin(server, link_to(pacs)))
    series = f"/dicom/studies/{pacs.study}/series/{series_uid(pacs, 2)}/instances"
    for one in server.get(series).json()[:3]:
        assert server.request("DELETE", f"{series}/{one['00080018']['Value'][0]}").status == 204
    pacs.asked.clear()
    assert finished(server, begin(server, link_to(pacs, "&bulk_retrieve=0")))["state"] == "done"
    assert len(pacs.pixel_requests()) == 3


def test_a_server_that_does_not_send_as_stored_is_asked_for_its_default(server: LiveServer, pacs: DicomWebServer) -> None:
    pacs.behaviour.refuses_as_stored = True
    assert access(server, pacs).json() == {"success": True}
    assert sum("transfer-syntax" in one.accept for one in pacs.pixel_requests()) == 1


def test_boundaries_with_blanks_prologues_and_long_lists(server: LiveServer, tmp_path: Path) -> None:
    study = generate_uid()
    for number in range(1, 102):
        write_series(tmp_path / f"{number}", AFFINE, (4, 3, 1), StudyInstanceUID=study, SeriesNumber=number)
    with DicomWebServer(tmp_path, behaviour=Behaviour(page=100, boundary="a b", prologue=b"hello\r\n")) as pacs:
        job = finished(server, begin(server, link_to(pacs)))
        assert job["progress"]["counts"]["of_series"] == 101
        assert sum("offset=" in one.query for one in pacs.asked) == 1


# -- what goes wrong ----------------------------------------------------------------------------------------------

FAULTS = {
    "500": "status 500",
    "401": "refuses access",
    "404": "no such thing",
    "cut": "broke off",
    "unfinished": "cut short",
    "stall": "silent",
    "stall-in-the-middle": "silent",
    "other": "another series",
    "junk": "no DICOM file",
    "json": "bulk_retrieve=0",
    "/files/etc/hostname": "not DICOM",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_series_that_fails_is_told_of_and_the_rest_goes_on(server: LiveServer, pacs: DicomWebServer, fault: str) -> None:
    spoiled = series_uid(pacs, 2)
    pacs.behaviour.faults = {f"{spoiled}/metadata": "", f"series/{spoiled}": fault}
    before = len(server.get(VOLUMES).json())
    answer = access(server, pacs)
    assert answer.status == 200
    warnings = answer.json()["warnings"]
    assert len(warnings) == 1
    assert warnings[0].startswith("series 2: CT “Part 2”: not fetched: ")
    assert re.search(FAULTS[fault], warnings[0]), warnings
    assert len(server.get(VOLUMES).json()) == before + 2
    assert partial_files(server) == []
    pacs.behaviour.faults, pacs.asked[:] = {}, []
    assert access(server, pacs).json() == {"success": True}
    assert [one.path.rpartition("/")[2] for one in pacs.pixel_requests()] == [spoiled]
    assert len(server.get(VOLUMES).json()) == before + 5


def test_a_length_that_is_not_true_is_no_matter_when_all_has_come(server: LiveServer, pacs: DicomWebServer) -> None:
    spoiled = series_uid(pacs, 2)
    pacs.behaviour.faults = {f"{spoiled}/metadata": "", f"series/{spoiled}": "long"}
    assert access(server, pacs).json() == {"success": True}


@pytest.mark.parametrize("fault", ["500", "cut", "stall", "junk", "other"])
def test_an_instance_that_fails_is_told_of(server: LiveServer, pacs: DicomWebServer, fault: str) -> None:
    spoiled = next(one.uid for one in pacs.instances if one.series == series_uid(pacs, 2))
    pacs.behaviour.faults = {f"instances/{spoiled}": fault}
    result = finished(server, begin(server, link_to(pacs, "&bulk_retrieve=0")))["result"]
    assert [one["state"] for one in result["series"]].count("failed") == 1
    assert len(files_of(server, pacs.study)) == 17
    assert partial_files(server) == []


@pytest.mark.parametrize("fault", ["500", "junk", "empty"])
def test_metadata_that_fail_spoil_their_series_only(server: LiveServer, pacs: DicomWebServer, fault: str) -> None:
    pacs.behaviour.faults = {f"{series_uid(pacs, 1)}/metadata": fault}
    result = finished(server, begin(server, link_to(pacs)))["result"]
    assert [one["state"] for one in result["series"]] == ["failed", "fetched", "fetched"]


@pytest.mark.parametrize(("fault", "said"), [("500", "status 500"), ("404", "no study"), ("empty", "no study"),
                                             ("junk", "no DICOM JSON"), ("stall", "silent")])  # fmt: skip
def test_a_study_that_can_not_be_had_is_an_error(server: LiveServer, pacs: DicomWebServer, fault: str, said: str) -> None:
    pacs.behaviour.faults = {f"{pacs.study}/series": fault}
    before = server.get("/slicer/mrml/ids").json()
    answer = access(server, pacs)
    assert answer.status == 500
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["success"] is False
    assert said in answer.json()["message"]
    assert server.get("/slicer/mrml/ids").json() == before
    assert files_of(server, pacs.study) == {}


def test_a_server_that_is_not_there_is_an_error(server: LiveServer, pacs: DicomWebServer) -> None:
    answer = access(server, pacs, dicomWEBPrefix="http://127.0.0.1:9")
    assert answer.status == 500
    assert "can not be reached" in answer.json()["message"]


def test_a_wrong_token_is_told_of_as_such(server: LiveServer, pacs: DicomWebServer) -> None:
    pacs.behaviour.token = "another"
    assert "token" in access(server, pacs).json()["message"]
    pacs.behaviour.token = TOKEN
    assert access(server, pacs).status == 200


def test_no_redirect_leads_to_another_server(server: LiveServer, pacs: DicomWebServer, tmp_path: Path) -> None:
    with DicomWebServer(tmp_path / "study") as other:
        pacs.behaviour.faults = {f"{pacs.study}/series": other.url + f"/studies/{pacs.study}/series"}
        answer = access(server, pacs)
        assert answer.status == 500
        assert "redirects to another server" in answer.json()["message"]
        assert other.asked == []


def test_a_study_without_images_is_fetched_and_says_that_there_is_nothing_to_load(server: LiveServer, tmp_path: Path) -> None:
    path = write_series(tmp_path / "report", AFFINE, (4, 3, 1), Modality="SR")[0]
    with DicomWebServer(path) as pacs:
        answer = access(server, pacs)
        assert answer.status == 500
        assert "SR" in answer.json()["message"]
        assert list(files_of(server, pacs.study)) == [pacs.instances[0].uid]


@pytest.mark.parametrize("key", ["dicomWEBPrefix", "dicomWEBStore", "studyUID", "accessToken"])
def test_every_key_is_needed(server: LiveServer, key: str) -> None:
    body = {"dicomWEBPrefix": "http://127.0.0.1:9", "dicomWEBStore": "x", "studyUID": "1.2", "accessToken": ""}
    for value in (None, 3):
        body.pop(key, None) if value is None else body.update({key: value})  # type: ignore[dict-item]
        answer = server.request("POST", "/slicer/accessDICOMwebStudy", json.dumps(body).encode())
        assert answer.status == 500
        assert key in answer.json()["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff", b"null", b"1" * 100])
@pytest.mark.parametrize("name", ["accessDICOMwebStudy", "accessStudy"])
def test_bodies_that_are_no_object(server: LiveServer, name: str, body: bytes) -> None:
    answer = server.request("POST", f"/slicer/{name}", body)
    assert (answer.status, answer.json()["success"]) == (500, False)
    assert answer.json()["message"].startswith("Server error: ")


@pytest.mark.parametrize(("key", "value"), [("studyUID", "../../x"), ("studyUID", "1..2"), ("studyUID", "1." * 40),
                                            ("dicomWEBPrefix", "file:///etc"), ("dicomWEBPrefix", "http://u:p@h"),
                                            ("accessToken", "a\r\nX: y"), ("dicomWEBPrefix", "http://h\r\nX: y")])  # fmt: skip
def test_values_that_are_malformed(server: LiveServer, pacs: DicomWebServer, key: str, value: str) -> None:
    assert access(server, pacs, **{key: value}).status == 500
    assert pacs.asked == []


# -- jobs ---------------------------------------------------------------------------------------------------------


def test_a_job_is_cancelled_at_once_and_leaves_nothing_half_done(server: LiveServer, pacs: DicomWebServer) -> None:
    pacs.behaviour.slow_s = 0.2
    job = begin(server, link_to(pacs))
    pacs.wait_for(lambda: files_of(server, pacs.study))
    told = server.get(f"/api/jobs/{job}").json()
    assert told["state"] == "running"
    assert 0 < told["progress"]["fraction"] < 1
    assert server.request("DELETE", f"/api/jobs/{job}").status == 202
    assert finished(server, job, 5)["state"] == "cancelled"
    time.sleep(0.3)
    assert partial_files(server) == []
    assert job in [one["id"] for one in server.get("/api/jobs").json()["jobs"]]
    assert server.request("DELETE", f"/api/jobs/{job}").json()["state"] == "cancelled"
    pacs.behaviour.slow_s = 0.0
    assert access(server, pacs).json() == {"success": True}  # what was broken off is taken up


def test_jobs_that_are_not_there(server: LiveServer) -> None:
    assert server.get("/api/jobs/0123456789ab").status == 404
    assert server.request("DELETE", "/api/jobs/0123456789ab").status == 404


def test_stream_clients_hear_how_far_it_is(server: LiveServer, pacs: DicomWebServer) -> None:
    async def listen() -> list[dict[str, Any]]:
        client = await StreamClient.connect(server.port)
        loop = asyncio.get_running_loop()
        job = await loop.run_in_executor(None, begin, server, link_to(pacs))
        await loop.run_in_executor(None, finished, server, job)
        await asyncio.sleep(0.3)
        await client.close()
        return [message for message in client.messages if message["type"] == "progress" and message["job"] == job]

    heard = asyncio.run(listen())
    assert len(heard) > 2
    assert heard[-1]["fraction"] == 1
    fractions = [message["fraction"] for message in heard if message["fraction"] is not None]
    assert fractions == sorted(fractions)


def test_two_who_want_the_same_study_fetch_it_once(server: LiveServer, pacs: DicomWebServer) -> None:
    pacs.behaviour.slow_s = 0.02
    jobs = [begin(server, link_to(pacs)) for _ in range(2)]
    assert [finished(server, job)["state"] for job in jobs] == ["done", "done"]
    assert len(pacs.pixel_requests()) == 3


@pytest.mark.timeout(300)  # the scene process starts three times
def test_killing_the_scene_process_meanwhile_costs_nothing(small: Path, tmp_path: Path) -> None:
    with DicomWebServer(write_study(tmp_path / "study", 4, dims=(128, 100, 50))) as pacs:
        live = LiveServer(small, link_allow_hosts=["127.0.0.1"]).wait()
        try:
            job = begin(live, link_to(pacs))
            until = time.monotonic() + 60
            while "Loading" not in (text := live.get(f"/api/jobs/{job}").json()["progress"]["text"]):
                assert time.monotonic() < until, text
                time.sleep(0.005)
            os.kill(live.scene_pid(), signal.SIGKILL)
            found = finished(live, job)
            assert (found["state"], found["result"]["warnings"]) == ("done", [])
            assert b"slicecast_scene_restarts_total 1.0" in live.get("/metrics").body
            names = ["small", "1: Part 1", "2: Part 2", "3: Part 3", "4: Part 4"]
            assert live.get(VOLUMES).json() == names
            os.kill(live.scene_pid(), signal.SIGKILL)  # and all of it is there again after another one
            until = time.monotonic() + 60
            while b"slicecast_scene_restarts_total 2.0" not in live.get("/metrics").body or live.get("/readyz").status != 200:
                assert time.monotonic() < until
                time.sleep(0.1)
            assert live.get(VOLUMES).json() == names
        finally:
            live.stop()


# -- limits -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(small: Path) -> Iterator[LiveServer]:
    live = LiveServer(
        small, link_allow_hosts=["127.0.0.1"], study_max_mb=1, study_max_instances=14, study_timeout_s=4.0, study_answer_mb=1,
        jobs_running=1, jobs_waiting=1, jobs_kept=2,
    ).wait()  # fmt: skip
    yield live
    live.stop()


def test_too_many_instances_are_refused_before_they_are_fetched(strict: LiveServer, pacs: DicomWebServer) -> None:
    answer = access(strict, pacs)
    assert "more than 14 instances" in answer.json()["message"]
    assert len(pacs.pixel_requests()) == 2  # the first two series are within the limit


@pytest.mark.parametrize(("fault", "said"), [("endless", "more than 1 MB|more than 14"), ("huge", "over the limit")])
def test_a_server_that_sends_without_end(strict: LiveServer, tmp_path: Path, fault: str, said: str) -> None:
    with DicomWebServer(
        write_study(tmp_path, 1, dims=FLAT), behaviour=Behaviour(faults={"/metadata": "", "series/": fault})
    ) as pacs:
        pacs.behaviour.faults = {"/metadata": "", f"series/{series_uid(pacs, 1)}": fault}
        message = access(strict, pacs).json()["message"]
        assert re.search(said, message), message
        assert partial_files(strict) == []


def test_too_long_a_fetch_is_given_up(strict: LiveServer, tmp_path: Path) -> None:
    with DicomWebServer(write_study(tmp_path, 1, dims=FLAT), behaviour=Behaviour(slow_s=1.0)) as pacs:
        assert "within 4 s" in access(strict, pacs).json()["message"]


def test_jobs_beyond_those_that_may_wait_are_refused(strict: LiveServer, tmp_path: Path) -> None:
    with DicomWebServer(write_study(tmp_path, 1, dims=FLAT), behaviour=Behaviour(slow_s=1.0)) as pacs:
        jobs = [begin(strict, link_to(pacs)) for _ in range(2)]
        answer = strict.request("POST", "/api/open", json.dumps({"url": link_to(pacs)}).encode())
        assert answer.status == 413
        assert "later" in answer.json()["error"]["message"]
        for job in reversed(jobs):
            strict.request("DELETE", f"/api/jobs/{job}")
        assert [finished(strict, job)["state"] for job in jobs] == ["cancelled", "cancelled"]


# -- secrets ------------------------------------------------------------------------------------------------------


def test_the_token_is_nowhere_but_in_the_header(server: LiveServer, pacs: DicomWebServer) -> None:
    secret = "S3CRET-of-a-user"
    link = quote(link_to(pacs, f"&access_token={secret}"), safe="")
    server.request("POST", f"/slicer/mrml?url={link}")
    server.request("POST", f"/slicer/open?url={link}")
    server.request("POST", f"/slicer/opne?url={link}")  # a slip; the error names the whole of it
    server.get(f"/slicer?url={link}")
    access(server, pacs, accessToken=secret, dicomWEBPrefix="http://127.0.0.1:9")
    for one in server.get("/api/jobs").json()["jobs"]:
        finished(server, one["id"])
    assert f"Bearer {secret}" in {one.authorization for one in pacs.asked}
    assert secret not in server.get("/api/jobs").body.decode()
    assert len(server.log.read_text()) > 1000
    kept = [path for path in server.data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert kept == []


# -- real data, and another client --------------------------------------------------------------------------------


def test_another_client_gets_the_same_from_the_test_server(pacs: DicomWebServer) -> None:
    client = pytest.importorskip("dicomweb_client").DICOMwebClient(pacs.url)
    assert [one["0020000D"]["Value"][0] for one in client.search_for_studies()] == [pacs.study]
    series = [one["0020000E"]["Value"][0] for one in client.search_for_series(pacs.study)]
    assert series == [series_uid(pacs, number) for number in (1, 2, 3)]
    found = client.retrieve_series(pacs.study, series[0])
    wanted = {one.uid: pydicom.dcmread(one.path) for one in pacs.instances if one.series == series[0]}
    assert {str(one.SOPInstanceUID): one.PixelData for one in found} == {uid: one.PixelData for uid, one in wanted.items()}
    metadata = client.retrieve_series_metadata(pacs.study, series[0])
    assert {one["00080018"]["Value"][0] for one in metadata} == set(wanted)
    uid = next(iter(wanted))
    assert client.retrieve_instance(pacs.study, series[0], uid).PixelData == wanted[uid].PixelData
    pacs.behaviour.bare = True
    with pytest.warns(UserWarning, match="not compliant"):  # which is why real servers of this kind are met with patience
        assert client.retrieve_instance(pacs.study, series[0], uid).PixelData == wanted[uid].PixelData


@pytest.mark.skipif(not (DATA / "mr-prostate").is_dir(), reason="the sample data are not here")
def test_a_real_study_in_jpeg_ls_comes_bit_for_bit_and_every_series_is_a_volume(server: LiveServer) -> None:
    with DicomWebServer(DATA / "mr-prostate") as pacs:
        result = finished(server, begin(server, link_to(pacs)))["result"]
        assert len(result["loaded"]) == 9
        assert [one["reason"] for one in result["series"]] == [""] * 9
        assert files_of(server, pacs.study) == {one.uid: one.path.read_bytes() for one in pacs.instances}


@pytest.mark.skipif(not (DATA / "petct-chest").is_dir(), reason="the sample data are not here")
def test_series_that_hold_no_volume_are_named(server: LiveServer) -> None:
    folders = [DATA / "petct-chest" / name for name in ("pet-ac", "seg-pet-1", "rwv-pet-ac")]
    with DicomWebServer(*folders) as pacs:
        result = finished(server, begin(server, link_to(pacs)))["result"]
    assert len(result["loaded"]) == 2
    assert {one["state"] for one in result["series"]} == {"fetched"}
    missed = [warning for warning in result["warnings"] if "not loaded" in warning]
    assert len(missed) == 1
    assert "RWV" in missed[0]
