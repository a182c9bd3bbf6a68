"""Zips and single files into the archive, over HTTP."""

from __future__ import annotations

import io
import socket
import time
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from pydicom.uid import generate_uid

from tests.support.archive_server import ArchiveServer, left_in
from tests.support.instances import make_instance


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    live = ArchiveServer(upload_files=30, upload_unpacked_mb=100)
    yield live
    live.stop()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def upload(server: ArchiveServer, body: bytes, name: str = "upload.zip") -> dict[str, Any]:
    """The job of an upload, when it is over."""
    answer = server.request("POST", f"/api/archive/files?name={quote(name)}", body)
    assert answer.status == 202, answer.body
    until = time.monotonic() + 120
    while time.monotonic() < until:
        job: dict[str, Any] = server.get(answer.json()["job_url"]).json()
        if job["finished"]:
            assert answer.headers["Location"] == answer.json()["job_url"]
            return job
        time.sleep(0.02)
    raise TimeoutError(str(job))


def series_of(study: str, number: int, count: int, **attributes: Any) -> dict[str, bytes]:
    """Instances of one series by their UIDs."""
    series = generate_uid()
    uids = [generate_uid() for _ in range(count)]
    return {
        uid: make_instance(study, series, uid, SeriesNumber=number, InstanceNumber=place + 1, **attributes)
        for place, uid in enumerate(uids)
    }


def nothing_left(server: ArchiveServer) -> bool:
    """Whether no file of an upload is left over."""
    return not left_in(server, "scratch") and not left_in(server)


def test_a_zip_is_taken_in_and_every_refusal_has_its_name(server: ArchiveServer) -> None:
    study = generate_uid()
    good = {f"disc/{uid}": data for uid, data in series_of(study, 1, 3).items()}
    inner = zipped({"a.dcm": b"x"})
    others = {"readme.txt": b"hello", "disc/cut": next(iter(good.values()))[:300], "in.zip": inner, "empty": b""}
    left_out = {"__MACOSX/._x": b"1", ".DS_Store": b"2", "DICOMDIR": b"3"}
    job = upload(server, zipped({**good, **others, **left_out}), "disc ä.zip")
    assert (job["state"], job["kind"], job["title"]) == ("done", "upload", "disc ä.zip")
    result = job["result"]
    assert result["counts"] == {"stored": 3, "failed": 1, "other": 3}
    assert result["studies"] == [study]
    assert {one["name"] for one in result["refused"]} == set(others)
    assert all(one["reason"] for one in result["refused"])
    assert job["progress"]["counts"] == result["counts"]
    assert len(server.get(f"/dicom/studies/{study}/instances").json()) == 3
    again = upload(server, zipped(good))
    assert again["result"]["counts"] == {"identical": 3}
    assert nothing_left(server)


def test_one_file_without_a_zip(server: ArchiveServer) -> None:
    study = generate_uid()
    job = upload(server, make_instance(study), "one.dcm")
    assert job["result"] == {"counts": {"stored": 1}, "refused": [], "studies": [study]}
    bad = upload(server, b"no image at all", "letter.doc")
    assert bad["result"]["counts"] == {"failed": 1}
    assert bad["result"]["refused"][0]["name"] == "letter.doc"
    assert nothing_left(server)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({f"{n}.dcm": b"x" for n in range(31)}, "31 files; 30 are allowed"),
        ({"a": bytes(60 << 20), "b": bytes(60 << 20)}, "120 MB; 100 are allowed"),
        ({"a": bytes(90 << 20)}, "times when unpacked"),
    ],
)
def test_bombs_are_refused_before_they_are_unpacked(server: ArchiveServer, files: dict[str, bytes], why: str) -> None:
    job = upload(server, zipped(files))
    assert job["state"] == "failed"
    assert why in job["error"]
    assert nothing_left(server)


def test_a_directory_that_would_fill_memory_is_not_read(server: ArchiveServer) -> None:
    job = upload(server, zipped({f"{'long' * 30}{n:08}": b"" for n in range(200)}))
    assert "more than 30 files" in job["error"]


def test_damaged_and_encrypted_members_are_refused_alone(server: ArchiveServer) -> None:
    study = generate_uid()
    files = series_of(study, 1, 2)
    whole = bytearray(zipped(files, zipfile.ZIP_STORED))
    first = next(iter(files.values()))
    place = whole.index(first) + len(first) // 2
    whole[place] ^= 0xFF
    job = upload(server, bytes(whole))
    assert job["result"]["counts"] == {"stored": 1, "failed": 1}
    assert "CRC" in job["result"]["refused"][0]["reason"]
    locked = bytearray(zipped(series_of(study, 2, 1), zipfile.ZIP_STORED))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    job = upload(server, bytes(locked))
    assert "encrypted" in job["result"]["refused"][0]["reason"]
    cut = zipped(series_of(study, 3, 1))
    job = upload(server, cut[: len(cut) // 2])
    assert (job["state"], "damaged" in job["error"]) == ("failed", True)
    assert nothing_left(server)


def test_empty_and_foreign_uploads_are_refused(server: ArchiveServer) -> None:
    assert server.request("POST", "/api/archive/files", b"").status == 400
    page = server.request("POST", "/api/archive/files", b"x", Origin="https://elsewhere.example")
    assert page.status == 403
    assert nothing_left(server)


def test_who_goes_away_in_the_middle_leaves_nothing(server: ArchiveServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"POST /api/archive/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000))
        time.sleep(0.3)
    assert nothing_left(server)


def test_a_cancelled_upload_leaves_what_was_stored_and_nothing_half(server: ArchiveServer) -> None:
    study = generate_uid()
    answer = server.request("POST", "/api/archive/files", zipped(series_of(study, 1, 30), zipfile.ZIP_STORED))
    server.request("DELETE", answer.json()["job_url"])
    until = time.monotonic() + 20
    while not (job := server.get(answer.json()["job_url"]).json())["finished"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert job["state"] in ("cancelled", "done")
    assert nothing_left(server)
    assert server.get("/healthz").status == 200


def test_a_zip_that_comes_out_goes_in_again(server: ArchiveServer) -> None:
    study = generate_uid()
    files = series_of(study, 1, 3)
    server.store(*files.values())
    body = server.get(f"/dicom/studies/{study}?accept=application/zip").body
    assert server.request("DELETE", f"/dicom/studies/{study}").status == 204
    assert upload(server, body)["result"] == {"counts": {"stored": 3}, "refused": [], "studies": [study]}
