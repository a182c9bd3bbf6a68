"""Series as volumes: every side of the patient where it belongs, however the slices are stored; slabs, windows, turns."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from backend.dicom.window import Window
from backend.errors import BadRequestError, TooLargeError, UnreadableError
from backend.render.stored.look import Eye, Swivel, VolumeLook
from backend.render.stored.volumes import FROM, draw_volume, tell_volume, turned
from tests.support.dicom_phantom import write_series
from tests.support.phantoms import OCTANTS, centred, octant_volume

STORED = {
    "axial": np.diag([-1.0, -1.0, 1.0]),
    "axial from the top": np.diag([-1.0, -1.0, -1.0]),
    "sagittal": np.array([[0, 0, -1.0], [-1, 0, 0], [0, -1, 0]]),
    "coronal": np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "tilted head": np.array([[-0.9397, 0.342, 0], [-0.342, -0.9397, 0], [0, 0, 1.0]]),
}
# Signs of RAS at the left and at the top of the picture, and towards the eye, by axis (0 R, 1 A, 2 S).
SEEN = {
    "f": {"left": (0, 1), "top": (1, 1), "near": (2, -1)},
    "h": {"left": (0, -1), "top": (1, 1), "near": (2, 1)},
    "a": {"left": (0, 1), "top": (2, 1), "near": (1, 1)},
    "p": {"left": (0, -1), "top": (2, 1), "near": (1, -1)},
    "r": {"left": (1, -1), "top": (2, 1), "near": (0, 1)},
    "l": {"left": (1, 1), "top": (2, 1), "near": (0, -1)},
}
PLAIN = VolumeLook("mpr", "image/png", window=Window(127.5, 255, "linear-exact"), width=120, height=120)


def stored(folder: Path, name: str) -> tuple[tuple[Path, ...], str]:
    dims = (32, 28, 24)
    paths = write_series(folder / "series", centred(STORED[name], (1.5, 1.5, 2.0), dims), dims)
    return tuple(paths), f"{folder}{name}"


def grey(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)


def quarters(picture: np.ndarray) -> dict[tuple[int, int], int]:
    """The value in the middle of each quarter, by (left, top)."""
    h, w = picture.shape
    rows, columns = {True: slice(h * 3 // 10, h * 4 // 10), False: slice(h * 6 // 10, h * 7 // 10)}, {}
    columns = {True: slice(w * 3 // 10, w * 4 // 10), False: slice(w * 6 // 10, w * 7 // 10)}
    return {
        (1 if left else -1, 1 if top else -1): int(np.median(picture[rows[top], columns[left]]))
        for left in (True, False)
        for top in (True, False)
    }


def expected(side: str, near: int) -> dict[tuple[int, int], int]:
    seen, found = SEEN[side], {}
    for left in (1, -1):
        for top in (1, -1):
            signs = [0, 0, 0]
            for name, factor in (("left", left), ("top", top), ("near", near)):
                axis, sign = seen[name]
                signs[axis] = sign * factor
            found[left, top] = OCTANTS[tuple(signs)]  # type: ignore[index]
    return found


@pytest.mark.parametrize("side", SEEN)
@pytest.mark.parametrize("name", STORED)
def test_planes_show_each_side_where_it_belongs(tmp_path: Path, name: str, side: str) -> None:
    paths, key = stored(tmp_path, name)
    towards, up = FROM[side]
    for near in (1, -1):  # a plane nearer to the eye than the middle, and one farther away
        look_at = tuple(8.0 * near * v for v in towards)
        eye = Eye(tuple(500.0 * v for v in towards), look_at, up)  # type: ignore[arg-type]
        assert quarters(grey(draw_volume(paths, key, replace(PLAIN, eye=eye)))) == expected(side, near)


@pytest.mark.parametrize("side", SEEN)
def test_letters_and_cameras_are_the_same(tmp_path: Path, side: str) -> None:
    paths, key = stored(tmp_path, "axial")
    [told] = msgspec.json.decode(tell_volume(paths, key, replace(PLAIN, eye=side)))  # type: ignore[arg-type]
    eye = Eye(*(tuple(told[tag]["Value"]) for tag in ("00701603", "00701604", "00701605")))  # type: ignore[arg-type]
    by_letter = draw_volume(paths, key, replace(PLAIN, eye=side))  # type: ignore[arg-type]
    assert draw_volume(paths, key, replace(PLAIN, eye=eye)) == by_letter
    assert told["00720510"]["Value"] == ["MPR"]
    assert told["00281050"]["Value"] == [127.5]


@pytest.mark.parametrize("side", SEEN)
@pytest.mark.parametrize("method", ["maximum_ip", "minimum_ip", "average_ip"])
def test_projections_gather_what_lies_behind_each_other(tmp_path: Path, side: str, method: str) -> None:
    paths, key = stored(tmp_path, "axial")
    look = replace(PLAIN, kind="3d", method=method, eye=side)  # type: ignore[arg-type]
    near, far = expected(side, 1), expected(side, -1)
    gather = {"maximum_ip": max, "minimum_ip": min, "average_ip": lambda a, b: (a + b) / 2}[method]
    for place, value in quarters(grey(draw_volume(paths, key, look))).items():
        assert value == pytest.approx(gather(near[place], far[place]), abs=2)


def test_slabs_are_as_thick_as_asked_for(tmp_path: Path) -> None:
    paths, key = stored(tmp_path, "axial")
    eye = Eye((0, 0, -500), (0, 0, 10), (0, -1, 0))  # 10 mm above the middle
    thin, thick = (
        quarters(grey(draw_volume(paths, key, replace(PLAIN, eye=eye, slab_mm=mm, method="minimum_ip")))) for mm in (10, 30)
    )
    assert thin == expected("h", 1) | {(-a, b): v for (a, b), v in expected("h", 1).items()}
    below = expected("f", 1)
    assert thick == {place: min(value, below[place]) for place, value in thin.items()}


def test_pictures_fit_into_the_box_in_the_right_proportions(tmp_path: Path) -> None:
    paths, key = stored(tmp_path, "axial")  # 48 × 42 × 48 mm
    assert grey(draw_volume(paths, key, replace(PLAIN, width=480, height=480))).shape == (420, 480)
    assert grey(draw_volume(paths, key, replace(PLAIN, eye="a", width=100, height=480))).shape == (100, 100)
    with pytest.raises(TooLargeError):
        draw_volume(paths, key, replace(PLAIN, width=5000, height=5000))


CORNER = {"a": (1, 1), "p": (-1, 1), "r": (-1, 1), "l": (1, 1), "f": (1, 1), "h": (-1, 1)}
"""Where the right anterior superior octant is seen from each side."""


@pytest.mark.parametrize("side", CORNER)
def test_volume_rendering_sees_from_the_right_side(tmp_path: Path, side: str) -> None:
    dims = (32, 28, 24)
    matrix = centred(STORED["axial"], (1.5, 1.5, 2.0), dims)
    only = np.where(octant_volume(matrix, dims) == OCTANTS[1, 1, 1], 1000, 0).astype("<i2")
    paths = tuple(write_series(tmp_path / "corner", matrix, dims, PixelData=lambda k: only[k].tobytes()))
    look = replace(PLAIN, kind="3d", method="volume_rendered", preset="soft", window=None, eye=side)  # type: ignore[arg-type]
    seen = quarters(grey(draw_volume(paths, f"{tmp_path}{side}", look)))
    assert {place for place, value in seen.items() if value > 8} == {CORNER[side]}  # faces at the border have no gradient: dim


def test_turning(tmp_path: Path) -> None:
    eye = Eye((0, -500, 0), (0, 0, 0), (0, 0, 1))
    assert np.allclose(turned(eye, 90).position, (500, 0, 0))
    assert np.allclose(turned(eye, -90).position, (-500, 0, 0))
    paths, key = stored(tmp_path, "axial")
    look = replace(
        PLAIN, kind="3d", method="maximum_ip", eye="a", media="image/gif", swivel=Swivel(60, 10, 100), width=64, height=64
    )
    image = Image.open(io.BytesIO(draw_volume(paths, key, look)))
    assert image.is_animated
    with pytest.raises(TooLargeError, match="animationstepsize"):
        draw_volume(paths, key, replace(look, most_frames=5))


def test_what_can_not_be_looked_at(tmp_path: Path) -> None:
    paths, key = stored(tmp_path, "axial")
    with pytest.raises(BadRequestError, match="same point"):
        draw_volume(paths, key, replace(PLAIN, eye=Eye((1, 2, 3), (1, 2, 3), (0, 0, 1))))
    with pytest.raises(BadRequestError, match="line of view"):
        draw_volume(paths, key, replace(PLAIN, eye=Eye((0, 0, 9), (0, 0, 0), (0, 0, 1))))
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"nothing")
    with pytest.raises(UnreadableError):
        draw_volume((nonsense,), "nonsense", PLAIN)
