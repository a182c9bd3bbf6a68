"""The DICOM JSON model (PS3.18, Annex F) of a data set, written straight from its bytes.

Values that are wrong, such as a DS that is no number, are written as the texts they are: an archive gives back what it got.
"""

from __future__ import annotations

import base64
import functools
import math
import re
import struct
import warnings
from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring
from typing import Any

import numpy as np
from pydicom.charset import convert_encodings, decode_bytes, python_encoding

from backend.dicom.elements import Buffer, Element

BULK = '"BulkDataURI":"bulkdata/'
"""Begins every reference to bulk data, and nothing else: quotes within texts are escaped."""
INLINE_BYTES = 1024
TEXT_BYTES = 65536
REMEMBERED, REMEMBERED_BYTES = 16_384, 128
"""Values whose JSON is remembered: how many, and how long they are; the slices of a series have most of theirs in common."""
ALWAYS_BULK = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010, 0x00420011, 0x54001010, 0x56000020})
TRIMMED = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})
"""Blanks at both ends mean nothing; elsewhere only those at the end."""
WHOLE = frozenset({"LT", "ST", "UR", "UT"})
"""One value: a backslash is a character."""
ENCODED = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""In the specific character set."""
BYTES = {"OB": 1, "OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8, "UN": 1}
NUMBERS = {"FD": "d", "FL": "f", "SL": "l", "SS": "h", "SV": "q", "UL": "L", "US": "H", "UV": "Q"}
NUMBER_BYTES = {vr: struct.calcsize("<" + code) for vr, code in NUMBERS.items()}
EXACT = 1 << 53
"""Integers beyond are not exact in JavaScript; they go as texts."""
CHARACTER_SET = 0x00080005
LONGEST_TERM = 40
TERM = re.compile(r"ISO(?:.?(2022))?.?IR.?([0-9]{1,3})\Z", re.IGNORECASE)
TWO_BYTES = re.compile(rb"\x1b\$(?:[@B]|\(D)[^\x1b]*")
"""Text in Japanese sets of two bytes, each of which may be that of any ASCII character."""
PN_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def is_plain(data: bytes) -> bool:
    """Whether a text is the same in every character set."""
    return data.isascii() and b"\x1b" not in data


class Texts:
    """Decodes texts of a data set, whatever they are.

    `wrong` says whether some could not be decoded as they should; `fault`, where it is not empty, what is wrong with the
    character sets that the data set names. One that names none and has other texts than ASCII is no such fault: many are so.
    """

    def __init__(self) -> None:
        self.wrong = False
        self.fault = ""
        self.encodings: list[str] = []
        self.is_extended = False
        self._named = ""

    def use(self, terms: Sequence[str]) -> None:
        """Take the defined terms of a Specific Character Set."""
        spelled = [_spelled(term) for term in terms]
        known = [term for term in spelled if term in python_encoding]
        unknown = [term for term in spelled if term not in python_encoding]
        if unknown:
            self.wrong = True
            self.fault = self.fault or f"it names the character set {unknown[0][:LONGEST_TERM]!r}, which is none of DICOM's"
        self.is_extended = len(known) > 1
        self.encodings = list(convert_encodings(known)) if any(known) else []
        self._named = "\\".join(known)

    def decode(self, data: bytes, delimiters: set[int] | None = None) -> str:
        """A text, whatever its bytes are."""
        if is_plain(data):
            return data.decode("ascii")
        if self.is_extended or b"\x1b" in data:
            return self._extended(data, delimiters or set())
        for encoding in (*self.encodings[:1], "utf-8"):
            try:
                return data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                self._misfit()
        return data.decode("latin-1")

    def _misfit(self) -> None:
        self.wrong = True
        if self._named:
            self.fault = self.fault or f"its texts do not fit the character set {self._named[:LONGEST_TERM]} that it names"

    def _extended(self, data: bytes, delimiters: set[int]) -> str:
        """With escape sequences that change the character set; pydicom warns of those it does not know."""
        with warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always")
            found = decode_bytes(data, self.encodings or ["iso8859"], delimiters)
        if complaints:
            self._misfit()
        return found

    def values(self, data: bytes, vr: str) -> list[str]:
        """The values of a text element, trimmed as its VR says; none where it is empty."""
        found = self._values(data, vr)
        return found if any(found) or len(found) > 1 else []

    def _values(self, data: bytes, vr: str) -> list[str]:
        if vr in WHOLE:
            return [self.decode(data).rstrip("\0 ")]
        if vr in ENCODED and self.is_extended:  # an escape sequence holds up to the next backslash
            delimiters = {0x5E, 0x3D} if vr == "PN" else None
            parts = [self.decode(part, delimiters) for part in _split_extended(data)]
        else:  # decoded first: the second byte of a character may look like a backslash
            parts = self.decode(data).split("\\")
        return [part.strip("\0 ") if vr in TRIMMED else part.rstrip("\0 ") for part in parts]


def _spelled(term: str) -> str:
    """A defined term as the standard spells it: `ISO IR 100` and `ISO-IR-100` are meant to be `ISO_IR 100`."""
    found = TERM.match(term)
    return f"ISO{' 2022 ' if found[1] else '_'}IR {found[2]}" if found else term


def _split_extended(data: bytes) -> list[bytes]:
    """Values of a text with escape sequences: bytes of a character of two may look like backslashes."""
    masked = TWO_BYTES.sub(lambda found: found[0].replace(b"\\", b"\0"), data.rstrip(b"\0 "))
    return [part.replace(b"\0", b"\\") for part in masked.split(b"\\")]


class JsonWriter:
    """Writes elements of one buffer as JSON."""

    def __init__(self, buffer: Buffer, little: bool) -> None:
        """`little`: the byte order of the buffer's numbers."""
        self._buffer, self._order = buffer, "<" if little else ">"
        self.texts = Texts()

    def members(self, elements: Sequence[Element], path: str = "") -> dict[int, str]:
        """Key and value of each attribute in JSON, by tag in ascending order; group lengths and file meta left out.

        Args:
            elements: of one data set or item.
            path: of the item they are in, as it begins URIs of bulk data.
        """
        found: dict[int, str] = {}
        outer = self.texts.encodings, self.texts.is_extended
        ascending, last = True, -1
        for element in elements:
            tag = element.tag
            if tag & 0xFFFF == 0 or tag >> 16 == 2 or tag == 0xFFFCFFFC:
                continue
            if tag == CHARACTER_SET:
                self.texts.use(self.strings(element))
            ascending, last = ascending and tag > last, tag
            found[tag] = self._member(element, path)
        if path:
            self.texts.encodings, self.texts.is_extended = outer
        return found if ascending else dict(sorted(found.items()))

    def bytes_of(self, element: Element) -> bytes:
        """The value's bytes as they stand there."""
        return bytes(self._buffer[element.start : element.start + element.length])

    def strings(self, element: Element) -> Sequence[str]:
        """Values of a text element; none where it is empty."""
        data = self.bytes_of(element)
        if len(data) <= REMEMBERED_BYTES and is_plain(data):
            return _plain_values(element.vr, data)
        return self.texts.values(data, element.vr)

    def values(self, element: Element) -> Sequence[str]:
        """Values of an element of text or numbers as texts; none of other kinds."""
        if element.items is not None or element.vr in BYTES or element.length > TEXT_BYTES:
            return []
        if element.vr not in NUMBERS:
            return self.strings(element)
        return [str(value) for value in _unpacked(element.vr, self.bytes_of(element), self._order)]

    def _member(self, element: Element, path: str) -> str:
        tag, vr, start, length, items, _fragments = element
        if items is None and length <= REMEMBERED_BYTES and vr not in BYTES:
            data = bytes(self._buffer[start : start + length])
            if vr in NUMBERS or vr == "AT":
                return _number_member(tag, vr, data, self._order)
            if is_plain(data):
                return _plain_member(tag, vr, data)
        return f'"{tag:08X}":{self._write(element, path)}'

    def _write(self, element: Element, path: str) -> str:
        vr, length = element.vr, element.length
        if element.items is not None:
            return self._sequence(element, path)
        if not length and element.fragments is None:
            return f'{{"vr":"{vr}"}}'
        if vr in BYTES:
            return self._binary(element, path)
        if length > TEXT_BYTES:
            return self._reference(element, path)
        data = self.bytes_of(element)
        if vr in NUMBERS or vr == "AT":
            return _number_json(vr, data, self._order)
        return _text_json(vr, self.texts.values(data, vr))

    def _sequence(self, element: Element, path: str) -> str:
        items = element.items or []
        if not items:
            return '{"vr":"SQ"}'
        below = f"{path}{element.tag:08X}/"
        texts = (object_text(self.members(item, f"{below}{number}/").values()) for number, item in enumerate(items, 1))
        return f'{{"vr":"SQ","Value":[{",".join(texts)}]}}'

    def _binary(self, element: Element, path: str) -> str:
        tag = element.tag
        is_overlay = tag & 0xFF00FFFF == 0x60003000
        if element.length > INLINE_BYTES or element.fragments is not None or tag in ALWAYS_BULK or is_overlay:
            return self._reference(element, path)
        data = to_little(self.bytes_of(element), element.vr, self._order == "<")
        return f'{{"vr":"{element.vr}","InlineBinary":"{base64.b64encode(data).decode()}"}}'

    def _reference(self, element: Element, path: str) -> str:
        return f'{{"vr":"{element.vr}",{BULK}{path}{element.tag:08X}"}}'


