"""What users' Python prints: kept up to a limit while it runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Captured(io.TextIOBase):
    """A text stream that keeps what is written between `begin` and `end`, and passes on what comes outside.

    The same object serves every run, since log handlers of users hold on to the stream they were made with.
    """

    encoding = "utf-8"

    def __init__(self, limit: int, outside: TextIO) -> None:
        """`limit`: characters kept of one run."""
        self._limit, self._outside = limit, outside
        self._kept: list[str] | None = None
        self._room = self._lost = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Keep as much as there is room for."""
        if self._kept is None:
            return self._outside.write(text)
        kept = text[: self._room]
        if kept:
            self._kept.append(kept)
            self._room -= len(kept)
        self._lost += len(text) - len(kept)
        return len(text)

    def begin(self) -> None:
        """A run begins."""
        self._kept, self._room, self._lost = [], self._limit, 0

    def end(self) -> str:
        """The run has ended: what it wrote, with a note of what was left out."""
        text = "".join(self._kept or [])
        self._kept = None
        return text + (f"\n… {self._lost} more characters were left out\n" if self._lost else "")


class Output:
    """Standard output and standard error of users' Python."""

    def __init__(self, limit: int) -> None:
        """`limit`: characters kept of each in one run."""
        self._streams = Captured(limit, sys.stdout), Captured(limit, sys.stderr)
        self.texts = ("", "")

    @contextmanager
    def captured(self) -> Iterator[None]:
        """Capture what is printed inside; afterwards it is in `texts`."""
        before = sys.stdout, sys.stderr
        for stream in self._streams:
            stream.begin()
        sys.stdout, sys.stderr = self._streams
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before
            self.texts = (self._streams[0].end(), self._streams[1].end())
