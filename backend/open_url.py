"""`slicecast open-url`: hands a `slicer:` link to a running server. It is what a desktop starts when such a link is clicked."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from typing import Any

POLL_S = 0.5
TIMEOUT_S = 600.0


class RefusedError(Exception):
    """The server said no, or is not there; the message says why."""


def open_url(link: str, server: str, show: bool, wait: bool) -> int:
    """Post a link, print the viewer's address and show it; with `wait` until everything is loaded. Returns the exit code."""
    root = server.rstrip("/")
    try:
        answer = _ask(f"{root}/api/open", json.dumps({"url": link}).encode())
        print(answer["url"], flush=True)  # noqa: T201
        if show:
            webbrowser.open(answer["url"])
        if wait and "job" in answer:
            answer = _wait(f"{root}{answer['job_url']}")
    except RefusedError as error:
        sys.stderr.write(f"slicecast: {error}\n")
        return 1
    for warning in answer.get("warnings", []):
        sys.stderr.write(f"slicecast: {warning}\n")
    return 0


def _wait(job_url: str) -> dict[str, Any]:
    while True:
        job = _ask(job_url, None)
        if job["state"] == "done":
            return dict(job["result"])
        if job["state"] in ("failed", "cancelled"):
            raise RefusedError(job["error"] or "cancelled")
        time.sleep(POLL_S)


def _ask(url: str, body: bytes | None) -> dict[str, Any]:
    if not url.startswith(("http://", "https://")):
        raise RefusedError(f"{url} is no address of a server")
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"} if body else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        raise RefusedError(_reason(error)) from error
    except (OSError, ValueError) as error:
        raise RefusedError(f"there is no Slicecast at {url}: {error}") from error


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered with status {error.code}"
