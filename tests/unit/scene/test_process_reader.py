"""What a scene process does with what it can not read, over the real line between the two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.config import Settings
from backend.errors import SlicecastError, UnavailableError
from backend.scene import commands as c
from backend.scene import wire
from backend.scene.process import DEAF
from backend.sessions.launcher import SceneProcess, launch


class Unheard(c.Command):
    """A command that the scene process knows nothing of."""

    word: str = ""


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[SceneProcess]:
    up = asyncio.Event()
    process = await launch(
        Settings(data=tmp_path, gl="none"), lambda event: up.set() if isinstance(event, c.Started) else None, lambda: None
    )
    async with asyncio.timeout(120):
        await up.wait()
    yield process
    await process.stop(20)


async def test_an_unknown_command_is_refused_and_the_next_one_is_heard(started: SceneProcess) -> None:
    channel = started.channel
    for _ in range(2):
        channel.tell(Unheard("nobody waits for an answer"))
        with pytest.raises(SlicecastError, match="can not take this command") as refused:
            await channel.ask(Unheard("hello"), str, 60)
        assert "Unheard" in str(refused.value)
        assert not isinstance(refused.value, UnavailableError)
        info, _body = await channel.ask(c.Describe(), c.SceneInfo, 60)
        assert "Red" in info.views


async def test_bytes_that_are_no_message_are_passed_over(started: SceneProcess) -> None:
    transport = started.channel._transport
    assert transport is not None
    transport.write(wire.PREFIX.pack(3, 0) + b"\xc1\xc1\xc1")
    info, _body = await started.channel.ask(c.Describe(), c.SceneInfo, 60)
    assert "Red" in info.views


async def test_a_reader_that_can_not_go_on_ends_the_process(started: SceneProcess) -> None:
    transport = started.channel._transport
    assert transport is not None
    transport.write(wire.PREFIX.pack(wire.MAX_HEAD_BYTES + 1, 0))
    async with asyncio.timeout(60):
        assert await started.process.wait() == DEAF
