"""A folder from which what others put there goes into the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from backend.archive.archive import Archive
from backend.archive.importing import READ_ERRORS, Source, import_source

log = structlog.get_logger("archive")
MOST_AT_ONCE = 10_000
State = tuple[int, int]


class Watcher:
    """Looks into a folder from time to time. A file that has not changed since the last look is taken and, once it is stored,
    removed; one that can not be stored, or is no DICOM, stays where it is and is tried again when it has changed."""

    def __init__(self, archive: Archive, folder: Path, every_s: float, parallel: int) -> None:
        """`every_s`: seconds between looks. `parallel`: files under way at a time."""
        self._archive, self._folder, self._every, self._parallel = archive, folder, every_s, parallel
        self._seen: dict[Path, State] = {}
        self._left: dict[Path, State] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End; what is under way is given up."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except OSError as error:
                log.warning("the watched folder can not be read", folder=str(self._folder), why=str(error))
            await asyncio.sleep(self._every)

    async def look(self) -> int:
        """Take what is ready; how many files went into the archive."""
        found = await asyncio.to_thread(lambda: dict(self._files()))
        ready = [path for path, state in found.items() if self._seen.get(path) == state and self._left.get(path) != state]
        self._seen = found
        self._left = {path: state for path, state in self._left.items() if path in found}
        taken, turn = 0, asyncio.Semaphore(self._parallel)

        async def take(path: Path) -> bool:
            async with turn:
                return await self._take(path, found[path])

        for done in await asyncio.gather(*[take(path) for path in ready]):
            taken += done
        return taken

    def _files(self) -> Iterator[tuple[Path, State]]:
        count = 0
        for path in sorted(self._folder.rglob("*")):
            if path.name.startswith(".") or not path.is_file() or path.is_symlink():
                continue
            with suppress(FileNotFoundError):  # taken away just now
                about = path.stat()
                yield path, (about.st_size, about.st_mtime_ns)
            count += 1
            if count >= MOST_AT_ONCE:
                return

    async def _take(self, path: Path, state: State) -> bool:
        try:
            outcome = await import_source(self._archive, Source(str(path), lambda: path.open("rb")), "folder")
        except READ_ERRORS as error:
            log.warning("not taken from the watched folder", file=str(path), why=str(error))
            self._left[path] = state
            return False
        if outcome is None or not outcome.is_here:
            why = outcome.message if outcome is not None else "it is no DICOM file"
            log.warning("not taken from the watched folder", file=str(path), why=why)
            self._left[path] = state
            return False
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return True
