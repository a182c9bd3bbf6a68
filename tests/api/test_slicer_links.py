"""`slicer:` links sent to the server, through each of its doors."""

from __future__ import annotations

import functools
import http.client
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nrrd
import numpy as np
import pytest
import slicerio.server as slicerio_client

from tests.api.test_dicomweb_study import AFFINE, DIMS, VOLUMES, begin, finished, link_to, write_study
from tests.support.dicomweb_server import DicomWebServer
from tests.support.live import ROOT, Answer, LiveServer
from tests.support.phantoms import octant_volume, write_nrrd


class Files(http.server.SimpleHTTPRequestHandler):
    """Sends files, `/raw/x` as the file x of a name that is not told, and writes down what was asked."""

    def translate_path(self, path: str) -> str:
        """Where it is on disk."""
        self.server.asked.append(path)  # type: ignore[attr-defined]
        return super().translate_path(path.replace("/raw/1", "/CT.nrrd"))

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("files")
    voxels = octant_volume(AFFINE, DIMS)
    write_nrrd(found / "CT.nrrd", voxels, AFFINE)
    write_nrrd(found / "MR.nrrd", voxels, AFFINE)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE
    header = {
        "space": "left-posterior-superior", "space directions": lps[:3, :3].T, "space origin": lps[:3, 3],
        "kinds": ["domain"] * 3,
        "Segment0_ID": "Segment_1", "Segment0_Name": "bright", "Segment0_LabelValue": "1", "Segment0_Layer": "0",
        "Segment0_Color": "0.9 0.2 0.1", "Segment0_Extent": "0 23 0 19 0 15",
    }  # fmt: skip
    nrrd.write(str(found / "lung.seg.nrrd"), (voxels > 150).astype(np.uint8).transpose(2, 1, 0), header)
    (found / "broken.nrrd").write_text("no image")
    return found


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(folder))) as running:
        running.asked = []  # type: ignore[attr-defined]
        running.url = f"http://127.0.0.1:{running.server_address[1]}"  # type: ignore[attr-defined]
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LiveServer]:
    live = LiveServer(folder / "CT.nrrd", link_allow_hosts=["127.0.0.1"]).wait()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DicomWebServer]:
    with DicomWebServer(write_study(tmp_path_factory.mktemp("study"), 1)) as running:
        yield running


def opened(live: LiveServer, link: str) -> Answer:
    return live.request("POST", f"/slicer/open?url={quote(link, safe='')}", b"")


# -- the doors ----------------------------------------------------------------------------------------------------


def test_slicer_open_answers_with_the_nodes(server: LiveServer, pacs: DicomWebServer) -> None:
    answer = opened(server, link_to(pacs)).json()
    assert answer["success"] is True
    assert set(answer) == {"success", "loadedNodeIDs"}
    assert [node[:23] for node in answer["loadedNodeIDs"]] == ["vtkMRMLScalarVolumeNode"]


def test_slicerio_opens_a_link(server: LiveServer, pacs: DicomWebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicerio_client, "SERVER_PORT", server.port)
    loaded = slicerio_client.file_load(link_to(pacs, "&bulk_retrieve=0"), auto_start=False)
    assert len(loaded) == 1
    assert loaded[0] in server.get("/slicer/mrml/ids").json()
    with pytest.raises(RuntimeError, match="studyUID"):
        slicerio_client.file_load("slicer://viewer/?nothing=1", auto_start=False)


def test_slicer_mrml_answers_at_once_and_goes_on(server: LiveServer, pacs: DicomWebServer) -> None:
    pacs.behaviour.slow_s = 0.05
    known = {one["id"] for one in server.get("/api/jobs").json()["jobs"]}
    server.request("DELETE", f"/dicom/studies/{pacs.study}")
    begun = time.monotonic()
    answer = server.request("POST", f"/slicer/mrml?url={quote(link_to(pacs), safe='')}", b"")
    assert (answer.status, answer.json()) == (200, {"status": "success"})
    assert time.monotonic() - begun < 0.7  # the fetch takes 0.8 s at least
    (job,) = [one["id"] for one in server.get("/api/jobs").json()["jobs"] if one["id"] not in known]
    assert finished(server, job)["state"] == "done"
    pacs.behaviour.slow_s = 0.0


