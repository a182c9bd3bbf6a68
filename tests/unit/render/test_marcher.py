"""The ray marcher: pictures as VTK's own CPU mapper makes them, depth, cropping, stopping, odd volumes."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from backend.errors import SupersededError
from backend.render.marcher import Camera, MotionBudget, TransferFunction, VolumeMarcher, eye_depth

os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

SIZE = 160
RAMP = [(0.0, 0.0, 0.0, 0.0), (255.0, 1.0, 1.0, 1.0)]
OCTANT_COLORS = [
    (0.0, 0.0, 0.0, 0.0),
    (100.0, 0.9, 0.1, 0.1),
    (140.0, 0.9, 0.8, 0.1),
    (180.0, 0.1, 0.8, 0.3),
    (220.0, 0.1, 0.3, 0.9),
    (255.0, 0.8, 0.9, 1.0),
]
VIEWS = {
    "R": ((1, 0, 0), (0, 0, 1)),
    "L": ((-1, 0, 0), (0, 0, 1)),
    "A": ((0, 1, 0), (0, 0, 1)),
    "P": ((0, -1, 0), (0, 0, 1)),
    "S": ((0, 0, 1), (0, 1, 0)),
    "I": ((0, 0, -1), (0, 1, 0)),
}


def octants(shape: tuple[int, int, int] = (40, 44, 48)) -> NDArray[np.uint8]:
    """A soft box, empty outside, whose eight octants have values 110, 130 … 250."""
    k, j, i = np.indices(shape)
    half = [n // 2 for n in shape]
    values = 110 + 20 * ((i >= half[2]) + 2 * (j >= half[1]) + 4 * (k >= half[0]))
    inside = (np.minimum(i, shape[2] - 1 - i) >= 5) & (np.minimum(j, shape[1] - 1 - j) >= 5)
    box = np.where(inside & (np.minimum(k, shape[0] - 1 - k) >= 5), values, 0).astype(float)
    return np.rint(ndimage.gaussian_filter(box, 1.5)).astype(np.uint8)


def solid(**options: Any) -> TransferFunction:
    points = [(0.0, 0.0), (40.0, 0.0), (100.0, 0.3), (255.0, 0.3)]
    return TransferFunction.from_points(0.0, 255.0, OCTANT_COLORS, points, shade=False, **options)


def plain(shade: bool = False, opacity: float = 1.0, **options: Any) -> TransferFunction:
    """White, opaque above 100."""
    points = [(0.0, 0.0), (100.0, 0.0), (101.0, opacity), (255.0, opacity)]
    return TransferFunction.from_points(0.0, 255.0, [(0, 1, 1, 1), (255, 1, 1, 1)], points, shade=shade, **options)


def centred(shape: tuple[int, ...], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> NDArray[np.float64]:
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = -(np.array(shape[::-1]) - 1) / 2 * spacing
    return matrix


def look(direction: Any, up: Any, distance: float = 160.0, parallel: float | None = None) -> Camera:
    target = np.array([1.0, -2.0, 3.0])
    towards = np.array(direction, float) / np.linalg.norm(direction)
    return Camera(target + towards * distance, target, np.array(up, float), 30.0, parallel)


def background(width: int = SIZE, height: int = SIZE) -> NDArray[np.uint8]:
    image = np.empty((height, width, 3), np.uint8)
    image[:] = (26, 26, 51)
    return image


def front(distance: float = 200.0, parallel: float | None = 30.0) -> Camera:
    """From the front, straight, at the origin."""
    return Camera(np.array([0.0, distance, 0.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]), 30.0, parallel)


def cube(n: int = 40, dtype: Any = np.uint8) -> VolumeMarcher:
    """A white cube of 40 mm about the origin."""
    marcher = VolumeMarcher(np.full((n, n, n), 200, dtype), centred((n, n, n)))
    marcher.set_transfer(plain())
    return marcher


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / max(np.square(a.astype(float) - b).mean(), 1e-9)))


def by_vtk(
    voxels: NDArray[Any],
    ijk_to_ras: NDArray[np.float64],
    transfer: TransferFunction,
    camera: Camera,
    mip: bool = False,
) -> NDArray[np.uint8]:
    """The same picture by vtkFixedPointVolumeRayCastMapper."""
    from vtkmodules import vtkRenderingOpenGL2, vtkRenderingVolumeOpenGL2  # noqa: F401
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
    from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkRenderingCore import (
        vtkColorTransferFunction,
        vtkRenderer,
        vtkRenderWindow,
        vtkVolume,
        vtkVolumeProperty,
    )
    from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

    spacing = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    image = vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.SetSpacing(*spacing)
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel(), deep=True))
    placed = ijk_to_ras @ np.diag([*(1 / spacing), 1.0])
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(placed.ravel().tolist())
    colors, opacity = vtkColorTransferFunction(), vtkPiecewiseFunction()
    for value, rgb, alpha in zip(
        np.linspace(transfer.low, transfer.high, len(transfer.rgb)),
        transfer.rgb,
        transfer.opacity,
        strict=True,
    ):
        colors.AddRGBPoint(value, *map(float, rgb))
        opacity.AddPoint(value, float(alpha))
    look_of = vtkVolumeProperty()
    look_of.SetColor(colors)
    look_of.SetScalarOpacity(opacity)
    look_of.SetScalarOpacityUnitDistance(transfer.unit_distance_mm)
    if transfer.gradient_opacity is not None:
        by_gradient = vtkPiecewiseFunction()
        for steepness, factor in zip(
            np.linspace(0.0, transfer.gradient_high, len(transfer.gradient_opacity)), transfer.gradient_opacity, strict=True
        ):
            by_gradient.AddPoint(steepness, float(factor))
        look_of.SetGradientOpacity(by_gradient)
    look_of.SetInterpolationTypeToLinear()
    mapper = vtkFixedPointVolumeRayCastMapper()
    mapper.SetInputData(image)
    mapper.SetAutoAdjustSampleDistances(0)
    mapper.SetImageSampleDistance(1)
    mapper.SetSampleDistance(float(spacing.min()))
    if mip:
        mapper.SetBlendModeToMaximumIntensity()
    volume = vtkVolume()
    volume.SetMapper(mapper)
    volume.SetProperty(look_of)
    volume.SetUserMatrix(matrix)
    window, renderer = vtkRenderWindow(), vtkRenderer()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(SIZE, SIZE)
    window.AddRenderer(renderer)
    renderer.SetBackground(26 / 255, 26 / 255, 51 / 255)
    renderer.AddVolume(volume)
    view = renderer.GetActiveCamera()
    view.SetPosition(*camera.position)
    view.SetFocalPoint(*camera.focal_point)
    view.SetViewUp(*camera.view_up)
    view.SetViewAngle(camera.view_angle_deg)
    if camera.parallel_scale_mm is not None:
        view.ParallelProjectionOn()
        view.SetParallelScale(camera.parallel_scale_mm)
    renderer.ResetCameraClippingRange()
    window.Render()
    pixels = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, SIZE - 1, SIZE - 1, 0 if window.GetDoubleBuffer() else 1, pixels, 0)
    picture = vtk_to_numpy(pixels).reshape(SIZE, SIZE, 3)[::-1].copy()
    window.Finalize()
    return picture


@pytest.fixture(scope="session")
def gl() -> None:
    """VTK's mapper wants a GL window; where none can be made, its tests say so."""
    import subprocess
    import sys

    code = (
        "from vtkmodules import vtkRenderingOpenGL2;"
        "from vtkmodules.vtkRenderingCore import vtkRenderWindow as W;"
        "w = W(); w.SetOffScreenRendering(1); w.Render()"
    )
    if subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode != 0:
        pytest.skip("no OpenGL driver for VTK")


