"""Tornado's application, which takes the shorter way through the event loop for requests without a body."""

from __future__ import annotations

from typing import Any

import tornado.httputil
import tornado.routing
import tornado.web

from backend.http.intake import has_body

Handler = type[tornado.web.RequestHandler]


class Application(tornado.web.Application):
    """As Tornado's. Most requests have no body, and need not wait two turns of the loop for its end."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._bodiless: dict[Handler, Handler] = {}

    def get_handler_delegate(
        self, request: tornado.httputil.HTTPServerRequest, target_class: Handler, *args: Any, **kwargs: Any
    ) -> Any:
        """Called by Tornado with the handler that a route names."""
        # With a type but no body Tornado would try to parse what is not there.
        if not has_body(request) and "Content-Type" not in request.headers:
            target_class = self._without_body(target_class)
        return super().get_handler_delegate(request, target_class, *args, **kwargs)

    def _without_body(self, handler: Handler) -> Handler:
        """The handler with what `stream_request_body` has set undone."""
        if handler not in self._bodiless:
            self._bodiless[handler] = type(handler.__name__, (handler,), {"_stream_request_body": False})
        return self._bodiless[handler]

    def router(self) -> tornado.routing.RuleRouter:
        """A table of routes of its own, whose handlers are this application's."""
        return type(self.wildcard_router)(self, [])
