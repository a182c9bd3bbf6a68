"""Many clients at once, mixing loads, pictures and reading."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from tests.support.live import Answer, LiveServer

CLIENTS = 32
numbers = itertools.count()  # never twice: MRML makes names unique, those of nodes that are gone included


def crowd(server: LiveServer, scan: Path, seconds: float, faults: list[str]) -> list[float]:
    """Let the clients do their work; how long each answer with the time took."""
    until = time.monotonic() + seconds
    took: list[float] = []

    def check(answer: Answer, what: str) -> Answer:
        if answer.status != 200:
            faults.append(f"{what}: {answer.status} {answer.body[:200]!r}")
        return answer

    def load_and_remove(_chance: random.Random) -> None:
        name = f"scan{next(numbers)}"
        path = quote(str(scan))
        loaded = check(
            server.request("POST", f"/slicer/mrml?localfile={path}&filetype=VolumeFile&name={name}&show=false"), "load"
        ).json()
        (number,) = loaded["loadedNodeIDs"]
        named = check(server.get(f"/slicer/mrml/names?id={number}"), "names").json()
        if named != [name]:
            faults.append(f"{number} is {named}, not {name}")
        check(server.request("DELETE", f"/slicer/mrml?id={number}"), "remove")
        if server.get(f"/slicer/mrml/ids?id={number}").json() != []:
            faults.append(f"{number} is still there")

    def picture(chance: random.Random) -> None:
        view = chance.choice(["red", "green", "yellow"])
        size = chance.choice([64, 128, 256])
        found = check(server.get(f"/slicer/slice?view={view}&size={size}&scrollTo={chance.random():.2f}"), "slice")
        if found.body[:4] != b"\x89PNG":
            faults.append("no picture")

    def volume(_chance: random.Random) -> None:
        check(server.get("/slicer/threeD?size=64&lookFromAxis=A"), "threeD")

    def read(_chance: random.Random) -> None:
        check(server.get("/slicer/mrml/ids?class=vtkMRMLVolumeNode"), "ids")
        check(server.get("/slicer/mrml/properties?name=octants&class=vtkMRMLVolumeNode"), "properties")

    def tell_time(_chance: random.Random) -> None:
        begun = time.monotonic()
        check(server.get("/slicer/timeimage"), "timeimage")
        took.append(time.monotonic() - begun)
        time.sleep(0.02)

    def client(work: Callable[[random.Random], None], seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < until:
            try:
                work(chance)
            except Exception as error:
                faults.append(f"{work.__name__}: {error!r}")

    kinds = [load_and_remove] * 6 + [picture] * 14 + [volume] * 3 + [read] * 8 + [tell_time]
    assert len(kinds) == CLIENTS
    threads = [threading.Thread(target=client, args=(work, seed)) for seed, work in enumerate(kinds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took
