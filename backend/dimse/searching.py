"""Answers of the listener to who searches and retrieves: C-FIND, C-MOVE, C-GET (PS3.4 annex C)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from backend.dimse import identifiers
from backend.dimse.line import Line
from backend.dimse.messages import File, Locate, Peer, Search
from backend.dimse.sending import contexts_for, dataset_for
from backend.errors import BadRequestError, SlicecastError

PENDING, CANCELLED = 0xFF00, 0xFE00
DOES_NOT_MATCH = 0xA900
"""The identifier does not fit the SOP class."""
UNABLE = 0xC000
PAGE = 200
"""Matches asked of the gateway at a time: so a peer that cancels is heard, and memory stays bounded."""


class Searching:
    """Finds and retrieves for peers. Each association calls from a thread of its own."""

    def __init__(self, aet: str, peers: list[Peer], line: Line) -> None:
        self._aet, self._line = aet, line
        self._peers = {peer.aet: peer for peer in peers}

    # -- C-FIND --------------------------------------------------------------------------------------------------

    def on_find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        """Yield each match, and a status of failure if it can not be told."""
        try:
            identifier = event.identifier
            level = identifiers.level_of(identifier)
            keys, fields = identifiers.keys_of(identifier)
            for model in self._matches(level, keys, fields):
                if event.is_cancelled:
                    yield CANCELLED, None
                    return
                yield PENDING, identifiers.response(model, identifier, self._aet)
        except BadRequestError as error:
            yield self._fail(DOES_NOT_MATCH, error)
        except SlicecastError as error:
            yield self._fail(UNABLE, error)

    def _matches(self, level: str, keys: list[tuple[str, str]], fields: list[str]) -> Iterator[str]:
        offset = 0
        while True:
            found = self._line.ask(Search(level, keys, fields, offset, PAGE), list[str])
            yield from found
            if len(found) < PAGE:
                return
            offset += PAGE

    @staticmethod
    def _fail(status: int, error: SlicecastError) -> tuple[int, None]:
        sys.stderr.write(f"refused: {error}\n")
        return status, None

    # -- C-MOVE, C-GET -------------------------------------------------------------------------------------------

    def on_move(self, event: evt.Event) -> Iterator[Any]:
        """Yield whom to send to, how many instances, and each of them."""
        peer = self._peers.get(str(event.move_destination).strip())
        if peer is None:
            sys.stderr.write(f"C-MOVE to {event.move_destination}, which is no peer of ours\n")
            yield None, None  # answered as "move destination unknown"
            return
        try:
            files = self._files(event.identifier)
        except SlicecastError as error:
            yield peer.host, peer.port
            yield 0
            yield self._fail(DOES_NOT_MATCH, error)
            return
        accepted: list[Any] = []
        yield (
            peer.host,
            peer.port,
            {
                "contexts": contexts_for(files) or None,
                "evt_handlers": [(evt.EVT_ACCEPTED, lambda told: accepted.extend(told.assoc.accepted_contexts))],
            },
        )
        yield len(files)
        yield from self._each(event, files, accepted)

    def on_get(self, event: evt.Event) -> Iterator[Any]:
        """Yield how many instances there are, and each of them."""
        try:
            files = self._files(event.identifier)
        except SlicecastError as error:
            yield 0
            yield self._fail(DOES_NOT_MATCH, error)
            return
        yield len(files)
        yield from self._each(event, files, event.assoc.accepted_contexts)

    def _each(self, event: evt.Event, files: list[File], accepted: list[Any]) -> Iterator[tuple[int, Dataset | None]]:
        for file in files:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, dataset_for(file, accepted)

    def _files(self, identifier: Dataset) -> list[File]:
        """What an identifier of C-MOVE or C-GET names (PS3.4 C.4.2.2.1: unique keys of its level and those above)."""
        level = identifiers.level_of(identifier)
        uids = {
            "study": identifiers.uids_of(identifier, "StudyInstanceUID"),
            "series": identifiers.uids_of(identifier, "SeriesInstanceUID"),
            "instance": identifiers.uids_of(identifier, "SOPInstanceUID"),
        }
        patient = str(identifier.get("PatientID") or "") or None
        if not (patient if level == "patient" else uids[level]):
            raise BadRequestError(f"the identifier does not say which {level}")
        return self._line.ask(Locate(patient, uids["study"], uids["series"], uids["instance"]), list[File])
