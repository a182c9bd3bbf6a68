"""Who may do what an administrator does, and which web pages may make a browser do something."""

from __future__ import annotations

import hmac
import ipaddress

import tornado.httputil

from backend.config import Settings
from backend.errors import ForbiddenError, UnauthorizedError

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via")


def is_from_here(request: tornado.httputil.HTTPServerRequest) -> bool:
    """Whether a program of this machine asks, and not a proxy on it for somebody else."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_ip or "").is_loopback
    except ValueError:
        return False


def is_foreign_page(request: tornado.httputil.HTTPServerRequest) -> bool:
    """Whether a browser says that a page of another origin makes it ask. Programs say nothing."""
    here = (request.host or "").lower()
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin.partition("://")[2].lower() != here
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    referer = request.headers.get("Referer", "")
    return bool(referer) and referer.partition("://")[2].partition("/")[0].lower() != here


def require_administrator(request: tornado.httputil.HTTPServerRequest, settings: Settings) -> None:
    """Let pass who has the token, or, where there is none, programs of this machine; never another's web page.

    Raises:
        UnauthorizedError: the token is wanting or wrong.
        ForbiddenError: a foreign page, or another machine.
    """
    if is_foreign_page(request):
        raise ForbiddenError("pages of other origins may not do this")
    token = settings.admin_token.get_secret_value() if settings.admin_token else ""
    if token:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise UnauthorizedError("this needs the administrator's bearer token (setting admin_token)")
    elif not is_from_here(request):
        raise ForbiddenError("this is for programs of the server's machine; elsewhere it needs the setting admin_token")