@pytest.mark.parametrize("path", ["/slicer?url=", "/api/open?url="])
def test_our_doors_give_a_job(server: LiveServer, pacs: DicomWebServer, path: str) -> None:
    answer = server.request("POST", path + quote(link_to(pacs), safe=""), b"")
    assert answer.status == 202
    told = answer.json()
    assert told["status"] == "accepted"
    assert told["study"] == pacs.study
    assert told["url"] == f"{server.url}/viewer/"
    assert answer.headers["Location"] == told["job_url"]
    assert finished(server, told["job"])["state"] == "done"
    got = server.get("/slicer?url=" + quote(link_to(pacs), safe=""))
    assert got.status == 202
    assert finished(server, got.json()["job"])["state"] == "done"


def test_a_study_that_is_here_is_opened_without_asking_anybody(server: LiveServer, pacs: DicomWebServer) -> None:
    opened(server, link_to(pacs))
    pacs.asked.clear()
    for endpoint in (None, f"http://localhost:{server.port}/dicom", f"HTTP%3A%2F%2F127.0.0.1%3A{server.port}%2Fdicom"):
        link = f"slicer://viewer/?studyUID={pacs.study}" + (f"&dicomweb_endpoint={endpoint}" if endpoint else "")
        answer = server.request("POST", "/api/open", json.dumps({"url": link}).encode())
        assert answer.status == 200, answer.body
        told = answer.json()
        assert (told["status"], told["study"], told["viewer"], told["url"]) == (
            "success", pacs.study, "default", f"{server.url}/viewer/",
        )  # fmt: skip
        assert [node["name"].partition("_")[0] for node in told["loaded"]] == ["1: Part 1"]
    assert pacs.asked == []
    missing = server.request("POST", "/api/open", json.dumps({"url": "slicer://viewer/?studyUID=1.2.3"}).encode())
    assert missing.status == 404
    assert opened(server, "slicer://viewer/?studyUID=1.2.3").status == 500


# -- files --------------------------------------------------------------------------------------------------------


def test_two_images_load_both_and_the_name_is_for_the_first(server: LiveServer, web: Any) -> None:
    first, second = (quote(f"{web.url}/{name}", safe="") for name in ("raw/1", "MR.nrrd"))
    answer = opened(server, f"slicer://viewer/?image={first}&image={second}&filename=Named.nrrd").json()
    assert answer["success"] is True
    names = server.get(VOLUMES).json()
    assert [name.partition("_")[0] for name in names[-2:]] == ["Named", "MR"]
    assert server.get("/api/scene").json()["volumes"][-1]["id"] == answer["loadedNodeIDs"][-1]


def test_types_are_those_of_the_parameters(server: LiveServer, web: Any) -> None:
    address = quote(f"{web.url}/lung.seg.nrrd", safe="")
    for name, kind in (("segmentation", "vtkMRMLSegmentationNode"), ("download", "vtkMRMLSegmentationNode"),
                       ("volume", "vtkMRMLScalarVolumeNode")):  # fmt: skip
        loaded = opened(server, f"slicer://viewer/?{name}={address}").json()["loadedNodeIDs"]
        assert [node.rstrip("0123456789") for node in loaded] == [kind]


def test_show3d_shows_the_slices_in_the_3d_view(server: LiveServer, web: Any) -> None:
    files = f"segmentation={quote(web.url + '/lung.seg.nrrd', safe='')}&image={quote(web.url + '/CT.nrrd', safe='')}"
    opened(server, f"slicer://viewer/?show3d=false&{files}")
    server.get("/threeD?lookFromAxis=A")
    without = server.get("/threeD?size=200").body
    opened(server, f"slicer://viewer/?show3d=true&{files}")
    server.get("/threeD?lookFromAxis=A")
    assert server.get("/threeD?size=200").body != without


def test_a_file_that_fails_is_named_and_the_rest_goes_on(server: LiveServer, web: Any) -> None:
    bad, gone, good = (quote(f"{web.url}/{name}", safe="") for name in ("broken.nrrd", "gone.nrrd?secret=1", "MR.nrrd"))
    answer = opened(server, f"slicer://viewer/?image={bad}&image={gone}&image={good}").json()
    assert len(answer["loadedNodeIDs"]) == 1
    assert [warning.partition(":")[0] for warning in answer["warnings"]] == ["broken.nrrd", "gone.nrrd"]
    assert "secret" not in server.log.read_text()
    failed = opened(server, f"slicer://viewer/?image={bad}")
    assert failed.status == 500
    assert "broken.nrrd: not loaded" in failed.json()["message"]


