"""How long the gateway keeps others waiting while it streams a turning volume.

Another process asks for `/healthz`, which needs no scene. The machine's processors are busy with rendering meanwhile, so a bare
Tornado server is asked at the same time.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import ct_file, report, seconds
from benchmarks.slice_peers import peer
from benchmarks.stream_slices import drag
from benchmarks.stream_volume import turned
from tests.support.live import ROOT, LiveServer

SECONDS = 8.0
ASKER = """
import http.client, json, sys, time
def ask(connection, path):
    began = time.perf_counter()
    connection.request("GET", path)
    assert connection.getresponse().read() is not None
    return time.perf_counter() - began
ours, bare = (http.client.HTTPConnection("127.0.0.1", int(port)) for port in sys.argv[1:3])
times, until = ([], []), time.monotonic() + float(sys.argv[3])
while time.monotonic() < until:
    times[0].append(ask(ours, "/healthz"))
    times[1].append(ask(bare, "/"))
    time.sleep(0.003)
print(json.dumps([sorted(some) for some in times]))
"""


def main() -> None:
    """Print the figures."""
    length_s = seconds(SECONDS)
    with tempfile.TemporaryDirectory() as folder, peer("constant", 100) as bare:
        server = LiveServer(ct_file(Path(folder))).wait()
        try:

            async def run() -> tuple[float, list[list[float]]]:
                _rate, _ages, client = await drag(server.port, "1", turned, 60.0, 1.0)  # once: everything is set up
                await client.close()
                command = [sys.executable, "-c", ASKER, str(server.port), str(bare), str(length_s)]
                asker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
                rate, _ages, client = await drag(server.port, "1", turned, 60.0, length_s)
                await client.close()
                told, _ = await asyncio.to_thread(asker.communicate)
                return rate, json.loads(told)

            rate, (ours, others) = asyncio.run(run())
            note = f"while the volume is streamed at {rate:.0f} pictures/s; limit: bare Tornado"
            for name, share, target in (("median", 0.5, None), ("99 of 100", 0.99, 20.0), ("longest", 1.0, None)):
                at = [some[min(len(some) - 1, int(len(some) * share))] * 1e3 for some in (ours, others)]
                report(f"gateway's answer while rendering, {name}", at[0], "ms", at[1], "lower", note, target=target)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
