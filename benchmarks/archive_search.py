"""Searches of a large archive (its index, made here) beside SQLite reading the same rows, and the memory of it.

`SLICECAST_BENCH_INSTANCES` says how many instances it holds; `make bench-archive` asks for a million.
"""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.common import report, seconds
from benchmarks.generated_archive import make_index
from tests.support.archive_server import ArchiveServer
from tests.support.memory import resident_mb

INSTANCES = int(os.environ.get("SLICECAST_BENCH_INSTANCES", "200000"))
SECONDS = 3.0
LIST = "limit=101&offset=0&fuzzymatching=true&includefield=00081030%2C00080060%2C00080090%2C00100030"
SEARCHES: tuple[tuple[str, str, float | None], ...] = (
    ("page of 100 studies", "/studies?limit=100", 20),
    ("the same in the middle of the list", f"/studies?limit=100&offset={INSTANCES // 20}", 20),
    ("patient name by its beginning, 1.4% of all", "/studies?limit=100&PatientName=Smith*", 50),
    ("patient name by its beginning, 11% of all", "/studies?limit=100&PatientName=S*", 50),
    ("patient name by its beginning, none", "/studies?limit=100&PatientName=Qqq*", 50),
    ("patient name, anywhere in it, as OHIF asks", f"/studies?{LIST}&PatientName=*mit*", None),
    ("patient name, fuzzy, two words", "/studies?limit=100&fuzzymatching=true&PatientName=smi+joh", None),
    ("description, anywhere in it", f"/studies?{LIST}&StudyDescription=*head*", None),
    ("one year of one modality", "/studies?limit=100&StudyDate=20200101-20201231&ModalitiesInStudy=MR", None),
    ("patient by ID", "/studies?PatientID=P777", None),
    ("100 instances of the whole archive", "/instances?limit=100", None),
    ("100 instances of one day's studies", "/instances?limit=100&StudyDate=20200101", None),
)
BARE = "SELECT attributes FROM studies ORDER BY study_date DESC, study_time DESC, study_uid DESC LIMIT 100"


def timed(server: ArchiveServer, path: str) -> tuple[float, float, int]:
    """Seconds of the first answer and median of the later ones, each of which the server has to make, and results."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    times: list[float] = []
    until = time.monotonic() + seconds(SECONDS)
    found: list[object] = []
    while len(times) < 3 or (time.monotonic() < until and len(times) < 200):
        began = time.perf_counter()
        connection.request("GET", f"/dicom{path}", headers={"Accept": "application/dicom+json"})
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - began)
        assert answer.status in (200, 204), body
        found = json.loads(body) if body else []
    connection.close()
    return times[0], statistics.median(times[1:]), len(found)


def bare(index: Path) -> float:
    """Seconds in which SQLite reads the attributes of a page of studies and Python makes one text of them."""
    with sqlite3.connect(f"file:{index}?mode=ro", uri=True) as connection:
        times = []
        for _ in range(50):
            began = time.perf_counter()
            rows = connection.execute(BARE).fetchall()
            assert len(json.dumps([json.loads(text) for (text,) in rows])) > 10_000
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "archive" / "index.db"
        began = time.perf_counter()
        make_index(index, INSTANCES)
        note = f"({INSTANCES:,} instances made in {time.perf_counter() - began:.0f} s, {index.stat().st_size / 1e6:.0f} MB)"
        server = ArchiveServer(Path(folder))
        try:
            limit = bare(index) * 1e3
            server.get("/dicom/studies?limit=1")
            before = resident_mb(server.process.pid)
            for name, path, target in SEARCHES:
                first, median, found = timed(server, path)
                text = f"({found} found, first {first * 1e3:.0f} ms)"
                report(name, median * 1e3, "ms", limit if found >= 100 else None, "lower", text, target=target)
            after = resident_mb(server.process.pid)
            report("memory of the server after all searches", after, "MB", before, "lower", f"limit: before {note}")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
