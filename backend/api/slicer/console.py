"""`/slicer/exec` and the older `/slicer/repl`: users' Python, off unless switched on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from backend.api.slicer.exchange import LARGEST_TEXT, Endpoint, Exchange
from backend.api.slicer.operations import ANY
from backend.config import Settings
from backend.errors import BadRequestError
from backend.http.routes import Operation, Param
from backend.sessions.session import Session

SOURCE = Param("source", "Python source, used where there is no body; decoded once more than other values are, as Slicer does")


@dataclass(frozen=True)
class Console:
    """Runs source in one session."""

    session: Session
    settings: Settings

    def endpoints(self) -> list[Endpoint]:
        """None while exec is off: Slicer then does not know the command."""
        if not self.settings.enable_exec:
            return []
        limit = "at most `exec_timeout_s` long, in the order of the requests"
        execute = f"Run Python in the scene process, {limit}; answers the JSON of its variable `__execResult`, {{}} if not set"
        repl = f"As `/slicer/exec`, for the variable `__replResult` (older SlicerWeb), {limit}"
        return [
            Endpoint(
                "exec", self.execute, (Operation("/slicer/exec", execute, ANY, "slicer", (SOURCE,), accepts="text/plain"),),
                is_exec=True,
            ),
            Endpoint(
                "repl", self.repl, (Operation("/slicer/repl", repl, ANY, "slicer", (SOURCE,), accepts="text/plain"),),
                is_exec=True,
            ),
        ]  # fmt: skip

    async def execute(self, exchange: Exchange) -> None:
        """Run the body, or `source=`."""
        await self._run(exchange, "__execResult")

    async def repl(self, exchange: Exchange) -> None:
        """The same with the older result variable."""
        await self._run(exchange, "__replResult")

    async def _run(self, exchange: Exchange, result_name: Literal["__execResult", "__replResult"]) -> None:
        source = source_of(exchange)
        if not source:
            exchange.send_nothing()
            return
        done = await self.session.executions.run(source, result_name)
        if done.error:
            raise BadRequestError(f"{done.error}\n{done.traceback}".strip())
        exchange.send(done.result.encode(), "application/json")


def source_of(exchange: Exchange) -> str:
    """The source a request brings, empty if it brings none.

    Raises:
        BadRequestError: it is not UTF-8.
    """
    try:
        return exchange.body.read(LARGEST_TEXT).decode() or unquote(exchange.query.get("source", ""))
    except UnicodeDecodeError as error:
        raise BadRequestError(f"the source is not UTF-8: {error}") from error
