"""`/api/exec`: users' Python with all that comes of it, and what was run lately. Only with exec switched on."""

from __future__ import annotations

import msgspec
import tornado.web

from backend.errors import BadRequestError, ForbiddenError
from backend.http.base import BaseHandler
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

    def prepare(self) -> None:
        """Refuse while exec is off."""
        super().prepare()
        if not self.config.enable_exec:
            raise ForbiddenError("exec is off; start the server with --enable-exec")

    async def post(self) -> None:
        """Run; the answer has result, output, and, where the source raised, error and traceback."""
        if self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            # Pages of other origins can send any other type without being asked first.
            raise BadRequestError("the body must be sent as application/json")
        if len(self.request.body) > LARGEST_SOURCE:
            raise BadRequestError("the source is too long")
        try:
            wanted = msgspec.json.decode(self.request.body, type=ExecRequest)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequestError(f'the body must be {{"source": "…"}}: {error}') from error
        done = await self.session.executions.run(wanted.source)
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
        """The last runs, oldest first."""
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
