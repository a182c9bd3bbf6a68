"""At the start: instances that were acknowledged, whose rows a power failure has taken, are put into the index again."""

from __future__ import annotations

import itertools
import os
import secrets
from pathlib import Path

import structlog

from backend.archive.records import Outcome
from backend.archive.taking_in import NAME, Arrival, Rules, put_in
from backend.store.blobs import Blobs, digest_of
from backend.store.engine import Database
from backend.store.writer import Writer

log = structlog.get_logger("archive")
ORIGIN = "recovered"
"""Of these instances; where they came from is not known any more."""
TOGETHER = 16


def recover(rules: Rules, database: Database, blobs: Blobs) -> int:
    """Take in what `repair` left in `incoming/`: files without rows, all of which came whole.

    In the order in which they came; what is in the index stays, for a row that replaces another is on disk before it is
    acknowledged.

    Returns: how many instances are in the index again.
    """
    writer = Writer(database, blobs, "keep")
    try:
        return _recover(rules, writer)
    finally:
        writer.close()


def _recover(rules: Rules, writer: Writer) -> int:
    found = sorted(writer.blobs.left_over(), key=lambda one: one[1].stat().st_mtime_ns)
    whole = [path for digest, path in found if _is_whole(writer, digest, path)]
    count = 0
    for start in range(0, len(whole), TOGETHER):
        some = whole[start : start + TOGETHER]
        results = put_in(writer, rules, [_arrival(path) for path in some])
        there = [result.path for result in results if result.path is not None]
        settled = [path for path, result in zip(some, results, strict=True) if _is_done(path, result.outcome)]
        writer.settle(itertools.chain(there, settled))
        count += len(there)
    return count


def _is_whole(writer: Writer, digest: str, path: Path) -> bool:
    """Whether a file is what its name says; one that a power failure cut short was not acknowledged, and goes."""
    if digest_of(path.read_bytes()) == digest:
        return True
    writer.blobs.remove(digest)
    path.unlink()
    return False


def _arrival(path: Path) -> Arrival:
    """The file once more; the name by which it was found stays, in case that it can not be taken in now."""
    again = path.with_name(NAME + secrets.token_hex(8))
    os.link(path, again)
    return Arrival(again, ORIGIN, None, None)


def _is_done(path: Path, outcome: Outcome) -> bool:
    if not outcome.is_here:
        log.error(
            "an instance could not be put into the index again; the next start tries it", file=path.name, why=outcome.message
        )
    return outcome.is_here