def test_plain_addresses_load_as_under_mrml(folder: Path, web: Any) -> None:
    live = LiveServer(folder / "CT.nrrd", url_allow_private=True).wait()
    try:
        answer = opened(live, f"{web.url}/MR.nrrd")
        assert answer.json() == {"success": True, "loadedNodeIDs": ["vtkMRMLScalarVolumeNode2"]}
        query = f"filetype=SegmentationFile&name=Lung&url={quote(web.url + '/lung.seg.nrrd')}"
        named = live.request("POST", f"/slicer/open?{query}", b"")
        assert named.json() == {"success": True, "loadedNodeIDs": ["vtkMRMLSegmentationNode1"]}
        refused = opened(live, f"slicer://viewer/?image={quote(web.url + '/MR.nrrd', safe='')}")
        assert "--link-allow-hosts 127.0.0.1" in refused.json()["message"]  # links are stricter than their sender's own word
    finally:
        live.stop()


# -- refusals -----------------------------------------------------------------------------------------------------

BAD = [
    "slicer://other/?studyUID=1.2&dicomweb_endpoint=http://127.0.0.1:9/x", "http://127.0.0.1:9/x.nrrd", "slicer://viewer/",
    "slicer://viewer/?studyuid=1.2&dicomweb_endpoint=http://127.0.0.1:9/x", "ftp://127.0.0.1/x", "slicer://viewer/?studyUID=1..2",
    "slicer://viewer/?studyUID=1.2&dicomweb_endpoint=file:///x", "slicer://viewer/?studyUID=1.2&bulk_retrieve=x",
    "slicer://viewer/?image=/etc/passwd", "slicer://viewer/?x=" + "y" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("link", BAD, ids=range(len(BAD)))
def test_what_is_no_good_link_is_refused_and_touches_nothing(server: LiveServer, link: str) -> None:
    before = (server.get("/slicer/mrml/ids").json(), len(server.get("/api/jobs").json()["jobs"]))
    for body in (json.dumps({"url": link}).encode(), b"url=" + quote(link, safe="").encode()):
        answer = server.request("POST", "/api/open", body)
        assert answer.status == 400, answer.body
        assert answer.json()["error"]["message"]
    if len(link) < 50_000:
        assert server.get(f"/slicer?url={quote(link, safe='')}").status == 400
    if link.startswith("slicer:"):
        for path in ("open", "mrml"):
            refused = server.request("POST", f"/slicer/{path}?url={quote(link[:20_000], safe='')}", b"")
            assert (refused.status, refused.json()["success"]) == (500, False)
    assert (server.get("/slicer/mrml/ids").json(), len(server.get("/api/jobs").json()["jobs"])) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"url": 3}', b'{"url": ""}', b"\xff\xfe", b"url=", b"x=1"])
def test_bodies_without_a_link(server: LiveServer, body: bytes) -> None:
    assert server.request("POST", "/api/open", body).status == 400


def test_slicer_without_a_query_is_a_page_that_is_not_there(server: LiveServer) -> None:
    assert server.get("/slicer").status == 404
    assert server.get("/slicer?url=").status == 400
    assert server.request("HEAD", "/slicer?url=slicer%3A%2F%2Fviewer%2F%3FstudyUID%3D1.2").status == 405
    assert "unknown command" in server.get("/slicer/").json()["message"]


def test_servers_that_are_not_listed_are_refused_before_any_connection(folder: Path, pacs: DicomWebServer, web: Any) -> None:
    listed = ["pacs.example", f"127.0.0.1:{pacs.port + 1}"]
    live = LiveServer(folder / "CT.nrrd", url_allow_private=True, link_allow_hosts=listed).wait()
    try:
        pacs.asked.clear()
        web.asked.clear()
        for link in (
            link_to(pacs),
            link_to(pacs).replace("127.0.0.1", "localhost"),
            f"slicer://viewer/?image={web.url}/CT.nrrd",
        ):
            answer = live.request("POST", "/api/open", json.dumps({"url": link}).encode())
            assert answer.status == 403
            assert "--link-allow-hosts" in answer.json()["error"]["message"]
            assert opened(live, link).status == 500
        host, _, store = pacs.url.rpartition("/")
        body = {"dicomWEBPrefix": host, "dicomWEBStore": store, "studyUID": pacs.study, "accessToken": ""}
        assert live.request("POST", "/slicer/accessDICOMwebStudy", json.dumps(body).encode()).status == 500
        assert pacs.asked == []
        assert web.asked == []
        assert live.get("/api/jobs").json() == {"jobs": []}
    finally:
        live.stop()


