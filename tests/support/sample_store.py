"""A store of files by SHA-256 on loopback, as Slicer's releases on GitHub are, that can be made to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class SampleServer:
    """Serves what `add` was given under `/SHA256/<digest>`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.damage = 0  # so many answers are damaged
        self.pause_s = 0.0  # before the second half of an answer
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802: the library's name
                digest = self.path.rpartition("/")[2]
                store.asked.append(digest)
                data = store.files.get(digest)
                if data is None:
                    self.send_error(404)
                    return
                if store.damage:
                    store.damage -= 1
                    data = data[:-1] + bytes([data[-1] ^ 1])
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                half = len(data) // 2
                with contextlib.suppress(OSError):  # who has had enough goes
                    self.wfile.write(data[:half])
                    time.sleep(store.pause_s)
                    self.wfile.write(data[half:])

            def log_message(self, *_args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Base URL of the store."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/SHA256"

    def add(self, path: Path) -> str:
        """Serve a file; returns its SHA-256."""
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        self.files[digest] = data
        return digest

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def write_catalogue(path: Path, samples: dict[str, list[dict[str, str]]]) -> Path:
    """A catalogue file; `samples`: for each name the files, with `file`, `checksum`, `node`, `type`, `url`."""
    path.write_text(json.dumps([{"name": name, "files": files} for name, files in samples.items()]))
    return path
