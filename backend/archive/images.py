"""Frames and pictures of stored instances for all doors: read on threads, made by workers, each once, the last remembered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Hashable, Sequence

from backend.archive import drawing
from backend.archive.archive import Archive
from backend.archive.records import StoredInstance
from backend.config import Settings
from backend.dicom.frames import FrameIndex
from backend.dicom.syntaxes import EXPLICIT_LE, makeable
from backend.errors import NotFoundError
from backend.render.pictures import PictureCache
from backend.render.stored.look import Look, VolumeLook
from backend.sharing import Recent, SingleFlight

INDICES = 200_000
"""Of frames whose places are remembered, those of all instances together."""


class Images:
    """What decodes and draws stored instances. Keys hold the digest of the file, so nothing remembered can be stale."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self.archive = archive
        self._cache = PictureCache(settings.stored_picture_cache_mb << 20)
        self._flights: SingleFlight[bytes] = SingleFlight()
        self._indices: Recent[FrameIndex | None] = Recent(INDICES, lambda index: 1 + len(index.fragments) if index else 1)
        self._inflated = settings.instance_inflated_mb << 20

    # -- frames ------------------------------------------------------------------------------------------------------

    async def index(self, instance: StoredInstance) -> FrameIndex:
        """Where the frames of an instance are.

        Raises:
            NotFoundError: it has none.
            UnreadableError: they are not where its header says.
        """
        found = await self.index_or_none(instance)
        if found is None:
            raise NotFoundError("the instance has no pixels")
        return found

    async def index_or_none(self, instance: StoredInstance) -> FrameIndex | None:
        """The same, None where there are none."""
        if instance.digest in self._indices:
            return self._indices[instance.digest]
        known = (await self.archive.content(instance)).pixels
        if known is not None:
            found: FrameIndex | None = FrameIndex.decode(known)
        else:
            found = await self.archive.workers.run(drawing.find_frames, instance.path) if instance.rows else None
        return self._indices.put(instance.digest, found)

    async def makeable(self, instance: StoredInstance) -> list[str]:
        """Transfer syntaxes that an instance can be had in by transcoding."""
        return makeable(await self.index_or_none(instance))

    async def frame(self, instance: StoredInstance, number: int, syntax: str) -> bytes:
        """One frame (from 0) in a transfer syntax, as it is stored where that is it.

        Raises:
            NotFoundError: there is no such frame.
            UnreadableError: it can not be read or transcoded.
        """
        index = await self.index(instance)
        stored = index.syntax == syntax or (syntax == EXPLICIT_LE and not index.is_encapsulated)
        if stored and not index.deflated_at:
            return await asyncio.to_thread(drawing.read_frame, instance.path, index, number)
        key = (instance.digest, "frame", number, syntax)
        return await self._made(key, lambda: self.archive.workers.run(drawing.make_frame, instance.path, index, number, syntax))

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def picture(self, instance: StoredInstance, frame: int, look: Look) -> bytes:
        """One frame (from 0) as a picture file.

        Raises:
            NotFoundError: there is no such frame.
            UnreadableError: it can not be shown.
            BadRequestError, TooLargeError: what is asked of it.
        """
        key = (instance.digest, frame, look)
        return await self._made(key, lambda: self.archive.workers.run(drawing.draw_picture, instance.path, frame, look))

    async def moving(self, instance: StoredInstance, frames: tuple[int, ...], look: Look) -> bytes:
        """Frames, all where none are named, as an animated GIF or a film. Raises as `picture`."""
        key = (instance.digest, frames, look)
        return await self._made(key, lambda: self.archive.workers.run(drawing.draw_moving, instance.path, frames, look))

    async def volume(self, instances: Sequence[StoredInstance], look: VolumeLook, told: bool = False) -> bytes:
        """The volume that instances form as a picture file, or with `told` what that is made with, as DICOM JSON.

        Raises:
            UnreadableError: they form none.
            BadRequestError, TooLargeError: what is asked of it.
        """
        digests = "".join(one.digest for one in instances)
        key = hashlib.blake2b(digests.encode(), digest_size=16).hexdigest()
        paths = tuple(one.path for one in instances)
        work = drawing.tell_series if told else drawing.draw_series
        return await self._made((key, look, told), lambda: self.archive.volume_workers.run(work, paths, key, look))

    async def sign(self, text: str, side: int, media: str) -> bytes:
        """A sign for what has no pixels."""
        return await self._made(
            ("sign", text, side, media), lambda: self.archive.workers.run(drawing.draw_sign, text, side, media)
        )

    async def modality(self, instance: StoredInstance) -> str:
        """Its modality; empty where it has none."""
        return await self.archive.workers.run(drawing.find_modality, instance.path)

    async def report(self, instance: StoredInstance, html: bool) -> bytes:
        """A structured report as a page or as plain text, UTF-8."""
        key = (instance.digest, "report", html)
        return await self._made(key, lambda: self.archive.workers.run(drawing.write_report, instance.path, html))

    async def shown_by(self, state: StoredInstance) -> StoredInstance:
        """The first image that a presentation state is about and that is here.

        Raises:
            NotFoundError: none is.
        """
        for series, uid in await self.archive.workers.run(drawing.find_references, state.path):
            try:
                return await self.archive.instance(state.study_uid, series, uid)
            except NotFoundError:
                continue
        raise NotFoundError("none of the images that the presentation state is about is here")

    async def bulk(self, instance: StoredInstance, tags: tuple[int, ...]) -> drawing.Bulk:
        """The value that a URI of bulk data names.

        Raises:
            NotFoundError: there is none.
        """
        return await self.archive.workers.run(drawing.find_bulk, instance.path, tags, self._inflated)

    async def _made(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> bytes:
        found = self._cache.get(key)
        if found is None:
            found = await self._flights.do(key, make)
            self._cache.put(key, found)
        return found


def representative(instances: list[StoredInstance]) -> StoredInstance:
    """The instance that stands for a study or series: the middle one of the first series with images, else the first of all."""
    images = [one for one in instances if one.rows]
    if not images:
        return instances[0]
    series = [one for one in images if one.series_uid == images[0].series_uid]
    return series[len(series) // 2]


def largest_series(instances: list[StoredInstance]) -> list[StoredInstance]:
    """The images of the series that has the most frames."""
    series: dict[str, list[StoredInstance]] = {}
    for one in instances:
        if one.rows:
            series.setdefault(one.series_uid, []).append(one)
    return max(series.values(), key=lambda images: sum(one.frames for one in images), default=[])
