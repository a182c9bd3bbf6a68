"""The archive as network processes use it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import msgspec

from backend.archive.archive import Archive
from backend.archive.find import Found
from backend.archive.records import Reason
from backend.dicom.qido import read_query
from backend.dicom.query import Criterion, Level, Query, Text
from backend.dimse.messages import File, Locate, Search, Take, Taken
from backend.errors import NotFoundError, TooLargeError

ORIGIN = "dimse"
STATUS = {
    Reason.PROCESSING: 0x0110,
    Reason.DUPLICATE: 0x0111,
    Reason.CLASS_NOT_SUPPORTED: 0x0122,
    Reason.NO_RESOURCES: 0xA700,
    Reason.WRONG_STUDY: 0xA900,
    Reason.NOT_UNDERSTOOD: 0xC000,
    Reason.SYNTAX_NOT_SUPPORTED: 0xC000,
}
"""Statuses of C-STORE (PS3.4 B.2.3, PS3.7 annex C)."""
SUCCESS = 0x0000
PATIENT_ID = 0x00100020
MOST_FILES = 65_535
"""Numbers of sub-operations have 16 bits (PS3.7 9.1.4)."""


class ArchiveShelf:
    """Keeps what arrives, finds, and tells where the files are."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def take(self, message: Take) -> Taken:
        """Take a file that arrived into the archive."""
        incoming = self._archive.incoming(ORIGIN, message.sender)
        incoming.adopt(Path(message.path))
        outcome = await self._archive.take(incoming)
        if outcome.is_here or outcome.reason is None:
            return Taken(SUCCESS)
        return Taken(STATUS[outcome.reason], outcome.message)

    async def search(self, message: Search) -> list[str]:
        """Matches as DICOM JSON. Patients are those of studies that match, each once.

        Raises:
            BadRequestError: a key can not be understood.
        """
        if message.level == "patient":
            return await self._patients(message)
        level = cast(Level, message.level)
        return await self._models(read_query(pairs_of(message, message.offset, message.limit), level))

    async def _patients(self, message: Search) -> list[str]:
        """The archive searches studies: of those of one patient only the first counts."""
        found: dict[str, str] = {}
        wanted, offset = message.offset + message.limit, 0
        while len(found) < wanted:
            models = await self._models(read_query(pairs_of(message, offset, message.limit), "study"))
            for model in models:
                found.setdefault(_patient_id(model), model)
            if len(models) < message.limit:
                break
            offset += message.limit
        return list(found.values())[message.offset : wanted]

    async def _models(self, query: Query) -> list[str]:
        def texts(found: Found) -> list[str]:
            return [msgspec.json.encode(match.attributes).decode() for match in found.matches]

        return await self._archive.find(query, texts)

    async def locate(self, message: Locate) -> list[File]:
        """Files of studies, series or instances, in the order that the archive has them in.

        Raises:
            TooLargeError: they are more than one retrieval can have.
        """
        studies = message.studies or await self._studies_of(message.patient_id or "")
        series, wanted = set(message.series), set(message.instances)
        files: list[File] = []
        for study in studies:
            try:
                found = await self._archive.instances(study)
            except NotFoundError:
                continue
            files += [
                File(str(one.path), one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax)
                for one in found
                if (not series or one.series_uid in series) and (not wanted or one.sop_instance_uid in wanted)
            ]
            if len(files) > MOST_FILES:
                raise TooLargeError(f"more than {MOST_FILES} instances in one retrieval")
        return files

    async def _studies_of(self, patient_id: str) -> list[str]:
        def uids(found: Found) -> list[str]:
            if found.more:
                raise TooLargeError(f"{len(found.matches) + found.more} studies in one retrieval are too many")
            return [match.study_uid for match in found.matches]

        return await self._archive.find(Query("study", (Criterion(PATIENT_ID, Text((patient_id,))),)), uids)


def pairs_of(message: Search, offset: int, limit: int) -> list[tuple[str, str]]:
    """A search in the words of QIDO-RS, whose rules of matching are the same (PS3.4 C.2.2.2)."""
    fields = [("includefield", name) for name in message.fields]
    return [*message.keys, *fields, ("offset", str(offset)), ("limit", str(limit))]


def _patient_id(model: str) -> str:
    values = msgspec.json.decode(model).get("00100020", {}).get("Value") or [""]
    return str(values[0])
