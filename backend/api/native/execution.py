"""`/api/exec`: users' Python with all that comes of it, and what was run lately. Only with exec switched on."""

from __future__ import annotations

import msgspec
import tornado.web

from backend.errors import BadRequestError, ForbiddenError
from backend.http.base import BaseHandler
from backend.http.guard import require_administrator
from backend.http.routes import Operation, Route
from backend.sessions.session import Session

LARGEST_SOURCE = 16 << 20


class ExecRequest(msgspec.Struct):
    """Body of `POST /api/exec`."""

    source: str


class ExecHandler(BaseHandler):
    """`/api/exec`."""

    def initialize(self, session: Session) -> None:
        """The session."""
        self.session = session

    @property
    def largest_body_bytes(self) -> int:
        """As long as sources may be below `/slicer`."""
        return LARGEST_SOURCE

    def prepare(self) -> None:
        """Refuse while exec is off."""
        super().prepare()
        if not self.switches.exec:
            self.refuse(ForbiddenError("exec is off; start the server with --enable-exec"))

    async def post(self) -> None:
        """Run; the answer has result, output, and, where the source raised, error and traceback."""
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            # Pages of other origins can send any other type without being asked first.
            raise BadRequestError("the body must be sent as application/json")
        done = await self.session.executions.run(self.read_json(ExecRequest).source)
        self.send_json(
            {
                "result": msgspec.Raw(done.result.encode()),
                "stdout": done.stdout,
                "stderr": done.stderr,
                "error": done.error or None,
                "traceback": done.traceback or None,
                "seconds": round(done.seconds, 3),
            }
        )

    def get(self) -> None:
        """The last runs, oldest first; for an administrator, as the server panel is."""
        require_administrator(self.request, self.config)
        self.send_json({"runs": list(self.session.executions.records)})


def routes(session: Session) -> list[Route]:
    """The route."""
    run = Operation(
        "/api/exec", "Run Python in the scene process: result, output, error with traceback", ("POST",), "exec",
        accepts="application/json",
    )  # fmt: skip
    runs = Operation("/api/exec", "The last runs of users' Python with their output", ("GET",), "exec")
    handler: type[tornado.web.RequestHandler] = ExecHandler
    return [Route(r"/api/exec", handler, (run, runs), {"session": session})]
