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
class Route:
    """One resource: a regular expression of its path, who answers, and what its users need to know.

    `path` is the documented form with `{names}`; `pattern` what Tornado matches.
    """

    path: str
    pattern: str
    handler: type[tornado.web.RequestHandler]
    summary: str
    methods: tuple[str, ...] = ("GET",)
    tag: str = ""
    params: tuple[Param, ...] = ()
    answers: tuple[str, ...] = ("application/json",)
    accepts: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def openapi(routes: list[Route], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a route table."""
    paths: dict[str, Any] = {}
    for route in routes:
        item = paths.setdefault(route.path, {})
        for method in route.methods:
            item[method.lower()] = _operation(route, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Slicecast", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": paths,
    }


def _operation(route: Route, method: str) -> dict[str, Any]:
    slug = "".join(c if c.isalnum() else "_" for c in route.path.strip("/")) or "root"
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}_{slug}",
        "summary": route.summary,
        "tags": [route.tag] if route.tag else [],
        "parameters": [_parameter(param) for param in route.params],
        "responses": {
            "200": {"description": "Done", "content": {kind: {} for kind in route.answers}},
            "default": {"description": "An error, as JSON", "content": {"application/json": {}}},
        },
    }
    if route.accepts and method in ("POST", "PUT"):
        operation["requestBody"] = {"content": {route.accepts: {}}}
    return operation


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
