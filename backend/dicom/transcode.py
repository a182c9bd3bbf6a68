"""Frames and whole instances in another transfer syntax (PS3.5, PS3.10), one frame at a time."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom.config
from pydicom import dcmwrite
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from backend.dicom import codecs
from backend.dicom.frames import LARGEST_INFLATED, FrameIndex, even, read_stored
from backend.dicom.header import read_header
from backend.dicom.pixel_format import PixelFormat
from backend.dicom.syntaxes import EXPLICIT_BE, EXPLICIT_LE, NATIVE, RLE, can_transcode, name_of
from backend.errors import UnreadableError

SWAPPED = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
PIXEL_TAGS = {"integer": 0x0010, "float": 0x0008, "double": 0x0009}
AFTER_PIXELS = 0x7FE00001
LARGEST_LENGTH = 0xFFFFFFFE


def frame_in(path: Path, index: FrameIndex, number: int, syntax: str, largest_inflated: int = LARGEST_INFLATED) -> bytes:
    """One frame (from 0) in a transfer syntax, `EXPLICIT_LE` for native samples.

    Raises:
        NotFoundError: there is no such frame.
        UnreadableError: it can not be decoded, or not be written so.
    """
    stored = read_stored(path, index, number, largest_inflated)
    if index.syntax == syntax or (syntax == EXPLICIT_LE and not index.is_encapsulated):
        return stored
    layout = index.format
    return codecs.encode(codecs.decode(stored, index.syntax, layout), syntax, layout)


def transcode(path: Path, syntax: str, to: BinaryIO, largest_inflated: int = LARGEST_INFLATED) -> None:
    """Write a stored instance to `to` as a Part 10 file in another transfer syntax.

    What follows the pixels (padding, signatures, which would be wrong) is left out.

    Raises:
        UnreadableError: it can not be read, decoded or written so.
    """
    dataset, index = read_header(path, largest_inflated)
    if not can_transcode(index, syntax):
        raise UnreadableError(f"it can not be given in {name_of(syntax)}")
    with pydicom.config.disable_value_validation():
        if _stored_syntax(dataset, index) == EXPLICIT_BE:
            _swap(dataset)
        if index is not None:
            _describe(dataset, index, syntax)
        _write_header(dataset, path, syntax, to)
    if index is not None:
        _write_pixels(path, index, syntax, to, largest_inflated)


def _stored_syntax(dataset: Dataset, index: FrameIndex | None) -> str:
    if index is not None:
        return index.syntax
    return EXPLICIT_BE if not dataset.original_encoding[1] else EXPLICIT_LE


def _swap(dataset: Dataset) -> None:
    """Turn the binary values of a big endian data set, which are kept as they were read."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _swap(item)
        elif element.VR in SWAPPED and isinstance(element.value, bytes):
            size = SWAPPED[element.VR]
            whole = len(element.value) // size * size
            turned = np.frombuffer(element.value[:whole], f">u{size}").astype(f"<u{size}").tobytes()
            element.value = turned + element.value[whole:]


def _describe(dataset: Dataset, index: FrameIndex, syntax: str) -> None:
    """Attributes that depend on how pixels are written."""
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        if keyword in dataset:
            delattr(dataset, keyword)
    decoded = index.is_encapsulated or syntax not in NATIVE
    if decoded and index.format.decoded_photometric != index.format.photometric:
        dataset.PhotometricInterpretation = index.format.decoded_photometric
    if index.format.samples > 1 and syntax not in NATIVE:
        dataset.PlanarConfiguration = 1 if syntax == RLE else 0


def _write_header(dataset: Dataset, path: Path, syntax: str, to: BinaryIO) -> None:
    copy = Dataset()
    for tag in dataset.keys():  # noqa: SIM118 -- a data set iterates over elements
        if tag < AFTER_PIXELS and tag.group != 0x0002:
            element = dataset[tag]
            copy[tag] = DataElement(tag, element.VR, Sequence(element.value)) if element.VR == "SQ" else element
    meta = FileMetaDataset()
    for element in getattr(dataset, "file_meta", None) or ():
        if element.tag.element not in (0x0000, 0x0001):
            meta[element.tag] = element
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = meta.get("MediaStorageSOPClassUID") or copy.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = meta.get("MediaStorageSOPInstanceUID") or copy.get("SOPInstanceUID", "")
    copy.file_meta = meta
    copy.preamble = b"\0" * 128
    buffer = BytesIO()
    try:
        dcmwrite(buffer, copy, implicit_vr=False, little_endian=True, enforce_file_format=True)
    except Exception as error:  # values that were never valid make the writer raise anything
        raise UnreadableError(f"{path.name} can not be written in another transfer syntax: {error}") from error
    to.write(buffer.getvalue())


def _write_pixels(path: Path, index: FrameIndex, syntax: str, to: BinaryIO, largest_inflated: int) -> None:
    layout = index.format
    tag = PIXEL_TAGS[layout.kind]
    if syntax in NATIVE:
        _write_native(path, index, tag, to, largest_inflated)
        return
    to.write(struct.pack("<HH2sHI", 0x7FE0, tag, b"OB", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0))
    for number in range(layout.frames):
        frame = even(frame_in(path, index, number, syntax, largest_inflated))
        to.write(struct.pack("<HHI", 0xFFFE, 0xE000, len(frame)))
        to.write(frame)
    to.write(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))


def _write_native(path: Path, index: FrameIndex, tag: int, to: BinaryIO, largest_inflated: int) -> None:
    layout = index.format
    bits = layout.native_bits if not index.is_encapsulated else _decoded_bits(layout)
    length = -(-bits * layout.frames // 8)
    if length > LARGEST_LENGTH:
        raise UnreadableError(f"{length >> 20} MB of native pixels are more than a data set can hold")
    vr = {"float": b"OF", "double": b"OD"}.get(layout.kind, b"OB" if layout.bits_allocated <= 8 else b"OW")
    to.write(struct.pack("<HH2sHI", 0x7FE0, tag, vr, 0, length + length % 2))
    if layout.bits_allocated == 1 and bits % 8:
        everything = [
            np.unpackbits(
                np.frombuffer(frame_in(path, index, n, EXPLICIT_LE, largest_inflated), np.uint8),
                count=bits, bitorder="little",
            )
            for n in range(layout.frames)
        ]  # fmt: skip
        to.write(np.packbits(np.concatenate(everything), bitorder="little").tobytes())
    else:
        for number in range(layout.frames):
            to.write(frame_in(path, index, number, EXPLICIT_LE, largest_inflated))
    if length % 2:
        to.write(b"\0")


def _decoded_bits(layout: PixelFormat) -> int:
    return layout.rows * layout.columns * layout.samples * layout.bits_allocated
