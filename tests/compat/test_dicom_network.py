"""The DICOM network, asked by clients and served by peers that are not ours: dcmtk's programs and pynetdicom's."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import JPEGLSLossless

from tests.support.archive_server import ArchiveServer, left_in
from tests.support.instances import make_dataset, part10
from tests.support.live import free_port

pytestmark = [
    pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed"),
    pytest.mark.timeout(180),
]
STUDIES, SERIES, INSTANCES = 2, 2, 3
PATIENTS = ("Doe^Jane", "Müller^Jörg")


class Destination:
    """dcmtk's storescp, which keeps what it is sent in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        self._process = subprocess.Popen(["storescp", "-aet", "DEST", "-od", str(folder), str(self.port)])

    def files(self) -> list[Path]:
        """All that has come."""
        return sorted(self.folder.iterdir())

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two patients with a study of two series each."""
    folder = tmp_path_factory.mktemp("files")
    for patient in range(STUDIES):
        for series in range(1, SERIES + 1):
            for number in range(1, INSTANCES + 1):
                data = make_dataset(
                    f"1.2.3.{patient + 1}", f"1.2.3.{patient + 1}.{series}", f"1.2.3.{patient + 1}.{series}.{number}",
                    PatientName=PATIENTS[patient], PatientID=f"P{patient + 1}", SeriesNumber=series, InstanceNumber=number,
                    SpecificCharacterSet="ISO_IR 192", StudyDate=f"2024010{patient + 1}",
                )  # fmt: skip
                (folder / f"{patient}-{series}-{number}.dcm").write_bytes(part10(data))
    return folder


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Destination]:
    """A peer that only stores."""
    peer = Destination(tmp_path_factory.mktemp("destination") / "in")
    yield peer
    peer.stop()


@pytest.fixture(scope="module")
def port() -> int:
    """Where the listener is."""
    return free_port()


@pytest.fixture(scope="module")
def server(port: int, destination: Destination, files: Path) -> Iterator[ArchiveServer]:
    """A server with a listener, into which all files were sent by storescu."""
    peers = [
        f"dest=DEST@127.0.0.1:{destination.port}",
        f"self=SLICECAST@127.0.0.1:{port}",
        f"gone=GONE@127.0.0.1:{free_port()}",
    ]
    server = ArchiveServer(enable_dicom=True, dicom_port=port, dicom_peers=peers)
    try:
        run("storescu", "+sd", "127.0.0.1", str(port), str(files))
        yield server
    finally:
        server.stop()


def run(*command: str, expected: int = 0) -> str:
    """Run a program to its end; what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def program(name: str, *arguments: str) -> str:
    """Run one of pynetdicom's programs."""
    return run(sys.executable, "-m", "pynetdicom", name, *arguments)


def stored(server: ArchiveServer) -> int:
    """Instances in the archive, by DICOMweb."""
    studies = server.get("/dicom/studies")
    return sum(study["00201208"]["Value"][0] for study in studies.json()) if studies.status == 200 else 0


def find(port: int, model: str, level: str, *keys: str) -> str:
    """What findscu prints."""
    given = [part for key in (f"QueryRetrieveLevel={level}", *keys) for part in ("-k", key)]
    return run("findscu", model, *given, "127.0.0.1", str(port)).replace("\0", "").replace(" ]", "]")


