"""Users' Python."""

from __future__ import annotations

from typing import Literal

import msgspec

from backend.scene.commands.base import Command
from backend.scene.commands.content import Load
from backend.scene.commands.mrml import Clear
from backend.scene.commands.samples import LoadSample


class Execute(Command):
    """Run Python source in the scene process's persistent namespace; refused unless the process was started with exec.

    The process interrupts the source itself after `exec_timeout_s`; only what does not let itself be interrupted is left to
    the gateway, which waits `grace_s` longer.
    """

    limit = "exec_timeout_s"
    grace_s = 5.0
    patient = True
    source: str
    result_name: Literal["__execResult", "__replResult"] = "__execResult"


class Executed(msgspec.Struct):
    """What came of it: `result` is the JSON text of the result variable; with `error` set the source did not come to its end.

    `stdout` and `stderr` are what it printed, cut at the limit. `journal` holds what it loaded and cleared, in order, to be
    done again in a new scene process.
    """

    result: str = "null"
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    traceback: str = ""
    seconds: float = 0.0
    journal: list[Load | LoadSample | Clear] = msgspec.field(default_factory=list)
