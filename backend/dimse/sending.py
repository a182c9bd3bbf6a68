"""Instances to others: which transfer syntaxes are proposed for files, and what is sent under those that were accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext, build_context

from backend.dicom.transcode import transcode
from backend.dimse.messages import File
from backend.errors import SlicecastError

UNCOMPRESSED: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
MOST_CONTEXTS = 128
"""Of an association (PS3.8 9.3.2.2: odd numbers up to 255)."""


def contexts_for(files: Iterable[File]) -> list[PresentationContext]:
    """Contexts to propose for sending files: each class as it is stored, and uncompressed for peers that want it so."""
    stored = {(file.sop_class, file.transfer_syntax): None for file in files}
    plain = {sop_class: None for sop_class, _syntax in stored}
    proposed = [build_context(sop_class, syntax) for sop_class, syntax in stored if syntax not in UNCOMPRESSED]
    return (proposed + [build_context(sop_class, UNCOMPRESSED) for sop_class in plain])[:MOST_CONTEXTS]


def accepted_syntaxes(contexts: Sequence[PresentationContext], sop_class: str) -> list[str]:
    """Transfer syntaxes that may be sent for a class in an association."""
    return [str(one.transfer_syntax[0]) for one in contexts if one.abstract_syntax == sop_class]


def dataset_for(file: File, accepted: Sequence[PresentationContext]) -> Dataset:
    """An instance as it may be sent: as it is stored, else decompressed if that is possible and wanted.

    What can be sent in no accepted way is returned as it is, and sending it fails.
    """
    syntaxes = accepted_syntaxes(accepted, file.sop_class)
    if file.transfer_syntax in syntaxes or not syntaxes or file.transfer_syntax == ImplicitVRLittleEndian:
        return pydicom.dcmread(file.path)
    plain = BytesIO()
    try:
        transcode(Path(file.path), ExplicitVRLittleEndian, plain)
    except SlicecastError:
        return pydicom.dcmread(file.path)
    plain.seek(0)
    return pydicom.dcmread(plain)
