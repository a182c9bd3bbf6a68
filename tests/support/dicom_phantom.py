"""DICOM series of an octant phantom, in any orientation, whole or damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from tests.support.phantoms import octant_volume

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_series(
    folder: Path, ijk_to_ras: NDArray[np.float64], dims: tuple[int, int, int], order: Any = None, **tags: Any
) -> list[Path]:
    """One file per slice of the octant phantom; `order` gives the slices (k) to write, shuffled or with some left out."""
    folder.mkdir(parents=True, exist_ok=True)
    voxels, lps = octant_volume(ijk_to_ras, dims), LPS @ ijk_to_ras
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    row, column = (lps[:3, axis] / np.linalg.norm(lps[:3, axis]) for axis in (0, 1))
    paths = []
    for place, k in enumerate(range(dims[2]) if order is None else order):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        path = folder / f"{place:04d}.dcm"
        data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, series, frame
        data.Modality, data.SeriesNumber, data.SeriesDescription, data.PatientName = "CT", 3, "Octants", "Phantom"
        data.InstanceNumber = place + 1
        data.ImagePositionPatient = [f"{v:.6f}" for v in (lps @ (0, 0, k, 1))[:3]]
        data.ImageOrientationPatient = [f"{v:.8f}" for v in (*row, *column)]
        data.PixelSpacing = [float(np.linalg.norm(lps[:3, 1])), float(np.linalg.norm(lps[:3, 0]))]
        data.SliceThickness = float(np.linalg.norm(lps[:3, 2]))
        data.Rows, data.Columns = dims[1], dims[0]
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 1
        data.RescaleSlope, data.RescaleIntercept = 1, 0
        data.PixelData = voxels[k].astype("<i2").tobytes()
        for name, value in tags.items():
            setattr(data, name, value(k) if callable(value) else value)
        pydicom.dcmwrite(path, data, enforce_file_format=True)
        paths.append(path)
    return paths
