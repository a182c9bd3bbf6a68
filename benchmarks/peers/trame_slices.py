"""A trame-rca server of a slice view, as its users write one: VTK's image slice in a render window, scrolled by events.

`python -m benchmarks.peers.trame_slices PORT FOLDER`: shows the axial slices of `FOLDER/ct.npy`, (K, J, I) int16. The
event's `offset` in mm is where to scroll to; its `n` comes back in the meta of the pictures that show it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")  # as ours; else it looks for a display first

import vtkmodules.vtkInteractionStyle
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
from trame.app import get_server
from trame_rca import module
from trame_rca.rca import VtkRemoteControlledArea
from trame_rca.schedulers import RcaImageRenderScheduler
from trame_rca.view_adapter import RcaViewAdapter
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkRenderer, vtkRenderWindow, vtkRenderWindowInteractor
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from benchmarks.common import SPACING_MM

SIDE = 512
WINDOW, LEVEL = 400.0, 40.0
FPS = 60.0  # as many as events come; trame-rca's default is 30
QUALITY = 80  # ours for moving pictures


class Stamped(np.ndarray):
    """Pixels that know which event they show."""

    n = 0


class SliceArea(VtkRemoteControlledArea):
    """The render window with the slice."""

    def __init__(self, voxels: np.ndarray) -> None:
        image = vtkImageData()
        image.SetDimensions(*voxels.shape[::-1])
        image.SetSpacing(*SPACING_MM)
        image.SetOrigin(*(-(np.array(voxels.shape[::-1]) - 1) / 2 * SPACING_MM))
        image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel()))
        self._plane = vtkPlane()
        self._plane.SetNormal(0, 0, 1)
        mapper, shown, renderer = vtkImageResliceMapper(), vtkImageSlice(), vtkRenderer()
        mapper.SetInputData(image)
        mapper.SetSlicePlane(self._plane)
        shown.SetMapper(mapper)
        shown.GetProperty().SetColorWindow(WINDOW)
        shown.GetProperty().SetColorLevel(LEVEL)
        renderer.AddViewProp(shown)
        window, interactor = vtkRenderWindow(), vtkRenderWindowInteractor()
        window.SetOffScreenRendering(1)
        window.SetSize(SIDE, SIDE)
        window.AddRenderer(renderer)
        interactor.SetRenderWindow(window)
        camera = renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetPosition(0, 0, -500)
        camera.SetFocalPoint(0, 0, 0)
        camera.SetViewUp(0, -1, 0)
        camera.SetParallelScale(SPACING_MM[1] * SIDE / 2)
        renderer.ResetCameraClippingRange()
        self._n = 0
        super().__init__(window)

    def process_interaction_event(self, event: dict[str, Any]) -> None:
        """Scroll."""
        self._plane.SetOrigin(0, 0, event["offset"])
        self._n = event["n"]

    @property
    def img_cols_rows(self) -> tuple[np.ndarray, int, int]:
        """The picture, which knows the newest event that it shows."""
        pixels, columns, rows = super().img_cols_rows
        stamped = pixels.base.view(Stamped)[..., :3]  # its own encoders find the four channels below
        stamped.n = self._n
        return stamped, columns, rows


class StampingScheduler(RcaImageRenderScheduler):
    """Passes the number of the event on with the encoded picture."""

    def __init__(self, area: SliceArea) -> None:
        super().__init__(area, target_fps=FPS, interactive_quality=QUALITY, rca_encoder="turbo-jpeg")
        inner = self._rca_encoder

        class Encoder:
            def encode(self, pixels: Stamped, columns: int, rows: int, quality: int) -> tuple[bytes, dict[str, Any], int]:
                """As the encoder inside does."""
                data, meta, at = inner.encode(pixels, columns, rows, quality)
                return data, {**meta, "n": pixels.n}, at

        self._rca_encoder = Encoder()


def main() -> None:
    """Serve until killed."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    server = get_server("slices", client_type="vue3")
    module.setup(server)
    area = SliceArea(np.load(folder / "ct.npy"))

    def register(**_state: Any) -> None:
        server.controller.rc_area_register(RcaViewAdapter(area, "slice", scheduler=StampingScheduler(area)))

    server.controller.on_server_ready.add(register)
    server.start(port=port, host="127.0.0.1", open_browser=False, show_connection_info=False, timeout=0)


if __name__ == "__main__":
    main()
