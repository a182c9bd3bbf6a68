"""Pythons of our own that the gateway starts: what they find there, and what they say."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

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
