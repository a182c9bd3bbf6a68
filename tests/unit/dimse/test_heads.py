"""Heads of the files that C-STORE makes, beside those of the library."""

from __future__ import annotations

import io

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from backend.dimse import heads


def written(sop_class: str, instance: str, syntax: str) -> pydicom.FileDataset:
    """A file with this head and nothing in it, as a reader sees it."""
    file = io.BytesIO()
    file.write(bytes(128) + b"DICM")
    heads.write(file, heads.head(sop_class_uid=sop_class, sop_instance_uid=instance, transfer_syntax=syntax))
    file.seek(0)
    return pydicom.dcmread(file)


def test_a_head_says_what_the_library_would_say() -> None:
    meta = written(CTImageStorage, "1.2.3.45", ExplicitVRLittleEndian).file_meta
    theirs = heads._build(
        sop_class_uid=CTImageStorage, sop_instance_uid=pydicom.uid.UID("1.2.3.45"), transfer_syntax=ExplicitVRLittleEndian
    )
    for name in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID", "FileMetaInformationVersion"):
        assert getattr(meta, name) == getattr(theirs, name)
    assert meta.FileMetaInformationGroupLength > 0


@pytest.mark.parametrize("instance", ["1." + "2" * 80, "1.2.3\xe4"])
def test_odd_uids_are_the_librarys_to_judge(instance: str) -> None:
    odd = pydicom.uid.UID(instance, validation_mode=pydicom.config.IGNORE)
    with pytest.warns(UserWarning, match="UI"):
        made = heads.head(sop_class_uid=CTImageStorage, sop_instance_uid=odd, transfer_syntax=ExplicitVRLittleEndian)
    assert made.MediaStorageSOPInstanceUID == instance
