"""Frames between their stored form and arrays, and from one transfer syntax to another. Pure functions.

imagecodecs does the work (libjpeg-turbo, CharLS, OpenJPEG, OpenJPH, libjxl); pylibjpeg-rle writes RLE.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import rle.utils
from numpy.typing import NDArray

from backend.dicom.codestream import Codestream, look_at
from backend.dicom.pixel_format import SUBSAMPLED, PixelFormat
from backend.dicom.syntaxes import (
    DECODABLE,
    EXPLICIT_LE,
    HTJ2K,
    JPEG,
    JPEG2000,
    JPEG_LS,
    JPEG_XL,
    NATIVE,
    RLE,
    can_encode,
    name_of,
)  # fmt: skip
from backend.errors import UnreadableError

Pixels = NDArray[Any]

LARGEST_FRAME_BYTES = 512 << 20
JPEG_START, JPEG_LS_FRAME = b"\xff\xd8", b"\xff\xf7"
RESOLUTIONS = 6
"""Of JPEG 2000 streams: the image and five halvings, fewer where it is small."""


# -- decoding --------------------------------------------------------------------------------------------------------


def decode(data: bytes, syntax: str, layout: PixelFormat, largest_bytes: int = LARGEST_FRAME_BYTES) -> Pixels:
    """One frame as stored (`frames.read_stored`) to values of `layout.shape` and `layout.dtype`.

    Colours are those of `layout.decoded_photometric`. Streams are asked for their size first, so what a header lies
    about is refused and not allocated.

    Raises:
        UnreadableError: it can not be decoded, with the reason.
    """
    if layout.decoded_bytes > largest_bytes:
        raise UnreadableError(f"a frame takes {layout.decoded_bytes >> 20} MB decoded, {largest_bytes >> 20} are allowed")
    if syntax not in DECODABLE:
        raise UnreadableError(f"there is no decoder for {name_of(syntax)}")
    if syntax in NATIVE:
        return _from_native(data, layout)
    if syntax == RLE:
        return _from_rle(data, layout)
    stream = None if syntax in JPEG_XL else look_at(data)
    if stream is not None and (stream.columns, stream.rows, stream.samples) != (layout.columns, layout.rows, layout.samples):
        raise UnreadableError(
            f"the compressed frame has {stream.columns} × {stream.rows} pixels of {stream.samples} samples, "
            f"the header says {layout.columns} × {layout.rows} of {layout.samples}"
        )
    try:
        found = _decoder_of(syntax)(data, stream, layout)
    except (RuntimeError, ValueError, TypeError, MemoryError) as error:
        raise UnreadableError(f"the compressed frame can not be decoded: {_reason(error)}") from error
    return _fitted(found, stream, layout)


Decoder = Callable[[bytes, Codestream | None, PixelFormat], Pixels]


def _decoder_of(syntax: str) -> Decoder:
    if syntax in JPEG:
        return _from_jpeg
    if syntax in JPEG_LS:
        return lambda data, _stream, _layout: np.asarray(imagecodecs.jpegls_decode(data))
    if syntax in JPEG2000 or syntax in HTJ2K:  # OpenJPH is faster, but what it finds broken is not told
        return lambda data, _stream, _layout: np.asarray(imagecodecs.jpeg2k_decode(data, numthreads=1))
    return _from_jpeg_xl


def _from_jpeg(data: bytes, stream: Codestream | None, layout: PixelFormat) -> Pixels:
    """JPEG's samples as they are, except that colours turned into YCbCr of an image said to be RGB are turned back."""
    assert stream is not None
    if layout.samples == 1:
        return np.asarray(imagecodecs.jpeg8_decode(data))
    kept = "RGB" if stream.transform == "none" else "YCBCR"
    wanted = "RGB" if layout.photometric == "RGB" and stream.transform == "ycc" else kept
    return np.asarray(imagecodecs.jpeg8_decode(data, colorspace=kept, outcolorspace=wanted))


def _from_jpeg_xl(data: bytes, _stream: Codestream | None, layout: PixelFormat) -> Pixels:
    room = np.empty(layout.shape, layout.dtype)  # it refuses what does not fit there before it decodes
    return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1, out=room))


def _from_native(data: bytes, layout: PixelFormat) -> Pixels:
    needed = -(-layout.native_bits // 8)
    if len(data) < needed:
        raise UnreadableError(f"a frame needs {needed} bytes, {len(data)} are there")
    if layout.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=layout.native_samples, bitorder="little")
        return bits.reshape(layout.shape)
    values = np.frombuffer(data, layout.dtype, layout.native_samples)
    if layout.samples == 3 and layout.photometric == SUBSAMPLED:
        return _shared_chroma(values, layout)
    return _planes_last(values, layout)


def _planes_last(values: Pixels, layout: PixelFormat) -> Pixels:
    if layout.samples > 1 and layout.planar:
        planes = values.reshape(layout.samples, layout.rows, layout.columns)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))
    return values.reshape(layout.shape)


def _shared_chroma(values: Pixels, layout: PixelFormat) -> Pixels:
    """Y1 Y2 Cb Cr of two neighbours to three samples for each of them."""
    pairs = values.reshape(-1, 4)
    full = np.empty((len(pairs), 2, 3), values.dtype)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1] = pairs[:, 2:3]
    full[:, :, 2] = pairs[:, 3:4]
    return full.reshape(layout.shape)


