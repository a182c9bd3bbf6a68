"""The paths that studies, series and instances have, for route tables."""

from __future__ import annotations

from dataclasses import dataclass

from backend.http.routes import Param

TAG = "dicomweb"
NAMES = ("studies", "series", "instances")
PARAMS = (
    Param("study", "study instance UID", where="path"),
    Param("series", "series instance UID", where="path"),
    Param("instance", "SOP instance UID", where="path"),
)


@dataclass(frozen=True)
class Level:
    """One of the three; `depth` is 1 for studies."""

    name: str
    """With its article."""
    depth: int

    @property
    def path(self) -> str:
        """`/dicom/studies/{study}/series/{series}`."""
        return "/dicom" + "".join(f"/{NAMES[index]}/{{{PARAMS[index].name}}}" for index in range(self.depth))

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters of the path."""
        return PARAMS[: self.depth]

    def pattern(self, rest: str = "") -> str:
        """A regular expression with a group for each UID; a slash at the end is forgiven."""
        return "/dicom" + "".join(rf"/{name}/([^/]+)" for name in NAMES[: self.depth]) + rest + "/?"


LEVELS = (Level("a study", 1), Level("a series", 2), Level("an instance", 3))
