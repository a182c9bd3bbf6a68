"""What all commands have in common."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

Vector3 = tuple[float, float, float]
PictureFormat = Literal["png", "jpeg", "webp"]
Journaling = Literal["no", "append", "newest", "clear"]
Lane = Literal["commands", "pictures", "free"]


class Command(msgspec.Struct, tag=True, omit_defaults=True):
    """Base of everything the gateway may ask. The class variables tell the gateway how to treat a command."""

    limit: ClassVar[str] = "command_timeout_s"
    """Name of the setting that bounds how long the scene may be busy with it."""
    grace_s: ClassVar[float] = 0.0
    """How long beyond that the process is left alone, where it keeps to the limit by itself."""
    patient: ClassVar[bool] = False
    """Native code may keep the whole process silent meanwhile, so a missing heartbeat is no fault."""
    lane: ClassVar[Lane] = "commands"
    """The others that it takes turns with on its way to the scene process; `free` is for those who bound themselves."""
    journal: ClassVar[Journaling] = "no"
    """How a new scene process is told after a crash: not at all, in turn, only the newest of its key, or in turn
    with everything before forgotten (`clear`)."""

    outlives_clear: ClassVar[bool] = False
    """A journal entry that a `clear` does not touch: what clients show, not what the scene holds."""
    answer: ClassVar[Any] = object
    """Type of its answer, where the journal makes something of it."""

    def journal_key(self) -> str:
        """What makes two `newest` entries the same; only the later one is kept."""
        return type(self).__name__

    def journaled(self, answer: Any) -> Command:
        """What the journal keeps, now that the answer is known; asked again when a new process has answered."""
        del answer
        return self

    def amended(self, later: Command) -> Command | None:
        """What becomes of this entry of the journal once `later` has succeeded; None if it need not be told again."""
        del later
        return self

    def spooled(self) -> str:
        """Path of the spooled file that it needs to be told again, if it owns one: the journal removes it when no longer."""
        return ""
