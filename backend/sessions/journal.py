"""What a scene process has been told to load, on disk, so that a new process can be told again after a crash."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from backend.scene.commands import Load, LoadDemo

Entry = Load | LoadDemo


class Journal:
    """Loads in order, one JSON line each, synced before a load is acknowledged; uploads are spooled beside it."""

    def __init__(self, folder: Path) -> None:
        """Start afresh in `folder`: what an earlier server left there belonged to a scene that is gone."""
        self._folder = folder
        self._file = folder / "journal.jsonl"
        self.entries: list[Entry] = []
        shutil.rmtree(folder, ignore_errors=True)
        self.spool.mkdir(parents=True, exist_ok=True)

    @property
    def spool(self) -> Path:
        """Folder for uploaded files, which must outlive the scene process."""
        return self._folder / "uploads"

    def append(self, entry: Entry) -> None:
        """Remember a load that succeeded."""
        self.entries.append(entry)
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def drop(self, entry: Entry) -> None:
        """Forget a load, such as one that killed the process when it was repeated."""
        self.entries.remove(entry)
        self._file.write_bytes(b"".join(msgspec.json.encode(kept) + b"\n" for kept in self.entries))

    def clear(self) -> None:
        """The scene is empty again."""
        self.entries.clear()
        self._file.write_bytes(b"")
