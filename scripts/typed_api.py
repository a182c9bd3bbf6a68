"""TypeScript of our own API, made of its OpenAPI document: `python scripts/typed_api.py [--check]`.

Writes `frontend/src/net/api/operations.ts`, which the viewer and `slicecast-client.js` are checked against. With `--check`
nothing is written; the exit code tells whether the file is what it should be.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from backend.config import Settings
from backend.doors import Wiring, open_house
from backend.sessions.journal import Journal
from backend.sessions.session import Session

TARGET = Path(__file__).parents[1] / "frontend" / "src" / "net" / "api" / "operations.ts"
OURS = "/api/"
PLAIN = re.compile(r"[A-Za-z_$][\w$]*")
METHODS = ("get", "post", "put", "patch", "delete")
SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
HEAD = """/**
 * Our own API as types, made of the OpenAPI document by `scripts/typed_api.py`. Do not edit: a test compares the two.
 */

/** A file or picture, as bytes. */
export type Binary = Blob;

/** Of each operation: parameters in its path and query, body, and answer. */
export interface Operations {
"""


def document() -> dict[str, Any]:
    """The OpenAPI document of a server that is not started."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), enable_dicom=False)

        async def describe() -> dict[str, Any]:
            session = Session("default", settings, Journal(Path(folder) / "session"))
            wiring = Wiring(open_house(settings, lambda: None))
            wiring.sessions.take_in(session)
            await wiring.sessions.stop()
            if not isinstance(wiring.house.archive, str):
                await wiring.house.archive.stop()
            return wiring.document

        return asyncio.run(describe())


def type_of(schema: dict[str, Any], indent: int) -> str:
    """A JSON schema as a TypeScript type; what says nothing is `unknown`."""
    kind = schema.get("type")
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values:
        return " | ".join(literal(value) for value in values)
    several = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(kind, list):
        several = [{**schema, "type": one} for one in kind]
    if several:
        return " | ".join(type_of(one, indent) for one in several)
    return single_type(schema, indent)


def single_type(schema: dict[str, Any], indent: int) -> str:
    """A schema that is one thing."""
    kind = schema.get("type")
    if kind == "string" and schema.get("format") == "binary":
        return "Blob | ArrayBuffer | Uint8Array<ArrayBuffer>"
    if kind == "array" and "prefixItems" in schema:
        return f"[{', '.join(type_of(one, indent) for one in schema['prefixItems'])}]"
    if kind == "array":
        inner = type_of(schema.get("items", {}), indent)
        if schema.get("minItems") is not None and schema.get("minItems") == schema.get("maxItems"):
            return f"[{', '.join([inner] * schema['minItems'])}]"
        return f"({inner})[]" if " | " in inner and not inner.startswith("{") else f"{inner}[]"
    if kind == "object" or "properties" in schema:
        return object_type(schema, indent)
    return SCALARS.get(str(kind), "unknown")


def object_type(schema: dict[str, Any], indent: int) -> str:
    """An object: its properties, or a record."""
    properties, required = schema.get("properties"), schema.get("required", [])
    if not properties:
        more = schema.get("additionalProperties")
        return f"Record<string, {type_of(more, indent) if isinstance(more, dict) else 'unknown'}>"
    return block([(name, name in required, one) for name, one in properties.items()], indent)


def block(fields: list[tuple[str, bool, dict[str, Any]]], indent: int) -> str:
    """`{ name?: type; … }`, on lines of its own."""
    pad = "  " * (indent + 1)
    lines = [f"{pad}{quoted(name)}{'' if needed else '?'}: {type_of(one, indent + 1)};" for name, needed, one in fields]
    return "{\n" + "\n".join(lines) + "\n" + "  " * indent + "}"


def literal(value: Any) -> str:
    """A value as TypeScript writes it."""
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def quoted(name: str) -> str:
    """A property's name."""
    return name if PLAIN.fullmatch(name) else f'"{name}"'


def operation(path: str, method: str, described: dict[str, Any]) -> str:
    """One entry of `Operations`."""
    parts = []
    for where in ("path", "query"):
        fields = [(one["name"], one["required"], one["schema"]) for one in described["parameters"] if one["in"] == where]
        if fields:
            parts.append(f"    {where}: {block(fields, 2)};")
    content = described.get("requestBody", {}).get("content", {})
    if content:
        kind, media = next(iter(content.items()))
        body = type_of(media.get("schema", {}), 2) if media.get("schema") else "unknown"
        parts.append(f"    body: {body};")
        if kind != "application/json":
            parts.append(f'    sends: "{kind}";')
    parts.append(f"    answer: {answer_of(described)};")
    summary = described["summary"].replace("*/", "* /")
    return f'  /** {summary}. */\n  "{method.upper()} {path}": {{\n' + "\n".join(parts) + "\n  };\n"


def answer_of(described: dict[str, Any]) -> str:
    """Type of what a success is answered with."""
    status = next(code for code in described["responses"] if code.startswith(("1", "2", "3")))
    content = described["responses"][status].get("content", {})
    if "application/json" in content:
        schema = content["application/json"].get("schema", {})
        return type_of(schema, 2) if schema else "unknown"
    if not content:
        return "null"
    return "string" if all(kind.startswith("text/") for kind in content) else "Binary"


def typescript(described: dict[str, Any]) -> str:
    """The whole file."""
    entries = [
        operation(path, method, item[method])
        for path, item in sorted(described["paths"].items())
        if path.startswith(OURS)
        for method in METHODS
        if method in item
    ]
    return HEAD + "\n".join(entries) + "}\n"


def main() -> int:
    """Write the file, or check it."""
    wanted = typescript(document())
    if "--check" in sys.argv:
        return int(TARGET.read_text() != wanted)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
