"""Planes, slabs and views of a stored series as a volume (PS3.18, 8.3.5.3), on the kernels of slices and of the marcher."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.dicom.folder import Series, read_header
from backend.dicom.loaded import LoadedSequence, LoadedVolume
from backend.dicom.volume import load_series
from backend.dicom.window import Window
from backend.errors import BadRequestError, TooLargeError, UnreadableError
from backend.imaging.frames import LPS_TO_RAS, Matrix
from backend.render.encode import encode
from backend.render.marcher import Camera, TransferFunction, VolumeMarcher
from backend.render.reslice import Plane, Slab, SlabMode, SliceRenderer
from backend.render.stored.look import Eye, Point, VolumeLook
from backend.render.volume_looks import CT_BONE_AND_CONTRAST, CT_SKIN, Preset, modality_preset, soft_ramp
from backend.sharing import Recent

Pixels = NDArray[np.uint8]
FROM: dict[str, tuple[Point, Point]] = {
    "a": ((0, -1, 0), (0, 0, 1)), "p": ((0, 1, 0), (0, 0, 1)), "r": ((-1, 0, 0), (0, 0, 1)), "l": ((1, 0, 0), (0, 0, 1)),
    "h": ((0, 0, 1), (0, -1, 0)), "f": ((0, 0, -1), (0, -1, 0)),
}  # fmt: skip
"""Towards the eye, and up in the picture, LPS, for each side of the patient."""
MODES: dict[str, SlabMode] = {"maximum_ip": "mip", "minimum_ip": "minip", "average_ip": "mean"}
PROJECTIONS = {"maximum_ip": "max", "minimum_ip": "min", "average_ip": "mean"}
VOLUME_BYTES = 2 << 30
ROBUST_SHARE = 0.999
PROJECTED_SHARES = (0.02, 0.995)
MOVING_PIXELS = 16


@dataclass(frozen=True)
class View:
    """Where the picture's plane lies: unit vectors right, up and towards the eye, its centre (RAS mm), and its size in mm."""

    right: Matrix
    up: Matrix
    towards: Matrix
    centre: Matrix
    width_mm: float
    height_mm: float


class StoredVolume:
    """A series as a volume, with what draws it made when first needed."""

    def __init__(self, loaded: LoadedVolume) -> None:
        if loaded.voxels.ndim != 3:
            raise UnreadableError("a volume of colours can not be shown so")
        self.loaded = loaded

    @cached_property
    def slices(self) -> SliceRenderer:
        """Draws planes and slabs."""
        return SliceRenderer(self.loaded.voxels)

    @cached_property
    def marcher(self) -> VolumeMarcher:
        """Draws all of it."""
        return VolumeMarcher(self.loaded.voxels, self.loaded.ijk_to_ras)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Least and greatest value."""
        return float(self.loaded.voxels.min()), float(self.loaded.voxels.max())

    @cached_property
    def window(self) -> Window:
        """That of the file, else the one that all values but the very greatest fill."""
        if self.loaded.window and self.loaded.level is not None:
            return Window(self.loaded.level, self.loaded.window)
        low = self.range[0]
        high = max(float(np.quantile(self.loaded.voxels[::2, ::4, ::4], ROBUST_SHARE)), low + 1e-6)
        return Window((low + high) / 2, high - low, "linear-exact")

    @cached_property
    def corners(self) -> Matrix:
        """(8, 3) corners of the box of voxels, their halves included, RAS mm."""
        size = np.array(self.loaded.voxels.shape[::-1])
        box = np.array(list(np.ndindex(2, 2, 2))) * size - 0.5
        matrix = self.loaded.ijk_to_ras
        return np.asarray(box @ matrix[:3, :3].T + matrix[:3, 3])


_volumes: Recent[StoredVolume] = Recent(VOLUME_BYTES, lambda volume: volume.loaded.voxels.nbytes)


def draw_volume(paths: tuple[Path, ...], key: str, look: VolumeLook) -> bytes:
    """A picture of the volume that files form, as a file. `key` names the volume.

    Raises:
        UnreadableError: they form none.
        BadRequestError, TooLargeError: what is asked of it.
    """
    volume = _volumes.get(key, lambda: StoredVolume(_load(paths)))
    eye = eye_of(volume, look)
    window = look.window or default_window(volume, look, eye)
    if look.swivel is not None:
        return _swivelled(volume, look, eye, window)
    return encode(_drawn(volume, look, eye, window), "png" if look.media == "image/png" else "jpeg", look.quality)


def tell_volume(paths: tuple[Path, ...], key: str, look: VolumeLook) -> bytes:
    """What a picture would be made with (PS3.18, Annex K), as DICOM JSON. Raises as `draw_volume`."""
    volume = _volumes.get(key, lambda: StoredVolume(_load(paths)))
    eye = eye_of(volume, look)
    view_of(volume, eye)
    return msgspec.json.encode([as_attributes(look, eye, look.window or default_window(volume, look, eye))])


def _load(paths: tuple[Path, ...]) -> LoadedVolume:
    series = Series("", "", "")
    for path in paths:
        header, frames = read_header(path, [])
        if header is not None and "Rows" in header:
            series.add(path, header, frames)
    if not series.files:
        raise UnreadableError("there are no images to make a volume of")
    first = series.files[0][1]
    series.uid, series.modality = str(first.SeriesInstanceUID), str(first.get("Modality", ""))
    loaded = load_series(series, lambda _part, _text: None, in_suv=False)  # windows are told in the modality's own units
    return loaded.volumes[0] if isinstance(loaded, LoadedSequence) else loaded


def eye_of(volume: StoredVolume, look: VolumeLook) -> Eye:
    """The eye of a look; one that is a letter becomes a place outside the volume."""
    if isinstance(look.eye, Eye):
        return look.eye
    towards, up = FROM[look.eye]
    centre = LPS_TO_RAS[:3, :3] @ volume.corners.mean(axis=0)
    distance = float(np.linalg.norm(volume.corners[0] - volume.corners[-1]))
    position = centre + np.array(towards) * distance
    return Eye(_point(position), _point(centre), up)


def _point(values: Matrix) -> Point:
    return float(values[0]), float(values[1]), float(values[2])


def default_window(volume: StoredVolume, look: VolumeLook, eye: Eye) -> Window:
    """The volume's window; of projections of all of it, which is brighter or darker, one that they nearly fill."""
    if look.kind == "mpr" or look.method == "volume_rendered":
        return volume.window
    towards = np.linalg.inv(volume.loaded.ijk_to_ras)[:3, :3] @ view_of(volume, eye).towards
    along = 2 - int(np.abs(towards).argmax())
    voxels = volume.loaded.voxels[tuple(slice(None, None, 1 if axis == along else 2) for axis in range(3))]
    values = getattr(voxels, PROJECTIONS[look.method])(axis=along)
    low, high = np.quantile(values, PROJECTED_SHARES)
    return Window(float(low + high) / 2, max(float(high - low), 1e-6), "linear-exact")


