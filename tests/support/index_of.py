"""An index of instances that have a row but no file, for what is answered without opening one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from backend.dicom.part10 import index, read_data_set
from backend.store.blobs import digest_of
from backend.store.engine import Database
from backend.store.storing import NewInstance, Storing
from tests.support.instances import part10


def data_set(study: str, series: str, instance: str, **attributes: Any) -> Dataset:
    """A data set of these UIDs with further attributes by keyword."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = attributes.pop("SOPClassUID", CTImageStorage), instance
    data.StudyInstanceUID, data.SeriesInstanceUID = study, series
    for name, value in attributes.items():
        setattr(data, name, value)
    return data


def index_of(folder: Path, data_sets: Iterable[Dataset]) -> Database:
    """A database that has taken in these, in this order."""
    database = Database(folder / "index.db")
    with database.write() as connection:
        storing = Storing(connection, "refuse")
        for data in data_sets:
            file = part10(data)
            new = NewInstance(index(read_data_set(file, 1 << 24)), digest_of(file), len(file), "test")
            assert storing.add(new)[0] == "stored"
        storing.finish()
    return database