@pytest.mark.usefixtures("gl")
class TestAgainstVtk:
    @pytest.mark.parametrize("side", VIEWS)
    @pytest.mark.parametrize("parallel", [None, 45.0])
    def test_octants_from_each_side(self, side: str, parallel: float | None) -> None:
        voxels, camera = octants(), look(*VIEWS[side], parallel=parallel)
        matrix = centred(voxels.shape)
        marcher = VolumeMarcher(voxels, matrix)
        marcher.set_transfer(solid())
        ours = marcher.render(camera, SIZE, SIZE, image=background())
        theirs = by_vtk(voxels, matrix, solid(), camera)
        assert psnr(ours, theirs) >= 33
        for mirrored in (ours[::-1], ours[:, ::-1], ours[::-1, ::-1]):
            assert psnr(mirrored, theirs) < psnr(ours, theirs) - 8

    @pytest.mark.parametrize("mip", [False, True])
    def test_oblique_anisotropic_mirrored(self, mip: bool) -> None:
        voxels = octants((24, 44, 48))
        rotation, _ = np.linalg.qr(np.array([[1.0, 0.3, -0.2], [-0.4, 1.0, 0.5], [0.1, -0.3, 1.0]]))
        turned = np.eye(4)
        turned[:3, :3] = rotation @ np.diag([-1.0, 1.0, 1.0])
        matrix = turned @ centred(voxels.shape, (0.9, 1.1, 2.2))
        marcher = VolumeMarcher(voxels, matrix)
        marcher.set_transfer(solid())
        camera = look((0.4, 0.7, 0.5), (0, 0.2, 1))
        ours = marcher.render(camera, SIZE, SIZE, image=background(), mode="mip" if mip else "composite")
        assert psnr(ours, by_vtk(voxels, matrix, solid(), camera, mip)) >= 33

    @pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 1.1, 2.2)])
    def test_gradient_opacity_in_the_units_of_vtk(self, spacing: tuple[float, float, float]) -> None:
        voxels = octants()
        matrix = centred(voxels.shape, spacing)
        marcher = VolumeMarcher(voxels, matrix)
        edges = np.clip(np.linspace(-1.0, 2.0, 64), 0.0, 1.0).astype(np.float32)
        look_of = solid(gradient_opacity=edges, gradient_high=40.0)
        marcher.set_transfer(look_of)
        camera = look((0.4, 0.7, 0.5), (0, 0.2, 1))
        ours = marcher.render(camera, SIZE, SIZE, image=background())
        theirs = by_vtk(voxels, matrix, look_of, camera)
        marcher.set_transfer(solid())
        assert psnr(ours, theirs) > psnr(marcher.render(camera, SIZE, SIZE, image=background()), theirs) + 8
        assert psnr(ours, theirs) >= 28

    def test_half_size_lies_where_the_full_volume_does(self) -> None:
        voxels = octants((41, 45, 47))
        matrix = centred(voxels.shape, (1.0, 1.0, 1.2))
        marcher = VolumeMarcher(voxels, matrix)
        marcher.set_transfer(solid())
        camera = look((0.4, 0.7, 0.5), (0, 0, 1))
        moving = marcher.render(camera, SIZE, SIZE, image=background(), detail="moving")
        theirs = by_vtk(voxels, matrix, solid(), camera)
        assert psnr(moving, theirs) >= 23
        for shift in (-2, 2):
            for axis in (0, 1):
                assert psnr(np.roll(moving, shift, axis), theirs) < psnr(moving, theirs)


