"""`slicer:` links sent to us: `GET|POST /slicer?url=` for browsers and desktops, `POST /api/open` for programs."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
import tornado.web

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.negotiate import parse_query
from backend.http.origin import is_own_address, require_own_page, wants_page
from backend.http.routes import Operation, Param, Route
from backend.links.link import parse_link
from backend.links.opener import Opener

VIEWER = "/viewer/"


class OpenRequest(msgspec.Struct):
    """Body of `POST /api/open`."""

    url: str


class StudyRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST /api/archive/open`: a study of the archive, and one of its series if not all are meant."""

    study: str
    series: str = ""


class OpenStudyHandler(BaseHandler):
    """`POST /api/archive/open`."""

    def initialize(self, opener: Opener) -> None:
        """Who opens studies."""
        self.opener = opener

    def post(self) -> None:
        """Begin; the job tells how far it is."""
        require_own_page(self)
        try:
            wanted = msgspec.json.decode(self.gathered, type=StudyRequest)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise BadRequestError(f'the body is not {{"study": …, "series": …}}: {error}') from error
        job = self.opener.open_study(wanted.study, [wanted.series] if wanted.series else [])
        self.send_job(job.id)


class OpenHandler(BaseHandler):
    """`POST /api/open`, and `/slicer` itself."""

    def initialize(self, opener: Opener) -> None:
        """Who opens links."""
        self.opener = opener

    async def post(self) -> None:
        """Open the link of the body, or of the query."""
        require_own_page(self)
        await self._open(self._wanted())

    async def _open(self, url: str) -> None:
        """A study that is here is answered when it is loaded; for all else there is a job."""
        link = parse_link(url)
        is_own = partial(is_own_address, self)
        job = self.opener.open(link, is_own)
        viewer = f"{self.request.protocol}://{self.request.host}{self.here(VIEWER)}"
        answer: dict[str, Any] = {
            "study": link.study.uid if link.study else None,
            "viewer": self.opener.session.name,
            "url": viewer,
        }
        if self.opener.is_local(link, is_own):
            result = await self.opener.jobs.wait(job)
            self.send_json({"status": "success", **answer, "loaded": result["loaded"], "warnings": result["warnings"]})
            return
        self.send_job(job.id, status="accepted", **answer)

    def _wanted(self) -> str:
        """The link, from a JSON body or the query.

        Raises:
            BadRequestError: there is none.
        """
        body = self.gathered
        if body.lstrip()[:1] == b"{":  # whatever it is labelled; curl calls every body a form
            try:
                return msgspec.json.decode(body, type=OpenRequest).url
            except (msgspec.DecodeError, UnicodeError) as error:
                raise BadRequestError(f'the body is not {{"url": …}}: {error}') from error
        found = self.query.get("url") or parse_query(body.decode("utf-8", "replace")).get("url")
        if not found:
            raise BadRequestError("url is missing: a slicer: link, percent-encoded")
        return found


class SlicerLinkHandler(OpenHandler):
    """`/slicer?url=`. Without `url` it is a page of the document root, as in Slicer, and there is none."""

    async def get(self) -> None:
        """Open the link of the query; a browser is sent to the viewer, which asks its user first."""
        if "url" not in self.request.query_arguments:
            self.send_nothing()
            return
        url = self._wanted()
        parse_link(url)
        if wants_page(self):
            self.set_header("Referrer-Policy", "no-referrer")
            self.redirect(f"{self.here(VIEWER)}#open={quote(url, safe='')}", status=303)
            return
        require_own_page(self)
        await self._open(url)

    async def head(self, *_args: str, **_kwargs: str) -> None:
        """Asking for headers opens nothing."""
        if "url" in self.request.query_arguments:
            raise tornado.web.HTTPError(405)
        self.send_nothing()


def routes(opener: Opener) -> list[Route]:
    """The routes of links."""
    one, url = {"opener": opener}, (Param("url", "slicer: link, percent-encoded"),)
    text = "Open a slicer: link: fetch the study or files that it names and load them"
    browsers = Operation("/slicer", text, ("GET",), "links", url, bare_404=True)
    programs = Operation("/slicer", text, ("POST",), "links", url)
    word = {"type": "string"}
    series = {"type": "object", "required": ["study"], "properties": {"study": word, "series": word}}
    job = {"type": "object", "required": ["job", "job_url"], "properties": {"job": word, "job_url": word}}
    study = Operation("/api/archive/open", "Load a study of the archive, or one of its series, into the scene: {study, series}",
                      ("POST",), "links", accepts="application/json", body=series, answer=job, status=202)  # fmt: skip
    ours = Operation("/api/open", text, ("POST",), "links", url, accepts="application/json")
    return [
        Route(r"/slicer", SlicerLinkHandler, (browsers, programs), one),
        Route(r"/api/open", OpenHandler, (ours,), one),
        Route(r"/api/archive/open", OpenStudyHandler, (study,), one),
    ]
