"""What a scene process has been told that must be told again to a new one after a crash, on disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from backend.scene.commands import Command


class Journal:
    """Commands in order, loads as one JSON line each, synced before they are acknowledged; uploads are spooled beside it."""

    def __init__(self, folder: Path) -> None:
        """Start afresh in `folder`: what an earlier server left there belonged to a scene that is gone."""
        self._folder = folder
        self._file = folder / "journal.jsonl"
        self.entries: list[Command] = []
        shutil.rmtree(folder, ignore_errors=True)
        self.spool.mkdir(parents=True, exist_ok=True)

    @property
    def spool(self) -> Path:
        """Folder for uploaded files, which must outlive the scene process."""
        return self._folder / "uploads"

    def note(self, command: Command) -> None:
        """Remember a command that succeeded, as its class wants it remembered."""
        if command.journal == "append":
            self._append(command)
        elif command.journal == "newest":
            # In memory only: these come many times a second, and the memory outlives the scene process.
            key = command.journal_key()
            self.entries = [e for e in self.entries if e.journal != "newest" or e.journal_key() != key] + [command]
        elif command.journal == "clear":
            forgotten, self.entries = self.entries, []
            self._file.write_bytes(b"")
            for entry in forgotten:
                self.release(Path(getattr(entry, "path", "")))

    def release(self, path: Path) -> None:
        """Delete a file that was spooled, with its folder, unless a command still needs something in that."""
        if self.spool in path.parents:
            folder = self.spool / path.relative_to(self.spool).parts[0]
            if not any(folder in Path(getattr(entry, "path", "")).parents for entry in self.entries):
                shutil.rmtree(folder, ignore_errors=True)

    def _append(self, command: Command) -> None:
        self.entries.append(command)
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(command) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def drop(self, command: Command) -> None:
        """Forget a command, such as a load that killed the process when it was repeated."""
        self.entries.remove(command)
        self._file.write_bytes(b"".join(msgspec.json.encode(kept) + b"\n" for kept in self.entries))
