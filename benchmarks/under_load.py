"""How long `/timeimage` takes while 32 clients work, beside a server that does nothing else and sees no other client."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.common import report, seconds
from tests.support.crowd import crowd
from tests.support.live import LiveServer, free_port
from tests.support.phantoms import centred, octant_volume, write_nrrd

SECONDS = 30.0
SIZE = (24, 20, 16)
ASKER = """
import http.client, sys, time
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
took, until = [], time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    began = time.perf_counter()
    connection.request("GET", "/timeimage")
    assert connection.getresponse().read()
    took.append(time.perf_counter() - began)
    time.sleep(0.02)
took.sort()
print(took[len(took) // 2] * 1e3, took[int(len(took) * 0.95)] * 1e3)
"""
IDLE = """
import asyncio, sys, tornado.web
class Same(tornado.web.RequestHandler):
    def get(self): self.finish(b"x" * 1000)
async def main():
    tornado.web.Application([(".*", Same)]).listen(int(sys.argv[1]), "127.0.0.1")
    print("up", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def python(source: str, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own, so that nothing that is measured waits for the load's interpreter."""
    return subprocess.Popen([sys.executable, "-c", source, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        affine = centred(np.eye(3), (2.0, 2.0, 2.0), SIZE)
        scan = write_nrrd(Path(folder) / "octants.nrrd", octant_volume(affine, SIZE), affine)
        server = LiveServer(scan, allow_path=[folder]).wait()
        port = free_port()
        idle = python(IDLE, port)
        try:
            assert idle.stdout is not None
            idle.stdout.readline()
            faults: list[str] = []
            length_s = seconds(SECONDS)
            crowd(server, scan, 3.0, faults)
            askers = [python(ASKER, number, length_s) for number in (server.port, port)]
            crowd(server, scan, length_s, faults)
            assert faults == []
            ours, bare = ([float(value) for value in asker.communicate()[0].split()] for asker in askers)
            report("/timeimage while 32 clients work, median", ours[0], "ms", bare[0], "lower")
            report("/timeimage while 32 clients work, p95", ours[1], "ms", bare[1], "lower")
        finally:
            idle.kill()
            server.stop()


if __name__ == "__main__":
    main()
