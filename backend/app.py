"""Wiring: the one place that sees everything."""

from __future__ import annotations

import asyncio
import sys

import tornado.web

from backend import __version__, log
from backend.api.native import handlers as native
from backend.api.slicer.door import endpoints_of
from backend.api.slicer.handlers import PictureHandler, SlicerHandler
from backend.api.slicer.operations import picture_operations
from backend.api.slicer.pictures import Pictures
from backend.api.stream.handler import StreamHandler
from backend.api.stream.hub import Hub
from backend.api.stream.live import live_route
from backend.config import Settings
from backend.errors import SlicecastError
from backend.http.health import HealthHandler, MetricsHandler, ReadyHandler
from backend.http.routes import Operation, Route, openapi
from backend.http.server import Server
from backend.http.static import StaticHandler, document_root
from backend.sessions.journal import Journal
from backend.sessions.opening import check_arguments, open_arguments
from backend.sessions.session import Session
from backend.sessions.sharing import NewestWins, SingleFlight


def routes_of(session: Session, hub: Hub, settings: Settings) -> list[Route]:
    """The route table; the first match wins."""
    pictures = Pictures(session, settings, SingleFlight(), NewestWins())
    return [*operation_routes(session), *picture_routes(pictures), *slicer_routes(session, settings, pictures),
            Route(r"/stream", StreamHandler, (Operation("/stream", "Frame stream (WebSocket, docs/stream.md)", tag="stream"),),
                  {"hub": hub}), live_route(hub),
            *native.routes(session)]  # fmt: skip


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
        Route(operation.path, PictureHandler, (operation,), {"pictures": pictures, "kind": kind})
        for kind, operation in picture_operations("", "pictures").items()
    ]


def slicer_routes(session: Session, settings: Settings, pictures: Pictures) -> list[Route]:
    """Slicer's API: one handler, which chooses the endpoint as Slicer does."""
    endpoints = endpoints_of(session, settings, pictures)
    operations = tuple(operation for endpoint in endpoints.values() for operation in endpoint.operations)
    options = {"endpoints": endpoints, "spool": session.journal.spool}
    return [Route(r"/slicer.*/.*", SlicerHandler, operations, options)]


def make_application(session: Session, hub: Hub, settings: Settings) -> tornado.web.Application:
    """The Tornado application of a route table, with the OpenAPI document of that table."""
    routes = routes_of(session, hub, settings)
    document: dict[str, object] = {}
    routes.append(
        Route(r"/api/openapi\.json", native.OpenApiHandler, (Operation("/api/openapi.json", "This document", tag="operation"),),
              {"document": document})
    )  # fmt: skip
    document.update(openapi(routes, __version__))
    table = [(route.pattern, route.handler, route.options) for route in routes]
    table.append((r"/.*", StaticHandler, {"root": document_root()}))
    return tornado.web.Application(table, config=settings, websocket_ping_interval=20, websocket_ping_timeout=20)


async def run(settings: Settings, arguments: list[str]) -> int:
    """Serve until told to stop."""
    session = Session("default", settings, Journal(settings.data / "sessions" / f"default-{settings.port}"))
    hub = Hub(session, settings)
    server = Server(make_application(session, hub, settings), settings)
    port = server.listen()
    print(f"Slicecast {__version__} at http://{url_host(settings)}:{port}/   viewer: /viewer/", flush=True)  # noqa: T201
    server.at_stop(hub.stop)
    server.at_stop(session.stop)

    async def begin() -> None:
        try:
            await session.start()
        except SlicecastError as error:
            log.get("server").error("no scene", why=str(error))
            server.stop()
            return
        await open_arguments(session, arguments, settings)

    beginning = asyncio.create_task(begin())
    await server.run()
    beginning.cancel()
    return 0


def url_host(settings: Settings) -> str:
    """Host name to show in URLs."""
    return f"[{settings.host}]" if ":" in settings.host else settings.host


def serve(settings: Settings, arguments: list[str]) -> int:
    """Serve `arguments` (files, folders, URLs; none for the demo) until stopped; returns the exit code."""
    log.configure(settings.log_level, settings.log_format)
    if not settings.is_loopback:
        if not settings.allow_unauthenticated_remote:
            sys.stderr.write(
                f"Listening on {settings.host} lets everybody who reaches it use the server without a password.\n"
                "If that is meant, add --allow-unauthenticated-remote.\n"
            )
            return 1
        sys.stderr.write(f"WARNING: everybody who reaches {settings.host} can use this server without a password.\n")
    try:
        check_arguments(arguments)
        return asyncio.run(run(settings, arguments))
    except SlicecastError as error:
        sys.stderr.write(f"slicecast: {error}\n")
        return 1
