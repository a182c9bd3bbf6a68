"""Fetched studies as files: `<root>/<study>/<series>/<instance>.dcm`. A file is there only once it is whole and on disk."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

from backend.dicom.identify import Identity, identify, is_uid
from backend.errors import BadRequestError, UnavailableError, UnreadableError

SUFFIX = ".dcm"


class StudyFiles:
    """The folder of all fetched studies. UIDs name folders, so they are checked wherever they come from."""

    def __init__(self, root: Path, incoming: Path) -> None:
        """`incoming`: where files grow until they are whole; on the same file system."""
        self._root, self._incoming = root, incoming
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, study: str) -> asyncio.Lock:
        """Held by who fetches a study, so that who wants the same one at the same time waits and then finds it there."""
        return self._locks.setdefault(study, asyncio.Lock())

    def series_folder(self, study: str, series: str) -> Path:
        """Where the instances of a series are, or would be.

        Raises:
            BadRequestError: one of the UIDs is none.
        """
        for uid in (study, series):
            if not is_uid(uid):
                raise BadRequestError(f"{uid!r:.80} is no UID")
        return self._root / study / series

    def series_of(self, study: str) -> list[str]:
        """UIDs of the series of a study that have files, in order."""
        folder = self._root / study
        if not is_uid(study) or not folder.is_dir():
            return []
        return sorted(entry.name for entry in folder.iterdir() if is_uid(entry.name) and self.instances(study, entry.name))

    def instances(self, study: str, series: str) -> set[str]:
        """UIDs of the instances of a series that are there."""
        folder = self.series_folder(study, series)
        return {path.stem for path in folder.glob("*" + SUFFIX)} if folder.is_dir() else set()

    def receive(self, study: str, series: str) -> IncomingFile:
        """A new file that shall become an instance of this series."""
        return IncomingFile(self.series_folder(study, series), self._incoming, study, series)


class IncomingFile:
    """An instance on its way: `write` its bytes, then `keep` it or `discard` it."""

    def __init__(self, target: Path, incoming: Path, study: str, series: str) -> None:
        self._target, self._study, self._series = target, study, series
        self._path = incoming / f"{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            UnavailableError: the disk is full, or the like.
        """
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("wb")
            self._file.write(data)
        except OSError as error:
            raise UnavailableError(f"a file could not be written: {error.strerror}") from error
        self.size += len(data)

    async def keep(self) -> Identity:
        """The file is whole: check what it is, have it on disk and give it its name. Returns what it is.

        Raises:
            UnreadableError: it is no DICOM file, or not of this series.
            UnavailableError: it could not be written.
        """
        return await asyncio.to_thread(self._keep)

    def _keep(self) -> Identity:
        if self._file is None:
            raise UnreadableError("it is empty")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            found = identify(self._path)
            if (found.study, found.series) != (self._study, self._series):
                raise UnreadableError("it is an instance of another series")
            self._target.mkdir(parents=True, exist_ok=True)
            self._path.replace(self._target / (found.instance + SUFFIX))
        except OSError as error:
            raise UnavailableError(f"a file could not be written: {error.strerror}") from error
        return found

    def discard(self) -> None:
        """Nothing of it stays, unless it was kept."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder, and its own, on disk."""
    for place in (folder, folder.parent):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
