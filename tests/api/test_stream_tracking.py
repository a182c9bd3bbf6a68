"""The tracked tool moved through the stream."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support.live import LiveServer
from tests.support.stream_client import Picture, StreamClient

FLAT = [1.0, 0.0, 0.0, 0.0]


@pytest.fixture
async def client(demo: LiveServer) -> AsyncIterator[StreamClient]:
    found = await StreamClient.connect(demo.port)
    yield found
    await found.close()


def cursor(picture: Picture) -> NDArray[np.float64]:
    """Middle of the yellow cursor in a picture, in fractions from the top left: (x, y)."""
    rgb = np.asarray(Image.open(io.BytesIO(picture.payload)).convert("RGB")).astype(int)
    yellow = (rgb[..., 0] > 90) & (abs(rgb[..., 0] - rgb[..., 1]) < 25) & (rgb[..., 2] < rgb[..., 0] * 0.4)
    assert yellow.sum() > 30, "there is no cursor in the picture"
    rows, columns = np.nonzero(yellow)
    return np.array((columns.mean() / rgb.shape[1], rows.mean() / rgb.shape[0]))


async def test_the_cursor_goes_where_the_tool_goes(client: StreamClient) -> None:
    opened = await client.open("1", (320, 320))
    stream = opened["stream"]
    client.n += 1
    client.send("set", stream=stream, n=client.n, patch={"look_from": "A"})
    center = opened["state"]["camera"]["focal_point"]

    async def shown_at(right: float, up: float) -> NDArray[np.float64]:
        client.n += 1
        n = client.n
        place = [center[0] + right, center[1] + 220.0, center[2] + up]  # in front of the chest
        client.send("track", stream=stream, n=n, position=place, quaternion=FLAT)
        return cursor(await client.picture(lambda p: p.n >= n and p.flags & 4))

    start = await shown_at(0.0, 0.0)
    np.testing.assert_allclose(start, 0.5, atol=0.03)
    patient_right = await shown_at(60.0, 0.0)
    assert patient_right[0] < start[0] - 0.05, "seen from the front, the patient's right is on the left"
    np.testing.assert_allclose(patient_right[1], start[1], atol=0.02)
    higher = await shown_at(0.0, 60.0)
    assert higher[1] < start[1] - 0.05


async def test_many_updates_end_with_the_newest(demo: LiveServer, client: StreamClient) -> None:
    opened = await client.open("1", (240, 240))
    for step in range(120):
        client.n += 1
        client.send("track", stream=opened["stream"], n=client.n, position=[step - 60.0, 250.0, -170.0], quaternion=FLAT)
        await asyncio.sleep(0.01)
    await client.picture(lambda p: p.n == client.n and p.flags & 4)
    said = demo.get("/slicer/mrml/ids?name=tracker").json()
    assert len(said) == 1
    assert [m for m in client.messages if m["type"] == "error"] == []
    numbers = [p.n for p in client.pictures]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    "fields",
    [
        {"position": [1, 2]},
        {"position": [1, 2, 1e9]},
        {"position": "here"},
        {"quaternion": [0, 0, 0, 0]},
        {"quaternion": [1, 0, 0]},
        {"matrix": [1, 0, 0]},
        {"matrix": [0] * 17},
        {"stream": 99, "position": [1, 2, 3]},
        {"n": -1, "position": [1, 2, 3]},
    ],
)
async def test_a_pose_that_is_none_is_refused(client: StreamClient, fields: dict[str, Any]) -> None:
    opened = await client.open("1", (64, 64))
    client.send("track", **{"stream": opened["stream"], "n": 1, **fields})
    await client.message("error")
    assert not client.closed
