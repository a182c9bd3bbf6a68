"""HTTP over raw sockets, where a client library would be too polite."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from tests.support.live import LiveServer


def talk(server: LiveServer, sent: bytes, until: bytes = b"", timeout_s: float = 5.0) -> bytes:
    """Send bytes and read until `until` comes, or the server closes or falls silent."""
    received = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as connection:
        connection.sendall(sent)
        while not until or until not in received:
            try:
                chunk = connection.recv(1 << 20)
            except TimeoutError:
                break
            if not chunk:
                break
            received += chunk
    return received


@dataclass
class RawAnswer:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


def ask(
    server: LiveServer, method: str, target: str | bytes, *headers: str, body: bytes = b"", version: str = "HTTP/1.1"
) -> RawAnswer:
    """One request on a connection of its own; the target goes out byte for byte."""
    raw = target.encode() if isinstance(target, str) else target
    lines = ["Host: localhost", "Connection: close", *headers, *([f"Content-Length: {len(body)}"] if body else [])]
    head = "\r\n".join(lines).encode("latin-1")
    return parse(
        talk(server, method.encode() + b" " + raw + b" " + version.encode() + b"\r\n" + head + b"\r\n\r\n" + body, timeout_s=20)
    )


def parse(received: bytes) -> RawAnswer:
    """Take an answer apart."""
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return RawAnswer(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}, body)
