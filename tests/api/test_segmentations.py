"""`/api/segmentations` on a real server: painting and saving, read by independent readers; crashes; errors."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
import SimpleITK
import slicerio
from numpy.typing import NDArray

from tests.api.test_archive_open import opened, store
from tests.support.dicom_phantom import write_series
from tests.support.live import Answer, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.restart import comes_back

DIMS, SPACING = (24, 20, 16), (2.0, 2.5, 3.0)
AXES = {
    "plain": np.diag([-1.0, -1.0, 1.0]),
    "sagittal": np.array([[0.0, 0, -1], [-1, 0, 0], [0, -1, 0]]),
    "rotated": np.linalg.qr(np.array([[-1.0, 0.25, 0.1], [-0.2, -1, 0.3], [0.1, 0.3, 1]]))[0] @ np.diag([1.0, 1, -1]),
}
STUDY = "1.2.826.7"
LPS = np.array([-1.0, -1.0, 1.0])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """With an octant phantom that is no DICOM, and three DICOM series of it in its archive."""
    folder = tmp_path_factory.mktemp("files")
    affine = centred(AXES["plain"], SPACING, DIMS)
    live = LiveServer(write_nrrd(folder / "plain.nrrd", octant_volume(affine, DIMS), affine), worker_processes=1).wait()
    for number, axes in enumerate(AXES.values(), 1):
        files = write_series(folder / str(number), centred(axes, SPACING, DIMS), DIMS, StudyInstanceUID=f"{STUDY}.{number}",
                             SeriesInstanceUID=f"{STUDY}.{number}.1", PatientID=f"P{number}")  # fmt: skip
        store(live, [path.read_bytes() for path in files])
    yield live
    live.stop()


def send(live: LiveServer, method: str, path: str, body: Any = None) -> Answer:
    return live.request(method, f"/api{path}", None if body is None else json.dumps(body).encode())


def done(live: LiveServer, method: str, path: str, body: Any = None) -> Any:
    answer = send(live, method, path, body)
    assert answer.status in (200, 201), answer.body
    return answer.json()


def painted(live: LiveServer, volume: str = "") -> tuple[str, list[tuple[str, NDArray[np.float64], float]]]:
    """A new segmentation with a ball and a disk; its id, and of each segment its id, centre and radius."""
    made = done(live, "POST", "/segmentations", {"volume": volume} if volume else {})
    found = []
    for name, centre, radius, normal in (
        ("ball", (9.0, -7.0, 8.0), 7.0, None),
        ("disk", (-9.0, 6.0, -8.0), 8.0, [0.0, 0.6, 0.8]),
    ):
        segment = done(live, "POST", f"/segmentations/{made['id']}/segments", {"name": name, "color": [0.9, 0.2, 0.1]})
        body = {"segment": segment["id"], "points": [centre], "radius": radius, "normal": normal}
        edited = done(live, "POST", f"/segmentations/{made['id']}/strokes", body)
        assert edited["gained"] > 20
        assert set(edited["views"]) >= {"Red", "Green", "Yellow"}
        found.append((segment["id"], np.array(centre), radius))
    return made["id"], found


def check(places: NDArray[np.float64], centre: NDArray[np.float64], radius: float) -> None:
    """Voxel centres, RAS mm, lie around this one and no further than that (a disk's reach beyond its plane included)."""
    assert len(places) > 20
    assert places.mean(axis=0) == pytest.approx(centre, abs=1.3)
    assert np.linalg.norm(places - centre, axis=1).max() <= np.hypot(radius, 4.0)


def test_what_is_painted_is_where_other_readers_find_it_in_seg_nrrd(server: LiveServer, tmp_path: Path) -> None:
    segmentation, segments = painted(server)
    answer = server.get(f"/api/nodes/{segmentation}/file?as=painted.seg.nrrd")
    assert answer.status == 200
    path = tmp_path / "painted.seg.nrrd"
    path.write_bytes(answer.body)
    read = slicerio.read_segmentation(str(path))
    image = SimpleITK.ReadImage(str(path))
    voxels = SimpleITK.GetArrayFromImage(image)
    for (segment_id, centre, radius), described in zip(segments, read["segments"], strict=True):
        assert (described["id"], described["color"]) == (segment_id, pytest.approx([0.9, 0.2, 0.1], abs=1e-3))
        one = slicerio.extract_segments(read, [(described["name"], 1)])
        ijk = np.argwhere(one["voxels"] == 1)
        check((ijk @ read["ijkToLPS"][:3, :3].T + read["ijkToLPS"][:3, 3]) * LPS, centre, radius)
        kji = np.argwhere(voxels == described["labelValue"])
        places = [image.TransformIndexToPhysicalPoint([int(n) for n in index[::-1]]) for index in kji]
        check(np.array(places) * LPS, centre, radius)


@pytest.mark.parametrize("number", [1, 2, 3], ids=AXES.keys())
def test_what_is_painted_is_where_highdicom_finds_it_in_dicom(server: LiveServer, number: int, tmp_path: Path) -> None:
    job = opened(server, f"{STUDY}.{number}")
    assert job["state"] == "done", job
    segmentation, segments = painted(server, job["result"]["loaded"][0]["id"])
    empty = done(server, "POST", f"/segmentations/{segmentation}/segments", {"name": "nothing"})
    answer = server.get(f"/api/segmentations/{segmentation}/dicom")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/dicom"), answer.body
    seg = highdicom.seg.segread(io.BytesIO(answer.body))
    assert (seg.PatientID, seg.StudyInstanceUID, seg.Modality) == (f"P{number}", f"{STUDY}.{number}", "SEG")
    assert [seg.get_segment_description(n).segment_label for n in seg.segment_numbers] == ["ball", "disk"]
    for n, (_segment, centre, radius) in zip(seg.segment_numbers, segments, strict=True):
        volume = seg.get_volume(segment_numbers=[n], combine_segments=False)
        index = np.argwhere(np.asarray(volume.array)[..., 0] > 0)
        check((index @ volume.affine[:3, :3].T + volume.affine[:3, 3]) * LPS, centre, radius)
        color = highdicom.color.CIELabColor.from_dicom_value(
            tuple(int(v) for v in seg.get_segment_description(n).RecommendedDisplayCIELabValue)
        ).to_rgb()
        assert color == pytest.approx((230, 51, 26), abs=4)
    stored = done(server, "POST", f"/segmentations/{segmentation}/dicom")
    assert stored["study"] == f"{STUDY}.{number}"
    found = server.get(f"/dicom/studies/{stored['study']}/series?Modality=SEG").json()
    assert stored["series"] in [one["0020000E"]["Value"][0] for one in found]
    again = opened(server, stored["study"], stored["series"])  # read back by the server itself
    described = done(server, "GET", f"/segmentations/{again['result']['loaded'][0]['id']}")
    assert [one["name"] for one in described["segments"]] == ["ball", "disk"]
    done(server, "DELETE", f"/segmentations/{segmentation}/segments/{empty['id']}")


def test_a_dicom_file_needs_a_series_and_something_painted(server: LiveServer) -> None:
    volumes = done(server, "GET", "/scene")["volumes"]
    plain = next(one["id"] for one in volumes if one["name"] == "plain")
    segmentation, _segments = painted(server, plain)
    answer = send(server, "GET", f"/segmentations/{segmentation}/dicom")
    assert (answer.status, "was not loaded from DICOM" in answer.json()["error"]["message"]) == (400, True)
    dicom = opened(server, f"{STUDY}.1")["result"]["loaded"][0]["id"]
    empty = done(server, "POST", "/segmentations", {"volume": dicom})["id"]
    done(server, "POST", f"/segmentations/{empty}/segments", {})
    answer = send(server, "POST", f"/segmentations/{empty}/dicom")
    assert (answer.status, answer.json()["error"]["message"]) == (400, "no segment has any voxels yet")


def test_effects_statistics_and_undo(server: LiveServer) -> None:
    plain = next(one["id"] for one in done(server, "GET", "/scene")["volumes"] if one["name"] == "plain")
    made = done(server, "POST", "/segmentations", {"volume": plain, "name": "Octants"})
    assert made["name"] == "Octants"
    segment = done(server, "POST", f"/segmentations/{made['id']}/segments", {})["id"]
    body = {"segment": segment, "effect": {"type": "threshold", "range": [95, 135]}}
    edited = done(server, "POST", f"/segmentations/{made['id']}/effects", body)
    assert edited["gained"] == np.prod(DIMS) / 4
    body["effect"] = {"type": "islands", "operation": "keep_largest"}
    assert done(server, "POST", f"/segmentations/{made['id']}/effects", body)["lost"] == 0  # the two octants share an edge only
    measured = done(server, "GET", f"/segmentations/{made['id']}/statistics")["segments"][segment]
    assert measured["voxels"] * 0.015 == pytest.approx(measured["ml"])
    assert done(server, "POST", "/undo")["text"].startswith(("Islands", "Threshold"))
    assert done(server, "DELETE", f"/segmentations/{made['id']}/effects") == {"cancelled": False}


def written_down(live: LiveServer, segmentation: str) -> None:
    """Wait until all that was edited so far is kept for a restart."""
    time.sleep(1.0)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for path in live.data.rglob("journal.jsonl"):
            entries = [json.loads(line) for line in path.read_text().splitlines()]
            if any(entry["type"] == "KeptSegments" and entry["id"] == segmentation for entry in entries):
                time.sleep(1.0)  # a later edit may be written once more
                return
        time.sleep(0.1)
    raise TimeoutError(live.log.read_text())


def test_what_was_painted_outlives_a_crash(server: LiveServer) -> None:
    segmentation, segments = painted(server)
    done(server, "PATCH", f"/segmentations/{segmentation}", {"surface": True, "opacity": 0.5})
    done(server, "PATCH", f"/segmentations/{segmentation}/segments/{segments[0][0]}", {"name": "kept", "visible": False})
    before = done(server, "GET", f"/segmentations/{segmentation}")
    sizes = done(server, "GET", f"/segmentations/{segmentation}/statistics")
    written_down(server, segmentation)
    old = server.scene_pid()
    os.kill(old, signal.SIGKILL)
    comes_back(server, old)
    assert done(server, "GET", f"/segmentations/{segmentation}") == before
    assert done(server, "GET", f"/segmentations/{segmentation}/statistics") == sizes


def test_edits_at_the_same_time_are_done_or_refused(server: LiveServer) -> None:
    plain = next(one["id"] for one in done(server, "GET", "/scene")["volumes"] if one["name"] == "plain")
    made = done(server, "POST", "/segmentations", {"volume": plain})
    segment = done(server, "POST", f"/segmentations/{made['id']}/segments", {})["id"]
    path = f"/segmentations/{made['id']}/effects"
    body = {"segment": segment, "effect": {"type": "threshold", "range": [0, 135]}}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: send(server, "POST", path, body).status, range(8)))
    assert set(answers) <= {200, 503}
    assert 200 in answers
    assert done(server, "GET", f"/segmentations/{made['id']}")["busy"] == ""


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/segmentations/nobody", None, 404),
        ("POST", "/segmentations", {"volume": "nobody"}, 404),
        ("POST", "/segmentations", {"colour": 1}, 400),
        ("PATCH", "/segmentations/{s}", {"opacity": 2}, 400),
        ("PATCH", "/segmentations/{s}", {"id": "other"}, 400),
        ("POST", "/segmentations/{s}/segments", {"color": [1, 2, 3]}, 400),
        ("PATCH", "/segmentations/{s}/segments/nobody", {"name": "x"}, 404),
        ("DELETE", "/segmentations/{s}/segments/nobody", None, 404),
        ("POST", "/segmentations/{s}/strokes", {"segment": "nobody", "points": [[0, 0, 0]], "radius": 1}, 404),
        ("POST", "/segmentations/{s}/strokes", {"segment": "nobody", "points": [[0, 0, 0]], "radius": -1}, 400),
        ("POST", "/segmentations/{s}/strokes", {"segment": "nobody", "points": [], "radius": 1}, 400),
        ("POST", "/segmentations/{s}/strokes", {"segment": "nobody", "points": [[0, 0]], "radius": 1}, 400),
        ("POST", "/segmentations/{s}/effects", {"segment": "nobody", "effect": {"type": "magic"}}, 400),
        ("POST", "/segmentations/{s}/effects", {"segment": "nobody", "effect": {"type": "grow"}}, 404),
        ("POST", "/segmentations/{s}/effects", [], 400),
        ("GET", "/segmentations/nobody/dicom", None, 404),
        ("GET", "/segmentations/nobody/statistics", None, 404),
    ],
)
def test_bad_requests_are_told_why(server: LiveServer, method: str, path: str, body: Any, status: int) -> None:
    known = done(server, "GET", "/segmentations")["segmentations"][0]["id"]
    answer = send(server, method, path.format(s=known), body)
    assert answer.status == status, answer.body
    assert answer.json()["error"]["message"]


def test_pages_of_other_sites_edit_nothing(server: LiveServer) -> None:
    known = done(server, "GET", "/segmentations")["segmentations"][0]["id"]
    answer = server.request("POST", f"/api/segmentations/{known}/segments", b"{}", Origin="https://example.org")
    assert answer.status == 403
