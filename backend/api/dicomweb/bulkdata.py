"""Bulk data: values that metadata only name (PS3.18, 10.4.1.1.5)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from backend.api.dicomweb.media import EXPLICIT_LE, OCTETS, Form, Part, frame_forms
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.api.dicomweb.pixel_handler import PixelHandler, file_pieces
from backend.archive.images import Images
from backend.archive.records import StoredInstance
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param, Route

INSTANCE = LEVELS[2]
PLACE = re.compile(r"[0-9A-Fa-f]{8}(/[1-9][0-9]{0,8}/[0-9A-Fa-f]{8}){0,63}\Z")
PIXELS = {(0x7FE00010,), (0x7FE00008,), (0x7FE00009,)}
FORMS = [Form(OCTETS, True, EXPLICIT_LE), Form(OCTETS, False, EXPLICIT_LE)]


def place_of(text: str) -> tuple[int, ...]:
    """Tag, number of the item from 1, tag, … of a URI's end.

    Raises:
        BadRequestError: it is written otherwise.
    """
    if not PLACE.match(text):
        raise BadRequestError(f"{text[:80]!r} names no element: 8 hexadecimal digits, then number of an item and element in it")
    return tuple(int(piece, 10 if number % 2 else 16) for number, piece in enumerate(text.split("/")))


class BulkDataHandler(PixelHandler):
    """`…/instances/{instance}/bulkdata/{place}`."""

    async def get(self, study: str, series: str, instance: str, place: str) -> None:
        """The value, of compressed pixels each frame as a part."""
        self.check_uids(study, series, instance)
        tags = place_of(place)
        stored = await self.archive.instance(study, series, instance)
        index = await self.images.index_or_none(stored) if tags in PIXELS else None
        if index is not None and (index.is_encapsulated or index.deflated_at):
            form = self.choose(frame_forms(index.syntax, await self.images.makeable(stored), index.count == 1))
            if not self.is_known(stored.digest, "pixeldata", form):
                await self.send_frames(stored, range(index.count), form)
            return
        form = self.choose(FORMS)
        if not self.is_known(stored.digest, tags, form):
            await self._send_value(stored, tags, form)

    async def _send_value(self, stored: StoredInstance, tags: tuple[int, ...], form: Form) -> None:
        bulk = await self.images.bulk(stored, tags)
        if not form.multipart:
            if bulk.data is not None:
                await self.send_one(bulk.data, OCTETS)
            else:
                await self.send_span(stored.path, bulk.offset, bulk.length, OCTETS)
            return
        data = bulk.data if bulk.data is not None else file_pieces(stored.path, bulk.offset, bulk.length)
        part = Part(form.part_type, data, self.base_url.removesuffix("/dicom") + self.request.path, bulk.length)

        async def parts() -> AsyncIterator[Part]:
            yield part

        await self.send_parts(OCTETS, parts())


def routes(images: Images) -> list[Route]:
    """The routes of bulk data."""
    operation = Operation(
        INSTANCE.path + "/bulkdata/{place}", "A value that metadata only name", tag=TAG,
        params=(
            *INSTANCE.params,
            Param("place", "tag, or tag, number of the item from 1 and tag in it, as the BulkDataURI has them", where="path",
                  example="7FE00010"),
            Param("Range", "bytes of a single body", where="header"),
        ),
        answers=("multipart/related", OCTETS),
        description="Little endian. Compressed pixel data come frame by frame, as `…/pixeldata`.",
    )  # fmt: skip
    return [Route(INSTANCE.pattern("/bulkdata/(.+?)"), BulkDataHandler, (operation,), {"images": images})]