def wait_for_job(server: ArchiveServer, answer: Any) -> dict[str, Any]:
    """A job when it is over."""
    assert answer.status == 202, answer.body
    until = time.monotonic() + 60
    while True:
        job: dict[str, Any] = server.get(answer.json()["job_url"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        assert time.monotonic() < until, job
        time.sleep(0.05)


def post(server: ArchiveServer, path: str, body: str = "") -> Any:
    """Post JSON."""
    return server.request("POST", path, body.encode(), Content_Type="application/json")


def test_echoes_are_answered(server: ArchiveServer, port: int) -> None:
    """By two clients."""
    assert "Received Echo Response (Success)" in run("echoscu", "-v", "127.0.0.1", str(port))
    program("echoscu", "127.0.0.1", str(port))


def test_what_storescu_sends_is_in_the_archive(server: ArchiveServer, files: Path) -> None:
    """All of it, as the very bytes that were sent."""
    assert stored(server) == STUDIES * SERIES * INSTANCES
    sent = pydicom.dcmread(files / "1-2-3.dcm")
    path = "/dicom/studies/1.2.3.2/series/1.2.3.2.2/instances/1.2.3.2.2.3"
    got = server.request("GET", path, Accept="application/dicom; transfer-syntax=*").body
    (server.data / "got.dcm").write_bytes(got)
    back = pydicom.dcmread(server.data / "got.dcm")
    assert back == sent
    assert back.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID


def test_sending_again_changes_nothing(server: ArchiveServer, port: int, files: Path) -> None:
    """By another client, too."""
    before = stored(server)
    program("storescu", "127.0.0.1", str(port), str(files / "0-1-1.dcm"))
    assert stored(server) == before


def test_compressed_instances_are_stored_as_they_come(server: ArchiveServer, port: int, tmp_path: Path) -> None:
    """JPEG-LS, proposed by the sender."""
    data = make_dataset("1.2.3.9", "1.2.3.9.1", "1.2.3.9.1.1")
    data.compress(JPEGLSLossless)
    data.SOPInstanceUID = "1.2.3.9.1.1"
    (tmp_path / "ls.dcm").write_bytes(part10(data))
    run("storescu", "-xt", "127.0.0.1", str(port), str(tmp_path / "ls.dcm"))
    metadata = server.get("/dicom/studies/1.2.3.9/metadata").json()
    assert metadata[0]["00083002"]["Value"] == [JPEGLSLossless]
    run("getscu", "-S", "-od", str(tmp_path), "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.9",
        "127.0.0.1", str(port))  # fmt: skip
    got = next(path for path in tmp_path.iterdir() if path.name != "ls.dcm")
    plain = pydicom.dcmread(got)
    assert not plain.file_meta.TransferSyntaxUID.is_encapsulated, "getscu proposes no compressed transfer syntax"
    assert (plain.pixel_array == data.pixel_array).all()
    assert server.request("DELETE", "/dicom/studies/1.2.3.9").status == 204


def test_broken_instances_are_refused_and_nothing_stays(server: ArchiveServer, port: int, tmp_path: Path) -> None:
    """An instance without a study UID."""
    data = make_dataset(StudyInstanceUID=None)
    (tmp_path / "broken.dcm").write_bytes(part10(data))
    before = stored(server)
    said = subprocess.run(
        ["storescu", "-v", "127.0.0.1", str(port), str(tmp_path / "broken.dcm")], capture_output=True, text=True, check=False
    )
    assert "Success" not in said.stdout + said.stderr
    assert stored(server) == before
    assert not left_in(server)


@pytest.mark.parametrize("model", ["-S", "-P"])
def test_searches_at_every_level(server: ArchiveServer, port: int, model: str) -> None:
    """In both information models."""
    studies = find(port, model, "STUDY", "StudyInstanceUID", "PatientName=doe*", "NumberOfStudyRelatedInstances")
    assert studies.count("(Pending)") == 1
    assert "[1.2.3.1]" in studies
    assert "IS [6]" in studies
    series = find(port, model, "SERIES", "StudyInstanceUID=1.2.3.1", "SeriesInstanceUID", "SeriesNumber=2")
    assert series.count("(Pending)") == 1
    assert "[1.2.3.1.2]" in series
    images = find(
        port, model, "IMAGE", "StudyInstanceUID=1.2.3.1", "SeriesInstanceUID=1.2.3.1.2", "SOPInstanceUID", "InstanceNumber"
    )
    assert images.count("(Pending)") == INSTANCES


def test_patients_are_found_once_each(server: ArchiveServer, port: int) -> None:
    """With names beyond ASCII, by either spelling."""
    assert find(port, "-P", "PATIENT", "PatientName", "PatientID").count("(Pending)") == STUDIES
    one = find(port, "-P", "PATIENT", "PatientName=MULLER*", "PatientID")
    assert one.count("(Pending)") == 1
    assert "[P2]" in one
    assert "ISO_IR 192" in one


def test_dates_and_lists_of_uids_are_matched(server: ArchiveServer, port: int) -> None:
    """As the standard has them."""
    assert find(port, "-S", "STUDY", "StudyInstanceUID", "StudyDate=20240102-").count("(Pending)") == 1
    assert find(port, "-S", "STUDY", "StudyInstanceUID=1.2.3.1\\1.2.3.2").count("(Pending)") == 2
    assert find(port, "-S", "STUDY", "StudyInstanceUID", "StudyDate=19990101").count("(Pending)") == 0


def test_a_search_that_makes_no_sense_fails(server: ArchiveServer, port: int) -> None:
    """With a status, and the association goes on."""
    said = program("findscu", "127.0.0.1", str(port), "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyDate=tomorrow")
    assert "0xa900" in said.lower()


def test_moving_sends_to_a_peer(server: ArchiveServer, port: int, destination: Destination) -> None:
    """A series, asked for by movescu, and another one by another client."""
    keys = ["-k", "QueryRetrieveLevel=SERIES", "-k", "StudyInstanceUID=1.2.3.1", "-k"]
    before = len(destination.files())
    run("movescu", "-S", "-aem", "DEST", *keys, "SeriesInstanceUID=1.2.3.1.1", "127.0.0.1", str(port))
    assert len(destination.files()) == before + INSTANCES
    program("movescu", "127.0.0.1", str(port), "-S", "-aem", "DEST", *keys, "SeriesInstanceUID=1.2.3.1.2")
    assert len(destination.files()) == before + 2 * INSTANCES


def test_moving_to_a_stranger_fails(server: ArchiveServer, port: int) -> None:
    """Only peers of the settings are sent to."""
    command = ["movescu", "-v", "-S", "-aem", "STRANGER", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.1",
               "127.0.0.1", str(port)]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "MoveDestinationUnknown" in said.stdout + said.stderr


def test_getting_brings_the_files(server: ArchiveServer, port: int, files: Path, tmp_path: Path) -> None:
    """By getscu and by another client."""
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.2"]
    run("getscu", "-S", "-od", str(tmp_path), *keys, "127.0.0.1", str(port))
    got = {pydicom.dcmread(path).SOPInstanceUID: pydicom.dcmread(path) for path in tmp_path.iterdir()}
    assert len(got) == SERIES * INSTANCES
    sent = pydicom.dcmread(files / "1-1-2.dcm")
    assert got[sent.SOPInstanceUID] == sent
    (tmp_path / "other").mkdir()
    program("getscu", "127.0.0.1", str(port), "-S", *keys, "-od", str(tmp_path / "other"))
    assert len(list((tmp_path / "other").iterdir())) == SERIES * INSTANCES


def test_peers_are_listed_and_asked(server: ArchiveServer, port: int) -> None:
    """By our own client, over HTTP."""
    told = server.get("/api/peers").json()
    assert told["own"] == {"aet": "SLICECAST", "host": "127.0.0.1", "port": port}
    assert [peer["name"] for peer in told["peers"]] == ["dest", "self", "gone"]
    assert post(server, "/api/peers/dest/echo").json()["seconds"] > 0
    gone = post(server, "/api/peers/gone/echo")
    assert (gone.status, "can not be reached" in gone.body.decode()) == (503, True)
    assert post(server, "/api/peers/nobody/echo").status == 404
    found = post(server, "/api/peers/self/query", '{"level": "study", "keys": {"PatientName": "M\u00fcller*"}}').json()
    assert [match["0020000D"]["Value"] for match in found["matches"]] == [["1.2.3.2"]]
    assert found["more"] is False
    assert post(server, "/api/peers/self/query", '{"level": "study", "keys": {"NoSuchThing": ""}}').status == 400
    assert post(server, "/api/peers/self/query", '{"level": "patient"}').status == 400


def test_studies_are_sent_and_fetched_as_jobs(server: ArchiveServer, destination: Destination) -> None:
    """What was deleted comes back from a peer, by C-GET and by C-MOVE."""
    before = len(destination.files())
    sent = wait_for_job(server, post(server, "/api/peers/dest/send", '{"studies": ["1.2.3.2"]}'))
    assert (sent["state"], sent["result"]["sent"]) == ("done", SERIES * INSTANCES)
    assert len(destination.files()) == before + SERIES * INSTANCES
    missing = wait_for_job(server, post(server, "/api/peers/dest/send", '{"studies": ["1.2.3.77"]}'))
    assert missing["state"] == "failed"
    for way in ("get", "move"):
        body = f'{{"study": "1.2.3.1", "series": "1.2.3.1.1", "by": "{way}"}}'
        fetched = wait_for_job(server, post(server, "/api/peers/self/retrieve", body))
        assert fetched["state"] == "done", fetched
        assert fetched["result"]["completed"] == INSTANCES


def test_the_listener_comes_back(server: ArchiveServer, port: int) -> None:
    """A connection that comes after its process was killed is answered by another."""
    run("echoscu", "127.0.0.1", str(port))
    children = subprocess.run(
        ["pgrep", "-P", str(server.process.pid), "-f", "backend.dimse.process"], capture_output=True, text=True, check=True
    )
    for pid in children.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    run("echoscu", "127.0.0.1", str(port))


def test_half_an_instance_leaves_nothing(server: ArchiveServer, port: int, tmp_path: Path) -> None:
    """A sender that is killed in the middle."""
    data = make_dataset("1.2.3.8", "1.2.3.8.1", "1.2.3.8.1.1", Rows=4096, Columns=4096, PixelData=bytes(2 * 4096 * 4096))
    (tmp_path / "large.dcm").write_bytes(part10(data))
    sender = subprocess.Popen(["storescu", "127.0.0.1", str(port), str(tmp_path / "large.dcm")])
    incoming = server.archive / "incoming"
    until = time.monotonic() + 20
    while not list(incoming.iterdir()) and sender.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    sender.kill()
    sender.wait()
    assert not left_in(server)
    server.request("DELETE", "/dicom/studies/1.2.3.8")


def test_who_is_not_allowed_is_rejected(tmp_path: Path) -> None:
    """By AE title and by address; and who sends nonsense is cut off."""
    port = free_port()
    server = ArchiveServer(enable_dicom=True, dicom_port=port, dicom_allow=["FRIEND", "FAR@192.0.2.1"], dicom_timeout_s=2)
    try:
        run("echoscu", "-aet", "FRIEND", "127.0.0.1", str(port))
        for stranger in ("OTHER", "FAR"):
            said = run("echoscu", "-v", "-aet", stranger, "127.0.0.1", str(port), expected=1)
            assert "Calling AE Title Not Recognized" in said
        for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"\x01\x00\x40\x00\x00\x00", b"\x01\x00\x00\x00\x10\x00abc"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as stranger_socket:
                stranger_socket.sendall(nonsense)
                stranger_socket.settimeout(20)
                while stranger_socket.recv(1000):
                    pass
        run("echoscu", "-aet", "FRIEND", "127.0.0.1", str(port))
    finally:
        server.stop()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_tls_is_spoken_where_it_is_set_up(tmp_path: Path) -> None:
    """With a certificate of the day."""
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key.pem"), "-out",
        str(tmp_path / "cert.pem"), "-days", "2", "-subj", "/CN=localhost")  # fmt: skip
    port = free_port()
    server = ArchiveServer(
        enable_dicom=True, dicom_port=port, dicom_tls_certificate=str(tmp_path / "cert.pem"),
        dicom_tls_key=str(tmp_path / "key.pem"),
    )  # fmt: skip
    try:
        run("echoscu", "+tla", "+cf", str(tmp_path / "cert.pem"), "127.0.0.1", str(port))
        run("echoscu", "127.0.0.1", str(port), expected=1)
    finally:
        server.stop()
