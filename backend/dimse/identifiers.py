"""Identifiers of C-FIND, C-MOVE and C-GET (PS3.4 C.4) as the archive's search understands them, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from backend.errors import BadRequestError

LEVELS = {"PATIENT": "patient", "STUDY": "study", "SERIES": "series", "IMAGE": "instance"}
# What says how to search or where to retrieve from, and is no key itself.
CHARACTER_SET, LEVEL, RETRIEVE_AET, AVAILABILITY = 0x00080005, 0x00080052, 0x00080054, 0x00080056
TIMEZONE = 0x00080201
NO_KEYS = frozenset((CHARACTER_SET, LEVEL, RETRIEVE_AET, AVAILABILITY, TIMEZONE))
UTF_8 = "ISO_IR 192"


def level_of(identifier: Dataset) -> str:
    """The level asked at: patient, study, series or instance.

    Raises:
        BadRequestError: there is none, or no such.
    """
    wanted = str(identifier.get("QueryRetrieveLevel", "")).strip()
    if wanted not in LEVELS:
        raise BadRequestError(f"QueryRetrieveLevel {wanted!r:.40} is none of {', '.join(LEVELS)}")
    return LEVELS[wanted]


def keys_of(identifier: Dataset) -> tuple[list[tuple[str, str]], list[str]]:
    """Keys with values to match, and all attributes that are wanted back; both as paths of tags, with dots between.

    Raises:
        BadRequestError: a value can not be read.
    """
    keys, fields = [], []
    for path, value in _leaves(identifier, ""):
        fields.append(path)
        if value:
            keys.append((path, value))
    return keys, fields


def _leaves(dataset: Dataset, above: str) -> Iterator[tuple[str, str]]:
    for tag in sorted(dataset.keys()):
        if tag in NO_KEYS or tag.group < 0x0008 or tag.is_private or tag.element == 0:
            continue
        path = f"{above}{tag:08X}"
        try:
            element = dataset[tag]
            if element.VR != "SQ":
                yield path, _text(element)
            elif element.value and len(element.value[0]):
                yield from _leaves(element.value[0], path + ".")
            else:
                yield path, ""
        except (ValueError, TypeError, OverflowError, NotImplementedError) as error:
            raise BadRequestError(f"the value of {path} can not be read: {error}") from error


def _text(element: DataElement) -> str:
    value = element.value
    if value is None:
        return ""
    parts = value if isinstance(value, MultiValue | list) else [value]
    return "\\".join(str(part) for part in parts).strip()


def uids_of(identifier: Dataset, keyword: str) -> list[str]:
    """UIDs that a key lists; none if it is absent or empty."""
    value = identifier.get(keyword) or []
    return [str(part) for part in (value if isinstance(value, MultiValue | list) else [value]) if str(part)]


def response(model: str, identifier: Dataset, aet: str) -> Dataset:
    """What is answered for one match: of its attributes those that the identifier names, empty where there is nothing.

    Args:
        model: DICOM JSON object of the match.
        identifier: what was asked.
        aet: whom it can be retrieved from.
    """
    found = Dataset.from_json(json.loads(model))
    answer = Dataset()
    for tag in sorted(identifier.keys()):
        if tag in NO_KEYS or tag.element == 0:
            continue
        if tag in found:
            answer[tag] = found[tag]
        elif not tag.is_private:
            answer[tag] = DataElement(tag, identifier[tag].VR, _nothing(identifier[tag].VR))
    answer.QueryRetrieveLevel = identifier.QueryRetrieveLevel
    answer.RetrieveAETitle = aet
    if Tag(AVAILABILITY) in identifier:
        answer.InstanceAvailability = "ONLINE"
    if not model.isascii():
        answer.SpecificCharacterSet = UTF_8
    return answer


def _nothing(vr: str) -> Any:
    return [] if vr == "SQ" else None
