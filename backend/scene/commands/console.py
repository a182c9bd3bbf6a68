"""Users' Python."""

from __future__ import annotations

from backend.scene.commands.base import Command


class Execute(Command):
    """Run Python source in the scene process's persistent namespace; refused unless the process was started with exec."""

    limit = "exec_timeout_s"
    patient = True
    source: str
