"""`/slicer/system/version`: Slicer's object, with what we are beside it."""

from __future__ import annotations

import platform
import sys
from typing import Any

from backend import __version__
from backend.api.slicer.exchange import Endpoint, Exchange
from backend.errors import BadRequestError
from backend.http.routes import Operation
from backend.scene.slicer_version import SLICER_VERSION


def version_object() -> dict[str, Any]:
    """The version object. `applicationName` is `Slicer`, since clients compare it."""
    major, minor, patch = ([*__version__.split("."), "0", "0"])[:3]
    slicer_major, slicer_minor, _ = SLICER_VERSION.split(".")
    systems = {"linux": "linux", "darwin": "macosx", "win32": "win"}
    return {
        "applicationName": "Slicer",
        "applicationDisplayName": f"Slicecast {__version__}",
        "applicationVersion": SLICER_VERSION,
        "releaseType": "Stable",
        "repositoryUrl": "",
        "repositoryBranch": "",
        "revision": "0",
        "majorVersion": int(slicer_major),
        "minorVersion": int(slicer_minor),
        "arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
        "os": systems.get(sys.platform, sys.platform),
        "isCustomMainApplication": True,
        "mainApplicationName": "Slicecast",
        "mainApplicationRepositoryUrl": "",
        "mainApplicationRepositoryRevision": "",
        "mainApplicationRevision": "",
        "mainApplicationMajorVersion": int(major),
        "mainApplicationMinorVersion": int(minor),
        "mainApplicationPatchVersion": int(patch),
    }


class System:
    """Answers `/slicer/system…`."""

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/system/version`."""
        return [Endpoint("system", self.answer, (Operation("/slicer/system/version", "What this is", tag="slicer"),))]

    async def answer(self, exchange: Exchange) -> None:
        """The version object."""
        if exchange.method not in ("GET", "HEAD") or exchange.rest != "/version":
            raise BadRequestError(f"system does not know {exchange.rest!r}")
        exchange.send_json(version_object())
