"""`/sessions/{id}/…`: the same addresses once more, for each session."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import tornado.httputil
import tornado.routing

BELOW = re.compile(r"(?P<prefix>/sessions/(?P<id>[^/]+))(?P<path>/.*)")
FindRouter = Callable[[str], tornado.routing.Router | None]


class SessionRouter(tornado.routing.Router):
    """Hands a request on to the routes of its session, which see the path below `/sessions/{id}`."""

    def __init__(self, router_of: FindRouter) -> None:
        """`router_of`: the routes of the session of that name, None where there is none."""
        self._router_of = router_of

    def find_handler(
        self, request: tornado.httputil.HTTPServerRequest, **_kwargs: Any
    ) -> tornado.httputil.HTTPMessageDelegate | None:
        """Called by Tornado."""
        match = BELOW.fullmatch(request.path or "")
        router = self._router_of(match["id"]) if match else None
        if match is None or router is None:
            return None
        request.path = match["path"]
        request.session_prefix = match["prefix"]  # type: ignore[attr-defined]
        return router.find_handler(request)


def prefix_of(request: tornado.httputil.HTTPServerRequest) -> str:
    """What stands before the paths of a request's session: `/sessions/{id}`, or nothing."""
    found: str = getattr(request, "session_prefix", "")
    return found
