"""Asking a scene that may be restarting: who fetched for minutes does not want to hear of that."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from backend.config import Settings
from backend.errors import UnavailableError
from backend.scene import commands as c
from backend.sessions.session import Session

T = TypeVar("T")
ATTEMPTS = 2  # what kills two processes is not tried on a third
POLL_S = 0.1


async def ask_surely(session: Session, settings: Settings, command: c.Command, answer: type[T]) -> T:
    """Have a command carried out as soon as the scene can, and once more if its process ends meanwhile.

    Who gives up waiting does not stop it.

    Raises:
        SlicecastError: what the scene answered; `UnavailableError` if it does not come up, or ended both times.
    """
    died: int | None = None
    for attempt in range(1, ATTEMPTS + 1):
        await _ready(session, settings, died)
        died = session.pid
        task = asyncio.ensure_future(session.ask(command, answer))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.shield(task)
        except UnavailableError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


async def _ready(session: Session, settings: Settings, died: int | None) -> None:
    """Wait for a scene that answers, in another process than the one that `died`."""
    # What was loaded before is loaded again first, which may take as long as it did then.
    limit = settings.start_timeout_s + settings.load_timeout_s
    try:
        async with asyncio.timeout(limit):
            while session.status not in ("ready", "loading") or session.pid == died:
                if session.status == "failed":
                    raise UnavailableError("the scene process keeps dying")
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise UnavailableError(f"the scene did not come up within {limit:g} s") from None
