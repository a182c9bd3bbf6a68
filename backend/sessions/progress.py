"""Telling how far downloads have come."""

from __future__ import annotations

from collections.abc import Callable

from backend.scene.commands import Progress

TELL_EVERY_BYTES = 1 << 20


def telling(announce: Callable[[Progress], None], job: str, what: str = "") -> Callable[[int, int | None], None]:
    """A function that hears of received bytes and announces them as `job`, once for each megabyte."""
    told_at = 0

    def told(received: int, total: int | None) -> None:
        nonlocal told_at
        if received < told_at:  # another file
            told_at = 0
        if received - told_at > TELL_EVERY_BYTES:
            told_at = received
            share = received / total if total else None
            announce(Progress(job, f"Downloading {what} {received >> 20} MB".replace("  ", " "), share))

    return told
