"""Static pages below the document root, served as Slicer's web server does: no redirects, and never outside the root."""

from __future__ import annotations

import hashlib
import html
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import tornado.web

from backend.errors import NotFoundError
from backend.http.base import BaseHandler
from backend.http.negotiate import media_ranges

INDEXES = ("index.html", "index.htm")
HASHED_ASSETS = "/viewer/assets/"
# Of our own, so that a machine's mime.types decides nothing.
TYPES = mimetypes.MimeTypes()
for _suffix, _type in {
    ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json", ".webmanifest": "application/manifest+json", ".webp": "image/webp", ".woff2": "font/woff2",
    ".md": "text/markdown",
}.items():  # fmt: skip
    TYPES.add_type(_type, _suffix)
LISTED_AT_MOST = 10_000


def document_root() -> Path:
    """Where the pages are: in the source tree, or beside the package in an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "docroot"
    return inside if inside.is_dir() else package.parent / "docroot"


def resolve(root: Path, url_path: str) -> Path:
    """The file or folder for a URL path, percent-escapes decoded, links followed; folders that have one give their index.

    Raises:
        NotFoundError: nothing there, or outside the root by dots or links.
    """
    decoded = unquote(url_path.encode("latin-1", "replace").decode("utf-8", "replace"))
    base = root.resolve()
    try:
        found = (base / decoded.lstrip("/")).resolve()
        if found.is_dir():
            found = next((found / name for name in INDEXES if (found / name).is_file()), found).resolve()
        elif decoded.endswith("/"):
            raise NotFoundError(f"there is nothing at {url_path}")
        good = (found == base or base in found.parents) and (found.is_file() or found.is_dir())
    except (OSError, ValueError, RuntimeError):  # a name too long, a zero byte, links in a circle
        good = False
    if not good:
        raise NotFoundError(f"there is nothing at {url_path}")
    return found


def is_folder(root: Path, url_path: str) -> bool:
    """Whether a URL path is a folder, with or without pages."""
    try:
        found = resolve(root, url_path)
    except NotFoundError:
        return False
    return found.is_dir() or found.name in INDEXES


def is_page(root: Path, url_path: str) -> bool:
    """Whether there is something at a URL path."""
    try:
        resolve(root, url_path)
    except NotFoundError:
        return False
    return True


def listing(folder: Path, url_path: str) -> bytes:
    """A folder's content as a page with a plain list; hidden files are not listed."""
    base = "/" + url_path.strip("/") if url_path.strip("/") else ""  # never `//`, which would be another host
    names = sorted(path.name + ("/" if path.is_dir() else "") for path in folder.iterdir() if not path.name.startswith("."))
    items = "".join(f'<li><a href="{base}/{quote(name)}">{html.escape(name)}</a></li>\n' for name in names[:LISTED_AT_MOST])
    title = html.escape(unquote(base) or "/")
    head = f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
    return f"{head}<body>\n<ul>\n{items}</ul>\n</body>\n</html>\n".encode()


class StaticHandler(BaseHandler, tornado.web.StaticFileHandler):
    """Any path that no other route takes: Tornado's file handler for ranges and conditions, our rules for paths and types."""

    found: Path | None = None
    sent: Path | None = None
    """What is sent for it: itself, or the same compressed."""

    def initialize(self, root: Path) -> None:  # type: ignore[override]
        """`root`: the document root."""
        self.documents = root
        super(BaseHandler, self).initialize(str(root.resolve()))

    async def get(self, *_args: str, include_body: bool = True) -> None:  # type: ignore[override]
        """Send a file, the part of it that is asked for, or a folder's list."""
        if not self.switches.pages:
            self.send_nothing()
            return
        try:
            self.found = resolve(self.documents, self.request.path)
        except NotFoundError:
            self.send_nothing()
            return
        if self.found.is_dir():
            quoted = quote(self.request.path, safe="/%")
            self.send(listing(self.found, quoted), "text/html")
            return
        self.sent = self._compressed() if self._is_hashed else self.found
        if_range = self.request.headers.get("If-Range")
        if if_range is not None and if_range != self.compute_etag():
            del self.request.headers["Range"]
        await tornado.web.StaticFileHandler.get(self, str(self.sent), include_body)

    post = put = get  # Slicer looks at no method here

    async def head(self, *_args: str, **_kwargs: str) -> None:
        """Like GET without the body."""
        await self.get(include_body=False)

    @property
    def _is_hashed(self) -> bool:
        return self.request.path.startswith(HASHED_ASSETS)

    def _compressed(self) -> Path | None:
        """The file that the build compressed beside the one asked for, where the client takes it."""
        assert self.found is not None
        self.set_header("Vary", "Accept-Encoding")
        zipped = self.found.with_name(self.found.name + ".gz")
        wanted = media_ranges(self.request.headers.get("Accept-Encoding", ""))
        if not any(one.media == "gzip" and one.weight > 0 for one in wanted) or not zipped.is_file():
            return self.found
        self.set_header("Content-Encoding", "gzip")
        return zipped

    def parse_url_path(self, url_path: str) -> str:
        """Already done."""
        return url_path

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Already done; the root is looked at once more by Tornado."""
        return path

    def compute_etag(self) -> str | None:
        """From time and size."""
        if self.found is None or self.found.is_dir():
            return None
        status = (self.sent or self.found).stat()
        stamp = f"{status.st_mtime_ns}-{status.st_size}".encode()
        return '"' + hashlib.blake2b(stamp, digest_size=8).hexdigest() + '"'

    def get_content_type(self) -> str:
        """By the name's ending; plain text where it tells nothing. No charset, as Slicer's; pages say theirs."""
        assert self.found is not None
        kind, encoding = TYPES.guess_type(self.found.name)
        if encoding == "gzip":
            return "application/gzip"
        return kind or "text/plain"

    def set_extra_headers(self, _path: str) -> None:
        """How long it may be kept: names with a digest for ever, others not without asking."""
        self.set_header("Cache-Control", "public, max-age=31536000, immutable" if self._is_hashed else "no-cache")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tornado's refusals of paths are missing pages."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, tornado.web.HTTPError) and status_code in (400, 403, 404):
            self.send_nothing()
        else:
            super().write_error(status_code, **kwargs)
