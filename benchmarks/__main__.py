"""`python -m benchmarks [NAME…]`: run all benchmarks but the archive's and write `benchmarks/results.md`, run the archive's
(`--archive`) and write `benchmarks/results-archive.md`, or run those named.

Each runs in a process of its own, so that none measures what another has left behind.
"""

from __future__ import annotations

import argparse
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.common import FIGURES_FILE, FOLDER, SECONDS_MOST
from benchmarks.results import Figure, Section, pace, write

HERE = Path(__file__).parent
SHARED = ("common", "results", "generated_archive", "__main__")
TIMEOUT_S = 300.0


def run(name: str) -> Section:
    """Run one benchmark; its failure is part of what it found."""
    print(f"-- {name}", flush=True)
    before, began, failure = pace(), time.monotonic(), ""
    with tempfile.NamedTemporaryFile() as found:
        environment = {**os.environ, FIGURES_FILE: found.name}
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        child = subprocess.Popen(command, env=environment, start_new_session=True)
        try:
            code = child.wait(TIMEOUT_S)
            failure = f"ended with {code}" if code else ""
        except subprocess.TimeoutExpired:
            failure = f"took over {TIMEOUT_S:.0f} s"
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)  # with the servers that it has started
        figures = [msgspec.json.decode(line, type=Figure) for line in Path(found.name).read_text().splitlines()]
    if failure:
        print(f"{name} failed: {failure}", flush=True)
    return Section(name, figures, [before, pace()], time.monotonic() - began, failure)


def main() -> int:
    """Run what is asked for; returns the exit code."""
    known = sorted(
        module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.ispkg and module.name not in SHARED
    )
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    parser.add_argument("--archive", action="store_true", help="those of the archive, in place of all others")
    parser.add_argument("--seconds", type=float, help="longest time of each measurement, for a quick look")
    parser.add_argument("--results", type=Path, help="where to write the page; by default none if benchmarks are named")
    options = parser.parse_args()
    if unknown := set(options.names) - set(known):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    if options.seconds is not None:
        os.environ[SECONDS_MOST] = str(options.seconds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended too
    with tempfile.TemporaryDirectory(prefix="slicecast-bench-") as folder:
        os.environ[FOLDER] = folder
        usual = [name for name in known if name.startswith("archive_") == options.archive]
        sections = [run(name) for name in options.names or usual]
    page = HERE / ("results-archive.md" if options.archive else "results.md")
    page = options.results or (None if options.names or options.seconds else page)
    if page is not None:
        write(page, sections)
        print(f"written to {page}")
    return 1 if any(section.failure for section in sections) else 0


if __name__ == "__main__":
    sys.exit(main())
