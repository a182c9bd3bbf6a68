"""Video over narrow links: who gets it, as what, that it is complete, and that it goes where it can not be shown or coded."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from backend.render.video_probe import decoder_of
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


@pytest.fixture(scope="module")
def several() -> Iterator[LiveServer]:
    """A server told to code by several encoders, of which the first needs a GPU."""
    names = ["h264_nvenc", "libsvtav1", "libx264", "libvpx-vp9"]
    if not set(names) <= set(av.codecs_available):
        pytest.skip(f"this PyAV does not have all of {names}")
    live = LiveServer(video_encoders=names).wait()
    live.wait_said("video by")  # each is tried in the background
    yield live
    live.stop()


async def drag(client: StreamClient, stream: int, steps: int, begin: int = 0) -> None:
    """Scroll for a while."""
    for step in range(begin, begin + steps):
        client.set(stream, offset=-100.0 - step % 150)
        await asyncio.sleep(0.03)


async def drag_until(client: StreamClient, stream: int, test: Any) -> Picture:
    """Scroll until a picture passes a test."""
    for _ in range(20):
        await drag(client, stream, 20, client.n)
        if found := [picture for picture in client.pictures if test(picture)]:
            return found[0]
    raise AssertionError(f"none of {len(client.pictures)} pictures")


def shown(pictures: list[Picture], codec: str = "vp9") -> Any:
    """The last picture of a video, by an independent decoder."""
    decoder = decoder_of(codec)
    frame = None
    for picture in pictures:
        (frame,) = decoder.decode(av.Packet(picture.payload))
        assert frame.width in (picture.width, picture.width + picture.width % 2)
        assert frame.height in (picture.height, picture.height + picture.height % 2)
    assert frame is not None
    return frame.to_ndarray(format="rgb24").astype(float)[: pictures[-1].height, : pictures[-1].width]


async def exact(server: LiveServer, like: Picture) -> Any:
    """What the view shows now, of this size."""
    near = await StreamClient.connect(server.port)
    await near.open("red", (like.width, like.height))
    still = await near.picture(lambda p: p.flags & LOSSLESS)
    await near.close()
    return np.asarray(Image.open(io.BytesIO(still.payload)).convert("RGB")).astype(float)


def codecs_told(client: StreamClient) -> list[str]:
    """What the codec byte means."""
    told: list[list[str]] = [message["codecs"] for message in client.messages if message["type"] in ("welcome", "codecs")]
    return told[-1]


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
    wanted = await exact(server, last)
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


@pytest.mark.parametrize(("shows", "codec"), [(["vp9", "h264"], "h264"), (["vp9", "h264", "av1"], "av1"), (["vp9"], "vp9")])
async def test_the_first_of_the_servers_encoders_whose_codec_the_client_shows(
    several: LiveServer, shows: list[str], codec: str
) -> None:
    async with slow_link(several.port, 2, 0.08) as port:
        client = await StreamClient.connect(port, {"protocol": [1], "codecs": ["jpeg", "png", *shows]})
        stream = (await client.open("red", (321, 241), still="off"))["stream"]
        await drag_until(client, stream, lambda p: p.kind == VIDEO)
        await drag(client, stream, 20, client.n)
        last = await client.picture(lambda p: p.n == client.n and p.kind == VIDEO)
        await client.close()
    told = codecs_told(client)
    assert set(told) == {"jpeg", "png", *shows}
    video = [p for p in client.pictures if p.kind == VIDEO]
    assert {told[p.codec] for p in video} == {codec}
    keys = [number for number, p in enumerate(video) if p.flags & KEY]
    assert keys[0] == 0
    found, wanted = shown(video[keys[-1] :], codec), await exact(several, last)
    assert np.abs(found - wanted).mean() < 6
    assert np.abs(found[:, ::-1] - wanted).mean() > 12


async def test_where_an_encoder_refuses_pictures_another_codes_them_or_jpeg_comes(several: LiveServer) -> None:
    """SVT-AV1 takes none of less than 4 pixels."""
    for others, kind in ((["vp9"], VIDEO), ([], WHOLE)):
        async with slow_link(several.port, 2, 0.08) as port:
            client = await StreamClient.connect(port, {"protocol": [1], "codecs": ["jpeg", "png", "av1", *others]})
            stream = (await client.open("red", (320, 320), still="off"))["stream"]
            coded = await drag_until(client, stream, lambda p: p.kind == VIDEO)
            told = codecs_told(client)
            assert told[coded.codec] == "av1"
            client.send("resize", stream=stream, size=[3, 3])
            small = await drag_until(client, stream, lambda p: p.width <= 3)
            assert (small.kind, told[small.codec]) == (kind, "vp9" if others else "jpeg")
            assert small.flags & KEY
            assert small.payload
            client.send("resize", stream=stream, size=[320, 320])
            client.pictures.clear()
            again = await drag_until(client, stream, lambda p: p.width > 100 and p.kind == VIDEO)
            assert told[again.codec] == "av1"
            assert again.flags & KEY
            await client.close()


async def test_who_came_before_the_scene_is_told_what_it_codes() -> None:
    live = LiveServer().wait("starting")
    try:
        async with slow_link(live.port, 2, 0.08) as port:
            client = await StreamClient.connect(port, HELLO)
            welcome = await client.message("welcome")
            if welcome["scene"]["status"] == "starting":
                assert welcome["codecs"] == ["jpeg", "png"]
            await asyncio.to_thread(live.wait)
            stream = (await client.open("red", (320, 320), still="off"))["stream"]
            coded = await drag_until(client, stream, lambda p: p.kind == VIDEO)
            assert codecs_told(client)[coded.codec] == "vp9"
            await client.close()
    finally:
        live.stop()
