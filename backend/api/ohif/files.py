"""OHIF's files as set-up made them (`frontend/ohif/build.mjs`): text files are there compressed only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from backend.http.negotiate import media_ranges
from backend.http.static import TYPES

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content codings and the endings of the files that are in them, smallest first."""
NAME = re.compile(r"[\w-][\w.-]*\Z", re.ASCII)
DIGEST = re.compile(r"(^|\.)[0-9a-f]{16}\.")
INDEX = "index.html"


@dataclass(frozen=True)
class Kept:
    """A file, in the coding that it is sent in."""

    path: Path
    media: str
    encoding: str
    """Content-Encoding; empty where it is sent as it is. `inflate`: kept as gzip, which the client does not take."""
    for_ever: bool
    """Whether its name has a digest of its content."""
    varies: bool
    """Whether other clients get it in another coding."""


def find(root: Path, path: str, accept_encoding: str) -> Kept | None:
    """What is sent for a path below /browse; None where there is nothing.

    The viewer's own pages have paths without a file behind them: those that look like no file are its index.

    Args:
        root: folder of the files.
        path: what follows `/browse/`, decoded.
        accept_encoding: the header.
    """
    parts = PurePosixPath(path).parts
    if path and all(NAME.match(part) for part in parts):
        found = _kept(root, "/".join(parts), accept_encoding)
        if found is not None:
            return found
    suffix = PurePosixPath(path).suffix
    if suffix and TYPES.guess_type("name" + suffix)[0]:
        return None
    return _kept(root, INDEX, accept_encoding)


def _kept(root: Path, name: str, accept_encoding: str) -> Kept | None:
    plain = root / name
    media = TYPES.guess_type(plain.name)[0] or "text/plain"
    for_ever = DIGEST.search(plain.name) is not None
    if plain.is_file():
        return Kept(plain, media, "", for_ever, False)
    wanted = {one.media for one in media_ranges(accept_encoding) if one.weight > 0}
    for encoding, ending in ENCODINGS.items():
        path = plain.with_name(plain.name + ending)
        if encoding in wanted and path.is_file():
            return Kept(path, media, encoding, for_ever, True)
    gzipped = plain.with_name(plain.name + ".gz")
    return Kept(gzipped, media, "inflate", for_ever, True) if gzipped.is_file() else None
