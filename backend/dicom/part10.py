"""What the archive keeps of one instance beside its file: identity, attributes by level, JSON model, where its pixels lie."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]
"""Offset from the start of the file and length, bytes."""


@dataclass(frozen=True)
class PixelIndex:
    """Where the pixel data lie in the stored file, so that a frame is read without the rest of it.

    Native pixels: `fragments` is one span, all frames packed one after the other (of 1-bit images on bit boundaries).
    Encapsulated: every fragment without its item header, the basic offset table left out; `frames` says how many of
    them, in order, each frame has. A deflated file has no spans that mean anything: inflate the whole first.
    """

    tag: str
    """`7FE00010` pixel data, `7FE00008` float, `7FE00009` double float."""
    vr: str
    encapsulated: bool
    fragments: tuple[Span, ...]
    frames: tuple[int, ...]
    """Encapsulated: number of fragments of each frame."""


@dataclass(frozen=True)
class Indexed:
    """One instance as the index takes it in. Texts are decoded and stripped; what is absent or empty is None.

    Names are folded (`backend.dicom.text.fold`). `*_attributes` are DICOM JSON objects of the attributes of a level
    (`backend.dicom.levels`), as text.
    """

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax: str
    digest: str
    """SHA-256 of the stored file, hexadecimal; also its name."""
    size: int
    patient: dict[str, str | None]
    """Columns of a patient's row."""
    study: dict[str, str | None]
    """Columns of a study's row."""
    series: dict[str, str | int | None]
    """Columns of a series' row."""
    instance: dict[str, str | int | None]
    """Columns of an instance's row."""
    model: bytes
    """The whole DICOM JSON object, UTF-8, as a raw deflate stream. Bulk data are `"BulkDataURI":"bulkdata/TAG[/ITEM/TAG…]"`."""
    pixels: PixelIndex | None
    warnings: tuple[str, ...] = ()
