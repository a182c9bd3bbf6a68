"""What an endpoint of the Slicer API gets and how it answers; and the endpoint itself, as data."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.errors import BadRequestError
from backend.http.base import BaseHandler
from backend.http.body import Body
from backend.http.routes import Operation

LARGEST_TEXT = 16 << 20


@dataclass(frozen=True)
class Exchange:
    """One request below `/slicer` on its way to an answer."""

    handler: BaseHandler
    rest: str
    """What follows the command's name in the path, mostly nothing."""
    query: Mapping[str, str]
    body: Body

    @property
    def method(self) -> str:
        """HTTP method; most endpoints do not look at it."""
        return self.handler.request.method or "GET"

    def json_body(self) -> Any:
        """The body as JSON, None if there is no body.

        Raises:
            BadRequestError: it is no JSON.
        """
        if not self.body.size:
            return None
        try:
            return json.loads(self.body.read(self.handler.config.max_json_kb << 10))
        except (ValueError, RecursionError) as error:
            raise BadRequestError(f"the body is no JSON: {error}") from error

    def send_json(self, value: Any) -> None:
        """Answer with JSON as Slicer writes it."""
        self.send(json.dumps(value).encode(), "application/json")

    def send_text(self, text: str) -> None:
        """Answer with plain text; Slicer names no charset."""
        self.send(text.encode(), "text/plain")

    def send(self, data: bytes, content_type: str) -> None:
        """Answer with bytes."""
        self.handler.send(data, content_type)

    def send_nothing(self) -> None:
        """Slicer's answer to what has no content: a bare 404."""
        self.handler.send_nothing()


Answer = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True)
class Endpoint:
    """A command of the Slicer API: the prefix of the path that selects it, who answers, and what its users need to know."""

    prefix: str
    answer: Answer
    operations: tuple[Operation, ...] = ()
    is_exec: bool = False
    """Runs users' code: known only while exec is on, not for pages of other origins, and its answers are logged."""
