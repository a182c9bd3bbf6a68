"""STOW-RS and DELETE over HTTP: what comes in, what is told, and bodies that are wrong in every way."""

from __future__ import annotations

import json
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import DeflatedExplicitVRLittleEndian, generate_uid

from tests.support.archive_server import ArchiveServer, left_in
from tests.support.instances import make_dataset, make_instance, multipart, part10
from tests.support.live import Answer
from tests.support.raw import ask, talk

FAILED, STORED, OTHERS = "00081198", "00081199", "0008119A"
HEAD = "POST /dicom/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\n{}\r\n\r\n"
REASON, UID, URL = "00081197", "00081155", "00081190"


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    """A server with an archive."""
    found = ArchiveServer(store_parts=40, quarantine_mb=64, instance_max_mb=8, instance_inflated_mb=64)
    yield found
    assert found.stop() == 0


def items(answer: Answer, tag: str) -> list[dict[str, Any]]:
    """Items of a sequence of the answer."""
    found: list[dict[str, Any]] = answer.json().get(tag, {}).get("Value", [])
    return found


def reasons(answer: Answer) -> list[int]:
    """Failure reasons of instances whose UIDs are known, then of others."""
    return [item[REASON]["Value"][0] for tag in (FAILED, OTHERS) for item in items(answer, tag)]


def count(server: ArchiveServer, study: str) -> int:
    """Instances of a study, by its metadata."""
    answer = server.get(f"/dicom/studies/{study}/metadata")
    return len(answer.json()) if answer.status == 200 else 0


def test_what_is_stored_is_told_with_its_addresses(server: ArchiveServer) -> None:
    study, series = generate_uid(), generate_uid()
    answer = server.store(*[make_instance(study, series, InstanceNumber=number) for number in (1, 2, 3)])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/dicom+json"
    assert answer.headers["Location"] == f"{server.url}/dicom/studies/{study}"
    assert answer.json()[URL]["Value"] == [f"{server.url}/dicom/studies/{study}"]
    assert FAILED not in answer.json()
    assert OTHERS not in answer.json()
    stored = items(answer, STORED)
    assert len(stored) == 3
    for item in stored:
        assert server.get(item[URL]["Value"][0].removeprefix(server.url), Accept="application/dicom").status == 200
    again = server.store(make_instance(study, series))
    assert again.headers["Location"] is None, "no study was created"


def test_one_instance_comes_bare_or_into_a_study(server: ArchiveServer) -> None:
    study = generate_uid()
    data = make_instance(study)
    for path in ("/dicom/studies", f"/dicom/studies/{study}", "/dicom/studies/"):
        answer = server.request("POST", path, data, Content_Type="application/dicom")
        assert (answer.status, len(items(answer, STORED))) == (200, 1)
    other = server.store(make_instance(), make_instance(study), study=study)
    assert (other.status, reasons(other), len(items(other, STORED))) == (202, [0xA900], 1)


def test_each_instance_is_judged_by_itself(server: ArchiveServer) -> None:
    study = generate_uid()
    good, bad = make_instance(study), make_instance(study)
    answer = server.store(good, bad[:-20], b"no DICOM", b"", make_instance(study, SeriesInstanceUID=None))
    assert answer.status == 202
    assert reasons(answer) == [0xC000] * 4
    comments = [[item["00000902"]["Value"][0] for item in items(answer, tag)] for tag in (FAILED, OTHERS)]
    assert comments[0] == ["it has no series instance UID (0020,000E)"], "its own UID is known, so it is named"
    assert comments[1][1:] == ["it is no DICOM file", "it is empty"]
    assert count(server, study) == 1
    none = server.store(bad[:-20])
    assert (none.status, none.json()[URL]) == (409, {"vr": "UR"})


def with_bytes(old: bytes, new: bytes, **attributes: Any) -> bytes:
    """An instance in which some bytes are others."""
    data = make_instance(**attributes)
    assert old in data
    return data.replace(old, new, 1)


