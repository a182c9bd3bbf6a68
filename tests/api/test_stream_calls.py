"""Questions on the stream: what is at a point, what is seen at a place, by the camera that one looks through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
import trimesh

from tests.support.live import LiveServer
from tests.support.phantoms import OCTANTS, centred, octant_volume, write_nrrd
from tests.support.stream_client import StreamClient


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    dims = (40, 32, 24)
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), dims)
    folder = tmp_path_factory.mktemp("calls")
    volume = write_nrrd(folder / "octants.nrrd", octant_volume(affine, dims), affine)
    trimesh.creation.icosphere(subdivisions=3, radius=60.0).export(folder / "ball.ply")
    live = LiveServer(volume, folder / "ball.ply").wait()
    yield live
    live.stop()


@pytest.fixture
async def client(server: LiveServer) -> AsyncIterator[StreamClient]:
    found = await StreamClient.connect(server.port)
    yield found
    await found.close()


async def ask(client: StreamClient, number: int, method: str, args: Any = None) -> dict[str, Any]:
    client.send("call", id=number, method=method, args=args)
    return await client.message("result", lambda m: m["id"] == number)


async def test_probe_tells_the_octant_of_a_point(client: StreamClient) -> None:
    stream = (await client.open("red", (64, 64)))["stream"]
    for number, (signs, value) in enumerate(OCTANTS.items()):
        position = [11.0 * sign for sign in signs]
        answer = await ask(client, number, "probe", {"stream": stream, "position": position})
        (layer,) = answer["value"]["layers"]
        assert layer["value"] == value


async def test_pick_and_state_are_of_the_camera_that_the_stream_looks_through(client: StreamClient) -> None:
    shared = (await client.open("1", (300, 300)))["stream"]
    own = (await client.open("1", (300, 300), camera="own"))["stream"]
    above = {"position": [0.0, 0.0, 300.0], "focal_point": [0.0, 0.0, 0.0], "view_up": [0.0, 1.0, 0.0]}
    front = {"position": [0.0, 300.0, 0.0], "focal_point": [0.0, 0.0, 0.0], "view_up": [0.0, 0.0, 1.0]}
    for number, (stream, camera, seen) in enumerate(((own, above, [0, 0, 60]), (shared, front, [0, 60, 0]))):
        client.set(stream, camera=camera)
        state = (await ask(client, 10 + number, "state", {"stream": stream}))["value"]["state"]
        assert state["camera"]["position"] == pytest.approx(camera["position"])
        middle = await ask(client, 20 + number, "pick", {"stream": stream, "x": 0.5, "y": 0.5})
        assert middle["value"]["position"] == pytest.approx(seen, abs=1.5)
        corner = await ask(client, 30 + number, "pick", {"stream": stream, "x": 0.01, "y": 0.01})
        assert corner["value"] == {"position": None}


async def test_the_list_is_what_the_welcome_said(client: StreamClient) -> None:
    welcome = await client.message("welcome")
    listed = (await ask(client, 1, "list"))["value"]
    assert listed["views"] == welcome["scene"]["views"]
    assert [one["name"] for one in listed["volumes"]] == ["octants"]


@pytest.mark.parametrize(
    ("method", "args", "reason"),
    [
        ("nothing", None, "there is no method 'nothing'"),
        ("probe", None, "Expected `object`"),
        ("probe", {"stream": 99, "position": [0, 0, 0]}, "no stream 99"),
        ("probe", {"stream": 1, "position": [0, 0]}, "length"),
        ("pick", {"stream": 1, "x": 2, "y": 0}, "<= 1"),
        ("state", {"stream": "a"}, "Expected `int`"),
    ],
)
async def test_what_can_not_be_answered_says_why(client: StreamClient, method: str, args: Any, reason: str) -> None:
    await client.open("red", (64, 64))
    answer = await ask(client, 7, method, args)
    assert reason in answer["error"]
    assert "value" not in answer


async def test_a_flood_of_calls_is_bounded_and_all_are_answered(client: StreamClient) -> None:
    stream = (await client.open("red", (64, 64)))["stream"]
    for number in range(60):
        client.send("call", id=number, method="probe", args={"stream": stream, "position": [1.0, 1.0, 1.0]})
    async with asyncio.timeout(20):
        while len([m for m in client.messages if m["type"] == "result"]) < 60:
            await asyncio.sleep(0.02)
    results = [m for m in client.messages if m["type"] == "result"]
    assert any("value" in result for result in results)
    assert all("value" in result or "can wait" in result["error"] for result in results)
