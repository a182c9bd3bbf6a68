"""Media types of DICOMweb (PS3.18, 8.7): which representation a client gets, and bodies of several parts.

What a target can be given as is a list of `Form`s, the default of its category first. `acceptable` reads what the client
wants, `choose` picks the form. Nothing here depends on a request's handler, so that all of it is tested by itself.
"""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from backend.errors import BadRequestError
from backend.http.negotiate import MediaRange, media_ranges, query_pairs

DICOM = "application/dicom"
DICOM_JSON, JSON, DICOM_XML = "application/dicom+json", "application/json", "application/dicom+xml"
OCTETS = "application/octet-stream"
MULTIPART = "multipart/related"
AS_STORED = "*"

EXPLICIT_LE = "1.2.840.10008.1.2.1"
NEVER_SENT = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2")
"""Implicit VR and big endian are not for web services (8.7.3)."""
DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1")
"""Of whole objects; frames of the first are as in explicit little endian."""

_TS = "1.2.840.10008.1.2."
TRANSFER_SYNTAXES: dict[str, tuple[str, ...]] = {
    OCTETS: (EXPLICIT_LE,),
    "image/jpeg": tuple(_TS + end for end in ("4.70", "4.50", "4.51", "4.57")),
    "image/dicom-rle": (_TS + "5",),
    "image/jls": (_TS + "4.80", _TS + "4.81"),
    "image/jp2": (_TS + "4.90", _TS + "4.91"),
    "image/jpx": (_TS + "4.92", _TS + "4.93"),
    "image/jphc": tuple(_TS + end for end in ("4.201", "4.202", "4.203")),
    "image/jxl": tuple(_TS + end for end in ("4.110", "4.111", "4.112")),
    "video/mpeg": tuple(_TS + end for end in ("4.100", "4.100.1", "4.101", "4.101.1")),
    "video/mp4": tuple(_TS + f"4.{n}{end}" for n in range(102, 107) for end in ("", ".1")),
    "video/h265": (_TS + "4.107", _TS + "4.108"),
}
"""Transfer syntaxes of the media types of frames and pixel data, each type's default first."""
MEDIA_OF = {uid: media for media, uids in TRANSFER_SYNTAXES.items() for uid in uids}
OLD_NAMES = {
    "image/x-dicom-rle": "image/dicom-rle", "image/dicom+rle": "image/dicom-rle", "image/x-jls": "image/jls",
    "image/dicom+jpeg-ls": "image/jls", "image/dicom+jpeg": "image/jpeg", "image/jll": "image/jpeg",
    "image/dicom+jp2": "image/jp2", "image/dicom+jpx": "image/jpx", "image/x-jpc": "image/jphc", "image/jpg": "image/jpeg",
}  # fmt: skip
RENDERED_ONLY = ("image/png", "image/gif", "text/html", "text/plain", "text/xml", "application/pdf", "text/rtf")
LONGEST_KNOWN = 1024
SPACE_FOR_PLUS = re.compile(r"dicom (?=json|xml)")
DICOM_TYPES = (DICOM, DICOM_JSON, DICOM_XML)


@dataclass(frozen=True)
class Wanted:
    """One range that a client accepts, in DICOMweb's terms."""

    media: str
    """The type of the whole, of multipart that of its parts; may have wildcards; empty: the default of the parts."""
    multipart: bool
    transfer_syntax: str
    """A UID, `*` for as stored, empty for the default of the media type."""
    weight: float

    @property
    def is_anything(self) -> bool:
        """Whether it is `*/*`, which multipart bodies are as well."""
        return not self.multipart and self.media == "*/*"


@dataclass(frozen=True)
class Form:
    """A representation that a target can be given in."""

    media: str
    """Of the whole, of multipart that of its parts."""
    multipart: bool
    transfer_syntax: str = ""
    """Empty where the type has none."""
    is_default: bool = True
    """Whether it is what is meant where no transfer syntax is asked for."""
    is_stored: bool = True
    """Whether it is what `transfer-syntax=*` means."""

    @property
    def part_type(self) -> str:
        """Content-Type of the whole or of a part, with its transfer syntax."""
        return f"{self.media}; transfer-syntax={self.transfer_syntax}" if self.transfer_syntax else self.media


