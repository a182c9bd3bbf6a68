"""Transfer syntaxes: their families, and which can be read and written here. Plain strings; no library is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.dicom.frames import FrameIndex
    from backend.dicom.pixel_format import PixelFormat

_TS = "1.2.840.10008.1.2"
IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED_LE = _TS, _TS + ".1", _TS + ".2", _TS + ".1.99"
NATIVE = frozenset((IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED_LE))
"""Whose pixels are not compressed by themselves."""
RLE = _TS + ".5"
JPEG = frozenset(f"{_TS}.4.{end}" for end in (50, 51, 53, 55, 57, 70))
JPEG_LS = frozenset(f"{_TS}.4.{end}" for end in (80, 81))
JPEG2000_LOSSLESS = _TS + ".4.90"
JPEG2000 = frozenset(f"{_TS}.4.{end}" for end in (90, 91, 92, 93))
JPEG_XL = frozenset(f"{_TS}.4.{end}" for end in (110, 111, 112))
HTJ2K = frozenset(f"{_TS}.4.{end}" for end in (201, 202, 203))
VIDEO = _TS + ".4.10"
"""How the transfer syntaxes of videos begin, which are one stream, however many frames."""

DECODABLE = frozenset({*NATIVE, RLE, *JPEG, *JPEG_LS, *JPEG2000, *HTJ2K, *JPEG_XL})
"""Whose frames can become arrays."""
ENCODABLE = frozenset({EXPLICIT_LE, RLE, *JPEG_LS, JPEG2000_LOSSLESS, _TS + ".4.91", *HTJ2K})
"""That arrays can become, without loss in all of them."""
NAMES = {
    IMPLICIT_LE: "Implicit VR Little Endian", EXPLICIT_LE: "Explicit VR Little Endian", RLE: "RLE Lossless",
    EXPLICIT_BE: "Explicit VR Big Endian", DEFLATED_LE: "Deflated Explicit VR Little Endian",
}  # fmt: skip
FAMILIES = ((JPEG_LS, "JPEG-LS"), (JPEG2000, "JPEG 2000"), (HTJ2K, "HTJ2K"), (JPEG_XL, "JPEG XL"), (JPEG, "JPEG"))


def name_of(syntax: str) -> str:
    """For messages."""
    family = next((name for uids, name in FAMILIES if syntax in uids), "")
    return NAMES.get(syntax) or (f"{family} ({syntax})" if family else syntax)


def can_encode(syntax: str, layout: PixelFormat) -> bool:
    """Whether frames like these can be written in a transfer syntax: all but RLE hold integers of 8 or 16 bits only."""
    if syntax not in ENCODABLE:
        return False
    if syntax == EXPLICIT_LE:
        return True
    if layout.kind != "integer":
        return False
    return layout.bits_allocated in ((8, 16, 32, 64) if syntax == RLE else (8, 16))


def can_transcode(index: FrameIndex | None, syntax: str) -> bool:
    """Whether an instance can be given in a transfer syntax: as it is stored, or decoded and encoded."""
    if index is None:
        return syntax == EXPLICIT_LE
    if index.syntax == syntax:
        return True
    return index.syntax in DECODABLE and can_encode(syntax, index.format)


def makeable(index: FrameIndex | None) -> list[str]:
    """Transfer syntaxes that an instance can be had in by transcoding, the cheapest first."""
    ordered = [EXPLICIT_LE, *sorted(ENCODABLE - {EXPLICIT_LE})]
    return [syntax for syntax in ordered if can_transcode(index, syntax)]
