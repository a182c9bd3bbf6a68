"""Slices over HTTP beside plain Tornado servers with the same clients, in turns.

A cached slice beside constant bytes of the same length; a new slice each time beside vtkImageReslice and Pillow's PNG as it
comes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.common import ct_file, report, seconds, synthetic_ct
from benchmarks.slice_http import CONNECTIONS, GREY, SET_WINDOW, served
from tests.support.live import ROOT, LiveServer, free_port

SECONDS = 1.0
ROUNDS = 6
OFFSET = 12.5


@contextmanager
def peer(kind: str, what: object) -> Iterator[int]:
    """Yields the port of a plain server in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.peers.tornado_slices", str(port), kind, str(what)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            yield port
        finally:
            process.kill()


def beside(ours: int, theirs: int, offset: float | None) -> tuple[float, float]:
    """Pictures a second of both, medians of rounds in turns."""
    rates: dict[int, list[float]] = {ours: [], theirs: []}
    for _ in range(ROUNDS):
        for port, found in rates.items():
            found.append(served(port, GREY, seconds(SECONDS), CONNECTIONS, offset)[0])
    return statistics.median(rates[ours]), statistics.median(rates[theirs])


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "ct.npy", synthetic_ct())
        server = LiveServer(ct_file(Path(folder)), default_size_px=512, enable_exec=True).wait()
        try:
            server.request("POST", "/slicer/exec", SET_WINDOW.encode())
            server.get("/slice?view=red&orientation=axial")
            length = len(server.get(f"/slice?view=red&offset={OFFSET}").body)
            with peer("constant", length) as port:
                cached, constant = beside(server.port, port, OFFSET)
            report("cached slice GET 512² PNG, 4 connections", cached, "per s", constant,
                   note="limit: Tornado serving constant bytes", target_ratio=0.8)  # fmt: skip
            with peer("vtk", folder) as port:
                new, vtk = beside(server.port, port, None)
            report("slice GET 512² PNG, new offset each time, 4 connections", new, "per s", vtk,
                   note="limit: vtkImageReslice, Pillow's PNG, Tornado", target_ratio=10)  # fmt: skip
        finally:
            server.stop()


if __name__ == "__main__":
    main()
