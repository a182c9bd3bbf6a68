"""All sessions of a server: the default one, and others with scenes of their own, bounded, ended when nobody uses them."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import structlog

from backend.config import Settings
from backend.errors import BadRequestError, ForbiddenError, NotFoundError, SlicecastError, UnavailableError
from backend.sessions.journal import Journal, folder_of
from backend.sessions.session import Session

log = structlog.get_logger("sessions")
DEFAULT = "default"
NAME = re.compile(r"[A-Za-z0-9][\w-]{0,63}", re.ASCII)
LOOKS_IN_IDLE_TIME = 10


class Doors(Protocol):
    """What leads to one session."""

    @property
    def is_used(self) -> bool:
        """Whether somebody streams or waits for an answer, or a job runs."""

    async def stop(self) -> None:
        """Send everybody away."""


D = TypeVar("D", bound=Doors)


@dataclass
class OpenSession(Generic[D]):
    """A session and what leads to it."""

    session: Session
    doors: D
    used_at: float = field(default_factory=time.monotonic)
    starting: asyncio.Task[None] | None = None

    @property
    def idle_s(self) -> float:
        """How long nobody has used it, s."""
        return 0.0 if self.doors.is_used else time.monotonic() - self.used_at


class Sessions(Generic[D]):
    """Begins, finds and ends sessions. Everything runs on the event loop."""

    def __init__(self, settings: Settings, open_doors: Callable[[Session], D]) -> None:
        self._settings, self._open_doors = settings, open_doors
        self._open: dict[str, OpenSession[D]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._spawn(self._end_unused())

    def all(self) -> list[OpenSession[D]]:
        """Every session, the default one first."""
        return list(self._open.values())

    def get(self, name: str) -> OpenSession[D]:
        """One of them.

        Raises:
            NotFoundError: there is none of this name.
        """
        found = self._open.get(name)
        if found is None:
            raise NotFoundError(f"there is no session {name[:64]!r}")
        return found

    def use(self, name: str) -> OpenSession[D] | None:
        """One of them, which is in use from now on; None where there is none."""
        found = self._open.get(name)
        if found is not None:
            found.used_at = time.monotonic()
        return found

    def create(self, name: str = "") -> OpenSession[D]:
        """Begin a session with an empty scene; its process comes up meanwhile, and what is asked of it waits for that.

        Raises:
            BadRequestError: no such name can be had, or it is taken.
            UnavailableError: there are as many as there may be.
        """
        name = name or secrets.token_hex(8)
        if not NAME.fullmatch(name):
            raise BadRequestError("a session's name has 1 to 64 letters, digits, - and _, and begins with none of the last two")
        if name in self._open:
            raise BadRequestError(f"there is a session {name!r} already")
        if len(self._open) >= self._settings.session_limit:
            raise UnavailableError(f"{len(self._open)} sessions are open, which is the most (session_limit)", 30.0)
        session = Session(name, self._settings, Journal(folder_of(self._settings, name)))
        self.take_in(session)
        self._open[name].starting = self._spawn(self._start(session))
        return self._open[name]

    def take_in(self, session: Session) -> D:
        """Open the doors of a session that is there, such as the default one."""
        self._open[session.name] = OpenSession(session, self._open_doors(session))
        return self._open[session.name].doors

    async def _start(self, session: Session) -> None:
        try:
            await session.start()
        except SlicecastError as error:
            log.error("a session did not start", session=session.name, why=str(error))
            if session.name in self._open:
                await self.end(session.name)

    async def end(self, name: str) -> None:
        """End a session: its clients are sent away, its process ends, what was uploaded for it is removed.

        Raises:
            ForbiddenError: the default session ends with the server.
            NotFoundError: there is none of this name.
        """
        if name == DEFAULT:
            raise ForbiddenError("the default session ends with the server")
        found = self.get(name)
        del self._open[name]
        if found.starting is not None and found.starting is not asyncio.current_task():
            found.starting.cancel()
        await found.doors.stop()
        await found.session.stop()
        await asyncio.to_thread(shutil.rmtree, folder_of(self._settings, name), True)
        log.info("session ended", session=name)

    async def stop(self) -> None:
        """End all but the default one."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(self.end(name) for name in self._open if name != DEFAULT))

    async def _end_unused(self) -> None:
        while True:
            await asyncio.sleep(self._settings.session_idle_s / LOOKS_IN_IDLE_TIME)
            for name, one in list(self._open.items()):
                if one.doors.is_used:
                    one.used_at = time.monotonic()
                elif name != DEFAULT and one.idle_s > self._settings.session_idle_s and name in self._open:
                    await self.end(name)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