@functools.lru_cache(REMEMBERED)
def _plain_values(vr: str, data: bytes) -> tuple[str, ...]:
    return tuple(Texts().values(data, vr))


@functools.lru_cache(REMEMBERED)
def _plain_member(tag: int, vr: str, data: bytes) -> str:
    return f'"{tag:08X}":{_text_json(vr, _plain_values(vr, data))}'


def _text_json(vr: str, values: Sequence[str]) -> str:
    write = WRITERS.get(vr, encode_basestring)
    return _json(vr, [write(value) if value else "null" for value in values])


@functools.lru_cache(REMEMBERED)
def _number_member(tag: int, vr: str, data: bytes, order: str) -> str:
    return f'"{tag:08X}":{_number_json(vr, data, order)}'


def _number_json(vr: str, data: bytes, order: str) -> str:
    if vr == "AT":
        pairs = struct.unpack_from(f"{order}{len(data) // 4 * 2}H", data)
        return _json(vr, [f'"{group:04X}{number:04X}"' for group, number in zip(pairs[::2], pairs[1::2], strict=True)])
    values = _unpacked(vr, data, order)
    if vr in ("FL", "FD"):
        return _json(vr, [repr(value) if math.isfinite(value) else "null" for value in values])
    return _json(vr, [str(value) if -EXACT <= value <= EXACT else f'"{value}"' for value in values])


