"""From the command to the first picture of the demo, against the imports that it can not do without."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.common import report
from tests.support.live import ROOT, LiveServer


def main() -> None:
    """Print the figures."""
    began = time.perf_counter()
    server = LiveServer()
    try:
        server.wait("ready")
        answer = server.get("/slice?view=red&overlays=1")
        assert answer.status == 200
        took = time.perf_counter() - began
    finally:
        server.stop()
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import slicer, numba"], cwd=ROOT, check=True)
    imports = time.perf_counter() - began
    report("start of the server to the first picture of the demo", took, "s", imports, "lower", "(limit: imports alone)")


if __name__ == "__main__":
    main()
