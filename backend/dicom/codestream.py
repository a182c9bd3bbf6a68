"""What a compressed frame says of itself: size, components, bits, colour. Read from its first bytes, before it is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from backend.errors import UnreadableError

Transform = Literal["none", "ycc", "unsaid"]

JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}
"""Markers that begin a frame header: JPEG's SOF0 to SOF15, and JPEG-LS's."""
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
SCAN, ADOBE = 0xDA, 0xEE
LARGEST_HEADER = 1 << 20


@dataclass(frozen=True)
class Codestream:
    """Size in pixels, components, bits of a sample; `transform`: whether JPEG's colours were turned into YCbCr."""

    columns: int
    rows: int
    samples: int
    bits: int
    signed: bool = False
    transform: Transform = "unsaid"


def look_at(data: bytes) -> Codestream:
    """What the stream says.

    Raises:
        UnreadableError: it is no JPEG, JPEG-LS or JPEG 2000 stream, or broken.
    """
    try:
        if data[:2] == b"\xff\xd8":
            return _jpeg(data)
        at = data[:LARGEST_HEADER].find(b"\xff\x4f\xff\x51")  # some wrap the stream in a JP2 file
        if at >= 0:
            return _jpeg2000(data, at)
    except (struct.error, IndexError) as error:
        raise UnreadableError("the compressed frame ends within its header") from error
    raise UnreadableError("the compressed frame does not begin as its transfer syntax says")


def _jpeg(data: bytes) -> Codestream:
    at = 2
    transform: Transform = "unsaid"
    found: tuple[int, int, int, int] | None = None
    while at < len(data):
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise UnreadableError("the header of the compressed frame is broken")
        marker = data[at + 1]
        at += 2
        if marker in WITHOUT_LENGTH:
            continue
        if marker == SCAN:
            break
        if marker in JPEG_FRAMES:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", data, at + 2)
            found = (columns, rows, samples, bits)
            if transform == "unsaid" and data[at + 8 : at + 8 + 3 * samples : 3] == b"RGB":
                transform = "none"
        elif marker == ADOBE and data[at + 2 : at + 7] == b"Adobe":
            transform = "ycc" if data[at + 13] else "none"
        at += struct.unpack_from(">H", data, at)[0]
    if found is None:
        raise UnreadableError("the compressed frame has no frame header")
    return Codestream(*found, transform=transform)


def _jpeg2000(data: bytes, at: int) -> Codestream:
    _rsiz, right, bottom, left, top = struct.unpack_from(">HIIII", data, at + 6)
    samples, precision = struct.unpack_from(">HB", data, at + 40)
    return Codestream(right - left, bottom - top, samples, (precision & 0x7F) + 1, bool(precision & 0x80))
