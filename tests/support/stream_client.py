"""A client of `/stream` for tests and benchmarks: parses and acknowledges like a page, but shows nothing."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

HEADER = struct.Struct("<BBHIIIIBBHHHHHHHHHdIIII")
FIELDS = (
    "version", "kind", "header", "stream", "seq", "rev", "n", "codec", "flags", "quality", "width", "height",
    "fill_width", "fill_height", "tx", "ty", "tw", "th", "time", "wait_us", "render_us", "encode_us", "length",
)  # fmt: skip
STILL, LOSSLESS, COARSE = 2, 4, 16


@dataclass
class Picture:
    """One picture with its header's fields and the time it came."""

    fields: dict[str, Any]
    payload: bytes
    at: float

    def __getattr__(self, name: str) -> Any:
        if name not in FIELDS:
            raise AttributeError(name)
        return self.fields[name]


@dataclass
class StreamClient:
    """Use `await StreamClient.connect(port)`; `messages` and `pictures` collect what comes."""

    socket: WebSocketClientConnection
    acknowledge: bool = True
    n: int = 0
    sent_at: dict[int, float] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    closed: bool = False
    leaving: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls, port: int, hello: dict[str, Any] | None = None, path: str = "/stream", **headers: str
    ) -> StreamClient:
        """Connect and say hello (unless `hello` is an empty dict)."""
        request = HTTPRequest(f"ws://127.0.0.1:{port}{path}", headers=headers)
        client = cls(await websocket_connect(request, max_message_size=64 << 20))
        protocol = client.socket.protocol
        assert protocol is not None
        protocol.set_nodelay(True)  # as browsers do: else an acknowledgement waits for the one before
        client.reader = asyncio.create_task(client._read())
        if hello != {}:
            client.send("hello", **(hello or {"protocol": [1], "codecs": ["jpeg", "png"]}))
        return client

    def send(self, kind: str, **fields: Any) -> None:
        """Send one message."""
        self.socket.write_message(json.dumps({"type": kind, **fields}))

    def set(self, stream: int, **patch: Any) -> int:
        """Send new values; returns their n."""
        self.n += 1
        self.sent_at[self.n] = time.perf_counter()
        self.send("set", stream=stream, n=self.n, patch=patch)
        return self.n

    async def open(self, view: str, size: tuple[int, int] = (512, 512), **options: Any) -> dict[str, Any]:
        """Open a view and wait for `opened`."""
        reference = f"{view}-{len(self.messages)}"
        self.send("open", ref=reference, view=view, size=size, **options)
        return await self.message("opened", lambda m: m["ref"] == reference)

    async def message(self, kind: str, test: Any = lambda _m: True, timeout: float = 15.0) -> dict[str, Any]:
        """The first message of a kind that passes a test, waiting for it."""
        return await self._wait(lambda: next((m for m in self.messages if m["type"] == kind and test(m)), None), timeout)

    async def picture(self, test: Any = lambda _p: True, timeout: float = 15.0) -> Picture:
        """The first picture that passes a test, waiting for it."""
        return await self._wait(lambda: next((p for p in self.pictures if test(p)), None), timeout)

    async def _wait(self, find: Any, timeout: float) -> Any:
        try:
            async with asyncio.timeout(timeout):
                while (found := find()) is None:
                    if self.closed:
                        raise ConnectionError(f"closed: {self.socket.close_code} {self.socket.close_reason}")
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise TimeoutError(f"not among {len(self.pictures)} pictures and {self.messages}") from None
        return found

    async def _read(self) -> None:
        while (message := await self.socket.read_message()) is not None:
            if isinstance(message, str):
                self.messages.append(json.loads(message))
            else:
                picture = Picture(
                    dict(zip(FIELDS, HEADER.unpack_from(message), strict=True)), message[64:], time.perf_counter()
                )
                assert picture.length == len(picture.payload)
                self.pictures.append(picture)
                if self.acknowledge and not self.leaving:
                    self.send("ack", stream=picture.stream, seq=picture.seq, recv=0, shown=0, skipped=0)
            self.news.set()
        self.closed = True
        self.socket.close()
        self.news.set()

    async def close(self) -> None:
        """Close the socket."""
        self.leaving = True
        self.socket.close()
        if self.reader is not None:
            await self.reader
