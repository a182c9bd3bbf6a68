"""A request's body on its way in: never more than it may be, never slower than it must be."""

from __future__ import annotations

import asyncio
import copy
from typing import Any, ClassVar

import structlog
import tornado.httputil

from backend.errors import TooLargeError
from backend.http.body_stream import BodyStream

log = structlog.get_logger("http")
SLOWEST_BYTES_PER_S = 500
USUAL_BYTES, LARGE_BYTES = 64 << 10, 1 << 20
"""Of pieces of a body: Tornado's own, and ours, for several turns of the loop for each image take longer than the image."""
LARGE_AT_A_TIME = 64
"""Bodies that are read in large pieces, whose memory is there before the bytes come."""
DISCARDED_AT_MOST = 64 << 20
"""A client that is refused is heard out up to here; closing on it would lose it the answer."""


def has_body(request: tornado.httputil.HTTPServerRequest) -> bool:
    """Whether a body follows the head of a request (RFC 9112, 6)."""
    headers = request.headers
    return headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers


class Intake:
    """Counts the body of a request that has one; closes the connection of one that trickles."""

    _large: ClassVar[int] = 0

    def __init__(self, request: tornado.httputil.HTTPServerRequest, limit_bytes: int, timeout_s: float) -> None:
        connection: Any = request.connection
        self._connection = connection
        self._stream: BodyStream = connection.stream
        self.limit, self._timeout = limit_bytes, timeout_s
        length = request.headers.get("Content-Length", "")
        self.announced = int(length) if length.isascii() and length.isdigit() else 0
        self.received = 0
        self._before = self._seen = self._stream.received
        if self.announced > USUAL_BYTES and Intake._large < LARGE_AT_A_TIME:
            self._in_large_pieces()
        # The limit is kept here, where exceeding it gets an answer.
        self._connection.set_max_body_size(max(limit_bytes, self.announced) + DISCARDED_AT_MOST)
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(timeout_s, self._look)

    def _in_large_pieces(self) -> None:
        """Have this request read in larger pieces."""
        if self._connection.params.chunk_size != LARGE_BYTES:
            self._connection.params = copy.copy(self._connection.params)  # which all connections have in common
            self._connection.params.chunk_size = LARGE_BYTES
        self._stream.in_whole_pieces = True
        Intake._large += 1

    @property
    def too_large(self) -> TooLargeError | None:
        """The refusal, if the body is or says that it is too large."""
        if max(self.announced, self.received) <= self.limit:
            return None
        return TooLargeError(f"the body is larger than the {self.limit} bytes that this request may have")

    @property
    def is_worth_hearing_out(self) -> bool:
        """Whether what is still to come is little enough to be read for nothing."""
        return self.announced <= DISCARDED_AT_MOST

    def count(self, chunk: bytes) -> None:
        """A piece has come."""
        self.received += len(chunk)

    def stop(self) -> None:
        """The body is whole, or nobody waits for it any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stream.in_whole_pieces:
            self._stream.in_whole_pieces = False
            Intake._large -= 1

    def _look(self) -> None:
        if self.announced and self.received >= self.announced:
            return
        received = self._stream.received
        if received - self._seen < SLOWEST_BYTES_PER_S * self._timeout:
            log.warning("closed: its body came too slowly", bytes=received - self._before)
            self._stream.close()
            return
        self._seen = received
        self._timer = asyncio.get_running_loop().call_later(self._timeout, self._look)
