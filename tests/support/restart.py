"""Waiting for a scene process that was killed."""

from __future__ import annotations

import time

from tests.support.live import LiveServer


def comes_back(live: LiveServer, old: int, timeout_s: float = 90.0) -> None:
    """Wait until another scene process than `old` is ready; the server answers all the while."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        assert live.get("/healthz").status == 200
        try:
            if live.get("/readyz").status == 200 and live.scene_pid() != old:
                return
        except LookupError:
            pass
        time.sleep(0.1)
    raise TimeoutError(live.log.read_text())
