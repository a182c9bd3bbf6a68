"""The tables. Texts that are absent or empty are NULL; names ending in `_folded` and the parts of person names are folded
(`backend.dicom.text.fold`: no case, no accents), for comparing and LIKE.

Everything that searches order by or match often is a column with an index. All other attributes of a level stand in its
`attributes`, a DICOM JSON object as text, which SQLite's JSON functions read. Of instances those are the main ones only; the
whole model is in `contents`.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 1
"""Of this schema, in SQLite's `user_version`."""

metadata = MetaData()


def _text(name: str) -> Column[str | None]:
    return Column(name, Text)


def _person(name: str) -> list[Column[str | None]]:
    """A person's name as it is written, and its three groups folded."""
    return [_text(name), _text(f"{name}_alphabetic"), _text(f"{name}_ideographic"), _text(f"{name}_phonetic")]


def _history() -> list[Column[float] | Column[int]]:
    """Seconds since 1970 of its making and of its last change, and the number of that change (`changes.seq`)."""
    return [
        Column("created_at", Float, nullable=False),
        Column("updated_at", Float, nullable=False),
        Column("revision", Integer, nullable=False),
    ]


patients = Table(
    "patients", metadata,
    Column("id", Integer, primary_key=True),
    Column("orthanc_id", Text, nullable=False, unique=True),
    Column("patient_id", Text, nullable=False, unique=True),  # '' where there is none
    *_history(),
    sqlite_autoincrement=True,
)  # fmt: skip

studies = Table(
    "studies", metadata,
    Column("id", Integer, primary_key=True),
    Column("patient_fk", ForeignKey("patients.id"), nullable=False, index=True),
    Column("orthanc_id", Text, nullable=False, unique=True),
    Column("study_uid", Text, nullable=False, unique=True),
    _text("study_date"),  # YYYYMMDD
    _text("study_time"),  # HHMMSS.FFFFFF, filled up with zeros
    _text("accession_number"),
    _text("study_id"),
    _text("study_description"), _text("study_description_folded"),
    *_person("referring_physician"),
    *_person("patient_name"),
    _text("patient_id"), _text("patient_birth_date"), _text("patient_sex"),
    Column("modalities", Text, nullable=False),  # sorted, a backslash between them: ModalitiesInStudy
    Column("series_count", Integer, nullable=False),
    Column("instance_count", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("speaker", Integer, nullable=False),  # id of the instance that the columns are of: the newest
    *_history(),
    # The order of lists, with all that users of a list search in, so that no row is read to pass it over.
    Index("studies_order", "study_date", "study_time", "study_uid", "patient_name_alphabetic", "patient_name_ideographic",
          "patient_name_phonetic", "patient_id", "modalities", "study_description_folded", "accession_number"),
    Index("studies_patient_name", "patient_name_alphabetic"),
    Index("studies_patient_name_ideographic", "patient_name_ideographic"),
    Index("studies_patient_name_phonetic", "patient_name_phonetic"),
    Index("studies_referring_physician", "referring_physician_alphabetic"),
    Index("studies_patient_id", "patient_id"),
    Index("studies_birth_date", "patient_birth_date"),
    Index("studies_accession_number", "accession_number"),
    Index("studies_study_id", "study_id"),
    Index("studies_description", "study_description_folded"),
    Index("studies_revision", "revision"),
    sqlite_autoincrement=True,
)  # fmt: skip

series = Table(
    "series", metadata,
    Column("id", Integer, primary_key=True),
    Column("study_fk", ForeignKey("studies.id"), nullable=False),
    Column("orthanc_id", Text, nullable=False, unique=True),
    Column("series_uid", Text, nullable=False),
    _text("modality"),
    Column("series_number", Integer),
    _text("series_date"), _text("series_time"),
    _text("series_description"), _text("series_description_folded"),
    _text("body_part"),
    _text("institution_name"),
    _text("station_name"),
    _text("performed_date"), _text("performed_time"),  # start of the performed procedure step
    Column("instance_count", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("speaker", Integer, nullable=False),
    *_history(),
    UniqueConstraint("study_fk", "series_uid"),
    Index("series_uid", "series_uid"),
    Index("series_order", "study_fk", "series_number", "series_uid"),
    Index("series_modality", "modality", "study_fk"),
    Index("series_body_part", "body_part"),
    Index("series_performed_date", "performed_date"),
    sqlite_autoincrement=True,
)  # fmt: skip

instances = Table(
    "instances", metadata,
    Column("id", Integer, primary_key=True),
    Column("series_fk", ForeignKey("series.id"), nullable=False),
    Column("orthanc_id", Text, nullable=False, unique=True),
    Column("sop_instance_uid", Text, nullable=False),
    Column("sop_class_uid", Text, nullable=False),
    Column("transfer_syntax", Text, nullable=False),
    Column("instance_number", Integer),
    Column("rows", Integer), Column("columns", Integer), Column("bits_allocated", Integer),
    Column("frames", Integer),  # NumberOfFrames, NULL where it is not said
    Column("digest", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("crc32", Integer, nullable=False, server_default="0"),  # of the file, for zip files
    Column("origin", Text, nullable=False),  # by which way it came: stow, import, upload, …
    Column("origin_detail", Text),  # address, name of the application, folder
    Column("attributes", Text, nullable=False),
    *_history(),
    UniqueConstraint("series_fk", "sop_instance_uid"),
    Index("instances_uid", "sop_instance_uid"),
    Index("instances_order", "series_fk", "instance_number", "sop_instance_uid"),
    Index("instances_digest", "digest"),
    Index("instances_class", "sop_class_uid", "series_fk"),
    sqlite_autoincrement=True,
)  # fmt: skip

contents = Table(
    "contents", metadata,
    Column("instance_fk", ForeignKey("instances.id", ondelete="CASCADE"), primary_key=True),
    Column("model", LargeBinary, nullable=False),  # DICOM JSON, UTF-8, raw deflate
    Column("pixels", LargeBinary),  # `backend.dicom.frames.FrameIndex`, encoded
)  # fmt: skip

changes = Table(
    "changes", metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # NewInstance, NewSeries, NewStudy, NewPatient, Deleted
    Column("level", Text, nullable=False),  # patient, study, series, instance
    Column("resource", Integer, nullable=False),  # id of its row
    Column("orthanc_id", Text, nullable=False),
    Column("study_uid", Text), Column("series_uid", Text), Column("sop_instance_uid", Text),
    Column("at", Float, nullable=False),
    Index("changes_resource", "level", "resource"),
    sqlite_autoincrement=True,
)  # fmt: skip

doomed = Table(
    "doomed", metadata,
    Column("digest", Text, primary_key=True),  # files to remove, whose rows are gone
)  # fmt: skip