def nested(depth: int) -> bytes:
    """An instance with sequences within sequences, each of which could be taken for the one around it."""
    head = struct.pack("<HH2sHLHHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
    ends = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return with_bytes(b"\x10\x00\x10\x00PN", head * depth + ends * depth + b"\x10\x00\x10\x00PN")


def long_uid() -> bytes:
    """An instance whose series has a UID of 65 characters."""
    with pydicom.config.disable_value_validation():
        return make_instance(series="1." + "2" * 63)


def bomb() -> bytes:
    """A small file that inflates to 80 MB."""
    data = make_dataset(PixelData=bytes(80 << 20))
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    return part10(data)


PATIENT_NAME = b"\x10\x00\x10\x00PN\x08\x00"
BAD_INPUT: dict[str, tuple[Callable[[], bytes], str, bool]] = {
    "truncated": (lambda: make_instance()[:-100], "claims 512 bytes, but 412 are left", False),
    "a length beyond the end": (lambda: with_bytes(PATIENT_NAME, PATIENT_NAME[:6] + b"\xff\xff"), "claims 65535 bytes", False),
    "a header of a gigabyte": (
        lambda: with_bytes(PATIENT_NAME, struct.pack("<HH2sHL", 0x0009, 0x1001, b"OB", 0, 1 << 30) + PATIENT_NAME),
        "claims 1073741824 bytes", False,
    ),
    "a UID of 65 characters": (long_uid, "of 65 characters, is no UID", True),
    "a wrong VR": (lambda: with_bytes(PATIENT_NAME, PATIENT_NAME[:4] + b"!!" + PATIENT_NAME[6:]), "unknown VR", False),
    "no study UID": (lambda: make_instance(StudyInstanceUID=None), "it has no study instance UID", True),
    "no series UID": (lambda: make_instance(SeriesInstanceUID=None), "it has no series instance UID", True),
    "no SOP instance UID": (lambda: make_instance(SOPInstanceUID=None), "it has no SOP instance UID", False),
    "a deflated bomb": (bomb, "inflates to more than 64 MB", False),
    "one frame's pixels for 10,000": (lambda: make_instance(NumberOfFrames=10_000), "10000 frames", True),
    "sequences without bottom": (lambda: nested(50_000), "nested more than 64 deep", False),
    "a character set that is none": (
        lambda: with_bytes(b"ISO_IR 100", b"ISO_IR 999", SpecificCharacterSet="ISO_IR 100"), "names the character set", True
    ),
    "texts in another character set": (
        lambda: with_bytes(b"M--ller", b"M\xfcller ", SpecificCharacterSet="ISO_IR 192", PatientName="M--ller"),
        "do not fit", True,
    ),
    "no DICOM": (lambda: b"<html>" + bytes(400), "it is no DICOM file", False),
}  # fmt: skip


@pytest.mark.parametrize(("make", "why", "is_named"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input_is_refused_with_its_reason_and_the_rest_is_stored(
    server: ArchiveServer, make: Callable[[], bytes], why: str, is_named: bool
) -> None:
    study, before = generate_uid(), len(list((server.archive / "quarantine").glob("*.json")))
    studies = server.get("/dicom/studies?limit=300").body
    alone = server.store(make())
    assert (alone.status, reasons(alone)) == (409, [0xC000])
    (item,) = items(alone, FAILED if is_named else OTHERS)
    assert bool(item.get(UID, {}).get("Value")) == is_named
    assert server.get("/dicom/studies?limit=300").body == studies, "nothing of it is there"
    among = server.store(make_instance(study), make(), make_instance(study))
    assert (among.status, reasons(among), count(server, study)) == (202, [0xC000], 2)
    assert not left_in(server)
    notes = sorted((server.archive / "quarantine").glob("*.json"))
    assert len(notes) == before + 2, "it is kept, with all that is to be said of it"
    assert why in json.loads(notes[-1].read_bytes())["reason"]


def test_ten_thousand_frames_are_an_instance_as_others(server: ArchiveServer) -> None:
    data = make_instance("1.2.10", "1.3.10", "1.4.10", Rows=2, Columns=2, NumberOfFrames=10_000, PixelData=bytes(80_000))
    assert server.store(data).status == 200
    place = "/dicom/studies/1.2.10/series/1.3.10/instances/1.4.10/frames"
    assert server.get(f"{place}/10000", Accept="application/octet-stream").body == bytes(8)
    assert server.get(f"{place}/10001", Accept="application/octet-stream").status == 404


def test_mixed_studies_have_no_common_address(server: ArchiveServer) -> None:
    answer = server.store(make_instance(), make_instance())
    assert (answer.status, answer.json()[URL]) == (200, {"vr": "UR"})


@pytest.mark.parametrize("policy", ["keep", "refuse"])
def test_other_content_under_a_known_uid_is_told_of(policy: str) -> None:
    server = ArchiveServer(duplicates=policy)
    old, new = (make_instance("1.2", "1.3", "1.4", PatientName=name) for name in ("Old", "New"))
    assert server.store(old).status == 200
    assert server.store(old).status == 200
    answer = server.store(new)
    if policy == "keep":
        assert (answer.status, items(answer, STORED)[0]["00081196"]["Value"]) == (202, [0xB000])
    else:
        assert (answer.status, reasons(answer), items(answer, FAILED)[0][UID]["Value"]) == (409, [0x0111], ["1.4"])
    assert server.get("/dicom/studies/1.2/metadata").json()[0]["00100010"]["Value"] == [{"Alphabetic": "Old"}]
    assert server.get("/dicom/studies").json()[0]["00100010"]["Value"] == [{"Alphabetic": "Old"}]
    server.stop()


def test_searches_metadata_and_files_tell_the_same_after_a_replacement(server: ArchiveServer) -> None:
    study = generate_uid()
    for name in ("First", "Second"):
        server.store(make_instance(study, "1.3.9", "1.4.9", PatientName=name, Modality="MR" if name == "First" else "CT"))
    place = f"/dicom/studies/{study}"
    found = server.get(f"/dicom/studies?StudyInstanceUID={study}").json()
    assert len(found) == 1
    assert (found[0]["00100010"]["Value"], found[0]["00080061"]["Value"]) == ([{"Alphabetic": "Second"}], ["CT"])
    assert server.get(f"{place}/metadata").json()[0]["00100010"]["Value"] == [{"Alphabetic": "Second"}]
    file = server.get(f"{place}/series/1.3.9/instances/1.4.9", Accept="application/dicom").body
    data = pydicom.dcmread(BytesIO(file))
    assert data.PatientName == "Second"


def test_eight_parallel_posts_into_a_new_study_make_one(server: ArchiveServer) -> None:
    study, series = generate_uid(), generate_uid()
    bodies = [make_instance(study, series, InstanceNumber=number, AccessionNumber="parallel") for number in range(24)]
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(server.store, bodies))
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.headers["Location"] is not None for answer in answers) == 1
    found = server.get("/dicom/studies?AccessionNumber=parallel").json()
    assert [(one["00201206"]["Value"], one["00201208"]["Value"]) for one in found] == [([1], [24])]


def test_deleting_at_every_level(server: ArchiveServer) -> None:
    study = generate_uid()
    for series, instance in (("1.3.1", "1.4.1"), ("1.3.1", "1.4.2"), ("1.3.2", "1.4.3"), ("1.3.3", "1.4.4")):
        server.store(make_instance(study, series, instance, Modality="CT" if series == "1.3.1" else "PT"))
    place = f"/dicom/studies/{study}"

    def counts() -> tuple[int, int, str]:
        found = server.get(f"/dicom/studies?StudyInstanceUID={study}").json()[0]
        return found["00201206"]["Value"][0], found["00201208"]["Value"][0], "\\".join(found["00080061"]["Value"])

    assert counts() == (3, 4, "CT\\PT")
    assert server.request("DELETE", f"{place}/series/1.3.2/instances/1.4.1").status == 404
    gone = server.request("DELETE", f"{place}/series/1.3.1/instances/1.4.1")
    assert (gone.status, gone.body) == (204, b"")
    assert counts() == (3, 3, "CT\\PT")
    assert server.request("DELETE", f"{place}/series/1.3.1/instances/1.4.2").status == 204
    assert counts() == (2, 2, "PT"), "the empty series went"
    assert server.request("DELETE", f"{place}/series/1.3.2").status == 204
    assert counts() == (1, 1, "PT")
    assert server.request("DELETE", place).status == 204
    assert server.request("DELETE", place).status == 404
    assert server.get(f"{place}/metadata").status == 404
    assert server.store(make_instance(study, "1.3.1", "1.4.1")).status == 200
    assert count(server, study) == 1


def test_pages_of_other_sites_change_nothing(server: ArchiveServer) -> None:
    study = generate_uid()
    server.store(make_instance(study))
    evil = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}
    assert server.request("DELETE", f"/dicom/studies/{study}", **evil).status == 403
    assert server.store(make_instance(study), **evil).status == 403
    assert count(server, study) == 1


