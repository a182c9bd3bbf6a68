"""Static pages below the document root, served as Slicer's web server does: no redirects, and never outside the root."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from urllib.parse import unquote

from backend.errors import NotFoundError
from backend.http.base import BaseHandler

INDEXES = ("index.html", "index.htm")
HASHED_ASSETS = "/viewer/assets/"
TEXT_TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")
LARGEST_IN_MEMORY = 64 << 20


def document_root() -> Path:
    """Where the pages are: in the source tree, or beside the package in an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "docroot"
    return inside if inside.is_dir() else package.parent / "docroot"


def find_file(root: Path, url_path: str) -> Path:
    """The file for a URL path, percent-escapes decoded, folders answered by their index.

    Raises:
        NotFoundError: nothing there, or outside the root by dots or links.
    """
    decoded = unquote(url_path)
    if "\0" in decoded:
        raise NotFoundError("no such page")
    base = root.resolve()
    found = (base / decoded.lstrip("/")).resolve()
    if found != base and base not in found.parents:
        raise NotFoundError(f"there is nothing at {url_path}")
    if found.is_dir():
        found = next((found / name for name in INDEXES if (found / name).is_file()), found)
    if not found.is_file() or base not in found.resolve().parents:
        raise NotFoundError(f"there is nothing at {url_path}")
    return found


class StaticHandler(BaseHandler):
    """Any path that no other route takes."""

    def initialize(self, root: Path) -> None:
        """`root`: the document root."""
        self.root = root

    async def get(self) -> None:
        """Send a file."""
        path = find_file(self.root, self.request.path)
        status = path.stat()
        if status.st_size > LARGEST_IN_MEMORY:
            raise NotFoundError("too large for a page")
        kind = mimetypes.guess_type(path.name)[0] or "text/plain"
        if kind.startswith(TEXT_TYPES):
            kind += "; charset=utf-8"
        stamp = f"{status.st_mtime_ns}-{status.st_size}".encode()
        etag = '"' + hashlib.blake2b(stamp, digest_size=8).hexdigest() + '"'
        hashed = self.request.path.startswith(HASHED_ASSETS)
        cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
        self.send(path.read_bytes(), kind, etag, cache)
