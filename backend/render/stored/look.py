"""How pictures of stored images are wanted: plain data, which the gateway makes and workers draw by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backend.dicom.window import Window

Media = Literal["image/jpeg", "image/png", "image/gif", "image/jp2", "video/mp4"]
Profile = Literal["no", "yes", "srgb"]
MEDIA: tuple[Media, ...] = ("image/jpeg", "image/png", "image/gif", "image/jp2")
FILM: Media = "video/mp4"
"""Of several frames only, and only where the extra `slicecast[video]` is installed."""


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


Method = Literal["volume_rendered", "maximum_ip", "minimum_ip", "average_ip"]
METHODS: tuple[Method, ...] = ("volume_rendered", "maximum_ip", "minimum_ip", "average_ip")
Preset = Literal["auto", "bone", "skin", "soft"]
PRESETS: tuple[Preset, ...] = ("auto", "bone", "skin", "soft")
Side = Literal["a", "p", "r", "l", "h", "f"]
SIDES: tuple[Side, ...] = ("a", "p", "r", "l", "h", "f")
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Eye:
    """Where a volume is seen from, patient coordinates (LPS), mm; `up` points up in the picture. Orthographic."""

    position: Point
    look_at: Point
    up: Point


@dataclass(frozen=True)
class Swivel:
    """A volume turned to and fro about the picture's vertical, degrees."""

    range_deg: float
    step_deg: float
    frame_ms: float


@dataclass(frozen=True)
class VolumeLook:
    """How a picture of a volume is wanted: a plane or slab through it (`mpr`), or all of it (`3d`)."""

    kind: Literal["mpr", "3d"]
    media: Media = "image/jpeg"
    eye: Eye | Side = "f"
    """A letter: from which side of the patient, looking at the middle."""
    method: Method = "average_ip"
    slab_mm: float = 0.0
    window: Window | None = None
    width: float = 512
    height: float = 512
    """The box that the picture fits into, pixels."""
    quality: int = 90
    preset: Preset = "auto"
    swivel: Swivel | None = None
    most_pixels: int = 16_000_000
    most_frames: int = 500