def _unpacked(vr: str, data: bytes, order: str) -> tuple[Any, ...]:
    """Values of a binary number's VR; bytes that make no whole number are left out."""
    return struct.unpack_from(f"{order}{len(data) // NUMBER_BYTES[vr]}{NUMBERS[vr]}", data)


def _json(vr: str, values: Sequence[str]) -> str:
    return f'{{"vr":"{vr}","Value":[{",".join(values)}]}}' if values else f'{{"vr":"{vr}"}}'


def _decimal(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return encode_basestring(text)
    return repr(value) if math.isfinite(value) and "_" not in text else encode_basestring(text)


def _integer(text: str) -> str:
    try:
        value = int(text) if "_" not in text else None
    except ValueError:
        value = None
    return str(value) if value is not None and -EXACT <= value <= EXACT else encode_basestring(text)


def _person(text: str) -> str:
    groups = zip(PN_GROUPS, (group.rstrip() for group in text.split("=")), strict=False)
    return "{" + ",".join(f'"{name}":{encode_basestring(group)}' for name, group in groups if group) + "}"


WRITERS: dict[str, Callable[[str], str]] = {"DS": _decimal, "IS": _integer, "PN": _person}


def to_little(data: bytes, vr: str, is_little: bool) -> bytes:
    """Bytes of a binary VR in little endian."""
    width = BYTES.get(vr) or NUMBER_BYTES.get(vr, 1)
    if is_little or width == 1:
        return data
    whole = len(data) // width * width
    return np.frombuffer(data[:whole], f">u{width}").astype(f"<u{width}").tobytes() + data[whole:]


def object_text(members: Iterable[str]) -> str:
    """A JSON object of its members."""
    return "{" + ",".join(members) + "}"


def absolute(model: bytes, instance_url: str) -> bytes:
    """A model (or several) of one instance, its references to bulk data made absolute."""
    return model.replace(BULK.encode(), f'"BulkDataURI":"{instance_url}/bulkdata/'.encode())
