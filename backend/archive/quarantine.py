"""Files that came in and could not be read: kept, with the reason beside them, up to a total size."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import msgspec


class Quarantine:
    """A folder of files `TIME-NUMBER.dcm`, each with a `.json` that says why it is there."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """`limit_bytes`: of all files together; nothing is kept where it is 0."""
        self._folder, self._limit = folder, limit_bytes

    def take(self, path: Path, reason: str, origin: str, detail: str | None) -> None:
        """Move a file here; the oldest make room. A file that is larger than all the room is removed."""
        size = path.stat().st_size
        if size > self._limit:
            path.unlink(missing_ok=True)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._make_room(size)
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(seconds))}.{nanoseconds:09d}-{secrets.token_hex(2)}"
        about = {"reason": reason, "origin": origin, "from": detail, "bytes": size}
        (self._folder / f"{name}.json").write_bytes(msgspec.json.encode(about))
        path.replace(self._folder / f"{name}.dcm")

    def _make_room(self, size: int) -> None:
        files = sorted(self._folder.glob("*.dcm"))
        sizes = [file.stat().st_size for file in files]
        total = sum(sizes) + size
        for file, freed in zip(files, sizes, strict=True):
            if total <= self._limit:
                return
            file.unlink(missing_ok=True)
            file.with_suffix(".json").unlink(missing_ok=True)
            total -= freed
