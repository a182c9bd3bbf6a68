"""A server for tests of the archive: up when HTTP answers, on a data folder that may outlive it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.support.instances import multipart
from tests.support.live import START_TIMEOUT_S, Answer, LiveServer

SPARE = {"demo": False, "worker_processes": 2}


EMPTIED_S = 5.0


def left_in(server: LiveServer, folder: str = "incoming") -> list[Path]:
    """What is in a folder of an archive and does not go.

    Names stay in `incoming/` for some seconds after files were stored; to remove something has them go at once.
    """
    server.request("DELETE", "/dicom/studies/1.2.3.999999999")
    until = time.monotonic() + EMPTIED_S
    while (found := list((server.data / "archive" / folder).iterdir())) and time.monotonic() < until:
        time.sleep(0.02)
    return found


class ArchiveServer(LiveServer):
    """Starts on construction and waits until it answers; nobody waits for its scene."""

    def __init__(self, data: Path | None = None, **settings: Any) -> None:
        """`data`: folder to use instead of one of its own."""
        super().__init__(**({"data": str(data)} if data else {}), **{**SPARE, **settings})
        self.archive = (data or self.data) / "archive"
        until = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.get("/healthz")
                return
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.02)

    def store(self, *files: bytes, study: str | None = None, **headers: str) -> Answer:
        """Store files with one request."""
        body, kind = multipart(list(files))
        path = "/dicom/studies" + (f"/{study}" if study else "")
        return self.request("POST", path, body, Content_Type=kind, **headers)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()
        self._folder.cleanup()
