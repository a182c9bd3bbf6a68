"""Volume rendering without a server: a synthetic 512×512×300 CT turning (moving detail) and standing, against VTK.

Run: `python -m benchmarks.volume_kernel`. CPU ms count all threads; ratios are of CPU ms, taken in turns, since wall
times drift on shared machines. VTK's mappers are compared unshaded: the CPU's shading prepares for ten seconds first.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import report, synthetic_ct

os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

from backend.render.marcher import Camera, TransferFunction, VolumeMarcher

SIZE = 512
SPACING_MM = (0.7, 0.7, 1.0)
BONES = TransferFunction.from_points(
    -1000.0,
    3000.0,
    [(-1000, 0, 0, 0), (150, 0.55, 0.25, 0.15), (300, 0.88, 0.6, 0.3), (1000, 1, 0.94, 0.9), (3000, 1, 1, 1)],
    [(-1000, 0.0), (150, 0.0), (300, 0.25), (600, 0.7), (3000, 0.9)],
    unit_distance_mm=0.7,
)


def camera(degrees: float) -> Camera:
    """Around the volume's middle, filling the picture."""
    angle = np.radians(degrees)
    position = np.array([700 * np.sin(angle), 700 * np.cos(angle), 90.0])
    return Camera(position, np.zeros(3), np.array([0.0, 0.0, 1.0]), 30.0)


def by_vtk(voxels: NDArray[np.int16], which: Literal["CPU", "GPU"]) -> Callable[[float], NDArray[np.uint8]]:
    """A mapper of VTK with the same voxels, colours, camera and step: a call draws one picture, (h, w, 3) from the top."""
    from vtkmodules import vtkRenderingOpenGL2, vtkRenderingVolumeOpenGL2  # noqa: F401
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
    from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
    from vtkmodules.vtkRenderingCore import (
        vtkColorTransferFunction,
        vtkRenderer,
        vtkRenderWindow,
        vtkVolume,
        vtkVolumeProperty,
    )
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper
    from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkOpenGLGPUVolumeRayCastMapper

    image = vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.SetSpacing(*SPACING_MM)
    image.SetOrigin(*(-(np.array(voxels.shape[::-1]) - 1) / 2 * SPACING_MM))
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel()))
    colors, opacity, look = vtkColorTransferFunction(), vtkPiecewiseFunction(), vtkVolumeProperty()
    values = np.linspace(BONES.low, BONES.high, len(BONES.opacity))
    for n in range(0, len(values), 15):
        colors.AddRGBPoint(values[n], *map(float, BONES.rgb[n]))
        opacity.AddPoint(values[n], float(BONES.opacity[n]))
    look.SetColor(colors)
    look.SetScalarOpacity(opacity)
    look.SetScalarOpacityUnitDistance(BONES.unit_distance_mm)
    look.SetInterpolationTypeToLinear()
    mapper = vtkFixedPointVolumeRayCastMapper() if which == "CPU" else vtkOpenGLGPUVolumeRayCastMapper()
    volume = vtkVolume()
    mapper.SetInputData(image)
    mapper.SetAutoAdjustSampleDistances(0)
    mapper.SetSampleDistance(min(SPACING_MM))
    volume.SetMapper(mapper)
    volume.SetProperty(look)
    window, renderer = vtkRenderWindow(), vtkRenderer()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
    renderer.AddVolume(volume)

    pixels = vtkUnsignedCharArray()

    def draw(degrees: float) -> NDArray[np.uint8]:
        here, view = camera(degrees), renderer.GetActiveCamera()
        view.SetPosition(*here.position)
        view.SetFocalPoint(*here.focal_point)
        view.SetViewUp(*here.view_up)
        view.SetViewAngle(here.view_angle_deg)
        renderer.ResetCameraClippingRange()
        window.Render()
        window.GetPixelData(0, 0, SIZE - 1, SIZE - 1, 0, pixels, 0)
        picture: NDArray[np.uint8] = vtk_to_numpy(pixels).reshape(SIZE, SIZE, 3)[::-1]
        return picture

    return draw


def psnr_db(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """How alike two pictures are."""
    error = np.mean((a.astype(float) - b) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def timed(draw: Callable[[float], object], degrees: float) -> tuple[float, float]:
    """CPU and wall ms of one picture."""
    cpu, wall = time.process_time(), time.perf_counter()
    draw(degrees)
    return (time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3


def main() -> None:
    voxels = synthetic_ct((300, SIZE, SIZE))
    matrix = np.diag([*SPACING_MM, 1.0])
    matrix[:3, 3] = -(np.array(voxels.shape[::-1]) - 1) / 2 * SPACING_MM
    shaded, unshaded = VolumeMarcher(voxels, matrix), VolumeMarcher(voxels, matrix)
    shaded.set_transfer(BONES)
    unshaded.set_transfer(dataclasses.replace(BONES, shade=False))
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    ways: dict[str, Callable[[float], object]] = {
        "moving": lambda a: shaded.render(camera(a), SIZE, SIZE, image=image, detail="moving", rays=(256, 256)),
        "still": lambda a: shaded.render(camera(a), SIZE, SIZE, image=image),
        "still unshaded": lambda a: unshaded.render(camera(a), SIZE, SIZE, image=image),
        "VTK unshaded": by_vtk(voxels, "CPU"),
    }
    for draw in ways.values():
        draw(0.0)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(8):
        for name, draw in ways.items():
            for part in range(4 if name == "moving" else 1):
                taken[name].append(timed(draw, turn * 45.0 + part * 11.0 + 5.0))
    cpu = {name: statistics.mean(c for c, _ in times) for name, times in taken.items()}
    wall = {name: statistics.median(w for _, w in times) for name, times in taken.items()}
    report("volume moving 512² shaded, 256² rays, CPU", cpu["moving"], "ms", better="lower", target=35)
    report("volume moving 512² shaded, 256² rays", 1e3 / wall["moving"], "pictures/s", target=30)
    report("volume still 512² shaded, wall", wall["still"], "ms", better="lower", target=250)
    report("volume still 512² shaded, CPU", cpu["still"], "ms", better="lower")
    for what, unit, ours, theirs in (
        ("CPU", "CPU ms", cpu["still unshaded"], cpu["VTK unshaded"]),
        ("wall", "ms", wall["still unshaded"], wall["VTK unshaded"]),
    ):
        report(f"volume still 512² unshaded, {what}", ours, unit, theirs, "lower", "limit: VTK's CPU mapper", target_ratio=2)
    by_cpu, by_gpu = by_vtk(voxels, "CPU"), by_vtk(voxels, "GPU")
    alike: list[tuple[float, float, float]] = []
    for angle in (5.0, 95.0):
        image[:] = 0
        drawn = unshaded.render(camera(angle), SIZE, SIZE, image=image)
        others = by_cpu(angle), by_gpu(angle)
        alike.append((psnr_db(drawn, others[0]), psnr_db(drawn, others[1]), psnr_db(*others)))
    to_cpu, to_gpu, between = (min(column) for column in zip(*alike, strict=True))
    report("volume still 512² unshaded, PSNR to VTK's GPU mapper", to_gpu, "dB", target=35)
    report("volume still 512² unshaded, PSNR to VTK's CPU mapper", to_cpu, "dB", between, target_ratio=0.98,
           note="limit: VTK's mappers to each other; the CPU's draws half a pixel aside")  # fmt: skip


if __name__ == "__main__":
    main()
