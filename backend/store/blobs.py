"""Files named by their content's digest, which are there only whole and on disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Blobs:
    """`files/ab/abcdef…` below the archive's folder, and `incoming/` where files wait for their rows.

    A file goes into its place by a second name; the first stays in `incoming/`, under a name that begins with the digest,
    until its row is committed. So what a crash left without a row is found without looking through all files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files, self.incoming = folder / "files", folder / "incoming"

    def prepare(self) -> None:
        """Make the folders, once, so that no instance waits for it."""
        for made in (self.files, self.incoming):
            made.mkdir(parents=True, exist_ok=True)
        for number in range(256):
            (self.files / f"{number:02x}").mkdir(exist_ok=True)
        for changed in (self.files, self._folder):
            sync_folder(changed)

    def path(self, digest: str) -> Path:
        """Where the file of a digest is, or would be."""
        return self.files / digest[:2] / digest

    def place(self, arrived: Iterable[tuple[str, Path]]) -> None:
        """Put files, each with its digest, into their places; on return they are there after any crash."""
        folders = set()
        for digest, source in arrived:
            target = self.path(digest)
            with suppress(FileExistsError):
                os.link(source, target)
                folders.add(target.parent)
        for folder in folders:
            sync_folder(folder)

    def remove(self, digest: str) -> None:
        """Remove a file, if it is there."""
        self.path(digest).unlink(missing_ok=True)

    def left_over(self) -> Iterator[tuple[str, Path]]:
        """What is in `incoming/`, with the digest that its name begins with ('' where it was not even read)."""
        for path in sorted(self.incoming.iterdir()):
            digest, dot, _rest = path.name.partition(".")
            yield (digest if dot and len(digest) == 64 else ""), path
