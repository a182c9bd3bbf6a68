"""Choosing among hundreds of routes: a request is only held against those that its path's first segment lets match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tornado.httputil
import tornado.routing

SEGMENTS_KEPT = 256
"""Clients may ask for anything; of segments beyond these all routes are tried."""


class BySegment(tornado.routing.Router):
    """Rules in their order, as one router for each first segment that was asked for."""

    def __init__(self, make_router: Callable[[], tornado.routing.RuleRouter], rules: Sequence[tornado.routing.Rule]) -> None:
        """`rules`: those whose matcher has a `beginning` match no path that begins otherwise."""
        self._make_router, self._rules = make_router, rules
        self._all = self._router(rules)
        self._by_segment: dict[str, tornado.routing.RuleRouter] = {}

    def _router(self, rules: Sequence[tornado.routing.Rule]) -> tornado.routing.RuleRouter:
        router = self._make_router()
        router.add_rules(list(rules))
        return router

    def find_handler(
        self, request: tornado.httputil.HTTPServerRequest, **_kwargs: Any
    ) -> tornado.httputil.HTTPMessageDelegate | None:
        """Called by Tornado."""
        segment = (request.path or "/")[1:].partition("/")[0]
        router = self._by_segment.get(segment)
        if router is None:
            router = self._all
            if len(self._by_segment) < SEGMENTS_KEPT:
                rules = [rule for rule in self._rules if may_match(getattr(rule.matcher, "beginning", ""), segment)]
                router = self._by_segment[segment] = self._router(rules)
        return router.find_handler(request)


def may_match(beginning: str, segment: str) -> bool:
    """Whether a path with this first segment may begin so."""
    head = f"/{segment}/"
    return head.startswith(beginning) or beginning.startswith(head)
