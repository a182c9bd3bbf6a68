"""Data elements of a DICOM data set: where each stands in its bytes (PS3.5, 7). Values are not read here.

Nothing that a file says of itself is believed: lengths, nesting and numbers are checked against what is there.
"""

from __future__ import annotations

import functools
import struct
from typing import NamedTuple

from pydicom.datadict import dictionary_VR, private_dictionary_VR

from backend.errors import UnreadableError

Buffer = bytes | memoryview
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
PADDING = 0xFFFCFFFC
PIXEL_TAGS = (0x7FE00010, 0x7FE00008, 0x7FE00009)
PIXEL_REPRESENTATION = 0x00280103
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
NAMES = {vr: vr.decode() for vr in LONG_VRS | SHORT_VRS}
DEEPEST = 64
MOST_ELEMENTS = 4_000_000


class MalformedError(UnreadableError):
    """The bytes are no data set; the message says where and why."""


class Element(NamedTuple):
    """An element. Offsets are from the start of the buffer, lengths in bytes."""

    tag: int
    vr: str
    start: int
    """Of the value; of one with items, of the first item."""
    length: int
    """Of the value, its delimiters left out; of one of undefined length, up to its delimiter."""
    items: list[list[Element]] | None = None
    """Of a sequence."""
    fragments: list[tuple[int, int]] | None = None
    """Of encapsulated data: start and length of each fragment, the basic offset table first."""