# -- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("", 415),
        ("text/plain", 415),
        ("application/json", 415),
        ('multipart/related; type="text/html"; boundary=b', 415),
        ('multipart/related; type="application/dicom"', 400),
        ("multipart/related; boundary=", 400),
        (f'multipart/related; type="application/dicom"; boundary={"b" * 300}', 400),
        ("multipart/form-data; boundary=b", 415),
    ],
)
def test_bodies_of_other_types_are_refused(server: ArchiveServer, kind: str, status: int) -> None:
    headers = [f"Content-Type: {kind}"] if kind else []
    answer = ask(server, "POST", "/dicom/studies", *headers, body=multipart([make_instance()])[0])
    assert answer.status == status, answer.body
    report = json.loads(answer.body)
    assert report["status"] == status
    assert report["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"no part at all",
        b"--b\r\n",
        b"--b\r\nContent-Type: application/dicom\r\n\r\n",
        b"--b\r\n" + b"X: y\r\n" * 9000,
    ],
)
def test_bodies_without_a_whole_part_are_refused(server: ArchiveServer, body: bytes) -> None:
    answer = server.request(
        "POST", "/dicom/studies", body, Content_Type="multipart/related; type=application/dicom; boundary=b"
    )
    assert answer.status == 400, answer.body


def test_a_body_that_is_cut_short_is_refused(server: ArchiveServer) -> None:
    study = generate_uid()
    body, kind = multipart([make_instance(study), make_instance(study)])
    answer = server.request("POST", "/dicom/studies", body[: len(body) - 500], Content_Type=kind)
    assert answer.status == 400
    assert count(server, study) <= 1, "the part that was cut is not there"
    assert not left_in(server)


