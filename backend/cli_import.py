"""`slicecast import`: files, folders and zip files into the archive, of a running server or in its data folder."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from backend import log
from backend.archive.archive import Archive, server_of
from backend.archive.importing import READ_ERRORS, Source, Summary, import_files, pieces, sources
from backend.archive.records import Outcome
from backend.config import Settings
from backend.errors import SlicecastError, UnavailableError

DONE, FAILED, USAGE, NO_SERVER = 0, 1, 2, 3
TELL_EVERY_S = 0.5
CLIENTS = 4
TIMEOUT_S = 900.0
WORDS = {
    "stored": "stored", "identical": "were there already", "replaced": "replaced", "kept": "are there with other content",
    "failed": "failed", "other": "are no DICOM",
}  # fmt: skip


def run(settings: Settings, paths: list[str], server: str | None, as_json: bool) -> int:
    """Import paths; the exit code: 0 where nothing failed, 1 where something did, 2 wrong use, 3 no server answers.

    Args:
        settings: for the archive, where no server has it.
        paths: files, folders, zip files.
        server: base URL of a server to send to, however near its archive is.
        as_json: print the result as JSON.
    """
    log.configure("warning", settings.log_format)
    given = [Path(path) for path in paths]
    for path in given:
        if not path.exists():
            sys.stderr.write(f"slicecast: there is no file or folder {path}\n")
            return USAGE
    server = server or server_of(settings.data / "archive")
    teller = Teller()
    try:
        summary = _send(server, given, teller) if server else asyncio.run(_import(settings, given, teller))
    except SlicecastError as error:
        sys.stderr.write(f"slicecast: {error}\n")
        return NO_SERVER
    teller.end()
    _print(summary, as_json)
    return FAILED if summary.counts["failed"] or not sum(summary.counts.values()) else DONE


async def _import(settings: Settings, paths: list[Path], teller: Teller) -> Summary:
    archive = Archive(settings)
    try:
        return await import_files(archive, paths, settings.store_waiting, teller.tell)
    finally:
        await archive.stop()


@dataclass
class Teller:
    """Says how far it is, on a line of the terminal."""

    _last: float = 0.0
    _told: bool = False

    def tell(self, summary: Summary) -> None:
        """Say it, not too often, and only to people."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._last >= TELL_EVERY_S:
            self._last, self._told = now, True
            sys.stderr.write(f"\r\x1b[K{_text(summary)}")
            sys.stderr.flush()

    def end(self) -> None:
        """The line is over."""
        if self._told:
            sys.stderr.write("\r\x1b[K")


def _text(summary: Summary) -> str:
    counts = [f"{summary.counts[key]} {words}" for key, words in WORDS.items() if summary.counts[key]]
    return f"{sum(summary.counts.values())} files: " + (", ".join(counts) or "nothing there")


def _print(summary: Summary, as_json: bool) -> None:
    if as_json:
        faults = [{"file": name, "why": why} for name, why in summary.faults]
        print(json.dumps({**{key: summary.counts[key] for key in WORDS}, "faults": faults}, indent=2))
        return
    for name, why in summary.faults:
        sys.stderr.write(f"{name}: {why}\n")
    print(_text(summary))


# -- to a server -----------------------------------------------------------------------------------------------------


def _send(server: str, paths: list[Path], teller: Teller) -> Summary:
    """Send all files to a server with STOW-RS.

    Raises:
        UnavailableError: nobody answers there, or not as a server of ours.
    """
    summary, turn = Summary(), threading.Lock()
    waiting = sources(paths, summary.fail)

    def work() -> None:
        while True:
            with turn:
                source = next(waiting, None)
            if source is None:
                return
            result = _send_one(server, source)
            with turn:
                if isinstance(result, Outcome):
                    summary.add(source.name, result)
                else:
                    summary.counts["other"] += 1
                teller.tell(summary)

    with ThreadPoolExecutor(CLIENTS) as clients:
        for done in [clients.submit(work) for _ in range(CLIENTS)]:
            done.result()
    return summary


def _send_one(server: str, source: Source) -> Outcome | None:
    """What became of a file; None of one that is no DICOM."""
    try:
        body = pieces(source)
        first = next(body, None)
        return _post(server, itertools.chain([first], body)) if first is not None else None
    except READ_ERRORS as error:
        return Outcome("failed", message=f"it can not be read: {error}")


def _post(server: str, body: Iterator[bytes]) -> Outcome:
    base = urlsplit(server)
    make = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/dicom", "Accept": "application/dicom+json"}
    with closing(make(base.hostname or "", base.port, timeout=TIMEOUT_S)) as connection:
        try:
            connection.connect()
        except OSError as error:
            raise UnavailableError(f"no server answers at {server} ({error})") from error
        connection.request("POST", base.path.rstrip("/") + "/dicom/studies", body, headers)
        response = connection.getresponse()
        try:
            return _outcome(response.status, response.read())
        except (ValueError, KeyError, TypeError, http.client.HTTPException) as error:
            raise UnavailableError(f"what answers at {server} is no Slicecast server with an archive") from error


def _outcome(status: int, body: bytes) -> Outcome:
    answer: dict[str, Any] = json.loads(body)
    if "message" in answer:
        return Outcome("failed", message=str(answer["message"]))
    for tag in ("00081198", "0008119A"):
        for item in answer.get(tag, {}).get("Value", ()):
            return Outcome("failed", message=str(item["00000902"]["Value"][0]))
    return Outcome("stored" if status == 200 else "kept")
