"""What the archive keeps of one instance beside its file: identity, attributes by level, JSON model, where its pixels lie."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import msgspec
from isal import isal_zlib

from backend.dicom import levels
from backend.dicom.columns import COLUMNS, Columns, instance_columns, series_columns, study_columns
from backend.dicom.elements import PIXEL_TAGS, Buffer, Element, MalformedError, Parser, find, tag_text
from backend.dicom.file_head import Head, read_head
from backend.dicom.frame_finder import index_pixels
from backend.dicom.frames import FrameIndex, inflate
from backend.dicom.identify import LONGEST_UID, is_uid
from backend.dicom.json_model import PN_GROUPS, JsonWriter, object_text
from backend.errors import UnreadableError

STUDY_UID, SERIES_UID, SOP_INSTANCE_UID, SOP_CLASS_UID = 0x0020000D, 0x0020000E, 0x00080018, 0x00080016
Uids = tuple[str, str, str, str]
"""Of study, series, SOP instance and SOP class."""
NO_UIDS: Uids = ("", "", "", "")
UID_TAGS = (STUDY_UID, SERIES_UID, SOP_INSTANCE_UID, SOP_CLASS_UID)
AVAILABLE_TRANSFER_SYNTAX, EXTENDED_OFFSETS = 0x00083002, 0x7FE00001
PIXEL_ATTRIBUTES = {
    "Rows": 0x00280010, "Columns": 0x00280011, "SamplesPerPixel": 0x00280002, "PhotometricInterpretation": 0x00280004,
    "PlanarConfiguration": 0x00280006, "NumberOfFrames": 0x00280008, "BitsAllocated": 0x00280100, "BitsStored": 0x00280101,
    "PixelRepresentation": 0x00280103,
}  # fmt: skip
MODEL_LEVEL = 1
"""Of compression: most of the gain for the least time."""


@dataclass(frozen=True)
class Indexed:
    """One instance as the index takes it in. What is absent or empty is None.

    The columns are those of `backend.store.schema` but for counts, keys and history; names in them are folded
    (`backend.dicom.text.fold`). Each has `attributes`: a DICOM JSON object, as text, of the attributes of that level
    (`backend.dicom.levels`).
    """

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax: str
    study: Columns
    series: Columns
    instance: Columns
    model: bytes
    """The whole DICOM JSON object, UTF-8, as a raw deflate stream. Bulk data are `"BulkDataURI":"bulkdata/TAG[/ITEM/TAG…]"`."""
    pixels: bytes | None = None
    """Where the frames are: `backend.dicom.frames.FrameIndex`, encoded."""
    warnings: tuple[str, ...] = ()

    @property
    def uids(self) -> Uids:
        """Those that it is known by."""
        return self.study_uid, self.series_uid, self.sop_instance_uid, self.sop_class_uid


@dataclass(frozen=True)
class DataSet:
    """A file's data set, taken apart. `buffer` is what the elements' offsets are in: the file, or the inflated data set."""

    head: Head
    buffer: Buffer
    elements: list[Element]


def read_data_set(file: Buffer, inflated_bytes: int) -> DataSet:
    """Take a file apart.

    Args:
        file: all its bytes.
        inflated_bytes: how large a deflated data set may become.

    Raises:
        UnreadableError: it is no DICOM file, or a broken one.
    """
    head = read_head(file)
    buffer: Buffer = inflate(BytesIO(file[head.start :]), inflated_bytes) if head.is_deflated else file
    start = 0 if head.is_deflated else head.start
    return DataSet(head, buffer, Parser(buffer, head.is_explicit, head.is_little).parse(start, len(buffer)))


def index(data: DataSet, strict_texts: bool = False) -> Indexed:
    """What the index keeps of an instance.

    Args:
        data: the instance.
        strict_texts: whether one is refused that names character sets which there are not, or which its texts do not fit.

    Raises:
        MalformedError: it lacks one of the UIDs that it is found by, or one is none, or its pixels are too few, or its texts.
    """
    writer = JsonWriter(data.buffer, data.head.is_little)
    members = writer.members(data.elements)
    if strict_texts and writer.texts.fault:
        raise MalformedError(writer.texts.fault)
    syntax = data.head.transfer_syntax
    members[AVAILABLE_TRANSFER_SYNTAX] = f'"{levels.key(AVAILABLE_TRANSFER_SYNTAX)}":{{"vr":"UI","Value":["{syntax}"]}}'
    members = dict(sorted(members.items()))
    by_tag = {element.tag: element for element in data.elements}
    values = {tag: writer.values(by_tag[tag]) for tag in COLUMNS if tag in by_tag}
    warnings = [writer.texts.fault or "it names no character set for texts that need one"] if writer.texts.wrong else []
    return Indexed(
        study_uid=_uid(values, STUDY_UID, "study instance UID"),
        series_uid=_uid(values, SERIES_UID, "series instance UID"),
        sop_instance_uid=_uid(values, SOP_INSTANCE_UID, "SOP instance UID"),
        sop_class_uid=_uid(values, SOP_CLASS_UID, "SOP class UID", data.head.sop_class_uid),
        transfer_syntax=syntax,
        study=study_columns(values) | {"attributes": _subset(members, levels.STUDY_AND_PATIENT)},
        series=series_columns(values) | {"attributes": _subset(members, levels.SERIES_ONLY)},
        instance=instance_columns(values) | {"attributes": _subset(members, levels.MAIN_INSTANCE)},
        model=_deflated(object_text(members.values()).encode()),
        pixels=_pixels(data, by_tag, writer, warnings),
        warnings=tuple(warnings),
    )


def uids_of(data: DataSet) -> Uids:
    """UIDs of study, series, SOP instance and SOP class of an instance that may be refused; empty where there is none."""
    writer = JsonWriter(data.buffer, data.head.is_little)
    found = {element.tag: element for element in data.elements}
    texts = ((writer.values(found[tag]) or [""])[0] if tag in found else "" for tag in UID_TAGS)
    study, series, instance, sop_class = (text if is_uid(text) else "" for text in texts)
    return study, series, instance, sop_class


def _pixels(data: DataSet, by_tag: dict[int, Element], writer: JsonWriter, warnings: list[str]) -> bytes | None:
    """Where the frames are; None, with a warning, where that can not be told."""
    element = next((by_tag[tag] for tag in PIXEL_TAGS if tag in by_tag), None)
    if element is None:
        return None
    attributes: dict[str, Any] = {
        keyword: found[0]
        for keyword, tag in PIXEL_ATTRIBUTES.items()
        if tag in by_tag and (found := writer.values(by_tag[tag]))
    }
    if EXTENDED_OFFSETS in by_tag:
        attributes["ExtendedOffsetTable"] = writer.bytes_of(by_tag[EXTENDED_OFFSETS])
    at = element.start - (12 if data.head.is_explicit else 8)
    begin = data.head.start if data.head.is_deflated else 0
    try:
        frames = index_pixels(attributes, data.buffer, at, data.head.transfer_syntax, begin)
    except UnreadableError as error:
        warnings.append(f"its frames can not be told apart: {error}")
        return None
    if frames is None:
        return None
    _require_enough(frames)
    return frames.encode()


def _require_enough(found: FrameIndex) -> None:
    layout = found.format
    needed = (layout.native_bits * layout.frames + 7) // 8
    if not found.is_encapsulated and found.length < needed:
        raise MalformedError(
            f"its pixel data hold {found.length} bytes; {layout.frames} frames of {layout.columns} × {layout.rows} pixels "
            f"need {needed}"
        )


def _uid(values: Mapping[int, Sequence[str]], tag: int, name: str, otherwise: str = "") -> str:
    found = next(iter(values.get(tag, ())), "") or otherwise
    if not found:
        raise MalformedError(f"it has no {name} {tag_text(tag)}")
    if not is_uid(found):
        shown = found if len(found) <= LONGEST_UID else f"{found[:LONGEST_UID]}…, of {len(found)} characters,"
        raise MalformedError(f"its {name} {shown} is no UID")
    return found


def _subset(members: dict[int, str], tags: Collection[int]) -> str:
    return object_text([member for tag, member in members.items() if tag in tags])


def _deflated(text: bytes) -> bytes:
    packer = isal_zlib.compressobj(MODEL_LEVEL, wbits=-zlib.MAX_WBITS)
    return bytes(packer.compress(text) + packer.flush())


def bulk_element(data: DataSet, path: tuple[int, ...]) -> Element | None:
    """The element that a URI of bulk data names: tag, number of the item from 1, tag, …; None where there is none."""
    return find(data.elements, path)


def columns_of_model(model: bytes) -> tuple[Columns, Columns]:
    """Columns of the study's and of the series' row, from an instance's JSON model; as `index` makes them."""
    attributes = msgspec.json.decode(model, type=dict[str, msgspec.Raw])
    values = {tag: _texts(attributes[levels.key(tag)]) for tag in COLUMNS if levels.key(tag) in attributes}
    members = {int(name, 16): f'"{name}":{bytes(text).decode()}' for name, text in attributes.items()}
    return (
        study_columns(values) | {"attributes": _subset(members, levels.STUDY_AND_PATIENT)},
        series_columns(values) | {"attributes": _subset(members, levels.SERIES_ONLY)},
    )


def _texts(attribute: msgspec.Raw) -> list[str]:
    """Values of an attribute of a model as the texts that they were made of."""
    found = msgspec.json.decode(attribute).get("Value", [])
    return [
        "=".join(value.get(group, "") for group in PN_GROUPS).rstrip("=") if isinstance(value, dict) else str(value or "")
        for value in found
    ]
