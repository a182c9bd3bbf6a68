"""Bulk data: values that metadata only name (PS3.18, 10.4.1.1.5)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from backend.api.dicomweb.media import EXPLICIT_LE, OCTETS, Form, Part, frame_forms
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.api.dicomweb.pixel_handler import PixelHandler, file_pieces
from backend.archive.images import Images
from backend.archive.records import StoredInstance
from backend.errors import BadRequestError, NotFoundError
from backend.http.routes import Operation, Param, Route

INSTANCE = LEVELS[2]
PLACE = re.compile(r"[0-9A-Fa-f]{8}(/[1-9][0-9]{0,8}/[0-9A-Fa-f]{8}){0,63}\Z")
PLACES = re.compile(r'"BulkDataURI":"bulkdata/([0-9A-F/]+)"')
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


class AllBulkDataHandler(PixelHandler):
    """`…/bulkdata` of a study, a series or an instance: every value that metadata only name, pixels among them."""

    async def get(self, *uids: str) -> None:
        """Each value a part, of compressed pixels each frame."""
        self.check_uids(*uids)
        form = self.choose(FORMS[:1])
        named = []
        instances = {one.id: one for one in await self.archive.instances(*uids)}
        for content in await self.archive.contents(list(instances.values())):
            named += [(instances[content.id], place_of(place)) for place in PLACES.findall(content.model.decode())]
        if not named:
            raise NotFoundError("there are no bulk data")

        async def parts() -> AsyncIterator[Part]:
            for stored, tags in named:
                async for part in self._parts_of(stored, tags, form):
                    yield part

        await self.send_parts(OCTETS, parts())

    async def _parts_of(self, stored: StoredInstance, tags: tuple[int, ...], form: Form) -> AsyncIterator[Part]:
        index = await self.images.index_or_none(stored) if tags in PIXELS else None
        if index is not None and (index.is_encapsulated or index.deflated_at):
            as_stored = Form(OCTETS, True, EXPLICIT_LE if index.deflated_at else index.syntax)
            async for part in self.frame_parts(stored, as_stored):
                yield part
            return
        bulk = await self.images.bulk(stored, tags)
        data = bulk.data if bulk.data is not None else file_pieces(stored.path, bulk.offset, bulk.length)
        url = self.instance_url(stored.study_uid, stored.series_uid, stored.sop_instance_uid)
        yield Part(form.part_type, data, f"{url}/bulkdata/{text_of(tags)}", bulk.length)


def text_of(tags: tuple[int, ...]) -> str:
    """The end of a URI, of `place_of`."""
    return "/".join(str(value) if number % 2 else f"{value:08X}" for number, value in enumerate(tags))


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
    found = [Route(INSTANCE.pattern("/bulkdata/(.+?)"), BulkDataHandler, (operation,), {"images": images})]
    for level in LEVELS:
        all_of_it = Operation(
            level.path + "/bulkdata", f"All bulk data of {level.name}", tag=TAG, params=level.params,
            answers=("multipart/related",), description="Compressed pixels as they are stored, frame by frame.",
        )  # fmt: skip
        found.append(Route(level.pattern("/bulkdata"), AllBulkDataHandler, (all_of_it,), {"images": images}))
    return found
