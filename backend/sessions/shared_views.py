"""Views that somebody has shared by a link: each a small file, the newest of them kept."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import msgspec

from backend.errors import NotFoundError, UnavailableError
from backend.scene.commands import Look

NAME = re.compile(r"[A-Za-z0-9_-]{16}")
LONGEST_TITLE = 200


class SharedView(msgspec.Struct):
    """How a scene was looked at, and what the page beside it showed."""

    look: Look
    title: str = ""
    maximized: str = ""
    """View that was alone on the page, empty for the whole layout."""


class SharedViews:
    """Keeps shared views in a folder, by names that nobody can guess."""

    def __init__(self, folder: Path, most: int) -> None:
        """`most`: as many are kept; the oldest go first."""
        self._folder, self._most = folder, most

    def add(self, view: SharedView) -> str:
        """Keep a view; returns its name.

        Raises:
            UnavailableError: it can not be written.
        """
        name = secrets.token_urlsafe(12)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            partial = self._folder / f".{name}"
            partial.write_bytes(msgspec.json.encode(view))
            partial.replace(self._folder / f"{name}.json")
            self._forget_oldest()
        except OSError as error:
            raise UnavailableError(f"the view can not be kept: {error.strerror}") from error
        return name

    def get(self, name: str) -> SharedView:
        """A view by its name.

        Raises:
            NotFoundError: there is none, or none any more.
        """
        path = self._folder / f"{name}.json"
        if NAME.fullmatch(name) and path.is_file():
            try:
                return msgspec.json.decode(path.read_bytes(), type=SharedView)
            except (OSError, msgspec.DecodeError):
                pass  # it went meanwhile, or was written by another version
        raise NotFoundError("this shared view is not here any more")

    def _forget_oldest(self) -> None:
        found = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in found[: max(len(found) - self._most, 0)]:
            path.unlink(missing_ok=True)