@pytest.mark.parametrize("uid", ["1.2.x", "1." + "3" * 63, "1..2", "..", "%2e%2e", "1.2%2F3"])
def test_malformed_uids_in_addresses_are_refused(server: ArchiveServer, uid: str) -> None:
    body, kind = multipart([make_instance()])
    assert ask(server, "POST", f"/dicom/studies/{uid}", f"Content-Type: {kind}", body=body).status in (400, 404)
    assert ask(server, "DELETE", f"/dicom/studies/{uid}").status in (400, 404)


def test_more_parts_than_are_allowed_are_refused(server: ArchiveServer) -> None:
    answer = server.store(*[b"x"] * 41)
    assert (answer.status, answer.json()["message"]) == (413, "a request holds at most 40 instances")


def test_an_instance_that_is_too_large_fails_and_the_others_are_stored(server: ArchiveServer) -> None:
    study = generate_uid()
    answer = server.store(make_instance(study), make_instance(study, PixelData=bytes(9 << 20)), make_instance(study))
    assert (answer.status, reasons(answer), count(server, study)) == (202, [0xA700], 2)


def test_pixels_that_look_like_boundaries_are_pixels(server: ArchiveServer) -> None:
    study, boundary = generate_uid(), "part-of-the-body"
    look_alikes = (
        b"\r\n--" + boundary.encode() + b"x\r\n--" + boundary.encode() + b"\rX\r\n--\r\n\r\n--" + boundary[:-1].encode()
    )
    pixels = (look_alikes + bytes(512))[:512]
    data = make_instance(study, "1.3", "1.4", PixelData=pixels)
    assert server.store(data).status == 200
    assert server.get(f"/dicom/studies/{study}/series/1.3/instances/1.4", Accept="application/dicom").body == data


