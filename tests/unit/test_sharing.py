"""Work done once for several askers."""

from __future__ import annotations

import asyncio

import pytest

from backend.sharing import NewestWins, Recent, SingleFlight


async def test_equal_calls_share_one_flight() -> None:
    flights: SingleFlight[int] = SingleFlight()
    made = 0

    async def make() -> int:
        nonlocal made
        made += 1
        await asyncio.sleep(0.01)
        return made

    assert await asyncio.gather(*(flights.do("same", make) for _ in range(5))) == [1] * 5
    assert await flights.do("same", make) == 2


async def test_a_cancelled_caller_does_not_take_the_others_along() -> None:
    flights: SingleFlight[str] = SingleFlight()

    async def make() -> str:
        await asyncio.sleep(0.02)
        return "done"

    first = asyncio.create_task(flights.do("k", make))
    second = asyncio.create_task(flights.do("k", make))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "done"


async def test_a_failure_reaches_everybody_and_is_forgotten() -> None:
    flights: SingleFlight[str] = SingleFlight()

    async def fail() -> str:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            await flights.do("k", fail)


async def test_the_newest_of_those_who_wait_wins() -> None:
    newest: NewestWins[int] = NewestWins()
    made: list[int] = []

    def work(number: int):
        async def make() -> int:
            made.append(number)
            await asyncio.sleep(0.02)
            return number

        return make

    calls = [asyncio.create_task(newest.do("view", work(number))) for number in range(5)]
    results = await asyncio.gather(*calls)
    assert made == [0, 4]
    assert results == [0, 4, 4, 4, 4]


def test_recent_results_are_kept_up_to_a_size() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    recent: Recent[str] = Recent(10, len)
    for text in ("aaaa", "bbbb", "aaaa"):
        assert recent.get(text, lambda text=text: make(text)) == text  # type: ignore[misc]
    assert recent.get("cccc", lambda: make("cccc")) == "cccc"  # the oldest goes: bbbb
    assert "bbbb" not in recent
    assert "aaaa" in recent
    recent.get("far too large", lambda: make("far too large"))
    assert "far too large" not in recent
    assert made == ["aaaa", "bbbb", "cccc", "far too large"]
