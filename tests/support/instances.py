"""Small DICOM instances made for tests, as Part 10 bytes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def make_dataset(
    study: str | None = None, series: str | None = None, instance: str | None = None, **attributes: Any
) -> Dataset:
    """A CT slice of 16 × 16 pixels; attributes by keyword replace or add, None takes one away."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = CTImageStorage
    data.SOPInstanceUID = instance or generate_uid()
    data.StudyInstanceUID = study or generate_uid()
    data.SeriesInstanceUID = series or generate_uid()
    data.PatientName, data.PatientID = "Doe^Jane", "P1"
    data.PatientBirthDate, data.PatientSex = "19700102", "F"
    data.StudyDate, data.StudyTime, data.StudyID = "20240102", "101530", "S1"
    data.AccessionNumber, data.ReferringPhysicianName = "A1", "Ref^Erring"
    data.Modality, data.SeriesNumber, data.InstanceNumber = "CT", 1, 1
    data.Rows = data.Columns = 16
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, 0
    data.PixelData = np.arange(256, dtype="<u2").tobytes()
    for keyword, value in attributes.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def part10(data: Dataset) -> bytes:
    """A data set as a file."""
    data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", CTImageStorage)
    data.file_meta.MediaStorageSOPInstanceUID = data.get("SOPInstanceUID", "1.2.3")
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def make_instance(study: str | None = None, series: str | None = None, instance: str | None = None, **attributes: Any) -> bytes:
    """`make_dataset` as a file."""
    return part10(make_dataset(study, series, instance, **attributes))


def multipart(files: list[bytes], boundary: str = "part-of-the-body") -> tuple[bytes, str]:
    """A body of STOW-RS with a part for each file, and its content type."""
    parts = [f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + file + b"\r\n" for file in files]
    kind = f'multipart/related; type="application/dicom"; boundary="{boundary}"'
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), kind
