"""The 64 bytes before each picture (docs/stream.md, "Pictures")."""

from __future__ import annotations

import struct
from dataclasses import dataclass

FORMAT = struct.Struct("<BBHIIIIBBHHHHHHHHHdIIII")
VERSION = 1
WHOLE, TILE, VIDEO, UNCHANGED = 1, 2, 3, 5
KEY, STILL, LOSSLESS, COMPLETE, COARSE = 1, 2, 4, 8, 16
assert FORMAT.size == 64


@dataclass(frozen=True)
class Header:
    """Fields of a picture's header; sizes in pixels, times in microseconds, `time` in seconds since 1970."""

    kind: int
    stream: int
    seq: int
    rev: int
    n: int
    codec: int
    flags: int
    quality: int
    coded: tuple[int, int]
    fills: tuple[int, int]
    time: float
    wait_us: int
    render_us: int
    encode_us: int
    length: int
    tile: tuple[int, int, int, int] = (0, 0, 0, 0)

    def pack(self) -> bytes:
        """The bytes."""
        return FORMAT.pack(
            VERSION, self.kind, FORMAT.size, self.stream, self.seq, self.rev & 0xFFFFFFFF, self.n & 0xFFFFFFFF,
            self.codec, self.flags, self.quality, *self.coded, *self.fills, *self.tile, self.time,
            max(0, self.wait_us), self.render_us, self.encode_us, self.length,
        )  # fmt: skip
