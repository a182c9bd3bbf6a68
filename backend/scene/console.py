"""Users' Python in the scene process: one persistent namespace, off unless switched on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backend.errors import BadRequestError, ForbiddenError
from backend.scene import commands as c
from backend.scene.context import Performer


class Console:
    """Runs source as Slicer's `/slicer/exec` does: `__execResult` starts as {} and is what comes back."""

    def __init__(self, enabled: bool, namespace: dict[str, Any]) -> None:
        self._enabled, self._namespace = enabled, namespace
        self.performers: Mapping[type[c.Command], Performer] = {
            c.Execute: lambda command, _arrived: self.run(command.source),
        }

    def run(self, source: str) -> Any:
        """Execute and return `__execResult`, checked to be JSON.

        Raises:
            ForbiddenError: exec is off.
            BadRequestError: the source raised, with the exception's text; or its result is no JSON.
        """
        if not self._enabled:
            raise ForbiddenError("exec is off; start the server with --enable-exec")
        self._namespace["__execResult"] = {}
        try:
            exec(compile(source, "<exec>", "exec"), self._namespace)  # noqa: S102: this is what the switch allows
        except (Exception, SystemExit) as error:
            raise BadRequestError(f"{type(error).__name__}: {error}") from error
        try:
            json.dumps(self._namespace["__execResult"])
        except (TypeError, ValueError) as error:
            raise BadRequestError(f"__execResult is no JSON: {error}") from error
        return self._namespace["__execResult"]
