"""`/slicer/system`: Slicer's version object, with what we are beside it, and the end of the server."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend import __version__
from backend.api.slicer.exchange import Endpoint, Exchange
from backend.errors import BadRequestError, ForbiddenError
from backend.http.guard import is_foreign_page, is_from_here
from backend.http.routes import Operation
from backend.scene.slicer_version import SLICER_VERSION

END_AFTER_S = 1.0
NO_COMMAND = "cannot unpack non-iterable NoneType object"  # Slicer's own words


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
        "product": "Slicecast",
        "version": __version__,
    }


@dataclass(frozen=True)
class System:
    """Answers `/slicer/system…`; `stop` ends the server, its work finished."""

    stop: Callable[[], None]

    def endpoints(self) -> list[Endpoint]:
        """`/slicer/system` and below."""
        end = "End the server, one second after the answer; only from its own machine, unless `allow_remote_shutdown` is set"
        operations = (
            Operation("/slicer/system/version", "What this is: Slicer's keys, and `product` and `version`", tag="slicer"),
            Operation("/slicer/system", end, ("DELETE",), "slicer"),
        )
        return [Endpoint("system", self.answer, operations)]

    async def answer(self, exchange: Exchange) -> None:
        """The version object, or the end."""
        if exchange.method == "DELETE":
            self._end(exchange)
        elif exchange.method in ("GET", "HEAD") and exchange.rest.startswith("/version"):
            exchange.send_json(version_object())
        else:
            raise BadRequestError(NO_COMMAND)

    def _end(self, exchange: Exchange) -> None:
        request = exchange.handler.request
        if is_foreign_page(request):
            raise ForbiddenError("pages of other origins can not end the server")
        if not is_from_here(request) and not exchange.handler.config.allow_remote_shutdown:
            raise ForbiddenError("only programs of the server's machine can end it (setting allow_remote_shutdown)")
        exchange.send_json({"success": True})
        asyncio.get_running_loop().call_later(END_AFTER_S, self.stop)
