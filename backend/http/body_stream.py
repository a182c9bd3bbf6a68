"""Connections whose bodies can be read in large pieces, each straight into memory of its own. Tornado reads into one buffer,
collects in a second and hands out a third, 64 kB at a time."""

from __future__ import annotations

import ctypes
from collections.abc import Awaitable
from typing import Any

import tornado.iostream

MALLOPT = getattr(ctypes.CDLL(None), "mallopt", None)
"""Of glibc; other C libraries have none."""
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
KEPT_BYTES, LARGEST_BYTES = 64 << 20, 8 << 20


def keep_freed_memory() -> None:
    """Have what bodies lay in used for the next ones. Given back, each page costs a fault once more: 130 for a CT slice."""
    if MALLOPT is not None:
        MALLOPT(TRIM_THRESHOLD, KEPT_BYTES)
        MALLOPT(MMAP_THRESHOLD, LARGEST_BYTES)


class BodyStream(tornado.iostream.IOStream):
    """Tornado's connection; while `in_whole_pieces`, pieces of a body are given out when they are full."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_whole_pieces = False
        self.received = 0
        """Bytes, of all that has come."""

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """Called by Tornado when something has come."""
        count = super().read_from_fd(buf)
        self.received += count or 0
        return count

    def read_bytes(self, num_bytes: int, partial: bool = False) -> Awaitable[bytes]:
        """Called by Tornado for a piece of a body (`partial`), and for others."""
        if partial and self.in_whole_pieces:
            return self._read_piece(num_bytes)
        return super().read_bytes(num_bytes, partial)

    async def _read_piece(self, size: int) -> Any:
        piece = bytearray(size)
        await self.read_into(piece)
        return piece
