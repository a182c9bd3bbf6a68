"""STOW-RS of metadata and bulk data: DICOM JSON in the first part, what it refers to in the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from backend.api.dicomweb.media import OCTETS, OLD_NAMES, TRANSFER_SYNTAXES
from backend.archive.archive import Archive
from backend.archive.ingest import Incoming
from backend.archive.records import Outcome, Reason
from backend.dicom.from_json import Bulk, Made, make_files
from backend.errors import BadRequestError, UnreadableError
from backend.peers.multipart import parse_content_type


class MetadataParts:
    """The parts of one request, kept until all have come; then made to instances."""

    def __init__(self, archive: Archive, study: str | None) -> None:
        """`study`: the UID that all have to have, if any."""
        self._archive, self._study = archive, study
        self._parts: list[tuple[Mapping[str, str], Incoming]] = []

    def add(self, headers: Mapping[str, str], part: Incoming) -> None:
        """A part is whole."""
        self._parts.append((headers, part))

    async def store(self) -> list[Outcome]:
        """What became of each data set.

        Raises:
            BadRequestError: the first part is no DICOM JSON.
        """
        if not self._parts:
            return []
        for _headers, part in self._parts:
            await asyncio.to_thread(part.close)
        faults = [part.fault for _headers, part in self._parts if part.fault is not None]
        if faults:
            return faults[:1]
        (_first, metadata), *rest = self._parts
        bulks = {headers.get("content-location", "").strip(): Bulk(part.path, _syntax_of(headers)) for headers, part in rest}
        try:
            made = await self._archive.workers.run(make_files, metadata.path, bulks, self._archive.blobs.incoming)
        except UnreadableError as error:
            raise BadRequestError(str(error)) from error
        except FileNotFoundError as error:
            raise BadRequestError("a part is empty") from error
        return [await self._take(one, metadata) for one in made]

    async def _take(self, made: Made, metadata: Incoming) -> Outcome:
        if made.path is None:
            return Outcome("failed", "", "", made.sop_instance_uid, made.sop_class_uid, Reason.NOT_UNDERSTOOD, made.message)
        incoming = self._archive.incoming(metadata.origin, metadata.detail)
        incoming.adopt(made.path)
        return await self._archive.take(incoming, self._study)

    def discard(self) -> None:
        """Nothing of the parts stays."""
        for _headers, part in self._parts:
            part.discard()
        self._parts = []


def _syntax_of(headers: Mapping[str, str]) -> str:
    """Transfer syntax of bulk data: as their part says, or the default of its media type."""
    media, parameters = parse_content_type(headers.get("content-type", OCTETS))
    return parameters.get("transfer-syntax") or TRANSFER_SYNTAXES.get(OLD_NAMES.get(media, media), ("",))[0]
