"""Whatever is done in between, a picture that the gateway knows is the one that the scene would give."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator

import pytest

from tests.support.live import Answer, LiveServer
from tests.support.stream_client import StreamClient

STEPS = 400
VIEWS = ("red", "yellow", "green")
WINDOW = 'slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeDisplayNode").SetWindow({})'


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(enable_exec=True).wait()
    yield live
    live.stop()


def some_picture(chance: random.Random) -> str:
    """An address of a picture, which may move its view."""
    view, kind = chance.choice(VIEWS), chance.random()
    slices = f"/slice?view={view}&size=128"
    if kind < 0.35:
        return slices
    if kind < 0.7:
        return f"{slices}&offset={chance.choice([-150, -140, -30, 0, 20])}"
    if kind < 0.8:
        return f"{slices}&scrollTo={chance.choice([0.3, 0.5])}"
    if kind < 0.85:
        return f"/slicer/slice?view={view}&size=100&orientation={chance.choice(['axial', 'sagittal', 'coronal'])}"
    if kind < 0.9:
        return f"{slices}&overlays=1&labels=1"
    return "/threeD?size=96" + chance.choice(["", "", "&lookFromAxis=left", "&lookFromAxis=superior"])


async def change_something(server: LiveServer, client: StreamClient, streams: dict[str, int], chance: random.Random) -> None:
    """Often nothing; else by a stream, whose changes are not answered, by users' code, or by other routes."""
    stream, kind = streams[chance.choice(VIEWS)], chance.random()
    if kind < 0.08:
        client.set(stream, window=chance.choice([100.0, 300.0, 900.0]))
    elif kind < 0.14:
        client.set(stream, offset=chance.choice([-151.0, -20.0, 10.0]))
    elif kind < 0.18:
        code = WINDOW.format(chance.choice([80, 500])).encode()
        assert (await asyncio.to_thread(server.request, "POST", "/slicer/exec", code)).status == 200
    elif kind < 0.2:
        await asyncio.to_thread(server.get, f"/threeD?size=96&orbitX={chance.random():.2f}")
    elif kind < 0.22:
        body = json.dumps({"follow": chance.random() < 0.5}).encode()
        await asyncio.to_thread(server.request, "PUT", "/api/tracking", body)
    elif kind < 0.25:
        at = chance.randint(-50, 50)
        await asyncio.to_thread(server.get, f"/tracking?m=1,0,0,{at},0,1,0,0,0,0,1,0,0,0,0,1&fmt=text")


async def test_what_is_known_is_what_the_scene_would_give(server: LiveServer) -> None:
    chance = random.Random(20261126)
    client = await StreamClient.connect(server.port)
    streams = {view: (await client.open(view, (64, 64)))["stream"] for view in VIEWS}
    addresses = [some_picture(chance) for _ in range(4)]
    known = 0
    for step in range(STEPS):
        await change_something(server, client, streams, chance)
        await asyncio.sleep(chance.choice([0.0, 0.0, 0.0, 0.005, 0.05]))
        if chance.random() < 0.2:
            addresses[chance.randrange(len(addresses))] = some_picture(chance)
        client.send("probe", id=step, t=0)  # what was said on the stream before has come when this is answered
        await client.message("probe", lambda message, step=step: message["id"] == step)
        address = chance.choice(addresses)
        given: Answer = await asyncio.to_thread(server.get, address)
        asked: Answer = await asyncio.to_thread(server.get, address, If_None_Match=f'"{step}"')  # no picture has this tag
        assert "Server-Timing" in asked.headers
        assert (given.status, given.body) == (asked.status, asked.body), address
        known += "Server-Timing" not in given.headers
    await client.close()
    assert known > STEPS / 20
