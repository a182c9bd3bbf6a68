"""Wiring: what stands behind the port, and the doors of each session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import tornado.routing

from backend import __version__, log
from backend.api.native import handlers as native
from backend.api.slicer.handlers import BelowPages, SlicerHandler
from backend.api.stream.hub import Hub
from backend.archive.archive import Archive
from backend.archive.watching import Watcher
from backend.config import Settings
from backend.dimse.network import Network
from backend.dimse.shelf import ArchiveShelf
from backend.errors import SlicecastError, UnavailableError
from backend.http.access_log import AccessLog
from backend.http.application import Application
from backend.http.base import NotFoundHandler
from backend.http.by_segment import BySegment
from backend.http.openapi import openapi
from backend.http.routes import Operation, Route
from backend.http.server import Server
from backend.http.session_router import SessionRouter
from backend.http.static import StaticHandler, document_root
from backend.http.switches import Matches, Switches
from backend.jobs.jobs import Job, Jobs
from backend.links.opener import Opener
from backend.links.studies import Studies
from backend.route_table import House, routes_of
from backend.scene import commands as c
from backend.sessions.session import Session
from backend.sessions.sessions import DEFAULT, Sessions
from backend.sessions.shared_views import SharedViews

PREPARE_AFTER_S, BUSY_PAUSE_S = 10.0, 1.0
"""When the archive's processes are started: what somebody does first is over by then, and pictures are not held up."""


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


def start_preparing(archive: Archive, session: Session, settings: Settings, server: Server) -> None:
    """Have the archive's processes started when that slows down neither the start of the scene nor its first load."""

    async def prepare() -> None:
        await asyncio.sleep(PREPARE_AFTER_S)
        while session.is_busy:
            await asyncio.sleep(BUSY_PAUSE_S)
        await archive.make_ready(settings.worker_processes_ahead)

    preparing = asyncio.get_running_loop().create_task(prepare())

    async def end() -> None:
        preparing.cancel()

    server.at_stop(end)


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


class SessionDoors:
    """What leads to one session: its stream clients, its jobs, its routes."""

    def __init__(self, session: Session, house: House, router: tornado.routing.RuleRouter) -> None:
        """`router` leads to its routes once they are put there."""
        self.session, self.house, self.router = session, house, router
        self.hub = Hub(session, house.settings)
        self.opener = make_opener(session, house.settings, house.archive)

    @property
    def is_used(self) -> bool:
        """Whether somebody streams or waits for an answer, or a job runs."""
        return self.hub.is_visited or self.session.is_busy or not all(job.is_over for job in self.opener.jobs.all())

    def routes(self) -> list[Route]:
        """Its route table."""
        return routes_of(self.session, self.hub, self.opener, self.house, self._end)

    def _end(self) -> None:
        if self.session.name == DEFAULT:
            self.house.stop()
        else:
            self._ending = asyncio.ensure_future(self.house.sessions.end(self.session.name))

    async def stop(self) -> None:
        """Send everybody away."""
        await self.hub.stop()
        await self.opener.jobs.stop()


class Wiring:
    """Makes Tornado's application: the routes of the default session at the root, those of others below `/sessions/{id}`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.sessions = house.sessions = Sessions(house.settings, self.open)
        self._root = document_root()
        self.document: dict[str, object] = {}
        """The OpenAPI document, once a session's doors are open."""
        self._common = house.common_routes()
        self._switches = Switches.at_start(house.settings, house.archive if isinstance(house.archive, str) else "")
        self.application = Application(
            [], default_handler_class=NotFoundHandler, config=house.settings, switches=self._switches,
            access_log=AccessLog(house.settings.access_log_entries), websocket_ping_interval=20, websocket_ping_timeout=20,
        )  # fmt: skip

    def open(self, session: Session) -> SessionDoors:
        """Open the doors of a session; the first one's are at the root."""
        router = self.application.wildcard_router if session.name == DEFAULT else self.application.router()
        doors = SessionDoors(session, self.house, router)
        rules = self._rules(self._table(doors))
        router.add_rules([tornado.routing.Rule(tornado.routing.AnyMatches(), BySegment(self.application.router, rules))])
        return doors

    def _table(self, doors: SessionDoors) -> list[Route]:
        described = Operation("/api/openapi.json", "This document", tag="operation")
        document = Route(r"/api/openapi\.json", native.OpenApiHandler, (described,), {"document": self.document})
        routes = [*doors.routes(), *self._common, document]
        if not self.document:
            self.document.update(openapi(routes, __version__))
        return routes

    def _rules(self, routes: list[Route]) -> list[tornado.routing.Rule]:
        slicer = next(route for route in routes if route.handler is SlicerHandler)
        return [
            *(tornado.routing.Rule(Matches(route, self._switches), route.handler, route.options) for route in routes),
            tornado.routing.Rule(BelowPages(self._root, self._switches), SlicerHandler, slicer.options),
            tornado.routing.Rule(tornado.routing.PathMatches(r"/sessions/.*"), SessionRouter(self._router_of)),
            tornado.routing.Rule(tornado.routing.PathMatches(r"/(api|sessions)/.*"), NotFoundHandler, {}),
            tornado.routing.Rule(tornado.routing.PathMatches(r"/.*"), StaticHandler, {"root": self._root}),
        ]

    def _router_of(self, name: str) -> tornado.routing.Router | None:
        found = self.sessions.use(name)
        return found.doors.router if found else None


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


def open_house(settings: Settings, stop: Callable[[], None]) -> House:
    """What all sessions share; `stop` ends the server.

    Raises:
        BadRequestError: the settings do not add up.
    """
    archive = open_archive(settings)
    views = SharedViews(settings.data / "shared-views", settings.shared_views_kept)
    return House(settings, archive, open_network(archive, settings), views, stop)


def open_doors(session: Session, settings: Settings, server: Server) -> int:
    """Everything behind the port: build it, listen, and have the server end it. Returns the port.

    Raises:
        SlicecastError: the settings do not add up, or no port is to be had.
    """
    wiring = Wiring(open_house(settings, server.stop))
    archive, network, sessions = wiring.house.archive, wiring.house.network, wiring.sessions
    doors = sessions.take_in(session)
    port = server.listen(wiring.application)
    log_end = wiring.application.settings["access_log"].end
    for end in (sessions.stop, doors.hub.stop, log_end, doors.opener.jobs.stop, server.finish_requests, session.stop):
        server.at_stop(end)
    if isinstance(archive, Archive):
        archive.tell_address(f"http://{url_host(settings)}:{port}")
        if network is not None:
            server.at_stop(network.stop)
        start_watching(archive, settings, server)
        start_preparing(archive, session, settings, server)
        server.at_stop(archive.stop)
    return port


def url_host(settings: Settings) -> str:
    """Host name to show in URLs."""
    return f"[{settings.host}]" if ":" in settings.host else settings.host
