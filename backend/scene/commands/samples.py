"""Sample data: what is known of it, the files it consists of, and how the scene gets at them.

Only the gateway downloads. Code in the scene process that needs files says `FilesWanted` and waits for `FilesReady`.
"""

from __future__ import annotations

import msgspec

from backend.scene.commands.base import Command


class SampleFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a sample. `node` is the name of the node made from it, empty for a file that belongs to another.

    `checksum` is `ALGORITHM:digest`, empty where nobody knows; `url` is empty for Slicer's own store, which goes by checksum.
    """

    file: str
    checksum: str = ""
    node: str = ""
    type: str = ""
    url: str = ""

    @property
    def digest(self) -> str:
        """The checksum's hex digits."""
        return self.checksum.partition(":")[2].lower()


class LoadSample(Command):
    """Load files that are there, `paths` beside `files`, as the sample of this name, and show its volumes."""

    limit = "load_timeout_s"
    patient = True
    journal = "append"
    name: str
    files: list[SampleFile]
    paths: list[str]
    job: str = ""


class FilesReady(Command):
    """The answer to `FilesWanted`, `StudyWanted` and `SeriesWanted`: where the files are, or why they can not be had."""

    request: str
    paths: list[str] = msgspec.field(default_factory=list)
    error: str = ""


class FilesWanted(msgspec.Struct, tag=True):
    """Event: code in the scene process waits for these files."""

    request: str
    name: str
    files: list[SampleFile]


class StudyWanted(msgspec.Struct, tag=True):
    """Event: code in the scene process waits for a study of a DICOMweb server; the folders of its series are the answer."""

    request: str
    endpoint: str
    study: str
    token: str = ""


class SeriesWanted(msgspec.Struct, tag=True):
    """Event: code in the scene process waits for series of the archive; their folders, if any, are the answer."""

    request: str
    keys: dict[str, str]
    """Matching keys by keyword, as searches over DICOMweb have them."""
