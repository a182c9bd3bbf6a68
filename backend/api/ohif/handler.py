"""Serves OHIF at /browse, or a page that says why it is not there."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import IO, cast

from backend.api.ohif.files import INDEX, Kept, find
from backend.http.base import BaseHandler
from backend.http.routes import Operation, Route
from backend.http.sending import send_file

MISSING = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>OHIF is not installed</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/site.css"></head>
<body>
<h1>OHIF is not installed</h1>
<p>The server answers DICOMweb at <code>/dicom</code>, but the OHIF viewer was not there when it was set up: its npm package
<code>@ohif/app</code> could not be fetched.</p>
<p>With a network, <code>make setup</code> fetches it. Without one, carry the package over and run
<code>node frontend/ohif/build.mjs ohif-app-3.13.2.tgz</code>. Then load this page again.</p>
<p><a href="/viewer/">Slicecast's own viewer</a></p>
</body>
</html>
"""
FOR_EVER = "public, max-age=31536000, immutable"


class OhifHandler(BaseHandler):
    """Files of OHIF; its index for the paths of its own pages."""

    def initialize(self, root: Path) -> None:
        """`root`: folder of its files."""
        self.root = root

    async def get(self, path: str | None = None) -> None:
        """Send a file, or 304 where the client has it."""
        found = find(self.root, path or "", self.request.headers.get("Accept-Encoding", ""))
        if found is None:
            if find(self.root, INDEX, "") is None:
                self.set_status(404)
                self.send(MISSING.encode(), "text/html; charset=utf-8")
            else:
                self.send_nothing()
            return
        await self._send(found)

    async def _send(self, found: Kept) -> None:
        if found.varies:
            self.add_header("Vary", "Accept-Encoding")
        status = found.path.stat()
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-{found.encoding}"'
        cache = FOR_EVER if found.for_ever else "no-cache"
        if etag in self.known_etags:
            self.send(b"", found.media, etag, cache)
            return
        self.set_header("ETag", etag)
        if found.encoding == "inflate":
            with found.path.open("rb") as packed:
                packed.seek(-4, os.SEEK_END)  # a gzip file ends with the size of what is in it
                size = int.from_bytes(packed.read(), "little")
            file = cast(IO[bytes], gzip.open(found.path))  # noqa: SIM115 (closed below)
        else:
            size, file = status.st_size, found.path.open("rb")
            if found.encoding:
                self.set_header("Content-Encoding", found.encoding)
        with file:
            await send_file(self, file, size, found.media, self.config.send_timeout_s, cache)


def routes(root: Path) -> list[Route]:
    """`/browse` and everything below it. `root`: folder of OHIF's files."""
    operation = Operation("/browse/", "The OHIF viewer (docs/ohif.md)", tag="pages", answers=("text/html",), also=(404,))
    return [Route(r"/browse(?:/(.*))?", OhifHandler, (operation,), {"root": root}, "pages")]
