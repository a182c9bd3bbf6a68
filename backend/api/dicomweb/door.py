"""The route table of `/dicom`."""

from __future__ import annotations

import re
from typing import Any

import tornado.web

from backend.api.dicomweb import bulkdata, delete, frames, metadata, rendered, retrieve, search, store, volumes, wado_uri
from backend.api.dicomweb.base import DicomWebHandler
from backend.api.dicomweb.paths import TAG
from backend.archive.archive import Archive
from backend.archive.images import Images
from backend.config import Settings
from backend.errors import NotFoundError, UnavailableError
from backend.http.routes import Operation, Route

EVERYTHING = r"/dicom(?:/.*)?"


class ClosedHandler(DicomWebHandler):
    """Stands for the door while there is no archive."""

    def initialize(self, why: str) -> None:  # type: ignore[override]
        """`why` there is none."""
        self.why = why

    def get(self, *_args: str) -> None:
        """Refuse."""
        raise UnavailableError(self.why)

    post = put = patch = delete = get


class DocumentHandler(DicomWebHandler):
    """`/dicom/openapi.json`: what this door can do."""

    def initialize(self, archive: Archive, document: dict[str, Any]) -> None:  # type: ignore[override]
        """`document`: filled once all routes are known."""
        super().initialize(archive)
        self.document = document

    def get(self) -> None:
        """The document."""
        self.send_json(self.document)


class OtherHandler(DicomWebHandler):
    """Whatever no other route takes: 405 where others of its path answer other methods, else 404."""

    def initialize(self, archive: Archive, known: list[Route]) -> None:  # type: ignore[override]
        """`known`: the routes of the door."""
        super().initialize(archive)
        self.known = known

    def get(self, *_args: str) -> None:
        """Refuse."""
        if self.allowed_methods() != ["OPTIONS"]:
            raise tornado.web.HTTPError(405)
        raise NotFoundError(f"there is nothing at {self.request.path[:200]}")

    post = put = patch = delete = get

    def allowed_methods(self) -> list[str]:
        """Methods that other routes of this path answer."""
        routes = [route for route in self.known if re.fullmatch(route.pattern, self.request.path)]
        found = {method for route in routes for operation in route.operations for method in operation.methods}
        return [*sorted(found | ({"HEAD"} if "GET" in found else set())), "OPTIONS"]


def routes(archive: Archive | str, settings: Settings, document: dict[str, Any]) -> list[Route]:
    """The routes of the door.

    Args:
        archive: that it serves, or why there is none.
        settings: of the server.
        document: the door's OpenAPI document, to be filled once the routes are known.
    """
    if isinstance(archive, str):
        return [Route(EVERYTHING, ClosedHandler, (), {"why": archive})]
    images = Images(archive, settings)
    known = [
        *search.routes(archive),
        *store.routes(archive),
        *delete.routes(archive),
        *metadata.routes(archive, settings.metadata_cache_mb << 20),
        *retrieve.routes(archive),
        *frames.routes(images),
        *bulkdata.routes(images),
        *rendered.routes(images),
        *volumes.routes(images),
        *wado_uri.routes(images),
    ]
    about = Operation("/dicom/openapi.json", "What is at /dicom, as OpenAPI", tag=TAG)
    return [
        *known,
        Route(r"/dicom/openapi\.json", DocumentHandler, (about,), {"archive": archive, "document": document}),
        Route(EVERYTHING, OtherHandler, (), {"archive": archive, "known": known}),
    ]
