"""How pictures of stored images are wanted: plain data, which the gateway makes and workers draw by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.dicom.window import Window

Media = Literal["image/jpeg", "image/png", "image/gif", "image/jp2"]
Profile = Literal["no", "yes", "srgb"]
MEDIA: tuple[Media, ...] = ("image/jpeg", "image/png", "image/gif", "image/jp2")


@dataclass(frozen=True)
class Viewport:
    """A box that the picture fits into; `region` of the image (left, top, width, height) in pixels, negative sizes mirror.

    None in a region stands for the image's edge or size.
    """

    width: float
    height: float
    region: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)


@dataclass(frozen=True)
class Look:
    """How a picture is wanted. Everything that decides its pixels, so that it is a key as well."""

    media: Media = "image/jpeg"
    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = 90
    annotation: tuple[str, ...] = ()
    """`patient`, `technique`."""
    overlays: bool = False
    profile: Profile = "no"
    state: Path | None = None
    """File of a presentation state to be applied."""
    most_pixels: int = 16_000_000
    most_frames: int = 500
    """Of a moving picture."""
