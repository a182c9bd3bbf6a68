"""Pictures for all stream clients of a session: clients that want the same picture of the same state share one."""

from __future__ import annotations

import msgspec

from backend import metrics
from backend.scene import commands as c
from backend.sessions.session import Session
from backend.sharing import SingleFlight

Frame = tuple[c.PictureInfo, bytes]


class SharedFrames:
    """One render serves everybody who asks for the same while nothing was told to the scene in between."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._flights: SingleFlight[Frame] = SingleFlight()

    async def get(self, command: c.Frame) -> Frame:
        """The picture; `command.by` is whoever asks first.

        Raises:
            SlicecastError: what the scene answered.
        """
        # Commands reach the scene in the order they are told, so a picture asked for after the last change shows that change.
        anybody = command if command.video else msgspec.structs.replace(command, by="")
        key = (self._session.told, msgspec.msgpack.encode(anybody))
        asked = False

        async def ask() -> Frame:
            nonlocal asked
            asked = True
            return await self._session.ask_picture(command, c.PictureInfo)

        frame = await self._flights.do(key, ask)
        metrics.FRAMES.labels("asked" if asked else "shared").inc()
        return frame
