"""A request's body as it arrives: in memory while small, in a file beyond that, so that memory stays bounded."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from backend.errors import TooLargeError

IN_MEMORY_BYTES = 1 << 20


class Body:
    """Collects chunks; `discard` at the end removes what was not kept."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where a body that is not small is written, in a folder of its own."""
        self._folder = folder / secrets.token_hex(8)
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._kept = False
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Add a piece."""
        self.size += len(chunk)
        if self._file is None and self.size <= IN_MEMORY_BYTES:
            self._memory += chunk
            return
        if self._file is None:
            self._open().write(self._memory)
            self._memory.clear()
        assert self._file is not None
        self._file.write(chunk)

    def _open(self) -> BinaryIO:
        self._folder.mkdir(parents=True)
        self._file = (self._folder / "body").open("wb")
        return self._file

    def read(self, limit_bytes: int) -> bytes:
        """All of it.

        Raises:
            TooLargeError: it is larger than `limit_bytes`.
        """
        if self.size > limit_bytes:
            raise TooLargeError(f"the body is larger than the {limit_bytes} bytes that this request may have")
        if self._file is None:
            return bytes(self._memory)
        self._file.flush()
        return (self._folder / "body").read_bytes()

    def path(self) -> Path:
        """A file that holds it, until the request ends."""
        if self._file is None:
            self._open().write(self._memory)
            self._memory.clear()
        assert self._file is not None
        self._file.flush()
        return self._folder / "body"

    def keep(self) -> Path:
        """The same file, which then stays when the request ends: it belongs to the caller."""
        path = self.path()
        self._kept = True
        return path

    def discard(self) -> None:
        """The request has ended."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if not self._kept:
                shutil.rmtree(self._folder, ignore_errors=True)
