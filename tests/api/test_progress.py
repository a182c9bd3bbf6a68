"""Long work in native code, which lets no heartbeat through: it is told how long it takes, and not mistaken for a hang."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import LiveServer
from tests.support.stream_client import StreamClient

HEARTBEAT_S = 1.5
SHAPE = (300, 640, 640)  # 245 MB, which nobody's reader takes in within a second
ASLEEP_IN_C = "import ctypes; ctypes.PyDLL(None).usleep({microseconds}); __execResult = 'awake'"  # keeps the interpreter


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "ct.nrrd"
    sizes = " ".join(str(size) for size in SHAPE[::-1])
    header = f"NRRD0005\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: {sizes}\nendian: little\n"
    header += "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: gzip\n\n"
    with path.open("wb") as file:
        file.write(header.encode())
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
            for number in range(SHAPE[0]):
                packed.write(number.to_bytes(2, "little") * (SHAPE[1] * SHAPE[2]))
    return path


@pytest.fixture(scope="module")
def server(large: Path) -> Iterator[LiveServer]:
    live = LiveServer(allow_path=[str(large.parent)], enable_exec=True, exec_timeout_s=4.0, heartbeat_timeout_s=HEARTBEAT_S)
    yield live.wait()
    live.stop()


async def test_a_load_of_seconds_says_how_long_it_has_been_at_it(server: LiveServer, large: Path) -> None:
    client = await StreamClient.connect(server.port)
    await client.message("welcome")
    process = server.scene_pid()
    query = f"/slicer/mrml?localfile={large}&filetype=VolumeFile"
    answering = asyncio.create_task(asyncio.to_thread(server.request, "POST", query, b""))
    await client.message("progress", lambda m: m["text"] == "Reading ct.nrrd")
    os.kill(process, signal.SIGSTOP)  # however fast the machine is, this load takes its time
    await client.message("progress", lambda m: m["text"] == "Reading ct.nrrd, 3 s")
    os.kill(process, signal.SIGCONT)
    answer = await answering
    assert answer.status == 200, answer.body
    await client.message("progress", lambda m: m["text"] == "Loaded")
    told = [m for m in client.messages if m["type"] == "progress"]
    await client.close()
    assert len({m["job"] for m in told}) == 1
    texts = [m["text"] for m in told]
    assert texts[0] == "Reading ct.nrrd"
    assert texts[1:4] == [f"Reading ct.nrrd, {second} s" for second in (1, 2, 3)]
    assert (texts[-1], told[-1]["fraction"]) == ("Loaded", 1.0)
    assert server.scene_pid() == process
    await asyncio.sleep(2.0)
    assert len([m for m in client.messages if m["type"] == "progress"]) == len(told)  # the clock has stopped


def test_silence_within_the_limit_of_a_long_command_is_no_hang(server: LiveServer) -> None:
    process = server.scene_pid()
    answer = server.request("POST", "/slicer/exec", ASLEEP_IN_C.format(microseconds=2_500_000).encode())
    assert answer.json() == "awake"
    time.sleep(1.0)
    assert server.scene_pid() == process


def test_silence_beyond_the_limit_is_a_hang(server: LiveServer) -> None:
    process = server.scene_pid()
    answer = server.request("POST", "/slicer/exec", ASLEEP_IN_C.format(microseconds=60_000_000).encode())
    assert answer.status == 500
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if server.get("/readyz").status == 200 and server.scene_pid() != process:
                return
        except LookupError:
            pass
        time.sleep(0.1)
    pytest.fail("the process was not replaced")
