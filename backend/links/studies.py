"""Studies of the archive for the scene: as folders that its readers take, and as the place where fetched ones go."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from backend.archive.archive import Archive
from backend.archive.find import Found
from backend.archive.ingest import Incoming
from backend.archive.records import Reason, StoredInstance
from backend.dicom.identify import is_uid
from backend.dicom.qido import read_query
from backend.errors import BadRequestError, NotFoundError, TooLargeError, UnavailableError, UnreadableError
from backend.peers.dicomweb import FetchedSeries, SeriesItem

SUFFIX = ".dcm"
OURS = (Reason.NO_RESOURCES, Reason.PROCESSING)
"""What is no fault of the instance."""


class Studies:
    """The archive, as those need it who open studies in a scene."""

    def __init__(self, archive: Archive | str, spool: Path) -> None:
        """`archive`: or why there is none. `spool`: where folders for the scene are made and removed."""
        self._archive, self._spool = archive, spool
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def archive(self) -> Archive:
        """Where they are kept.

        Raises:
            UnavailableError: there is none.
        """
        if isinstance(self._archive, str):
            raise UnavailableError(self._archive)
        return self._archive

    def lock(self, study: str) -> asyncio.Lock:
        """Held by who fetches a study, so that who wants the same one at the same time waits and then finds it there."""
        return self._locks.setdefault(study, asyncio.Lock())

    async def series_of(self, study: str) -> list[FetchedSeries]:
        """The series of a study that are here, by number; none if it is not here.

        Raises:
            BadRequestError: the UID is none.
        """
        if not is_uid(study):
            raise BadRequestError(f"{study!r:.80} is no UID")
        series = await self.archive.find(read_query([], "series", study), _as_series)
        if series:
            for one in await self.archive.instances(study):
                series[one.series_uid].instances += 1
                series[one.series_uid].images += one.frames
        return list(series.values())

    async def instances(self, study: str, series: str) -> set[str]:
        """UIDs of the instances of a series that are here."""
        return {one.sop_instance_uid for one in await self._instances(study, series)}

    async def _instances(self, study: str, series: str) -> list[StoredInstance]:
        try:
            return await self.archive.instances(study, series)
        except NotFoundError:
            return []

    def receive(self, study: str, series: str, origin: str) -> Arriving:
        """A new instance, which shall be one of this series; `origin` is the server that it comes from."""
        return Arriving(self.archive, study, series, origin)

    async def folders(self, keys: Mapping[str, str]) -> list[Path]:
        """Folders of all series that match keys, named by keyword (as searches of DICOMweb).

        Raises:
            BadRequestError: a key makes no sense, or there is none.
            TooLargeError: more match than one search answers.
        """
        if not any(value.strip("*") for value in keys.values()):
            raise BadRequestError("nothing is said of what is wanted of the archive")

        def uids(found: Found) -> list[tuple[str, str]]:
            if found.more:
                raise TooLargeError(f"{len(found.matches) + found.more} series of the archive match; that is too many at once")
            return [(match.study_uid, match.series_uid) for match in found.matches]

        matches = await self.archive.find(read_query(keys.items(), "series"), uids)
        return [await self.folder(study, series) for study, series in matches]

    async def folder(self, study: str, series: str) -> Path:
        """A folder with the files of a series, by second names: nothing is copied, and they stay when the archive deletes them.

        Raises:
            NotFoundError: the series is not here.
        """
        found = await self.archive.instances(study, series)
        folder = self._spool / series
        await asyncio.to_thread(_link_all, found, folder)
        return folder


class Arriving:
    """An instance on its way into the archive: `write` its bytes, then `keep` it or `discard` it."""

    def __init__(self, archive: Archive, study: str, series: str, origin: str) -> None:
        self._archive, self._study, self._series = archive, study, series
        self._incoming: Incoming = archive.incoming("fetch", origin)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes. What goes wrong is told at the end."""
        self._incoming.write(data)

    async def keep(self) -> None:
        """The instance is whole: have it in the archive.

        Raises:
            UnreadableError: it is no DICOM, or not of this series.
            UnavailableError: it could not be written.
        """
        outcome = await self._archive.take(self._incoming, self._study)
        if not outcome.is_here:
            raise (UnavailableError if outcome.reason in OURS else UnreadableError)(outcome.message)
        if outcome.series_uid != self._series:
            raise UnreadableError("it is an instance of another series")

    def discard(self) -> None:
        """Nothing of it stays, unless it was kept."""
        self._incoming.discard()


def _as_series(found: Found) -> dict[str, FetchedSeries]:
    series = {match.series_uid: FetchedSeries(match.series_uid, state="present") for match in found.matches}
    for match in found.matches:
        series[match.series_uid].learn(msgspec.json.decode(msgspec.json.encode(match.attributes), type=SeriesItem))
    return series


def _link_all(instances: Sequence[StoredInstance], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {one.sop_instance_uid + SUFFIX: one.path for one in instances}
    for entry in folder.iterdir():
        if entry.name not in wanted:
            entry.unlink()
    for name, path in wanted.items():
        made = folder / f".{secrets.token_hex(8)}"
        try:
            os.link(path, made)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
                raise
            shutil.copyfile(path, made)
        made.replace(folder / name)
