"""Network processes as the gateway sees them: started with an order, answered, and told of when they end."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from backend.children import environment, lines_of
from backend.dimse.messages import (
    MAX_MESSAGE_BYTES,
    PREFIX,
    Answer,
    Done,
    Failed,
    Frame,
    Locate,
    Order,
    Progress,
    Search,
    Take,
    decode_frame,
    pack,
)
from backend.errors import BadRequestError, SlicecastError, UnavailableError

log = structlog.get_logger("dimse")
Asked = Callable[[Take | Search | Locate], Awaitable[Any]]
Told = Callable[[Progress], None]


class NetworkProcess:
    """One process, from its start to its end."""

    def __init__(self, order: Order, asked: Asked, told: Told, inherited: tuple[int, ...] = ()) -> None:
        """`asked` answers its requests, `told` hears how far it is, `inherited` are file descriptors that it gets."""
        self._order, self._asked, self._told, self._inherited = order, asked, told, inherited
        self._process: asyncio.subprocess.Process | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._over: Done | Failed | None = None

    async def run(self) -> Any:
        """Start it and wait for its end. Returns its result; cancelling ends it.

        Raises:
            UnavailableError: it failed, or ended without a result.
            BadRequestError: the task makes no sense.
        """
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "backend.dimse.process", str(theirs.fileno()),
                pass_fds=[theirs.fileno(), *self._inherited], stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=environment(), start_new_session=True,
            )  # fmt: skip
        finally:
            theirs.close()
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        saying = asyncio.create_task(self._log_stderr())
        try:
            data = msgspec.msgpack.encode(self._order)
            writer.write(PREFIX.pack(len(data)) + data)
            await self._serve(reader, writer)
            if isinstance(self._over, Done):
                return self._over.result
            if self._over is None:
                raise UnavailableError("the process for it ended")
            raise (BadRequestError if self._over.is_bad_request else UnavailableError)(self._over.message)
        finally:
            writer.close()
            for task in self._answering:
                task.cancel()
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            await saying

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self._over is None:
            try:
                size = PREFIX.unpack(await reader.readexactly(PREFIX.size))[0]
                if size > MAX_MESSAGE_BYTES:
                    raise UnavailableError(f"a message of {size} bytes is over the limit")
                frame = decode_frame(await reader.readexactly(size))
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            message = frame.message
            if isinstance(message, Done | Failed):
                self._over = message
            elif isinstance(message, Progress):
                self._told(message)
            else:  # as many at a time as it has threads, and they are bounded
                task = asyncio.create_task(self._answer(frame, message, writer))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

    async def _answer(self, frame: Frame, message: Take | Search | Locate, writer: asyncio.StreamWriter) -> None:
        try:
            answer = Answer(frame.id, await self._asked(message))
        except SlicecastError as error:
            answer = Answer(frame.id, error=str(error), is_bad_request=isinstance(error, BadRequestError))
        except Exception:
            log.exception("fault", message=type(message).__name__)
            answer = Answer(frame.id, error="internal error; the server's log has the details")
        writer.write(pack(answer))
        await writer.drain()

    async def _log_stderr(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for text in lines_of(self._process.stderr):
            log.info("network says", text=text, pid=self._process.pid)
