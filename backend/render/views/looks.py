"""Small pictures of a volume under each preset, to choose from: of the volume itself, with few of its voxels."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from backend.errors import BadRequestError
from backend.imaging.cameras import View, frame, zoom
from backend.render.encode import encode
from backend.render.marcher import Camera, VolumeMarcher
from backend.render.pictures import etag_of
from backend.render.views.renderings import Renderings, apply_preset_to, bounds_of, value_range
from backend.render.views.volume_rendering import transfer_of
from backend.render.views.volumes import VolumeSources, ijk_to_world, scalar_range
from backend.render.volume_looks import presets

VOXELS = 144  # along the longest axis of the small copy
CLOSER = 1.5
"""How much nearer the camera is than where a view frames a volume, with its box."""
BACKGROUND = (18, 20, 23)
PICTURES_KEPT = 64


class Looks:
    """Pictures of presets. `picture` runs on the scene thread, what it returns on any."""

    def __init__(self, scene: Any, sources: VolumeSources, renderings: Renderings) -> None:
        self._scene, self._sources, self._renderings = scene, sources, renderings
        self._small: tuple[Any, VolumeMarcher] | None = None
        self._kept: dict[str, bytes] = {}
        self._lock = Lock()

    def picture(self, volume_id: str, preset: str, size: int) -> tuple[str, Callable[[], bytes]]:
        """Its ETag, and what makes it as PNG.

        Raises:
            NotFoundError: no such volume, or none that can be rendered.
            BadRequestError: no such preset.
        """
        volume = self._renderings.volume(volume_id)
        low, high = value_range(volume)
        look = presets(low, high).get(preset)
        if look is None:
            raise BadRequestError(f"there is no preset {preset!r} for this volume")
        source, matrix = self._sources.of(volume), ijk_to_world(volume)
        if source is None or matrix is None:
            raise BadRequestError("a volume under a transform that is not linear has no such pictures")
        place = (volume_id, source.image_mtime, matrix.tobytes())
        etag = etag_of(("look", place, look, size))
        properties = vtk.vtkVolumeProperty()
        apply_preset_to(properties, look)
        voxels, values, bounds = source.voxels, scalar_range(volume.GetImageData()), bounds_of(volume)

        def draw() -> bytes:
            found = self._kept.get(etag)
            if found is None:
                with self._lock:  # one small copy serves all presets, one after the other
                    marcher = self._marcher(place, voxels, matrix)
                    marcher.set_transfer(transfer_of(properties, *values))
                    found = encode(_drawn(marcher, bounds, size), "png")
                    self._kept[etag] = found
                    while len(self._kept) > PICTURES_KEPT:
                        self._kept.pop(next(iter(self._kept)))
            return found

        return etag, draw

    def _marcher(self, key: Any, voxels: NDArray[Any], ijk_to_ras: NDArray[np.float64]) -> VolumeMarcher:
        if self._small is None or self._small[0] != key:
            steps = [max(1, -(-count // VOXELS)) for count in voxels.shape]
            small = np.ascontiguousarray(voxels[tuple(slice(None, None, step) for step in steps)])
            scaled = ijk_to_ras @ np.diag([*(float(step) for step in steps[::-1]), 1.0])
            self._small = (key, VolumeMarcher(small, scaled))
        return self._small[1]


def _drawn(marcher: VolumeMarcher, bounds: list[float], size: int) -> NDArray[np.uint8]:
    """(size, size, 3), seen from the front."""
    front = View(np.array((0.0, 500.0, 0.0)), np.zeros(3), np.array((0.0, 0.0, 1.0)), 30.0)
    view = zoom(frame(front, tuple(bounds)), CLOSER)
    camera = Camera(view.position, view.focal_point, view.view_up, view.view_angle)
    image = np.full((size, size, 3), BACKGROUND, np.uint8)
    return marcher.render(camera, size, size, image=image)
