"""What every handler has: request ids, checks of Host and Origin, bounded bodies, CORS, one mapping of errors, HEAD, JSON."""

from __future__ import annotations

import ipaddress
import itertools
import re
import secrets
import time
from http.client import responses
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
import tornado.web

from backend import __version__, errors, metrics
from backend.config import Settings
from backend.http.access_log import AccessLog, Kind, Level
from backend.http.guard import is_foreign_page
from backend.http.intake import Intake, has_body
from backend.http.negotiate import parse_query
from backend.http.session_router import prefix_of
from backend.http.switches import Switches
from backend.redact import redact

log = structlog.get_logger("http")
T = TypeVar("T")

STATUS: dict[type[errors.SlicecastError], int] = {
    errors.BadRequestError: 400,
    errors.UnauthorizedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.SupersededError: 409,
    errors.TooLargeError: 413,
    errors.UnreadableError: 422,
    errors.UnavailableError: 503,
}
REQUEST_ID = re.compile(r"[\w.:-]{1,64}\Z")
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
SAFE_HEADERS = re.compile(r"[\w!#$%&'*+.^`|~, -]{1,4096}\Z", re.ASCII)  # tokens of RFC 9110, separated by commas
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
EXPOSED = "Content-Type, Content-Length, Content-Range, ETag, Location, Warning, X-Request-Id"


_started = secrets.token_hex(4)
_requests = itertools.count(1)


def new_request_id() -> str:
    """An id that no other request of this or another server has."""
    return f"{_started}{next(_requests):08x}"


def host_of(netloc: str) -> str:
    """Host name of `name:port`, `[v6]:port` or `name`, lower case."""
    return (urlsplit("//" + netloc).hostname or "").lower()


def is_allowed_host(netloc: str, settings: Settings) -> bool:
    """Whether a Host header or an origin names this server: local names, its own addresses, configured names.

    Other names would let a web page reach us by DNS rebinding. Addresses can not be rebound, so those are fine when the
    server listens beyond loopback.
    """
    try:
        host = host_of(netloc)
    except ValueError:
        return False
    if host in LOCAL_NAMES or host in [name.lower() for name in settings.allowed_hosts] or host == settings.host:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or not settings.is_loopback


