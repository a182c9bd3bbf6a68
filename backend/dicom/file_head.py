"""The head of a DICOM file (PS3.10, 7): preamble, file meta information, transfer syntax; made where a file lacks it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from backend.dicom.elements import NAMES, Buffer, Element, MalformedError, Parser
from backend.dicom.syntaxes import DEFLATED_LE, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

GE_PRIVATE = "1.2.840.113619.5.2"
"""Implicit little endian, but for its pixels."""
IMPLEMENTATION_CLASS = "2.25.273416839041270365478131406519402017318"
IMPLEMENTATION_VERSION = "SLICECAST_1"
PREAMBLE, MARK = 128, b"DICM"
TIFF = (b"II*\0", b"MM\0*")
TRANSFER_SYNTAX, SOP_CLASS, SOP_INSTANCE = 0x00020010, 0x00020002, 0x00020003


@dataclass(frozen=True)
class Head:
    """What stands before the data set.

    `start` is the offset of the data set, or of what inflates to it. `is_complete`: whether preamble, mark and meta
    information with a transfer syntax are there.
    """

    transfer_syntax: str
    sop_class_uid: str
    start: int
    is_complete: bool

    @property
    def is_explicit(self) -> bool:
        """Whether VRs are written."""
        return self.transfer_syntax not in (IMPLICIT_LE, GE_PRIVATE)

    @property
    def is_little(self) -> bool:
        """The byte order of the data set."""
        return self.transfer_syntax != EXPLICIT_BE

    @property
    def is_deflated(self) -> bool:
        """Whether the data set has to be inflated."""
        return self.transfer_syntax == DEFLATED_LE


def looks_like_dicom(begin: bytes) -> bool:
    """Whether a file that begins so may be DICOM: `begin` is its first 132 bytes or more."""
    return begin[PREAMBLE : PREAMBLE + 4] == MARK or (len(begin) >= 8 and _begins_like_dicom(begin[:8]))


def read_head(buffer: Buffer) -> Head:
    """The head of a file, with or without preamble, with or without meta information.

    Raises:
        MalformedError: it is no DICOM file.
    """
    marked = bytes(buffer[PREAMBLE : PREAMBLE + 4]) == MARK
    at = PREAMBLE + 4 if marked else 0
    first = bytes(buffer[at : at + 8])
    if len(first) < 8 or (not marked and not _begins_like_dicom(first)):
        raise MalformedError("it is no DICOM file" if len(buffer) else "it is empty")
    meta, start = _meta(buffer, at)
    texts = {element.tag: _text(buffer, element) for element in meta}
    syntax = texts.get(TRANSFER_SYNTAX, "")
    return Head(syntax or _guess(bytes(buffer[start : start + 8])), texts.get(SOP_CLASS, ""), start, bool(marked and syntax))


def _begins_like_dicom(first: bytes) -> bool:
    """Whether the first element is of group 0002 or 0008, with an even and small element number."""
    for order in "<>":
        group, number = struct.unpack_from(order + "HH", first)
        if group in (2, 8) and number < 0x2000:
            explicit = first[4:6] in {name.encode() for name in NAMES.values()}
            length = struct.unpack_from(order + "L", first, 4)[0]
            if explicit or length < 1024:
                return True
    return False


def _meta(buffer: Buffer, at: int) -> tuple[list[Element], int]:
    """Elements of group 0002, always explicit little endian, and where it ends; what it says of its length is not believed."""
    end = at
    while bytes(buffer[end : end + 2]) == b"\2\0":
        vr = bytes(buffer[end + 4 : end + 6])
        head = 12 if vr in (b"OB", b"OW", b"UN", b"UT", b"SQ") else 8
        if len(buffer) < end + head or not vr.isalpha():
            raise MalformedError("the file meta information is broken")
        length = struct.unpack_from("<L" if head == 12 else "<H", buffer, end + (8 if head == 12 else 6))[0]
        end += head + length
        if end > len(buffer):
            raise MalformedError("the file meta information is cut short")
    return Parser(buffer, True, True).parse(at, end), end


def _text(buffer: Buffer, element: Element) -> str:
    return bytes(buffer[element.start : element.start + element.length]).decode("latin-1").strip("\0 ")


def _guess(first: bytes) -> str:
    """The transfer syntax of a data set that does not say, from its first element."""
    explicit = first[4:6] in {name.encode() for name in NAMES.values()}
    if len(first) > 1 and first[0] == 0 and first[1] != 0:
        return EXPLICIT_BE
    return EXPLICIT_LE if explicit else IMPLICIT_LE


def made_head(transfer_syntax: str, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """Preamble, mark and meta information for a data set."""
    elements = [
        _element(1, b"OB", b"\0\1"), _element(2, b"UI", _uid(sop_class_uid)), _element(3, b"UI", _uid(sop_instance_uid)),
        _element(0x10, b"UI", _uid(transfer_syntax)), _element(0x12, b"UI", _uid(IMPLEMENTATION_CLASS)),
        _element(0x13, b"SH", IMPLEMENTATION_VERSION.ljust(len(IMPLEMENTATION_VERSION) + 1 & ~1).encode()),
    ]  # fmt: skip
    rest = b"".join(elements)
    return bytes(PREAMBLE) + MARK + _element(0, b"UL", struct.pack("<L", len(rest))) + rest


def _uid(text: str) -> bytes:
    return text.encode("latin-1") + b"\0" * (len(text) % 2)


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    length = struct.pack("<HL", 0, len(value)) if vr == b"OB" else struct.pack("<H", len(value))
    return struct.pack("<HH", 2, number) + vr + length + value
