"""Moving pictures as video, for links too narrow for JPEG, by PyAV, which is an extra (`slicecast[video]`).

Only what changed from the picture before is coded: a slice that is scrolled takes a third to a half of what JPEG
takes, at some 5 ms instead of 0.5 (512 × 512). No picture is held back: each goes in alone and comes out at once.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

VideoCodec = Literal["h264", "av1", "vp9"]
ENCODER: Literal["libvpx-vp9"] = "libvpx-vp9"
"""The one that is there wherever PyAV is, and under a licence that fits."""
AUTO = "auto"
MOST_SEQUENCES = 16
NEUTRAL = 128


@dataclass(frozen=True)
class Coder:
    """How one of FFmpeg's encoders is used: its codec, and options for constant quality and nothing held back.

    `by_gpu`: tried without being asked for where there is a GPU. `even`: it takes even sides only; what comes out is then
    a row or column larger than what went in, which whoever shows it leaves out.
    """

    codec: VideoCodec
    options: dict[str, str]
    by_gpu: bool = False
    even: bool = True


_NVENC = {"preset": "p3", "tune": "ull", "rc": "constqp", "delay": "0", "zerolatency": "1", "forced-idr": "1"}
CODERS: dict[str, Coder] = {
    "h264_nvenc": Coder("h264", {**_NVENC, "qp": "26", "profile": "high"}, by_gpu=True),
    "av1_nvenc": Coder("av1", {**_NVENC, "qp": "130"}, by_gpu=True),
    # About the quality of JPEG at 70 (63 is worst).
    ENCODER: Coder(
        "vp9",
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": "36", "b": "0", "row-mt": "1"},
        even=False,
    ),
    "libsvtav1": Coder(
        "av1", {"preset": "12", "crf": "40", "svtav1-params": "pred-struct=1:lookahead=0:rtc=1:lp=1"}, even=False
    ),
    "libx264": Coder("h264", {"preset": "superfast", "tune": "zerolatency", "crf": "24", "forced-idr": "1"}),
}
"""By FFmpeg's names, in the order in which `auto` prefers them. libx264 is under the GPL, so only a user can ask for it."""


class CodingError(Exception):
    """An encoder is not there, does not take such pictures, or does not give one chunk for each."""


class Chunk(NamedTuple):
    """A coded picture: `is_whole` needs none before it."""

    data: bytes
    is_whole: bool
    codec: VideoCodec


def has_video() -> bool:
    """Whether what codes video is installed. Only those who code load it."""
    return importlib.util.find_spec("av") is not None