def view_of(volume: StoredVolume, eye: Eye) -> View:
    """The picture's plane through the point looked at, as large as the volume is seen from there.

    Raises:
        BadRequestError: eye and point are the same, or up is along the line between them.
    """
    position, centre, up = (LPS_TO_RAS[:3, :3] @ np.array(v, np.float64) for v in (eye.position, eye.look_at, eye.up))
    towards = position - centre
    if np.linalg.norm(towards) < 1e-6:
        raise BadRequestError("viewpointposition and viewpointlookat are the same point")
    towards = towards / np.linalg.norm(towards)
    right = np.cross(up, towards)
    if np.linalg.norm(right) < 1e-6 * max(1.0, float(np.linalg.norm(up))):
        raise BadRequestError("viewpointup must not be along the line of view")
    right = right / np.linalg.norm(right)
    up = np.cross(towards, right)
    reach = np.abs((volume.corners - centre) @ np.array([right, up]).T).max(axis=0)
    return View(right, up, towards, centre, 2 * float(reach[0]), 2 * float(reach[1]))


def _drawn(volume: StoredVolume, look: VolumeLook, eye: Eye, window: Window) -> Pixels:
    view = view_of(volume, eye)
    mm_per_px = max(view.width_mm / look.width, view.height_mm / look.height)
    width, height = (max(1, round(mm / mm_per_px)) for mm in (view.width_mm, view.height_mm))
    if width * height > look.most_pixels:
        raise TooLargeError(f"a picture of {width} × {height} pixels is too large; {look.most_pixels} are allowed")
    if look.kind == "3d" and look.method == "volume_rendered":
        return _marched(volume, look, view, width, height)
    return _sliced(volume, look, view, window, mm_per_px, width, height)


def _sliced(
    volume: StoredVolume, look: VolumeLook, view: View, window: Window, mm_per_px: float, width: int, height: int
) -> Pixels:
    """A plane or slab; all of the volume is the slab that holds it."""
    ras_to_ijk = np.linalg.inv(volume.loaded.ijk_to_ras)
    right, down = view.right * mm_per_px, -view.up * mm_per_px
    corner = view.centre - right * ((width - 1) / 2) - down * ((height - 1) / 2)
    turn = ras_to_ijk[:3, :3]
    plane = Plane(turn @ corner + ras_to_ijk[:3, 3], turn @ right, turn @ down, width, height)
    thickness = look.slab_mm
    if look.kind == "3d":
        thickness = 2 * float(np.abs((volume.corners - view.centre) @ view.towards).max())
    slab = None
    if thickness > 0:
        slab = Slab.of_thickness(MODES[look.method], thickness, turn @ view.towards, 1.0)
    center, span = window.center, window.width
    if window.function == "linear":
        center, span = center - 0.5, max(span - 1.0, 1e-6)
    return volume.slices.grey(plane, span, center, slab=slab).pixels


