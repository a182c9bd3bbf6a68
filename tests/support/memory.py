"""What processes and pages hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def resident_mb(pid: int, which: str = "RssAnon") -> float:
    """Resident memory of a process, MB: what is its own, or, as `VmRSS`, with the files that it has mapped."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(which))


OWN = {"object", "array", "closure", "string", "concatenated string", "sliced string", "number", "bigint", "regexp", "symbol"}
"""Kinds of V8's heap that scripts make. Its code grows for long as functions become hot; the browser's own has other limits."""


def objects_mb(page: Page) -> float:
    """What the scripts of a page hold after a collection, MB: objects, arrays, texts, closures."""
    session = page.context.new_cdp_session(page)
    pieces: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: pieces.append(event["chunk"]))
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})  # collects first
    session.detach()
    found = json.loads("".join(pieces))
    fields, kinds = found["snapshot"]["meta"]["node_fields"], found["snapshot"]["meta"]["node_types"][0]
    step, nodes = len(fields), found["nodes"]
    sizes = zip(nodes[fields.index("type") :: step], nodes[fields.index("self_size") :: step], strict=True)
    return float(sum(size for kind, size in sizes if kinds[kind] in OWN)) / 1e6


def page_metrics(page: Page) -> dict[str, float]:
    """Chromium's measures of a page after a collection: `JSHeapUsedSize` (bytes), `Nodes`, `JSEventListeners` and others."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {entry["name"]: float(entry["value"]) for entry in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found
