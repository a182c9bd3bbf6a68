"""`/api/server`: the server panel's side: doors and CORS, switched while running, and the log, at once or live."""

from __future__ import annotations

import asyncio
import time
from typing import Any, ClassVar, Literal

import msgspec
import tornado.iostream

from backend import __version__
from backend.errors import BadRequestError, UnavailableError
from backend.http.access_log import AccessLog, Entry, Kind, Level
from backend.http.base import BaseHandler
from backend.http.guard import require_administrator
from backend.http.routes import Operation, Param, Route
from backend.sessions.session import Session

STARTED_AT = time.time()
LOOK_EVERY_S = 0.2
KEEP_ALIVE_S = 15.0
LISTENERS_AT_MOST = 16
SENT_AT_ONCE = 500
DOORS = (
    ("slicer", "Slicer Web Server API", "/slicer/…, and pictures at /slice, /threeD, /timeimage, /tracking"),
    ("exec", "Python in the scene", "/slicer/exec: runs programs as the server's user"),
    ("dicomweb", "DICOMweb", "/dicom"),
    ("pages", "Pages", "the start page, demos, API pages, the viewer and this panel"),
)
PAGES = (
    ("/", "Start page"), ("/viewer/", "Viewer"), ("/viewer/#studies", "Studies"),
    ("/docs", "API pages"), ("/docs/slicer", "Slicer API, to try out"),
    ("/ServerTests", "Test pages"), ("/demos/", "Demos"), ("/api/openapi.json", "OpenAPI document"),
    ("/slicer/system/version", "Version"), ("/healthz", "Alive"), ("/readyz", "Ready"), ("/metrics", "Metrics"),
)  # fmt: skip


class SwitchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `PATCH /api/server`: what is to change."""

    slicer: bool | None = None
    exec: bool | None = None
    dicomweb: bool | None = None
    pages: bool | None = None
    cors: list[str] | None = None


class PanelHandler(BaseHandler):
    """Base of the panel's handlers: for administrators only, whatever CORS says; and not in the log while all is well."""

    def prepare(self) -> None:
        """Refuse everybody else."""
        super().prepare()
        if self.refused is None and self.request.method != "OPTIONS":
            require_administrator(self.request, self.config)

    def set_default_headers(self) -> None:
        """No page of another origin reads this."""
        super().set_default_headers()
        self.clear_header("Access-Control-Allow-Origin")

    @property
    def access_log(self) -> AccessLog:
        """The log."""
        found: AccessLog = self.application.settings["access_log"]
        return found

    def note(self, seconds: float, status: int, kind: Kind = "access", text: str = "") -> None:
        """Only refusals."""
        if status >= 400:
            super().note(seconds, status, kind, text)


class ServerHandler(PanelHandler):
    """`/api/server`."""

    def initialize(self, session: Session) -> None:
        """The session, for its status."""
        self.session = session

    def get(self) -> None:
        """Doors, origins, pages."""
        self.send_json(self._state())

    def patch(self) -> None:
        """Switch, and tell what is now."""
        wanted = self.read_json(SwitchRequest)
        doors = {name: on for name in ("slicer", "exec", "dicomweb", "pages") if (on := getattr(wanted, name)) is not None}
        self.switches.switch(doors, wanted.cors)
        changed = [f"{name} {'on' if on else 'off'}" for name, on in doors.items()]
        if wanted.cors is not None:
            changed.append(f"CORS {', '.join(wanted.cors) or 'off'}")
        text = f"switched: {'; '.join(changed) or 'nothing'}"
        self.access_log.add("server", "info", text, remote=self.request.remote_ip or "")
        self.send_json(self._state())

    put = patch

    def _state(self) -> dict[str, Any]:
        switches = self.switches
        available = {"slicer": True, "exec": switches.exec_available, "dicomweb": not switches.no_archive, "pages": True}
        why = {"exec": "start the server with --enable-exec", "dicomweb": switches.no_archive}
        doors = [
            {
                "name": name, "title": title, "where": where, "available": available[name],
                "on": available[name] and getattr(switches, name), "why": "" if available[name] else why[name],
            }
            for name, title, where in DOORS
        ]  # fmt: skip
        return {
            "product": "Slicecast",
            "version": __version__,
            "status": self.session.status,
            "uptime_s": round(time.time() - STARTED_AT, 1),
            "doors": doors,
            "cors": switches.cors,
            "pages": [{"path": path, "title": title} for path, title in PAGES],
            "log_entries": self.access_log.limit,
        }


class LogHandler(PanelHandler):
    """`/api/server/log`."""

    def get(self) -> None:
        """Entries that match."""
        found = self.access_log.find(**log_query(self.query))
        self.send_json({"last": self.access_log.last, "cleared": self.access_log.cleared, "entries": found})

    def delete(self) -> None:
        """Forget all."""
        self.access_log.clear()
        self.send_json({"last": self.access_log.last, "cleared": self.access_log.cleared, "entries": []})


