"""The OpenAPI document of a route table."""

from __future__ import annotations

from http.client import responses
from typing import Any

from backend.http.routes import Operation, Param, Route

TAGS = {
    "slicer": "Slicer's Web Server API: any method means the same, errors are status 500 with `success` false and a `message`.",
    "pictures": "Pictures at the root, strict about what they are asked.",
    "scene": "The scene: what it holds, uploads, loading.",
    "stream": "Pictures and input over a WebSocket.",
    "server": "The server panel, for administrators: programs of the server's machine, or who has `admin_token`.",
    "dicomweb": "Studies at rest, as DICOMweb (PS3.18) has them; errors are a status report.",
    "archive": "Studies at rest beside DICOMweb: uploads of any kind, and zips.",
    "operation": "Is it alive, ready, well.",
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {
                "code": {"type": "string", "example": "not_found"},
                "message": {"type": "string"},
                "request_id": {"type": "string", "description": "also in X-Request-Id and in the server's log"},
            },
        }
    },
}
SLICER_ERROR = {
    "type": "object",
    "required": ["success", "message"],
    "properties": {
        "success": {"const": False},
        "message": {"type": "string", "example": "Server error: unknown command \"b'/x'\""},
    },
}
STATUS_REPORT = {
    "type": "object",
    "required": ["status", "message"],
    "properties": {"status": {"type": "integer", "example": 404}, "message": {"type": "string"}},
}
SLICER_TAG, DICOMWEB_TAG = "slicer", "dicomweb"

BODILESS = (204, 304)


def openapi(routes: list[Route], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for operation in (operation for route in routes for operation in route.operations):
        item = paths.setdefault(operation.path, {})
        for method in operation.methods:
            item[method.lower()] = _described(operation, method)
    used = {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Slicecast",
            "version": version,
            "summary": "Medical images rendered on the server, with Slicer's web API",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": TAGS.get(tag, tag)} for tag in sorted(used, key=_place_of)],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR, "SlicerError": SLICER_ERROR, "StatusReport": STATUS_REPORT},
            "securitySchemes": {"admin": {"type": "http", "scheme": "bearer", "description": "the setting `admin_token`"}},
        },
    }


def _place_of(tag: str) -> tuple[int, str]:
    return (list(TAGS).index(tag) if tag in TAGS else len(TAGS), tag)


def _described(operation: Operation, method: str) -> dict[str, Any]:
    slug = "".join(c if c.isalnum() else "_" for c in operation.path.strip("/")) or "root"
    described: dict[str, Any] = {
        "operationId": f"{method.lower()}_{slug}",
        "summary": operation.summary,
        "tags": [operation.tag] if operation.tag else [],
        "parameters": [_parameter(param) for param in operation.params],
        "responses": _responses(operation),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.tag == "server":
        described["security"] = [{}, {"admin": []}]
    if operation.accepts and method in ("POST", "PUT", "PATCH"):
        content: dict[str, Any] = {"schema": operation.body} if operation.body else {}
        if operation.body_example is not None:
            content["example"] = operation.body_example
        described["requestBody"] = {"content": {operation.accepts: content}}
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    good = {kind: _content(kind, operation) for kind in operation.answers}
    answer: dict[str, Any] = {"description": responses.get(operation.status, "Done")}
    if good:
        answer["content"] = good
    found: dict[str, Any] = {str(operation.status): answer}
    if any(kind.startswith("image/") for kind in operation.answers):
        found["304"] = {"description": "Unchanged since the picture of If-None-Match"}
    for status in operation.also:
        found[str(status)] = {**({} if status in BODILESS else answer), "description": responses.get(status, "Done")}
    if operation.bare_404 or operation.tag == SLICER_TAG:
        found["404"] = {"description": "Nothing to answer; no body"}
    if operation.tag == SLICER_TAG:
        failed = {"application/json": {"schema": {"$ref": "#/components/schemas/SlicerError"}}}
        found["405"] = {"description": "A method that Slicer never answers", "content": failed}
        found["500"] = {"description": "Any fault of the request or the server, in Slicer's shape", "content": failed}
    else:
        shape = "StatusReport" if operation.tag == DICOMWEB_TAG else "Error"
        failed = {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape}"}}}
        found["4XX"] = {"description": "A fault of the request", "content": failed}
        found["5XX"] = {"description": "A fault of the server, or not ready (503 with Retry-After)", "content": failed}
    return found


def _content(kind: str, operation: Operation) -> dict[str, Any]:
    if kind == "application/json" and operation.answer:
        return {"schema": operation.answer}
    return {"schema": {"type": "string"}} if kind.startswith("text/") else {}


def _parameter(param: Param) -> dict[str, Any]:
    limits = {"default": param.default, "minimum": param.minimum, "maximum": param.maximum}
    schema: dict[str, Any] = {"type": param.type} | {name: value for name, value in limits.items() if value is not None}
    if param.choices:
        schema["enum"] = list(param.choices)
    described: dict[str, Any] = {
        "name": param.name,
        "in": param.where,
        "required": param.required or param.where == "path",
        "description": param.description + (f" ({param.unit})" if param.unit else ""),
        "schema": schema,
    }
    if param.unit:
        described["x-unit"] = param.unit
    if param.example is not None:
        described["example"] = param.example
    return described
