"""`/live`: a view as a picture that changes by itself, for `<img>` on pages without script (multipart/x-mixed-replace)."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal

import tornado.iostream

from backend.api.stream.handler import limit_unsent
from backend.api.stream.hub import Hub
from backend.errors import BadRequestError, SupersededError, UnavailableError
from backend.http.base import BaseHandler
from backend.http.negotiate import number
from backend.http.routes import Operation, Param, Route
from backend.scene import commands as c

BOUNDARY = "slicecast-picture"
REST_S = 0.3
AGAIN_S = 10.0
"""A picture is sent again after this much silence, so that a client that has gone is noticed."""
RETRY_S = 0.5
FPS_MOST = 30.0
Stage = Literal["moving", "still"]
QUALITY_MOVING, QUALITY_STILL = 75, 92


class LiveHandler(BaseHandler):
    """JPEG after JPEG, each once the one before has left: the newest state, never a queue."""

    def initialize(self, hub: Hub) -> None:
        """The hub of the session."""
        self.hub = hub
        self._changed = asyncio.Event()
        self._gone, self._shown = False, ""

    async def get(self) -> None:
        """Send pictures until the client goes or the server stops."""
        fps = number(self.query, "fps", 15.0) or 0.0
        if not 0.1 <= fps <= FPS_MOST:
            raise BadRequestError(f"fps must be from 0.1 to {FPS_MOST:g}")
        side = round(number(self.query, "size", float(self.config.default_size_px)) or 0)
        if not 1 <= side <= min(self.config.max_side_px, int(self.config.max_pixels**0.5)):
            raise BadRequestError(f"size must be from 1 to {self.config.max_side_px} pixels")
        info = await self.hub.session.ask(c.OpenView(self.query.get("view", "red")), c.ViewInfo)
        connection: Any = self.request.connection
        with self.hub.watching(self._changed):
            limit_unsent(connection.stream)
            self.set_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            self.set_header("Cache-Control", "no-store")
            self.set_header("Connection", "close")
            stop = self.hub.session.listen(lambda event: self._hear(event, info.view))
            try:
                await self._send_pictures(info.view, side, 1.0 / fps)
            except tornado.iostream.StreamClosedError:
                pass
            finally:
                stop()

    def _hear(self, event: c.AnyEvent | str, view: str) -> None:
        if event == "ready" or (isinstance(event, c.ViewChanged) and event.view == view and not event.camera):
            self._changed.set()

    async def _send_pictures(self, view: str, side: int, pause_s: float) -> None:
        stage: Stage = "moving"
        while not self._gone and not self.hub.stopping:
            self._changed.clear()
            begun = time.monotonic()
            quality = QUALITY_MOVING if stage == "moving" else QUALITY_STILL
            picture = c.Picture(side, side, "jpeg", quality)
            try:
                frame = c.Frame(view, picture, still=stage == "still", budget_s=pause_s * 0.6)
                info, data = await self.hub.frames.get(frame)
            except SupersededError:
                stage = "moving"
                continue
            except UnavailableError:  # it restarts: the last picture stays until it is back
                await asyncio.sleep(RETRY_S)
                continue
            if not info.etag or info.etag != self._shown:
                await self._send_part(data)
                self._shown = info.etag
            await asyncio.sleep(max(0.0, begun + pause_s - time.monotonic()))
            stage = await self._next(stage)

    async def _next(self, stage: Stage) -> Stage:
        """Wait for what is to be shown next: a change, the still after a rest, or after long silence the still again."""
        try:
            async with asyncio.timeout(REST_S if stage == "moving" else AGAIN_S):
                await self._changed.wait()
        except TimeoutError:
            if stage == "still":
                self._shown = ""
            return "still"
        return "moving"

    async def _send_part(self, data: bytes) -> None:
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
        self.write(head.encode() + data + b"\r\n")
        async with asyncio.timeout(self.hub.settings.stream_idle_s):
            await self.flush()

    def on_connection_close(self) -> None:
        """The client has gone."""
        self._gone = True
        self._changed.set()
        super().on_connection_close()


def live_route(hub: Hub) -> Route:
    """The route."""
    params = (
        Param("view", "any view", default="red"),
        Param("size", "pixels a side", "integer"),
        Param("fps", f"pictures a second at most, up to {FPS_MOST:g}", "number", default=15),
    )
    operation = Operation(
        "/live", "A view as a picture that changes by itself", tag="pictures", params=params,
        answers=("multipart/x-mixed-replace",),
    )  # fmt: skip
    return Route(r"/live", LiveHandler, (operation,), {"hub": hub})