class Encoder:
    """One sequence of pictures of one size by one of `CODERS`. Not for two threads at a time."""

    def __init__(self, name: str, width: int, height: int) -> None:
        """`width`, `height`: pixels of what goes in.

        Raises:
            CodingError: there is no such encoder here.
        """
        os.environ.setdefault("SVT_LOG", "0")  # else it tells its version and settings for each sequence
        import av  # the extra, and only here: it takes a while to load

        coder = CODERS[name]
        self.name, self.codec, self._av = name, coder.codec, av
        self._more = (height % 2, width % 2) if coder.even else (0, 0)
        self._size = (width + self._more[1], height + self._more[0])
        try:
            context: Any = av.CodecContext.create(name, "w")
        except ValueError as error:
            raise CodingError(f"{name}: {error}") from error
        context.width, context.height = self._size
        context.pix_fmt = "yuv420p"
        context.time_base, context.framerate = Fraction(1, 30), Fraction(30, 1)
        context.gop_size = 1 << 20  # whole pictures only where somebody asks for one
        context.max_b_frames = 0
        self._range, self._matrix = av.video.reformatter.ColorRange.JPEG, av.video.reformatter.Colorspace.ITU601
        context.color_range, context.colorspace = self._range, self._matrix
        context.options = coder.options
        self._context, self._count = context, 0
        self._reformatter = av.video.reformatter.VideoReformatter()  # a new one for each picture takes three times as long

    def encode(self, pixels: NDArray[np.uint8], key: bool) -> Chunk:
        """Code (h, w) grey, (h, w, 3) RGB or (h, w, 4) RGBA uint8, top row first; alpha is dropped.

        Args:
            key: a whole picture, which needs none before it.

        Raises:
            CodingError: it does not take this, or keeps it.
        """
        frame = self._frame(pixels)
        frame.pts = self._count
        frame.pict_type = self._av.video.frame.PictureType.I if key else self._av.video.frame.PictureType.NONE
        self._count += 1
        try:
            packets = self._context.encode(frame)
        except (self._av.FFmpegError, ValueError) as error:
            raise CodingError(f"{self.name}: {error}") from error
        if len(packets) != 1:
            raise CodingError(f"{self.name} gave {len(packets)} chunks for a picture")
        return Chunk(bytes(packets[0]), packets[0].is_keyframe, self.codec)

    def _frame(self, pixels: NDArray[np.uint8]) -> Any:
        if any(self._more):
            pixels = np.pad(pixels, [(0, more) for more in self._more] + [(0, 0)] * (pixels.ndim - 2), "edge")
        if pixels.ndim == 3:
            made = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:, :, :3]), "rgb24")
            return self._reformatter.reformat(made, format="yuv420p", dst_colorspace=self._matrix, dst_color_range=self._range)
        frame = self._av.VideoFrame(*self._size, "yuv420p")
        frame.color_range = self._range
        parts: list[Any] = [pixels, NEUTRAL, NEUTRAL]
        for plane, values in zip(frame.planes, parts, strict=True):
            lines = np.asarray(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
            lines[:, : plane.width] = values
        return frame


@dataclass
class _Sequence:
    size: tuple[int, int]
    codecs: tuple[str, ...]
    left: list[str]
    """Encoders to try if the one in use fails."""
    encoder: Encoder | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def encode(self, pixels: NDArray[np.uint8], key: bool) -> Chunk | None:
        """By the encoder in use, or the first of those left that can; each begins with a whole picture."""
        height, width = pixels.shape[:2]
        while self.encoder is not None or self.left:
            try:
                self.encoder = self.encoder or Encoder(self.left.pop(0), width, height)
                return self.encoder.encode(pixels, key)
            except CodingError as error:
                sys.stderr.write(f"no more video of {width} x {height} by {error}\n")
                self.encoder = None
        return None


class Videos:
    """The sequences of all clients, each by its name; the ones longest unused go when there are too many. Any thread."""

    def __init__(self, encoders: Sequence[str] = (ENCODER,)) -> None:
        """`encoders`: names in `CODERS`, by preference."""
        self.encoders = list(encoders)
        self._sequences: OrderedDict[tuple[str, ...], _Sequence] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def codecs(self) -> list[VideoCodec]:
        """What can be coded, by preference."""
        return list(dict.fromkeys(CODERS[name].codec for name in self.encoders))

    def encode(
        self, name: tuple[str, ...], pixels: NDArray[np.uint8], key: bool, codecs: Iterable[str] = ("vp9",)
    ) -> Chunk | None:
        """The next picture of a sequence, as `Encoder.encode`, in one of the `codecs`; None where no encoder can.

        The sequence begins anew where size or codecs are other than before, and with the next encoder where one fails.
        """
        size, codecs = (pixels.shape[1], pixels.shape[0]), tuple(codecs)
        with self._lock:
            found = self._sequences.get(name)
            if found is None or (found.size, found.codecs) != (size, codecs):
                usable = [one for one in self.encoders if CODERS[one].codec in codecs]
                found = self._sequences[name] = _Sequence(size, codecs, usable)
            self._sequences.move_to_end(name)
            while len(self._sequences) > MOST_SEQUENCES:
                self._sequences.popitem(last=False)
        with found.lock:
            return found.encode(pixels, key)

    def forget(self, first: str) -> None:
        """Drop all sequences whose names begin so."""
        with self._lock:
            for name in [name for name in self._sequences if name[0] == first]:
                del self._sequences[name]


def wished(names: Iterable[str], has_gpu: bool) -> list[str]:
    """The encoders that the setting `video_encoders` means, each once; `auto` is those of a GPU where there is one, and VP9's.
    None where nothing codes video."""
    auto = [name for name, coder in CODERS.items() if name == ENCODER or (has_gpu and coder.by_gpu)]
    found = dict.fromkeys(one for name in names for one in (auto if name == AUTO else [name]))
    return list(found) if has_video() else []
