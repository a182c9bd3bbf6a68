"""QIDO-RS over HTTP: statuses, headers, forms. What is found is tested in `tests/unit/archive/test_find.py`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from backend.peers.multipart import MultipartReader, PartData, PartEnds, parse_content_type
from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_instance
from tests.support.live import Answer

STUDIES = [f"1.2.826.0.1.3680043.8.498.{number}" for number in range(1, 6)]


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    running = ArchiveServer(search_results=4)
    try:
        for number, study in enumerate(STUDIES):
            store(running, study, f"20240{number + 1}10")
        yield running
    finally:
        running.stop()


def store(server: ArchiveServer, study: str, date: str) -> None:
    made = make_instance(study, f"{study}.1", f"{study}.1.1", StudyDate=date, PatientName="Doe^J")
    assert server.store(made).status == 200


def get(server: ArchiveServer, path: str, **headers: str) -> Answer:
    return server.get(f"/dicom{path}", **headers)


def test_an_answer(server: ArchiveServer) -> None:
    answer = get(server, "/studies?limit=2")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/dicom+json")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert [one["0020000D"]["Value"] for one in answer.json()] == [[STUDIES[4]], [STUDIES[3]]]
    assert answer.json()[0]["00081190"] == {"vr": "UR", "Value": [f"{server.url}/dicom/studies/{STUDIES[4]}"]}
    for one in answer.json():
        assert list(one) == sorted(one)
    assert answer.headers["Warning"] == (f"299 {server.url}/dicom: There are 3 additional results that can be requested")


def test_the_server_s_own_limit(server: ArchiveServer) -> None:
    answer = get(server, "/studies")
    assert len(answer.json()) == 4
    assert "There are 1 additional results" in answer.headers["Warning"]
    rest = get(server, "/studies?offset=4")
    assert len(rest.json()) == 1
    assert "Warning" not in rest.headers


def test_nothing_found(server: ArchiveServer) -> None:
    for path in ("/studies?PatientID=nobody", "/studies?offset=9", "/studies?limit=0", "/studies/1.2.3/series",
                 f"/studies/{STUDIES[0]}/series/{STUDIES[1]}.1/instances"):  # fmt: skip
        answer = get(server, path)
        assert (answer.status, answer.body) == (204, b""), path


@pytest.mark.parametrize(
    "path",
    [
        "/studies?limit=-1", "/studies?StudyDate=x", "/studies?includefield=Nothing", "/series?limit=", "/studies/1.2.x/series",
        "/studies/1..2/instances", f"/studies/{'1' * 65}/series",
    ],
)  # fmt: skip
def test_refused(server: ArchiveServer, path: str) -> None:
    answer = get(server, path)
    assert answer.status == 400
    assert answer.json()["status"] == 400
    assert answer.json()["message"]


def test_forms(server: ArchiveServer) -> None:
    for accept, kind in [("application/json", "application/json"), ("*/*", "application/dicom+json"),
                         ("application/dicom+json, application/json", "application/dicom+json")]:  # fmt: skip
        assert get(server, "/studies", Accept=accept).headers["Content-Type"] == kind
    assert get(server, "/studies", Accept="image/png").status == 406
    assert get(server, "/studies?accept=application/dicom%2Bjson", Accept="text/html").status == 200
    xml = get(server, "/studies?limit=2", Accept='multipart/related; type="application/dicom+xml"')
    media, parameters = parse_content_type(xml.headers["Content-Type"])
    assert (media, parameters["type"]) == ("multipart/related", "application/dicom+xml")
    events = [*MultipartReader(parameters["boundary"]).feed(xml.body)]
    assert sum(isinstance(event, PartEnds) for event in events) == 2
    first = b"".join(event.data for event in events if isinstance(event, PartData)).split(b"</NativeDicomModel>")[0]
    tree = ElementTree.fromstring(first + b"</NativeDicomModel>")
    name = next(one for one in tree if one.get("tag") == "00100010")
    assert "".join(name.itertext()) == "DoeJ"


def test_gzip_for_those_who_take_it(server: ArchiveServer) -> None:
    packed = get(server, "/instances?includefield=all", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = get(server, "/instances?includefield=all")
    assert "Content-Encoding" not in plain.headers
    assert json.loads(gzip.decompress(packed.body)) == plain.json()
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_an_etag_holds_until_something_comes_or_goes(server: ArchiveServer) -> None:
    path = "/studies?PatientName=Doe*&limit=1"
    tag = get(server, path).headers["ETag"]
    again = get(server, path, If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert get(server, path + "&offset=1", If_None_Match=tag).status == 200
    added = "1.2.826.0.1.3680043.8.498.99"
    store(server, added, "20250101")
    changed = get(server, path, If_None_Match=tag)
    assert changed.status == 200
    assert changed.json()[0]["0020000D"]["Value"] == [added]
    assert server.request("DELETE", f"/dicom/studies/{added}").status == 204
    assert get(server, path, If_None_Match=changed.headers["ETag"]).json()[0]["0020000D"]["Value"] == [STUDIES[4]]


def test_what_viewers_send(server: ArchiveServer) -> None:
    asked = "limit=101&offset=0&fuzzymatching=true&includefield=00081030%2C00080060%2C00080090%2C00100030"
    for more in ("", "&PatientName=*doe*", "&ModalitiesInStudy=CT%2CMR", "&StudyDate=19700102-20261126",
                 f"&StudyInstanceUID={STUDIES[0]}%5C{STUDIES[1]}"):  # fmt: skip
        found = get(server, f"/studies?{asked}{more}", Accept="application/dicom+json").json()
        assert {"00201206", "00201208", "00080061", "00100010"} <= found[0].keys()
    assert len(get(server, f"/studies?{asked}&StudyInstanceUID={STUDIES[0]}\\{STUDIES[1]}").json()) == 2
    series = get(server, f"/studies/{STUDIES[0]}/series?includefield=00080021%2C00080031%2C0008103E%2C00200011").json()
    assert {"00080060", "00201209", "00200011"} <= series[0].keys()
    assert get(server, f"/series?0020000E={STUDIES[0]}.1").json()[0]["0020000D"]["Value"] == [STUDIES[0]]


def test_head_and_methods(server: ArchiveServer) -> None:
    head = server.request("HEAD", "/dicom/studies")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["ETag"]
    assert server.request("PUT", "/dicom/series", b"x").status == 405
