"""Slices over HTTP, each at a new offset, against the same reslice and PNG encoding with no server."""

from __future__ import annotations

import itertools
import re
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from backend.render import png
from backend.render.reslice import Plane, SliceRenderer
from benchmarks.common import SPACING_MM, ct_file, report, synthetic_ct
from tests.support.live import LiveServer
from tests.support.phantoms import centred

CONNECTIONS = 4
SECONDS = 4.0
ROUNDS = 3
_numbers = itertools.count()  # one for all rounds: an offset that was asked for before would come from the cache
RGBA = "/slicer/slice"
GREY = "/slice"
WINDOW, LEVEL = 400.0, 40.0
SET_WINDOW = f"""
display = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeDisplayNode")
display.SetAutoWindowLevel(0)
display.SetWindowLevel({WINDOW}, {LEVEL})
"""


def bare_loop(seconds: float) -> float:
    """Pictures a second of one thread without a server."""
    voxels = synthetic_ct()
    dims = voxels.shape[::-1]
    renderer = SliceRenderer(voxels)
    ras_to_ijk = np.linalg.inv(centred(np.eye(3), SPACING_MM, dims))
    slice_to_ras = np.diag([-1.0, 1.0, 1.0, 1.0])
    count, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        slice_to_ras[2, 3] = -140 + (count * 0.37) % 280
        plane = Plane.from_matrices(slice_to_ras, 0.8, 512, 512, ras_to_ijk)
        png.encode(renderer.grey(plane, WINDOW, LEVEL).pixels)
        count += 1
    return count / seconds


def receive(connection: socket.socket) -> bytes:
    """Body of one answer; the load shares the machine with the server, so it takes as little of it as it can."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 18)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
    while len(body) < length:
        body += connection.recv(1 << 18)
    return body


def served(port: int, path: str, seconds: float, connections: int) -> tuple[float, list[float]]:
    """Pictures a second over keep-alive connections, and the time of each."""
    times: list[float] = []
    until = time.perf_counter() + seconds

    def client() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while (began := time.perf_counter()) < until:
                offset = -140 + (next(_numbers) * 0.37) % 280
                connection.sendall(f"GET {path}?view=red&offset={offset:.4f} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert receive(connection)[:4] == b"\x89PNG"
                times.append(time.perf_counter() - began)

    threads = [threading.Thread(target=client) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / seconds, times


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(ct_file(Path(folder)), default_size_px=512, enable_exec=True).wait()
        server.request("POST", "/slicer/exec", SET_WINDOW.encode())  # pictures as those of the bare loop: size decides
        server.get("/slice?view=red&orientation=axial")
        try:
            served(server.port, GREY, 1.0, CONNECTIONS)
            bare_loop(0.5)
            grey, rgba, bare = [], [], []
            for _ in range(ROUNDS):
                bare.append(bare_loop(SECONDS / 2))
                grey.append(served(server.port, GREY, SECONDS, CONNECTIONS)[0])
                rgba.append(served(server.port, RGBA, SECONDS, CONNECTIONS)[0])
            limit = statistics.median(bare)
            report("slice GET 512² grey PNG, new offset, 4 connections", statistics.median(grey), "per s", limit)
            report("slice GET 512² RGBA PNG (/slicer), 4 connections", statistics.median(rgba), "per s", limit)
            _rate, times = served(server.port, GREY, SECONDS, 1)
            report("one slice GET, idle server, median", statistics.median(times) * 1e3, "ms", 1e3 / limit, "lower")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
