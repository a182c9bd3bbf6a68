"""A machine without OpenGL: slices and volumes as everywhere, geometry refused with what to do about it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from tests.support.live import LiveServer
from tests.support.stream_client import LOSSLESS, StreamClient

ADVICE = ("no OpenGL driver", "install libegl1", "gl=auto")
TETRAHEDRON = "v 0 0 0\nv 30 0 0\nv 0 30 0\nv 0 0 30\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n"


@pytest.fixture(scope="module")
def without() -> Iterator[LiveServer]:
    live = LiveServer(gl="none").wait()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def with_gl() -> Iterator[LiveServer]:
    """A demo scene that no other test has put anything into."""
    live = LiveServer().wait()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def geometry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    path = tmp_path_factory.mktemp("geometry") / "tetrahedron.obj"
    path.write_text(TETRAHEDRON)
    live = LiveServer(path, gl="none").wait()
    yield live
    live.stop()


def pixels(live: LiveServer, path: str) -> np.ndarray:
    answer = live.get(path)
    assert answer.status == 200, answer.body
    return np.asarray(Image.open(io.BytesIO(answer.body)).convert("RGB")).astype(int)


@pytest.mark.parametrize("rest", ["", "&overlays=1", "&labels=1"])
def test_slices_are_the_same_pixel_by_pixel(with_gl: LiveServer, without: LiveServer, rest: str) -> None:
    path = f"/slice?view=red&orientation=axial&offset=-170&size=300{rest}"
    pictures = [pixels(live, path) for live in (with_gl, without)]
    assert pictures[0].std() > 20
    assert (pictures[0] == pictures[1]).all()


def test_volumes_are_drawn_in_3d_and_geometry_is_left_out(without: LiveServer) -> None:
    picture = pixels(without, "/threeD?lookFromAxis=A&size=200")
    background = picture[:, :1]
    assert (np.abs(picture - background).max(axis=2) > 20).mean() > 0.1
    assert without.get("/slicer/threeD?size=200").headers["Content-Type"] == "image/png"


def test_geometry_alone_is_refused_with_what_to_do(geometry: LiveServer) -> None:
    own = geometry.get("/threeD")
    assert own.status == 503
    assert "Retry-After" not in own.headers  # trying again is no use
    slicers = geometry.get("/slicer/threeD")
    assert (slicers.status, slicers.json()["success"]) == (500, False)
    for message in (own.json()["error"]["message"], slicers.json()["message"]):
        for words in ADVICE:
            assert words in message


async def test_the_stream_says_so_once_and_goes_on(geometry: LiveServer) -> None:
    client = await StreamClient.connect(geometry.port)
    try:
        assert (await client.message("welcome"))["scene"]["gl"] is None
        opened = await client.open("1", (100, 100))
        error = await client.message("error")
        assert (error["code"], error["for"]) == ("not_drawn", opened["ref"])
        assert ADVICE[0] in error["message"]
        await client.open("red", (100, 100))
        await client.picture(lambda p: p.flags & LOSSLESS)
        assert len([m for m in client.messages if m["type"] == "error"]) == 1
    finally:
        await client.close()


def test_the_scene_is_ready_and_the_log_says_what_is_missing(without: LiveServer) -> None:
    assert without.get("/readyz").status == 200
    assert without.get("/api/scene").json()["gl"] is None
    said = [line for line in without.log_lines() if line["level"] == "warning" and ADVICE[0] in line["event"]]
    assert len(said) == 1
    assert all(words in said[0]["event"] for words in ADVICE)


def test_a_server_with_a_driver_says_nothing_of_it(demo: LiveServer) -> None:
    assert demo.get("/api/scene").json()["gl"]
    assert ADVICE[0] not in demo.log.read_text()
