"""A mirrored picture is the worst fault of all: an octant phantom, stored in many ways, must always come out the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.live import LiveServer
from tests.support.phantoms import OCTANTS, centred, octant_volume, write_nrrd

STORED = {
    "ras": np.eye(3),
    "lps": np.diag([-1.0, -1.0, 1.0]),
    "sagittal, feet first": np.array([[0, 0, -1.0], [-1, 0, 0], [0, -1, 0]]),
    "coronal": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "turned by 20 degrees": np.array([[0.9397, -0.342, 0], [0.342, 0.9397, 0], [0, 0, 1.0]]),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("phantoms")
    live = LiveServer(*_files(folder), allow_path=[str(folder)])
    live.folder = folder  # type: ignore[attr-defined]
    yield live.wait()
    live.stop()


def _files(folder: Path) -> list[Path]:
    dims, spacing = (40, 36, 30), (1.5, 2.0, 2.5)
    paths = []
    for name, axes in STORED.items():
        affine = centred(axes, spacing, dims)
        paths.append(write_nrrd(folder / f"{name.replace(' ', '_')}.nrrd", octant_volume(affine, dims), affine))
    return paths


def _grey(live: LiveServer, query: str) -> np.ndarray:
    answer = live.get(f"/slice?{query}")
    assert answer.status == 200, answer.body
    return np.asarray(Image.open(io.BytesIO(answer.body)).convert("L")).astype(int)


def _load(live: LiveServer, name: str) -> None:
    path = live.folder / f"{name.replace(' ', '_')}.nrrd"  # type: ignore[attr-defined]
    query = f"localfile={path}&filetype=VolumeFile&autoWindowLevel=0"
    answer = live.request("POST", f"/slicer/mrml?{query}", b"")
    assert answer.json()["success"], answer.body


# For each view: sign of RAS at the left, right, top and bottom of its picture, with the normal's axis and its sign.
SEEN = {
    "red": {"orientation": "axial", "axis": 2, "left": (0, 1), "top": (1, 1), "offset_sign": 1},
    "green": {"orientation": "coronal", "axis": 1, "left": (0, 1), "top": (2, 1), "offset_sign": 1},
    "yellow": {"orientation": "sagittal", "axis": 0, "left": (1, 1), "top": (2, 1), "offset_sign": -1},
}


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("view", SEEN)
@pytest.mark.parametrize("offset", [-8.0, 8.0])
def test_octants_lie_where_they_belong(server: LiveServer, name: str, view: str, offset: float) -> None:
    _load(server, name)
    seen = SEEN[view]
    pixels = _grey(
        server,
        f"view={view}&orientation={seen['orientation']}&offset={offset}&size=200",
    )
    scale = _scale(pixels)
    for right in (False, True):
        for bottom in (False, True):
            signs = [0, 0, 0]
            signs[seen["axis"]] = int(np.sign(offset)) * seen["offset_sign"]
            axis, sign = seen["left"]
            signs[axis] = -sign if right else sign
            axis, sign = seen["top"]
            signs[axis] = -sign if bottom else sign
            rows, columns = (slice(110, 120) if far else slice(80, 90) for far in (bottom, right))
            patch = pixels[rows, columns]
            expected = OCTANTS[signs[0], signs[1], signs[2]]
            assert abs(np.median(patch) - scale(expected)) <= 3, (signs, np.median(patch), scale(expected))


def _scale(_pixels: np.ndarray):
    """Automatic window over 40..250: linear between the two extreme octants."""
    return lambda value: (value - 40) * 255 / 210


def test_letters_agree_with_the_phantom(server: LiveServer) -> None:
    info = server.get("/slice?view=red&orientation=axial&labels=1&size=400")
    assert info.status == 200
    plain = _grey(server, "view=red&orientation=axial&size=400")
    lettered = _grey(server, "view=red&orientation=axial&labels=1&size=400")
    changed = np.argwhere(plain != lettered)
    assert len(changed) > 100
    rows, columns = changed[:, 0], changed[:, 1]
    middle = (rows > 170) & (rows < 230)
    assert (columns[middle] < 40).any()
    assert (columns[middle] > 360).any()
