"""Label maps as files that only this program reads: what a segmentation is between two processes, or before and after a crash.

A line of JSON, then the label maps one after the other, each compressed by itself. It knows more than `.seg.nrrd` (ids, layers,
how each segment is shown) and takes a tenth of the time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from backend.errors import UnreadableError


class KeptSegment(msgspec.Struct):
    """A segment: what it is called, which label of which label map it is, and how it is shown."""

    id: str
    name: str
    color: tuple[float, float, float]
    layer: int
    label: int
    terminology: str = ""
    visible: bool = True
    opacity: float = 1.0


class KeptMaps(msgspec.Struct):
    """A segmentation. `ijk_to_ras` is row by row; `display` holds what else is shown how, by the names of the native API."""

    ijk_to_ras: list[float]
    dims: tuple[int, int, int]
    segments: list[KeptSegment]
    lengths: list[int]
    types: list[str]
    display: dict[str, Any] = {}

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Indices (i, j, k) to mm, (4, 4)."""
        return np.array(self.ijk_to_ras, np.float64).reshape(4, 4)


def write_maps(path: Path, kept: KeptMaps, layers: list[NDArray[Any]]) -> None:
    """Write a file, whole or not at all. `layers` are (K, J, I); lengths and types are filled in."""
    packed = [isal_zlib.compress(np.ascontiguousarray(layer).data, 1) for layer in layers]
    kept.lengths, kept.types = [len(one) for one in packed], [layer.dtype.str for layer in layers]
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        file.write(msgspec.json.encode(kept) + b"\n")
        for one in packed:
            file.write(one)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_maps(path: Path) -> tuple[KeptMaps, list[NDArray[Any]]]:
    """What `write_maps` wrote; the label maps may be written to.

    Raises:
        UnreadableError: it is something else, or was cut short.
    """
    try:
        with path.open("rb") as file:
            kept = msgspec.json.decode(file.readline(), type=KeptMaps)
            packed = [file.read(length) for length in kept.lengths]
        layers = []
        for one, kind in zip(packed, kept.types, strict=True):
            voxels = np.frombuffer(bytearray(isal_zlib.decompress(one)), np.dtype(kind))
            layers.append(voxels.reshape(kept.dims[::-1]))
    except (OSError, ValueError, TypeError, msgspec.MsgspecError, isal_zlib.IsalError) as error:  # type: ignore[misc]
        raise UnreadableError(f"{path.name} holds no label maps that can be read: {error}") from error
    return kept, layers
