"""Large surfaces in motion: fewer triangles while the view turns, all of them when it stands."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support.live import LiveServer
from tests.support.phantoms import bumpy_sphere
from tests.support.stream_client import COARSE, LOSSLESS, STILL, Picture, StreamClient

SIZE = (400, 400)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    live = LiveServer(bumpy_sphere(tmp_path_factory.mktemp("surface"), 100_000)).wait()
    yield live
    live.stop()


def rgb(data: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(np.int64)


def yellow(pixels: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (pixels[..., 0] > pixels[..., 2] * 1.5) & (pixels[..., 1] > pixels[..., 2] * 1.5)


async def test_it_is_coarse_while_it_turns_and_whole_when_it_stands(server: LiveServer) -> None:
    client = await StreamClient.connect(server.port)
    stream = (await client.open("1", SIZE))["stream"]

    async def coarse_at(look_from: str) -> Picture:
        """The newest picture in motion; the smaller copy is made the first time it is wanted."""
        n = client.set(stream, look_from=look_from)
        return await client.picture(lambda p: p.n >= n and p.flags & COARSE and not p.flags & STILL)

    await client.picture(lambda p: p.flags & STILL)  # the first picture in motion has been: the copy is under way
    axes = iter("ARPLARPLARPL")
    moving = None
    while moving is None:
        client.pictures.clear()
        try:
            moving = await coarse_at(next(axes))
        except TimeoutError:
            continue
    whole = await client.picture(lambda p: p.n >= client.n and p.flags & LOSSLESS)
    await client.close()
    assert not whole.flags & COARSE
    shown = rgb(whole.payload)
    assert np.array_equal(shown, rgb(server.get(f"/threeD?size={SIZE[0]}").body)), "what stands is what the picture route draws"
    width, height = moving.width, moving.height
    small = yellow(rgb(moving.payload))
    like = yellow(np.asarray(Image.fromarray(shown.astype(np.uint8)).resize((width, height))).astype(np.int64))
    assert like.sum() > 0.1 * like.size
    assert (small != like).mean() < 0.02, "the same shape"
