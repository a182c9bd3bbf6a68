"""What a picture's header says is what its pixels show: the grey of the middle tells which offset was drawn, in every codec and
in tiles. And clients that acknowledge badly hurt nobody."""

from __future__ import annotations

import asyncio
import io
import random
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from tests.support.link import slow_link
from tests.support.live import LiveServer
from tests.support.phantoms import centred, write_nrrd
from tests.support.stream_client import Picture, StreamClient

WHOLE, TILE, VIDEO = 1, 2, 3
LOSSLESS = 4
SIZE = 384
SLICES = 64
WINDOW, LEVEL = float(SLICES), SLICES / 2
BESIDE = 0.55
"""Where it looks, in fractions of the picture: near the middle, where tiles do not meet."""
CODECS = ("jpeg", "png", "vp9")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Axial slices whose middle has their number as value; noise around it, so that pictures are large."""
    dims = (160, 160, SLICES)
    voxels = np.random.default_rng(1).integers(0, SLICES, dims[::-1]).astype(np.int16)
    voxels[:, 56:104, 56:104] = np.arange(SLICES)[:, None, None]
    path = write_nrrd(tmp_path_factory.mktemp("stamp") / "stamp.nrrd", voxels, centred(np.eye(3), (1.0, 1.0, 1.0), dims))
    live = LiveServer(path).wait()
    yield live
    live.stop()


def offset_of(number: int) -> float:
    """The offset (mm) of the n-th change; neighbours are far apart."""
    return float(number * 23 % 57 - 28)


def grey_of(offset: float) -> float:
    return (offset + (SLICES - 1) / 2 - (LEVEL - WINDOW / 2)) / WINDOW * 255


class Eye:
    """Reads the stamp in the middle of pictures, in the order they come."""

    def __init__(self) -> None:
        self._video: Any = av.CodecContext.create("vp9", "r")

    def middle(self, picture: Picture) -> float | None:
        """Mean grey of the middle, None where a tile does not hold it."""
        if picture.kind == VIDEO:
            (frame,) = self._video.decode(av.Packet(picture.payload))
            pixels = frame.to_ndarray(format="rgb24")
        else:
            pixels = np.asarray(Image.open(io.BytesIO(picture.payload)).convert("RGB"))
        x, y = int(picture.width * BESIDE) - picture.tx, int(picture.height * BESIDE) - picture.ty
        if not (4 <= x < pixels.shape[1] - 4 and 4 <= y < pixels.shape[0] - 4):
            return None
        return float(pixels[y - 4 : y + 4, x - 4 : x + 4].mean())


def check(client: StreamClient) -> dict[str, int]:
    """That all pictures show what their headers say; how many there were of each kind and codec."""
    eye, found = Eye(), {}
    told = {m["rev"]: m["patch"]["offset"] for m in client.messages if m["type"] == "state" and "offset" in m["patch"]}
    for picture in client.pictures:
        if picture.kind not in (WHOLE, TILE, VIDEO) or picture.n == 0:
            continue
        grey = eye.middle(picture)
        if grey is None:
            continue
        assert abs(grey - grey_of(offset_of(picture.n))) < 5, (picture.fields, grey)
        if picture.rev in told:
            assert told[picture.rev] == pytest.approx(offset_of(picture.n))
        name = f"{CODECS[picture.codec]} {'tile' if picture.kind == TILE else 'whole'}"
        found[name] = found.get(name, 0) + 1
    return found


async def scroll(client: StreamClient, stream: int, steps: int, every_s: float = 0.03) -> None:
    for _ in range(steps):
        client.set(stream, offset=offset_of(client.n + 1))
        await asyncio.sleep(every_s)


async def opened(port: int, *codecs: str) -> tuple[StreamClient, int]:
    client = await StreamClient.connect(port, {"protocol": [1], "codecs": ["jpeg", "png", *codecs]})
    stream = (await client.open("red", (SIZE, SIZE)))["stream"]
    client.set(stream, offset=offset_of(1), window=WINDOW, level=LEVEL)
    await client.picture(lambda p: p.n == 1, timeout=30)
    client.pictures.clear()
    return client, stream


async def test_near_jpeg_and_png(server: LiveServer) -> None:
    client, stream = await opened(server.port)
    for _ in range(3):
        await scroll(client, stream, 30)
        await client.picture(lambda p: p.n == client.n and p.flags & LOSSLESS, timeout=30)
    await client.close()
    found = check(client)
    assert found["jpeg whole"] > 30
    assert found["png whole"] == 3


@pytest.mark.parametrize("codec", ["vp9", "jpeg"])
async def test_far_video_jpeg_and_tiles(server: LiveServer, codec: str) -> None:
    async with slow_link(server.port, 3, 0.08) as port:
        client, stream = await opened(port, *([codec] if codec == "vp9" else []))
        await scroll(client, stream, 100)
        await client.picture(lambda p: p.n == client.n and p.kind == TILE and p.flags & 8, timeout=40)
        await client.close()
    found = check(client)
    assert found[f"{codec} whole"] > 10
    assert found["png tile"] > 0


async def test_late_and_lost_and_made_up_acknowledgements_hurt_nobody(server: LiveServer) -> None:
    good, stream = await opened(server.port)
    bad, other = await opened(server.port)
    bad.acknowledge = False
    chance, done = random.Random(7), asyncio.Event()

    async def acknowledge_badly() -> None:
        while not done.is_set():
            await asyncio.sleep(0.15)
            seq = bad.pictures[-1].seq if bad.pictures else 1
            seq = chance.choice([seq, seq - 3, seq + 1000, 2**31 - 1, 0])
            if chance.random() < 0.7:
                bad.send("ack", stream=other, seq=max(0, seq), recv=0, shown=0, skipped=chance.randrange(3))

    task = asyncio.create_task(acknowledge_badly())
    await scroll(good, stream, 80)
    last = await good.picture(lambda p: p.n == good.n)
    done.set()
    await task
    assert last.n == good.n
    assert check(good)["jpeg whole"] > 30
    await bad.picture(lambda p: p.kind in (WHOLE, TILE))
    await good.close()
    await bad.close()
