"""WADO-RS of whole objects and metadata over HTTP."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless, generate_uid

from backend.peers.multipart import MultipartReader, PartBegins, PartData, parse_content_type
from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_dataset, make_instance, part10
from tests.support.live import Answer
from tests.support.raw import ask

STUDY, SERIES = "1.2.3", "1.2.3.1"
WHOLE = 'multipart/related; type="application/dicom"'
XML = 'multipart/related; type="application/dicom+xml"'
FILES = {number: make_instance(STUDY, SERIES, f"{SERIES}.{number}", InstanceNumber=number) for number in (2, 1, 3)}
PLACE = f"/dicom/studies/{STUDY}"
ONE = f"{PLACE}/series/{SERIES}/instances/{SERIES}.1"
RLE = get_testdata_file("SC_rgb_rle_2frame.dcm")


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    """A server with a study of one series, and others."""
    found = ArchiveServer()
    assert found.store(*FILES.values()).status == 200
    assert found.store(Path(str(RLE)).read_bytes()).status == 200
    yield found
    assert found.stop() == 0


def parts(answer: Answer) -> list[tuple[dict[str, str], bytes]]:
    """Headers and bytes of each part of an answer."""
    media, parameters = parse_content_type(answer.headers["Content-Type"])
    assert media == "multipart/related"
    reader, found = MultipartReader(parameters["boundary"]), []
    for event in reader.feed(answer.body):
        if isinstance(event, PartBegins):
            found.append((event.headers, bytearray()))
        elif isinstance(event, PartData):
            found[-1][1].extend(event.data)
    assert reader.is_whole
    return [(headers, bytes(data)) for headers, data in found]


@pytest.mark.parametrize("path", [PLACE, f"{PLACE}/series/{SERIES}"])
def test_all_of_a_study_or_series_comes_in_order_as_it_was_stored(server: ArchiveServer, path: str) -> None:
    for accept in ("", "*/*", WHOLE, f"{WHOLE}; transfer-syntax=*", f"{WHOLE}; transfer-syntax={ExplicitVRLittleEndian}"):
        answer = server.get(path, **({"Accept": accept} if accept else {}))
        assert answer.status == 200
        assert 'type="application/dicom"' in answer.headers["Content-Type"]
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        found = parts(answer)
        assert [data for _headers, data in found] == [FILES[1], FILES[2], FILES[3]]
        assert found[0][0]["content-type"] == f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
        assert found[0][0]["content-location"] == server.url + ONE


def test_one_instance_comes_in_a_part_or_bare(server: ArchiveServer) -> None:
    assert [data for _headers, data in parts(server.get(ONE))] == [FILES[1]]
    bare = server.get(ONE, Accept="application/dicom")
    assert (bare.status, bare.body) == (200, FILES[1])
    assert bare.headers["Content-Type"] == f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    head = server.request("HEAD", ONE, Accept="application/dicom")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(FILES[1])))


def test_other_transfer_syntaxes_are_made_on_request(server: ArchiveServer) -> None:
    theirs = pydicom.dcmread(str(RLE))
    place = f"/dicom/studies/{theirs.StudyInstanceUID}"
    ((headers, stored),) = parts(server.get(place, Accept=f"{WHOLE}; transfer-syntax=*"))
    assert stored == Path(str(RLE)).read_bytes()
    assert headers["content-type"].endswith(RLELossless)
    ((headers, plain),) = parts(server.get(place))
    made = pydicom.dcmread(BytesIO(plain))
    assert made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert headers["content-type"].endswith(ExplicitVRLittleEndian)
    assert (made.pixel_array == theirs.pixel_array).all()
    packed = server.get(ONE, Accept=f"application/dicom; transfer-syntax={RLELossless}")
    assert packed.status == 200
    assert (pydicom.dcmread(BytesIO(packed.body)).pixel_array == pydicom.dcmread(BytesIO(FILES[1])).pixel_array).all()


def test_implicit_files_are_never_sent_as_such(server: ArchiveServer) -> None:
    data = make_dataset("1.7", "1.7.1", "1.7.2")
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert server.store(part10(data)).status == 200
    for accept in (WHOLE, f"{WHOLE}; transfer-syntax=*"):
        ((_headers, found),) = parts(server.get("/dicom/studies/1.7", Accept=accept))
        assert pydicom.dcmread(BytesIO(found)).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_what_was_stored_without_a_preamble_has_one(server: ArchiveServer) -> None:
    assert server.store(make_instance("1.8", "1.8.1", "1.8.2")[132:]).status == 200
    ((_headers, found),) = parts(server.get("/dicom/studies/1.8"))
    assert found[128:132] == b"DICM"
    assert pydicom.dcmread(BytesIO(found)).SOPInstanceUID == "1.8.2"


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        (PLACE, "image/jpeg", 406),
        (PLACE, "application/dicom", 406),
        (PLACE, f"{WHOLE}; transfer-syntax=1.2.840.10008.1.2.4.100", 406),
        (ONE, "application/dicom, image/png", 400),
        ("/dicom/studies/1.2.99", "*/*", 404),
        (f"/dicom/studies/1.8/series/{SERIES}", "*/*", 404),
        (f"/dicom/studies/1.8/series/1.8.1/instances/{SERIES}.1", "*/*", 404),
        ("/dicom/studies/abc", "*/*", 400),
        (f"{PLACE}/metadata", "image/png", 406),
        (f"{PLACE}/series/1.99/metadata", "*/*", 404),
    ],
)
def test_what_can_not_be_had_is_refused(server: ArchiveServer, path: str, accept: str, status: int) -> None:
    answer = server.get(path, Accept=accept)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["status"] == status


def test_a_study_as_a_zip_file(server: ArchiveServer) -> None:
    for answer in (server.get(PLACE, Accept="application/zip"), server.get(f"{PLACE}?accept=application/zip")):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{STUDY}.zip"'
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        with zipfile.ZipFile(BytesIO(answer.body)) as bundle:
            assert bundle.testzip() is None
            assert {name: bundle.read(name) for name in bundle.namelist()} == {
                f"1 CT/{number:05d}.dcm": FILES[number] for number in (1, 2, 3)
            }


# -- metadata --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PLACE, f"{PLACE}/series/{SERIES}", ONE])
def test_metadata_are_arrays_of_models(server: ArchiveServer, path: str) -> None:
    answer = server.get(f"{path}/metadata", Accept="application/dicom+json, application/json")
    assert answer.headers["Content-Type"] == "application/dicom+json"
    models = answer.json()
    assert [model["00200013"]["Value"][0] for model in models] == ([1] if path == ONE else [1, 2, 3])
    assert list(models[0]) == sorted(models[0])
    assert models[0]["00083002"]["Value"] == [ExplicitVRLittleEndian]
    assert models[0]["7FE00010"] == {"vr": "OW", "BulkDataURI": f"{server.url}{ONE}/bulkdata/7FE00010"}
    plain = server.get(f"{path}/metadata", Accept="application/json")
    assert (plain.headers["Content-Type"], plain.body) == ("application/json", answer.body)


def test_metadata_are_packed_and_not_sent_twice(server: ArchiveServer) -> None:
    plain = server.get(f"{PLACE}/metadata")
    for _ in range(2):  # the second is remembered
        packed = server.get(f"{PLACE}/metadata", Accept_Encoding="gzip, br")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["Cache-Control"] == "private, no-cache"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    same = server.get(f"{PLACE}/metadata", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"])
    assert (same.status, same.body, same.headers["ETag"]) == (304, b"", packed.headers["ETag"])
    assert server.get(f"{PLACE}/metadata", If_None_Match='"other"').status == 200


def test_metadata_change_with_what_is_stored(server: ArchiveServer) -> None:
    study = generate_uid()
    server.store(make_instance(study, "1.9.1", "1.9.2"))
    before = server.get(f"/dicom/studies/{study}/metadata")
    server.store(make_instance(study, "1.9.1", "1.9.3", InstanceNumber=2))
    after = server.get(f"/dicom/studies/{study}/metadata", If_None_Match=before.headers["ETag"])
    assert (after.status, len(after.json())) == (200, 2)
    server.store(make_instance(study, "1.9.1", "1.9.3", InstanceNumber=2, PatientName="Other"))
    replaced = server.get(f"/dicom/studies/{study}/metadata", If_None_Match=after.headers["ETag"])
    assert replaced.json()[1]["00100010"]["Value"] == [{"Alphabetic": "Other"}]


def test_metadata_as_xml(server: ArchiveServer) -> None:
    found = parts(server.get(f"{PLACE}/metadata", Accept=XML))
    assert len(found) == 3
    for headers, data in found:
        assert headers["content-type"] == "application/dicom+xml"
        names = [attribute.get("keyword") for attribute in ElementTree.fromstring(data)]
        assert {"PatientName", "PixelData", "SOPInstanceUID"} <= set(names)


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        (["Host: pacs.example:8080", "X-Nothing: 1"], None),
        (["Forwarded: for=1.2.3.4;proto=https;host=pacs.example"], "https://pacs.example/dicom"),
        (
            ["X-Forwarded-Proto: https", "X-Forwarded-Host: pacs.example:444", "X-Forwarded-Prefix: /a/b/"],
            "https://pacs.example:444/a/b/dicom",
        ),
        (["X-Forwarded-Proto: https"], "https://localhost:{port}/dicom"),
        ([], "http://localhost:{port}/dicom"),
        (['X-Forwarded-Host: evil"<script>'], None),
    ],
)
def test_addresses_in_answers_are_those_that_clients_reach(server: ArchiveServer, headers: list[str], base: str | None) -> None:
    answer = ask(server, "GET", f"{ONE}/metadata", *headers, version="HTTP/1.0")  # which knows no chunks
    if base is None:
        assert answer.status in (400, 403)
        return
    uri = json.loads(answer.body)[0]["7FE00010"]["BulkDataURI"]
    assert uri.startswith(base.format(port=server.port) + "/studies/")


def test_a_configured_address_goes_before_all_others() -> None:
    server = ArchiveServer(public_url="https://pacs.example/x/")
    answer = server.store(make_instance("1.2"))
    assert answer.headers["Location"] == "https://pacs.example/x/dicom/studies/1.2"
    server.stop()


def test_a_second_server_on_the_same_data_says_that_it_has_no_archive(server: ArchiveServer) -> None:
    second = ArchiveServer(server.archive.parent)
    answer = second.get("/dicom/studies")
    assert (answer.status, "in use" in answer.json()["message"]) == (503, True)
    assert second.get("/api/scene").status == 200
    second.stop()


def test_the_door_describes_itself(server: ArchiveServer) -> None:
    paths = server.get("/dicom/openapi.json").json()["paths"]
    assert {"get", "post"} <= set(paths["/dicom/studies"])
    assert {"get", "delete"} <= set(paths["/dicom/studies/{study}/series/{series}/instances/{instance}"])
    assert set(paths) <= set(server.get("/api/openapi.json").json()["paths"])
