"""HTTP to one other server: GETs with a token, to no other host, bounded in bytes and silence, closed at once when given up."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.iostream import IOStream
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.tcpclient import TCPClient

from backend import __version__
from backend.errors import SlicecastError, TooLargeError, UnavailableError
from backend.security.addresses import parse_address, require_listed
from backend.security.download import GuardedResolver

CONNECT_TIMEOUT_S = 20.0
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
WATCH_EVERY_S = 0.25


class PeerError(UnavailableError):
    """The other server did not do what it should; the message says what. `status` is that of HTTP, 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Budget:
    """What may be received altogether."""

    limit_bytes: int
    received: int = 0

    def take(self, size: int) -> None:
        """Count bytes received.

        Raises:
            TooLargeError: over the limit.
        """
        self.received += size
        if self.received > self.limit_bytes:
            raise TooLargeError(f"more than {self.limit_bytes >> 20} MB came, which is the limit")


@dataclass
class Head:
    """Status and headers of an answer; header names in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def hear(self, line: str) -> None:
        """Take a header line as it comes; a status line begins anew."""
        name, colon, value = line.partition(":")
        if line.startswith("HTTP/"):
            self.status, self.headers = int(line.split()[1]), {}
        elif colon:
            self.headers[name.strip().lower()] = value.strip()

    @property
    def content_type(self) -> str:
        """Content-Type as it was sent."""
        return self.headers.get("content-type", "")

    @property
    def length(self) -> int | None:
        """Content-Length."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def has_end(self) -> bool:
        """Whether the answer says where its body ends, so that one that was cut short is noticed."""
        return self.length is not None or "chunked" in self.headers.get("transfer-encoding", "").lower()


Take = Callable[[Head, bytes], Awaitable[None]]


