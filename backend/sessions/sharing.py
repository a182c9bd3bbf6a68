"""Work that is done once for several askers: equal requests share one flight, and a client's newest request wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Equal requests that arrive while one is under way wait for its result."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, asyncio.Task[T]] = {}

    async def do(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result of `make`, or of an equal call under way. A caller that is cancelled does not cancel the others."""
        task = self._flying.get(key)
        if task is None:
            task = asyncio.ensure_future(_await(make))
            self._flying[key] = task
            task.add_done_callback(lambda _done: self._flying.pop(key, None))
        return await asyncio.shield(task)


async def _await(make: Callable[[], Awaitable[T]]) -> T:
    return await make()


class _Slot(Generic[T]):
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.asked = self.made = 0
        self.waiting = 0
        self.make: Callable[[], Awaitable[T]] | None = None
        self.result: T | None = None


class NewestWins(Generic[T]):
    """For one client and view at most one request is under way and one waits; older waiting ones get the newest result."""

    def __init__(self) -> None:
        self._slots: dict[Hashable, _Slot[T]] = {}

    async def do(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result of `make`, or of a newer call for the same key."""
        slot = self._slots.setdefault(key, _Slot())
        slot.asked += 1
        mine, slot.make = slot.asked, make
        slot.waiting += 1
        try:
            async with slot.lock:
                if mine <= slot.made and slot.result is not None:
                    return slot.result
                newest, work = slot.asked, slot.make
                result = await work()
                slot.made, slot.result = newest, result
                return result
        finally:
            slot.waiting -= 1
            if not slot.waiting:
                self._slots.pop(key, None)
