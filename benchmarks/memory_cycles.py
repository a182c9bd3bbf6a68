"""Memory of the server's two processes after 200 stream clients that came, looked at a slice and the volume, and left, and
after further sessions that began, were looked at and ended."""

from __future__ import annotations

import asyncio
import os
import time

from benchmarks.common import SECONDS_MOST, report
from tests.support.live import LiveServer
from tests.support.memory import resident_mb
from tests.support.stream_client import StreamClient

CYCLES, WARM_UP = 200, 120
QUICK_CYCLES = 20
SESSIONS, SESSIONS_WARM_UP, QUICK_SESSIONS = 12, 2, 1
LOADED_S = 12.0  # after the start: what is loaded late is there
OFFSETS = 20  # all of them in the warm-up: what is cached is bounded, and no growth
MOST_GROWTH = 1.05


async def cycles(port: int, count: int) -> None:
    """Come, look and leave, one after the other."""
    for number in range(count):
        client = await StreamClient.connect(port)
        for view in ("red", "1"):
            opened = await client.open(view, (256, 256), still="off")
            if view == "red":
                client.set(opened["stream"], offset=-150.0 + number % OFFSETS)
        await client.picture(lambda p: p.n >= client.n, timeout=30)  # noqa: B023
        await client.close()


def sessions(server: LiveServer, count: int) -> None:
    """Begin a session, get a picture of it, end it."""
    for _ in range(count):
        name = server.request("POST", "/api/sessions").json()["id"]
        assert server.get(f"/sessions/{name}/threeD").status == 200
        assert server.request("DELETE", f"/api/sessions/{name}").status == 200


def main() -> None:
    """Print the figures."""
    count = QUICK_CYCLES if SECONDS_MOST in os.environ else CYCLES
    server = LiveServer().wait()
    try:
        pids = {"gateway": server.process.pid, "scene process": server.scene_pid()}
        time.sleep(LOADED_S)
        asyncio.run(cycles(server.port, min(WARM_UP, count)))
        before = {name: resident_mb(pid) for name, pid in pids.items()}
        asyncio.run(cycles(server.port, count))
        after = {name: resident_mb(pid) for name, pid in pids.items()}
        for name in pids:
            growth = after[name] / before[name]
            note = f"({before[name]:.0f} MB, then {after[name]:.0f} MB)"
            report(f"memory after {count} stream clients, {name}", growth, "×", better="lower", note=note, target=MOST_GROWTH)
        gateway, some = server.process.pid, SESSIONS if count == CYCLES else QUICK_SESSIONS
        sessions(server, min(SESSIONS_WARM_UP, some))
        begun = resident_mb(gateway)
        sessions(server, some)
        growth = resident_mb(gateway) / begun
        note = f"({begun:.0f} MB, then {growth * begun:.0f} MB)"
        report(f"memory after {some} sessions, gateway", growth, "×", better="lower", note=note, target=MOST_GROWTH)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
