"""Compile every kernel into numba's disk cache: `python -m backend.render.warm_up`, run once at set-up.

Without it the first pictures would wait some seconds for the compiler.
"""

from __future__ import annotations

import numpy as np

from backend.render.encode import encode
from backend.render.marcher import Camera, TransferFunction, VolumeMarcher, eye_depth
from backend.render.reslice import NATIVE_DTYPES, Plane, Slab, SliceRenderer, blend_labels, over

UPRIGHT = Plane(np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), 8, 8)
SAGITTAL = Plane(np.zeros(3), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]), 8, 8)
CORONAL = Plane(np.zeros(3), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), 8, 8)
TILTED = Plane(np.zeros(3), np.array([0.7, 0.7, 0.0]), np.array([0.0, 0.1, 0.9]), 8, 8)


def slices() -> None:
    """The slice kernels for each type they are made for, and the encoders."""
    for dtype in NATIVE_DTYPES:
        renderer = SliceRenderer(np.zeros((8, 8, 8), dtype))
        for plane in (UPRIGHT, SAGITTAL, CORONAL, TILTED):
            renderer.grey(plane, 1.0, 0.0).rgba()
            renderer.grey(plane, 1.0, 0.0, slab=Slab("mean", np.cross(plane.right, plane.down), 2))
        renderer.grey(UPRIGHT, 1.0, 0.0, interpolate=False)
    labels = SliceRenderer(np.ones((8, 8, 8), np.uint8)).labels(UPRIGHT)
    rgb = np.zeros((8, 8, 3), np.uint8)
    blend_labels(rgb, labels, np.zeros((2, 4), np.float32), np.zeros(2, np.float32))
    over(rgb, np.zeros((8, 8, 4), np.uint8))
    encode(rgb, "png")
    encode(rgb, "jpeg")


def volumes() -> None:
    """The marcher's kernels for each type it stores."""
    camera = Camera(np.array([0.0, 100.0, 0.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]))
    image = np.zeros((16, 16, 3), np.uint8)
    depth = eye_depth(np.ones((16, 16), np.float32), 1.0, 1000.0, False)
    for dtype in (np.int16, np.uint8):
        voxels = (np.indices((16, 16, 16)).sum(axis=0) * 2).astype(dtype)
        marcher = VolumeMarcher(voxels, np.eye(4))
        colors, opacity = [(0.0, 0, 0, 0), (90.0, 1, 1, 1)], [(0.0, 0.0), (90.0, 0.9)]
        marcher.set_transfer(TransferFunction.from_points(0.0, 90.0, colors, opacity))  # type: ignore[arg-type]
        for detail, rays in (("moving", (8, 8)), ("still", None)):
            marcher.render(camera, 16, 16, image=image, depth_mm=depth, detail=detail, rays=rays)  # type: ignore[arg-type]


def main() -> None:
    """Everything."""
    slices()
    volumes()


if __name__ == "__main__":
    main()
