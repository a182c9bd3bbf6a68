"""JSON schemas of plain data for the OpenAPI document, whole in themselves."""

from __future__ import annotations

from typing import Any

import msgspec

TAG = "type"


def answer_schema(kind: Any) -> dict[str, Any]:
    """The schema of a type."""
    schema: dict[str, Any] = msgspec.json.schema(kind)
    found = _whole(schema, schema.get("$defs", {}))
    assert isinstance(found, dict)
    return found


def body_schema(kind: type[msgspec.Struct], hidden: tuple[str, ...]) -> dict[str, Any]:
    """The schema of a command that a request's body gives, without the fields that the path gives, and without its tag."""
    schema = answer_schema(kind)
    without = {TAG, *hidden}
    properties = {name: value for name, value in schema["properties"].items() if name not in without}
    required = [name for name in schema.get("required", []) if name not in without]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _whole(part: Any, known: dict[str, Any]) -> Any:
    """With what `$ref` names put in its place; our types do not contain themselves."""
    if isinstance(part, list):
        return [_whole(one, known) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _whole(known[part["$ref"].rpartition("/")[2]], known)
    left = {name: value for name, value in part.items() if name not in ("$defs", "discriminator", "title", "prefixItems")}
    if "prefixItems" in part:  # OpenAPI's readers know one kind of item
        left["items"] = part["prefixItems"][0]
    return {name: _whole(value, known) for name, value in left.items()}
