"""What processes and pages hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def resident_mb(pid: int, which: str = "RssAnon") -> float:
    """Resident memory of a process, MB: what is its own, or, as `VmRSS`, with the files that it has mapped."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(which))


def page_metrics(page: Page) -> dict[str, float]:
    """Chromium's measures of a page after a collection: `JSHeapUsedSize` (bytes), `Nodes`, `JSEventListeners` and others."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {entry["name"]: float(entry["value"]) for entry in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found
