"""Moving pictures as video, for links too narrow for JPEG: VP9 by PyAV, which is an extra (`slicecast[video]`).

Only what changed from the picture before is coded: a slice that is scrolled takes a third to a half of what JPEG
takes, at some 5 ms instead of 0.5 (512 × 512). No picture is held back: each goes in alone and comes out at once.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

CODEC: Literal["vp9"] = "vp9"
ENCODER: Literal["libvpx-vp9"] = "libvpx-vp9"
"""FFmpeg's name of it."""
QUALITY = "36"
"""libvpx' constant quality (63 is worst): about that of JPEG at 70."""
MOST_ENCODERS = 16
OPTIONS = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": QUALITY, "b": "0", "row-mt": "1"}
NEUTRAL = 128


def has_video() -> bool:
    """Whether what codes video is installed. Only those who code load it."""
    return importlib.util.find_spec("av") is not None


class Encoder:
    """One sequence of pictures of one size. Not for two threads at a time."""

    def __init__(self, width: int, height: int) -> None:
        """`width`, `height`: pixels."""
        import av  # the extra, and only here: it takes a while to load

        self.size = (width, height)
        self._av = av
        self._codec: Any = av.CodecContext.create(ENCODER, "w")
        self._codec.width, self._codec.height, self._codec.pix_fmt = width, height, "yuv420p"
        self._codec.time_base, self._codec.framerate = Fraction(1, 30), Fraction(30, 1)
        self._codec.gop_size = 1 << 20  # whole pictures only where somebody asks for one
        self._codec.color_range = av.video.reformatter.ColorRange.JPEG
        self._codec.colorspace = av.video.reformatter.Colorspace.ITU601
        self._codec.options = OPTIONS
        self._count = 0

    def encode(self, pixels: NDArray[np.uint8], key: bool) -> tuple[bytes, bool]:
        """Code (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA uint8, top row first; alpha is dropped.

        Args:
            key: a whole picture, which needs none before it.

        Returns: the chunk, and whether it is a whole picture.
        """
        frame = self._frame(pixels)
        frame.pts = self._count
        frame.pict_type = self._av.video.frame.PictureType.I if key else self._av.video.frame.PictureType.NONE
        self._count += 1
        packets = self._codec.encode(frame)
        return b"".join(bytes(packet) for packet in packets), any(packet.is_keyframe for packet in packets)

    def _frame(self, pixels: NDArray[np.uint8]) -> Any:
        if pixels.ndim == 3:
            made = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:, :, :3]), "rgb24")
            return made.reformat(format="yuv420p", dst_colorspace="ITU601", dst_color_range="JPEG")
        frame = self._av.VideoFrame(*self.size, "yuv420p")
        frame.color_range = self._av.video.reformatter.ColorRange.JPEG
        parts: list[Any] = [pixels, NEUTRAL, NEUTRAL]
        for plane, values in zip(frame.planes, parts, strict=True):
            lines = np.asarray(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
            lines[:, : plane.width] = values
        return frame


class Videos:
    """The sequences of all clients, each by its name; the ones longest unused go when there are too many. Any thread."""

    def __init__(self) -> None:
        self._encoders: OrderedDict[tuple[str, ...], tuple[threading.Lock, Encoder]] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, name: tuple[str, ...], pixels: NDArray[np.uint8], key: bool) -> tuple[bytes, bool]:
        """The next picture of a sequence, as `Encoder.encode`; where its size is new, the sequence begins anew."""
        height, width = pixels.shape[:2]
        with self._lock:
            found = self._encoders.get(name)
            if found is None or found[1].size != (width, height):
                found = self._encoders[name] = (threading.Lock(), Encoder(width, height))
            self._encoders.move_to_end(name)
            while len(self._encoders) > MOST_ENCODERS:
                self._encoders.popitem(last=False)
        with found[0]:
            return found[1].encode(pixels, key)

    def forget(self, first: str) -> None:
        """Drop all sequences whose names begin so."""
        with self._lock:
            for name in [name for name in self._encoders if name[0] == first]:
                del self._encoders[name]
