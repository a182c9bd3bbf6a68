"""Users' Python."""

from __future__ import annotations

from typing import Literal

import msgspec

from backend.scene.commands.base import Command
from backend.scene.commands.content import Load
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

    `stdout` and `stderr` are what it printed, cut at the limit. `loads` are the loads it did, for the journal; with `cleared`
    the scene was cleared before these.
    """

    result: str = "null"
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    traceback: str = ""
    seconds: float = 0.0
    cleared: bool = False
    loads: list[Load | LoadSample] = []
