"""Segmentations as DICOM: made in a worker from what the scene writes and the archive has of the series they were drawn on."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from backend.archive.archive import Archive
from backend.archive.records import Outcome
from backend.errors import BadRequestError, NotFoundError, UnavailableError, UnreadableError
from backend.scene import commands as c
from backend.sessions.session import Session


class DicomSegmentations:
    """Makes SEG files of a session's segmentations."""

    def __init__(self, session: Session, archive: Archive | str) -> None:
        """`archive`: or why there is none."""
        self._session, self._archive = session, archive

    @asynccontextmanager
    async def made(self, segmentation: str) -> AsyncIterator[tuple[Path, c.SegmentSource]]:
        """The file, which is there within, and the series that it belongs to.

        Raises:
            NotFoundError: there is no such segmentation.
            BadRequestError: its volume did not come from DICOM, its series is not in the archive, or nothing is painted.
            UnavailableError: there is no archive.
            UnreadableError: the series is no base for a segmentation.
        """
        if isinstance(self._archive, str):
            raise UnavailableError(self._archive)
        folder = self._session.journal.spool / secrets.token_hex(8)
        folder.mkdir(parents=True)
        try:
            maps, target = folder / "segments.maps", folder / "segments.dcm"
            source = await self._session.ask(c.WriteSegments(segmentation, str(maps)), c.SegmentSource)
            headers = await self._headers(self._archive, source)
            await self._archive.workers.run(write, str(maps), headers, str(target), source.name)
            yield target, source
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    @staticmethod
    async def _headers(archive: Archive, source: c.SegmentSource) -> list[str]:
        if not source.series or not source.study:
            raise BadRequestError(
                f"{source.volume} was not loaded from DICOM, so there is no series that a DICOM SEG could belong to: "
                "save it as .seg.nrrd"
            )
        try:
            instances = await archive.instances(source.study, source.series)
        except NotFoundError:
            raise BadRequestError(
                f"the series of {source.volume} is not in the archive, which has the headers that a DICOM SEG needs: "
                "import its files first, or save it as .seg.nrrd"
            ) from None
        return [str(one.path) for one in instances]

    async def store(self, segmentation: str) -> Outcome:
        """Make the file and have the archive take it.

        Raises:
            UnreadableError: the archive does not take it; and as `made`.
        """
        async with self.made(segmentation) as (path, source):
            assert isinstance(self._archive, Archive)
            incoming = self._archive.incoming("segmentation", source.name)
            try:
                await asyncio.to_thread(incoming.adopt, path)
                outcome = await self._archive.take(incoming, source.study)
            except BaseException:
                incoming.discard()
                raise
        if not outcome.is_here:
            raise UnreadableError(f"the archive does not take it: {outcome.message}")
        return outcome


def write(maps: str, headers: Sequence[str], target: str, name: str) -> list[str]:
    """`backend.dicom.seg_writing.write_seg`, whose library only the worker loads."""
    from backend.dicom.seg_writing import write_seg

    return write_seg(maps, headers, target, name)
