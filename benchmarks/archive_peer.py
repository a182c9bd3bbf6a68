"""The archive beside Debian's Orthanc with its DICOMweb plugin: same machine, same client, same 300 CT slices of 525 kB.

Ratios are those of speeds. Where Orthanc is not installed (`apt-get install orthanc orthanc-dicomweb`) only ours is measured.
"""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.uid import CTImageStorage

from backend.dicom.orthanc_ids import orthanc_id
from benchmarks.common import report, synthetic_ct
from benchmarks.peers.orthanc import Orthanc, is_installed
from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_dataset, multipart, part10
from tests.support.live import free_port

SLICES = 300
ROOT = "1.2.826.0.1.3680043.8.498"
STUDY, SERIES = f"{ROOT}.1", f"{ROOT}.1.1"
SMALL_STUDIES = 50
JSON = {"Accept": "application/dicom+json"}


@dataclass
class Server:
    """One of the two."""

    name: str
    port: int
    root: str
    dicom_port: int
    aet: str
    zip_path: str
    """Of the study with 300 slices."""
    folder: Path
    """Where it stores."""


def slices(study: str) -> list[bytes]:
    """300 CT slices as files."""
    voxels = synthetic_ct((SLICES, 512, 512))
    return [
        part10(make_dataset(
            study, f"{study}.1", f"{study}.1.{number + 1}", Rows=512, Columns=512, InstanceNumber=number + 1,
            PixelRepresentation=1, WindowCenter=40, WindowWidth=400, PixelData=np.ascontiguousarray(voxel).tobytes(),
        ))
        for number, voxel in enumerate(voxels)
    ]  # fmt: skip


def small_studies() -> list[bytes]:
    """Studies of one small instance each."""
    return [part10(make_dataset(f"{ROOT}.9.{n}", f"{ROOT}.9.{n}.1", f"{ROOT}.9.{n}.1.1")) for n in range(SMALL_STUDIES)]


def forget_stored(server: Server) -> None:
    """Have what the server has stored on disk and out of memory. On a host that lends memory as it is touched, who writes into
    fresh memory needs 1 ms more for an instance; so each of the servers begins with what was used before."""
    os.sync()
    for path in server.folder.rglob("*"):
        if path.is_file() and not path.name.startswith("index"):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def store(server: Server, files: Sequence[bytes], connections: int, at_once: int = 1) -> float:
    """Instances stored in a second by STOW, `at_once` in a request."""
    waiting = [multipart(files[start : start + at_once]) for start in range(0, len(files), at_once)]
    failures: list[int] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        while waiting:
            body, kind = waiting.pop()
            connection.request("POST", f"{server.root}/studies", body, {"Content-Type": kind, **JSON})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    return len(files) / (time.perf_counter() - began)


def median_s(server: Server, paths: Sequence[str], headers: dict[str, str]) -> float:
    """Median of the seconds that the answers take, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    times = []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path if path == server.zip_path else server.root + path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - began)
        assert answer.status in (200, 206), (server.name, path, answer.status, body[:200])
    connection.close()
    return statistics.median(times)


def c_store(server: Server, count: int, study: str = f"{ROOT}.5") -> float:
    """Instances stored in a second by C-STORE in one association."""
    from pynetdicom import AE

    entity = AE("BENCH")
    entity.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
    data = [make_dataset(study, f"{study}.1", f"{study}.1.{n + 1}", Rows=512, Columns=512, InstanceNumber=n + 1,
                         PixelData=bytes(512 * 512 * 2)) for n in range(count)]  # fmt: skip
    association = entity.associate("127.0.0.1", server.dicom_port, ae_title=server.aet)
    assert association.is_established, f"{server.name} takes no association"
    began = time.perf_counter()
    for one in data:
        one.file_meta.MediaStorageSOPClassUID, one.file_meta.MediaStorageSOPInstanceUID = one.SOPClassUID, one.SOPInstanceUID
        assert association.send_c_store(one).Status == 0x0000
    took = time.perf_counter() - began
    association.release()
    return count / took


def storescu(server: Server, files: Sequence[bytes]) -> float:
    """Instances stored in a second by dcmtk's storescu in one association."""
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(files):
            Path(folder, f"{number}.dcm").write_bytes(data)
        began = time.perf_counter()
        subprocess.run(["storescu", "-aec", server.aet, "-R", "+sd", "127.0.0.1", str(server.dicom_port), folder], check=True)
        return len(files) / (time.perf_counter() - began)


