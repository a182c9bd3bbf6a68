"""The gateway's end of the line to one scene process: requests with replies, events, and what is left when it breaks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from backend import errors
from backend.scene import wire
from backend.scene.commands import AnyCommand, AnyEvent, Command, PictureInfo
from backend.sessions.known_pictures import CHANGE_NOTHING, Asked, KnownPictures

T = TypeVar("T")
RETRY_AFTER_S = 2.0
BUFFER_BYTES = 256 << 10


class Channel(asyncio.BufferedProtocol):
    """One connection. When it is lost, everything that waits fails with `UnavailableError`.

    What comes is received where it stays until its message is whole, so that a picture is copied once.
    """

    def __init__(self, on_event: Callable[[AnyEvent], None], on_lost: Callable[[], None]) -> None:
        self._on_event, self._on_lost = on_event, on_lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray(BUFFER_BYTES)
        self._filled = 0
        self._arrived: deque[tuple[wire.Reply | wire.Event, bytes]] = deque()
        self._is_delivering = False
        self._waiting: dict[int, asyncio.Future[tuple[Any, bytes]]] = {}
        self._last_id = 0
        self._changing: set[int] = set()  # commands under way after whose answer something may be different
        self.known = KnownPictures()

    async def ask(self, command: Command, answer: type[T], timeout_s: float) -> tuple[T, bytes]:
        """Send a command and wait for its value, as `answer`, and the bytes beside it.

        Raises:
            SlicecastError: what the scene process answered; `UnavailableError` when it died or took too long.
        """
        self._last_id += 1
        number = self._last_id
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[Any, bytes]] = loop.create_future()
        self._waiting[number] = future
        state = self._write(number, command)
        clock = loop.call_later(timeout_s, self._give_up, number)
        try:
            value, body = await future
        finally:
            clock.cancel()
            self._waiting.pop(number, None)
        result = msgspec.convert(value, answer)
        if isinstance(command, Asked) and isinstance(result, PictureInfo):
            self.known.keep(command, state, (result, body))
        return result, body

    def tell(self, command: Command) -> None:
        """Send a command that wants no answer."""
        self._write(0, command)

    def close(self) -> None:
        """Close the line; the process ends when it notices."""
        if self._transport is not None:
            self._transport.close()

    def _write(self, number: int, command: Command) -> int:
        """Send; returns the state of the scene that the answer will be of (`KnownPictures`)."""
        if self._transport is None or self._transport.is_closing():
            raise errors.UnavailableError("the scene is restarting", RETRY_AFTER_S)
        state = self.known.said(command)
        if number and not isinstance(command, CHANGE_NOTHING):
            self._changing.add(number)
        self._transport.writelines([part for part in wire.pack(wire.Request(number, cast(AnyCommand, command))) if part])
        return state

    @property
    def is_busy(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._waiting)

    def _give_up(self, number: int) -> None:
        future = self._waiting.get(number)
        if future is not None and not future.done():
            future.set_exception(errors.UnavailableError("the scene took too long to answer", RETRY_AFTER_S))

    # -- asyncio.BufferedProtocol ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Called by asyncio: where what comes next goes."""
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Called by asyncio: take every whole message out of the buffer."""
        self._filled += nbytes
        held = memoryview(self._buffer)
        start = wanted = 0
        while self._filled - start >= wire.PREFIX.size:
            begin = start + wire.PREFIX.size
            head, body = wire.unpack_prefix(held[start:begin])
            wanted = wire.PREFIX.size + head + body
            if self._filled - start < wanted:
                break
            end = start + wanted
            self._arrived.append((wire.decode_message(held[begin : begin + head]), bytes(held[begin + head : end])))
            start, wanted = end, 0
        self._keep(held[start : self._filled], max(wanted, BUFFER_BYTES))
        if self._arrived and not self._is_delivering:
            self._deliver_next()

    def _keep(self, rest: memoryview, room: int) -> None:
        """Move the beginning of a message to the front of a buffer that has room for all of it."""
        self._filled = len(rest)
        if len(self._buffer) != room:
            self._buffer = bytearray(room)
        memoryview(self._buffer)[: self._filled] = rest

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by asyncio when the process has gone."""
        while self._arrived:
            self._deliver(*self._arrived.popleft())
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(errors.UnavailableError("the scene process stopped; it restarts", RETRY_AFTER_S))
        self._waiting.clear()
        self.known.change()
        self._on_lost()

    def _deliver_next(self) -> None:
        """Deliver one message in each turn of the event loop, however many have come, so that others have their turn between.

        Sending an answer takes longer than anything else here, and scenes answer in bursts.
        """
        if self._arrived:
            self._deliver(*self._arrived.popleft())
        self._is_delivering = bool(self._arrived)
        if self._is_delivering:
            asyncio.get_running_loop().call_soon(self._deliver_next)

    def _deliver(self, message: wire.Reply | wire.Event, body: bytes) -> None:
        if isinstance(message, wire.Event):
            self.known.heard(message.event)
            self._on_event(message.event)
            return
        if message.id in self._changing:  # whether or not anybody waits for it still
            self._changing.discard(message.id)
            self.known.change()
        future = self._waiting.get(message.id)
        if future is None or future.done():
            return  # nobody waits any more
        if message.error is None:
            future.set_result((message.value, body))
        else:
            future.set_exception(_error(message.error, message.message))


def _error(name: str, message: str) -> errors.SlicecastError:
    kind = getattr(errors, name, errors.SlicecastError)
    if isinstance(kind, type) and issubclass(kind, errors.SlicecastError):
        return kind(message)
    return errors.SlicecastError(message)
