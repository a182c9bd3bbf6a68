"""Single files from other servers, straight to disk."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from backend.errors import UnavailableError
from backend.peers.http import Head, Peer

Told = Callable[[int, int | None], None]


async def fetch_file(peer: Peer, folder: Path, name: str, told: Told) -> Path:
    """What is at the peer's root, as a file of this name in a folder of its own below `folder`.

    `told` hears the bytes received and of how many. What was not received whole does not stay.

    Raises:
        PeerError, TooLargeError: as `Peer.get`.
        UnavailableError: it could not be written.
    """
    target = folder / secrets.token_hex(8) / name
    received = 0
    try:
        target.parent.mkdir(parents=True)
        with target.open("wb") as file:

            async def take(head: Head, chunk: bytes) -> None:
                nonlocal received
                file.write(chunk)
                received += len(chunk)
                told(received, head.length)

            await peer.get("", "*/*", take)
    except BaseException as error:  # also when cancelled
        shutil.rmtree(target.parent, ignore_errors=True)
        if isinstance(error, OSError):
            raise UnavailableError(f"a file could not be written: {error.strerror}") from error
        raise
    return target
