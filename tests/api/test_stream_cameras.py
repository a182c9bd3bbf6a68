"""Own cameras: members of the stream look around by themselves in views whose content they share."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.live import LiveServer
from tests.support.stream_client import LOSSLESS, Picture, StreamClient

HELLO = {"protocol": [1], "codecs": ["jpeg", "png"]}


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(stream_role="watch", stream_resume_s=3.0, enable_exec=True).wait()
    yield live
    live.stop()


@pytest.fixture
async def pair(server: LiveServer) -> AsyncIterator[tuple[StreamClient, StreamClient]]:
    """Ada, who steers, and Bea, who watches."""
    ada, bea = await join(server), await join(server)
    told = await ada.message("members", lambda m: [one["id"] for one in m["members"]] == [name(ada), name(bea)])
    assert [one["role"] for one in told["members"]] == ["steer", "watch"]
    yield ada, bea
    await bea.close()
    await ada.close()


async def join(server: LiveServer, **hello: Any) -> StreamClient:
    client = await StreamClient.connect(server.port, {**HELLO, **hello})
    await client.message("welcome")
    return client


def name(client: StreamClient) -> str:
    return str(client.messages[0]["id"])


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.payload)).convert("RGB"))


async def exact(client: StreamClient, stream: int, n: int = 0) -> np.ndarray:
    """The newest lossless picture of a stream that shows the change `n`."""
    return pixels(await client.picture(lambda p: p.stream == stream and p.n >= n and p.flags & LOSSLESS, timeout=30))


def http(server: LiveServer, path: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(server.get(path).body)).convert("RGB"))


async def settled(client: StreamClient) -> None:
    """Whatever the server has to say about what was said so far has come."""
    client.send("probe", id="settled", t=client.n)
    await client.message("probe", lambda m: m["t"] == client.n)
    await asyncio.sleep(0.2)


async def test_own_slices_move_alone_and_the_shared_one_stays(
    server: LiveServer, pair: tuple[StreamClient, StreamClient]
) -> None:
    ada, bea = pair
    shared = await ada.open("red", (200, 200))
    n = ada.set(shared["stream"], offset=-120.0)
    before = await exact(ada, shared["stream"], n)
    own = await bea.open("red", (200, 200), camera="own")
    assert (own["camera"], own["state"]["offset"]) == ("own", pytest.approx(-120.0))
    assert (await exact(bea, own["stream"]) == before).all()  # it begins where the shared one is
    count = len(ada.pictures)
    n = bea.set(own["stream"], offset=-60.0)
    moved = await exact(bea, own["stream"], n)
    assert np.abs(moved.astype(int) - before).mean() > 2
    told = await bea.message("state", lambda m: m["patch"].get("offset") == pytest.approx(-60.0))
    assert (told["stream"], told["by"]) == (own["stream"], name(bea))
    await settled(ada)
    assert len(ada.pictures) == count
    assert not [m for m in ada.messages if m["type"] == "state" and m["patch"].get("offset") == pytest.approx(-60.0)]
    n = ada.set(shared["stream"], offset=-60.0)  # the same place is the same picture
    assert (await exact(ada, shared["stream"], n) == moved).all()
    assert (http(server, "/slice?view=red&overlays=1&size=200") == moved).all()


async def test_own_orientation_zoom_and_fit_leave_the_shared_view_alone(
    server: LiveServer, pair: tuple[StreamClient, StreamClient]
) -> None:
    ada, bea = pair
    before = http(server, "/slice?view=green&overlays=1&size=200")
    state = (await ada.open("green", (64, 64)))["state"]
    own = await bea.open("green", (200, 200), camera="own")
    n = bea.set(own["stream"], orientation="Axial", fov=[100.0, 100.0])
    axial = await exact(bea, own["stream"], n)
    told = await bea.message("state", lambda m: m["patch"].get("orientation") == "Axial")
    assert told["patch"]["edges"] == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert told["patch"]["fov"] == [100.0, 100.0]
    assert np.abs(axial.astype(int) - before).mean() > 2
    again = await ada.open("green", (64, 64))
    assert again["state"] == state
    assert (http(server, "/slice?view=green&overlays=1&size=200") == before).all()
    n = bea.set(own["stream"], fit=True)
    fitted = await exact(bea, own["stream"], n)
    assert server.get("/slicer/slice?view=yellow&orientation=axial&size=200").status == 200
    yellow = await ada.open("yellow", (200, 200))
    n = ada.set(yellow["stream"], fit=True)
    assert (await exact(ada, yellow["stream"], n) == fitted).all()  # as any axial view of this volume, not mirrored


async def test_markups_are_drawn_where_each_looks(server: LiveServer, pair: tuple[StreamClient, StreamClient]) -> None:
    ada, bea = pair
    script = b"p = slicer.mrmlScene.AddNewNodeByClass('vtkMRMLMarkupsFiducialNode'); p.AddControlPoint(0, 0, -80)"
    assert server.request("POST", "/slicer/exec", script).status == 200
    shared = await ada.open("red", (200, 200))
    n = ada.set(shared["stream"], offset=-80.0)
    with_point = await exact(ada, shared["stream"], n)
    own = await bea.open("red", (200, 200), camera="own")
    assert (await exact(bea, own["stream"]) == with_point).all()
    n = bea.set(own["stream"], offset=-140.0)
    without = await exact(bea, own["stream"], n)
    n = bea.set(own["stream"], offset=-80.0)
    assert (await exact(bea, own["stream"], n) == with_point).all()
    n = ada.set(shared["stream"], offset=-140.0)
    assert (await exact(ada, shared["stream"], n) == without).all()
    await settled(ada)
    counts = len(ada.pictures), len(bea.pictures)
    await asyncio.sleep(1.0)
    assert (len(ada.pictures), len(bea.pictures)) == counts  # drawing for one is no news to the other
    node = b"import slicer; __execResult = {'z': slicer.app.layoutManager().sliceWidget('Red').sliceLogic().GetSliceOffset()}"
    assert server.request("POST", "/slicer/exec", node).json()["z"] == pytest.approx(-140.0)
    clean = b"slicer.mrmlScene.RemoveNode(slicer.mrmlScene.GetFirstNodeByClass('vtkMRMLMarkupsFiducialNode'))"
    server.request("POST", "/slicer/exec", clean)


async def test_own_3d_cameras_turn_alone(server: LiveServer, pair: tuple[StreamClient, StreamClient]) -> None:
    ada, bea = pair
    shared = await ada.open("1", (128, 128))
    before = await exact(ada, shared["stream"])
    own = await bea.open("1", (128, 128), camera="own")
    assert own["state"]["camera"] == shared["state"]["camera"]
    assert (await exact(bea, own["stream"]) == before).all()
    count = len(ada.pictures)
    n = bea.set(own["stream"], look_from="L")
    turned = await exact(bea, own["stream"], n)
    assert np.abs(turned.astype(int) - before).mean() > 2
    drag = [[0, "down", 0.5, 0.5, 1, 0], [9, "move", 0.7, 0.5, 1, 0], [9, "up", 0.7, 0.5, 0, 0]]
    bea.n += 1
    bea.send("input", stream=own["stream"], n=bea.n, size=[128, 128], events=drag)
    assert np.abs((await exact(bea, own["stream"], bea.n)).astype(int) - turned).mean() > 1
    await settled(ada)
    assert len(ada.pictures) == count
    assert (await ada.open("1", (64, 64)))["state"]["camera"] == shared["state"]["camera"]
    bea.send("camera", stream=own["stream"], camera="shared")
    back = await bea.message("camera")
    assert (back["camera"], back["state"]["camera"]) == ("shared", shared["state"]["camera"])


async def test_window_and_level_are_shared(server: LiveServer, pair: tuple[StreamClient, StreamClient]) -> None:
    ada, bea = pair
    own = await ada.open("red", (128, 128), camera="own")
    other = await bea.open("red", (128, 128), camera="own")
    bea.set(other["stream"], offset=-90.0)
    await bea.message("state", lambda m: m["patch"].get("offset") == pytest.approx(-90.0))
    n = ada.set(own["stream"], offset=-50.0, window=333.0, level=44.0)
    await ada.picture(lambda p: p.stream == own["stream"] and p.n >= n)
    told = await bea.message("state", lambda m: m["patch"].get("window") == 333.0)
    assert "offset" not in told["patch"]
    state = (await bea.open("red", (64, 64)))["state"]
    assert (state["window"], state["level"]) == (333.0, 44.0)
    assert state["offset"] not in (pytest.approx(-50.0), pytest.approx(-90.0))
    drag = [[0, "down", 0.5, 0.5, 1, 0], [9, "move", 0.6, 0.5, 1, 0], [9, "up", 0.6, 0.5, 0, 0]]
    ada.n += 1
    ada.send("input", stream=own["stream"], n=ada.n, size=[128, 128], events=drag)
    await bea.message("state", lambda m: m["patch"].get("window", 0) > 333.0)


async def test_who_watches_may_look_around_but_change_nothing(
    server: LiveServer, pair: tuple[StreamClient, StreamClient]
) -> None:
    _ada, bea = pair
    opened = await bea.open("red", (128, 128))
    bea.send("set", stream=opened["stream"], n=1, patch={"offset": -33.0})
    assert "watch" in (await bea.message("error"))["message"]
    bea.send("camera", stream=opened["stream"], camera="own")
    bea.n = 1
    n = bea.set(opened["stream"], offset=-33.0)
    await bea.picture(lambda p: p.n >= n)
    assert (await bea.message("camera"))["camera"] == "own"
    for patch in ({"window": 5.0}, {"offset": -1.0, "level": 5.0}, {"background": "x"}):
        bea.messages[1:] = []
        bea.send("set", stream=opened["stream"], n=bea.n + 1, patch=patch)
        assert "watch" in (await bea.message("error"))["message"]
    window = (await bea.open("red", (64, 64)))["state"]["window"]
    events = [
        [0, "down", 0.5, 0.5, 1, 0],
        [9, "move", 0.9, 0.5, 1, 0],
        [9, "up", 0.9, 0.5, 0, 0],
        [0, "wheel", 0.5, 0.5, 0, 0, 100],
    ]
    bea.n += 2
    bea.send("input", stream=opened["stream"], n=bea.n, size=[128, 128], events=events)
    told = await bea.message("state", lambda m: m.get("stream") == opened["stream"] and m["patch"].get("offset", -33.0) < -33.0)
    assert told["patch"].get("window", window) == window
    assert (await bea.open("red", (64, 64)))["state"]["window"] == window
    bea.send("track", stream=opened["stream"], n=bea.n + 1, position=[1, 2, 3])
    await bea.message("error")


async def test_back_to_the_shared_camera_and_forgotten(server: LiveServer, pair: tuple[StreamClient, StreamClient]) -> None:
    ada, bea = pair
    shared = await ada.open("red", (128, 128))
    n = ada.set(shared["stream"], offset=-101.0)
    here = await exact(ada, shared["stream"], n)
    opened = await bea.open("red", (128, 128))
    for round_ in range(20):  # switching to and fro faster than anybody can answer
        bea.send("camera", stream=opened["stream"], camera="own")
        bea.set(opened["stream"], offset=-20.0 - round_)
        bea.send("camera", stream=opened["stream"], camera="shared")
    await settled(bea)
    assert not [m for m in bea.messages if m["type"] == "error"]
    bea.pictures.clear()
    bea.send("resize", stream=opened["stream"], size=[129, 129])
    bea.send("resize", stream=opened["stream"], size=[128, 128])
    assert (await exact(bea, opened["stream"])).shape == here.shape
    last = [m for m in bea.messages if m["type"] == "camera"][-1]
    assert (last["camera"], last["state"]["offset"]) == ("shared", pytest.approx(-101.0))
    assert (pixels([p for p in bea.pictures if p.flags & LOSSLESS][-1]) == here).all()
    bea.messages[1:] = []
    bea.send("camera", stream=opened["stream"], camera="own")
    assert (await bea.message("camera"))["state"]["offset"] == pytest.approx(-101.0)  # not where the forgotten one was
    count = len(bea.pictures)
    n = ada.set(shared["stream"], offset=-102.0)
    await ada.picture(lambda p: p.n >= n)
    await settled(bea)
    assert not [p for p in bea.pictures[count:] if not p.flags]


async def test_it_is_there_again_after_a_loss_and_a_crash(server: LiveServer, pair: tuple[StreamClient, StreamClient]) -> None:
    ada, bea = pair
    own = await bea.open("red", (128, 128), camera="own")
    n = bea.set(own["stream"], offset=-71.0, fov=[150.0, 150.0])
    sharp = await exact(bea, own["stream"], n)
    three = await bea.open("1", (96, 96), camera="own")
    bea.set(three["stream"], look_from="I")
    await bea.message("state", lambda m: m.get("stream") == three["stream"] and "camera" in m["patch"])
    key = {"id": name(bea), "secret": bea.messages[0]["secret"]}
    told = bea.n
    await bea.close()
    again = await join(server, resume=key)
    assert again.messages[0]["resumed"] is True
    opened = await again.message("opened", lambda m: m["stream"] == own["stream"])
    assert (opened["camera"], opened["state"]["offset"]) == ("own", pytest.approx(-71.0))
    first = await again.picture(lambda p: p.stream == own["stream"])
    assert (first.n, first.seq) == (told, 1)  # `n` goes on
    assert (await exact(again, own["stream"]) == sharp).all()
    turned = (await again.message("opened", lambda m: m["stream"] == three["stream"]))["state"]["camera"]
    await again.close()  # and the scene dies while nobody is there
    os.kill(server.scene_pid(), signal.SIGKILL)
    await ada.message("scene", lambda m: m["scene"]["status"] == "restarting")
    ada.messages[1:] = []
    third = await join(server, resume=key)
    await third.message("scene", lambda m: m["scene"]["status"] == "ready", timeout=40)
    state = await third.message("state", lambda m: m.get("stream") == own["stream"] and "slice_to_ras" in m["patch"])
    assert state["patch"]["offset"] == pytest.approx(-71.0)
    assert (await exact(third, own["stream"]) == sharp).all()
    state = await third.message("state", lambda m: m.get("stream") == three["stream"] and "camera" in m["patch"])
    assert state["patch"]["camera"]["position"] == pytest.approx(turned["position"])
    n = third.n = told + 1
    third.send("set", stream=own["stream"], n=n, patch={"offset": -72.0})
    await third.picture(lambda p: p.stream == own["stream"] and p.n == n)
    await third.close()


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "camera", "stream": 99, "camera": "own"}',
        '{"type": "camera", "stream": 1, "camera": "theirs"}',
        '{"type": "camera", "stream": 1}',
        '{"type": "camera", "stream": "1", "camera": "own"}',
        '{"type": "camera", "stream": 1, "camera": null}',
        '{"type": "open", "view": "red", "size": [64, 64], "camera": 1}',
        '{"type": "open", "view": "blue", "size": [64, 64], "camera": "own"}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"offset": 1e300}}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"fov": [-1, 1]}}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"slice_to_ras": [1]}}',
    ],
)
async def test_bad_messages_are_answered_and_harm_nothing(pair: tuple[StreamClient, StreamClient], message: str) -> None:
    _ada, bea = pair
    own = await bea.open("red", (64, 64), camera="own")
    bea.socket.write_message(message)
    await bea.message("error")
    n = bea.set(own["stream"], offset=-42.0)
    await bea.picture(lambda p: p.n >= n)


async def test_what_the_scene_refuses_leaves_the_own_camera_where_it_is(pair: tuple[StreamClient, StreamClient]) -> None:
    _ada, bea = pair
    own = await bea.open("red", (64, 64), camera="own")
    before = await exact(bea, own["stream"])
    n = bea.set(own["stream"], slice_to_ras=[2.0] * 16)
    bea.set(own["stream"], orientation="Upside", offset=-3.0)
    await bea.picture(lambda p: p.n > n)
    assert (await exact(bea, own["stream"], bea.n) == before).all()
