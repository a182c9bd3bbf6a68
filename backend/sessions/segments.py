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
KEEP_AFTER_S, KEEP_EVERY_S = 1.5, 10.0
"""What was painted is written down when nothing has come for a moment, and every so often while somebody goes on painting."""


class SegmentUpkeep:
    """Of one session. Hears of edits from who makes them and from the scene, whoever made them there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen = 0
        self._edited_at = self._first_at = 0.0
        self._task: asyncio.Task[None] | None = None
        session.listen(self._on_event)

    def edited(self) -> None:
        """Something was edited just now."""
        self._edited_at = time.monotonic()
        if self._task is None or self._task.done():
            self._first_at = self._edited_at
            self._task = asyncio.get_running_loop().create_task(self._look_after())

    def _on_event(self, event: Any) -> None:
        if isinstance(event, c.SceneChanged) and event.info.segments != self._seen:
            self._seen = event.info.segments
            self.edited()

    async def _look_after(self) -> None:
        made_at = 0.0
        while True:
            now = time.monotonic()
            quiet = now - self._edited_at
            try:
                if quiet >= SURFACES_AFTER_S and made_at < self._edited_at:
                    made_at = now
                    await self._session.ask(c.UpdateSurfaces(), int)
                if quiet >= KEEP_AFTER_S or now - self._first_at >= KEEP_EVERY_S:
                    self._first_at = now
                    await self.keep()
            except SlicecastError as error:
                log.warning("segmentations not looked after", why=str(error))
            if time.monotonic() - self._edited_at >= KEEP_AFTER_S and made_at >= self._edited_at:
                return
            await asyncio.sleep(0.1)

    async def keep(self) -> None:
        """Write down what was edited, so that it outlives a crash of the scene."""
        kept = await self._session.ask(c.KeepSegments(str(self._session.journal.spool)), list[c.KeptSegments])
        for command in kept:
            self._session.journal.note(command)

    async def stop(self) -> None:
        """Look after nothing any more."""
        if self._task is not None:
            self._task.cancel()