@tornado.web.stream_request_body
class BaseHandler(tornado.web.RequestHandler):
    """Base of all handlers. Raise core errors; they become answers here, in the shape of `error_body`.

    Bodies are taken in by `data_received`, never parsed as forms, and refused above `largest_body_bytes`.
    """

    intake: Intake | None = None
    """The body on its way in, where there is one."""
    refused: errors.SlicecastError | None = None
    fault_text = ""
    level: Level = "info"

    def prepare(self) -> None:
        """Give the request its id, refuse foreign hosts and pages, and bodies that are too large."""
        given = self.request.headers.get("X-Request-Id", "")
        self.request_id = given if REQUEST_ID.match(given) else new_request_id()
        self.set_header("X-Request-Id", self.request_id)
        self.started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request=self.request_id)
        if has_body(self.request):
            self.intake = Intake(self.request, self.largest_body_bytes, self.config.body_timeout_s)
        self._gathered = bytearray()
        if not is_allowed_host(self.request.host, self.config):
            self.refuse(errors.ForbiddenError(f"this server does not answer to the host name {self.request.host!r}"))
        elif self.request.method not in SAFE_METHODS and self.is_from_page_without_leave:
            self.refuse(errors.ForbiddenError("pages of this origin may change nothing here (setting cors)"))
        elif self.intake is not None:
            self._refuse_if_too_large(self.intake)

    def _refuse_if_too_large(self, intake: Intake) -> None:
        if intake.too_large is not None:
            self.refuse(intake.too_large)

    @property
    def is_from_page_without_leave(self) -> bool:
        """Whether a page of another origin asks, which CORS is not on for."""
        origin = self.request.headers.get("Origin", "")
        if not is_foreign_page(self.request) or self.switches.allowed_origin(origin) is not None:
            return False
        return not is_allowed_host(origin.partition("://")[2], self.config)

    def refuse(self, error: errors.SlicecastError) -> None:
        """Refuse the request before its body has come: at once, or, so that the answer is not lost, after hearing it out."""
        if self.refused is None and self.intake is not None and self.intake.is_worth_hearing_out:
            self.refused = error
            setattr(self, (self.request.method or "GET").lower(), self._answer_refusal)
        elif self.refused is None:
            raise error

    def _answer_refusal(self, *_args: str, **_kwargs: str) -> None:
        assert self.refused is not None
        raise self.refused

    @property
    def largest_body_bytes(self) -> int:
        """The largest body that this handler takes; handlers of files take more."""
        return self.config.max_json_kb << 10

    def data_received(self, chunk: bytes) -> None:
        """Called by Tornado for each piece of the body."""
        assert self.intake is not None
        self.intake.count(chunk)
        if self.refused is None:
            self._refuse_if_too_large(self.intake)
        if self.refused is None:
            self.take(chunk)

    def take(self, chunk: bytes) -> None:
        """Keep a piece of the body; here in memory."""
        self._gathered += chunk

    @property
    def gathered(self) -> bytes:
        """The body, of handlers that keep it in memory."""
        return bytes(self._gathered)

    def read_json(self, kind: type[T]) -> T:
        """The body as this type.

        Raises:
            BadRequestError: it is not.
        """
        try:
            return msgspec.json.decode(self._gathered, type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise errors.BadRequestError(f"the body is not what this request needs: {error}") from error

    @property
    def config(self) -> Settings:
        """The server's settings."""
        config: Settings = self.application.settings["config"]
        return config

    @property
    def switches(self) -> Switches:
        """What is switched on now."""
        switches: Switches = self.application.settings["switches"]
        return switches

    @property
    def query(self) -> dict[str, str]:
        """Query parameters: first values, blank ones absent."""
        return parse_query(self.request.query)

    def set_default_headers(self) -> None:
        """Called by Tornado before everything else, and again for errors."""
        self.set_header("Server", f"Slicecast/{__version__}")
        self.set_header("X-Content-Type-Options", "nosniff")
        allowed = self.switches.allowed_origin(self.request.headers.get("Origin", ""))
        if self.switches.cors and allowed != "*":
            self.set_header("Vary", "Origin")
        if allowed is not None:
            self.set_header("Access-Control-Allow-Origin", allowed)
            self.set_header("Access-Control-Expose-Headers", EXPOSED)
            self.set_header("Timing-Allow-Origin", allowed)

    def options(self, *_args: str, **_kwargs: str) -> None:
        """Answer a preflight; the CORS headers stand there only if CORS is on."""
        if "Access-Control-Allow-Origin" in self._headers:
            wanted = self.request.headers.get("Access-Control-Request-Headers", "")
            if not SAFE_HEADERS.match(wanted):
                wanted = "Accept, Content-Type, Authorization, Range"
            self.set_header("Access-Control-Allow-Methods", "POST, GET, OPTIONS, DELETE, PUT")
            self.set_header("Access-Control-Allow-Headers", wanted)
            self.set_header("Access-Control-Max-Age", "86400")
        if self.request.headers.get("Connection", "").lower() != "close":
            self.set_header("Connection", "keep-alive")
        self.set_status(204)
        self.finish()

    async def head(self, *args: str, **kwargs: str) -> None:
        """Like GET; Tornado leaves the body out."""
        if type(self).get is tornado.web.RequestHandler.get:
            raise tornado.web.HTTPError(405)
        result = self.get(*args, **kwargs)
        if result is not None:
            await result

    def send(self, body: bytes, content_type: str, etag: str | None = None, cache: str = "no-cache") -> None:
        """Answer with bytes; 304 instead where the client has them already."""
        self.set_header("Cache-Control", cache)
        if etag is not None:
            self.set_header("ETag", etag)
            if etag in self.known_etags:
                self.set_status(304)
                self.clear_header("Content-Type")
                self.finish()
                return
        self.set_header("Content-Type", content_type)
        self.finish(body)

    @property
    def known_etags(self) -> tuple[str, ...]:
        """Strong ETags of If-None-Match."""
        given = self.request.headers.get("If-None-Match", "")
        return tuple(tag.strip().removeprefix("W/") for tag in given.split(",") if tag.strip())[:16]

    def here(self, path: str) -> str:
        """The path as the request's session has it."""
        return prefix_of(self.request) + path

    def send_job(self, job: str, **fields: Any) -> None:
        """202: a job has begun, and where it tells how far it is."""
        place = self.here(f"/api/jobs/{job}")
        self.set_header("Location", place)
        self.send_json({**fields, "job": job, "job_url": place}, 202)

    def send_json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON; the content type is exactly `application/json`, which clients compare."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.finish(msgspec.json.encode(value))

    def send_nothing(self) -> None:
        """Slicer's answer to what has no content: a bare 404."""
        self.set_status(404)
        self.set_header("Content-Length", "0")
        self.clear_header("Content-Type")
        self.finish()

    def compute_etag(self) -> str | None:
        """ETags are set where they are known without hashing the body."""
        return None

    # -- errors --------------------------------------------------------------------------------------------------

    def error_body(self, status: int, message: str) -> tuple[int, bytes]:
        """Status and JSON body of an error; doors with a shape of their own override this."""
        code = responses.get(status, "error").lower().replace(" ", "_")
        body = {"error": {"code": code, "message": message, "request_id": self.request_id}}
        return status, msgspec.json.encode(body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Called by Tornado with the exception: the one place where errors become answers."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = responses.get(status_code, "error")
        if isinstance(error, errors.SlicecastError):
            status_code = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
            message = str(error)
            self.level = "warning" if status_code < 500 else "error"
            if isinstance(error, errors.UnauthorizedError):
                self.set_header("WWW-Authenticate", "Bearer")
            if isinstance(error, errors.UnavailableError) and error.retry_after_s:
                self.set_header("Retry-After", str(max(1, round(error.retry_after_s))))
        elif isinstance(error, tornado.web.HTTPError):
            self.level = "warning"
            if status_code == 405:
                message = f"{self.request.method} is not supported here"
                self.set_header("Allow", ", ".join(self.allowed_methods()))
        else:
            self.level = "error"
            message = "internal error; the server's log has the details under this request id"
        if not hasattr(self, "request_id"):
            self.request_id = new_request_id()
        self.fault_text = message
        status, body = self.error_body(status_code, message)
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.finish(body)

    def allowed_methods(self) -> list[str]:
        """Methods this handler answers."""
        names = ("GET", "POST", "PUT", "DELETE", "PATCH")
        base = tornado.web.RequestHandler
        found = [name for name in names if getattr(type(self), name.lower()) is not getattr(base, name.lower())]
        return [*found, *(["HEAD"] if "GET" in found else []), "OPTIONS"]

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Core errors are answers, not faults; everything else is logged whole."""
        if isinstance(value, errors.SlicecastError):
            log.info("refused", why=redact(str(value)[:500]), path=self.request.path)
        elif isinstance(value, tornado.web.HTTPError):
            log.info("refused", why=str(value), path=self.request.path)
        elif value is not None:
            log.error("fault", path=self.request.path, exc_info=(typ, value, tb))

    def on_finish(self) -> None:
        """Count and log the request."""
        self.discard()
        if self.intake is not None:
            self.intake.stop()
        seconds = time.perf_counter() - getattr(self, "started", time.perf_counter())
        status = self.get_status()
        metrics.observe_request(type(self).__name__, self.request.method or "?", status, seconds)
        self.note(seconds, status)
        log.debug("answered", method=self.request.method, path=self.request.path, status=status,
                  ms=round(seconds * 1e3, 1))  # fmt: skip
        structlog.contextvars.unbind_contextvars("request")

    def discard(self) -> None:
        """Let nothing stay of a body that came by half. Called at the end of every request, also when the client went away."""

    def note(self, seconds: float, status: int, kind: Kind = "access", text: str = "") -> None:
        """Write the request into the panel's log."""
        access: AccessLog = self.application.settings["access_log"]
        level: Level = "warning" if self.level == "info" and status >= 400 else self.level
        access.add(
            kind, level, text or self.fault_text, self.request.method or "?", self.request.uri or "", status, seconds * 1e3,
            self.request.remote_ip or "",
        )  # fmt: skip

    def on_connection_close(self) -> None:
        """The client went away."""
        self.discard()
        if self.intake is not None:
            self.intake.stop()
        super().on_connection_close()


class NotFoundHandler(BaseHandler):
    """Answers paths that no route has, where a page would be no answer."""

    def get(self, *_args: str) -> None:
        """Refuse."""
        raise errors.NotFoundError(f"there is nothing at {self.request.path}")

    post = put = patch = delete = get
