"""`DICOMLib` and `slicer.dicomDatabase`: DICOM files of folders that scripts import, for as long as the scene process lives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from backend.errors import NotFoundError
from backend.scene.commands import Load
from backend.scene.standins.desk import Desk
from backend.scene.standins.missing import StandIn, make_module, refusing

HINT = "nor in the archive; import a folder with DICOMUtils.importDicom"
ONE_DATABASE = "there is one database, of what was imported, over this server's archive"
TAG = re.compile(r"([0-9a-fA-F]{4}),?([0-9a-fA-F]{4})\Z")


@dataclass(frozen=True)
class Imported:
    """A series and the folder or file it came from."""

    root: Path
    series: Any  # backend.dicom.folder.Series

    def value(self, keyword: str) -> str:
        """A value of its first file."""
        return str(self.series.files[0][1].get(keyword, "") or "")

    @property
    def patient(self) -> str:
        """What tells patients apart."""
        return self.value("PatientID") or self.value("PatientName")


class DicomDatabase(StandIn):
    """An index of imported folders, and of what scripts name of the server's archive; nothing is copied."""

    stands_for = "ctkDICOMDatabase"

    isOpen = True

    def __init__(self, max_files: int, find: Callable[..., list[Path]]) -> None:
        """`find` gives folders of the archive's series by matching keys."""
        self._max_files, self._find = max_files, find
        self.imported: dict[str, Imported] = {}

    def add(self, path: Path) -> list[str]:
        """Index a folder or file; the UIDs of its series.

        Raises:
            NotFoundError, UnreadableError: there is nothing, or no DICOM.
        """
        from backend.dicom.folder import scan  # pydicom loads only when used

        if not path.exists():
            raise NotFoundError(f"there is no file or folder {path}")
        found, _diagnoses = scan(path, self._max_files)
        self.imported.update((one.uid, Imported(path, one)) for one in found)
        return [one.uid for one in found]

    def look_up(self, **keys: str) -> list[str]:
        """Index the series of the archive that match; their UIDs."""
        return [uid for folder in self._find(**keys) for uid in self.add(folder)]

    def get(self, series_uid: str) -> Imported:
        """A series.

        Raises:
            NotFoundError: it was not imported, and the archive does not have it.
        """
        if series_uid not in self.imported and series_uid not in self.look_up(SeriesInstanceUID=series_uid):
            raise NotFoundError(f"the series {series_uid} is not in the database, {HINT}")
        return self.imported[series_uid]

    # -- as scripts ask ------------------------------------------------------------------------------------------

    def patients(self) -> tuple[str, ...]:
        """Patients, by the id that the other calls take."""
        return tuple(dict.fromkeys(one.patient for one in self.imported.values()))

    def studiesForPatient(self, patient: str) -> tuple[str, ...]:
        """Study UIDs of a patient."""
        return tuple(dict.fromkeys(one.value("StudyInstanceUID") for one in self.imported.values() if one.patient == patient))

    def seriesForStudy(self, study: str) -> tuple[str, ...]:
        """Series UIDs of a study."""
        return tuple(uid for uid, one in self.imported.items() if one.value("StudyInstanceUID") == study)

    def studyForSeries(self, series: str) -> str:
        """Study UID of a series."""
        return self.get(series).value("StudyInstanceUID")

    def patientForStudy(self, study: str) -> str:
        """Patient of a study."""
        return next((one.patient for one in self.imported.values() if one.value("StudyInstanceUID") == study), "")

    def nameForPatient(self, patient: str) -> str:
        """Name of a patient."""
        return next((one.value("PatientName") for one in self.imported.values() if one.patient == patient), "")

    def descriptionForSeries(self, series: str) -> str:
        """Description of a series."""
        return self.get(series).value("SeriesDescription")

    def descriptionForStudy(self, study: str) -> str:
        """Description of a study."""
        found = (one.value("StudyDescription") for one in self.imported.values() if one.value("StudyInstanceUID") == study)
        return next(found, "")

    def filesForSeries(self, series: str) -> tuple[str, ...]:
        """Paths of a series' files."""
        return tuple(str(path) for path, _header in self.get(series).series.files)

    def instancesForSeries(self, series: str) -> tuple[str, ...]:
        """Instance UIDs of a series."""
        return tuple(str(header.get("SOPInstanceUID", "")) for _path, header in self.get(series).series.files)

    def fileValue(self, path: str, tag: str) -> str:
        """A value of a file by its tag, `0010,0010`; empty if it has none."""
        found = TAG.match(tag.strip())
        if found is None:
            raise ValueError(f"no tag: {tag!r}; write it as 0010,0010")
        number = (int(found[1], 16) << 16) | int(found[2], 16)
        for one in self.imported.values():
            for file, header in one.series.files:
                if str(file) == str(path):
                    return str(header[number].value) if number in header else ""
        return ""


