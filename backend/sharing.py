"""Work that is done once for several askers: equal requests share a flight, a client's newest wins, results are kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Equal requests that arrive while one is under way wait for its result."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, asyncio.Future[T]] = {}

    async def do(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result of `make`, or of an equal call under way. When that one is cancelled, one of those who wait takes over."""
        while (flight := self._flying.get(key)) is not None:
            try:
                return await asyncio.shield(flight)
            except asyncio.CancelledError:
                if not flight.cancelled():  # it is we who are cancelled
                    raise
        flight = asyncio.get_running_loop().create_future()
        self._flying[key] = flight
        try:
            result = await make()
        except asyncio.CancelledError:
            flight.cancel()
            raise
        except Exception as error:
            flight.set_exception(error)
            flight.exception()  # it is known, even if nobody else waits for it
            raise
        else:
            flight.set_result(result)
            return result
        finally:
            del self._flying[key]


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


class Recent(Generic[T]):
    """The last results, up to a total size. For one thread."""

    def __init__(self, most: int, size_of: Callable[[T], int]) -> None:
        self._most, self._size_of, self._size = most, size_of, 0
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def __getitem__(self, key: Hashable) -> T:
        self._kept.move_to_end(key)
        return self._kept[key]

    def clear(self) -> None:
        """Keep nothing of it."""
        if self._kept:
            self._kept.clear()
            self._size = 0

    def put(self, key: Hashable, value: T) -> T:
        """Keep a value, unless there is no room for it; the oldest go. The same value."""
        size = self._size_of(value)
        if size <= self._most and key not in self._kept:
            self._kept[key] = value
            self._size += size
            while self._size > self._most:
                _key, dropped = self._kept.popitem(last=False)
                self._size -= self._size_of(dropped)
        return value

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a key, made now where it is not kept."""
        return self[key] if key in self._kept else self.put(key, make())