def tag_text(tag: int) -> str:
    """`(0010,0020)`."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


class Parser:
    """Reads the elements of one data set and what is nested in it."""

    def __init__(self, buffer: Buffer, explicit: bool, little: bool) -> None:
        """`explicit`: whether VRs are written. `little`: byte order."""
        self._buffer = buffer
        self._explicit = explicit
        order = "<" if little else ">"
        self._little = little
        self._head = struct.Struct(order + "HHL").unpack_from  # a tag and the length
        self._head_with_vr = struct.Struct(order + "HH2sH").unpack_from  # a tag, the VR, and a short length
        self._long = struct.Struct(order + "L").unpack_from
        self._short = struct.Struct(order + "H").unpack_from
        self._signed = False
        self._count = 0

    def parse(self, start: int, end: int) -> list[Element]:
        """Elements from `start` to `end`.

        Raises:
            MalformedError: lengths, VRs or nesting do not hold together.
        """
        try:
            return self._data_set(start, end, self._explicit, 0, False)[0]
        except struct.error as error:
            raise MalformedError("it ends in the middle of an element") from error

    def _data_set(self, at: int, end: int, explicit: bool, depth: int, delimited: bool) -> tuple[list[Element], int]:
        """Elements of a data set or item, and where it ends: at `end`, or if `delimited` behind its delimiter."""
        if depth > DEEPEST:
            raise MalformedError(f"sequences are nested more than {DEEPEST} deep")
        found: list[Element] = []
        buffer, read_head, read_head_with_vr = self._buffer, self._head, self._head_with_vr
        written = b""
        creators: dict[int, str] = {}
        while at < end:
            if end - at < 8:
                if not any(buffer[at:end]):
                    break  # an odd byte or two at the end harm nobody
                raise MalformedError(f"{end - at} bytes are left over at byte {at}")
            if explicit:
                group, number, written, length = read_head_with_vr(buffer, at)
            else:
                group, number, length = read_head(buffer, at)
            tag = group << 16 | number
            if tag == ITEM_END and delimited:
                return found, at + 8
            if group in (0, 0xFFFE):
                if tag == 0 and not any(buffer[at:end]):
                    break
                raise MalformedError(f"there is no element {tag_text(tag)} at byte {at}")
            start = at + 8
            if explicit:
                vr = NAMES.get(written, "")
                if written in LONG_VRS:
                    length = self._long(buffer, start)[0]
                    start += 4
                elif not vr:
                    raise MalformedError(f"{tag_text(tag)} at byte {at} has the unknown VR {written!r}")
                if vr == "UN":
                    vr = self._known(tag, length)
            else:
                vr = self._implied(tag, creators)
            if length == UNDEFINED:
                element, at = self._undefined(tag, vr, start, end, explicit, depth)
            elif length > end - start:
                raise MalformedError(f"{tag_text(tag)} at byte {at} claims {length} bytes, but {end - start} are left")
            elif vr == "SQ":
                items, _ = self._items(tag, start, start + length, explicit, depth, False)
                element, at = Element(tag, vr, start, length, items), start + length
            elif vr == "UN" and group & 1 == 0 and _public(tag) == "SQ" and self._little:
                element, at = self._unknown_sequence(tag, start, length, depth), start + length
            else:
                element, at = Element(tag, vr, start, length), start + length
                if tag == PIXEL_REPRESENTATION and length == 2:
                    self._signed = self._short(buffer, start)[0] == 1
                elif group & 1 and 0x10 <= number <= 0xFF and not explicit:
                    creators[number] = bytes(buffer[start:at]).decode("latin-1").rstrip("\0 ")
            self._count += 1
            found.append(element)
        if self._count > MOST_ELEMENTS:
            raise MalformedError(f"it has more than {MOST_ELEMENTS} elements")
        if delimited:
            raise MalformedError("an item has no end")
        return found, at

    def _undefined(self, tag: int, vr: str, start: int, end: int, explicit: bool, depth: int) -> tuple[Element, int]:
        if vr in ("OB", "OW") and explicit:
            fragments, behind = self._fragments(tag, start, end)
            return Element(tag, vr, start, behind - 8 - start, None, fragments), behind
        if vr not in ("SQ", "UN") and explicit:
            raise MalformedError(f"{tag_text(tag)} of VR {vr} has no length")
        # An unknown sequence is written in implicit VR (PS3.5, 6.2.2).
        items, behind = self._items(tag, start, end, explicit and vr != "UN", depth, True)
        return Element(tag, "SQ", start, behind - 8 - start, items), behind

    def _items(
        self, tag: int, at: int, end: int, explicit: bool, depth: int, delimited: bool
    ) -> tuple[list[list[Element]], int]:
        items: list[list[Element]] = []
        signed = self._signed
        while at < end:
            group, number, length = self._head(self._buffer, at)
            mark, start = group << 16 | number, at + 8
            if mark == SEQUENCE_END and delimited:
                return items, start
            if mark != ITEM:
                raise MalformedError(f"the sequence {tag_text(tag)} holds {tag_text(mark)} at byte {at}, which is no item")
            if length == UNDEFINED:
                elements, at = self._data_set(start, end, explicit, depth + 1, True)
            elif length > end - start:
                raise MalformedError(
                    f"an item of {tag_text(tag)} at byte {at} claims {length} bytes, but {end - start} are left"
                )
            else:
                elements, _ = self._data_set(start, start + length, explicit, depth + 1, False)
                at = start + length
            self._signed = signed
            items.append(elements)
        if delimited:
            raise MalformedError(f"the sequence {tag_text(tag)} has no end")
        return items, at

    def _unknown_sequence(self, tag: int, start: int, length: int, depth: int) -> Element:
        """A sequence that was written as unknown by who did not know it: in implicit VR, if it can be read so."""
        try:
            return Element(tag, "SQ", start, length, self._items(tag, start, start + length, False, depth, False)[0])
        except (MalformedError, struct.error):
            return Element(tag, "UN", start, length)

    def _fragments(self, tag: int, at: int, end: int) -> tuple[list[tuple[int, int]], int]:
        fragments: list[tuple[int, int]] = []
        while at < end:
            group, number, length = self._head(self._buffer, at)
            mark, start = group << 16 | number, at + 8
            if mark == SEQUENCE_END:
                return fragments, start
            if mark != ITEM or length > end - start:
                raise MalformedError(f"fragment {len(fragments)} of {tag_text(tag)} at byte {at} is cut short or none")
            fragments.append((start, length))
            at = start + length
        raise MalformedError(f"the fragments of {tag_text(tag)} have no end")

    def _known(self, tag: int, length: int) -> str:
        """VR of an element that was written as unknown by who did not know it."""
        vr = "UN" if tag >> 16 & 1 else _public(tag)
        # Its value is little endian, whatever the rest is.
        return vr if self._little and " " not in vr and length != UNDEFINED and vr != "SQ" else "UN"

    def _implied(self, tag: int, creators: dict[int, str]) -> str:
        if tag >> 16 & 1:
            number = tag & 0xFFFF
            if number <= 0xFF:
                return "LO" if number >= 0x10 else "UN"
            return _private(tag, creators.get(number >> 8, ""))
        vr = _public(tag)
        if " " in vr:
            return "OW" if "OW" in vr else "SS" if self._signed else "US"
        return vr


@functools.lru_cache(8192)
def _public(tag: int) -> str:
    if tag & 0xFFFF == 0:
        return "UL"
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


@functools.lru_cache(4096)
def _private(tag: int, creator: str) -> str:
    try:
        vr = private_dictionary_VR(tag, creator)
    except KeyError:
        return "UN"
    return "UN" if " " in vr else vr


def find(elements: list[Element], path: tuple[int, ...]) -> Element | None:
    """The element at a path: tag, number of the item from 1, tag, …; None where there is none."""
    by_tag = {element.tag: element for element in elements}
    found = by_tag.get(path[0])
    for index in range(1, len(path) - 1, 2):
        number = path[index]
        if found is None or found.items is None or not 1 <= number <= len(found.items):
            return None
        found = {element.tag: element for element in found.items[number - 1]}.get(path[index + 1])
    return found