class _Connections(TCPClient):
    """Remembers its connections, so that they can be closed before the client notices anything."""

    def __init__(self, resolver: GuardedResolver) -> None:
        super().__init__(resolver=resolver)
        self.streams: list[IOStream] = []
        self.is_closed = False

    async def connect(
        self,
        host: str,
        port: int,
        af: socket.AddressFamily = socket.AF_UNSPEC,
        ssl_options: dict[str, Any] | ssl.SSLContext | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> IOStream:
        """Connect as `TCPClient` does."""
        stream = await super().connect(host, port, af, ssl_options, *args, **kwargs)
        self.streams.append(stream)
        if self.is_closed:
            stream.close()
        return stream

    def close(self) -> None:
        """Close them all, those to come too."""
        self.is_closed = True
        for stream in self.streams:
            stream.close()
        super().close()


class _Client(SimpleAsyncHTTPClient):
    def initialize(self, connections: _Connections, max_body_size: int) -> None:  # type: ignore[override]
        super().initialize(max_body_size=max_body_size)
        self.tcp_client = connections


class Peer:
    """One server. The token goes to it and nowhere else."""

    def __init__(self, root: str, token: str, budget: Budget, silence_s: float, listed: Sequence[str] = ()) -> None:
        """`root`: absolute URL that paths are relative to; whether it is allowed has been asked already.

        Redirects stay on it. Without a token they may also lead to the servers of `listed`.
        """
        self._root, self._token, self._budget, self._silence_s = root, token, budget, silence_s
        self._listed = () if token else listed
        self.host = urlsplit(root).hostname or ""

    async def get(self, path: str, accept: str, take: Take, gzip: bool = False) -> Head:
        """Get `root` + `path`; `take` is given each piece of the body of a 200, and the next one waits for it.

        Raises:
            PeerError: another status than 200 or 204, silence, a connection lost, a redirect to elsewhere.
            TooLargeError: more than the budget.
            SlicecastError: what `take` raised.
        """
        url = self._root + path
        for _hop in range(MOST_REDIRECTS + 1):
            head = await self._get_once(url, accept, take, gzip)
            if head.status not in REDIRECTS:
                break
            url = self._redirected(url, head)
        else:
            raise PeerError(f"{self.host} redirects in circles")
        if head.status not in (200, 204):
            raise PeerError(_meaning(self.host, head.status), head.status)
        return head

    async def get_bytes(self, path: str, accept: str, limit_bytes: int) -> bytes:
        """As `get`, with the body in memory; empty for a 204.

        Raises:
            TooLargeError: it is larger than `limit_bytes`.
        """
        body = bytearray()

        async def take(_head: Head, chunk: bytes) -> None:
            body.extend(chunk)
            if len(body) > limit_bytes:
                raise TooLargeError(f"an answer of {self.host} is larger than {limit_bytes >> 20} MB")

        await self.get(path, accept, take, gzip=True)
        return bytes(body)

    def _redirected(self, url: str, head: Head) -> str:
        """Where a redirect leads, if that is the same server, perhaps by https."""
        target = urljoin(url, head.headers.get("location", ""))
        old, new = urlsplit(url), urlsplit(target)
        try:
            same = (old.scheme, old.hostname, old.port) == (new.scheme, new.hostname, new.port)
            secured = old.hostname == new.hostname and (new.scheme, new.port) == ("https", None) and old.port in (None, 80)
            if not (same or secured):
                require_listed(parse_address(target), self._listed)
        except (ValueError, SlicecastError):
            raise PeerError(f"{self.host} redirects to another server, which is not followed", head.status) from None
        return target

    async def _get_once(self, url: str, accept: str, take: Take, gzip: bool) -> Head:
        head, heard_at, is_taking, failure = Head(), time.monotonic(), False, None
        connections = _Connections(GuardedResolver(allow_private=True, hosts=[urlsplit(url).hostname or ""]))

        def give_up(error: Exception) -> None:
            nonlocal failure
            failure = failure or error
            connections.close()

        def on_header(line: str) -> None:
            head.hear(line)
            if not line.strip() and (head.length or 0) > self._budget.limit_bytes - self._budget.received:
                give_up(TooLargeError(f"{self.host} announces {(head.length or 0) >> 20} MB, which is over the limit"))

        async def on_chunk(chunk: bytes) -> None:
            nonlocal heard_at, is_taking
            if failure is not None or head.status != 200:
                return
            is_taking = True
            try:
                self._budget.take(len(chunk))
                await take(head, chunk)
            except Exception as error:  # Tornado would log it and forget it
                give_up(error)
            heard_at, is_taking = time.monotonic(), False

        # The budget is looked after here; Tornado's own limit would only say that the connection was closed.
        client = _Client(force_instance=True, connections=connections, max_body_size=self._budget.limit_bytes << 1)
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        asked = client.fetch(
            HTTPRequest(
                url, headers=headers, user_agent=f"Slicecast/{__version__}", follow_redirects=False, decompress_response=gzip,
                streaming_callback=on_chunk, header_callback=on_header,
                connect_timeout=min(CONNECT_TIMEOUT_S, self._silence_s), request_timeout=0,
            ),
            raise_error=False,
        )  # fmt: skip
        asked.add_done_callback(_note_exception)
        try:
            while not asked.done():
                await asyncio.wait([asked], timeout=WATCH_EVERY_S)
                if not asked.done() and not is_taking and time.monotonic() - heard_at > self._silence_s:
                    give_up(PeerError(f"{self.host} was silent for {self._silence_s:g} s"))
                    await asyncio.wait([asked], timeout=WATCH_EVERY_S)
                    break
        finally:  # also when cancelled
            connections.close()
        if failure is not None:
            raise failure
        return self._outcome(asked, head)

    def _outcome(self, asked: asyncio.Future[HTTPResponse], head: Head) -> Head:
        error = asked.exception() or asked.result().error
        if error is not None and head.status in (0, 200):
            if isinstance(error, SlicecastError):
                raise error
            what = "broke off in the middle of an answer" if head.status == 200 else "can not be reached"
            raise PeerError(f"{self.host} {what}: {error}")
        return head


def _note_exception(asked: asyncio.Future[HTTPResponse]) -> None:
    """It is known, even if nobody asks any more."""
    if not asked.cancelled():
        asked.exception()


def _meaning(host: str, status: int) -> str:
    if status in (401, 403):
        return f"{host} refuses access ({status}); the access token may be missing, wrong or expired"
    if status in (404, 410):
        return f"{host} has no such thing ({status})"
    if status in REDIRECTS:
        return f"{host} redirects without saying where ({status})"
    return f"{host} answered with status {status}"