def both(name: str, servers: Sequence[Server], measure: Callable[[Server], float], unit: str, target_ratio: float,
         rounds: int = 1) -> None:  # fmt: skip
    """Measure ours and theirs in turns, and report the medians. `measure` gives a speed, or seconds where the unit is ms."""
    taken = [(server.name, measure(server)) for _ in range(rounds) for server in reversed(servers)]
    found = {server.name: statistics.median(value for name, value in taken if name == server.name) for server in servers}
    scale = 1e3 if unit == "ms" else 1.0
    theirs = found.get("orthanc")
    report(name, found["ours"] * scale, unit, theirs * scale if theirs else None, "lower" if unit == "ms" else "higher",
           "limit: Orthanc" if theirs else "(no Orthanc here)", target_ratio=target_ratio)  # fmt: skip


def measure_all(servers: Sequence[Server]) -> None:
    """The table, in an order in which each finds what it needs."""
    studies = itertools.count(1)

    def stow(name: str, connections: int, at_once: int) -> None:
        def measure(server: Server) -> float:
            files = slices(f"{ROOT}.2.{next(studies)}")
            forget_stored(server)
            return store(server, files, connections, at_once)

        both(f"STOW of 300 slices, {name}", servers, measure, "instances/s", 1.0, rounds=3)

    stow("10 in a request, 1 connection", 1, 10)
    stow("10 in a request, 8 connections", 8, 10)
    stow("each by itself, 1 connection", 1, 1)
    stow("each by itself, 8 connections", 8, 1)
    for server in servers:
        store(server, slices(STUDY), 1)
    for server in servers:
        c_store(server, 5, f"{ROOT}.6")  # our listener starts with the first connection

    def pynetdicom(server: Server) -> float:
        return c_store(server, 50, f"{ROOT}.5.{next(studies)}")

    def dcmtk(server: Server) -> float:
        return storescu(server, slices(f"{ROOT}.7.{next(studies)}")[:100])

    both("C-STORE of 50 slices, one association, pynetdicom", servers, pynetdicom, "instances/s", 5.0, rounds=3)
    if shutil.which("storescu"):
        both("C-STORE of 100 slices, one association, dcmtk", servers, dcmtk, "instances/s", 5.0, rounds=3)
    for server in servers:
        store(server, small_studies(), 1)
    series = f"/studies/{STUDY}/series/{SERIES}"
    both("QIDO, 50 studies", servers, lambda s: median_s(s, ["/studies?limit=50"] * 20, JSON), "ms", 3.0)
    both("QIDO, 100 instances", servers, lambda s: median_s(s, ["/instances?limit=100"] * 20, JSON), "ms", 10.0)
    both("metadata of 300 slices", servers, lambda s: median_s(s, [f"{series}/metadata"] * 5, JSON), "ms", 10.0)
    parts = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    both("series of 300 slices retrieved", servers, lambda s: 157.3 / median_s(s, [series] * 3, parts), "MB/s", 0.8)
    packed = {"Accept": "application/zip"}
    both("study of 300 slices as zip", servers, lambda s: 157.3 / median_s(s, [s.zip_path] * 2, packed), "MB/s", 10.0)
    frames = [f"{series}/instances/{SERIES}.{number}/rendered" for number in range(1, 41)]
    png = {"Accept": "image/png"}
    both("rendered as PNG, each for the first time", servers, lambda s: median_s(s, frames, png), "ms", 5.0)
    both("rendered as PNG, again", servers, lambda s: median_s(s, frames[:1] * 40, png), "ms", 20.0)


def main() -> None:
    """Print the figures."""
    port = free_port()
    ours = ArchiveServer(enable_dicom=True, dicom_port=port, worker_processes_ahead=2)
    theirs = Orthanc() if is_installed() else None
    try:
        servers = [Server("ours", ours.port, "/dicom", port, "SLICECAST", f"/dicom/studies/{STUDY}", ours.archive)]
        if theirs is not None:
            servers.append(
                Server(
                    "orthanc",
                    theirs.port,
                    theirs.root,
                    theirs.dicom_port,
                    theirs.aet,
                    f"/studies/{orthanc_id('P1', STUDY)}/archive",
                    theirs.folder,
                )
            )
        measure_all(servers)
    finally:
        ours.stop()
        if theirs is not None:
            theirs.stop()


if __name__ == "__main__":
    main()
