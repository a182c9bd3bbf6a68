"""What can be switched while the server runs: its doors, and which pages of others may read its answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import tornado.httputil
import tornado.routing

from backend.config import Settings
from backend.errors import BadRequestError, ForbiddenError
from backend.http.routes import Route

ORIGIN = re.compile(r"\*|null|https?://[^/\s\"'<>]{1,255}")
LARGEST_LIST = 64


@dataclass
class Switches:
    """The doors' state now. A door that is off answers as if it had never been there."""

    slicer: bool
    """Slicer's API and the picture routes at the root."""
    pages: bool
    """The pages, the viewer among them."""
    dicomweb: bool
    """DICOMweb, unless there is no archive."""
    exec: bool
    """Users' Python; can only be on if the server was started with it."""
    exec_available: bool
    no_archive: str = ""
    """Why there is no archive, so that DICOMweb can not be on."""
    cors: list[str] = field(default_factory=list)
    """Origins whose pages may read answers; `*` for any."""

    @classmethod
    def at_start(cls, settings: Settings, no_archive: str = "") -> Switches:
        """As the settings say; `no_archive` is why there is none."""
        return cls(
            settings.enable_slicer, settings.enable_pages, settings.enable_dicomweb, settings.enable_exec, settings.enable_exec,
            no_archive, list(settings.cors),
        )  # fmt: skip

    def switch(self, doors: dict[str, bool], cors: list[str] | None) -> None:
        """Switch doors by name and replace the origins; all or nothing.

        Raises:
            BadRequestError: no such door, or no such origin.
            ForbiddenError: exec, of a server that was started without it.
        """
        unknown = sorted(doors.keys() - {"slicer", "pages", "dicomweb", "exec"})
        if unknown:
            raise BadRequestError(f"there is no door {unknown[0]!r} to switch; there are slicer, exec, dicomweb and pages")
        if doors.get("exec") and not self.exec_available:
            raise ForbiddenError("exec can only be switched on at the start: slicecast serve --enable-exec")
        if doors.get("dicomweb") and self.no_archive:
            raise ForbiddenError(f"DICOMweb can not be switched on: {self.no_archive}")
        if cors is not None and (len(cors) > LARGEST_LIST or not all(ORIGIN.fullmatch(origin) for origin in cors)):
            raise BadRequestError("cors must be a list of origins such as https://pages.example, or *")
        for name, on in doors.items():
            setattr(self, name, on)
        if cors is not None:
            self.cors = list(cors)

    def allowed_origin(self, origin: str) -> str | None:
        """What a page of this origin is told in Access-Control-Allow-Origin; None if it may not read the answer."""
        if "*" in self.cors:
            return "*"
        return origin if origin and origin in self.cors else None


def beginning(pattern: str) -> str:
    """What every path begins with that a route's pattern matches; empty where that is not easily seen."""
    outside = re.sub(r"\([^()]*\)", "", pattern)
    if "|" in outside or "(" in outside:  # alternatives of the whole, or groups within groups
        return ""
    plain = re.match(r"[\w/-]*", pattern)
    assert plain is not None
    behind = pattern[plain.end() : plain.end() + 1]
    return plain[0][:-1] if behind in ("?", "*", "{") else plain[0]


class Matches(tornado.routing.PathMatches):
    """Matches a route while its door is on, so that afterwards a later rule has the path."""

    def __init__(self, route: Route, switches: Switches) -> None:
        super().__init__(route.pattern)
        self.beginning = beginning(route.pattern)
        self._switches, self._door, self._methods = switches, route.door, route.methods

    def match(self, request: tornado.httputil.HTTPServerRequest) -> dict[str, object] | None:
        """Arguments of the path, None while the door is off."""
        if not request.path.startswith(self.beginning):  # of dozens of routes few are worth the regular expression
            return None
        if self._door and not getattr(self._switches, self._door):
            return None
        if self._methods and request.method not in self._methods:
            return None
        return super().match(request)
