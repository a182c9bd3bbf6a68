"""Wiring: the one place that sees all doors and what stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import tornado.routing
import tornado.web

from backend import __version__, log
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
from backend.api.ohif import handler as ohif
from backend.api.slicer.door import endpoints_of
from backend.api.slicer.handlers import BelowPages, PictureHandler, SlicerHandler
from backend.api.slicer.operations import picture_operations
from backend.api.slicer.pictures import Pictures
from backend.api.stream.handler import StreamHandler
from backend.api.stream.hub import Hub
from backend.api.stream.live import live_route
from backend.archive.archive import Archive
from backend.archive.watching import Watcher
from backend.config import Settings
from backend.dimse.network import Network
from backend.dimse.shelf import ArchiveShelf
from backend.errors import SlicecastError, UnavailableError
from backend.http.access_log import AccessLog
from backend.http.application import Application
from backend.http.base import NotFoundHandler
from backend.http.health import HealthHandler, MetricsHandler, ReadyHandler
from backend.http.openapi import openapi
from backend.http.routes import Operation, Route
from backend.http.server import Server
from backend.http.static import StaticHandler, document_root
from backend.http.switches import Matches, Switches
from backend.jobs.jobs import Job, Jobs
from backend.links.opener import Opener
from backend.links.segmentations import DicomSegmentations
from backend.links.studies import Studies
from backend.scene import commands as c
from backend.sessions.segments import SegmentUpkeep
from backend.sessions.session import Session
from backend.sessions.shared_views import SharedViews
from backend.sharing import NewestWins, SingleFlight


def routes_of(
    session: Session, hub: Hub, settings: Settings, opener: Opener, archive: Archive | str, network: Network | None,
    stop: Callable[[], None],
) -> list[Route]:  # fmt: skip
    """The route table; the first match wins. `archive`: or why there is none. `stop` ends the server."""
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
        *sharing.routes(session, SharedViews(settings.data / "shared-views", settings.shared_views_kept)),
        *view_pictures.routes(session),
        *native_history.routes(session),
        *native_segments.routes(session, SegmentUpkeep(session), DicomSegmentations(session, archive)),
        *native_markups.routes(session),
        *native_jobs.routes(opener.jobs),
        *native_links.routes(opener),
        *execution.routes(session),
        *archive_routes(archive, settings),
        *native_archive.routes(archive, opener.jobs),
        *(native_peers.routes(network, opener.jobs) if network else ()),
        *ohif.routes(document_root() / "browse"),
    ]


def archive_routes(archive: Archive | str, settings: Settings) -> list[Route]:
    """DICOMweb, which describes itself as well."""
    document: dict[str, object] = {}
    routes = dicomweb.routes(archive, settings, document)
    document.update(openapi(routes, __version__))
    return [replace(route, door="dicomweb") for route in routes]


def start_watching(archive: Archive, settings: Settings, server: Server) -> None:
    """Begin to take what is put into the watched folder, if there is one."""
    if settings.watch_folder is not None:
        watcher = Watcher(archive, settings.watch_folder, settings.watch_every_s, settings.store_waiting)
        watcher.start()
        server.at_stop(watcher.stop)


def open_archive(settings: Settings) -> Archive | str:
    """The archive; where it can not be had, why: the rest of the server works without it."""
    try:
        return Archive(settings)
    except (SlicecastError, OSError) as error:
        log.get("server").error("no archive", why=str(error))
        return f"there is no archive: {error}"


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


def make_opener(session: Session, settings: Settings, archive: Archive | str) -> Opener:
    """Who opens links in a session; stream clients hear how far it is."""
    jobs = Jobs(settings.jobs_running, settings.jobs_waiting, settings.jobs_kept)
    jobs.listen(lambda job: session.announce(progress_of(job)))
    opener = Opener(session, settings, jobs, Studies(archive, session.journal.spool))
    session.fetch_study = opener.provide
    return opener


def progress_of(job: Job) -> c.Progress:
    """A job's state as stream clients hear it."""
    if not job.is_over:
        return c.Progress(job.id, job.text or f"Waiting: {job.title}", job.fraction)
    text = {"failed": f"Not loaded: {job.error}", "cancelled": f"Cancelled: {job.title}"}.get(job.state, job.text)
    return c.Progress(job.id, text, 1.0)


def make_application(
    session: Session,
    hub: Hub,
    settings: Settings,
    opener: Opener,
    archive: Archive | str,
    network: Network | None,
    stop: Callable[[], None],
) -> tornado.web.Application:
    """The Tornado application of a route table, with the OpenAPI document of that table."""
    switches, root = Switches.at_start(settings, archive if isinstance(archive, str) else ""), document_root()
    routes = routes_of(session, hub, settings, opener, archive, network, stop)
    document: dict[str, object] = {}
    routes.append(
        Route(r"/api/openapi\.json", native.OpenApiHandler, (Operation("/api/openapi.json", "This document", tag="operation"),),
              {"document": document})
    )  # fmt: skip
    document.update(openapi(routes, __version__))
    rules = [tornado.routing.Rule(Matches(route, switches), route.handler, route.options) for route in routes]
    slicer = next(route for route in routes if route.handler is SlicerHandler)
    rules += [
        tornado.routing.Rule(BelowPages(root, switches), SlicerHandler, slicer.options),
        tornado.routing.Rule(tornado.routing.PathMatches(r"/api/.*"), NotFoundHandler, {}),
        tornado.routing.Rule(tornado.routing.PathMatches(r"/.*"), StaticHandler, {"root": root}),
    ]
    return Application(
        rules, default_handler_class=NotFoundHandler, config=settings, switches=switches,
        access_log=AccessLog(settings.access_log_entries), websocket_ping_interval=20, websocket_ping_timeout=20,
    )  # fmt: skip


def open_network(archive: Archive | str, settings: Settings) -> Network | None:
    """The DICOM network, listening if the settings want it; none without an archive. A port that is taken stops nothing else.

    Raises:
        BadRequestError: its settings do not add up.
    """
    if isinstance(archive, str):
        return None
    network = Network(settings, ArchiveShelf(archive), str(archive.blobs.incoming))
    if settings.enable_dicom:
        try:
            network.listen()
        except UnavailableError as error:
            log.get("server").error("no DICOM listener", why=str(error))
    return network


def open_doors(session: Session, settings: Settings, server: Server) -> int:
    """Everything behind the port: build it, listen, and have the server end it. Returns the port.

    Raises:
        SlicecastError: the settings do not add up, or no port is to be had.
    """
    hub = Hub(session, settings)
    archive = open_archive(settings)
    opener = make_opener(session, settings, archive)
    network = open_network(archive, settings)
    application = make_application(session, hub, settings, opener, archive, network, server.stop)
    port = server.listen(application)
    log_end = application.settings["access_log"].end
    for end in (hub.stop, log_end, opener.jobs.stop, server.finish_requests, session.stop):
        server.at_stop(end)
    if isinstance(archive, Archive):
        archive.tell_address(f"http://{url_host(settings)}:{port}")
        if network is not None:
            server.at_stop(network.stop)
        start_watching(archive, settings, server)
        server.at_stop(archive.stop)
    return port


def url_host(settings: Settings) -> str:
    """Host name to show in URLs."""
    return f"[{settings.host}]" if ":" in settings.host else settings.host
