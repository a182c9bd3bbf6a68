"""Reading multipart bodies (RFC 2046) piece by piece: memory stays bounded, whatever the parts hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message

from backend.errors import UnreadableError

LARGEST_HEAD = 16384
MOST_BLANKS = 256
MOST_BOUNDARY = 200
BLANKS = b" \t"
FIRST = b"\r\n"
"""Taken to stand before a body, so that its first boundary may stand at the very start."""


@dataclass(frozen=True)
class PartBegins:
    """A part begins; header names are in lower case."""

    headers: dict[str, str]


@dataclass(frozen=True)
class PartData:
    """The next bytes of the part: a view of what was fed."""

    data: memoryview


class PartEnds:
    """The part was whole."""


Event = PartBegins | PartData | PartEnds


@functools.lru_cache(256)
def parse_content_type(text: str) -> tuple[str, Mapping[str, str]]:
    """Media type in lower case, and its parameters by name in lower case, quotes removed."""
    message = Message()
    message["Content-Type"] = text
    found = message.get_params(failobj=[], header="Content-Type")
    # A value in the extended notation of RFC 2231 comes as charset, language and text.
    texts = {name.lower(): value if isinstance(value, str) else str(value[-1]) for name, value in found[1:]}
    return (found[0][0].lower() if found else ""), texts


class MultipartReader:
    """Takes a body in pieces of any size and says what they hold.

    A boundary counts only at the start of a line and before a line's end, blanks or `--`: pixels may look alike. What stands
    before the first boundary and after the last is passed over; lengths that parts claim are not believed.
    """

    def __init__(self, boundary: str) -> None:
        """`boundary`: the parameter of the content type.

        Raises:
            UnreadableError: it is none.
        """
        if not 0 < len(boundary) <= MOST_BOUNDARY:
            raise UnreadableError("the multipart body names no proper boundary")
        self._line = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._rest = FIRST  # what can not be told yet
        self._state = "before"

    @property
    def is_whole(self) -> bool:
        """Whether the closing boundary has come."""
        return self._state == "after"

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next piece; what it holds of a part is told without a copy.

        Raises:
            UnreadableError: it is no multipart body.
        """
        if self._state == "after":
            return
        told, buffer, start = self._joined(data)
        if told:
            yield PartData(memoryview(told))
        self._rest, search = b"", start
        while True:
            if self._state == "head":
                found = self._head(buffer, start)
                if found is None:
                    self._rest = buffer[start:]
                    return
                headers, start = found
                search = start
                self._state = "part"
                yield PartBegins(headers)
            at = buffer.find(self._line, search)
            kind, end = ("none", 0) if at < 0 else self._judge(buffer, at + len(self._line))
            if kind == "look-alike":
                search = at + 2
                continue
            # Without a boundary, or with one that may be none, everything that can not belong to one is data.
            sure = max(start, len(buffer) - len(self._line) + 1) if at < 0 else at
            if sure > start and self._state == "part":
                yield PartData(memoryview(buffer)[start:sure])
            if kind in ("none", "unsure"):
                self._rest = buffer[sure:]
                return
            start = search = end
            if self._state == "part":
                yield PartEnds()
            if kind == "last":
                self._state = "after"
                return
            self._state = "head"

    def _joined(self, data: bytes) -> tuple[bytes, bytes, int]:
        """What is left of the pieces before, and this one; copied only where a boundary may stand across both.

        Returns: data of a part, what is to be looked through, and where to begin.
        """
        line, left = self._line, self._rest
        if self._state == "before" and left == FIRST and data.startswith(line[len(FIRST) :]):
            kind, end = self._judge(data, len(line) - len(FIRST))
            if kind == "next":
                self._state = "head"
                return b"", data, end
        if self._state == "part" and len(data) >= len(line) and line not in left + data[: len(line)]:
            return left, data, 0
        return b"", left + data, 0

    @staticmethod
    def _judge(buffer: bytes, at: int) -> tuple[str, int]:
        """What stands behind a boundary: the `next` part, the `last` mark, too little to tell, or what makes it no boundary.

        Returns: that, and where what follows begins.
        """
        tail = buffer[at : at + MOST_BLANKS]
        if tail.startswith(b"--"):
            return "last", at + 2
        line = re.match(rb"[ \t]*\r\n", tail)
        if line:
            return "next", at + line.end()
        rest = tail.lstrip(BLANKS)
        if (len(tail) < MOST_BLANKS and rest in (b"", b"\r")) or tail == b"-":
            return "unsure", 0
        return "look-alike", 0

    @staticmethod
    def _head(buffer: bytes, start: int) -> tuple[dict[str, str], int] | None:
        """The headers of a part, and where it begins; None while they have no end."""
        if buffer.startswith(b"\r\n", start):  # a part without headers
            return {}, start + 2
        end = buffer.find(b"\r\n\r\n", start)
        if end < 0:
            if len(buffer) - start > LARGEST_HEAD:
                raise UnreadableError("a part of the multipart body has no end of its headers")
            return None
        lines = buffer[start:end].decode("latin-1").split("\r\n")
        parts = (line.partition(":") for line in lines)
        return {name.strip().lower(): value.strip() for name, _colon, value in parts}, end + 4
