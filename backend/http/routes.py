"""The route table as data: router and OpenAPI document (`openapi.py`) are both made of it, so that they can not differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import tornado.web


@dataclass(frozen=True)
class Param:
    """A parameter of a route, for its documentation. Slicer's routes forgive values that are none of `choices`."""

    name: str
    description: str
    type: Literal["string", "number", "integer", "boolean"] = "string"
    where: Literal["query", "path", "header"] = "query"
    default: Any = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    example: Any = None
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """What the users of a resource need to know. `path` is the documented form with `{names}`."""

    path: str
    summary: str
    methods: tuple[str, ...] = ("GET",)
    tag: str = ""
    params: tuple[Param, ...] = ()
    answers: tuple[str, ...] = ("application/json",)
    accepts: str | None = None
    description: str = ""
    """More than the summary, Markdown."""
    body: dict[str, Any] = field(default_factory=dict)
    """JSON schema of the request's body."""
    body_example: Any = None
    answer: dict[str, Any] = field(default_factory=dict)
    """JSON schema of the answer, where it is JSON."""
    status: int = 200
    """Of success."""
    also: tuple[int, ...] = ()
    """Other statuses that are answered with the same content."""
    bare_404: bool = False
    """Answers 404 without a body, as Slicer does for what is not there."""


@dataclass(frozen=True)
class Route:
    """What Tornado matches (a regular expression of the path), who answers, and the operations that are found there."""

    pattern: str
    handler: type[tornado.web.RequestHandler]
    operations: tuple[Operation, ...]
    options: dict[str, Any] = field(default_factory=dict)
    door: str = ""
    """Name of the switch in `Switches`; while it is off the route is not there."""
    methods: tuple[str, ...] = ()
    """Methods that the route is for; others go on to the next route. All where empty."""
