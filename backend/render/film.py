"""Pictures of one size as a film: VP9 in an MP4 file, by PyAV, which is an extra (`slicecast[video]`)."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.render.video import ENCODER

WORST, BEST = 55, 10
"""libvpx' constant quality for qualities 1 and 100."""
TICKS = 1000


def film(pictures: Iterable[NDArray[np.uint8]], frame_ms: float, quality: int) -> bytes:
    """An MP4 file.

    Args:
        pictures: (h, w) grey or (h, w, 3) RGB uint8, top row first, all of one size; at least one.
        frame_ms: how long each is shown.
        quality: 1 to 100.
    """
    import av  # the extra, and only here: it takes a while to load

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = None
        for number, pixels in enumerate(pictures):
            if stream is None:
                stream = container.add_stream(ENCODER, rate=Fraction(TICKS, max(1, round(frame_ms))))
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = Fraction(1, TICKS)
                crf = round(WORST + (BEST - WORST) * (quality - 1) / 99)
                stream.options = {"crf": str(crf), "b": "0", "deadline": "good", "cpu-used": "6", "row-mt": "1"}
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "gray" if pixels.ndim == 2 else "rgb24")
            frame.pts, frame.time_base = round(number * frame_ms), Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
