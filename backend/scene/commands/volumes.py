"""Volumes and displacement fields as NRRD, by way of files in the session's spool, and which volume is shown."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.scene.commands.base import Command


class WriteVolume(Command):
    """Write the first volume whose name or id matches the shell pattern `id` into the file `path`, which exists, as NRRD.

    Without `path` only its length is told. `as_short` makes it 16-bit integers, values beyond them cut off.
    """

    limit = "load_timeout_s"
    id: str | None = None
    path: str = ""
    as_short: bool = False


class WriteGrid(Command):
    """As `WriteVolume` for the displacements of a grid transform: from parent, LPS mm, 32-bit floats."""

    limit = "load_timeout_s"
    patient = True
    id: str | None = None
    path: str = ""


class Written(msgspec.Struct):
    """Length of the file that holds it."""

    size: int


class StepVolume(Command):
    """Show the next volume in all slice views, or the one before; their planes and zoom stay."""

    back: bool = False


class VolumePut(msgspec.Struct):
    """Which volume took the voxels, whether it was made for them, and which that were put earlier have gone meanwhile."""

    id: str
    name: str
    made: bool
    gone: list[str] = []


class PutVolume(Command):
    """Read an NRRD file of the spool into the first volume that matches `id`, or a new one of that name, and show it.

    The last four fields hold what the answer said. When told again it means that very volume, whatever `id` matches by then.
    """

    limit = "load_timeout_s"
    patient = True
    journal = "append"
    answer = VolumePut
    path: str
    id: str | None = None
    most_bytes: int = 1 << 32
    node_id: str = ""
    name: str = ""
    made: bool = False
    gone: tuple[str, ...] = ()

    def journaled(self, answer: Any) -> Command:
        """With what the answer said of the volume."""
        return msgspec.structs.replace(
            self, node_id=answer.id, name=answer.name, made=answer.made, gone=tuple(answer.gone)
        )  # fmt: skip

    def spooled(self) -> str:
        """The file with the voxels."""
        return self.path

    def amended(self, later: Command) -> Command | None:
        """Voxels that were replaced since are not told again, nor those of a volume that has gone.

        The command that made a volume stays, so that a new process gives every volume its id again, with the later voxels.
        """
        if not isinstance(later, PutVolume) or (self.node_id != later.node_id and self.node_id not in later.gone):
            return self
        return msgspec.structs.replace(self, path=later.path) if self.made else None