def test_geometry_hides_what_is_behind() -> None:
    """Geometry shortly before the cube's face hides it, shortly behind the face it does not."""
    marcher, image = cube(), background()
    depth = np.full((SIZE, SIZE), 1e30, np.float32)
    depth[:, : SIZE // 2] = 200 - 19.5 - 3  # 3 mm before the cube's face
    depth[: SIZE // 2, SIZE // 2 :] = 200 - 19.5 + 3  # 3 mm behind it
    out = marcher.render(front(), SIZE, SIZE, image=image, depth_mm=depth)
    assert (out[:, : SIZE // 2] == image[:, : SIZE // 2]).all()
    middle = slice(SIZE // 2 - 40, SIZE // 2 + 40)
    assert (out[middle, SIZE // 2 : SIZE // 2 + 40] > 240).all()


def test_outlines_of_geometry_stay_sharp_with_few_rays() -> None:
    """Thin lines before the cube must be kept to the pixel though rays are four times coarser."""
    marcher, image = cube(), background()
    depth = np.full((SIZE, SIZE), 1e30, np.float32)
    image[:, 81] = depth_color = (0, 200, 0)
    depth[:, 81] = 100.0
    out = marcher.render(front(), SIZE, SIZE, image=image, depth_mm=depth, detail="moving", rays=(40, 40))
    assert (out[:, 81] == depth_color).all()
    assert (out[60:100, 80] > 240).all()
    assert (out[60:100, 82] > 240).all()


def test_eye_depth_inverts_the_depth_buffer() -> None:
    near, far = 5.0, 400.0
    eye = np.array([[5.0, 20.0, 399.0]])
    z = far * (eye - near) / (eye * (far - near))
    assert np.allclose(eye_depth(z.astype(np.float32), near, far, False), eye, rtol=1e-3)
    z = (eye - near) / (far - near)
    assert np.allclose(eye_depth(z.astype(np.float32), near, far, True), eye, rtol=1e-4)
    assert eye_depth(np.ones((1, 1), np.float32), near, far, False)[0, 0] > 1e29


def test_cropping_box() -> None:
    """Half of the cube in a turned box; whole again without."""
    marcher = cube()
    box = np.eye(4)
    box[:3, 3] = 10.0, 0.0, 0.0  # right half: x 0..20; seen from the front the patient's right is on the left
    marcher.set_crop(box, np.array([10.0, 30.0, 30.0]))
    out = marcher.render(front(), SIZE, SIZE, image=background())[:, :, 0] > 140
    columns = np.flatnonzero(out.any(axis=0))
    assert columns.max() - SIZE // 2 in (-1, 0)
    assert abs(columns.min() - (SIZE // 2 - 19.5 * SIZE / 60)) <= 1.5
    turn = np.radians(45)
    box = np.eye(4)
    box[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    marcher.set_crop(box, np.array([5.0, 5.0, 30.0]))
    width = (marcher.render(front(), SIZE, SIZE, image=background())[SIZE // 2, :, 0] > 140).sum()
    assert abs(width - 10 * np.sqrt(2) * SIZE / 60) <= 3
    marcher.set_crop_planes(np.array([[0.0, 0.0, 1.0, 0.0]]))  # upper half: z >= 0
    rows = np.flatnonzero((marcher.render(front(), SIZE, SIZE, image=background())[:, :, 0] > 140).any(axis=1))
    assert rows.max() - SIZE // 2 in (-1, 0)
    marcher.set_crop(None, None)
    whole = (marcher.render(front(), SIZE, SIZE, image=background())[SIZE // 2, :, 0] > 140).sum()
    assert abs(whole - 39 * SIZE / 60) <= 2


def test_abort_is_prompt_and_raised() -> None:
    marcher, begun = cube(), time.perf_counter()
    marcher.render(front(), SIZE, SIZE, image=background())
    calls = []

    def aborted() -> bool:
        calls.append(time.perf_counter())
        return len(calls) > 3

    begun = time.perf_counter()
    with pytest.raises(SupersededError):
        marcher.render(front(), 1024, 1024, image=background(1024, 1024), aborted=aborted)
    assert len(calls) < 20
    assert time.perf_counter() - begun < 1.0


def test_mip_shows_the_greatest_value() -> None:
    voxels = np.full((20, 20, 20), 10, np.int16)
    voxels[9:12, 14:17, 9:12] = 250
    voxels[9:12, 4:7, 2:5] = 120
    marcher = VolumeMarcher(voxels, centred(voxels.shape))
    marcher.set_transfer(TransferFunction.from_points(0.0, 255.0, RAMP, [(0.0, 1.0), (255.0, 1.0)], shade=False))
    out = marcher.render(front(parallel=9.5), 190, 190, image=background(190, 190), mode="mip")[:, :, 0]
    assert out.max() > 200
    rows, columns = np.nonzero(out > 200)
    assert abs(rows.mean() - 89.5) <= 2  # voxel 10 lies half a voxel, 5 px, towards head and right of the middle
    assert abs(columns.mean() - 89.5) <= 2
    assert 110 <= np.median(out[85:95, 155:165]) <= 121
    assert abs(int(np.median(out)) - 10) <= 1


def test_camera_inside_and_behind() -> None:
    marcher = cube()
    inside = Camera(np.zeros(3), np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert (marcher.render(inside, 32, 32, image=background(32, 32)) > 240).all()
    away = Camera(np.array([0.0, 100.0, 0.0]), np.array([0.0, 200.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert (marcher.render(away, 32, 32, image=background(32, 32)) == background(32, 32)).all()


def test_view_up_along_the_axis_still_draws() -> None:
    above = Camera(np.array([0.0, 0.0, 200.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]), 30.0, 30.0)
    out = cube().render(above, 32, 32, image=background(32, 32))
    assert out[16, 16].min() > 240


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("detail", ["moving", "still"])
def test_single_slice_is_one_voxel_thick(axis: int, detail: Any) -> None:
    shape = [40, 40, 40]
    shape[axis] = 1
    marcher = VolumeMarcher(np.full(shape, 200, np.int16), centred(tuple(shape)))
    marcher.set_transfer(plain())
    camera = Camera(np.array([100.0, 70.0, 80.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]), 30.0, 30.0)
    out = marcher.render(camera, 64, 64, image=background(64, 64), detail=detail)
    assert out[32, 32].min() > 150
    assert (out[0] == background()[0, 0]).all()


def test_tiny_pictures() -> None:
    marcher = cube()
    assert marcher.render(front(), 1, 1, image=background(1, 1)).min() > 240
    assert marcher.render(front(), 1, 7, image=background(1, 7), detail="moving", rays=(1, 3)).shape == (
        7,
        1,
        3,
    )
    wide = marcher.render(front(), 50, 20, image=background(50, 20), detail="moving", rays=(13, 7))
    assert wide[10, 25].min() > 240


@pytest.mark.parametrize(
    "dtype",
    [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64, np.bool_],
)
def test_types_look_alike(dtype: Any) -> None:
    """One phantom in all types, values scaled to what the type holds."""
    base = np.zeros((20, 20, 20))
    base[5:15, 5:15, 5:15] = 1
    high = {np.int8: 100, np.bool_: 1, np.uint16: 60000, np.int32: 100000, np.uint32: 2**31}.get(dtype, 200)
    points = [(0.0, 0.0), (0.45 * high, 0.0), (0.55 * high, 1.0), (high, 1.0)]
    transfer = TransferFunction.from_points(0.0, high, [(0, 1, 1, 1), (high, 1, 1, 1)], points, shade=False)
    marcher = VolumeMarcher((base * high).astype(dtype), centred(base.shape))
    marcher.set_transfer(transfer)
    out = marcher.render(front(parallel=10.0), 80, 80, image=background(80, 80))[:, :, 0] > 140
    assert abs(np.sqrt(out.sum()) - 40) <= 2


def test_nan_is_the_least_value() -> None:
    voxels = np.full((12, 12, 12), np.nan, np.float32)
    voxels[3:9, 3:9, 3:9] = 200.0
    voxels[0, 0, 0] = -1.0
    marcher = VolumeMarcher(voxels, centred(voxels.shape))
    marcher.set_transfer(plain())
    out = marcher.render(front(parallel=10.0), 80, 80, image=background(80, 80))[:, :, 0]
    assert out[40, 40] > 240
    assert (out[:8] == 26).all()
    nothing = VolumeMarcher(np.full((4, 4, 4), np.nan), centred((4, 4, 4)))
    nothing.set_transfer(plain())
    assert (nothing.render(front(), 8, 8, image=background(8, 8)) == background(8, 8)).all()


def test_opacity_does_not_depend_on_the_step() -> None:
    """Half-size voxels take twice the step: fog looks as dense."""
    marcher = cube()
    marcher.set_transfer(plain(opacity=0.02))
    still = marcher.render(front(), 40, 40, image=background(40, 40))[20, 20].astype(int)
    moving = marcher.render(front(), 40, 40, image=background(40, 40), detail="moving")[20, 20].astype(int)
    expected = 255 - (255 - np.array([26, 26, 51])) * 0.98**39
    assert np.abs(still - expected).max() <= 4
    assert np.abs(moving - expected).max() <= 8


def test_shading_faces_the_camera() -> None:
    """A ball gets darker from its middle to its edge as the angle says."""
    k, j, i = np.indices((48, 48, 48)) - 23.5
    ball = np.clip(400 - 20 * np.sqrt(k * k + j * j + i * i), 0, 250).astype(np.int16)
    marcher = VolumeMarcher(ball, centred(ball.shape))
    marcher.set_transfer(plain(shade=True, ambient=0.1, diffuse=0.8, specular=0.0))
    out = marcher.render(front(), SIZE, SIZE, image=np.zeros((SIZE, SIZE, 3), np.uint8))[SIZE // 2, :, 0]
    radius = 15 * SIZE / 60
    for share in (0.0, 0.5, 0.8):
        expected = 255 * (0.1 + 0.8 * np.sqrt(1 - share**2))
        assert abs(float(out[round(SIZE / 2 - share * radius)]) - expected) < 16


def test_gradient_opacity_hides_flat_regions() -> None:
    voxels = np.zeros((40, 40, 40), np.int16)
    voxels[8:32, 8:32, 8:32] = 200
    marcher = VolumeMarcher(voxels, centred(voxels.shape))
    edges = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
    marcher.set_transfer(plain(opacity=0.05, gradient_opacity=edges, gradient_high=60.0))
    out = marcher.render(front(), 60, 60, image=np.zeros((60, 60, 3), np.uint8))[30, :, 0].astype(int)
    marcher.set_transfer(plain(opacity=0.05))
    full = marcher.render(front(), 60, 60, image=np.zeros((60, 60, 3), np.uint8))[30, :, 0].astype(int)
    assert 0 < out[30] < full[30] / 2  # only the front and back face are left
    assert out[18] > 2 * out[30]  # the side is all edge


def test_two_pictures_at_once_are_those_made_alone() -> None:
    voxels = octants()
    marcher = VolumeMarcher(voxels, centred(voxels.shape))
    marcher.set_transfer(solid())
    cameras = [look(*view) for view in VIEWS.values()]
    fresh = threading.Barrier(2)

    def draw(n: int) -> NDArray[np.uint8]:
        if n < 2:
            fresh.wait(10)
        return marcher.render(cameras[n % 6], 80, 80, image=background(80, 80), detail="moving" if n % 4 else "still")

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(draw, range(12)))
    assert all((picture == draw(n + 12)).all() for n, picture in enumerate(together))


def test_pictures_repeat_exactly() -> None:
    marcher = cube()
    marcher.set_transfer(plain(shade=True, opacity=0.1))
    first, second = (marcher.render(front(), 64, 64, image=background(64, 64)) for _ in range(2))
    assert (first == second).all()


def test_motion_budget_follows_the_time_taken() -> None:
    budget = MotionBudget(0.033)
    assert budget.rays(512, 512) == (256, 256)
    for _ in range(40):
        budget.took(0.033 * 0.9)
    assert budget.rays(512, 512) == (256, 256)  # within reach of the budget nothing moves
    for _ in range(40):
        budget.took(0.2)
    assert budget.rays(512, 512) == (192, 192)
    for _ in range(80):
        budget.took(0.001)
    assert budget.rays(512, 256) == (512, 256)
    assert budget.rays(100, 100) == (100, 100)
