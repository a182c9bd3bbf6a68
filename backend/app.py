"""Wiring: the one place that sees everything."""

from __future__ import annotations

import asyncio
import sys

import tornado.web

from backend import __version__, log
from backend.api.native import handlers as native
from backend.api.slicer.handlers import PictureHandler, SlicerHandler
from backend.api.slicer.mrml import Mrml
from backend.api.slicer.pictures import Pictures
from backend.api.slicer.system import version_object
from backend.api.stream.handler import StreamHandler
from backend.api.stream.hub import Hub
from backend.config import Settings
from backend.errors import SlicecastError
from backend.http.health import HealthHandler, MetricsHandler, ReadyHandler
from backend.http.routes import Param, Route, openapi
from backend.http.server import Server
from backend.http.static import StaticHandler, document_root
from backend.sessions.journal import Journal
from backend.sessions.opening import check_arguments, open_arguments
from backend.sessions.session import Session
from backend.sessions.sharing import NewestWins, SingleFlight

IMAGES = ("image/png", "image/jpeg", "image/webp")
ANY = ("GET", "POST", "PUT")
FMT = Param("fmt", "picture format; by Accept where absent", choices=("png", "jpeg", "webp"))
QUALITY = Param("quality", "of JPEG and WebP, 1 to 100", "number", default=85)
SIZE = Param("size", "pixels of the longer side, or native")
CLIENT = Param("client", "any word: of this client's waiting requests for one view only the newest is drawn")
SLICE_PARAMS = (
    Param("view", "slice view", default="red", choices=("red", "yellow", "green")),
    Param("orientation", "turn and refit the view", choices=("axial", "sagittal", "coronal")),
    Param("scrollTo", "position 0 to 1 in the background volume", "number"),
    Param("offset", "position along the normal, mm", "number"),
    Param("copySliceGeometryFrom", "take plane and zoom from this view"),
    SIZE,
    Param("overlays", "draw segmentations and markups too", "boolean", default=False),
    Param("labels", "draw patient directions at the edges", "boolean", default=False),
    FMT,
    QUALITY,
    CLIENT,
)
THREED_PARAMS = (
    Param("view", "3D view", default="1"),
    Param("lookFromAxis", "R, L, A, P, S or I; only the first letter counts"),
    SIZE,
    Param("mode", "`start` keeps the camera that later moves are relative to"),
    *(Param(name, "relative move, fraction of the view", "number") for name in ("roll", "panX", "panY", "orbitX", "orbitY")),
    FMT,
    QUALITY,
    CLIENT,
)
TRACKING_PARAMS = (
    Param("m", "9 numbers, rotation by rows, or 16, column by column"),
    Param("p", "x,y,z RAS mm"),
    Param("q", "w,x,y,z"),
    Param("fmt", "picture format or text"),
)
TIME_PARAMS = (Param("color", "hex digits of the border", default="330"), Param("t", "echoed in X-Echo"))


def routes_of(session: Session, hub: Hub, settings: Settings) -> list[Route]:
    """The route table; the first match wins."""
    pictures = Pictures(session, settings, SingleFlight(), NewestWins())
    one = {"session": session}
    picture_routes = [
        Route(f"/{path}", rf"/{path}", PictureHandler, summary, ANY, "pictures", params, answers,
              options={"pictures": pictures, "kind": kind})
        for path, kind, summary, params, answers in (
            ("slice", "slice", "A slice view as a picture", SLICE_PARAMS, IMAGES),
            ("threeD", "threed", "The 3D view as a picture", THREED_PARAMS, IMAGES),
            ("timeimage", "timeimage", "The server's time as a picture", TIME_PARAMS, ("image/png",)),
            ("tracking", "tracking", "Move the tracked tool's cursor and picture the 3D view", TRACKING_PARAMS, IMAGES),
        )
    ]  # fmt: skip
    slicer = {"pictures": pictures, "mrml": Mrml(session, settings), "version": version_object()}
    return [
        Route("/healthz", r"/healthz", HealthHandler, "Is the server alive", tag="operation"),
        Route("/readyz", r"/readyz", ReadyHandler, "Can the scene answer", tag="operation",
              options={"status": lambda: session.status}),
        Route("/metrics", r"/metrics", MetricsHandler, "Prometheus metrics", tag="operation", answers=("text/plain",)),
        *picture_routes,
        Route("/slicer/{command}", r"/slicer.*/.*", SlicerHandler, "Slicer's Web Server API", (*ANY, "DELETE"), "slicer",
              (Param("command", "see docs/slicer-api.md", where="path"),), options=slicer),
        Route("/stream", r"/stream", StreamHandler, "Frame stream (WebSocket, docs/stream.md)", tag="stream",
              options={"hub": hub}),
        Route("/api/scene", r"/api/scene", native.SceneHandler, "What the scene holds", tag="scene", options=one),
        Route("/api/uploads", r"/api/uploads", native.UploadsHandler, "Begin an upload", ("POST",), "scene", options=one),
        Route("/api/uploads/{id}", r"/api/uploads/(\w+)", native.UploadHandler, "Give up an upload", ("DELETE",), "scene",
              (Param("id", "upload", where="path"),), options=one),
        Route("/api/uploads/{id}/{name}", r"/api/uploads/(\w+)/([^/]+)", native.UploadFileHandler, "Upload a file",
              ("PUT",), "scene", (Param("id", "upload", where="path"), Param("name", "file name", where="path")),
              accepts="application/octet-stream", options=one),
        Route("/api/load", r"/api/load", native.LoadHandler, "Load an upload, a path or a URL", ("POST",), "scene",
              accepts="application/json", options=one),
    ]  # fmt: skip


def make_application(session: Session, hub: Hub, settings: Settings) -> tornado.web.Application:
    """The Tornado application of a route table, with the OpenAPI document of that table."""
    routes = routes_of(session, hub, settings)
    document: dict[str, object] = {}
    routes.append(
        Route("/api/openapi.json", r"/api/openapi\.json", native.OpenApiHandler, "This document", tag="operation",
              options={"document": document})
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
