"""`/api/samples`: sample data by name."""

from __future__ import annotations

import msgspec

from backend.http.base import BaseHandler
from backend.http.routes import Operation, Route
from backend.sessions.opening import load_sample
from backend.sessions.session import Session


class SampleRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST /api/samples`."""

    name: str


class SamplesHandler(BaseHandler):
    """Lists samples, and loads one."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    def get(self) -> None:
        """What there is."""
        samples = self.session.samples.catalogue.all()
        self.send_json({"samples": [{"name": one.name, "category": one.category, "files": len(one.files)} for one in samples]})

    async def post(self) -> None:
        """Load it, downloaded if need be, and show it; answers when it is there."""
        _sample, result = await load_sample(self.session, self.read_json(SampleRequest).name)
        loaded = [{"id": node.id, "name": node.name, "class": node.class_name} for node in result.nodes]
        self.send_json({"loaded": loaded, "warnings": result.warnings})


def routes(session: Session) -> list[Route]:
    """The route."""
    text = {"type": "string"}
    one = {"type": "object", "required": ["name", "category", "files"],
           "properties": {"name": text, "category": text, "files": {"type": "integer"}}}  # fmt: skip
    known = {"type": "object", "required": ["samples"], "properties": {"samples": {"type": "array", "items": one}}}
    node = {"type": "object", "required": ["id", "name", "class"], "properties": {"id": text, "name": text, "class": text}}
    loaded = {"type": "object", "required": ["loaded", "warnings"], "properties": {
        "loaded": {"type": "array", "items": node}, "warnings": {"type": "array", "items": text}}}  # fmt: skip
    wanted = {"type": "object", "required": ["name"], "properties": {"name": text}}
    return [
        Route(r"/api/samples", SamplesHandler, (
            Operation("/api/samples", "Sample data that can be loaded", tag="scene", answer=known),
            Operation("/api/samples", "Load sample data by its name", ("POST",), "scene", answer=loaded,
                      accepts="application/json", body=wanted, body_example={"name": "MRHead"}),
        ), {"session": session}),
    ]  # fmt: skip
