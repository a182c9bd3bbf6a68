"""What a frame's numbers are: sizes, types and colour of an image's pixels (PS3.3, C.7.6.3), checked before any is read."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec
import numpy as np

from backend.errors import UnreadableError

Kind = Literal["integer", "float", "double"]
WIDTHS = {"integer": (1, 8, 16, 32, 64), "float": (32,), "double": (64,)}
LARGEST_SIDE = 65535
LARGEST_FRAMES = 2**31 - 1
SUBSAMPLED = "YBR_FULL_422"
YBR = ("YBR_FULL", "YBR_FULL_422")
DECODED_AS_RGB = ("YBR_ICT", "YBR_RCT")
"""Colours that exist inside a JPEG 2000 stream only: its decoder gives RGB."""


class Attributes(Protocol):
    """What describes the pixels: a pydicom data set, or any mapping from keywords to values."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """The value under a keyword."""


class PixelFormat(msgspec.Struct, frozen=True, array_like=True):
    """Sizes, types and colour of the pixels of one instance; all frames are alike."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: bool
    photometric: str
    kind: Kind

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the decoded values, little endian; single bits are uint8."""
        if self.kind != "integer":
            return np.dtype(f"<f{self.bits_allocated // 8}")
        return np.dtype(f"<{'i' if self.signed else 'u'}{max(self.bits_allocated, 8) // 8}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a decoded frame: (rows, columns) or (rows, columns, samples)."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def native_samples(self) -> int:
        """Samples of a frame as it is stored natively; YBR_FULL_422 shares two of them between two pixels."""
        pixels = self.rows * self.columns
        return pixels * 2 if self.samples == 3 and self.photometric == SUBSAMPLED else pixels * self.samples

    @property
    def native_bits(self) -> int:
        """Bits of a frame as it is stored natively."""
        return self.native_samples * self.bits_allocated

    @property
    def decoded_bytes(self) -> int:
        """Memory of a decoded frame."""
        return self.rows * self.columns * self.samples * self.dtype.itemsize

    @property
    def decoded_photometric(self) -> str:
        """Colour of a decoded frame."""
        if self.photometric in DECODED_AS_RGB:
            return "RGB"
        return "YBR_FULL" if self.photometric == SUBSAMPLED else self.photometric


def format_of(attributes: Attributes, kind: Kind = "integer") -> PixelFormat:
    """The pixel format that attributes describe.

    Raises:
        UnreadableError: attributes are missing or make no sense.
    """
    rows, columns = _number(attributes, "Rows"), _number(attributes, "Columns")
    samples = _number(attributes, "SamplesPerPixel", 1)
    bits = _number(attributes, "BitsAllocated", {"float": 32, "double": 64}.get(kind))
    stored = _number(attributes, "BitsStored", bits) if kind == "integer" else bits
    frames = _number(attributes, "NumberOfFrames", 1)
    _require(0 < rows <= LARGEST_SIDE and 0 < columns <= LARGEST_SIDE, f"an image of {columns} × {rows} pixels")
    _require(samples in (1, 3, 4), f"{samples} samples a pixel")
    _require(bits in WIDTHS[kind], f"{bits} bits allocated")
    _require(0 < stored <= bits, f"{stored} bits stored of {bits}")
    _require(0 < frames <= LARGEST_FRAMES, f"{frames} frames")
    photometric = str(attributes.get("PhotometricInterpretation") or ("MONOCHROME2" if samples == 1 else "RGB")).strip()
    return PixelFormat(
        rows, columns, frames, samples, bits, stored, _number(attributes, "PixelRepresentation", 0) == 1,
        samples > 1 and _number(attributes, "PlanarConfiguration", 0) == 1, photometric, kind,
    )  # fmt: skip


def _number(attributes: Attributes, keyword: str, default: int | None = None) -> int:
    value = attributes.get(keyword)
    if value in (None, ""):
        if default is None:
            raise UnreadableError(f"it is an image without {keyword}")
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise UnreadableError(f"{keyword} is {str(value)[:40]!r}, no number") from error


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise UnreadableError(f"{what} can not be read")
