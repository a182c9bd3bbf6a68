"""`/slicer/exec`: users' Python, off unless switched on."""

from __future__ import annotations

from dataclasses import dataclass

from backend.api.slicer.exchange import LARGEST_TEXT, Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.config import Settings
from backend.http.routes import Operation, Param
from backend.scene import commands as c
from backend.sessions.session import Session


@dataclass(frozen=True)
class Console:
    """Runs source in one session."""

    session: Session
    settings: Settings

    def endpoints(self) -> list[Endpoint]:
        """None while exec is off: Slicer then does not know the command."""
        if not self.settings.enable_exec:
            return []
        source = Param("source", "Python source, where there is no body")
        operation = Operation(
            "/slicer/exec", "Run Python; answers `__execResult`", ANY, "slicer", (source,), accepts="text/plain"
        )
        return [Endpoint("exec", self.execute, (operation,), is_exec=True)]

    async def execute(self, exchange: Exchange) -> None:
        """Run the body, or `source=`."""
        source = exchange.body.read(LARGEST_TEXT).decode("utf-8", "replace") or exchange.query.get("source", "")
        if source:
            exchange.send_json(await self.session.ask(c.Execute(source), object))
        else:
            exchange.send_nothing()
