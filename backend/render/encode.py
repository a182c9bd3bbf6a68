"""Pixels to picture files."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from backend.errors import BadRequestError
from backend.render import png

Format = Literal["png", "jpeg", "webp"]
MEDIA_TYPES: dict[str, str] = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
LARGEST = {"png": 2**31 - 1, "jpeg": 65535, "webp": 16383}


def encode(
    pixels: NDArray[np.uint8],
    kind: Format,
    quality: int = 85,
    subsampling: str = "420",
    lossless: bool = False,
    least_bytes: int = 0,
) -> bytes:
    """Encode (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA uint8. JPEG drops alpha; `lossless` matters to WebP.

    A PNG that would be smaller than `least_bytes` is not compressed.

    Raises:
        BadRequestError: unknown format, or more pixels along a side than it can hold.
    """
    if kind not in MEDIA_TYPES:
        raise BadRequestError(f"unknown picture format {kind!r}: use png, jpeg or webp")
    if max(pixels.shape[:2]) > LARGEST[kind]:
        raise BadRequestError(f"{kind} holds at most {LARGEST[kind]} pixels along a side")
    if kind == "png":
        return png.encode(pixels, least_bytes=least_bytes)
    if kind == "jpeg":
        return _jpeg(pixels, quality, subsampling)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, lossless=lossless, method=0)
    return buffer.getvalue()


def _jpeg(pixels: NDArray[np.uint8], quality: int, subsampling: str) -> bytes:
    if pixels.ndim == 2:
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels[:, :, None]), quality, "GRAY", "Gray")
    else:
        space = "RGB" if pixels.shape[2] == 3 else "RGBX"
        data = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, space, subsampling)
    return bytes(data)
