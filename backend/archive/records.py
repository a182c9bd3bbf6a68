"""What the archive hands to doors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal

Result = Literal["stored", "identical", "replaced", "kept", "failed"]


class Reason(IntEnum):
    """Why an instance was not stored (FailureReason, PS3.18 10.5.3 and PS3.4 C.4)."""

    PROCESSING = 0x0110
    DUPLICATE = 0x0111
    CLASS_NOT_SUPPORTED = 0x0122
    NO_RESOURCES = 0xA700
    WRONG_STUDY = 0xA900
    NOT_UNDERSTOOD = 0xC000
    SYNTAX_NOT_SUPPORTED = 0xC122


@dataclass(frozen=True)
class Outcome:
    """What became of one instance that came in. UIDs are empty where they could not be read.

    `identical`: exactly this is here already, and stays; `kept`: something else of this UID is here, and stays.
    """

    result: Result
    study_uid: str = ""
    series_uid: str = ""
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    reason: Reason | None = None
    message: str = ""
    warnings: tuple[str, ...] = ()
    new_study: bool = False

    @property
    def is_here(self) -> bool:
        """Whether an instance of this UID is in the archive, for good."""
        return self.result != "failed"


@dataclass(frozen=True)
class StoredInstance:
    """An instance at rest. `path` is its file: complete Part 10, as it came but for its preamble; never changed."""

    id: int
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax: str
    path: Path
    bytes: int
    digest: str
    """Changes when the instance is replaced, and only then: good for ETags and keys of caches."""
    rows: int | None
    columns: int | None
    bits_allocated: int | None
    frames: int
    """Number of frames; 1 where it is not said."""
    orthanc_id: str = ""
    crc32: int = 0
    """Of the file, as zip files have it."""


@dataclass(frozen=True)
class Content:
    """What is known of an instance without opening its file."""

    id: int
    """Of the instance."""
    model: bytes
    """The whole DICOM JSON object, UTF-8 text; bulk data as `"BulkDataURI":"bulkdata/TAG[/ITEM/TAG…]"`."""
    pixels: bytes | None
    """Where the frames are: `backend.dicom.frames.FrameIndex`, encoded; None where there are none."""


@dataclass(frozen=True)
class Change:
    """An entry of the change log."""

    seq: int
    kind: str
    level: str
    resource: int
    orthanc_id: str
    study_uid: str | None
    series_uid: str | None
    sop_instance_uid: str | None
    at: float


@dataclass(frozen=True)
class Counts:
    """What the archive holds."""

    patients: int
    studies: int
    series: int
    instances: int
    bytes: int
