"""Source that users sent: compiled under a name of its own, so that tracebacks show the right lines of each."""

from __future__ import annotations

import linecache
import traceback
from collections import deque
from types import CodeType

from backend.errors import SlicecastError

KEPT = 200
LONGEST = 16_384  # characters of a traceback


class Sources:
    """Compiles sources, and tells which of their lines an exception came through."""

    def __init__(self) -> None:
        self._count = 0
        self._names: deque[str] = deque()

    def compile(self, source: str) -> CodeType:
        """Code of a source, whose lines are remembered.

        Raises:
            SyntaxError, ValueError: it is no Python.
        """
        self._count += 1
        name = self._current
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        self._names.append(name)
        if len(self._names) > KEPT:
            linecache.cache.pop(self._names.popleft(), None)
        return compile(source, name, "exec")

    @property
    def _current(self) -> str:
        return f"<exec {self._count}>"

    def text_of(self, error: BaseException) -> str:
        """What an exception says, with its class; for a syntax error, with the place too. Our own speak for themselves."""
        if isinstance(error, SlicecastError):
            return str(error)
        text = "".join(traceback.format_exception_only(error)).strip()
        return self._plain(text)[:LONGEST]

    def traceback_of(self, error: BaseException) -> str:
        """The way through the users' own lines; those of the newest source are of `<exec>`, of earlier ones `<exec N>`."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<exec ")]
        if not frames:
            return ""
        text = self._plain("Traceback (most recent call last):\n" + "".join(traceback.StackSummary.from_list(frames).format()))
        if len(text) > LONGEST:
            text = text[: LONGEST // 2] + "\n…\n" + text[-LONGEST // 2 :]
        return text

    def _plain(self, text: str) -> str:
        return text.replace(self._current, "<exec>")
