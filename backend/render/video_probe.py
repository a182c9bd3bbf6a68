"""Find out which encoders of video work here, in child processes, because a driver that is not well installed may take the
process down.

`python -m backend.render.video_probe ENCODER` codes two pictures with one, in this process, and fails where they are lost.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from backend.render.video import CODERS, ENCODER, CodingError, Encoder

PROBE_TIMEOUT_S = 30.0
WIDTH, HEIGHT = 256, 192  # encoders in hardware take none much smaller
MOST_FAULT = 6.0  # grey levels, in the mean
DECODERS = {"av1": "libdav1d"}
"""FFmpeg's decoders that are not called as their codec."""


def those_that_work(names: Iterable[str]) -> list[str]:
    """Those of some encoders that code a picture here; VP9's is taken on trust, so that nobody waits for it."""
    return [name for name in names if name == ENCODER or _works(name)]


def _works(name: str) -> bool:
    try:
        command = [sys.executable, "-m", "backend.render.video_probe", name]
        done = subprocess.run(command, capture_output=True, timeout=PROBE_TIMEOUT_S, check=False)
    except (subprocess.TimeoutExpired, OSError):
        return False
    return done.returncode == 0


def decoder_of(codec: str) -> Any:
    """PyAV's decoder of a codec, which gives each picture at once."""
    import av

    decoder: Any = av.CodecContext.create(DECODERS.get(codec, codec), "r")
    decoder.thread_count = 1  # several hold pictures back
    return decoder


def code_once(name: str) -> None:
    """Code two pictures with an encoder and decode them, here and now; may take the process down.

    Raises:
        CodingError: it can not, holds pictures back, or what comes out is something else.
    """
    import av

    pixels = np.broadcast_to(np.arange(WIDTH, dtype=np.uint8), (HEIGHT, WIDTH))
    encoder, decoder = Encoder(name, WIDTH, HEIGHT), decoder_of(CODERS[name].codec)
    for picture in (pixels, pixels[:, ::-1]):
        chunk = encoder.encode(picture, key=True)
        frames: list[Any] = decoder.decode(av.Packet(chunk.data))
        found = [frame.to_ndarray(format="rgb24")[:, :, 1].astype(int) for frame in frames]
        if not chunk.is_whole or len(found) != 1 or np.abs(found[0] - picture).mean() > MOST_FAULT:
            raise CodingError(f"{name} codes something else")


if __name__ == "__main__":
    code_once(sys.argv[1])
