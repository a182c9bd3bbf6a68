"""Searches (QIDO-RS, PS3.18, 10.6): studies, series and instances, anywhere or below a study or series."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec
from isal import isal_zlib

from backend.api.dicomweb.base import DicomWebHandler
from backend.api.dicomweb.media import DICOM_JSON, DICOM_XML, METADATA, Form, MultipartWriter
from backend.api.dicomweb.paths import TAG
from backend.api.dicomweb.paths import Level as Place
from backend.archive.archive import Archive
from backend.archive.find import Found, Match
from backend.dicom.qido import read_query
from backend.dicom.query import Level
from backend.dicom.xml_model import xml_texts
from backend.http.negotiate import query_pairs, takes_gzip
from backend.http.routes import Operation, Param, Route

CACHING = "private, no-cache"
WORTH_PACKING = 2048
PACKING_LEVEL, GZIP = 1, 31
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True)
class Answer:
    """The body of an answer, empty where nothing was found."""

    body: bytes
    content_type: str
    more: int
    """Matches behind the last of the answer."""
    packed: bool = False
    """Whether the body is gzip."""


class SearchHandler(DicomWebHandler):
    """Answers searches at one level."""

    def initialize(self, archive: Archive, level: Level) -> None:  # type: ignore[override]
        """`level`: what is searched for."""
        super().initialize(archive)
        self.searched = level

    async def get(self, study: str = "", series: str = "") -> None:
        """Answer with a list; 204 where it is empty."""
        self.check_uids(*(uid for uid in (study, series) if uid))
        query = read_query(query_pairs(self.request.query), self.searched, study, series)
        form = self.choose(METADATA)
        packs = takes_gzip(self.request.headers.get("Accept-Encoding", ""))
        self.add_header("Vary", "Accept, Accept-Encoding")
        etag = self._etag(form, packs)
        if etag in self.known_etags:
            self.send(b"", form.media, etag, CACHING)
            return
        base = self.base_url
        answer = await self.archive.find(query, lambda found: answer_of(found, base, form, packs))
        if answer.more:
            self.warn(f"There are {answer.more} additional results that can be requested")
        if not answer.body:
            self.set_status(204)
            self.finish()
            return
        if answer.packed:
            self.set_header("Content-Encoding", "gzip")
        self.send(answer.body, answer.content_type, etag, CACHING)

    def _etag(self, form: Form, packs: bool) -> str:
        """Of the request and the archive's state: the same until something comes or goes."""
        said = f"{self.archive.state} {self.base_url} {self.request.uri} {form.media} {packs}"
        return '"' + hashlib.blake2b(said.encode(), digest_size=12).hexdigest() + '"'


def answer_of(found: Found, base: str, form: Form, packs: bool) -> Answer:
    """The answer made of what was found, in the form that the client wants; runs on a thread.

    Args:
        base: URL of the door.
        packs: whether the client takes gzip.
    """
    if not found.matches:
        return Answer(b"", form.media, found.more)
    for match in found.matches:
        match.attributes["00081190"] = _url(match, base)
    objects = [match.attributes for match in found.matches]
    if form.multipart:
        writer = MultipartWriter(form.media)
        body = writer.whole(form.media, xml_texts([_encode(one) for one in objects]))
        return Answer(body, writer.content_type, found.more)
    body = _encode(objects)
    if packs and len(body) >= WORTH_PACKING:
        return Answer(isal_zlib.compress(body, PACKING_LEVEL, GZIP), form.media, found.more, packed=True)
    return Answer(body, form.media, found.more)


def _url(match: Match, base: str) -> msgspec.Raw:
    """Where what was found is retrieved (RetrieveURL)."""
    url = f"{base}/studies/{match.study_uid}"
    if match.series_uid:
        url += f"/series/{match.series_uid}"
    if match.sop_instance_uid:
        url += f"/instances/{match.sop_instance_uid}"
    return msgspec.Raw(msgspec.json.encode({"vr": "UR", "Value": [url]}))


KEYS = Param(
    "{attribute}",
    "what an attribute must be, its keyword or tag as the name: `PatientName=DOE*`, `StudyDate=20240101-20240630`, "
    "`ModalitiesInStudy=CT,MR`, `RequestAttributesSequence.ScheduledProcedureStepID=SPS1`",
)
PARAMS = (
    KEYS,
    Param(
        "includefield", "further attributes of the answer: names or `all`, with commas or repeated", example="StudyDescription"
    ),
    Param("limit", "most results", "integer", minimum=0),
    Param("offset", "results to leave out at the beginning", "integer", default=0, minimum=0),
    Param("fuzzymatching", "names by the beginnings of their words, texts without case and accents", "boolean", default=False),
    Param("emptyvaluematching", 'whether `""` stands for an attribute without value', "boolean", default=False),
    Param("multiplevaluematching", "whether all of a list of values must be there", "boolean", default=False),
)
DESCRIPTION = "Answers with DICOM JSON, newest studies first; 204 where nothing is found. The rules: docs/dicomweb-search.md."
PLACES: tuple[tuple[str, Level], ...] = (("studies", "study"), ("series", "series"), ("instances", "instance"))


def routes(archive: Archive) -> list[Route]:
    """All places where one can search: everywhere, below a study, below a series."""
    found = []
    for depth, fixed in enumerate(("", " of a study", " of a series")):
        place = Place("", depth)
        for name, level in PLACES[depth:]:
            operation = Operation(
                f"{place.path}/{name}", f"Search for {name}{fixed}", tag=TAG, params=(*place.params, *PARAMS),
                description=DESCRIPTION, answers=(DICOM_JSON, DICOM_XML), answer={"type": "array", "items": {"type": "object"}},
                also=(204, 304),
            )  # fmt: skip
            options = {"archive": archive, "level": level}
            found.append(Route(place.pattern(f"/{name}"), SearchHandler, (operation,), options, methods=("GET", "HEAD")))
    return found
