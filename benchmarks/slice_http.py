"""Slices over HTTP, each at a new offset, against the same reslice and PNG encoding with no server."""

from __future__ import annotations

import itertools
import re
import selectors
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from backend.render import png
from backend.render.reslice import Plane, SliceRenderer
from benchmarks.common import SPACING_MM, ct_file, report, synthetic_ct
from tests.support.live import LiveServer
from tests.support.phantoms import centred

CONNECTIONS = 4
SECONDS = 1.0
ROUNDS = 10
RGBA = "/slicer/slice"
GREY = "/slice"
WINDOW, LEVEL = 400.0, 40.0
SET_WINDOW = f"""
display = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeDisplayNode")
display.SetAutoWindowLevel(0)
display.SetWindowLevel({WINDOW}, {LEVEL})
"""


def offsets() -> Iterator[float]:
    """Through the whole volume and again, mm, never the same twice: that picture would come from the cache."""
    return (-140 + (number * 0.37) % 280 for number in itertools.count())


# For all rounds, so that both go through all of the volume alike: slices at its ends take longer than those in its middle.
_asked, _sliced = offsets(), offsets()


def bare_loop(seconds: float) -> float:
    """Pictures a second of one thread without a server."""
    voxels = synthetic_ct()
    dims = voxels.shape[::-1]
    renderer = SliceRenderer(voxels)
    ras_to_ijk = np.linalg.inv(centred(np.eye(3), SPACING_MM, dims))
    slice_to_ras = np.diag([-1.0, 1.0, 1.0, 1.0])
    count, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        slice_to_ras[2, 3] = next(_sliced)
        plane = Plane.from_matrices(slice_to_ras, 0.8, 512, 512, ras_to_ijk)
        png.encode(renderer.grey(plane, WINDOW, LEVEL).pixels)
        count += 1
    return count / seconds


class Client:
    """A keep-alive connection with one request under way, whose answers are taken as they come.

    Each asks for a new offset unless one is given.
    """

    def __init__(self, port: int, path: str, offset: float | None = None) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self._path, self._offset = path, offset

    def ask(self) -> None:
        """Send the next request."""
        offset = next(_asked) if self._offset is None else self._offset
        self.began = time.perf_counter()
        self._head, self._missing = b"", -1
        self.connection.sendall(f"GET {self._path}?view=red&offset={offset:.4f} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def take(self) -> bool:
        """Take what has come; returns whether the answer is whole."""
        data = self.connection.recv(1 << 18)
        if self._missing < 0:
            self._head += data
            head, _, body = self._head.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
            assert b"image/png" in head
            self._missing = length - len(body)
        else:
            self._missing -= len(data)
        return self._missing == 0


def served(port: int, path: str, seconds: float, connections: int, offset: float | None = None) -> tuple[float, list[float]]:
    """Pictures a second over keep-alive connections, and the time of each.

    The load shares the machine with the server, so it takes as little of it as it can: one thread, nothing decoded.
    """
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        clients = [Client(port, path, offset) for _ in range(connections)]
        for client in clients:
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.ask()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _events in selector.select(5):
                client = key.data
                if client.take():
                    times.append(time.perf_counter() - client.began)
                    client.ask()
        for client in clients:
            client.connection.close()
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
            bare, grey, rgba = [], [], []
            for _ in range(ROUNDS):  # in turns, so that the machine's moods hit all alike
                bare.append(bare_loop(SECONDS / 2))
                grey.append(served(server.port, GREY, SECONDS, CONNECTIONS)[0])
                bare.append(bare_loop(SECONDS / 2))
                rgba.append(served(server.port, RGBA, SECONDS, CONNECTIONS)[0])
            limit = statistics.median(bare)
            report(
                "slice GET 512² grey PNG, new offset, 4 connections", statistics.median(grey), "per s", limit, target_ratio=0.8
            )
            report("slice GET 512² RGBA PNG (/slicer), 4 connections", statistics.median(rgba), "per s", limit)
            _rate, times = served(server.port, GREY, SECONDS, 1)
            report("one slice GET, idle server, median", statistics.median(times) * 1e3, "ms", 1e3 / limit, "lower")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
