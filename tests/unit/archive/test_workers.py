"""Worker processes that die, hang and are asked for too much."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from backend.archive.workers import Workers
from backend.errors import BadRequestError, UnavailableError, UnreadableError


def double(number: int) -> int:
    """Twice a number, soon."""
    return 2 * number


def slowly(number: int) -> int:
    """A number, after a while."""
    time.sleep(0.3)
    return number


def die() -> None:
    """As a crash of native code would."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang() -> None:
    """For ever."""
    while True:
        time.sleep(1)


def refuse() -> None:
    """With an error of the core."""
    raise BadRequestError("no")


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    """Two of them; on a busy machine each takes its time to start."""
    found = Workers(2, 8, 60.0)
    yield found
    await found.stop()


async def test_results_and_errors_come_back(workers: Workers) -> None:
    assert await asyncio.gather(*[workers.run(double, number) for number in range(6)]) == [0, 2, 4, 6, 8, 10]
    with pytest.raises(BadRequestError, match="no"):
        await workers.run(refuse)


async def test_only_the_call_that_kills_a_worker_fails(workers: Workers) -> None:
    calls = [workers.run(slowly, 1), workers.run(die), workers.run(slowly, 2), workers.run(slowly, 3)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[1], UnreadableError)
    assert [results[0], *results[2:]] == [1, 2, 3]
    assert await workers.run(double, 4) == 8


async def test_a_call_that_takes_too_long_is_ended(workers: Workers) -> None:
    workers._timeout = 1.0
    with pytest.raises(UnreadableError, match="too long"):
        await workers.run(hang)
    workers._timeout = 60.0
    assert await workers.run(double, 4) == 8


async def test_more_than_may_wait_are_refused(workers: Workers) -> None:
    calls = [asyncio.ensure_future(workers.run(slowly, number)) for number in range(10)]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError) as refused:
        await workers.run(double, 1)
    assert refused.value.retry_after_s
    assert await asyncio.gather(*calls) == list(range(10))


def fail() -> None:
    """With an error that is none of the core, and can not be sent."""
    raise OSError(lambda: None)


async def test_a_fault_is_raised_whatever_it_is(workers: Workers) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        await workers.run(os.stat, "/there/is/none")
    assert "in answer" in "".join(missing.value.__notes__)
    with pytest.raises(RuntimeError, match="in fail"):
        await workers.run(fail)
    assert await workers.run(double, 4) == 8