def _from_rle(data: bytes, layout: PixelFormat) -> Pixels:
    if len(data) < 64:
        raise UnreadableError("the RLE frame ends within its header")
    bits = max(layout.bits_allocated, 8)
    segments = layout.samples * bits // 8
    if int.from_bytes(data[:4], "little") != segments:
        raise UnreadableError(f"the RLE frame has {int.from_bytes(data[:4], 'little')} segments and needs {segments}")
    try:
        planes = imagecodecs.dicomrle_decode(data, layout.dtype)
    except (RuntimeError, ValueError, IndexError) as error:
        raise UnreadableError(f"the RLE frame can not be decoded: {_reason(error)}") from error
    if len(planes) != layout.decoded_bytes:
        raise UnreadableError(f"the RLE frame decodes to {len(planes)} bytes and needs {layout.decoded_bytes}")
    values = np.frombuffer(planes, layout.dtype).reshape(layout.samples, layout.rows, layout.columns)
    return values[0] if layout.samples == 1 else np.ascontiguousarray(values.transpose(1, 2, 0))


def _fitted(found: Pixels, stream: Codestream | None, layout: PixelFormat) -> Pixels:
    """Decoded values in the type that the header says; signs that the stream did not know are put back."""
    if found.shape != layout.shape:
        raise UnreadableError(f"the frame decodes to {found.shape}, the header says {layout.shape}")
    if found.dtype.kind not in "iu":
        raise UnreadableError(f"the frame decodes to {found.dtype}")
    size = layout.dtype.itemsize
    precision = stream.bits if stream is not None else 8 * found.dtype.itemsize
    streams_sign = stream is not None and stream.signed
    if precision > 8 * size:
        raise UnreadableError(f"the compressed frame has {precision} bits, the header allows {8 * size}")
    values = found.astype(f"<{found.dtype.kind}{size}", copy=False)
    if streams_sign != layout.signed:
        shift = 8 * size - precision
        values = values.view(layout.dtype)
        if shift:
            values = (values << shift) >> shift
    return values.astype(layout.dtype, copy=False)


def _reason(error: Exception) -> str:
    return (str(error).split("\n")[0] or type(error).__name__)[:200]


# -- encoding --------------------------------------------------------------------------------------------------------


def to_native(pixels: Pixels, layout: PixelFormat) -> bytes:
    """A decoded frame as native little-endian bytes, in the planar configuration that the header says."""
    if layout.bits_allocated == 1:
        return np.packbits(pixels.reshape(-1), bitorder="little").tobytes()
    if pixels.ndim == 3 and layout.planar:
        pixels = pixels.transpose(2, 0, 1)
    return np.ascontiguousarray(pixels, layout.dtype).tobytes()


def encode(pixels: Pixels, syntax: str, layout: PixelFormat) -> bytes:
    """A decoded frame in a transfer syntax of `syntaxes.ENCODABLE`, without loss; colours stay what they are.

    Raises:
        UnreadableError: the syntax can not hold such pixels.
    """
    if not can_encode(syntax, layout):
        raise UnreadableError(f"{name_of(syntax)} can not be written for {layout.bits_allocated} bits")
    if syntax == EXPLICIT_LE:
        return to_native(pixels, layout)
    pixels = np.ascontiguousarray(pixels)
    if syntax == RLE:
        return _to_rle(pixels, layout)
    if syntax in JPEG_LS:
        return _to_jpeg_ls(pixels)
    resolutions = max(1, min(RESOLUTIONS, int(np.log2(min(layout.rows, layout.columns)))))
    if syntax in HTJ2K:
        return bytes(
            imagecodecs.htj2k_encode(pixels, reversible=True, rgb=False, planar=False, resolutions=resolutions, tlm=True)
        )
    low, high = (-(1 << layout.bits_stored - 1), 1 << layout.bits_stored - 1) if layout.signed else (0, 1 << layout.bits_stored)
    within = int(pixels.min()) >= low and int(pixels.max()) < high  # some hide overlays in the bits above
    bits = layout.bits_stored if within else layout.bits_allocated
    return bytes(
        imagecodecs.jpeg2k_encode(
            pixels, codecformat="j2k", level=0, reversible=True, mct=False, bitspersample=bits,
            resolutions=resolutions, numthreads=1,
        )
    )  # fmt: skip


def _to_jpeg_ls(pixels: Pixels) -> bytes:
    """All bits of a sample, so that signs need no telling; without the SPIFF header that some decoders stumble over."""
    stream = bytes(imagecodecs.jpegls_encode(pixels.view(f"<u{pixels.dtype.itemsize}"), level=0))
    return JPEG_START + stream[stream.index(JPEG_LS_FRAME) :]


def _to_rle(pixels: Pixels, layout: PixelFormat) -> bytes:
    return bytes(
        rle.utils.encode_pixel_data(
            pixels.tobytes(), rows=layout.rows, columns=layout.columns, samples_per_pixel=layout.samples,
            bits_allocated=layout.bits_allocated, number_of_frames=1, byteorder="<",
        )
    )  # fmt: skip
