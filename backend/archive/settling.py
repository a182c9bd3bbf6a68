"""The index follows its files to the disk, some time after instances were stored, of many at once, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import structlog

from backend.store.writer import Writer

log = structlog.get_logger("archive")
INDEX_S = 1.0
"""So long rows may be in the index without being on disk; by the names of their files they would be written again."""
PLACES = 10
"""Times that; then the places of files are on disk, too, which takes a hundred times as long, and names go."""


class Settling:
    """Names in `incoming/` that are kept until the rows of their files are on disk."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._paths: list[Path] = []
        self._lock = asyncio.Lock()
        self._waiting: asyncio.Task[None] | None = None

    def soon(self, paths: Iterable[Path]) -> None:
        """Rows of these are committed."""
        self._paths += paths
        if self._paths and self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        while self._paths:
            try:
                for _ in range(PLACES):
                    await asyncio.sleep(INDEX_S)
                    await asyncio.to_thread(self._writer.sync)
                await self.now()
            except Exception as error:  # of the disk or the index, whatever it is: a full disk may have room again
                log.error("the index could not be written to its disk", why=str(error))
        self._waiting = None

    async def now(self) -> None:
        """Have all that is committed on disk with the places of its files; on return no name is kept.

        Raises:
            OSError, SQLAlchemyError: it may not be there; names are kept.
        """
        async with self._lock:
            paths, self._paths = self._paths, []
            try:
                if paths:
                    await asyncio.to_thread(self._writer.settle, paths)
            except BaseException:
                self._paths += paths
                raise

    async def stop(self) -> None:
        """The same, for the last time."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        await self.now()