@pytest.mark.parametrize("seed", range(4))
def test_bodies_come_in_pieces_of_any_size(server: ArchiveServer, seed: int) -> None:
    study, chance = generate_uid(), random.Random(seed)
    body, kind = multipart([make_instance(study, InstanceNumber=number) for number in range(3)])
    body = (
        b"a prologue\r\n"
        + body.replace(b"application/dicom\r\n", b"application/dicom; transfer-syntax=1.2.840.10008.1.2.1\r\n")
        + b"an epilogue"
    )
    head = HEAD.format(kind, "Transfer-Encoding: chunked\r\nConnection: close")
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(head.encode())
        while body:
            size = chance.choice((1, 2, 3, 50, 1000, 5000))
            client.sendall(f"{len(body[:size]):x}\r\n".encode() + body[:size] + b"\r\n")
            body = body[size:]
        client.sendall(b"0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert count(server, study) == 3


def test_a_client_that_goes_away_leaves_nothing_by_half(server: ArchiveServer) -> None:
    study = generate_uid()
    body, kind = multipart([make_instance(study)])
    head = HEAD.format(kind, f"Content-Length: {len(body)}")
    for cut in (len(body) - 1, len(body) - 100, 200):
        with socket.create_connection(("127.0.0.1", server.port), 20) as client:
            client.sendall(head.encode() + body[:cut])
            time.sleep(0.1)
    time.sleep(0.3)
    assert not left_in(server)
    assert server.get("/healthz").status == 200


def test_a_head_without_end_is_cut_off(server: ArchiveServer) -> None:
    sent = b"POST /dicom/studies HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * (2 << 20)
    try:
        answer = talk(server, sent, timeout_s=10)
    except OSError:
        answer = b""
    assert not answer or answer.split()[1] in (b"400", b"413", b"431")
    assert server.get("/healthz").status == 200


def test_mutated_files_are_stored_or_refused_and_the_server_is_well(server: ArchiveServer) -> None:
    chance = random.Random(11)
    original = make_instance(SpecificCharacterSet="ISO_IR 192")
    for _ in range(12):
        files = []
        for _ in range(20):
            data = bytearray(original)
            for _ in range(chance.choice((1, 4, 30))):
                data[chance.randrange(128, len(data))] = chance.randrange(256)
            files.append(bytes(data))
        answer = server.store(*files)
        assert answer.status in (200, 202, 409)
        told = sum(len(items(answer, tag)) for tag in (STORED, FAILED, OTHERS))
        assert told == len(files)
    for one in server.get("/dicom/studies?limit=300").json():
        assert server.get(f"/dicom/studies/{one['0020000D']['Value'][0]}/metadata").status == 200
    assert not [line for line in server.log_lines() if line.get("level") == "error"]


def test_methods_that_are_none_of_an_address_are_405(server: ArchiveServer) -> None:
    answer = server.request("PUT", "/dicom/studies", b"")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert server.request("POST", "/dicom/studies/1.2/series/1.3", b"").status == 405
    assert server.get("/dicom/nothing").status == 404


def test_the_answer_is_xml_where_that_is_asked_for(server: ArchiveServer) -> None:
    answer = server.store(make_instance(), b"x", Accept="application/dicom+xml")
    assert (answer.status, answer.headers["Content-Type"]) == (202, "application/dicom+xml")
    assert b'keyword="ReferencedSOPSequence"' in answer.body
    assert server.store(make_instance(), Accept="image/png").status == 406


# -- metadata and bulk data ------------------------------------------------------------------------------------------


def with_bulk(models: Any, *bulks: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """A body of metadata and bulk data (type, location, bytes), and its content type."""
    parts = [("application/dicom+json", "", json.dumps(models).encode() if not isinstance(models, bytes) else models), *bulks]
    heads = [f"--b\r\nContent-Type: {kind}\r\nContent-Location: {place}\r\n\r\n".encode() for kind, place, _data in parts]
    lines = [head + data + b"\r\n" for head, (_kind, _place, data) in zip(heads, parts, strict=True)]
    return b"".join(lines) + b"--b--\r\n", 'multipart/related; type="application/dicom+json"; boundary=b'


def json_model(study: str, instance: str, uri: str) -> dict[str, Any]:
    """Metadata of an instance whose pixels are at a URI."""
    model: dict[str, Any] = make_dataset(study, "1.3", instance, PixelData=None, PatientName="Müller^山").to_json_dict()
    return model | {"7FE00010": {"vr": "OW", "BulkDataURI": uri}, "00083002": {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}}


def test_metadata_and_bulk_data_make_instances(server: ArchiveServer) -> None:
    study, pixels = generate_uid(), bytes(range(256)) * 2
    models = [json_model(study, f"1.4.{number}", f"../bulk/{number}") for number in (1, 2)]
    bulks = [("application/octet-stream", f"../bulk/{number}", pixels[number:] + pixels[:number]) for number in (2, 1)]
    body, kind = with_bulk(models, *bulks)
    answer = server.request("POST", "/dicom/studies", body, Content_Type=kind)
    assert (answer.status, len(items(answer, STORED))) == (200, 2), answer.body
    for number in (1, 2):
        file = server.get(f"/dicom/studies/{study}/series/1.3/instances/1.4.{number}", Accept="application/dicom").body
        data = pydicom.dcmread(BytesIO(file))
        assert data.PixelData == pixels[number:] + pixels[:number]
        given = make_dataset(study, "1.3", f"1.4.{number}", PixelData=None, PatientName="Müller^山")
        assert all(data[element.tag] == element for element in given)
    assert not left_in(server)


def test_compressed_bulk_data_are_encapsulated(server: ArchiveServer) -> None:
    source = pydicom.dcmread(str(get_testdata_file("JPEG2000.dcm")))
    frame = next(generate_frames(source.PixelData, number_of_frames=1))
    study = generate_uid()
    model = source.to_json_dict(0, lambda element: "pixels" if element.tag == 0x7FE00010 else "none")
    model = {tag: value for tag, value in model.items() if value.get("BulkDataURI") != "none"}
    model["0020000D"]["Value"] = [study]
    body, kind = with_bulk([model], ("image/jp2; transfer-syntax=1.2.840.10008.1.2.4.91", "pixels", frame))
    answer = server.request("POST", "/dicom/studies", body, Content_Type=kind)
    assert answer.status == 200, answer.body
    place = items(answer, STORED)[0][URL]["Value"][0].removeprefix(server.url)
    found = pydicom.dcmread(BytesIO(server.get(place, Accept="application/dicom; transfer-syntax=*").body))
    assert found.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.91"
    assert (found.pixel_array == source.pixel_array).all()


def test_metadata_alone_may_hold_all(server: ArchiveServer) -> None:
    study = generate_uid()
    model = make_dataset(study, "1.3", "1.4").to_json_dict()
    answer = server.request("POST", "/dicom/studies", json.dumps(model).encode(), Content_Type="application/dicom+json")
    assert (answer.status, count(server, study)) == (200, 1)


def test_metadata_that_are_wrong_are_refused(server: ArchiveServer) -> None:
    study = generate_uid()
    missing = json_model(study, "1.4.7", "nowhere")
    strange = json_model(study, "1.4.8", "here") | {"00280010": {"vr": "US", "Value": ["many"]}}
    bulk = ("application/octet-stream", "here", bytes(512))
    body, kind = with_bulk([missing, strange, json_model(study, "1.4.9", "here")], bulk)
    answer = server.request("POST", "/dicom/studies", body, Content_Type=kind)
    assert (answer.status, reasons(answer), len(items(answer, STORED))) == (202, [0xC000, 0xC000], 1)
    assert [item[UID]["Value"] for item in items(answer, FAILED)] == [["1.4.7"], ["1.4.8"]]
    for wrong in (b"no json", b"[]", b"[1]", b"", b"[" * 50_000):
        body, kind = with_bulk(wrong, bulk)
        assert server.request("POST", "/dicom/studies", body, Content_Type=kind).status == 400
    assert count(server, study) == 1
    assert not left_in(server)
