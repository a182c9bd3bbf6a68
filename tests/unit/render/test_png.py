"""PNG files of every shape come back as they went in."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from backend.errors import BadRequestError
from backend.render import png
from backend.render.encode import encode


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (513, 7), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_round_trip(shape: tuple[int, int], channels: int) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, shape if channels == 1 else (*shape, channels), dtype=np.uint8)
    found = np.asarray(Image.open(io.BytesIO(png.encode(pixels, {"note": "a"}))))
    assert (found == pixels).all()
    turned = pixels[::-1]
    assert (np.asarray(Image.open(io.BytesIO(png.encode(turned)))) == turned).all()


def test_text_chunks() -> None:
    image = Image.open(io.BytesIO(png.encode(np.zeros((2, 2), np.uint8), {"server-time": "12.5"})))
    assert image.text == {"server-time": "12.5"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_other_formats(kind: str, channels: int) -> None:
    pixels = np.full((16, 24) if channels == 1 else (16, 24, channels), 90, np.uint8)
    found = Image.open(io.BytesIO(encode(pixels, kind, 95, "444")))  # type: ignore[arg-type]
    assert found.size == (24, 16)
    assert abs(np.asarray(found.convert("L")).astype(int) - 90).max() <= 3


def test_refusals() -> None:
    with pytest.raises(BadRequestError, match="unknown picture format"):
        encode(np.zeros((2, 2), np.uint8), "gif")  # type: ignore[arg-type]
    with pytest.raises(BadRequestError, match="at most"):
        encode(np.zeros((1, 20000), np.uint8), "webp")
