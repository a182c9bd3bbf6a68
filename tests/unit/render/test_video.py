"""Moving pictures as video: what comes out of an independent decoder is what went in, each at once."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest

from backend.render.video import Encoder, Videos


def rgb_of(chunk: bytes, decoder: Any) -> Any:
    """The one picture that a chunk gives at once."""
    (frame,) = decoder.decode(av.Packet(chunk))
    return frame.to_ndarray(format="rgb24").astype(int)


def mean_fault(one: Any, other: Any) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def scene(step: int, colour: bool) -> Any:
    """Bright at the top left, different in all corners, 129 × 97 pixels; it moves with `step`."""
    y, x = np.mgrid[:97, :129]
    grey = (255 - y - x + 3 * step) % 256
    return np.stack([grey, y * 2, x], -1).astype(np.uint8) if colour else grey.astype(np.uint8)


@pytest.mark.parametrize("colour", [False, True])
def test_each_picture_comes_out_at_once_and_as_it_went_in(colour: bool) -> None:
    encoder, decoder = Encoder(129, 97), av.CodecContext.create("vp9", "r")
    keys = []
    for step in range(6):
        pixels = scene(step, colour)
        chunk, is_key = encoder.encode(pixels, key=step == 4)
        keys.append(is_key)
        found = rgb_of(chunk, decoder)
        wanted = pixels if colour else np.repeat(pixels[:, :, None], 3, axis=2)
        assert found.shape == wanted.shape
        assert mean_fault(found, wanted) < 6
        assert mean_fault(found[::-1], wanted) > 20
        assert mean_fault(found[:, ::-1], wanted) > 20
    assert keys == [True, False, False, False, True, False]


def test_black_and_white_stay_black_and_white() -> None:
    pixels = np.zeros((64, 64), np.uint8)
    pixels[:, 32:] = 255
    chunk, _ = Encoder(64, 64).encode(pixels, key=True)
    found = rgb_of(chunk, av.CodecContext.create("vp9", "r"))
    assert found[:, :28].max() <= 4
    assert found[:, 36:].min() >= 251


def test_sequences_are_apart_and_begin_anew_with_another_size() -> None:
    videos = Videos()
    assert videos.encode(("a", "Red", ""), scene(0, False), False)[1]
    assert videos.encode(("b", "Red", ""), scene(0, False), False)[1]
    assert not videos.encode(("a", "Red", ""), scene(1, False), False)[1]
    assert videos.encode(("a", "Red", ""), scene(1, False)[:90], False)[1]
    videos.forget("b")
    assert videos.encode(("b", "Red", ""), scene(1, False), False)[1]
    assert not videos.encode(("a", "Red", ""), scene(2, False)[:90], False)[1]
