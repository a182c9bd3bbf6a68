"""What a scene should hold and does not: loads that failed while nobody waited for an answer."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from backend.errors import NotFoundError
from backend.scene import commands as c
from backend.security.addresses import split

KEPT = 50
LONGEST = 500


class LoadFault(msgspec.Struct, frozen=True):
    """A load that failed: a file name or address as it is shown, and the reason."""

    id: str
    what: str
    why: str


class LoadFaults:
    """The newest of them, oldest first."""

    def __init__(self) -> None:
        self.told: list[LoadFault] = []

    def add(self, what: str, why: str) -> None:
        """Another one; `what` is a path, an address or a name."""
        # It is named beside the reason, and the server's folders are nobody's business.
        why = why.replace(f"Failed to load node from file: {what}\n", "")
        fault = LoadFault(secrets.token_hex(6), shown(what)[:LONGEST], why[:LONGEST])
        self.told = [*self.told[1 - KEPT :], fault]

    def dismiss(self, number: str) -> None:
        """Forget one.

        Raises:
            NotFoundError: there is none of this id.
        """
        if all(fault.id != number for fault in self.told):
            raise NotFoundError(f"there is no failed load {number[:40]!r}")
        self.told = [fault for fault in self.told if fault.id != number]

    def clear(self) -> bool:
        """Forget all; whether there were any."""
        had, self.told = bool(self.told), []
        return had


def shown(what: str) -> str:
    """A path by its name, an address without user, password and query, which may hold secrets."""
    if "://" not in what:
        return Path(what).name or what
    parts = split(what)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def name_of(entry: c.Command) -> str:
    """What a command loads, as people call it."""
    if isinstance(entry, c.Load):
        return entry.path
    return entry.name if isinstance(entry, c.LoadSample) else "demo"
