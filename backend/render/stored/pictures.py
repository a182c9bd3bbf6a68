"""A frame of a stored image as an encoded picture; several as a moving one (PS3.18, 8.3.5)."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from backend.dicom.display import Display, display_of, number_of
from backend.dicom.frames import FrameIndex
from backend.errors import BadRequestError, TooLargeError
from backend.render.encode import encode
from backend.render.film import film
from backend.render.stored.colour import in_srgb, profile_of, srgb_profile, to_rgb
from backend.render.stored.grey import to_grey
from backend.render.stored.look import FILM, Look
from backend.render.stored.overlays import draw_overlays
from backend.render.stored.placing import Placing, placing
from backend.render.stored.presentation import Presentation, presentation_for
from backend.render.stored.source import frame_of, header_of, image_of
from backend.render.stored.words import annotated

Pixels = NDArray[np.uint8]
MOVING_PIXELS = 16
"""Of all frames of a moving picture, how many times those of the largest still one."""
FRAME_MS, SLOWEST_MS, FASTEST_MS = 100.0, 10_000.0, 20.0


def picture(path: Path, frame: int, look: Look) -> bytes:
    """One frame (from 0) as a picture file.

    Raises:
        NotFoundError: there is no such frame, or the presentation state is about other images.
        UnreadableError: it can not be decoded or shown.
        BadRequestError, TooLargeError: region, size or profile.
    """
    return _encoded(draw(path, frame, look), look, _profile(path, look))


def moving_picture(path: Path, look: Look, frames: tuple[int, ...] = ()) -> bytes:
    """Frames (from 0), all where none are named, as an animated GIF or a film at the speed that the image says.

    Raises:
        NotFoundError: there is no such frame.
        TooLargeError: more frames or pixels than allowed.
        UnreadableError, BadRequestError: as `picture`.
    """
    dataset, index = image_of(path)
    shown = frames or range(index.format.frames)
    if len(shown) > look.most_frames:
        raise TooLargeError(
            f"{len(shown)} frames are too many for one picture; {look.most_frames} are allowed (setting gif_frames)"
        )
    first = draw(path, shown[0], look)
    if first.shape[0] * first.shape[1] * len(shown) > look.most_pixels * MOVING_PIXELS:
        raise TooLargeError("all frames together are too many pixels for one picture; ask for a smaller viewport")
    rest = (draw(path, number, look) for number in shown[1:])
    if look.media == FILM:
        return film(itertools.chain([first], rest), frame_ms(dataset), look.quality)
    out, images = io.BytesIO(), map(Image.fromarray, rest)
    Image.fromarray(first).save(out, "GIF", save_all=True, append_images=images, duration=frame_ms(dataset), loop=0)
    return out.getvalue()


def frame_ms(dataset: Dataset) -> float:
    """How long a frame is shown, milliseconds."""
    rate = number_of(dataset.get("RecommendedDisplayFrameRate")) or number_of(dataset.get("CineRate"))
    vector = dataset.get("FrameTimeVector")
    told = number_of(dataset.get("FrameTime")) or (1000.0 / rate if rate else 0.0) or number_of(list(vector or ())[1:2])
    return min(max(told or FRAME_MS, FASTEST_MS), SLOWEST_MS)


def draw(path: Path, frame: int, look: Look) -> Pixels:
    """One frame (from 0), (h, w) grey or (h, w, 3) RGB."""
    dataset, index = image_of(path)
    stored = frame_of(path, frame)
    state = _state(dataset, frame, look)
    display = display_of(dataset, frame)
    if state is not None:
        display = state.display(display)
    drawn = _toned(stored, dataset, index, display, look)
    if look.overlays:
        drawn = draw_overlays(drawn, dataset, frame, stored)
    if state is not None:
        drawn = state.shuttered(draw_overlays(drawn, state.dataset, frame, None))
    place = _placing(index, display, look, state)
    drawn = place.place(drawn)
    if state is not None:
        drawn = state.draw(drawn, place)
    return annotated(drawn, dataset, look.annotation) if look.annotation else drawn


def _state(dataset: Dataset, frame: int, look: Look) -> Presentation | None:
    if look.state is None:
        return None
    return presentation_for(header_of(look.state)[0], str(dataset.get("SOPInstanceUID", "")), frame)


def _toned(stored: NDArray[Any], dataset: Dataset, index: FrameIndex, display: Display, look: Look) -> Pixels:
    layout = index.format
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        rgb = to_rgb(stored, layout, dataset)
        profile = profile_of(dataset) if look.profile == "srgb" else None
        return in_srgb(rgb, profile) if profile else rgb
    return to_grey(stored, display, look.window)


def _placing(index: FrameIndex, display: Display, look: Look, state: Presentation | None) -> Placing:
    columns, rows = index.format.columns, index.format.rows
    if state is None:
        return placing(columns, rows, display.aspect, look.viewport, look.most_pixels)
    area = state.area(columns, rows)
    viewport = replace(look.viewport, region=(None,) * 4) if look.viewport else None
    return placing(columns, rows, display.aspect, viewport, look.most_pixels, area, state.quarters, state.mirrored)


def _profile(path: Path, look: Look) -> bytes | None:
    if look.profile == "no":
        return None
    if look.media not in ("image/jpeg", "image/png"):
        raise BadRequestError(f"{look.media} holds no colour profile here")
    return srgb_profile() if look.profile == "srgb" else profile_of(image_of(path)[0])


def _encoded(pixels: Pixels, look: Look, profile: bytes | None) -> bytes:
    kind = look.media.removeprefix("image/")
    if look.media == "image/jp2":
        return bytes(imagecodecs.jpeg2k_encode(pixels, codecformat="jp2", level=look.quality // 2 + 20, numthreads=1))
    if look.media == "image/gif" or profile is not None:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, kind.upper(), quality=look.quality, icc_profile=profile)
        return out.getvalue()
    return encode(pixels, "png" if kind == "png" else "jpeg", look.quality)
