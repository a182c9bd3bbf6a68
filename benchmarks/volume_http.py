"""A CT volume of 157 MB over HTTP, against reading the same file and sending it over a socket; and what others notice of it."""

from __future__ import annotations

import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import ct_file, report
from tests.support.live import LiveServer

ROUNDS = 5
SECONDS = 3.0
PIECE = 1 << 20


def take(connection: socket.socket, length: int) -> None:
    """Receive and forget."""
    buffer = bytearray(PIECE)
    while length:
        length -= connection.recv_into(buffer, min(PIECE, length))


def bare(path: Path) -> float:
    """Seconds to read the file in pieces and send them to a thread that takes them over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.perf_counter()
        with socket.create_connection(listener.getsockname()) as sender:
            taker, _address = listener.accept()
            thread = threading.Thread(target=take, args=(taker, path.stat().st_size))
            thread.start()
            with path.open("rb", buffering=0) as file:
                while piece := file.read(PIECE):
                    sender.sendall(piece)
            thread.join()
            taker.close()
        return time.perf_counter() - began


def served(port: int) -> tuple[float, float, int]:
    """Seconds to the first byte and to the last, and how many bytes."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        began = time.perf_counter()
        connection.sendall(b"GET /slicer/volume HTTP/1.1\r\nHost: localhost\r\n\r\n")
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(4096)
        first = time.perf_counter() - began
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
        take(connection, length - len(body))
        return first, time.perf_counter() - began, length


ASKER = """
import http.client, json, sys, time
connection, times, until = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])), [], time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    began = time.perf_counter()
    connection.request("GET", "/slicer/timeimage")
    connection.getresponse().read()
    times.append(time.perf_counter() - began)
    time.sleep(0.005)
print(json.dumps(sorted(times)))
"""


def meanwhile(port: int, work: Callable[[], object]) -> float:
    """Seconds within which 95 of 100 requests for the time, by a process of its own, are answered while `work` is repeated."""
    command = [sys.executable, "-c", ASKER, str(port), str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asker:
        while asker.poll() is None:
            work()
        assert asker.stdout is not None
        times = json.loads(asker.stdout.read())
    return float(times[int(len(times) * 0.95)])


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = ct_file(Path(folder))
        server = LiveServer(path).wait()
        raw = Path(folder) / "raw.nrrd"
        with urllib.request.urlopen(f"{server.url}/slicer/volume") as answer:
            raw.write_bytes(answer.read())
        try:
            limits, firsts, alls = [], [], []
            for _ in range(ROUNDS):
                limits.append(bare(raw))
                first, whole, length = served(server.port)
                firsts.append(first)
                alls.append(whole)
            mb = length / 1e6
            report("volume GET 512×512×300 short", mb / statistics.median(alls), "MB/s", mb / statistics.median(limits))
            report("  of this until the first byte", statistics.median(firsts) * 1e3, "ms")
            alone = meanwhile(server.port, lambda: time.sleep(0.1))
            busy = meanwhile(server.port, lambda: served(server.port))
            report("timeimage meanwhile, 95 of 100", busy * 1e3, "ms", alone * 1e3, "lower", "limit: nobody else asks")
            body = raw.read_bytes()
            began = time.perf_counter()
            urllib.request.urlopen(urllib.request.Request(f"{server.url}/slicer/volume?id=Copy", body)).read()
            report("volume POST 512×512×300 short", mb / (time.perf_counter() - began), "MB/s", mb / statistics.median(limits))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
