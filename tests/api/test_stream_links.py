"""The stream over slow links, and for many: tiles, the age of what is shown, pictures shared and not sent twice."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.link import slow_link
from tests.support.live import LiveServer
from tests.support.stream_client import StreamClient

WHOLE, TILE, UNCHANGED = 1, 2, 5
STILL, LOSSLESS, COMPLETE = 2, 4, 8


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer().wait()
    yield live
    live.stop()


def decoded(payload: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(payload)).convert("RGB"))


def assembled(client: StreamClient) -> Any:
    """The canvas of a page that draws every picture as it comes."""
    canvas = None
    for picture in client.pictures:
        if picture.kind == WHOLE:
            canvas = decoded(picture.payload).copy()
        elif picture.kind == TILE:
            assert canvas is not None
            x, y, width, height = (picture.fields[name] for name in ("tx", "ty", "tw", "th"))
            canvas[y : y + height, x : x + width] = decoded(picture.payload)
    return canvas


async def test_a_still_comes_in_tiles_and_becomes_the_picture_itself(server: LiveServer) -> None:
    async with slow_link(server.port, 2, 0.08) as port:
        client = await StreamClient.connect(port)
        opened = await client.open("1", (480, 400), still="lossless")
        for step in range(10):
            client.set(opened["stream"], camera={"view_angle": 30.0 - step / 10})
            await asyncio.sleep(0.05)
        first = await client.picture(lambda p: p.n == client.n and p.kind == TILE, timeout=40)
        base = next(p for p in reversed(client.pictures) if p.kind == WHOLE)
        assert base.flags & STILL
        assert base.rev == first.rev
        await client.picture(lambda p: p.kind == TILE and p.flags & COMPLETE, timeout=40)
        tiles = [p for p in client.pictures if p.kind == TILE]
        assert all(p.flags & LOSSLESS and p.rev == base.rev for p in tiles)
        assert [bool(p.flags & COMPLETE) for p in tiles] == [False] * (len(tiles) - 1) + [True]
        assert max(len(p.payload) for p in tiles) < 3 * 2e6 / 8 * 0.05  # about 50 ms of the link each
        await client.close()
    async with asyncio.timeout(30):
        near = await StreamClient.connect(server.port)
        await near.open("1", (480, 400))
        whole = await near.picture(lambda p: p.flags & LOSSLESS)
        await near.close()
    assert (assembled(client) == decoded(whole.payload)).all()


async def test_a_new_state_cancels_the_tiles_that_are_left_and_the_still_comes_anew(server: LiveServer) -> None:
    async with slow_link(server.port, 1, 0.05) as port:
        client = await StreamClient.connect(port)
        opened = await client.open("1", (480, 400))
        await client.picture(lambda p: p.kind == TILE, timeout=40)
        n = client.set(opened["stream"], camera={"view_angle": 25.0})
        moved = await client.picture(lambda p: p.n >= n)
        assert moved.kind == WHOLE
        after = [p for p in client.pictures if p.seq > moved.seq]
        assert not [p for p in after if p.kind == TILE and p.rev < moved.rev]
        await client.picture(lambda p: p.n >= n and p.kind == TILE and p.flags & COMPLETE, timeout=40)
        client.set(opened["stream"], camera={"view_angle": 30.0})
        await client.close()


@pytest.mark.parametrize(("mbit", "round_trip_s"), [(20, 0.02), (5, 0.05), (2, 0.08)])
async def test_what_is_shown_does_not_age(server: LiveServer, mbit: float, round_trip_s: float) -> None:
    async with slow_link(server.port, mbit, round_trip_s) as port:
        client = await StreamClient.connect(port)
        opened = await client.open("red", (512, 512))
        await client.picture(lambda p: p.flags & STILL, timeout=30)
        client.pictures.clear()
        for step in range(200):
            client.set(opened["stream"], offset=-200 + step % 100)
            await asyncio.sleep(0.025)
        ages = [p.at - client.sent_at[p.n] for p in client.pictures if p.n in client.sent_at]
        await client.close()
    assert len(ages) > 15
    late = ages[len(ages) // 2 :]
    assert float(np.median(late)) < 1.0, ages  # without credits it is seconds, and grows


async def test_the_same_picture_is_said_and_not_sent_again(server: LiveServer) -> None:
    client = await StreamClient.connect(server.port)
    opened = await client.open("green", (200, 200), still="off")
    n = client.set(opened["stream"], offset=-40.0)
    await client.picture(lambda p: p.n >= n and p.kind == WHOLE)
    again = client.set(opened["stream"], offset=-40.0)
    said = await client.picture(lambda p: p.n >= again)
    assert (said.kind, said.length) == (UNCHANGED, 0)
    await client.close()


def frames(server: LiveServer, how: str) -> float:
    found = re.search(rf'slicecast_frames_total{{how="{how}"}} (\S+)', server.get("/metrics").body.decode())
    return float(found[1]) if found else 0.0


async def test_renders_grow_with_states_and_not_with_people(server: LiveServer) -> None:
    people = [await StreamClient.connect(server.port) for _ in range(10)]
    opened = [await client.open("yellow", (256, 256), still="off") for client in people]
    for client in people:
        await client.picture()
    before = frames(server, "asked"), frames(server, "shared")
    for step in range(40):
        people[0].set(opened[0]["stream"], offset=step * 0.5)
        await asyncio.sleep(0.05)
    for client in people:
        await client.picture(lambda p: p.n >= people[0].n if client is people[0] else True)  # noqa: B023
    await asyncio.sleep(0.5)
    asked, shared = frames(server, "asked") - before[0], frames(server, "shared") - before[1]
    seen = sum(len(client.pictures) for client in people[1:])
    for client in people:
        await client.close()
    assert seen > 9 * 10
    assert asked < 40 * 3
    assert shared > asked


def stage_count(server: LiveServer, stage: str) -> float:
    name = rf'slicecast_picture_seconds_count\{{door="stream",stage="{stage}"\}} (\S+)'
    found = re.search(name, server.get("/metrics").body.decode())
    return float(found[1]) if found else 0.0


async def test_every_stage_of_a_picture_is_in_the_metrics(server: LiveServer) -> None:
    stages = ("wait", "render", "encode", "send", "ack")
    before = [stage_count(server, stage) for stage in stages]
    client = await StreamClient.connect(server.port)
    opened = await client.open("red", (128, 128), still="off")
    for step in range(5):
        n = client.set(opened["stream"], offset=-70.0 + step)
        await client.picture(lambda p: p.n >= n)  # noqa: B023
    async with asyncio.timeout(10):
        while [stage_count(server, stage) for stage in stages] != [count + len(client.pictures) for count in before]:
            await asyncio.sleep(0.05)
    await client.close()
