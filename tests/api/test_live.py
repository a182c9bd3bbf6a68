"""`/live`: pictures that change by themselves, for pages without script."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from tests.support.live import LiveServer


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(stream_connections=3).wait()
    yield live
    live.stop()


class Parts:
    """Reads the parts of a `multipart/x-mixed-replace` answer."""

    def __init__(self, port: int, query: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.sendall(f"GET /live?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = self._headers()
        self.left = b""

    def _headers(self) -> dict[str, str]:
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _bytes(self, count: int) -> bytes:
        """Bytes of the body, out of its chunks."""
        while len(self.left) < count:
            size = int(self.file.readline(), 16)
            self.left += self.file.read(size)
            self.file.readline()
        data, self.left = self.left[:count], self.left[count:]
        return data

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\r\n"):
            line += self._bytes(1)
        return line.strip()

    def next(self) -> np.ndarray:
        """The next picture."""
        assert self._line() == b"--slicecast-picture"
        assert self._line() == b"Content-Type: image/jpeg"
        length = int(self._line().split(b":")[1])
        self._line()
        data = self._bytes(length)
        assert self._line() == b""
        return np.asarray(Image.open(io.BytesIO(data)).convert("L"))

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def test_the_picture_follows_the_view_and_rests_sharp(server: LiveServer) -> None:
    parts = Parts(server.port, "view=red&size=200")
    assert parts.status == 200
    assert parts.headers["content-type"].startswith("multipart/x-mixed-replace")
    first = parts.next()
    assert first.shape == (200, 200)
    server.get("/slice?view=red&offset=-60")
    exact = np.asarray(Image.open(io.BytesIO(server.get("/slice?view=red&overlays=1&size=200").body)).convert("L")).astype(int)
    until = time.monotonic() + 20
    while np.abs(parts.next() - exact).mean() > 1.5:
        assert time.monotonic() < until
    assert np.abs(first - exact).mean() > 1.5
    parts.close()


def test_who_has_gone_makes_room_and_too_many_are_refused(server: LiveServer) -> None:
    three = [Parts(server.port, "view=1&size=64") for _ in range(3)]
    assert [parts.next().shape for parts in three] == [(64, 64)] * 3
    refused = Parts(server.port, "")
    assert refused.status == 503
    refused.close()
    for parts in three:
        parts.close()
    until = time.monotonic() + 20
    while (again := Parts(server.port, "")).status != 200:
        again.close()
        assert time.monotonic() < until
        time.sleep(0.1)
    again.close()


@pytest.mark.parametrize(
    ("query", "status"),
    [("fps=0", 400), ("fps=1000", 400), ("size=0", 400), ("size=99999", 400), ("view=nosuch", 404), ("fps=nan", 400)],
)
def test_what_makes_no_sense_is_refused(server: LiveServer, query: str, status: int) -> None:
    assert server.get(f"/live?{query}").status == status


def test_a_stop_ends_it() -> None:
    server = LiveServer().wait()
    parts = Parts(server.port, "view=red&size=64")
    parts.next()
    assert server.stop() == 0
    parts.close()
