"""The frame stream, spoken by a client of the tests' own."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest
from PIL import Image

from tests.support.live import LiveServer
from tests.support.stream_client import LOSSLESS, STILL, Picture, StreamClient


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(stream_hello_s=1.0, stream_resume_s=5.0, enable_exec=True).wait()
    yield live
    live.stop()


@pytest.fixture
async def client(server: LiveServer) -> AsyncIterator[StreamClient]:
    found = await StreamClient.connect(server.port)
    await found.message("welcome")
    yield found
    await found.close()


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.payload)).convert("RGB"))


async def test_welcome_tells_all(client: StreamClient) -> None:
    welcome = client.messages[0]
    assert welcome["type"] == "welcome"
    assert welcome["codecs"] == ["jpeg", "png"]
    assert welcome["scene"]["status"] == "ready"
    assert welcome["scene"]["views"] == ["Red", "Green", "Yellow", "1"]
    assert welcome["scene"]["volumes"][0]["name"] == "CTChest4"


async def test_moving_is_jpeg_and_standing_becomes_lossless(server: LiveServer, client: StreamClient) -> None:
    opened = await client.open("red", (300, 200))
    n = client.set(opened["stream"], offset=-150.5)
    moved = await client.picture(lambda p: p.n >= n)
    assert (moved.codec, moved.width, moved.height, moved.flags & STILL) == (0, 300, 200, 0)
    still = await client.picture(lambda p: p.n >= n and p.flags & LOSSLESS)
    assert still.codec == 1
    assert still.flags & STILL
    assert pixels(still).shape == (200, 300, 3)
    state = await client.message("state", lambda m: "offset" in m["patch"])
    assert state["patch"]["offset"] == pytest.approx(-150.5)
    assert state["by"] == client.messages[0]["id"]


async def test_the_lossless_picture_is_the_one_http_gives(server: LiveServer, client: StreamClient) -> None:
    opened = await client.open("green", (256, 256))
    n = client.set(opened["stream"], offset=-33.25)
    still = await client.picture(lambda p: p.stream == opened["stream"] and p.n >= n and p.flags & LOSSLESS)
    http = server.get("/slice?view=green&overlays=1&size=256").body
    assert (np.asarray(Image.open(io.BytesIO(http)).convert("RGB")) == pixels(still)).all()


async def test_interrupted_a_hundred_times_it_still_becomes_sharp(client: StreamClient) -> None:
    opened = await client.open("yellow", (200, 200))
    for step in range(100):
        client.set(opened["stream"], offset=-20.0 + step / 10)
        await asyncio.sleep(0.02)
    n = client.n
    still = await client.picture(lambda p: p.n >= n and p.flags & LOSSLESS)
    assert still.stream == opened["stream"]


async def test_nothing_is_sent_while_nothing_changes(client: StreamClient) -> None:
    opened = await client.open("1", (200, 200))
    await client.picture(lambda p: p.stream == opened["stream"] and p.flags & LOSSLESS, timeout=30)
    count = len(client.pictures)
    await asyncio.sleep(1.0)
    assert len(client.pictures) == count


async def test_volume_turns_and_refines(client: StreamClient) -> None:
    opened = await client.open("1", (256, 256))
    camera = opened["state"]["camera"]
    focal = camera["focal_point"]
    for step in range(10):
        angle = step / 5
        eye = [focal[0] + 900 * np.sin(angle), focal[1] + 900 * np.cos(angle), focal[2]]
        client.set(opened["stream"], camera={"position": eye})
        await asyncio.sleep(0.05)
    n = client.n
    refined = await client.picture(lambda p: p.n >= n and p.flags & STILL, timeout=30)
    assert pixels(refined).std() > 10
    seqs = [p.seq for p in client.pictures if p.stream == opened["stream"]]
    assert seqs == sorted(set(seqs))


async def test_raw_input_scrolls_windows_and_turns(client: StreamClient) -> None:
    red = await client.open("red", (200, 200))
    three = await client.open("1", (200, 200))
    before = red["state"]
    wheel = [[0, "wheel", 0.5, 0.5, 0, 0, -100.0]]
    client.send("input", stream=red["stream"], n=1, size=[200, 200], events=wheel)
    state = await client.message("state", lambda m: m["view"] == "Red" and "offset" in m["patch"])
    assert state["patch"]["offset"] == pytest.approx(before["offset"] + before["offset_step"])
    drag = [[0, "down", 0.5, 0.5, 1, 0], [9, "move", 0.6, 0.5, 1, 0], [9, "up", 0.6, 0.5, 0, 0]]
    client.send("input", stream=red["stream"], n=2, size=[200, 200], events=drag)
    state = await client.message("state", lambda m: m["view"] == "Red" and "window" in m["patch"])
    assert state["patch"]["window"] > before["window"]
    client.send("input", stream=three["stream"], n=3, size=[200, 200], events=drag)
    state = await client.message("state", lambda m: m["view"] == "1" and "camera" in m["patch"])
    assert state["patch"]["camera"]["position"] != three["state"]["camera"]["position"]


async def test_a_change_by_http_reaches_the_stream(server: LiveServer, client: StreamClient) -> None:
    opened = await client.open("red", (128, 128))
    await client.picture(lambda p: p.flags & LOSSLESS)
    server.get("/slicer/slice?view=red&offset=-77.75")
    state = await client.message("state", lambda m: m["patch"].get("offset") == pytest.approx(-77.75))
    assert state["by"] is None
    await client.picture(lambda p: p.stream == opened["stream"] and p.rev >= state["rev"])


async def test_who_does_not_acknowledge_gets_no_more_than_the_window(client: StreamClient) -> None:
    client.acknowledge = False
    opened = await client.open("red", (128, 128))
    for step in range(60):
        client.set(opened["stream"], offset=-100.0 - step)
        await asyncio.sleep(0.01)
    assert 1 <= len(client.pictures) <= 2


async def test_a_dead_client_costs_the_others_nothing(server: LiveServer, client: StreamClient) -> None:
    dead = await StreamClient.connect(server.port)
    dead.acknowledge = False
    await dead.open("red", (1024, 1024))
    opened = await client.open("red", (256, 256))
    for step in range(40):
        client.set(opened["stream"], offset=-100.0 - step)
        await asyncio.sleep(0.025)
    assert len({p.n for p in client.pictures if p.stream == opened["stream"]}) >= 10
    await dead.close()


async def test_hidden_views_get_no_pictures(client: StreamClient) -> None:
    opened = await client.open("red", (128, 128))
    await client.picture(lambda p: p.flags & LOSSLESS)
    client.send("visible", stream=opened["stream"], visible=False)
    count = len(client.pictures)
    client.set(opened["stream"], offset=-55.0)
    await client.message("state", lambda m: m["patch"].get("offset") == -55.0)
    await asyncio.sleep(0.4)
    assert len(client.pictures) == count
    client.send("visible", stream=opened["stream"], visible=True)
    await client.picture(lambda p: p.n >= client.n)


async def test_resize_and_close(client: StreamClient) -> None:
    opened = await client.open("red", (128, 128))
    client.send("resize", stream=opened["stream"], size=[333, 111])
    resized = await client.picture(lambda p: p.width == 333)
    assert (resized.width, resized.height, resized.fill_height) == (333, 111, 111)
    client.send("close", stream=opened["stream"])
    assert (await client.message("closed"))["stream"] == opened["stream"]


async def test_resume_keeps_streams_and_counters(server: LiveServer) -> None:
    first = await StreamClient.connect(server.port)
    welcome = await first.message("welcome")
    opened = await first.open("red", (128, 128))
    n = first.set(opened["stream"], offset=-66.5)
    await first.picture(lambda p: p.n >= n)
    await first.close()
    key = {"id": welcome["id"], "secret": welcome["secret"]}
    hello = {"protocol": [1], "codecs": ["jpeg", "png"], "resume": key}
    second = await StreamClient.connect(server.port, hello)
    again = await second.message("welcome")
    assert again["resumed"] is True
    assert again["id"] == welcome["id"]
    reopened = await second.message("opened")
    assert (reopened["stream"], reopened["state"]["offset"]) == (opened["stream"], pytest.approx(-66.5))
    fresh = await second.picture()
    assert (fresh.stream, fresh.seq) == (opened["stream"], 1)
    await second.close()
    wrong = await StreamClient.connect(server.port, {**hello, "resume": {**key, "secret": "0" * 32}})
    assert (await wrong.message("welcome"))["resumed"] is False
    await wrong.close()


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "open", "view": "blue", "size": [10, 10]}',
        '{"type": "open", "view": "red", "size": [0, 10]}',
        '{"type": "open", "view": "red", "size": [65536, 10]}',
        '{"type": "open"}',
        '{"type": "nothing"}',
        '{"type": "set", "stream": 99, "n": 1, "patch": {"offset": 1}}',
        '{"type": "set", "stream": 1, "n": -1, "patch": {"offset": 1}}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"offset": 1e300}}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"fov": [0, 1]}}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"slice_to_ras": [1, 2]}}',
        '{"type": "set", "stream": 1, "n": 1, "patch": {"camera": {"position": [1, 2]}}}',
        '{"type": "input", "stream": 1, "n": 1, "size": [1, 1], "events": [["x"]]}',
        '{"type": "input", "stream": 1, "n": 1, "size": [1, 1], "events": "x"}',
        '{"type": "resize", "stream": 1, "size": [1e9, 1]}',
        '{"type": "call", "id": 1, "method": "nothing"}',
    ],
)
async def test_bad_messages_are_answered_and_harm_nothing(client: StreamClient, message: str) -> None:
    opened = await client.open("red", (64, 64))
    client.socket.write_message(message)
    if '"input"' in message and '[["x"]]' in message:
        pass  # refused by the scene, which answers input by nothing but its effect
    elif '"call"' in message:
        assert "error" in await client.message("result")
    else:
        await client.message("error")
    n = client.set(opened["stream"], offset=-42.0)
    await client.picture(lambda p: p.n >= n)


NO_MESSAGES = {
    "empty": "", "cut": "[1, 2", "null": "null", "list": "[]", "text": '"text"', "deep": "[" * 3000,
    "wrong type": '{"type": "hello", "protocol": "x"}',
}  # fmt: skip


@pytest.mark.parametrize("message", NO_MESSAGES.values(), ids=NO_MESSAGES)
async def test_what_is_no_message_closes_cleanly(server: LiveServer, message: str) -> None:
    found = await StreamClient.connect(server.port, hello={})
    found.socket.write_message(message)
    async with asyncio.timeout(5):
        await found.reader  # type: ignore[misc]
    assert found.socket.close_code in (1002, 1008)


async def test_who_says_nothing_is_closed(server: LiveServer) -> None:
    found = await StreamClient.connect(server.port, hello={})
    async with asyncio.timeout(5):
        await found.reader  # type: ignore[misc]
    assert found.socket.close_code == 1008


async def test_too_many_messages_end_in_an_error(server: LiveServer) -> None:
    found = await StreamClient.connect(server.port)
    await found.message("welcome")
    for number in range(3000):
        found.send("probe", id=number, t=0)
    async with asyncio.timeout(10):
        await found.reader  # type: ignore[misc]
    assert found.socket.close_code == 1008
    assert any(m["type"] == "error" and m["code"] == "too_many_messages" for m in found.messages)


async def test_foreign_origins_are_refused(server: LiveServer) -> None:
    with pytest.raises(Exception, match="403"):
        await StreamClient.connect(server.port, Origin="http://evil.example")
    same = await StreamClient.connect(server.port, Origin=f"http://127.0.0.1:{server.port}")
    await same.message("welcome")
    await same.close()


async def test_probe(client: StreamClient) -> None:
    client.send("probe", id="p", t=12.5)
    answer = await client.message("probe")
    assert (answer["id"], answer["t"]) == ("p", 12.5)
    assert abs(answer["time"] - time.time()) < 5


async def test_the_stream_survives_a_crash_of_the_scene(server: LiveServer, client: StreamClient) -> None:
    opened = await client.open("red", (128, 128))
    n = client.set(opened["stream"], offset=-88.0)
    await client.picture(lambda p: p.n >= n)
    os.kill(server.scene_pid(), signal.SIGKILL)
    await client.message("scene", lambda m: m["scene"]["status"] == "restarting")
    count = len(client.pictures)
    await client.message("scene", lambda m: m["scene"]["status"] == "ready", timeout=40)
    async with asyncio.timeout(20):
        while len(client.pictures) == count:
            await asyncio.sleep(0.05)
    again = await client.open("red", (128, 128))
    assert again["state"]["offset"] == pytest.approx(-88.0)


async def test_stop_says_going_away() -> None:
    live = LiveServer().wait()
    found = await StreamClient.connect(live.port)
    await found.message("welcome")
    await found.open("red")
    code = await asyncio.get_running_loop().run_in_executor(None, live.stop)
    async with asyncio.timeout(5):
        await found.reader  # type: ignore[misc]
    assert (code, found.socket.close_code) == (0, 1001)
    assert json.dumps(found.messages)
