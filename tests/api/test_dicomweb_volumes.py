"""`renderedMPR` and `rendered3D` of a server that has stored a series."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from tests.support.archive_server import ArchiveServer
from tests.support.dicom_phantom import write_series
from tests.support.instances import make_instance
from tests.support.phantoms import centred

DIMS = (32, 28, 24)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    matrix = centred(np.diag([-1.0, -1.0, 1.0]), (1.5, 1.5, 2.0), DIMS)
    paths = write_series(tmp_path_factory.mktemp("series"), matrix, DIMS, StudyID="1", PatientID="P", AccessionNumber="")
    found = ArchiveServer(max_pixels=500_000, gif_frames=20)
    found.paths = paths  # type: ignore[attr-defined]
    try:
        assert found.store(*(path.read_bytes() for path in paths)).status == 200
        yield found
    finally:
        found.stop()


@pytest.fixture
def series(server: ArchiveServer) -> str:
    first = pydicom.dcmread(server.paths[0])  # type: ignore[attr-defined]
    return f"/dicom/studies/{first.StudyInstanceUID}/series/{first.SeriesInstanceUID}"


def picture(server: ArchiveServer, url: str, accept: str = "image/png") -> Image.Image:
    answer = server.get(url, Accept=accept)
    assert answer.status == 200, answer.body
    return Image.open(io.BytesIO(answer.body))


def test_planes_and_views(server: ArchiveServer, series: str) -> None:
    plane = picture(server, f"{series}/renderedMPR?window=127.5,255,linear-exact&viewport=120,120")
    assert (plane.format, plane.size) == ("PNG", (120, 105))
    study = series.partition("/series/")[0]
    same = picture(server, f"{study}/renderedMPR?window=127.5,255,linear-exact&viewport=120,120")
    assert same.tobytes() == plane.tobytes()
    for query in (
        "",
        "?renderingmethod=maximum_ip",
        "?orientation=l&preset=soft&viewport=64,64",
        "?renderingmethod=minimum_ip",
    ):
        assert picture(server, f"{series}/rendered3D{query}", "image/jpeg").format == "JPEG"
    moving = picture(server, f"{series}/rendered3D?swivelrange=40&animationstepsize=10&viewport=64,64", "image/gif")
    assert moving.is_animated


def test_instances_are_picked(server: ArchiveServer, series: str) -> None:
    uids = [pydicom.dcmread(path).SOPInstanceUID for path in server.paths[:12]]  # type: ignore[attr-defined]
    whole = picture(server, f"{series}/renderedMPR?orientation=a&viewport=100,100")
    named = picture(server, f"{series}/renderedMPR?orientation=a&viewport=100,100&volumeinputreference={','.join(uids)}")
    assert whole.size == (100, 100)
    assert named.size == (100, 50)
    one = picture(server, f"{series}/renderedMPR?orientation=f&InstanceNumber=3&window=127.5,255,linear-exact")
    assert one.size == (512, 448)
    assert server.get(f"{series}/renderedMPR?InstanceNumber=999").status == 404
    assert server.get(f"{series}/renderedMPR?volumeinputreference=1.2.3").status == 404


def test_what_a_picture_is_made_with(server: ArchiveServer, series: str) -> None:
    answer = server.get(f"{series}/renderedMPR?orientation=a&mprslab=10&renderedvolumetricmetadata=yes")
    [told] = answer.json()
    assert answer.headers["Content-Type"] == "application/dicom+json"
    assert told["00701503"]["Value"] == [10]
    assert told["0070120D"]["Value"] == ["AVERAGE_IP"]
    names = {"viewpointposition": "00701603", "viewpointlookat": "00701604", "viewpointup": "00701605"}
    camera = "&".join(f"{name}={','.join(map(str, told[tag]['Value']))}" for name, tag in names.items())
    by_camera = picture(server, f"{series}/renderedMPR?mprslab=10&{camera}")
    assert by_camera.tobytes() == picture(server, f"{series}/renderedMPR?mprslab=10&orientation=a").tobytes()


def test_etags(server: ArchiveServer, series: str) -> None:
    first = server.get(f"{series}/rendered3D?viewport=32,32")
    assert server.get(f"{series}/rendered3D?viewport=32,32", If_None_Match=first.headers["ETag"]).status == 304


NOWHERE = "viewpointposition=0,0,0&viewpointlookat=0,0,0&viewpointup=0,0,1"
CAMERA = "viewpointposition=1,2,3&viewpointlookat=0,0,0&viewpointup=0,0,1"


@pytest.mark.parametrize(("query", "status"), [
    ("renderedMPR?orientation=x", 400), ("renderedMPR?renderingmethod=volume_rendered", 400), ("rendered3D?preset=x", 400),
    ("renderedMPR?renderingmethod=x", 400), ("renderedMPR?mprslab=-1", 400), ("renderedMPR?mprslab=x", 400),
    ("rendered3D?mprslab=1", 400), ("renderedMPR?viewpointposition=1,2,3", 400), (f"renderedMPR?orientation=a&{CAMERA}", 400),
    (f"renderedMPR?{CAMERA.replace('1,2,3', '1,2')}", 400), (f"renderedMPR?{NOWHERE}", 400),
    ("rendered3D?swivelrange=400", 400), ("rendered3D?animationrate=5", 400), ("rendered3D?volumetriccurvepoint=1,2,3", 400),
    ("renderedMPR?window=1,2,sigmoid", 400), ("renderedMPR?viewport=9999,9999", 413),
    ("renderedMPR?viewport=1,2,3,4,5,6", 400), ("rendered3D?accept=image/gif", 406),
    ("rendered3D?swivelrange=90&animationstepsize=1&viewport=32,32&accept=image/gif", 413), (f"renderedMPR?{CAMERA}", 200),
])  # fmt: skip
def test_parameters(server: ArchiveServer, series: str, query: str, status: int) -> None:
    answer = server.get(f"{series}/{query}")
    assert answer.status == status, answer.body


def test_what_is_no_volume(server: ArchiveServer, tmp_path: Path) -> None:
    lone = make_instance()
    data = pydicom.dcmread(io.BytesIO(lone))
    assert server.store(lone).status == 200
    url = f"/dicom/studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}"
    assert picture(server, f"{url}/renderedMPR?viewport=32,32").size == (32, 32)  # a single slice without a place in space
    assert server.get(f"{url[:-1]}/renderedMPR").status == 404
