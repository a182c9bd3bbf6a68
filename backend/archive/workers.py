"""Processes that parse DICOM, decode pixels and draw, so that the event loop and its process do none of that."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar, cast

import structlog

from backend.archive.worker import LENGTH, Answer, framed
from backend.children import environment
from backend.errors import UnavailableError, UnreadableError

log = structlog.get_logger("workers")
P = ParamSpec("P")
T = TypeVar("T")
RETRY_AFTER_S = 2.0


class _DiedError(Exception):
    """A worker ended in the middle of a call."""


class _Worker:
    """One process, which carries out one call at a time."""

    def __init__(self, process: asyncio.subprocess.Process, line: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self._process, (self._reader, self._writer) = process, line

    @classmethod
    async def start(cls) -> _Worker:
        """A new process. It takes calls at once, and answers when it is up."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "backend.archive.worker", str(theirs.fileno()), "--gateway", str(os.getpid()),
                pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                env=environment(),
            )  # fmt: skip
        return cls(process, await asyncio.open_unix_connection(sock=ours))

    async def call(self, message: bytes) -> Answer:
        """Have it carry out a call; raises `_DiedError` if it ends meanwhile."""
        try:
            self._writer.write(message)
            (size,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            return cast(Answer, pickle.loads(await self._reader.readexactly(size)))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise _DiedError from error

    async def end(self) -> None:
        """Kill it, whatever it does."""
        self._writer.close()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


def _value(answer: Answer) -> object:
    value, error = answer
    if error is not None:
        raise error
    return value


class Workers:
    """A pool of processes, each started when it is first needed, and replaced when it dies."""

    def __init__(self, processes: int, waiting: int, timeout_s: float) -> None:
        """How many there are, how many calls may wait for them, and how long one may take."""
        self._most, self._timeout = processes + waiting, timeout_s
        self._places: asyncio.LifoQueue[_Worker | None] = asyncio.LifoQueue()  # who has just worked is asked first
        for _ in range(processes):
            self._places.put_nowait(None)
        self._workers: set[_Worker] = set()
        self._calls: set[asyncio.Task[Any]] = set()
        self._is_stopped = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a module's function returns that is called in a worker; its exceptions are raised here.

        Arguments and result have to be picklable, and small: files go by their paths. Who gives up waiting does not stop it.

        Raises:
            UnavailableError: too many calls wait already, or the server is about to stop.
            UnreadableError: it brought the process down, or took too long.
        """
        self._require_room()
        task = asyncio.get_running_loop().create_task(self._call(framed((function, args, kwargs)), function.__name__))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return cast(T, _value(await asyncio.shield(task)))

    async def run_here(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for a task that nobody cancels; it spares another one."""
        self._require_room()
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._calls.add(task)
        try:
            return cast(T, _value(await self._call(framed((function, args, kwargs)), function.__name__)))
        finally:
            self._calls.discard(task)

    def _require_room(self) -> None:
        if self._is_stopped:
            raise UnavailableError("the server is about to stop")
        if len(self._calls) >= self._most:
            raise UnavailableError("the server is busy with other images; try again", RETRY_AFTER_S)

    async def _call(self, message: bytes, name: str) -> Answer:
        for _ in range(2):  # once more, for the system kills processes when memory is short, whoever it was that took it
            try:
                async with self._worker() as worker, asyncio.timeout(self._timeout):
                    return await worker.call(message)
            except TimeoutError:
                log.error("a worker took too long", call=name, seconds=self._timeout)
                break
            except _DiedError:
                log.warning("a worker died", call=name)
        raise UnreadableError("processing it brought a process down, or took too long")

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[_Worker]:
        """A worker that is free, which another one replaces if its call does not come to its end."""
        worker = await self._places.get()
        try:
            if worker is None and not self._is_stopped:
                worker = await _Worker.start()
                self._workers.add(worker)
            if worker is None or self._is_stopped:
                raise UnavailableError("the server is about to stop")
            yield worker
        except BaseException:
            if worker is not None:
                self._workers.discard(worker)
                await worker.end()
            self._places.put_nowait(None)
            raise
        self._places.put_nowait(worker)

    async def stop(self) -> None:
        """End the processes, and what they are doing."""
        self._is_stopped = True
        await asyncio.gather(*(worker.end() for worker in self._workers), *self._calls, return_exceptions=True)