def acceptable(query: str, accept: str) -> tuple[Wanted, ...]:
    """What a client accepts, best first: `accept` of the query string, then the Accept header; anything where both are empty.

    Args:
        query: as Tornado gives it.
        accept: the header; empty where there is none.

    Raises:
        BadRequestError: a header that wants DICOM and pictures at once.
    """
    values = [value for name, value in query_pairs(query) if name == "accept"]
    # Wildcards are for the header alone; a `+` that nobody escaped has become a space.
    first = [one for value in values for one in _read(SPACE_FOR_PLUS.sub("dicom+", value)) if "*" not in one.media]
    rest = _read(accept)
    _refuse_mixed(first)
    _refuse_mixed(rest)
    return (*first, *rest) or (Wanted("*/*", False, "", 1.0),)


def _read(header: str) -> tuple[Wanted, ...]:
    return _known(header) if len(header) <= LONGEST_KNOWN else _parsed(header)


def _parsed(header: str) -> tuple[Wanted, ...]:
    return tuple(_wanted(found) for found in media_ranges(header))


_known = functools.lru_cache(256)(_parsed)
"""Clients send the same headers again and again."""


def _wanted(found: MediaRange) -> Wanted:
    multipart = found.media.startswith("multipart/")
    media = found.parameters.get("type", "").lower() if multipart else found.media
    return Wanted(OLD_NAMES.get(media, media), multipart, found.parameters.get("transfer-syntax", ""), found.weight)


def _refuse_mixed(ranges: Iterable[Wanted]) -> None:
    names = [one.media for one in ranges if one.weight > 0]
    if any(name in DICOM_TYPES for name in names) and any(name in RENDERED_ONLY for name in names):
        raise BadRequestError("DICOM and rendered media types can not be asked for at once")


def choose(wanted: Sequence[Wanted], forms: Sequence[Form]) -> Form | None:
    """The form that fits the first range for which there is one; None where a client can be given nothing (406).

    `forms` begin with the default of the target's category.
    """
    refused = [one for one in wanted if one.weight <= 0 and "*" not in one.media]
    possible = [form for form in forms if not any(_fits(one, form) for one in refused)]
    for one in wanted:
        if one.weight > 0:
            for form in possible:
                if _fits(one, form):
                    return form
    return None


def _fits(one: Wanted, form: Form) -> bool:
    if one.multipart != form.multipart and not one.is_anything:
        return False
    if one.media not in ("", "*/*", form.media) and not (
        one.media.endswith("/*") and form.media.startswith(one.media.removesuffix("*"))
    ):
        return False
    if not one.transfer_syntax or not form.transfer_syntax:
        return form.is_default
    return form.is_stored if one.transfer_syntax == AS_STORED else form.transfer_syntax == one.transfer_syntax


# -- what can be given ---------------------------------------------------------------------------------------------------


METADATA = (Form(DICOM_JSON, False), Form(JSON, False), Form(DICOM_XML, True))
"""Metadata and results of searches."""


def object_forms(stored: str, makeable: Iterable[str], single: bool) -> list[Form]:
    """Forms of one instance as a DICOM file.

    Args:
        stored: the transfer syntax it is stored in.
        makeable: transfer syntaxes that it can be had in by transcoding; explicit little endian is the default where it is
            among them.
        single: whether the target is one instance, which may go without multipart.
    """
    uids = list(dict.fromkeys([EXPLICIT_LE, *makeable]))
    as_stored = EXPLICIT_LE if stored in NEVER_SENT else stored
    able = {as_stored, *makeable}
    ordered = [uid for uid in dict.fromkeys([*uids, as_stored]) if uid in able]
    default = ordered[0]
    return [
        Form(DICOM, multipart, uid, uid == default, uid == as_stored)
        for multipart in ((True, False) if single else (True,))
        for uid in ordered
    ]


