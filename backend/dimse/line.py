"""A network process's end of the line to the gateway. Any thread may ask."""

from __future__ import annotations

import os
import socket
import threading
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec

from backend.dimse.messages import PREFIX, Frame, Message, decode_answer, pack
from backend.errors import BadRequestError, UnavailableError

T = TypeVar("T")


class Line:
    """Requests with answers over a Unix socket. When the gateway goes, so does the process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._last = 0
        threading.Thread(target=self._read, daemon=True, name="line").start()

    def ask(self, message: Message, answer: type[T]) -> T:
        """Say something and wait for the answer.

        Raises:
            UnavailableError: the gateway could not do it; the reason is for people.
            BadRequestError: it makes no sense.
        """
        future: Future[Any] = Future()
        with self._lock:
            self._last += 1
            number = self._last
            self._waiting[number] = future
            self._send(number, message)
        return msgspec.convert(future.result(), answer)

    def tell(self, message: Message) -> None:
        """Say something that is not answered."""
        with self._lock:
            self._send(0, message)

    def _send(self, number: int, message: Message) -> None:
        try:
            self._connection.sendall(pack(Frame(number, message)))
        except OSError:
            os._exit(0)

    def _read(self) -> None:
        stream = self._connection.makefile("rb")
        while True:
            prefix = stream.read(PREFIX.size)
            if len(prefix) < PREFIX.size:
                os._exit(0)
            answer = decode_answer(stream.read(PREFIX.unpack(prefix)[0]))
            future = self._waiting.pop(answer.id)
            if answer.error is None:
                future.set_result(answer.value)
            else:
                kind = BadRequestError if answer.is_bad_request else UnavailableError
                future.set_exception(kind(answer.error))
