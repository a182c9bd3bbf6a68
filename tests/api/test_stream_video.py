"""Video over narrow links: who gets it, that it is complete, and that it goes where it can not be shown."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.support.link import slow_link
from tests.support.live import LiveServer
from tests.support.stream_client import Picture, StreamClient

WHOLE, VIDEO = 1, 3
KEY, LOSSLESS = 1, 4
HELLO = {"protocol": [1], "codecs": ["jpeg", "png", "vp9"]}


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer().wait()
    yield live
    live.stop()


async def drag(client: StreamClient, stream: int, steps: int, begin: int = 0) -> None:
    """Scroll for a while."""
    for step in range(begin, begin + steps):
        client.set(stream, offset=-100.0 - step)
        await asyncio.sleep(0.03)


def shown(pictures: list[Picture]) -> Any:
    """The last picture of a video, by an independent decoder."""
    decoder = av.CodecContext.create("vp9", "r")
    frame = None
    for picture in pictures:
        (frame,) = decoder.decode(av.Packet(picture.payload))
        assert (frame.width, frame.height) == (picture.width, picture.height)
    assert frame is not None
    return frame.to_ndarray(format="rgb24").astype(float)


async def test_a_far_client_that_shows_video_gets_it_whole_and_in_order(server: LiveServer) -> None:
    async with slow_link(server.port, 2, 0.08) as port:
        client = await StreamClient.connect(port, HELLO)
        assert (await client.message("welcome"))["codecs"] == ["jpeg", "png", "vp9"]
        opened = await client.open("red", (320, 320), still="off")
        await drag(client, opened["stream"], 60)
        last = await client.picture(lambda p: p.n == client.n and p.kind == VIDEO)
        video = [p for p in client.pictures if p.kind == VIDEO]
        assert [bool(p.flags & KEY) for p in video] == [True] + [False] * (len(video) - 1)
        assert {p.codec for p in video} == {2}
        assert len(video) > 20
        found = shown(video)
        await client.close()
    near = await StreamClient.connect(server.port)
    await near.open("red", (last.width, last.height))
    exact = await near.picture(lambda p: p.flags & LOSSLESS)
    await near.close()
    wanted = np.asarray(Image.open(io.BytesIO(exact.payload)).convert("RGB")).astype(float)
    assert np.abs(found - wanted).mean() < 6
    assert np.abs(found[:, ::-1] - wanted).mean() > 12
    jpeg = [p for p in client.pictures if p.kind == WHOLE]
    assert np.mean([len(p.payload) for p in video[1:]]) < 0.7 * np.mean([len(p.payload) for p in jpeg])


async def test_a_near_client_and_one_that_can_not_get_jpeg(server: LiveServer) -> None:
    near = await StreamClient.connect(server.port, HELLO)
    opened = await near.open("red", (320, 320))
    await drag(near, opened["stream"], 30)
    await near.picture(lambda p: p.n == near.n)
    assert VIDEO not in {p.kind for p in near.pictures}
    await near.close()
    async with slow_link(server.port, 2, 0.08) as port:
        old = await StreamClient.connect(port)
        assert (await old.message("welcome"))["codecs"] == ["jpeg", "png"]
        opened = await old.open("red", (320, 320))
        await drag(old, opened["stream"], 40)
        await old.picture(lambda p: p.n == old.n)
        assert VIDEO not in {p.kind for p in old.pictures}
        await old.close()


async def test_a_client_whose_decoder_fails_gets_jpeg_again(server: LiveServer) -> None:
    async with slow_link(server.port, 2, 0.08) as port:
        client = await StreamClient.connect(port, HELLO)
        opened = await client.open("red", (320, 320), still="off")
        await drag(client, opened["stream"], 40)
        await client.picture(lambda p: p.kind == VIDEO)
        client.send("codecs", codecs=["jpeg", "png"])
        await drag(client, opened["stream"], 40, 40)
        last = await client.picture(lambda p: p.n == client.n)
        assert last.kind == WHOLE
        await client.close()


async def test_who_comes_back_gets_a_whole_picture_first(server: LiveServer) -> None:
    async with slow_link(server.port, 2, 0.08) as port:
        first = await StreamClient.connect(port, HELLO)
        welcome = await first.message("welcome")
        opened = await first.open("red", (320, 320), still="off")
        await drag(first, opened["stream"], 50)
        await first.picture(lambda p: p.kind == VIDEO)
        await first.close()
        again = await StreamClient.connect(port, {**HELLO, "resume": {"id": welcome["id"], "secret": welcome["secret"]}})
        again.n = first.n
        await again.message("opened")
        await drag(again, opened["stream"], 60, 60)
        chunk = await again.picture(lambda p: p.kind == VIDEO)
        assert chunk.flags & KEY
        await again.close()