def frame_forms(stored: str, makeable: Iterable[str], single: bool) -> list[Form]:
    """Forms of frames, or of the pixel data of an instance.

    Args:
        stored: the transfer syntax the instance is stored in.
        makeable: transfer syntaxes that its frames can be had in by decoding or transcoding.
        single: whether it is one frame, which may go without multipart.
    """
    as_stored = EXPLICIT_LE if stored in NEVER_SENT or stored in DEFLATED else stored
    able = list(dict.fromkeys([as_stored, *makeable]))
    plain = [Form(OCTETS, True, EXPLICIT_LE, True, as_stored == EXPLICIT_LE)] if EXPLICIT_LE in able else []
    others, seen = [], set()
    for uid in able:
        media = MEDIA_OF.get(uid, OCTETS)
        if media != OCTETS:
            # Without a transfer syntax a type means its first one; what is stored needs no work and comes before.
            others.append(Form(media, True, uid, media not in seen, uid == as_stored))
            seen.add(media)
    # Viewers ask for octets as stored and look at the transfer syntax of the part.
    octets = [Form(OCTETS, True, uid, not plain and uid == as_stored, uid == as_stored) for uid in able if uid != EXPLICIT_LE]
    forms = [*plain, *others, *octets]
    return forms + [Form(f.media, False, f.transfer_syntax, f.is_default, f.is_stored) for f in forms if single]


# -- bodies of several parts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One part of a body. Its data are asked for when it is its turn, so that no two parts need be in memory."""

    content_type: str
    """With `; transfer-syntax=UID`, as `Form.part_type` gives it: without it viewers guess."""
    data: bytes | AsyncIterable[bytes]
    location: str = ""
    """URL of what the part holds."""
    length: int | None = None
    """Bytes of `data`; may be left out."""

    @property
    def size(self) -> int | None:
        """Bytes of the data, where they are known."""
        return len(self.data) if isinstance(self.data, bytes) else self.length


class MultipartWriter:
    """Writes multipart/related as viewers need it: no prologue, `Content-Type:` in exactly this case as the first header."""

    def __init__(self, media: str) -> None:
        """`media`: type of the parts, named in the type of the whole."""
        self.boundary = f"slicecast-{secrets.token_hex(12)}"
        self.content_type = f'{MULTIPART}; type="{media}"; boundary={self.boundary}'

    def head(self, part: Part, first: bool) -> bytes:
        """What stands before a part's data."""
        lines = [f"--{self.boundary}", f"Content-Type: {part.content_type}"]
        if part.location:
            lines.append(f"Content-Location: {part.location}")
        if part.size is not None:
            lines.append(f"Content-Length: {part.size}")
        return ("" if first else "\r\n").encode() + "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def end(self) -> bytes:
        """What stands after the last part."""
        return f"\r\n--{self.boundary}--\r\n".encode()

    def whole(self, content_type: str, data: Iterable[bytes]) -> bytes:
        """A body of parts of one type that are in memory."""
        heads = ((self.head(Part(content_type, one), index == 0), one) for index, one in enumerate(data))
        return b"".join(head + one for head, one in heads) + self.end

    def size(self, parts: Sequence[Part]) -> int | None:
        """Bytes of the whole body; None where a part does not know its own."""
        sizes = [part.size for part in parts]
        heads = sum(len(self.head(part, index == 0)) for index, part in enumerate(parts))
        known = [size for size in sizes if size is not None]
        return heads + sum(known) + len(self.end) if len(known) == len(sizes) else None

    async def body(self, parts: AsyncIterable[Part]) -> AsyncIterator[bytes]:
        """The body in pieces, to be sent with `http.sending.send_pieces`; asks for the next part when the one before is out.

        Small data go with their head in one piece.
        """
        first = True
        async for part in parts:
            head = self.head(part, first)
            first = False
            if isinstance(part.data, bytes):
                yield head + part.data
            else:
                yield head
                async for piece in part.data:
                    yield piece
        yield self.end