def _marched(volume: StoredVolume, look: VolumeLook, view: View, width: int, height: int) -> Pixels:
    low, high = volume.range
    volume.marcher.set_transfer(transfer_of(_preset(look, volume), low, high))
    distance = float(np.linalg.norm(volume.corners[0] - volume.corners[-1]))
    camera = Camera(view.centre + view.towards * distance, view.centre, view.up, parallel_scale_mm=view.height_mm / 2)
    return volume.marcher.render(camera, width, height, image=np.zeros((height, width, 3), np.uint8))


def _preset(look: VolumeLook, volume: StoredVolume) -> Preset:
    low, high = volume.range
    if look.preset == "bone":
        return CT_BONE_AND_CONTRAST
    if look.preset == "skin":
        return CT_SKIN
    window = look.window or volume.window
    top = min(max(window.center + window.width / 2, low + (high - low) * 0.01), high)
    return soft_ramp(low, top) if look.preset == "soft" else modality_preset(low, top)


def transfer_of(preset: Preset, low: float, high: float) -> TransferFunction:
    """What the marcher takes, for a preset and a volume's range of values."""
    low, high = min(low, preset.opacity[0][0]), max(high, preset.opacity[-1][0])
    return TransferFunction.from_points(
        low, high, list(preset.color), list(preset.opacity), ambient=preset.ambient, diffuse=preset.diffuse,
        specular=preset.specular, specular_power=preset.specular_power,
    )  # fmt: skip


def _swivelled(volume: StoredVolume, look: VolumeLook, eye: Eye, window: Window) -> bytes:
    """An animated GIF of the volume turned to and fro, beginning at the eye's place in the middle."""
    assert look.swivel is not None
    steps = max(1, round(look.swivel.range_deg / look.swivel.step_deg))
    half = look.swivel.range_deg / 2
    once = [half * math.sin(2 * math.pi * n / steps) for n in range(steps)]
    if len(once) > look.most_frames or look.width * look.height * len(once) > look.most_pixels * MOVING_PIXELS:
        raise TooLargeError(f"{len(once)} pictures are too many; ask for a larger animationstepsize or a smaller viewport")
    images = [Image.fromarray(_drawn(volume, look, turned(eye, angle), window)) for angle in once]
    out = io.BytesIO()
    size = (max(i.width for i in images), max(i.height for i in images))
    framed = [_framed(image, size) for image in images]
    framed[0].save(out, "GIF", save_all=True, append_images=framed[1:], duration=look.swivel.frame_ms, loop=0)
    return out.getvalue()


def _framed(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in the middle of one of the size that all have."""
    framed = Image.new(image.mode, size)
    framed.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return framed


def turned(eye: Eye, degrees: float) -> Eye:
    """The eye moved about the axis through the point looked at along up."""
    axis = np.array(eye.up, np.float64)
    axis = axis / np.linalg.norm(axis)
    arm = np.array(eye.position) - eye.look_at
    angle = math.radians(degrees)
    moved = arm * math.cos(angle) + np.cross(axis, arm) * math.sin(angle) + axis * (axis @ arm) * (1 - math.cos(angle))
    return replace(eye, position=_point(np.array(eye.look_at) + moved))


def as_attributes(look: VolumeLook, eye: Eye, window: Window) -> dict[str, Any]:
    """The Rendered Volume Response (PS3.18, Annex K) as a DICOM JSON object."""
    told: dict[str, Any] = {
        "00720510": {"vr": "CS", "Value": ["MPR" if look.kind == "mpr" else "3D_RENDERING"]},
        "0070120D": {"vr": "CS", "Value": [look.method.upper()]},
        "00701603": {"vr": "FD", "Value": list(eye.position)},
        "00701604": {"vr": "FD", "Value": list(eye.look_at)},
        "00701605": {"vr": "FD", "Value": list(eye.up)},
    }
    if look.slab_mm:
        told["00701503"] = {"vr": "FD", "Value": [look.slab_mm]}
    if look.method != "volume_rendered":
        told["00281056"] = {"vr": "CS", "Value": [window.function.upper().replace("-", "_")]}
        told["00281051"], told["00281050"] = ({"vr": "DS", "Value": [v]} for v in (window.width, window.center))
    if look.swivel is not None:
        told["00701A06"], told["00701A05"] = ({"vr": "FD", "Value": [v]} for v in (look.swivel.range_deg, look.swivel.step_deg))
        told["00701A03"] = {"vr": "FD", "Value": [1000 / look.swivel.frame_ms]}
    return dict(sorted(told.items()))