def dicom_modules(desk: Desk, database: DicomDatabase) -> tuple[ModuleType, ModuleType]:
    """`DICOMLib` and `DICOMLib.DICOMUtils`, over a desk."""

    def importDicom(dicomDataItem: Any, dicomDatabase: Any = None, copyFiles: Any = None) -> bool:
        """Index a folder, a file, or a list of them. Nothing is copied, whatever `copyFiles` says."""
        items = [dicomDataItem] if isinstance(dicomDataItem, str | Path) else list(dicomDataItem)
        for item in items:
            database.add(Path(item).expanduser().absolute())
        return True

    def importFromDICOMWeb(
        dicomWebEndpoint: str, studyInstanceUID: str, seriesInstanceUID: str | None = None, accessToken: str | None = None
    ) -> list[str]:
        """Fetch a study from a DICOMweb server that the settings allow, and index it; UIDs of its series, or of the one
        asked for."""
        folders = desk.fetch_study(str(dicomWebEndpoint), str(studyInstanceUID), accessToken or "")
        found = [uid for folder in folders for uid in database.add(folder)]
        return [uid for uid in found if seriesInstanceUID in (None, uid)]

    def loadSeriesByUID(seriesUIDs: Sequence[str]) -> list[str]:
        """Load series into the scene; ids of the nodes made."""
        wanted = [seriesUIDs] if isinstance(seriesUIDs, str) else list(seriesUIDs)
        found = [database.get(uid) for uid in wanted]
        loaded: list[str] = []
        for uid, one in zip(wanted, found, strict=True):
            result = desk.perform(Load(str(one.root), "DicomFolder", {"seriesUID": uid}))
            loaded += [node.id for node in result.nodes]
        return loaded

    def load_patient(patient: str | None) -> list[str]:
        if not patient:
            raise NotFoundError(f"no such patient is in the database, {HINT}")
        studies = database.studiesForPatient(patient)
        return loadSeriesByUID([uid for study in studies for uid in database.seriesForStudy(study)])

    def loadPatientByUID(patientUID: str) -> list[str]:
        """Load all series of a patient of `slicer.dicomDatabase.patients()`; ids of the nodes made."""
        return load_patient(patientUID if patientUID in database.patients() else None)

    def getDatabasePatientUIDByPatientName(name: str) -> str | None:
        """The patient of a name, None if there is none."""
        if name not in map(database.nameForPatient, database.patients()):
            database.look_up(PatientName=name)
        return next((patient for patient in database.patients() if database.nameForPatient(patient) == name), None)

    def getDatabasePatientUIDByPatientID(patientID: str) -> str | None:
        """The patient of a PatientID, None if there is none."""
        if patientID not in database.patients():
            database.look_up(PatientID=patientID)
        return patientID if patientID in database.patients() else None

    def loadPatientByName(patientName: str) -> list[str]:
        """Load all series of a patient by name."""
        return load_patient(getDatabasePatientUIDByPatientName(patientName))

    def loadPatientByPatientID(patientID: str) -> list[str]:
        """Load all series of a patient by PatientID."""
        return load_patient(getDatabasePatientUIDByPatientID(patientID))

    def loadPatient(uid: str | None = None, name: str | None = None, patientID: str | None = None) -> list[str]:
        """Load all series of a patient by one of the three."""
        if uid is not None:
            return loadPatientByUID(uid)
        return loadPatientByName(name) if name is not None else loadPatientByPatientID(patientID or "")

    def allSeriesUIDsInDatabase(_database: Any = None) -> list[str]:
        """Every series that was imported."""
        return list(database.imported)

    @contextmanager
    def TemporaryDICOMDatabase(_folder: Any = None) -> Iterator[DicomDatabase]:
        """An empty database inside the block; before and after it the other one."""
        kept, database.imported = database.imported, {}
        try:
            yield database
        finally:
            database.imported = kept

    functions = (
        importDicom, importFromDICOMWeb, loadSeriesByUID, loadPatientByUID, loadPatientByName, loadPatientByPatientID,
        loadPatient, getDatabasePatientUIDByPatientName, getDatabasePatientUIDByPatientID, allSeriesUIDsInDatabase,
        TemporaryDICOMDatabase,
    )  # fmt: skip
    utils = make_module(
        "DICOMLib.DICOMUtils", "Importing and loading DICOM.", **{function.__name__: function for function in functions},
        openDatabase=refusing("DICOMLib.DICOMUtils.openDatabase", ONE_DATABASE),
        openTemporaryDatabase=refusing("DICOMLib.DICOMUtils.openTemporaryDatabase", ONE_DATABASE),
    )  # fmt: skip
    library = make_module("DICOMLib", "Slicer's DICOM library.", DICOMUtils=utils, __path__=[])
    return library, utils
