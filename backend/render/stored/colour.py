"""Stored colours to RGB of 8 bits: palettes, YCbCr, wider samples, colour profiles."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom.dataset import Dataset

from backend.dicom.display import palette_of
from backend.dicom.pixel_format import YBR, PixelFormat
from backend.errors import UnreadableError

Rgb = NDArray[np.uint8]


def to_rgb(values: NDArray[Any], layout: PixelFormat, dataset: Dataset) -> Rgb:
    """(rows, columns, 3) of a decoded colour or palette frame.

    Raises:
        UnreadableError: a colour space that is not known.
    """
    if layout.samples == 1:
        palette = palette_of(dataset, layout.bits_stored)
        return np.asarray(palette[np.clip(values, 0, len(palette) - 1)])
    colours = narrowed(values[..., :3], layout.bits_stored)
    if layout.decoded_photometric in YBR:
        return np.asarray(Image.fromarray(np.ascontiguousarray(colours), "YCbCr").convert("RGB"))
    if layout.decoded_photometric not in ("RGB", "ARGB"):
        raise UnreadableError(f"colours of {layout.photometric} can not be shown")
    return colours


def narrowed(values: NDArray[Any], bits: int) -> Rgb:
    """Samples of `bits` bits as 8 bits."""
    if bits == 8 and values.dtype == np.uint8:
        return np.asarray(values)
    highest = (1 << bits) - 1
    return np.asarray(np.clip(values, 0, highest).astype(np.float64) * (255.0 / highest) + 0.5, dtype=np.uint8)


def profile_of(dataset: Dataset) -> bytes | None:
    """The colour profile of an image."""
    path = dataset.get("OpticalPathSequence")
    found = dataset.get("ICCProfile") or (path[0].get("ICCProfile") if path else None)
    return found if isinstance(found, bytes) else None


def in_srgb(rgb: Rgb, profile: bytes) -> Rgb:
    """Colours of a profile in sRGB.

    Raises:
        UnreadableError: the profile is broken, or not one of RGB.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(Image.fromarray(rgb), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise UnreadableError("the image's colour profile can not be used") from error
    return np.asarray(turned)


def srgb_profile() -> bytes:
    """A profile of sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
