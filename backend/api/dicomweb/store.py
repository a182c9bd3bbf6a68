"""STOW-RS: instances that clients send, as parts or one by itself, taken in while the rest still comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping

import msgspec

from backend.api.dicomweb.base import DicomWebHandler, StatusError
from backend.api.dicomweb.media import DICOM, DICOM_JSON, DICOM_XML, JSON, MULTIPART, Form
from backend.api.dicomweb.paths import TAG
from backend.api.dicomweb.store_answer import store_answer
from backend.api.dicomweb.store_metadata import MetadataParts
from backend.archive.archive import Archive
from backend.archive.ingest import Incoming
from backend.archive.records import Outcome
from backend.dicom.xml_model import xml_texts
from backend.errors import BadRequestError, SlicecastError, UnreadableError
from backend.http.routes import Operation, Param, Route
from backend.peers.multipart import MultipartReader, PartBegins, PartData, PartEnds, parse_content_type

ANSWERS = (Form(DICOM_JSON, False), Form(JSON, False), Form(DICOM_XML, False))
WHOLE_TYPES = (DICOM, "application/octet-stream")
"""Of a part: curl says the second of every file."""


class StoreHandler(DicomWebHandler):
    """`POST /studies` and `POST /studies/{study}`."""

    _parts: MultipartReader | None = None
    """Of a body with parts."""
    _incoming: Incoming | None = None
    """The instance whose bytes are coming."""
    _metadata: MetadataParts | None = None
    """Of a body that holds metadata and bulk data."""
    _broken: SlicecastError | None = None
    study: str | None = None

    @property
    def largest_body_bytes(self) -> int:
        """Studies are large."""
        return self.config.store_max_mb << 20

    def prepare(self) -> None:
        """Read the head before the body comes."""
        super().prepare()
        self._under_way: set[asyncio.Task[None]] = set()
        self._outcomes: dict[int, Outcome] = {}
        self._count = 0
        self._room = asyncio.Semaphore(self.config.store_waiting)
        if self.request.method == "POST" and self.refused is None:
            try:
                self._begin(*self.path_args)
            except SlicecastError as error:
                self.refuse(error)

    def _begin(self, study: str | None = None) -> None:
        self.study = study
        if study is not None:
            self.check_uids(study)
        self.form = self.choose(ANSWERS)
        media, parameters = parse_content_type(self.request.headers.get("Content-Type", ""))
        if media == DICOM:
            self._begin_part({})
        elif media == DICOM_JSON:
            self._metadata = MetadataParts(self.archive, self.study)
            self._begin_part({})
        elif media != MULTIPART:
            raise StatusError(415, f"instances come as {MULTIPART} or {DICOM}, not as {media[:100] or 'nothing'}")
        elif parameters.get("type", DICOM).lower() not in (DICOM, DICOM_JSON):
            raise StatusError(415, f"parts come as {DICOM} or {DICOM_JSON}, not as {parameters['type'][:100]}")
        else:
            if parameters.get("type", DICOM).lower() == DICOM_JSON:
                self._metadata = MetadataParts(self.archive, self.study)
            try:
                self._parts = MultipartReader(parameters.get("boundary", ""))
            except UnreadableError as error:
                raise BadRequestError(str(error)) from error

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:  # type: ignore[override]
        """Take a piece of the body; the client waits for the disk, and while many instances are being taken in."""
        super().data_received(chunk)
        if self._incoming is not None and self._incoming.wants_flush:
            return asyncio.to_thread(self._incoming.flush)
        return self._make_room() if self._room.locked() else None

    async def _make_room(self) -> None:
        async with self._room:
            pass

    def take(self, chunk: bytes) -> None:
        """Write a piece of the body to the instances that it holds."""
        if self._parts is None:
            if self._incoming is not None:
                self._incoming.write(chunk)
        elif self._broken is None:
            try:
                self._take_parts(self._parts, chunk)
            except SlicecastError as error:
                self._broken = error

    def _take_parts(self, parts: MultipartReader, chunk: bytes) -> None:
        try:
            for event in parts.feed(chunk):
                if isinstance(event, PartBegins):
                    self._begin_part(event.headers)
                elif isinstance(event, PartData) and self._incoming is not None:
                    self._incoming.write(event.data)
                elif isinstance(event, PartEnds):
                    self._end_part()
        except UnreadableError as error:
            raise BadRequestError(str(error)) from error

    def _begin_part(self, headers: Mapping[str, str]) -> None:
        self._count += 1
        if self._count > self.config.store_parts:
            raise StatusError(413, f"a request holds at most {self.config.store_parts} instances")
        self._part_headers = headers
        self._incoming = self.archive.incoming("stow", self.request.remote_ip)

    def _end_part(self) -> None:
        incoming, self._incoming = self._incoming, None
        if incoming is not None and self._metadata is not None:
            self._metadata.add(self._part_headers, incoming)
        elif incoming is not None:
            task = asyncio.get_running_loop().create_task(self._store(incoming, self._count))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _store(self, incoming: Incoming, number: int) -> None:
        async with self._room:
            self._outcomes[number] = await self.archive.take(incoming, self.study)

    async def post(self, _study: str | None = None) -> None:
        """The body has come: answer when all that it held is stored."""
        if self._parts is None:
            self._end_part()
        elif not self._parts.is_whole and self._broken is None:
            self._broken = BadRequestError("the body is cut short: its last boundary is missing")
        if self._under_way:
            await asyncio.wait(self._under_way)
        if self._metadata is not None and self._broken is None:
            self._outcomes = dict(enumerate(await self._metadata.store()))
        if self._broken is None and not self._outcomes:
            self._broken = BadRequestError("the body holds no instance")
        if self._broken is not None:
            raise self._broken
        outcomes = [self._outcomes[number] for number in sorted(self._outcomes)]
        status, model, location = store_answer(outcomes, self.study_url, self.instance_url)
        self.set_status(status)
        if location is not None:
            self.set_header("Location", location)
        self.set_header("Content-Type", self.form.media)  # without parameters: clients compare it as it is
        body = msgspec.json.encode(model)
        self.finish((await self.archive.workers.run(xml_texts, [body]))[0] if self.form.media == DICOM_XML else body)

    def discard(self) -> None:
        """Whatever happened, no half instance stays."""
        if self._incoming is not None:
            self._incoming.discard()
            self._incoming = None
        if self._metadata is not None:
            self._metadata.discard()


def routes(archive: Archive) -> list[Route]:
    """The routes of storing; searches stand at the same paths."""
    options = {"archive": archive}
    text = (
        'The body is `multipart/related; type="application/dicom"`, a Part 10 file in each part, or one file as '
        '`application/dicom`; or `type="application/dicom+json"`, DICOM JSON in the first part and in the others the bulk '
        "data that it refers to, each with its URI as Content-Location. The answer tells of each instance whether it is "
        "stored, and why not: status 200 where all are, 202 where some are, 409 where none is. What it says is stored is on "
        "disk."
    )
    study = Param("study", "study instance UID; instances of others are refused", where="path")
    all_of = Operation(
        "/dicom/studies",
        "Store instances",
        ("POST",),
        TAG,
        answers=(DICOM_JSON, DICOM_XML),
        accepts=DICOM,
        description=text,
        also=(202, 409),
    )
    one = Operation(
        "/dicom/studies/{study}", "Store instances of one study", ("POST",), TAG, (study,), (DICOM_JSON, DICOM_XML),
        DICOM, text, also=(202, 409),
    )  # fmt: skip
    return [
        Route(r"/dicom/studies/?", StoreHandler, (all_of,), options, methods=("POST",)),
        Route(r"/dicom/studies/([^/]+)/?", StoreHandler, (one,), options, methods=("POST",)),
    ]
