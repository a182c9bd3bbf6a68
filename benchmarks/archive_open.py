"""A CT of 512 × 512 × 300 in the archive, opened in the scene: from the request to the first slice that shows it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import SPACING_MM, report, synthetic_ct
from tests.support.instances import make_dataset, multipart, part10
from tests.support.live import ROOT, LiveServer

UIDS = "1.2.826.0.1.3680043.8.498.77"
A_REQUEST = 30
LOOK_EVERY_S = 0.02
JOB_S = 60.0
READ = "import sys, numpy; numpy.stack([numpy.frombuffer(open(path, 'rb').read()[-524288:], '<i2') for path in sys.argv[1:]])"


def slices(study: str) -> Iterator[bytes]:
    """300 CT slices, each at its place, as files: values are stored as scanners do, from 0 on."""
    for number, voxels in enumerate(synthetic_ct()):
        yield part10(make_dataset(
            study, f"{study}.1", f"{study}.1.{number + 1}", Rows=512, Columns=512, InstanceNumber=number + 1,
            ImagePositionPatient=[-204.8, -204.8, number * SPACING_MM[2]], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[SPACING_MM[1], SPACING_MM[0]], SliceThickness=SPACING_MM[2], FrameOfReferenceUID=f"{study}.2",
            RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400,
            PixelData=(voxels + np.int16(1024)).clip(0).astype("<u2").tobytes(),
        ))  # fmt: skip


def store(server: LiveServer, study: str) -> None:
    """Put a study there."""
    waiting = list(slices(study))
    while waiting:
        body, kind = multipart(waiting[:A_REQUEST])
        assert server.request("POST", "/dicom/studies", body, Content_Type=kind).status == 200
        del waiting[:A_REQUEST]


def open_study(server: LiveServer, study: str) -> tuple[float, float]:
    """Seconds until it is loaded, and until a slice of it has come; both from the request on."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=JOB_S)

    def ask(method: str, path: str, body: bytes | None = None) -> bytes:
        connection.request(method, path, body)
        answer = connection.getresponse()
        found = answer.read()
        assert answer.status in (200, 202), (path, answer.status, found)
        return found

    began = time.perf_counter()
    job = json.loads(ask("POST", "/api/archive/open", json.dumps({"study": study, "series": ""}).encode()))
    while True:
        state = json.loads(ask("GET", job["job_url"]))
        if state["state"] not in ("queued", "running"):
            break
        assert time.perf_counter() - began < JOB_S, state
        time.sleep(LOOK_EVERY_S)
    assert state["state"] == "done", state
    loaded = time.perf_counter() - began
    picture = ask("GET", "/slice?view=red&size=512&offset=150")
    took = time.perf_counter() - began
    connection.close()
    assert len(picture) > 20_000, "an empty slice"
    return loaded, took


def reading(folder: Path) -> float:
    """Seconds that reading the same pixels into one array takes, without imports."""
    files = sorted(str(path) for path in folder.rglob("*") if path.is_file())[:300]
    times = []
    for command in ("import sys, numpy", READ):
        began = time.perf_counter()
        assert subprocess.run([sys.executable, "-c", command, *files], cwd=ROOT, check=False).returncode == 0
        times.append(time.perf_counter() - began)
    return times[1] - times[0]


def main() -> None:
    """Print the figures."""
    server = LiveServer().wait()  # with the demo, as it is started
    try:
        studies = [f"{UIDS}.{number}" for number in range(1, 4)]
        for study in studies:
            store(server, study)
        limit = reading(server.data / "archive" / "files")
        took = [open_study(server, study) for study in studies]
    finally:
        server.stop()
    note = "limit: the pixels of the files into one array"
    report("open a CT of 512 × 512 × 300, the first since the start, to a slice", took[0][1], "s", limit, "lower", note,
           target=1.5)  # fmt: skip
    later = min(took[1:], key=lambda pair: pair[1])
    report("another one", later[1], "s", limit, "lower", f"({later[0]:.2f} s until it was loaded)", target=1.5)


if __name__ == "__main__":
    main()
