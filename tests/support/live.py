"""A real server in a process of its own, on a free port, as users start it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0


@dataclass
class Answer:
    """An HTTP answer, errors included."""

    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SPARE = {"enable_dicom": False, "worker_processes_ahead": 0}
"""What most tests can do without: a port that would be the same for all, and processes that most of them do not need."""


class LiveServer:
    """Starts on construction; `wait()` until its scene is loaded; `stop()` at the end."""

    def __init__(self, *paths: str | Path, port: int | None = None, **settings: Any) -> None:
        self.port = port or free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="slicecast-test-")
        self.data = Path(self._folder.name)
        environment = {**os.environ, "SLICECAST_DATA": str(self.data), "SLICECAST_PORT": str(self.port)}
        environment["SLICECAST_LOG_FORMAT"] = "json"
        for name, value in {**SPARE, **settings}.items():
            environment[f"SLICECAST_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
        self.log = self.data / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", "serve", *map(str, paths)],
                cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self, status: str = "ready", timeout_s: float = START_TIMEOUT_S) -> LiveServer:
        """Wait until the scene has this status; a server that does not come to it is stopped."""
        try:
            return self._wait(status, timeout_s)
        except Exception:
            self.stop()
            raise

    def _wait(self, status: str, timeout_s: float) -> LiveServer:
        until = time.monotonic() + timeout_s
        found = "nothing yet"
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{self.log.read_text()}")
            try:
                found = self.get("/api/scene").json()["status"]
            except (OSError, KeyError):
                found = "no answer"
            if found == status and (status != "ready" or self._was_loaded()):
                return self
            time.sleep(0.05)
        raise TimeoutError(f"scene is {found}, not {status}:\n{self.log.read_text()}")

    def _was_loaded(self) -> bool:
        found = [line["status"] for line in self.log_lines() if line.get("event") == "scene status"]
        return "loading" in found and found[-1] == "ready"

    def wait_said(self, text: str, timeout_s: float = START_TIMEOUT_S) -> LiveServer:
        """Wait until the scene has said something with this text in it."""
        until = time.monotonic() + timeout_s
        while not any(text in line.get("text", "") for line in self.log_lines()):
            if time.monotonic() > until:
                raise TimeoutError(f"nothing of {text!r}:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    def log_lines(self) -> list[dict[str, Any]]:
        """What the server has logged, as data."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.request("GET", path, **headers)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Any request; `_` in header names stands for `-`."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=names)
        try:
            response: HTTPResponse
            with urllib.request.urlopen(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def scene_pid(self) -> int:
        """Process number of the scene process."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            if b"backend.scene.process" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        raise LookupError("no scene process")

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self._folder.cleanup()
