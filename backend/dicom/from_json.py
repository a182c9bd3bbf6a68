"""Part 10 files made of DICOM JSON and bulk data that came beside it (PS3.18, 10.5.1 and Annex F)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from backend.dicom.file_head import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
from backend.dicom.syntaxes import EXPLICIT_LE, NATIVE
from backend.errors import UnreadableError

PIXEL_DATA, AVAILABLE_SYNTAX = "7FE00010", "00083002"
SOP_CLASS, SOP_INSTANCE = "00080016", "00080018"


@dataclass(frozen=True)
class Bulk:
    """Bulk data that came in a part: where they are, and their transfer syntax ('' where the part names none)."""

    path: Path
    transfer_syntax: str


@dataclass(frozen=True)
class Made:
    """One data set's file, or why there is none; with what its model says of itself."""

    path: Path | None
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    message: str = ""


def make_files(metadata: Path, bulks: Mapping[str, Bulk], folder: Path) -> list[Made]:
    """Write a file for each data set of a JSON document.

    Args:
        metadata: file with an array of models, or one.
        bulks: by the URIs that models refer to them with.
        folder: for the files.

    Raises:
        UnreadableError: it is no JSON of data sets.
    """
    try:
        models = msgspec.json.decode(metadata.read_bytes())
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableError(f"the metadata are no JSON: {error}") from error
    models = [models] if isinstance(models, dict) else models
    if not isinstance(models, list) or not models or not all(isinstance(model, dict) for model in models):
        raise UnreadableError("the metadata are no array of data sets")
    return [_make(model, bulks, folder / f"{metadata.name}.{number}") for number, model in enumerate(models)]


def _make(model: dict[str, Any], bulks: Mapping[str, Bulk], target: Path) -> Made:
    known = {"sop_class_uid": _first(model, SOP_CLASS), "sop_instance_uid": _first(model, SOP_INSTANCE)}
    try:
        with warnings.catch_warnings(), pydicom.config.disable_value_validation():
            warnings.simplefilter("ignore")
            _write(model, bulks, target)
    except UnreadableError as error:
        return Made(None, **known, message=str(error))
    except Exception as error:  # pydicom raises anything at models that are none
        target.unlink(missing_ok=True)
        return Made(None, **known, message=f"its metadata can not be written as DICOM: {str(error)[:100]}")
    return Made(target, **known)


def _first(model: dict[str, Any], tag: str) -> str:
    attribute = model.get(tag)
    values = attribute.get("Value") if isinstance(attribute, dict) else None
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else ""


def _write(model: dict[str, Any], bulks: Mapping[str, Bulk], target: Path) -> None:
    used: dict[str, Bulk] = {}

    def find(tag: str, _vr: str, uri: str) -> bytes:
        if uri not in bulks:
            raise UnreadableError(f"there is no part with the bulk data of {tag} at {uri[:100]}")
        used[tag] = bulks[uri]
        return bulks[uri].path.read_bytes()

    attributes = {key: value for key, value in model.items() if key != AVAILABLE_SYNTAX and not key.startswith("0002")}
    data = Dataset.from_json(attributes, find)
    if not msgspec.json.encode(attributes).isascii():  # JSON is UTF-8, whatever the source was
        data.SpecificCharacterSet = "ISO_IR 192"
    syntax = (used[PIXEL_DATA].transfer_syntax if PIXEL_DATA in used else "") or EXPLICIT_LE
    if syntax not in NATIVE:
        _encapsulate(data, syntax)
    meta = data.file_meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(IMPLEMENTATION_CLASS), IMPLEMENTATION_VERSION
    pydicom.dcmwrite(target, data, enforce_file_format=True)


def _encapsulate(data: Dataset, syntax: str) -> None:
    frames = int(data.get("NumberOfFrames") or 1)
    if frames > 1:
        raise UnreadableError(f"{frames} frames in one part of {UID(syntax).name} can not be told apart")
    data.PixelData = encapsulate([data.PixelData], has_bot=False)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
