"""Finds where the frames of a file lie: offset tables, fragments, native pixels (PS3.5, A.4)."""

from __future__ import annotations

import itertools
import mmap
import struct

import msgspec

from backend.dicom.frames import Fragment, FrameIndex
from backend.dicom.pixel_format import SUBSAMPLED, Attributes, Kind, format_of
from backend.dicom.syntaxes import EXPLICIT_BE, IMPLICIT_LE, NATIVE, VIDEO
from backend.errors import UnreadableError

Buffer = bytes | bytearray | memoryview | mmap.mmap

KINDS: dict[tuple[int, int], Kind] = {
    (0x7FE0, 0x0010): "integer",
    (0x7FE0, 0x0008): "float",
    (0x7FE0, 0x0009): "double",
}
NO_LENGTH = 0xFFFFFFFF
ITEM, DELIMITER = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP", b"\xff\x0a", b"\x00\x00\x00\x0cJXL")
"""How a frame begins in the JPEG family: JPEG and JPEG-LS, JPEG 2000, JPEG XL."""


def index_pixels(attributes: Attributes, data: Buffer, at: int, syntax: str, deflated_at: int = 0) -> FrameIndex | None:
    """The frames of the pixel element that begins at `at` in `data`; None where none begins there.

    `data` is the file, or the inflated data set of a deflated one; `attributes` describe the pixels.

    Raises:
        UnreadableError: lengths, offsets or counts do not fit each other.
    """
    order = ">" if syntax == EXPLICIT_BE else "<"
    if at + 8 > len(data):
        return None
    kind = KINDS.get(struct.unpack_from(order + "HH", data, at))
    if kind is None:
        return None
    words, begin, length = _value_at(data, at, order, syntax == IMPLICIT_LE)
    layout = format_of(attributes, kind)
    if length == NO_LENGTH:
        frames = _encapsulated(attributes, data, begin, layout.frames, syntax)
        return FrameIndex(syntax, layout, fragments=frames)
    if syntax not in NATIVE:
        raise UnreadableError("its transfer syntax says that pixels are compressed, and they are not encapsulated")
    length = min(length, len(data) - begin)
    if layout.photometric == SUBSAMPLED and length >= layout.rows * layout.columns * 3 * layout.frames:
        layout = msgspec.structs.replace(layout, photometric="YBR_FULL")  # some say so and share no samples
    return FrameIndex(syntax, layout, begin, length, words, deflated_at=deflated_at)


def _value_at(data: Buffer, at: int, order: str, implicit: bool) -> tuple[bool, int, int]:
    """Whether the value of the element at `at` is OW, where it begins, its length."""
    if implicit:
        return True, at + 8, struct.unpack_from("<I", data, at + 4)[0]
    if at + 12 > len(data):
        raise UnreadableError("it ends where its pixels begin")
    return bytes(data[at + 4 : at + 6]) == b"OW", at + 12, struct.unpack_from(order + "I", data, at + 8)[0]


def _encapsulated(attributes: Attributes, data: Buffer, at: int, frames: int, syntax: str) -> list[list[Fragment]]:
    items = _items(data, at)
    if not items:
        raise UnreadableError("its compressed pixels lack the basic offset table")
    (table_at, table_length), fragments = items[0], items[1:]
    if not fragments:
        raise UnreadableError("its compressed pixels are empty")
    offsets = _extended_offsets(attributes) or list(struct.unpack_from(f"<{table_length // 4}I", data, table_at))
    if frames == 1 or syntax.startswith(VIDEO):
        return [fragments]
    grouped = _by_offsets(fragments, offsets, frames) or _by_starts(data, fragments, frames)
    if grouped is None:
        raise UnreadableError(f"{len(fragments)} fragments without a usable offset table can not be told apart as {frames}")
    return grouped


def _items(data: Buffer, at: int) -> list[Fragment]:
    """(offset, length) of each item's value up to the delimiter, or up to the end of a file that was cut short."""
    items: list[Fragment] = []
    end = len(data)
    while at + 8 <= end:
        group, element, length = struct.unpack_from("<HHI", data, at)
        if (group, element) != ITEM:
            if (group, element) != DELIMITER:
                raise UnreadableError("something else than a fragment is among its compressed pixels")
            return items
        if at + 8 + length > end:
            raise UnreadableError("a fragment of its compressed pixels is longer than the file")
        items.append((at + 8, length))
        at += 8 + length
    return items


def _extended_offsets(attributes: Attributes) -> list[int]:
    table = attributes.get("ExtendedOffsetTable")
    return list(struct.unpack(f"<{len(table) // 8}Q", table[: len(table) // 8 * 8])) if isinstance(table, bytes) else []


def _by_offsets(fragments: list[Fragment], offsets: list[int], frames: int) -> list[list[Fragment]] | None:
    """Fragments by an offset table, which counts from the first fragment's tag; None where the table does not fit them."""
    first = fragments[0][0]
    places = {offset - first: n for n, (offset, _length) in enumerate(fragments)}
    if len(offsets) != frames or offsets[0] != 0 or any(offset not in places for offset in offsets):
        return None
    begins = [places[offset] for offset in offsets]
    if any(b <= a for a, b in itertools.pairwise(begins)):
        return None
    return [fragments[a:b] for a, b in itertools.pairwise([*begins, len(fragments)])]


def _by_starts(data: Buffer, fragments: list[Fragment], frames: int) -> list[list[Fragment]] | None:
    if len(fragments) == frames:
        return [[fragment] for fragment in fragments]
    begins = [n for n, (at, _length) in enumerate(fragments) if bytes(data[at : at + 12]).startswith(STARTS)]
    if len(begins) != frames or begins[0] != 0:
        return None
    return [fragments[a:b] for a, b in itertools.pairwise([*begins, len(fragments)])]
