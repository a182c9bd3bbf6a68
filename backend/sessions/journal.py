"""What a scene process has been told that must be told again to a new one after a crash, on disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from backend.config import Settings
from backend.scene.commands import Command


def folder_of(settings: Settings, session: str) -> Path:
    """Where a session's journal lies; servers that share a data folder have ports of their own."""
    return settings.data / "sessions" / f"{session}-{settings.port}"


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
            needed = self._spooled()
            self._append(command)
            self._release(needed - self._spooled())
        elif command.journal == "newest":
            # In memory only: these come many times a second, and the memory outlives the scene process.
            key = command.journal_key()
            self.entries = [e for e in self.entries if e.journal != "newest" or e.journal_key() != key] + [command]
        elif command.journal == "clear":
            needed = self._spooled()
            self.entries = [entry for entry in self.entries if entry.outlives_clear]
            self._file.write_bytes(b"")
            self._append(command)  # a cleared scene has its nodes in another order than a new one
            self._release(needed)

    def _append(self, command: Command) -> None:
        amended = [entry.amended(command) for entry in self.entries]
        is_longer = amended == self.entries
        self.entries = [entry for entry in amended if entry is not None] + [command]
        with self._file.open("ab" if is_longer else "wb") as file:
            for entry in [command] if is_longer else self.entries:
                file.write(msgspec.json.encode(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def drop(self, command: Command) -> None:
        """Forget a command, such as a load that killed the process when it was repeated."""
        needed = self._spooled()
        self.entries.remove(command)
        self._write_all()
        self._release(needed - self._spooled())

    def renew(self, entry: Command, renewed: Command) -> None:
        """Keep `renewed` in the place of `entry`: a new process has given it another answer."""
        if renewed != entry:
            self.entries[self.entries.index(entry)] = renewed
            self._write_all()

    def _write_all(self) -> None:
        self._file.write_bytes(b"".join(msgspec.json.encode(kept) + b"\n" for kept in self.entries))

    def _spooled(self) -> set[str]:
        return {path for entry in self.entries if (path := entry.spooled())}

    def _release(self, paths: set[str]) -> None:
        for path in paths:
            self.remove_spooled(Path(path))

    def remove_spooled(self, path: Path) -> None:
        """Remove a file that was spooled with its folder in the spool, unless an entry still needs something in that."""
        if self.spool not in path.parents:
            return
        folder = self.spool / path.relative_to(self.spool).parts[0]
        if not any(folder == Path(needed) or folder in Path(needed).parents for needed in self._spooled()):
            shutil.rmtree(folder, ignore_errors=True)