def test_files_are_not_redirected_to_servers_that_are_not_listed(folder: Path, web: Any) -> None:
    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{web.url.replace('127.0.0.1', 'localhost')}/CT.nrrd")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as redirecting:
        threading.Thread(target=redirecting.serve_forever, daemon=True).start()
        live = LiveServer(folder / "CT.nrrd", link_allow_hosts=["127.0.0.1"]).wait()
        try:
            web.asked.clear()
            answer = opened(live, f"slicer://viewer/?image=http://127.0.0.1:{redirecting.server_address[1]}/CT.nrrd")
            assert "redirects to another server" in answer.json()["message"]
            assert web.asked == []
        finally:
            live.stop()
            redirecting.shutdown()


# -- other sites, desktops ----------------------------------------------------------------------------------------

FOREIGN = [
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
    {"Referer": "http://evil.example/page"},
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN, ids=range(len(FOREIGN)))
def test_pages_of_other_sites_open_nothing(server: LiveServer, pacs: DicomWebServer, headers: dict[str, str]) -> None:
    jobs = len(server.get("/api/jobs").json()["jobs"])
    link = quote(link_to(pacs), safe="")
    assert server.request("GET", f"/slicer?url={link}", **headers).status == 403
    assert server.request("POST", f"/slicer?url={link}", b"", **headers).status == 403
    assert server.request("POST", "/api/open", json.dumps({"url": link_to(pacs)}).encode(), **headers).status == 403
    for path in ("open", "mrml"):
        assert server.request("POST", f"/slicer/{path}?url={link}", b"", **headers).status == 500
    refused = server.request("POST", "/slicer/accessDICOMwebStudy", b"{}", **headers)
    assert "page" in refused.json()["message"]  # and not that keys are missing
    assert len(server.get("/api/jobs").json()["jobs"]) == jobs


def test_our_own_pages_may(server: LiveServer, pacs: DicomWebServer) -> None:
    headers = {"Origin": server.url, "Sec_Fetch_Site": "same-origin"}
    answer = server.request("POST", "/api/open", json.dumps({"url": link_to(pacs)}).encode(), **headers)
    assert answer.status == 202
    assert finished(server, answer.json()["job"])["state"] == "done"


def test_a_click_in_a_browser_leads_to_the_viewer_which_asks_first(server: LiveServer, pacs: DicomWebServer) -> None:
    jobs = len(server.get("/api/jobs").json()["jobs"])
    link = link_to(pacs).replace("slicer:", "web+slicer:")
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document", "Accept": "text/html,*/*"}
    connection.request("GET", f"/slicer?url={quote(link, safe='')}", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 303
    assert answer.headers["Location"] == f"/viewer/#open={quote(link, safe='')}"
    assert len(server.get("/api/jobs").json()["jobs"]) == jobs
    connection.close()


def _helper(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "backend.cli", "open-url", "--no-browser", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_desktop_helper_posts_a_link(server: LiveServer, pacs: DicomWebServer) -> None:
    before = len(server.get(VOLUMES).json())
    done = _helper("--server", server.url, "--wait", link_to(pacs))
    assert (done.returncode, done.stdout) == (0, f"{server.url}/viewer/\n"), done.stderr
    assert len(server.get(VOLUMES).json()) == before + 1
    assert begin(server, link_to(pacs))


def test_the_desktop_helper_says_what_is_wrong(server: LiveServer) -> None:
    refused = _helper("--server", server.url, "slicer://viewer/")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "studyUID" in refused.stderr
    missed = _helper("--server", "http://127.0.0.1:9", "slicer://viewer/")
    assert missed.returncode == 1
    assert "there is no Slicecast" in missed.stderr
    failed = _helper("--server", server.url, "--wait", "slicer://viewer/?image=http://127.0.0.1:9/x.nrrd")
    assert failed.returncode == 1
    assert "not fetched" in failed.stderr
