"""Plain Tornado servers to be measured beside ours.

`python -m benchmarks.peers.tornado_slices PORT constant LENGTH` answers everything with the same bytes;
`… PORT vtk FOLDER` with axial slices of `FOLDER/ct.npy` through vtkImageReslice and Pillow's PNG as it comes, at the query's
`offset` in mm.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tornado.web

from benchmarks.common import SPACING_MM

SIDE = 512
WINDOW, LEVEL = 400.0, 40.0


def vtk_slices(voxels: np.ndarray) -> Callable[[float], bytes]:
    """Makes the PNG of a slice."""
    from PIL import Image
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkImagingColor import vtkImageMapToWindowLevelColors
    from vtkmodules.vtkImagingCore import vtkImageReslice

    image, reslice, colors = vtkImageData(), vtkImageReslice(), vtkImageMapToWindowLevelColors()
    image.SetDimensions(*voxels.shape[::-1])
    image.SetSpacing(*SPACING_MM)
    image.SetOrigin(*(-(np.array(voxels.shape[::-1]) - 1) / 2 * SPACING_MM))
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel()))
    half = SPACING_MM[0] * SIDE / 2
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    reslice.SetResliceAxesDirectionCosines(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    reslice.SetOutputOrigin(-half, -half, 0)
    reslice.SetOutputSpacing(SPACING_MM[0], SPACING_MM[1], 1)
    reslice.SetOutputExtent(0, SIDE - 1, 0, SIDE - 1, 0, 0)
    reslice.SetInterpolationModeToLinear()
    colors.SetInputConnection(reslice.GetOutputPort())
    colors.SetOutputFormatToLuminance()
    colors.SetWindow(WINDOW)
    colors.SetLevel(LEVEL)

    def make(offset: float) -> bytes:
        reslice.SetResliceAxesOrigin(0, 0, offset)
        colors.Update()
        pixels = vtk_to_numpy(colors.GetOutput().GetPointData().GetScalars()).reshape(SIDE, SIDE)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()

    return make


async def serve(port: int, make: Callable[[float], bytes]) -> None:
    """Serve until killed; says so when it listens."""

    class Slices(tornado.web.RequestHandler):
        def compute_etag(self) -> None:
            """None: hashing would only slow it down."""

        def get(self) -> None:
            """Answer with a picture."""
            self.set_header("Content-Type", "image/png")
            self.finish(make(float(self.get_query_argument("offset", "0"))))

    tornado.web.Application([(".*", Slices)]).listen(port, "127.0.0.1")
    print("up", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve what the command line asks for."""
    port, kind, what = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    if kind == "constant":
        body = bytes(int(what))
        asyncio.run(serve(port, lambda _offset: body))
    else:
        asyncio.run(serve(port, vtk_slices(np.load(Path(what) / "ct.npy"))))


if __name__ == "__main__":
    main()
