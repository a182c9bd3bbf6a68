"""A worker process: `python -m backend.archive.worker FD --gateway PID`, asked over the Unix socket it inherits as FD.

A call is a pickled function of a module with its arguments, the answer its result or its error, each behind its length. Both
ends are this very program, one the parent of the other.
"""

from __future__ import annotations

import argparse
import os
import pickle
import signal
import socket
import struct
import traceback
from collections.abc import Callable
from typing import Any

from backend.children import die_with
from backend.errors import SlicecastError

LENGTH = struct.Struct("<Q")
NICE = 2
"""Below the gateway, which answers in between."""
Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
Answer = tuple[Any, Exception | None]


def framed(message: Call | Answer) -> bytes:
    """A call or an answer as it is sent."""
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


def answer(call: bytes) -> bytes:
    """Carry out a call. Its error goes back as it is, with a note of where it happened."""
    try:
        function, args, kwargs = pickle.loads(call)
        return framed((function(*args, **kwargs), None))
    except Exception as error:
        text = traceback.format_exc()
        if not isinstance(error, SlicecastError):
            error.add_note(text)
        try:
            return framed((None, error))
        except Exception:  # it holds something that can not be sent
            return framed((None, RuntimeError(text)))


def main() -> None:
    """Answer calls until the gateway goes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("fd", type=int)
    parser.add_argument("--gateway", type=int, required=True, help="process number of the gateway")
    arguments = parser.parse_args()
    die_with(arguments.gateway)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gateway, which ends us
    os.nice(NICE)
    connection = socket.socket(fileno=arguments.fd)
    connection.setblocking(True)
    stream = connection.makefile("rb")
    while length := stream.read(LENGTH.size):
        connection.sendall(answer(stream.read(LENGTH.unpack(length)[0])))


if __name__ == "__main__":
    main()
