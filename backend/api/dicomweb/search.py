"""Searches (QIDO-RS, PS3.18, 10.6): studies, series and instances, anywhere or below a study or series."""

from __future__ import annotations

import hashlib

import msgspec

from backend.api.dicomweb.base import PREFIX, DicomWebHandler
from backend.api.dicomweb.media import METADATA, Form
from backend.archive.archive import Archive
from backend.archive.find import Found, Match
from backend.dicom.qido import read_query
from backend.dicom.query import Level
from backend.http.negotiate import query_pairs
from backend.http.routes import Operation, Param, Route

CACHING = "private, no-cache"
FORMS = tuple(form for form in METADATA if not form.multipart)
_encode = msgspec.json.Encoder(order="sorted").encode


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
        form = self.choose(FORMS)
        etag = self._etag(form)
        if etag in self.known_etags:
            self.send(b"", form.media, etag, CACHING)
            return
        base = self.base_url
        body, more = await self.archive.find(query, lambda found: encoded(found, base))
        if more:
            self.warn(f"There are {more} additional results that can be requested")
        if not body:
            self.set_status(204)
            self.finish()
            return
        self.send(body, form.media, etag, CACHING)

    def _etag(self, form: Form) -> str:
        """Of the request and the archive's state: the same until something comes or goes."""
        state = f"{self.archive.state} {self.base_url} {self.request.uri} {form.media}"
        return '"' + hashlib.blake2b(state.encode(), digest_size=12).hexdigest() + '"'


def encoded(found: Found, base: str) -> tuple[bytes, int]:
    """The answer's body, empty where nothing was found, and how many matches there are behind it."""
    objects = []
    for match in found.matches:
        url = msgspec.Raw(msgspec.json.encode({"vr": "UR", "Value": [url_of(match, base)]}))
        objects.append({**match.attributes, "00081190": url})
    return (_encode(objects) if objects else b""), found.more


def url_of(match: Match, base: str) -> str:
    """Where what was found is retrieved (RetrieveURL)."""
    url = f"{base}/studies/{match.study_uid}"
    if match.series_uid:
        url += f"/series/{match.series_uid}"
    return f"{url}/instances/{match.sop_instance_uid}" if match.sop_instance_uid else url


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
UID = r"([^/]*)"
PLACES: tuple[tuple[str, str, Level, str], ...] = (
    ("/studies", "/studies", "study", "Search for studies"),
    ("/series", "/series", "series", "Search for series"),
    ("/instances", "/instances", "instance", "Search for instances"),
    (f"/studies/{UID}/series", "/studies/{study}/series", "series", "Search for series of a study"),
    (f"/studies/{UID}/instances", "/studies/{study}/instances", "instance", "Search for instances of a study"),
    (f"/studies/{UID}/series/{UID}/instances", "/studies/{study}/series/{series}/instances", "instance",
     "Search for instances of a series"),
)  # fmt: skip
DESCRIPTION = "Answers with DICOM JSON, newest studies first, 204 where nothing is found. See docs/dicomweb.md for the rules."


def routes(archive: Archive) -> list[Route]:
    """All places where one can search."""
    found = []
    for pattern, path, level, summary in PLACES:
        fixed = tuple(
            Param(name, f"UID of the {name}", where="path", required=True)
            for name in ("study", "series") if f"{{{name}}}" in path
        )  # fmt: skip
        operation = Operation(
            PREFIX + path, summary, tag="dicomweb", params=(*fixed, *PARAMS), description=DESCRIPTION,
            answers=tuple(form.media for form in FORMS), answer={"type": "array", "items": {"type": "object"}},
        )  # fmt: skip
        options = {"archive": archive, "level": level}
        found.append(Route(PREFIX + pattern, SearchHandler, (operation,), options, methods=("GET", "HEAD", "OPTIONS")))
    return found
