"""The route table: every address of a session, and those that know no session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from backend import __version__
from backend.api.dicomweb import door as dicomweb
from backend.api.native import archive as native_archive
from backend.api.native import execution, nodes, samples, saving, sharing, view_pictures
from backend.api.native import handlers as native
from backend.api.native import history as native_history
from backend.api.native import jobs as native_jobs
from backend.api.native import links as native_links
from backend.api.native import markups as native_markups
from backend.api.native import peers as native_peers
from backend.api.native import segments as native_segments
from backend.api.native import server as panel
from backend.api.native import sessions as native_sessions
from backend.api.ohif import handler as ohif
from backend.api.slicer.door import endpoints_of
from backend.api.slicer.handlers import PictureHandler, SlicerHandler
from backend.api.slicer.operations import picture_operations
from backend.api.slicer.pictures import Pictures
from backend.api.stream.handler import StreamHandler
from backend.api.stream.hub import Hub
from backend.api.stream.live import live_route
from backend.archive.archive import Archive
from backend.config import Settings
from backend.dimse.network import Network
from backend.http.health import HealthHandler, MetricsHandler, ReadyHandler
from backend.http.openapi import openapi
from backend.http.routes import Operation, Route
from backend.http.static import document_root
from backend.links.opener import Opener
from backend.links.segmentations import DicomSegmentations
from backend.sessions.segments import SegmentUpkeep
from backend.sessions.session import Session
from backend.sessions.sessions import Sessions
from backend.sessions.shared_views import SharedViews
from backend.sharing import NewestWins, SingleFlight


@dataclass
class House:
    """What all sessions share."""

    settings: Settings
    archive: Archive | str
    """Or why there is none."""
    network: Network | None
    views: SharedViews
    stop: Callable[[], None]
    """Ends the server."""
    sessions: Sessions[Any] = field(init=False)

    def common_routes(self) -> list[Route]:
        """Routes that know no session: DICOMweb, OHIF."""
        return [*archive_routes(self.archive, self.settings), *ohif.routes(document_root() / "browse")]


def routes_of(session: Session, hub: Hub, opener: Opener, house: House, stop: Callable[[], None]) -> list[Route]:
    """The route table of a session, without what knows no session; the first match wins. `stop` is what `DELETE /slicer/system`
    does."""
    settings, archive = house.settings, house.archive
    pictures = Pictures(session, settings, SingleFlight(), NewestWins())
    stream = Operation("/stream", "Frame stream (WebSocket, docs/stream.md)", tag="stream", answers=(), status=101)
    return [
        *operation_routes(session),
        *picture_routes(pictures),
        *slicer_routes(session, settings, pictures, opener, stop),
        Route(r"/stream", StreamHandler, (stream,), {"hub": hub}),
        live_route(hub),
        *panel.routes(session),
        *native.routes(session),
        *saving.routes(session),
        *nodes.routes(session),
        *samples.routes(session),
        *sharing.routes(session, house.views),
        *view_pictures.routes(session),
        *native_history.routes(session),
        *native_segments.routes(session, SegmentUpkeep(session), DicomSegmentations(session, archive)),
        *native_markups.routes(session),
        *native_jobs.routes(opener.jobs),
        *native_links.routes(opener),
        *execution.routes(session),
        *native_archive.routes(archive, opener.jobs),
        *(native_peers.routes(house.network, opener.jobs) if house.network else ()),
        *native_sessions.routes(house.sessions),
    ]


def archive_routes(archive: Archive | str, settings: Settings) -> list[Route]:
    """DICOMweb, which describes itself as well."""
    document: dict[str, object] = {}
    routes = dicomweb.routes(archive, settings, document)
    document.update(openapi(routes, __version__))
    return [replace(route, door="dicomweb") for route in routes]


def operation_routes(session: Session) -> list[Route]:
    """Is it alive, ready, well."""
    return [
        Route(r"/healthz", HealthHandler, (Operation("/healthz", "Is the server alive", tag="operation"),)),
        Route(r"/readyz", ReadyHandler, (Operation("/readyz", "Can the scene answer", tag="operation"),),
              {"status": lambda: session.status}),
        Route(r"/metrics", MetricsHandler,
              (Operation("/metrics", "Prometheus metrics", tag="operation", answers=("text/plain",)),)),
    ]  # fmt: skip


def picture_routes(pictures: Pictures) -> list[Route]:
    """The picture routes at the root."""
    return [
        Route(operation.path, PictureHandler, (operation,), {"pictures": pictures, "kind": kind}, "slicer")
        for kind, operation in picture_operations("", "pictures").items()
    ]


def slicer_routes(
    session: Session, settings: Settings, pictures: Pictures, opener: Opener, stop: Callable[[], None]
) -> list[Route]:
    """Slicer's API: one handler, which chooses the endpoint as Slicer does, and the address where slicerio ends a server."""
    endpoints = endpoints_of(session, settings, pictures, opener, stop)
    operations = tuple(operation for endpoint in endpoints.values() for operation in endpoint.operations)
    options = {"endpoints": endpoints, "spool": session.journal.spool}
    end = Operation("/system", "As `DELETE /slicer/system`", ("DELETE",), "slicer")
    return [Route(r"/slicer.*/.*", SlicerHandler, operations, options, "slicer"),
            Route(r"/system", SlicerHandler, (end,), options, "slicer", methods=("DELETE",))]  # fmt: skip