class LiveLogHandler(PanelHandler):
    """`/api/server/log/live`: Server-Sent Events, `entries` with a list and `cleared` with a number.

    Nothing is queued for a listener: each looks at the log when it has sent all before, so a slow one misses what is gone.
    """

    listeners: ClassVar[int] = 0
    gone = False

    async def get(self) -> None:
        """Send what matches, until the client goes."""
        given = self.request.headers.get("Last-Event-ID", "")
        wanted = log_query({**self.query, **({"after": given} if given else {})})
        if LiveLogHandler.listeners >= LISTENERS_AT_MOST:
            raise UnavailableError(f"{LISTENERS_AT_MOST} listeners are enough", 10.0)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        LiveLogHandler.listeners += 1
        try:
            await self._send_live(wanted)
        except tornado.iostream.StreamClosedError:
            pass
        finally:
            LiveLogHandler.listeners -= 1

    async def _send_live(self, wanted: dict[str, Any]) -> None:
        after, cleared, sent_at = wanted.pop("after"), self.access_log.cleared, time.monotonic()
        wanted["limit"] = SENT_AT_ONCE
        self.write(": live\n\n")
        await self.flush()
        while not self.gone and not self.access_log.ended:
            last = self.access_log.last
            found = self.access_log.find(after, **wanted)
            if self.access_log.cleared != cleared:
                cleared = self.access_log.cleared
                self._write_event("cleared", cleared, last)
            if found:
                self._write_event("entries", found, last)
            elif time.monotonic() - sent_at > KEEP_ALIVE_S:
                self.write(": still here\n\n")
            if self._write_buffer:
                sent_at = time.monotonic()
                await self.flush()
            after = last
            await asyncio.sleep(LOOK_EVERY_S)

    def _write_event(self, name: str, value: list[Entry] | int, number: int) -> None:
        self.write(f"id: {number}\nevent: {name}\ndata: {msgspec.json.encode(value).decode()}\n\n")

    def on_connection_close(self) -> None:
        """The client went away."""
        self.gone = True
        super().on_connection_close()


def log_query(query: dict[str, str]) -> dict[str, Any]:
    """Arguments of `AccessLog.find`.

    Raises:
        BadRequestError: a level, kind or number that is none.
    """
    try:
        return msgspec.to_builtins(msgspec.convert(query, LogQuery, strict=False))  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise BadRequestError(str(error)) from error


class LogQuery(msgspec.Struct):
    """Query of the log."""

    after: int = 0
    level: Level = "info"
    kind: Literal["access", "exec", "server"] | None = None
    text: str = ""
    limit: int | None = None


LOG_PARAMS = (
    Param("after", "only entries with a higher number", "integer", default=0),
    Param("level", "least severe level shown", default="info", choices=("info", "warning", "error")),
    Param("kind", "only entries of this kind", choices=("access", "exec", "server")),
    Param("text", "only entries with this in method, path, status, address or text; any case"),
    Param("limit", "at most so many, the newest", "integer"),
)


SWITCHES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{door: {"type": "boolean"} for door in ("slicer", "exec", "pages")},
        "cors": {"type": "array", "items": {"type": "string", "examples": ["https://pages.example"]}},
    },
}
STATE_TEXT = (
    "A door that is off answers as if it were not there. `exec` can be switched off, and on again, only where the server was "
    "started with it. Without the pages this panel is not served either; what is open goes on."
)


def routes(session: Session) -> list[Route]:
    """The routes of the panel."""
    found = {"type": "object", "required": ["last", "cleared", "entries"]}
    state = {"type": "object", "required": ["doors", "cors"]}
    return [
        Route(r"/api/server", ServerHandler, (
            Operation("/api/server", "Doors, CORS, pages", tag="server", answer=state),
            Operation("/api/server", "Switch doors and CORS", ("PATCH", "PUT"), "server", accepts="application/json",
                      description=STATE_TEXT, body=SWITCHES, answer=state, body_example={"pages": True, "cors": []}),
        ), {"session": session}),
        Route(r"/api/server/log", LogHandler, (
            Operation("/api/server/log", "Requests and results of exec, lately", tag="server", params=LOG_PARAMS, answer=found),
            Operation("/api/server/log", "Forget it", ("DELETE",), "server", answer=found),
        )),
        Route(r"/api/server/log/live", LiveLogHandler, (
            Operation("/api/server/log/live", "The log as Server-Sent Events", tag="server", params=LOG_PARAMS,
                      answers=("text/event-stream",)),
        )),
    ]  # fmt: skip
