"""The route table as data: what the router is made of, and the OpenAPI document too, so that the two can not differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import tornado.web


@dataclass(frozen=True)
class Param:
    """A parameter of a route, for its documentation."""

    name: str
    description: str
    type: Literal["string", "number", "integer", "boolean"] = "string"
    where: Literal["query", "path", "header"] = "query"
    default: Any = None
    choices: tuple[str, ...] = ()


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


def openapi(routes: list[Route], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a route table."""
    paths: dict[str, Any] = {}
    for operation in (operation for route in routes for operation in route.operations):
        item = paths.setdefault(operation.path, {})
        for method in operation.methods:
            item[method.lower()] = _described(operation, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slicecast", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": paths,
    }


def _described(operation: Operation, method: str) -> dict[str, Any]:
    slug = "".join(c if c.isalnum() else "_" for c in operation.path.strip("/")) or "root"
    described: dict[str, Any] = {
        "operationId": f"{method.lower()}_{slug}",
        "summary": operation.summary,
        "tags": [operation.tag] if operation.tag else [],
        "parameters": [_parameter(param) for param in operation.params],
        "responses": {
            "200": {"description": "Done", "content": {kind: {} for kind in operation.answers}},
            "default": {"description": "An error, as JSON", "content": {"application/json": {}}},
        },
    }
    if operation.accepts and method in ("POST", "PUT"):
        described["requestBody"] = {"content": {operation.accepts: {}}}
    return described


def _parameter(param: Param) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": param.type}
    if param.choices:
        schema["enum"] = list(param.choices)
    if param.default is not None:
        schema["default"] = param.default
    return {
        "name": param.name,
        "in": param.where,
        "required": param.where == "path",
        "description": param.description,
        "schema": schema,
    }
