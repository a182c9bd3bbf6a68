"""Our PNG writer against Pillow at level 1, same pixels, sizes beside each other."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from backend.render import png
from backend.render.reslice import Plane, SliceRenderer
from benchmarks.common import interleave, report, synthetic_ct


def pillow(pixels: np.ndarray) -> bytes:
    """Pillow's PNG at its fastest level."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def main() -> None:
    """Print the figures."""
    plane = Plane(np.array([0.0, 0.0, 20.3]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), 512, 512)
    grey = SliceRenderer(synthetic_ct((40, 512, 512))).grey(plane, 400, 40).pixels
    rgb = np.stack([grey, np.roll(grey, 3), 255 - grey], axis=2)
    for name, pixels in (("grey", grey), ("RGB", rgb)):
        ours, theirs = png.encode(pixels), pillow(pixels)
        assert (np.asarray(Image.open(io.BytesIO(ours))) == pixels).all()
        found = interleave({"ours": lambda p=pixels: png.encode(p), "pillow": lambda p=pixels: pillow(p)}, 30)  # type: ignore[misc]
        sizes = f"({len(ours) // 1000} kB, Pillow {len(theirs) // 1000} kB)"
        report(f"PNG of 512² {name}", found["ours"][0] * 1e3, "CPU ms", found["pillow"][0] * 1e3, "lower", sizes)


if __name__ == "__main__":
    main()
