"""Many clients at once, mixing loads, pictures and reading: no error, no leak, and the time is told meanwhile.

A few seconds here; `SLICECAST_PARALLEL_S=60` makes it a minute.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.crowd import crowd
from tests.support.live import LiveServer
from tests.support.memory import resident_mb
from tests.support.phantoms import centred, octant_volume, write_nrrd

SECONDS = float(os.environ.get("SLICECAST_PARALLEL_S", "8"))
SIZE = (24, 20, 16)
GROWTH_MB = 80


@pytest.mark.timeout(120 + 4 * int(SECONDS))
def test_32_clients(tmp_path: Path) -> None:
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), SIZE)
    scan = write_nrrd(tmp_path / "octants.nrrd", octant_volume(affine, SIZE), affine)
    live = LiveServer(scan, allow_path=[str(tmp_path)]).wait()
    try:
        faults: list[str] = []
        crowd(live, scan, SECONDS / 2, faults)  # what is made once is made now
        ids = live.get("/slicer/mrml/ids").json()
        pids = [live.process.pid, live.scene_pid()]
        before = [resident_mb(pid, "VmRSS") for pid in pids]
        took = sorted(crowd(live, scan, SECONDS, faults))
        after = [resident_mb(pid, "VmRSS") for pid in pids]
        figures = (f"median {took[len(took) // 2] * 1e3:.0f} ms", f"p95 {took[int(len(took) * 0.95)] * 1e3:.0f} ms")
        sys.stdout.write(f"timeimage: {len(took)} answers, {', '.join(figures)}; memory, MB: {before} -> {after}\n")
        assert faults == []
        assert len(live.get("/slicer/mrml/ids").json()) == len(ids), "nodes were left behind"
        assert [live.process.pid, live.scene_pid()] == pids
        assert all(late - early < GROWTH_MB for early, late in zip(before, after, strict=True)), (before, after)
        assert took
    finally:
        live.stop()
