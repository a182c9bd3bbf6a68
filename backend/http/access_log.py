"""What was asked and answered lately, in memory, for the server panel."""

from __future__ import annotations

import time
from collections import deque
from typing import Literal

import msgspec

from backend.redact import redact

Level = Literal["info", "warning", "error"]
Kind = Literal["access", "exec", "server"]
SEVERITY: dict[str, int] = {"info": 0, "warning": 1, "error": 2}
LONGEST_TEXT = 2000
LONGEST_PATH = 400


class Entry(msgspec.Struct, omit_defaults=True):
    """One line. `time` is seconds since 1970, `ms` how long the answer took."""

    n: int
    time: float
    kind: Kind
    level: Level
    method: str = ""
    path: str = ""
    status: int = 0
    ms: float = 0.0
    remote: str = ""
    text: str = ""


class AccessLog:
    """The newest entries, numbered from 1; secrets are taken out of what is shown."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.last = 0
        self.cleared = 0
        """Number of the last entry that was cleared away."""
        self.ended = False
        """The server stops; who listens live goes."""
        self._entries: deque[Entry] = deque(maxlen=limit)

    def add(
        self, kind: Kind, level: Level, text: str = "", method: str = "", path: str = "", status: int = 0, ms: float = 0.0,
        remote: str = "",
    ) -> None:  # fmt: skip
        """Add a line; long ones are cut."""
        self.last += 1
        self._entries.append(
            Entry(self.last, time.time(), kind, level, method, path[:LONGEST_PATH], status, ms, remote, text[:LONGEST_TEXT])
        )

    async def end(self) -> None:
        """Send those away who listen live."""
        self.ended = True

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self._entries.clear()
        self.cleared = self.last

    def find(
        self, after: int = 0, level: Level = "info", kind: Kind | None = None, text: str = "", limit: int | None = None
    ) -> list[Entry]:  # fmt: skip
        """Entries after number `after`, at least as severe as `level`, of a kind, with `text` in them; the newest `limit`."""
        if after >= self.last:
            return []
        wanted, severity = text.lower(), SEVERITY[level]
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.n <= after or (limit is not None and len(found) >= limit):
                break
            if SEVERITY[entry.level] < severity or (kind is not None and entry.kind != kind):
                continue
            shown = msgspec.structs.replace(
                entry, path=redact(entry.path), text=redact(entry.text), ms=round(entry.ms, 2)
            )  # only now: far more requests come than are looked at
            if wanted and wanted not in f"{shown.method} {shown.path} {shown.status} {shown.remote} {shown.text}".lower():
                continue
            found.append(shown)
        return found[::-1]
