"""The slice kernels against vtkImageReslice with window/level: 512², a new offset each time, CPU ms."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingColor import vtkImageMapToWindowLevelColors
from vtkmodules.vtkImagingCore import vtkImageReslice

from backend.render.reslice import Plane, SliceRenderer
from benchmarks.common import interleave, report, synthetic_ct

EX, EY, EZ = np.eye(3)
PLANES = {
    "axial": (EX, EY, EZ),
    "coronal": (EX, -EZ, EY),
    "sagittal": (EY, -EZ, EX),
    "oblique": ((EX + EY) / np.sqrt(2), -EZ, (EX - EY) / np.sqrt(2)),
}


def main() -> None:
    """Print the figures."""
    voxels = synthetic_ct()
    renderer = SliceRenderer(voxels)
    image = vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel(), deep=False))
    for name, (right, down, normal) in PLANES.items():
        offsets = itertools.cycle(np.arange(-40, 40, 0.73))

        def place(axes: tuple[np.ndarray, ...] = (right, down, normal), offsets: Iterator[float] = offsets) -> np.ndarray:
            right, down, normal = axes
            return np.array([255.5, 255.5, 149.5]) + normal * next(offsets) - right * 256 - down * 256

        def ours(right: np.ndarray = right, down: np.ndarray = down, place: Callable[[], np.ndarray] = place) -> object:
            return renderer.grey(Plane(place(), right, down, 512, 512), 400, 40)

        reslice, colors = vtkImageReslice(), vtkImageMapToWindowLevelColors()
        reslice.SetInputData(image)
        reslice.SetOutputDimensionality(2)
        reslice.SetResliceAxesDirectionCosines(*right, *down, *normal)
        reslice.SetOutputOrigin(0, 0, 0)
        reslice.SetOutputSpacing(1, 1, 1)
        reslice.SetOutputExtent(0, 511, 0, 511, 0, 0)
        reslice.SetInterpolationModeToLinear()
        colors.SetInputConnection(reslice.GetOutputPort())
        colors.SetOutputFormatToLuminance()
        colors.SetWindow(400)
        colors.SetLevel(40)

        def by_vtk(
            reslice: vtkImageReslice = reslice,
            colors: vtkImageMapToWindowLevelColors = colors,
            place: Callable[[], np.ndarray] = place,
        ) -> None:
            reslice.SetResliceAxesOrigin(*place())
            colors.Update()

        found = interleave({"ours": ours, "vtk": by_vtk}, 30)
        report(f"slice kernel, {name}, 512²", found["ours"][0] * 1e3, "CPU ms", found["vtk"][0] * 1e3, "lower", "(limit: VTK)")


if __name__ == "__main__":
    main()
