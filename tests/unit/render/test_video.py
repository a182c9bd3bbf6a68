"""Moving pictures as video, by each encoder in software that is here: what comes out of an independent decoder is what went
in, each picture at once. What a GPU codes goes the same way."""

from __future__ import annotations

from typing import Any, get_args

import av
import numpy as np
import pytest

from backend.config import Settings
from backend.render.video import CODERS, CodingError, Encoder, Videos, wished
from backend.render.video_probe import decoder_of, those_that_work

HERE = [name for name, coder in CODERS.items() if not coder.by_gpu and name in av.codecs_available]
BY_GPU = [name for name, coder in CODERS.items() if coder.by_gpu]


def rgb_of(chunk: bytes, decoder: Any, width: int, height: int) -> Any:
    """The one picture that a chunk gives at once; what it has more of than was coded is a row and a column at most."""
    (frame,) = decoder.decode(av.Packet(chunk))
    assert 0 <= frame.width - width <= 1
    assert 0 <= frame.height - height <= 1
    return frame.to_ndarray(format="rgb24").astype(int)[:height, :width]


def mean_fault(one: Any, other: Any) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def scene(step: int, colour: bool, height: int = 97, width: int = 129) -> Any:
    """Bright at the top left, different in all corners; it moves with `step`."""
    y, x = np.mgrid[:height, :width]
    grey = (255 - y - x + 3 * step) % 256
    return np.stack([grey, y * 2, x], -1).astype(np.uint8) if colour else grey.astype(np.uint8)


def test_vp9_is_here_and_other_codecs_too() -> None:
    assert "libvpx-vp9" in HERE
    assert set(CODERS) == set(get_args(get_args(Settings.model_fields["video_encoders"].annotation)[0])) - {"auto"}


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("size", [(97, 129), (98, 129), (97, 130), (98, 130)])
@pytest.mark.parametrize("name", HERE)
def test_each_picture_comes_out_at_once_and_as_it_went_in(name: str, size: tuple[int, int], colour: bool) -> None:
    height, width = size
    encoder, decoder = Encoder(name, width, height), decoder_of(CODERS[name].codec)
    keys = []
    for step in range(6):
        pixels = scene(step, colour, height, width)
        chunk = encoder.encode(pixels, key=step == 4)
        assert chunk.codec == CODERS[name].codec
        keys.append(chunk.is_whole)
        found = rgb_of(chunk.data, decoder, width, height)
        wanted = pixels if colour else np.repeat(pixels[:, :, None], 3, axis=2)
        assert found.shape == wanted.shape
        assert mean_fault(found, wanted) < 6
        assert mean_fault(found[::-1], wanted) > 20
        assert mean_fault(found[:, ::-1], wanted) > 20
    assert keys == [True, False, False, False, True, False]


@pytest.mark.parametrize("name", HERE)
def test_whoever_comes_in_at_a_key_sees_it(name: str) -> None:
    encoder, decoder = Encoder(name, 129, 97), decoder_of(CODERS[name].codec)
    for step in range(3):
        encoder.encode(scene(step, False), key=False)
    for step in range(3, 6):
        chunk = encoder.encode(scene(step, False), key=step == 3)
        assert mean_fault(rgb_of(chunk.data, decoder, 129, 97)[:, :, 0], scene(step, False)) < 6


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("name", HERE)
def test_greys_stay_what_they_are(name: str, colour: bool) -> None:
    greys = (0, 128, 255)
    pixels = np.repeat(np.array(greys, np.uint8), 64)[None].repeat(64, axis=0)
    given = np.repeat(pixels[:, :, None], 3, axis=2) if colour else pixels
    chunk = Encoder(name, 192, 64).encode(given, key=True)
    found = rgb_of(chunk.data, decoder_of(CODERS[name].codec), 192, 64)
    for number, grey in enumerate(greys):
        assert np.abs(found[:, number * 64 + 8 : number * 64 + 56] - grey).max() <= 4


