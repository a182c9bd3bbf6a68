"""Pythons of our own that the gateway starts: what they find there, what they say, and that they end with it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
PACKAGE_PARENT = Path(__file__).resolve().parents[1]


def environment() -> dict[str, str]:
    """Ours, in which this very package is found first."""
    found = filter(None, [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH")])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(found)}


async def lines_of(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """What a process writes, line by line, until its end; without blank lines, and those that are longer than the buffer."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # a line longer than the buffer: skipped
            continue
        if not line:
            return
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            yield text


def die_with(gateway: int) -> None:
    """Have the kernel end this process when the gateway is killed: native code that loops and keeps the interpreter to itself
    would let no thread of ours notice (Linux; elsewhere the end of the connection is noticed alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != gateway:
            os._exit(0)  # it was killed before we asked
