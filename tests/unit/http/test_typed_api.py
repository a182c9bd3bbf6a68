"""The TypeScript of our API says what the routes say, and its generator says what schemas say."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.support.live import ROOT


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("typed_api", ROOT / "scripts" / "typed_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_the_routes_make_it() -> None:
    made = generator()
    assert made.TARGET.read_text() == made.typescript(made.document()), "run python scripts/typed_api.py"


def test_schemas_become_types() -> None:
    type_of = generator().type_of
    assert type_of({"type": "array", "items": {"enum": ["a", "b"]}}, 0) == '("a" | "b")[]'
    assert type_of({"type": ["string", "null"]}, 0) == "string | null"
    assert type_of({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}, 0) == "[string, string]"
    assert type_of({"type": "object", "additionalProperties": {"type": "integer"}}, 0) == "Record<string, number>"
    nested = {"type": "object", "required": ["x-y"], "properties": {"x-y": {"const": True}, "z": {}}}
    assert type_of(nested, 0) == '{\n  "x-y": true;\n  z?: unknown;\n}'
