"""What the benchmarks share: reporting, interleaved timing, a synthetic CT."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.results import Figure
from tests.support.phantoms import centred, write_nrrd

SPACING_MM = (0.8, 0.8, 1.0)
SHAPE = (300, 512, 512)
FIGURES_FILE = "SLICECAST_BENCH_FIGURES"
SECONDS_MOST = "SLICECAST_BENCH_SECONDS"
FOLDER = "SLICECAST_BENCH_FOLDER"


def seconds(usual: float) -> float:
    """How long to measure: `usual`, or less where a quick look is wanted (`--seconds`)."""
    return min(usual, float(os.environ.get(SECONDS_MOST, usual)))


def report(
    name: str,
    figure: float,
    unit: str,
    limit: float | None = None,
    better: Literal["higher", "lower"] = "higher",
    note: str = "",
    *,
    target: float | None = None,
    target_ratio: float | None = None,
) -> None:
    """Tell one figure with its bare limit, their ratio (above 1 means better than the limit) and whether its targets are met.

    `target` bounds the figure itself, `target_ratio` the ratio. It is printed, and kept for the page of results.
    """
    found = Figure(name.strip(), figure, unit, limit, better, target, target_ratio, note)
    print(msgspec.structs.replace(found, name=name).line(), flush=True)
    if FIGURES_FILE in os.environ:
        with Path(os.environ[FIGURES_FILE]).open("ab") as file:
            file.write(msgspec.json.encode(found) + b"\n")


def interleave(work: dict[str, Callable[[], object]], rounds: int = 20) -> dict[str, tuple[float, float]]:
    """Median (CPU s, wall s) of each call, taken in turns so that the machine's moods hit all alike."""
    for call in work.values():
        call()
    cpu: dict[str, list[float]] = {name: [] for name in work}
    wall: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            cpu_began, wall_began = time.process_time(), time.perf_counter()
            call()
            cpu[name].append(time.process_time() - cpu_began)
            wall[name].append(time.perf_counter() - wall_began)
    return {name: (statistics.median(cpu[name]), statistics.median(wall[name])) for name in work}


def synthetic_ct(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.int16]:
    """A body with lungs, ribs and a spine, in HU with scanner-like noise: (K, J, I) int16. A run makes it once."""
    if FOLDER not in os.environ:
        return _make_ct(shape)
    kept = Path(os.environ[FOLDER]) / f"ct-{'x'.join(map(str, shape))}.npy"
    if not kept.exists():
        np.save(kept, _make_ct(shape))
    return np.load(kept)


def _make_ct(shape: tuple[int, int, int]) -> NDArray[np.int16]:
    depth, height, width = shape
    z = np.arange(depth, dtype=np.float32)[:, None, None] / depth
    y = np.linspace(-1, 1, height, dtype=np.float32)[None, :, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, None, :]
    body = (x / 0.8) ** 2 + (y / 0.55) ** 2
    voxels = np.broadcast_to(np.where(body < 1, 40, -1000).astype(np.int16), shape).copy()
    for side in (-1, 1):
        lung = ((x - side * 0.36) / 0.27) ** 2 + ((y + 0.03) / 0.36) ** 2 + ((z - 0.5) / 0.42) ** 2
        voxels[lung < 1] = -850
    ribs = (body > 0.78) & (body < 0.9) & ((z * 14 + np.abs(x)) % 1.0 < 0.35)
    voxels[ribs] = 600
    spine = np.broadcast_to((x / 0.1) ** 2 + ((y - 0.36) / 0.1) ** 2 < 1, shape)
    voxels[spine] = 450
    noise = np.random.default_rng(7).normal(0, 15, (16, height, width)).astype(np.int16)
    for k in range(depth):
        voxels[k] += noise[k % 16]
    return voxels


def ct_file(folder: Path, shape: tuple[int, int, int] = SHAPE) -> Path:
    """The synthetic CT as an NRRD file, in this folder or in the run's own."""
    path = Path(os.environ.get(FOLDER, folder)) / f"ct-{'x'.join(map(str, shape))}.nrrd"
    if not path.exists():
        write_nrrd(path, synthetic_ct(shape), centred(np.eye(3), SPACING_MM, shape[::-1]), "raw")
    return path
