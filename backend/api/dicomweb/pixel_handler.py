"""What handlers of pixels share: frame lists, caching, ranges of bytes, parts as they are made."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from backend.api.dicomweb.base import DicomWebHandler, StatusError, not_acceptable
from backend.api.dicomweb.media import Form, MultipartWriter, Part, choose, frame_forms
from backend.archive.images import Images
from backend.archive.records import StoredInstance
from backend.errors import BadRequestError, NotFoundError
from backend.http.sending import send_pieces
from backend.render.pictures import etag_of

CACHE_CONTROL = "private, max-age=3600"
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")
NUMBER = re.compile(r"[0-9]{1,9}\Z")
PIECE_BYTES = 256 << 10


class RangeError(StatusError):
    """416: a range that begins beyond the end."""

    def __init__(self, size: int) -> None:
        super().__init__(416, f"there are {size} bytes only")
        self.size = size


def frame_numbers(text: str, most: int) -> list[int]:
    """Frames of a comma list, from 0.

    Raises:
        BadRequestError: other things than positive numbers, or more than `most`.
    """
    pieces = text.split(",")
    if len(pieces) > most:
        raise BadRequestError(f"{len(pieces)} frames are too many for one request; {most} are allowed (setting frames_at_once)")
    if not all(NUMBER.match(piece) and int(piece) > 0 for piece in pieces):
        raise BadRequestError(f"{text[:80]!r} is no list of frame numbers, which count from 1")
    return [int(piece) - 1 for piece in pieces]


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and one past the last of a Range header; None for the whole: also for what is no single range of bytes.

    Raises:
        RangeError: it begins beyond the end.
    """
    found = RANGE.match(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    if begin >= size or begin >= end:
        raise RangeError(size)
    return begin, end


class PixelHandler(DicomWebHandler):
    """Base of the handlers of frames, bulk data and pictures."""

    def initialize(self, images: Images) -> None:  # type: ignore[override]
        """What reads and draws."""
        super().initialize(images.archive)
        self.images = images

    def is_known(self, *key: object) -> bool:
        """Set the ETag of what this key decides; whether the client has it already, which is then answered."""
        etag = etag_of(key)
        self.set_header("ETag", etag)
        self.set_header("Cache-Control", CACHE_CONTROL)
        self.set_header("Vary", "Accept")
        if etag not in self.known_etags:
            return False
        self.set_status(304)
        self.finish()
        return True

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """As the others', and how long it is where the range was wrong."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, RangeError):
            self.set_header("Content-Range", f"bytes */{error.size}")
        super().write_error(status_code, **kwargs)

    def begin_range(self, size: int) -> tuple[int, int]:
        """Set the headers of a body that may be asked for in parts; which bytes are wanted."""
        self.set_header("Accept-Ranges", "bytes")
        wanted = byte_range(self.request.headers.get("Range", ""), size)
        if wanted is None:
            return 0, size
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {wanted[0]}-{wanted[1] - 1}/{size}")
        return wanted

    async def send_one(self, data: bytes, content_type: str) -> None:
        """Answer with one body, or the part of it that is asked for."""
        begin, end = self.begin_range(len(data))
        self.set_header("Content-Type", content_type)
        self.set_header("Content-Length", str(end - begin))
        await self.finish(data[begin:end])

    async def send_span(self, path: Path, offset: int, size: int, content_type: str) -> None:
        """Answer with a part of a file, or the part of that which is asked for."""
        begin, end = self.begin_range(size)
        pieces = file_pieces(path, offset + begin, end - begin)
        await send_pieces(self, pieces, content_type, end - begin, self.config.send_timeout_s, CACHE_CONTROL)

    async def send_parts(self, media: str, parts: AsyncIterator[Part], size: int | None = None) -> None:
        """Answer with parts, each made when the one before is sent."""
        writer = MultipartWriter(media)
        body = writer.body(parts)
        await send_pieces(self, body, writer.content_type, size, self.config.send_timeout_s, CACHE_CONTROL)

    async def send_frames(self, instance: StoredInstance, numbers: Sequence[int], form: Form) -> None:
        """Answer with frames (from 0) in a form; the first is made before anything is sent, so that its errors are answers."""
        syntax = form.transfer_syntax

        async def frame(number: int) -> bytes:
            return await self.images.frame(instance, number, syntax)

        first = await frame(numbers[0])
        if not form.multipart:
            await self.send_one(first, form.part_type)
            return
        url = self.instance_url(instance.study_uid, instance.series_uid, instance.sop_instance_uid)

        async def parts() -> AsyncIterator[Part]:
            async for number, data in ahead(numbers, frame, first):
                yield Part(form.part_type, data, f"{url}/frames/{number + 1}")

        await self.send_parts(form.media, parts())

    async def forms_of(self, instances: Sequence[StoredInstance]) -> list[tuple[StoredInstance, Form]]:
        """The instances whose frames can be had in a form that is accepted, with that form.

        Raises:
            StatusError: none can.
        """
        given: list[tuple[StoredInstance, Form]] = []
        forms: list[Form] = []
        for one in instances:
            forms = frame_forms(one.transfer_syntax, await self.images.makeable(one), False)
            form = choose(self.wanted, forms)
            if form is not None:
                given.append((one, form))
        if not given:
            raise not_acceptable(forms)
        return given

    async def frame_parts(self, stored: StoredInstance, form: Form) -> AsyncIterator[Part]:
        """Each frame of an instance as a part."""
        url = self.instance_url(stored.study_uid, stored.series_uid, stored.sop_instance_uid)
        index = await self.images.index(stored)
        for number in range(index.count):
            data = await self.images.frame(stored, number, form.transfer_syntax)
            yield Part(form.part_type, data, f"{url}/frames/{number + 1}")

    async def send_all_frames(self, given: Sequence[tuple[StoredInstance, Form]]) -> None:
        """Answer with all frames of several instances."""

        async def parts() -> AsyncIterator[Part]:
            for stored, form in given:
                async for part in self.frame_parts(stored, form):
                    yield part

        await self.send_parts(given[0][1].media, parts())


async def ahead(
    numbers: Sequence[int], make: Callable[[int], Awaitable[bytes]], first: bytes
) -> AsyncIterator[tuple[int, bytes]]:
    """Numbers with what is made of them, the next one in the making while one is sent; `first` is made already."""
    data: bytes = first
    for place, number in enumerate(numbers):
        upcoming = asyncio.ensure_future(make(numbers[place + 1])) if place + 1 < len(numbers) else None
        try:
            yield number, data
        except BaseException:
            if upcoming is not None:
                upcoming.cancel()
            raise
        if upcoming is not None:
            data = await upcoming


async def file_pieces(path: Path, offset: int, size: int) -> AsyncIterator[bytes]:
    """A part of a file, read on threads.

    Raises:
        NotFoundError: it has been deleted.
    """
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError as error:
        raise NotFoundError("the instance was deleted") from error
    try:
        await asyncio.to_thread(file.seek, offset)
        left = size
        while left:
            piece = await asyncio.to_thread(file.read, min(left, PIECE_BYTES))
            if not piece:
                raise EOFError(f"{left} of {size} bytes are missing")
            left -= len(piece)
            yield piece
    finally:
        file.close()
