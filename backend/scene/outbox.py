"""What a scene process sends to the gateway."""

from __future__ import annotations

import os
import socket
import threading

from backend.scene import wire
from backend.scene.commands import AnyEvent


class Outbox:
    """Sends replies and events; any thread may, one message at a time. A gateway that is gone ends this process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self._waiting: list[bytes | memoryview] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a message waits for another one to go with."""
        return bool(self._waiting)

    def send(self, head: wire.Reply | wire.Event, body: bytes | memoryview = b"", may_wait: bool = False) -> None:
        """Send one message, after those that wait; with `may_wait` it goes with the next one, or with `flush`."""
        with self._lock:
            self._waiting += wire.pack(head, body)
            if not may_wait:
                self._send_waiting()

    def event(self, event: AnyEvent) -> None:
        """Send an event."""
        self.send(wire.Event(event))

    def flush(self) -> None:
        """Send what waits."""
        if self._waiting:
            with self._lock:
                self._send_waiting()

    def _send_waiting(self) -> None:
        parts, self._waiting = self._waiting, []
        try:
            sent = self._connection.sendmsg(parts)  # together, or the gateway would wake up for each of them
            if sent < sum(map(len, parts)):
                self._connection.sendall(b"".join(parts)[sent:])
        except OSError:
            os._exit(0)  # nobody is left to work for
