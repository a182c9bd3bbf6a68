"""What benchmarks find, and the page that tells it: machine, versions, date, figure, limit, ratio, target."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

PACKAGES = (
    "slicecast",
    "numpy",
    "numba",
    "vtk",
    "slicer-core",
    "tornado",
    "isal",
    "simplejpeg",
    "pillow",
    "trame",
    "trame-rca",
)
NOISE_SLOWER, NOISE_SPREAD = 1.15, 1.5
LOOP_ROUNDS = 60


class Figure(msgspec.Struct, frozen=True):
    """One measured figure; `target` bounds the figure itself, `target_ratio` its ratio to the limit (above 1 is better)."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    better: Literal["higher", "lower"] = "higher"
    target: float | None = None
    target_ratio: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How far it is above its limit, in the better direction."""
        if not self.limit or not self.value:
            return None
        return self.value / self.limit if self.better == "higher" else self.limit / self.value

    @property
    def met(self) -> bool | None:
        """Whether every target is met; None if there is none."""
        verdicts = []
        if self.target is not None:
            verdicts.append(self.value >= self.target if self.better == "higher" else self.value <= self.target)
        if self.target_ratio is not None:
            verdicts.append(self.ratio is not None and self.ratio >= self.target_ratio)
        return all(verdicts) if verdicts else None

    @property
    def aim(self) -> str:
        """The targets in words."""
        parts = []
        if self.target is not None:
            parts.append(f"{'≥' if self.better == 'higher' else '≤'} {self.target:g} {self.unit}")
        if self.target_ratio is not None:
            parts.append(f"ratio ≥ {self.target_ratio:g}")
        return ", ".join(parts)

    def line(self) -> str:
        """As a line for the terminal."""
        line = f"{self.name:<58} {self.value:10.2f} {self.unit:<12}"
        if self.ratio is not None:
            line += f" limit {self.limit:10.2f}  ratio {self.ratio:6.2f}"
        if self.met is not None:
            line += f"  {'met' if self.met else 'NOT MET'} ({self.aim})"
        return f"{line}  {self.note}".rstrip()

    def row(self, noisy: bool) -> str:
        """As a row of the page's tables; what a noisy machine measured is marked."""
        limit = "" if self.limit is None else f"{self.limit:.2f}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        met = {True: "met", False: "**not met**", None: ""}[self.met]
        value = f"{'≈ ' if noisy else ''}{self.value:.2f} {self.unit}"
        return f"| {self.name} | {value} | {limit} | {ratio} | {self.aim} | {met} | {self.note} |"


class Pace(msgspec.Struct, frozen=True):
    """How fast and how evenly the machine does a fixed piece of work: median ms, and the 95th of 100 divided by the median."""

    median_ms: float
    spread: float

    def is_noisy(self, best: Pace) -> bool:
        """Whether figures taken beside this are doubtful; `best` is the fastest pace of the run."""
        return self.median_ms > best.median_ms * NOISE_SLOWER or self.spread > NOISE_SPREAD


class Section(msgspec.Struct):
    """What one benchmark found, with the machine's pace before and after."""

    name: str
    figures: list[Figure]
    paces: list[Pace]
    seconds: float
    failure: str = ""


def pace() -> Pace:
    """Do a fixed piece of work again and again; about half a second."""
    values = np.arange(200_000, dtype=np.float64)
    times = []
    for _ in range(LOOP_ROUNDS):
        began = time.perf_counter()
        for _ in range(20):
            np.sqrt(values).sum()
        times.append((time.perf_counter() - began) * 1e3)
    times.sort()
    median = statistics.median(times)
    return Pace(median, times[int(len(times) * 0.95)] / median)


def write(path: Path, sections: Iterable[Section]) -> None:
    """Write the page."""
    sections = list(sections)
    paces = [pace for section in sections for pace in section.paces]
    best = min(paces, key=lambda pace: pace.median_ms, default=Pace(0.0, 1.0))
    lines = ["# Results of the benchmarks", "", *_machine(), ""]
    lines += [
        "The limit is the same work without us, or a peer, measured in the same run; ratios are better above 1. A fixed loop",
        "runs before and after each benchmark: its pace is the median time, and the 95th of 100 by that. Figures beside",
        f"a pace {NOISE_SLOWER - 1:.0%} slower than the best of {best.median_ms:.2f} ms, over {NOISE_SPREAD:g}, are marked ≈.",
        "",
    ]
    for section in sections:
        noisy = any(pace.is_noisy(best) for pace in section.paces)
        told = ", ".join(f"{pace.median_ms:.2f} ms × {pace.spread:.2f}" for pace in section.paces)
        lines += [f"## {section.name}", "", f"{section.seconds:.0f} s, pace {told}{' (noisy)' if noisy else ''}", ""]
        if section.figures:
            lines += ["| what | figure | limit | ratio | target | | note |", "| --- | --- | --- | --- | --- | --- | --- |"]
            lines += [*(figure.row(noisy) for figure in section.figures), ""]
        if section.failure:
            lines += [f"**Failed**: {section.failure}", ""]
    path.write_text("\n".join(lines))


def _machine() -> list[str]:
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown processor",
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    versions = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    return [
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- {cpu}, {len(os.sched_getaffinity(0))} processors, {memory / 2**20:.1f} GiB, {platform.system()}",
        f"- Python {platform.python_version()}; {', '.join(versions)}",
        f"- load of the last minute at the end: {os.getloadavg()[0]:.1f}",
    ]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
