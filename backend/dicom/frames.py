"""Where the frames of a stored instance lie, and their bytes as stored, without reading the rest (PS3.5, chapter 8, A.4).

It needs no DICOM library, so that the gateway can answer with frames as they are.
"""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from backend.dicom.pixel_format import PixelFormat
from backend.dicom.syntaxes import EXPLICIT_BE, NATIVE
from backend.errors import NotFoundError, UnreadableError

Fragment = tuple[int, int]

INFLATED_PIECE = 1 << 20
LARGEST_INFLATED = 1 << 30


class FrameIndex(msgspec.Struct, frozen=True, array_like=True):
    """Where each frame of one Part 10 file is. Offsets count from the beginning of the file, or of the inflated data set."""

    syntax: str
    """Transfer syntax UID."""
    format: PixelFormat
    offset: int = 0
    """First byte of native pixels."""
    length: int = 0
    """Their bytes."""
    words: bool = False
    """The value representation is OW: in big endian files pairs of bytes are swapped."""
    fragments: list[list[Fragment]] = []
    """(offset, bytes) of the fragments of each frame; empty for native pixels."""
    deflated_at: int = 0
    """Where a deflated data set begins in the file."""

    def encode(self) -> bytes:
        """As bytes, to be kept."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> FrameIndex:
        """From `encode`."""
        return msgspec.msgpack.decode(data, type=cls)

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are compressed."""
        return self.syntax not in NATIVE

    @property
    def count(self) -> int:
        """How many frames can be had; a video is one."""
        return len(self.fragments) if self.is_encapsulated else self.format.frames


def read_stored(path: Path, index: FrameIndex, number: int, largest_inflated: int = LARGEST_INFLATED) -> bytes:
    """One frame (from 0) as it is sent: the compressed stream, or native samples in little endian from bit 0 on.

    Raises:
        NotFoundError: there is no such frame.
        UnreadableError: the file has changed or was cut short.
    """
    if not 0 <= number < index.count:
        raise NotFoundError(f"there is no frame {number + 1}; the image has {index.count}")
    with path.open("rb") as file:
        if index.is_encapsulated:
            return b"".join(_read(file, at, length) for at, length in index.fragments[number])
        if index.deflated_at:
            file.seek(index.deflated_at)
            return _native(BytesIO(inflate(file, largest_inflated)), index, number)
        return _native(file, index, number)


def _read(file: BinaryIO, at: int, length: int) -> bytes:
    file.seek(at)
    found = file.read(length)
    if len(found) != length:
        raise UnreadableError("the file ends within its pixels")
    return found


def _native(file: BinaryIO, index: FrameIndex, number: int) -> bytes:
    layout = index.format
    first_bit = number * layout.native_bits
    begin, end = first_bit // 8, -(-(first_bit + layout.native_bits) // 8)
    swapped = index.syntax == EXPLICIT_BE
    in_pairs = swapped and layout.bits_allocated <= 8 and index.words
    if in_pairs:  # bytes lie swapped in words, and frames may begin within one
        begin, end = begin & ~1, (end + 1) & ~1
    if end > index.length + in_pairs:
        raise UnreadableError(f"frame {number + 1} ends at byte {end} of its pixels; {index.length} are there")
    found = _read(file, index.offset + begin, min(end, index.length) - begin)
    if in_pairs:
        found = np.frombuffer(found[: len(found) & ~1], ">u2").astype("<u2").tobytes() + found[len(found) & ~1 :]
        found = found[first_bit // 8 - begin : -(-(first_bit + layout.native_bits) // 8) - begin]
    elif swapped and layout.bits_allocated > 8:
        size = layout.bits_allocated // 8
        found = np.frombuffer(found, f">u{size}").astype(f"<u{size}").tobytes()
    return _from_bit(found, first_bit % 8, layout.native_bits) if layout.bits_allocated == 1 else found


def _from_bit(data: bytes, shift: int, count: int) -> bytes:
    """`count` bits from bit `shift` on, moved to begin a byte, the last byte padded with zeros."""
    if shift == 0 and count % 8 == 0:
        return data[: count // 8]
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[shift : shift + count]
    return np.packbits(bits, bitorder="little").tobytes()


def even(data: bytes) -> bytes:
    """`data` with the zero byte that an odd length wants."""
    return data if len(data) % 2 == 0 else data + b"\0"


def inflate(file: BinaryIO, most: int) -> bytes:
    """What a deflated stream unpacks to, from where `file` stands.

    Raises:
        UnreadableError: more than `most` bytes, or no deflated stream.
    """
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    found = bytearray()
    try:
        while not unpack.eof and (piece := unpack.unconsumed_tail or file.read(INFLATED_PIECE)):
            found += unpack.decompress(piece, INFLATED_PIECE)
            if len(found) > most:
                raise UnreadableError(f"it inflates to more than {most >> 20} MB")
    except zlib.error as error:
        raise UnreadableError(f"its deflated data are broken: {error}") from error
    return bytes(found)
