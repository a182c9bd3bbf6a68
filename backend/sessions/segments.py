"""Looks after segmentations that are edited: soon after an edit surfaces are made, and what was painted is written down."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog

from backend.errors import SlicecastError
from backend.scene import commands as c
from backend.sessions.session import Session

log = structlog.get_logger("segments")
SURFACES_AFTER_S = 0.3
KEEP_AFTER_S, KEEP_EVERY_S = 1.0, 10.0
"""What was painted is written down when nothing has come for a moment, and every so often while somebody goes on painting."""
LOOK_EVERY_S = 0.1


class SegmentUpkeep:
    """Of one session. Hears of edits from who makes them, and from the scene a little later, whoever made them there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen = 0
        self._edited_at = self._heard_at = 0.0
        self._task: asyncio.Task[None] | None = None
        session.listen(self._on_event)

    def edited(self) -> None:
        """Something was edited just now."""
        self._edited_at = time.monotonic()
        self._hear()

    def _on_event(self, event: Any) -> None:
        if isinstance(event, c.SceneChanged) and event.info.segments != self._seen:
            self._seen = event.info.segments
            self._hear()

    def _hear(self) -> None:
        self._heard_at = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look_after())

    async def _look_after(self) -> None:
        made_at, kept_at = 0.0, time.monotonic()
        is_kept = False
        while made_at < self._heard_at or not is_kept or kept_at < self._heard_at:
            await asyncio.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            quiet = now - self._edited_at
            try:
                if quiet >= SURFACES_AFTER_S and made_at < self._heard_at:
                    made_at = now
                    await self._session.ask(c.UpdateSurfaces(), int)
                if quiet >= KEEP_AFTER_S or now - kept_at >= KEEP_EVERY_S:
                    kept_at, is_kept = now, True
                    await self.keep()
            except SlicecastError as error:
                log.warning("segmentations not looked after", why=str(error))

    async def keep(self) -> None:
        """Write down what was edited, so that it outlives a crash of the scene."""
        kept = await self._session.ask(c.KeepSegments(str(self._session.journal.spool)), list[c.KeptSegments])
        for command in kept:
            self._session.journal.note(command)
