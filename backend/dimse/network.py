"""The DICOM network of a server: its listener, kept alive, and what it asks of peers."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any, Protocol

import structlog

from backend.config import LOOPBACK, Settings
from backend.dimse.launcher import NetworkProcess, Told
from backend.dimse.messages import (
    Certificates,
    Echo,
    Fetch,
    File,
    Limits,
    Listen,
    Locate,
    Order,
    Peer,
    Progress,
    Query,
    Search,
    Send,
    Take,
    Taken,
    Task,
)
from backend.dimse.peers import is_aet, parse_peers
from backend.errors import BadRequestError, UnavailableError

log = structlog.get_logger("dimse")
BACKLOG = 64
SHORT_LIFE_S = 5.0
PAUSE_S = 2.0
"""After a listener that lived only shortly, before the next one."""


class Shelf(Protocol):
    """Where instances are: the archive."""

    async def take(self, message: Take) -> Taken:
        """Keep a file that arrived."""

    async def search(self, message: Search) -> list[str]:
        """Matches as DICOM JSON."""

    async def locate(self, message: Locate) -> list[File]:
        """Files of instances."""


class Network:
    """Everything runs on the event loop; the DICOM itself in processes of their own."""

    def __init__(self, settings: Settings, shelf: Shelf, incoming: str) -> None:
        """`incoming`: folder in which files arrive.

        Raises:
            BadRequestError: the settings do not add up.
        """
        check(settings)
        self._settings, self._shelf, self._incoming = settings, shelf, incoming
        self.peers = parse_peers(settings.dicom_peers)
        self._listening: socket.socket | None = None
        self._keeping: asyncio.Task[None] | None = None

    # -- listener ------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Open the port. A process answers there from the first connection on: until then it costs nothing.

        Raises:
            UnavailableError: the port can not be had.
        """
        settings = self._settings
        family = socket.AF_INET6 if ":" in settings.dicom_host else socket.AF_INET
        try:
            self._listening = socket.create_server((settings.dicom_host, settings.dicom_port), family=family, backlog=BACKLOG)
        except OSError as error:
            place = f"{settings.dicom_host}:{settings.dicom_port}"
            raise UnavailableError(f"no DICOM listener at {place}: {error.strerror}") from error
        self._listening.setblocking(False)
        self._keeping = asyncio.create_task(self._keep(self._listening))
        log.info("DICOM listener", aet=settings.dicom_aet, host=settings.dicom_host, port=self.port)

    @property
    def port(self) -> int | None:
        """Where the listener is."""
        return int(self._listening.getsockname()[1]) if self._listening else None

    @property
    def own(self) -> dict[str, Any]:
        """How others reach us: `aet`, `host`, `port` (None where we do not listen)."""
        return {"aet": self._settings.dicom_aet, "host": self._settings.dicom_host, "port": self.port}

    async def _keep(self, listening: socket.socket) -> None:
        """Have a listener from the first connection on, and another one when it ends."""
        settings = self._settings
        tls = None
        if settings.dicom_tls_certificate is not None:
            trusted = settings.dicom_tls_trusted
            tls = Certificates(
                str(settings.dicom_tls_certificate), str(settings.dicom_tls_key), str(trusted) if trusted else None
            )
        task = Listen(
            listening.fileno(), settings.dicom_allow, settings.dicom_check_called, list(self.peers.values()), tls
        )  # fmt: skip
        while True:
            await _readable(listening)
            begun = time.monotonic()
            try:
                await self._process(task, _unheard, (listening.fileno(),)).run()
            except UnavailableError as error:
                log.error("the DICOM listener ended; the next connection starts another", why=str(error))
            if time.monotonic() - begun < SHORT_LIFE_S:
                await asyncio.sleep(PAUSE_S)

    async def stop(self) -> None:
        """Close the port and end the listener."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    # -- client --------------------------------------------------------------------------------------------------

    async def echo(self, peer: Peer) -> dict[str, float]:
        """Ask a peer whether it is there. Returns `seconds`.

        Raises:
            UnavailableError: it is not; the message says why. So do the others here.
        """
        return await self._run(Echo(peer))  # type: ignore[no-any-return]

    async def query(self, peer: Peer, level: str, keys: dict[str, str]) -> dict[str, Any]:
        """What a peer has: `matches`, DICOM JSON objects, and whether there are `more`."""
        return await self._run(Query(peer, level, keys, self._settings.dicom_matches))  # type: ignore[no-any-return]

    async def fetch(self, peer: Peer, level: str, keys: dict[str, str], by_move: bool, told: Told) -> dict[str, int]:
        """Get instances into the archive. Returns how many were `completed`, `failed`, …"""
        if by_move and self._listening is None:
            raise UnavailableError("C-MOVE needs our DICOM listener, which is off")
        return await self._run(Fetch(peer, level, keys, by_move), told)  # type: ignore[no-any-return]

    async def send(self, peer: Peer, wanted: Locate, told: Told) -> dict[str, Any]:
        """Send instances of the archive. Returns how many were `sent`, and which `failed` and why."""
        files = await self._shelf.locate(wanted)
        return await self._run(Send(peer, files), told)  # type: ignore[no-any-return]

    async def _run(self, task: Task, told: Told | None = None) -> Any:
        return await self._process(task, told or _unheard).run()

    def _process(self, task: Task, told: Told, inherited: tuple[int, ...] = ()) -> NetworkProcess:
        settings = self._settings
        limits = Limits(settings.dicom_associations, settings.dicom_pdu_kb << 10, settings.dicom_timeout_s)
        return NetworkProcess(Order(task, settings.dicom_aet, self._incoming, limits), self._asked, told, inherited)

    async def _asked(self, message: Take | Search | Locate) -> Any:
        if isinstance(message, Take):
            return await self._shelf.take(message)
        return await (self._shelf.search(message) if isinstance(message, Search) else self._shelf.locate(message))


def _unheard(_progress: Progress) -> None:
    """Nobody wants to know."""


def check(settings: Settings) -> None:
    """Whether what the settings say of the DICOM network makes sense.

    Raises:
        BadRequestError: it does not.
    """
    if not is_aet(settings.dicom_aet):
        raise BadRequestError(f"dicom_aet {settings.dicom_aet!r:.40} is no AE title: 1 to 16 characters, no backslash")
    if (settings.dicom_tls_certificate is None) != (settings.dicom_tls_key is None):
        raise BadRequestError("dicom_tls_certificate and dicom_tls_key go together")
    if settings.dicom_tls_trusted is not None and settings.dicom_tls_certificate is None:
        raise BadRequestError("dicom_tls_trusted needs dicom_tls_certificate and dicom_tls_key")
    for file in (settings.dicom_tls_certificate, settings.dicom_tls_key, settings.dicom_tls_trusted):
        if file is not None and not file.is_file():
            raise BadRequestError(f"there is no file {file}")
    is_open = settings.dicom_host not in LOOPBACK and not settings.dicom_allow
    if settings.enable_dicom and is_open and not settings.allow_unauthenticated_remote:
        raise BadRequestError(
            f"at {settings.dicom_host} everybody who reaches the DICOM port could read and fill the archive: name who may in "
            "dicom_allow, or add --allow-unauthenticated-remote"
        )


async def _readable(listening: socket.socket) -> None:
    """Wait until somebody connects."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(listening, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(listening)
