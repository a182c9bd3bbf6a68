"""Pictures that the scene would only give again, since nothing was said to it, and nothing came from it, that may change any.

Whoever was told that something is done, or has said something in a session before, gets no picture from before that: what was
said is noticed when it is sent and again when it is answered. What changes by itself is noticed when the scene tells it.
"""

from __future__ import annotations

import msgspec

from backend.scene import commands as c
from backend.sharing import Recent

Picture = tuple[c.PictureInfo, bytes]
Asked = c.SlicePicture | c.ThreeDPicture
CHANGE_NOTHING = (c.Frame, c.CancelFrames, c.SlicePicture, c.ThreeDPicture)
"""Commands after whose answer everything is as it was before it; some pictures move their view when they are asked for."""
HARMLESS = (c.Beat, c.Progress, c.Started, c.FilesWanted, c.StudyWanted, c.SeriesWanted)
"""Events that are about no picture."""
KEPT_BYTES = 16 << 20
_encode = msgspec.msgpack.encode
_STAY = c.ViewPatch()


class KnownPictures:
    """Of one scene process."""

    def __init__(self) -> None:
        self._kept: Recent[Picture] = Recent(KEPT_BYTES, lambda picture: len(picture[1]) + 1)
        self._state = 0
        self._moved_by = b""

    def said(self, command: c.Command) -> int:
        """A command is about to be sent. Returns the state of the scene that its answer will be of."""
        if isinstance(command, Asked):
            movement = _movement(command)
            if movement is None or (movement and movement != self._moved_by):
                self.change()
            self._moved_by = movement or self._moved_by
        elif not isinstance(command, CHANGE_NOTHING):
            self.change()
        return self._state

    def change(self) -> None:
        """Something may have changed: no picture from before counts any more."""
        self._state += 1
        self._moved_by = b""
        self._kept.clear()

    def heard(self, event: c.AnyEvent) -> None:
        """The scene has told something by itself."""
        if not isinstance(event, HARMLESS):
            self.change()

    def keep(self, command: Asked, state: int, picture: Picture) -> None:
        """A picture has come that was asked for in a state."""
        if state == self._state and _movement(command) is not None:
            self._kept.put(_encode(command), picture)

    def find(self, command: c.Command) -> Picture | None:
        """What a command would be answered with, where that is known."""
        key = _encode(command)
        if key not in self._kept:
            return None
        return self._kept[key]


def _movement(command: Asked) -> bytes | None:
    """What asking for a picture moves: nothing if empty; None where the same again moves on."""
    if isinstance(command, c.ThreeDPicture):
        turns = command.start or command.roll or any(command.pan) or any(command.orbit) or command.look_from is not None
        return None if turns else b""
    if command.drag:
        return None
    if command.patch == _STAY and command.scroll_to is None and command.copy_geometry_from is None:
        return b""
    return _encode((command.view, command.forgiving, command.patch, command.scroll_to, command.copy_geometry_from))