def test_sequences_are_apart_and_begin_anew_with_another_size() -> None:
    videos = Videos()

    def is_whole(name: str, pixels: Any) -> bool:
        chunk = videos.encode((name, "Red", ""), pixels, False)
        assert chunk is not None
        return chunk.is_whole

    assert is_whole("a", scene(0, False))
    assert is_whole("b", scene(0, False))
    assert not is_whole("a", scene(1, False))
    assert is_whole("a", scene(1, False)[:90])
    videos.forget("b")
    assert is_whole("b", scene(1, False))
    assert not is_whole("a", scene(2, False)[:90])


@pytest.mark.skipif("libx264" not in HERE, reason="this PyAV has no libx264")
def test_the_first_encoder_whose_codec_is_shown_codes() -> None:
    videos = Videos(["libx264", "libvpx-vp9"])
    assert videos.codecs == ["h264", "vp9"]
    wanted = [
        (("vp9",), "vp9", True),
        (("vp9", "h264"), "h264", True),
        (("vp9", "h264"), "h264", False),
        (("vp9",), "vp9", True),
    ]
    for shown, codec, is_whole in wanted:
        chunk = videos.encode(("a", "Red", ""), scene(0, True), False, shown)
        assert chunk is not None
        assert (chunk.codec, chunk.is_whole) == (codec, is_whole)
    assert videos.encode(("a", "Red", ""), scene(0, True), False, ("av1",)) is None


@pytest.mark.skipif("libsvtav1" not in HERE, reason="this PyAV has no libsvtav1")
def test_where_an_encoder_refuses_the_next_begins_with_a_whole_picture() -> None:
    """SVT-AV1 takes no pictures of less than 4 pixels; libvpx does."""
    videos = Videos(["libsvtav1", "libvpx-vp9"])
    pixels = scene(0, False)
    decoder = decoder_of("vp9")
    with pytest.raises(CodingError, match="libsvtav1"):
        Encoder("libsvtav1", 3, 3).encode(pixels[:3, :3], key=True)
    for size, codec, is_whole in (
        (90, "av1", True),
        (90, "av1", False),
        (3, "vp9", True),
        (3, "vp9", False),
        (90, "av1", True),
    ):
        part = pixels[:size, :size]
        chunk = videos.encode(("a", "Red", ""), part, False, ("av1", "vp9"))
        assert chunk is not None
        assert (chunk.codec, chunk.is_whole) == (codec, is_whole)
        if codec == "vp9":
            assert mean_fault(rgb_of(chunk.data, decoder, size, size)[:, :, 0], part) < 12
    assert Videos(["libsvtav1"]).encode(("a", "Red", ""), pixels[:3, :3], False, ("av1", "vp9")) is None


def test_encoders_that_are_not_here_give_way_to_those_that_are() -> None:
    working = set(those_that_work(BY_GPU))
    for name in BY_GPU:
        chunk = Videos([name, "libvpx-vp9"]).encode(("a", "Red", ""), scene(0, True, 192, 256), False, ("h264", "av1", "vp9"))
        assert chunk is not None
        assert chunk.codec == (CODERS[name].codec if name in working else "vp9")
        assert mean_fault(rgb_of(chunk.data, decoder_of(chunk.codec), 256, 192), scene(0, True, 192, 256)) < 8


def test_each_encoder_in_software_passes_its_trial() -> None:
    assert those_that_work(HERE) == HERE
    assert those_that_work(["libvpx", "libvpx-vp9"]) == ["libvpx-vp9"]


def test_what_the_setting_means() -> None:
    assert wished(["auto"], has_gpu=False) == ["libvpx-vp9"]
    assert wished(["auto"], has_gpu=True) == ["h264_nvenc", "av1_nvenc", "libvpx-vp9"]
    assert wished(["libx264", "auto", "libx264"], has_gpu=False) == ["libx264", "libvpx-vp9"]
    assert wished(["h264_nvenc"], has_gpu=False) == ["h264_nvenc"]
    assert wished([], has_gpu=True) == []
