"""Metadata: the JSON models of instances, finished when they were stored, joined to one answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from isal import isal_zlib

from backend.api.dicomweb.base import DicomWebHandler
from backend.api.dicomweb.media import DICOM_JSON, DICOM_XML, METADATA, MultipartWriter, Part
from backend.api.dicomweb.paths import LEVELS, TAG
from backend.archive.archive import Archive
from backend.archive.records import Content, StoredInstance
from backend.dicom.json_model import absolute
from backend.dicom.xml_model import xml_texts
from backend.http.negotiate import takes_gzip
from backend.http.routes import Operation, Route
from backend.http.sending import send_pieces

AT_A_TIME = 256
"""Instances in one piece of the answer."""
GZIP_LEVEL, GZIP_WINDOW = 1, 31
CACHE_CONTROL = "private, no-cache"


class MetadataCache:
    """Finished answers, the least used forgotten first."""

    def __init__(self, limit_bytes: int) -> None:
        """`limit_bytes`: of all together."""
        self._limit, self._size = limit_bytes, 0
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self.largest = limit_bytes // 4
        """Bytes of an answer that is still kept."""

    def get(self, key: str) -> bytes | None:
        """An answer, if it is here."""
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer."""
        if key not in self._answers and len(answer) <= self.largest:
            self._answers[key] = answer
            self._size += len(answer)
        while self._size > self._limit:
            self._size -= len(self._answers.popitem(last=False)[1])


class MetadataHandler(DicomWebHandler):
    """`…/metadata` of a study, a series or an instance."""

    def initialize(self, archive: Archive, cache: MetadataCache) -> None:  # type: ignore[override]
        """The archive, and what is remembered of answers."""
        super().initialize(archive)
        self.cache = cache

    async def get(self, *uids: str) -> None:
        """Answer with the models of all instances."""
        self.check_uids(*uids)
        form = self.choose(METADATA)
        instances = await self.archive.instances(*uids)
        packed = takes_gzip(self.request.headers.get("Accept-Encoding", ""))
        tag = self._tag(instances, f"{form.media} {packed}")
        self.add_header("Vary", "Accept, Accept-Encoding")
        self.set_header("ETag", tag)
        if tag in self.known_etags:
            self.set_header("Cache-Control", CACHE_CONTROL)
            self.set_status(304)
            self.finish()
            return
        if packed:
            self.set_header("Content-Encoding", "gzip")
        if form.multipart:
            writer = MultipartWriter(DICOM_XML)
            await self._send(writer.body(self._xml(instances)), writer.content_type, packed)
            return
        known = self.cache.get(tag)
        if known is not None:
            self.send(known, form.media, cache=CACHE_CONTROL)
            return
        kept: list[bytes] = []
        await self._send(self._json(instances), form.media, packed, kept)
        if kept:
            self.cache.put(tag, b"".join(kept))

    def _tag(self, instances: Sequence[StoredInstance], form: str) -> str:
        """A strong ETag: of what is stored, and of all else that decides the answer's bytes."""
        text = "\n".join([form, self.base_url, *(one.digest for one in instances)])
        return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'

    async def _send(
        self, pieces: AsyncIterator[bytes], content_type: str, packed: bool, kept: list[bytes] | None = None
    ) -> None:
        if packed:
            pieces = _gzipped(pieces)
        if kept is not None:
            pieces = self._keeping(pieces, kept)
        await send_pieces(self, pieces, content_type, None, self.config.send_timeout_s, CACHE_CONTROL)

    async def _keeping(self, pieces: AsyncIterator[bytes], kept: list[bytes]) -> AsyncIterator[bytes]:
        """The pieces, which are in `kept` as well at the end, if they are not too much."""
        gathered: list[bytes] = []
        size = 0
        async for piece in pieces:
            size += len(piece)
            gathered = [*gathered, piece] if size <= self.cache.largest else []
            yield piece
        kept += gathered

    async def _json(self, instances: Sequence[StoredInstance]) -> AsyncIterator[bytes]:
        before = b"["
        async for models in self._models(instances):
            yield before + b",".join(models)
            before = b","
        yield b"]" if before == b"," else b"[]"

    async def _xml(self, instances: Sequence[StoredInstance]) -> AsyncIterator[Part]:
        async for models in self._models(instances):
            for text in await self.archive.workers.run(xml_texts, models):
                yield Part(DICOM_XML, text)

    async def _models(self, instances: Sequence[StoredInstance]) -> AsyncIterator[list[bytes]]:
        """Models of some instances at a time, their references to bulk data absolute."""
        base = self.base_url
        for start in range(0, len(instances), AT_A_TIME):
            some = {one.id: one for one in instances[start : start + AT_A_TIME]}
            contents = await self.archive.contents(list(some.values()))
            if contents:
                yield await asyncio.to_thread(_absolute, some, contents, base)


def _absolute(instances: dict[int, StoredInstance], contents: Sequence[Content], base: str) -> list[bytes]:
    found = []
    for content in contents:
        one = instances[content.id]
        place = f"{base}/studies/{one.study_uid}/series/{one.series_uid}/instances/{one.sop_instance_uid}"
        found.append(absolute(content.model, place))
    return found


async def _gzipped(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = isal_zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WINDOW)
    async for piece in pieces:
        packed = await asyncio.to_thread(packer.compress, piece)
        if packed:
            yield packed
    yield packer.flush()


def routes(archive: Archive, cache_bytes: int) -> list[Route]:
    """The routes of metadata."""
    options = {"archive": archive, "cache": MetadataCache(cache_bytes)}
    found = []
    for level in LEVELS:
        operation = Operation(
            f"{level.path}/metadata", f"Metadata of {level.name}", tag=TAG, params=level.params,
            answers=(DICOM_JSON, DICOM_XML), also=(304,),
            description="The attributes of each instance in the DICOM JSON model, large binary ones as `BulkDataURI`; "
            "XML, an instance a part, where `multipart/related; type=\"application/dicom+xml\"` is asked for.",
        )  # fmt: skip
        found.append(Route(level.pattern("/metadata"), MetadataHandler, (operation,), options))
    return found
