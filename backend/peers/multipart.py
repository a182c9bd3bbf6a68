"""Reading multipart bodies (RFC 2046) piece by piece: memory stays bounded, whatever the parts hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from backend.errors import UnreadableError

LARGEST_HEAD = 16384
MOST_BLANKS = 256
MOST_BOUNDARY = 200
BLANKS = b" \t"


@dataclass(frozen=True)
class PartBegins:
    """A part begins; header names are in lower case."""

    headers: dict[str, str]


@dataclass(frozen=True)
class PartData:
    """The next bytes of the part."""

    data: bytes


class PartEnds:
    """The part was whole."""


Event = PartBegins | PartData | PartEnds


def parse_content_type(text: str) -> tuple[str, dict[str, str]]:
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
        self._buffer = bytearray(b"\r\n")  # the first boundary may stand at the very start
        self._state = "before"
        self._from = 0  # where the search for the boundary goes on

    @property
    def is_whole(self) -> bool:
        """Whether the closing boundary has come."""
        return self._state == "after"

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next piece.

        Raises:
            UnreadableError: it is no multipart body.
        """
        if self._state == "after":
            return
        self._buffer += data
        while True:
            if self._state == "head":
                headers = self._take_head()
                if headers is None:
                    return
                self._state = "part"
                yield PartBegins(headers)
            at = self._buffer.find(self._line, self._from)
            kind, end = ("none", 0) if at < 0 else self._judge(at + len(self._line))
            if kind == "look-alike":
                self._from = at + 2
                continue
            # Without a boundary, or with one that may be none, everything that can not belong to one is data.
            sure = max(0, len(self._buffer) - len(self._line) + 1) if at < 0 else at
            if sure and self._state == "part":
                with memoryview(self._buffer) as buffer, buffer[:sure] as part:
                    data = bytes(part)
                yield PartData(data)
            if kind in ("none", "unsure"):
                del self._buffer[:sure]
                self._from = 0
                return
            del self._buffer[:end]
            self._from = 0
            if self._state == "part":
                yield PartEnds()
            if kind == "last":
                self._state = "after"
                self._buffer.clear()
                return
            self._state = "head"

    def _judge(self, at: int) -> tuple[str, int]:
        """What stands behind a boundary: the `next` part, the `last` mark, too little to tell, or what makes it no boundary."""
        tail = bytes(self._buffer[at : at + MOST_BLANKS])
        if tail.startswith(b"--"):
            return "last", at + 2
        line = re.match(rb"[ \t]*\r\n", tail)
        if line:
            return "next", at + line.end()
        rest = tail.lstrip(BLANKS)
        if (len(tail) < MOST_BLANKS and rest in (b"", b"\r")) or tail == b"-":
            return "unsure", 0
        return "look-alike", 0

    def _take_head(self) -> dict[str, str] | None:
        if self._buffer.startswith(b"\r\n"):  # a part without headers
            del self._buffer[:2]
            return {}
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LARGEST_HEAD:
                raise UnreadableError("a part of the multipart body has no end of its headers")
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        return {name.strip().lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
