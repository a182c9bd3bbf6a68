"""WADO-RS: studies, series and instances as DICOM files, as they are stored or in another transfer syntax."""

from __future__ import annotations

import asyncio
import functools
import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

from backend.api.dicomweb.base import DicomWebHandler, not_acceptable
from backend.api.dicomweb.media import (
    AS_STORED,
    DICOM,
    EXPLICIT_LE,
    NEVER_SENT,
    Form,
    MultipartWriter,
    Part,
    Wanted,
    choose,
    object_forms,
)
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.archive.archive import Archive
from backend.archive.records import StoredInstance
from backend.archive.transcoding import transcode_file
from backend.dicom.frames import FrameIndex
from backend.dicom.syntaxes import makeable
from backend.errors import NotFoundError
from backend.http.routes import Operation, Route
from backend.http.sending import send_pieces
from backend.http.zipping import Entry, zip_pieces, zip_size

PIECE_BYTES = 1 << 20
ZIP = "application/zip"
NOT_IN_NAMES = re.compile(r"[^\w .()+-]")
LONGEST_NAME = 80
Given = tuple[StoredInstance, Form]


class RetrieveHandler(DicomWebHandler):
    """`GET` of a study, a series or an instance."""

    async def get(self, *uids: str) -> None:
        """Send all of it, one file after the other."""
        self.check_uids(*uids)
        instances = await self.archive.instances(*uids)
        if next((one.media for one in self.wanted if one.weight > 0), "") == ZIP:
            await self._send_zip(instances)
            return
        given = await self._given(instances, single=len(uids) == len(LEVELS))
        if len(given) < len(instances):
            self.set_status(206)
        if not given[0][1].multipart:
            await self._send_one(*given[0])
            return
        writer = MultipartWriter(DICOM)
        parts = [self._part(*one) for one in given]
        if len(parts) == 1:  # what fails is told, while it still can be
            parts = [await self._made_first(*given[0])]
        await send_pieces(
            self,
            writer.body(_each(parts)),
            writer.content_type,
            writer.size(parts),
            self.config.send_timeout_s,
            "private, no-cache",
        )

    async def _send_zip(self, instances: Sequence[StoredInstance]) -> None:
        """All files as they are stored, a folder for each series."""
        study = instances[0].study_uid
        names = await self.archive.series_names(study)
        folders = folder_names([one.series_uid for one in instances], names)
        entries = [
            Entry(f"{folders[one.series_uid]}/{number:05d}.dcm", one.bytes, one.crc32, functools.partial(read_pieces, one.path))
            for number, one in enumerate(instances, 1)
        ]
        self.set_header("Content-Disposition", f'attachment; filename="{study}.zip"')
        await send_pieces(self, zip_pieces(entries), ZIP, zip_size(entries), self.config.send_timeout_s, "private, no-cache")

    async def _given(self, instances: Sequence[StoredInstance], single: bool) -> list[Given]:
        """The instances that can be given in the best form for which there are any, with their forms.

        Raises:
            StatusError: none can be given in any form that is accepted.
        """
        refused = [one for one in self.wanted if one.weight <= 0]
        syntaxes: list[list[str]] | None = None
        for asked in self.wanted:
            if asked.weight <= 0:
                continue
            if all(_as_it_is(asked, one.transfer_syntax) for one in instances):
                possible = [[one.transfer_syntax] for one in instances]
            else:
                possible = syntaxes = syntaxes or await self._makeable(instances)
            chosen = [
                (one, choose([asked, *refused], object_forms(one.transfer_syntax, uids, single)))
                for one, uids in zip(instances, possible, strict=True)
            ]
            given = [(one, form) for one, form in chosen if form is not None]
            if given:
                return given
        raise not_acceptable(object_forms(instances[0].transfer_syntax, (), single))

    async def _makeable(self, instances: Sequence[StoredInstance]) -> list[list[str]]:
        pixels = {content.id: content.pixels for content in await self.archive.contents(instances)}
        return [makeable(FrameIndex.decode(found) if (found := pixels.get(one.id)) else None) for one in instances]

    def _part(self, one: StoredInstance, form: Form) -> Part:
        place = self.instance_url(one.study_uid, one.series_uid, one.sop_instance_uid)
        if form.transfer_syntax == one.transfer_syntax:
            return Part(form.part_type, read_pieces(one.path), place, one.bytes)
        return Part(form.part_type, self._transcoded(one, form.transfer_syntax), place)

    async def _made_first(self, one: StoredInstance, form: Form) -> Part:
        part = self._part(one, form)
        if form.transfer_syntax == one.transfer_syntax:
            return part
        pieces = self._transcoded(one, form.transfer_syntax)
        first = await anext(pieces)
        return Part(part.content_type, _with_first(first, pieces), part.location)

    async def _send_one(self, one: StoredInstance, form: Form) -> None:
        part = await self._made_first(one, form)
        assert not isinstance(part.data, bytes)
        self.set_header("Content-Location", part.location)
        await send_pieces(self, part.data, part.content_type, part.length, self.config.send_timeout_s, "private, no-cache")

    async def _transcoded(self, one: StoredInstance, syntax: str) -> AsyncIterator[bytes]:
        """An instance in another transfer syntax, made when it is asked for; the file is gone afterwards."""
        target = self.archive.scratch_file()
        try:
            await self.archive.workers.run(transcode_file, one.path, syntax, target, self.config.instance_inflated_mb << 20)
            async for piece in read_pieces(target):
                yield piece
        finally:
            target.unlink(missing_ok=True)


def folder_names(uids: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """A name of a folder for each series, in their order: what people call it, in characters that every system takes."""
    found: dict[str, str] = {}
    for uid in dict.fromkeys(uids):
        wanted = NOT_IN_NAMES.sub("_", names.get(uid, "series"))[:LONGEST_NAME].strip(" .") or "series"
        taken = {name.lower() for name in found.values()}
        found[uid] = next(name for name in _variants(wanted) if name.lower() not in taken)
    return found


def _variants(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name} ({number})" for number in itertools.count(2))


def _as_it_is(asked: Wanted, stored: str) -> bool:
    """Whether a range means what is stored, so that nobody needs to know what else there could be."""
    if stored in NEVER_SENT:
        return False
    return asked.transfer_syntax in (AS_STORED, stored) or (not asked.transfer_syntax and stored == EXPLICIT_LE)


async def read_pieces(path: Path) -> AsyncIterator[bytes]:
    """A file's bytes, read on threads.

    Raises:
        NotFoundError: it has been deleted.
    """
    try:
        file = await asyncio.to_thread(path.open, "rb", 0)
    except FileNotFoundError as error:
        raise NotFoundError("the instance was deleted") from error
    with file:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


async def _each(parts: Sequence[Part]) -> AsyncIterator[Part]:
    for part in parts:
        yield part


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def routes(archive: Archive) -> list[Route]:
    """The routes of retrieving."""
    text = (
        '`multipart/related; type="application/dicom"`, a Part 10 file in each part; of one instance also `application/dicom`. '
        "In explicit little endian unless `transfer-syntax=` of Accept names another, or `*` for as stored. Status 206 where "
        "some instances can not be had so. `application/zip`, in Accept or `accept=`, gives the files as they are stored."
    )
    found = []
    for level in LEVELS:
        operation = Operation(
            level.path,
            f"Retrieve {level.name}",
            tag=TAG,
            params=level.params,
            answers=(DICOM, ZIP),
            description=text,
            also=(206,),
        )
        found.append(Route(level.pattern(), RetrieveHandler, (operation,), {"archive": archive}, methods=("GET", "HEAD")))
    return found
