"""What every handler has: request ids, checks of Host and Origin, CORS, one mapping of errors, HEAD, ETags, JSON."""

from __future__ import annotations

import ipaddress
import re
import secrets
import time
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
import tornado.web

from backend import __version__, errors, metrics
from backend.config import Settings
from backend.http.negotiate import parse_query

log = structlog.get_logger("http")

STATUS: dict[type[errors.SlicecastError], int] = {
    errors.BadRequestError: 400,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.SupersededError: 409,
    errors.TooLargeError: 413,
    errors.UnreadableError: 422,
    errors.UnavailableError: 503,
}
REQUEST_ID = re.compile(r"[\w.:-]{1,64}\Z")
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
SAFE_HEADERS = re.compile(r"[\w, -]{0,512}\Z")
EXPOSED = "Content-Length, Content-Range, ETag, X-Request-Id"


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


class BaseHandler(tornado.web.RequestHandler):
    """Base of all handlers. Raise core errors; they become answers here, in the shape of `error_body`."""

    settings_object: Settings

    def prepare(self) -> None:
        """Give the request its id, refuse foreign hosts, answer preflights."""
        given = self.request.headers.get("X-Request-Id", "")
        self.request_id = given if REQUEST_ID.match(given) else secrets.token_hex(8)
        self.set_header("X-Request-Id", self.request_id)
        self.started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request=self.request_id)
        if not is_allowed_host(self.request.host, self.config):
            raise errors.ForbiddenError(f"this server does not answer to the host name {self.request.host!r}")

    @property
    def config(self) -> Settings:
        """The server's settings."""
        config: Settings = self.application.settings["config"]
        return config

    @property
    def query(self) -> dict[str, str]:
        """Query parameters: first values, blank ones absent."""
        return parse_query(self.request.query)

    def set_default_headers(self) -> None:
        """Called by Tornado before everything else, and again for errors."""
        self.set_header("Server", f"Slicecast/{__version__}")
        self.set_header("X-Content-Type-Options", "nosniff")
        origins = self.config.cors
        origin = self.request.headers.get("Origin", "")
        if "*" in origins:
            self.set_header("Access-Control-Allow-Origin", "*")
        elif origin and origin in origins:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Vary", "Origin")
        else:
            return
        self.set_header("Access-Control-Expose-Headers", EXPOSED)
        self.set_header("Timing-Allow-Origin", self._headers["Access-Control-Allow-Origin"])

    def options(self, *_args: str, **_kwargs: str) -> None:
        """Answer a preflight; the CORS headers stand there only if CORS is on."""
        if "Access-Control-Allow-Origin" in self._headers:
            wanted = self.request.headers.get("Access-Control-Request-Headers", "")
            if not wanted or not SAFE_HEADERS.match(wanted):
                wanted = "Accept, Content-Type, Authorization, Range"
            self.set_header("Access-Control-Allow-Methods", "POST, GET, OPTIONS, DELETE, PUT")
            self.set_header("Access-Control-Allow-Headers", wanted)
            self.set_header("Access-Control-Max-Age", "86400")
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

    def send_json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON; the content type is exactly `application/json`, which clients compare."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.finish(msgspec.json.encode(value))

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
            if isinstance(error, errors.UnavailableError) and error.retry_after_s:
                self.set_header("Retry-After", str(max(1, round(error.retry_after_s))))
        elif isinstance(error, tornado.web.HTTPError):
            if status_code == 405:
                self.set_header("Allow", ", ".join(self.allowed_methods()))
        else:
            message = "internal error; the server's log has the details under this request id"
        if not hasattr(self, "request_id"):
            self.request_id = secrets.token_hex(8)
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
            log.info("refused", why=str(value)[:500], path=self.request.path)
        elif isinstance(value, tornado.web.HTTPError):
            log.info("refused", why=str(value), path=self.request.path)
        elif value is not None:
            log.error("fault", path=self.request.path, exc_info=(typ, value, tb))

    def on_finish(self) -> None:
        """Count the request."""
        seconds = time.perf_counter() - getattr(self, "started", time.perf_counter())
        metrics.observe_request(type(self).__name__, self.request.method or "?", self.get_status(), seconds)
        log.debug("answered", method=self.request.method, path=self.request.path, status=self.get_status(),
                  ms=round(seconds * 1e3, 1))  # fmt: skip
        structlog.contextvars.unbind_contextvars("request")


class NotFoundHandler(BaseHandler):
    """Answers paths that no route has."""

    def prepare(self) -> None:
        """Refuse."""
        super().prepare()
        raise errors.NotFoundError(f"there is nothing at {self.request.path}")
