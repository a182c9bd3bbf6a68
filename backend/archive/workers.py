"""Processes that parse DICOM, decode pixels and draw, so that the event loop and its process do none of that."""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import ParamSpec, TypeVar

import structlog

from backend.errors import UnavailableError, UnreadableError

log = structlog.get_logger("workers")
P = ParamSpec("P")
T = TypeVar("T")
RETRY_AFTER_S = 2.0
NICE = 2
"""Below the gateway, which answers in between."""


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gateway, which ends us
    os.nice(NICE)
    threading.Thread(target=_end_with_gateway, daemon=True).start()


def _end_with_gateway() -> None:
    """Idle workers would not notice that the gateway was killed."""
    gateway = multiprocessing.parent_process()
    assert gateway is not None
    wait([gateway.sentinel])
    os._exit(1)


class Workers:
    """A pool of processes, started when first needed, started anew when one dies."""

    def __init__(self, processes: int, waiting: int, timeout_s: float) -> None:
        """How many there are, how many calls may wait for them, and how long one may take."""
        self._count, self._most, self._timeout = processes, processes + waiting, timeout_s
        self._slots = asyncio.Semaphore(processes + 1)  # one more than can run, so that none waits for its next call
        self._alone = asyncio.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._calls = 0
        self._is_stopped = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a module's function returns that is called in a worker; its exceptions are raised here.

        Arguments and result have to be picklable, and small: files go by their paths.

        Raises:
            UnavailableError: too many calls wait already.
            UnreadableError: it brought the process down, or took too long.
        """
        if self._is_stopped:
            raise UnavailableError("the server is about to stop")
        if self._calls >= self._most:
            raise UnavailableError("the server is busy with other images; try again", RETRY_AFTER_S)
        self._calls += 1
        try:
            async with self._slots:
                try:
                    return await self._call(functools.partial(function, *args, **kwargs))
                except BrokenProcessPool:
                    log.warning("a worker died", call=function.__name__)
            if self._is_stopped:
                raise UnavailableError("the server is about to stop")
            async with self._alone:  # of those that ran when it died, each again for itself: so only the cause fails
                return await self._suspect(functools.partial(function, *args, **kwargs))
        finally:
            self._calls -= 1

    async def _call(self, call: Callable[[], T]) -> T:
        pool = self._pool = self._pool or self._make(self._count)
        try:
            return await self._within(pool, call)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            pool.shutdown(wait=False)
            raise

    async def _suspect(self, call: Callable[[], T]) -> T:
        pool = self._make(1)
        try:
            return await self._within(pool, call)
        except BrokenProcessPool as error:
            raise UnreadableError("processing it brought a process down, or took too long") from error
        finally:
            pool.shutdown(wait=False)

    def _make(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _begin)

    async def _within(self, pool: ProcessPoolExecutor, call: Callable[[], T]) -> T:
        future = asyncio.get_running_loop().run_in_executor(pool, call)
        done, _ = await asyncio.wait([future], timeout=self._timeout)
        if not done:
            log.error("a worker took too long", seconds=self._timeout)
            _kill(pool)
        return await future

    async def stop(self) -> None:
        """End the processes, and what they are doing."""
        self._is_stopped = True
        if self._pool is not None:
            pool, self._pool = self._pool, None
            _kill(pool)
            pool.shutdown(wait=False, cancel_futures=True)


def _kill(pool: ProcessPoolExecutor) -> None:
    for process in list((pool._processes or {}).values()):  # there is no public way
        process.kill()
