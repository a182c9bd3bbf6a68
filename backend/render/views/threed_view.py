"""A 3D view: geometry through OpenGL, volumes marched on the CPU over its depth, or both by VTK's GPU mapper."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from backend.errors import NoDriverError
from backend.imaging.cameras import View, frame, look_from, orbit, pan, require_usable, roll
from backend.imaging.colors import from_hex, to_hex
from backend.render.glprobe import NO_DRIVER
from backend.render.marcher import Camera, eye_depth
from backend.render.reslice import over
from backend.render.views.changes import Remembered, SceneChanges
from backend.render.views.motion_surfaces import MotionSurfaces
from backend.render.views.offscreen import Offscreen
from backend.render.views.picking import nearest_volume, ray_of, without_markups
from backend.render.views.renderings import Renderings
from backend.render.views.shown import ShownNodes
from backend.render.views.volume_rendering import ShownVolume, shown_volumes
from backend.render.views.volumes import VolumeSources
from backend.scene.commands import CameraPatch, ViewPatch

GEOMETRY_MANAGERS = [
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager3D",
]
GPU_VOLUME_MANAGER = "vtkMRMLVolumeRenderingDisplayableManager"

Aborted = Callable[[], bool]


@dataclass(frozen=True)
class ThreeDPixels:
    """All that a 3D picture needs, taken in on the scene thread; call to draw the volumes, on any thread."""

    camera: Camera
    image: NDArray[np.uint8]  # (h, w, 3) geometry over the background, top row first
    depth_mm: NDArray[np.float32] | None  # (h, w) distance of geometry along the view axis
    volumes: list[ShownVolume]
    is_coarse: bool = False
    """The geometry is drawn with fewer triangles than it has."""

    def __call__(self, rays: tuple[int, int] | None, aborted: Aborted | None = None) -> NDArray[np.uint8]:
        """(h, w, 3) uint8. `rays` fewer than pixels while moving, None for full quality.

        Raises:
            SupersededError: `aborted` said so.
        """
        image = self.image
        for volume in sorted(self.volumes, key=self._distance, reverse=True):  # each is laid over those behind it
            height, width = image.shape[:2]
            image = volume.marcher.render(
                self.camera,
                width,
                height,
                image=image,
                depth_mm=self.depth_mm,
                detail="still" if rays is None else "moving",
                rays=rays,
                mode=volume.mode,
                aborted=aborted,
            )
        return image

    def _distance(self, volume: ShownVolume) -> float:
        centre = np.reshape(volume.bounds, (3, 2)).mean(axis=1)
        return float((centre - self.camera.position) @ self.camera.axes()[2])


@dataclass
class ThreeDStand:
    """Where an own camera is, and its own count of revisions."""

    view: View
    rev: int = 1
    key: tuple[Any, ...] | None = None


QUALITIES = {
    "adaptive": slicer.vtkMRMLViewNode.Adaptive,
    "normal": slicer.vtkMRMLViewNode.Normal,
    "maximum": slicer.vtkMRMLViewNode.Maximum,
}
TECHNIQUES = {
    "composite": slicer.vtkMRMLViewNode.Composite,
    "mip": slicer.vtkMRMLViewNode.MaximumIntensityProjection,
}
MOTION_BUDGETS = {"adaptive": 1.0, "normal": 4.0}
"""Of each quality, how many times the usual time a moving picture may take; at the maximum it may take all it needs."""

FULL_TURN = 3.6
"""Of `roll`, whose unit is 100°."""


class ThreeDView:
    """One 3D view of the scene. All methods run on the scene thread."""

    kind = "threeD"

    def __init__(
        self,
        app: Any,
        node: Any,
        sources: VolumeSources,
        changes: SceneChanges,
        renderings: Renderings,
        shown: ShownNodes,
        has_gl: bool,
        has_gpu: bool,
    ) -> None:
        self._renderings, self._shown = renderings, shown
        self._app, self.node, self._sources, self._has_gpu = app, node, sources, has_gpu
        self._content = Remembered(changes, self._read_content)
        self._shared_view = Remembered(changes, self._read_view)
        self._own: ThreeDStand | None = None
        self.name: str = node.GetLayoutName()
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(app.logic)
        app.logic.GetViewLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(app.scene)
        self._offscreen: Offscreen | None = None
        if has_gl:
            managers = GEOMETRY_MANAGERS + ([GPU_VOLUME_MANAGER] if has_gpu else [])
            self._offscreen = Offscreen(slicer.vtkMRMLThreeDViewDisplayableManagerFactory, managers)
            self._offscreen.show(node)
            self._in_motion = MotionSurfaces(self._offscreen.renderer)
        self.rev = 1
        self._key: tuple[Any, ...] | None = None
        self._drag_start: View | None = None
        self._backdrop: tuple[Any, NDArray[np.uint8]] = (None, np.empty((0, 0, 3), np.uint8))

    @property
    def camera_node(self) -> Any:
        """The camera that belongs to this view, made if the scene has none."""
        for index in range(self._app.scene.GetNumberOfNodesByClass("vtkMRMLCameraNode")):
            node = self._app.scene.GetNthNodeByClass(index, "vtkMRMLCameraNode")
            if node.GetLayoutName() == self.name:
                return node
        node = slicer.vtkMRMLCameraNode()
        node.SetName("Camera")
        node.SetLayoutName(self.name)
        return self._app.scene.AddNode(node)

    @property
    def view(self) -> View:
        """Where the camera stands now."""
        return self._own.view if self._own is not None else self._read_view()

    @view.setter
    def view(self, view: View) -> None:
        require_usable(view)
        if self._own is not None:
            self._own.view = view
        else:
            self._move_node(view)

    def _read_view(self) -> View:
        node = self.camera_node
        position, focal_point, up = (
            np.array(v, dtype=np.float64) for v in (node.GetPosition(), node.GetFocalPoint(), node.GetViewUp())
        )
        return View(position, focal_point, up, node.GetViewAngle())

    def _move_node(self, view: View) -> None:
        node = self.camera_node
        blocked = node.StartModify()
        node.SetPosition(*view.position)
        node.SetFocalPoint(*view.focal_point)
        node.SetViewUp(*view.view_up)
        node.SetViewAngle(view.view_angle)
        if node.GetParallelProjection():
            node.SetParallelScale(_half_height(view))
        node.EndModify(blocked)
        node.ResetClippingRange()

    def stand(self) -> ThreeDStand:
        """A new own camera, where the view's camera is now."""
        return ThreeDStand(self.view)

    @contextmanager
    def seen_from(self, own: ThreeDStand) -> Iterator[None]:
        """Look from an own camera meanwhile: what moves the view moves that camera, and the shared one stays where it is."""
        self._own, rev, key = own, self.rev, self._key
        self.rev, self._key = own.rev, own.key
        try:
            yield
        finally:
            own.rev, own.key = self.rev, self._key
            self._own, self.rev, self._key = None, rev, key

    @contextmanager
    def _node_there(self) -> Iterator[None]:
        """Have the camera node where an own camera is while the managers draw."""
        if self._own is None:
            yield
            return
        shared, scale = self._read_view(), self.camera_node.GetParallelScale()
        self._move_node(self._own.view)
        try:
            yield
        finally:
            self._move_node(shared)
            self.camera_node.SetParallelScale(scale)

    def volumes(self) -> list[ShownVolume]:
        """Volumes that the CPU draws in this view; none where a GPU does."""
        return [] if self._has_gpu else shown_volumes(self._app.scene, self.node, self._sources)

    def bounds(self) -> tuple[float, ...] | None:
        """Box around all that is shown, RAS mm, None while nothing is."""
        boxes = [volume.bounds for volume in self.volumes()]
        for node in self._displayables():
            box = [0.0, -1.0] * 3
            node.GetRASBounds(box)
            if box[0] <= box[1]:
                boxes.append(tuple(box))
        if not boxes:
            return None
        return tuple((min if i % 2 == 0 else max)(box[i] for box in boxes) for i in range(6))

    def _displayables(self) -> list[Any]:
        nodes = []
        for node in self._shown.of("vtkMRMLDisplayableNode"):
            hidden = node.IsA("vtkMRMLVolumeNode") or node.GetHideFromEditors()
            if not hidden and node.GetDisplayVisibility() and not slicer.vtkMRMLSliceLogic.IsSliceModelNode(node):
                nodes.append(node)
        return nodes

    def state(self) -> dict[str, Any]:
        """The state's fields of docs/stream.md."""
        bounds = self.bounds()
        return {
            "kind": self.kind,
            **self.place(),
            "bounds": list(bounds) if bounds else None,
        }

    def place(self) -> dict[str, Any]:
        """The fields of the state that put the view back where it is."""
        view = self.view
        grounds = (self.node.GetBackgroundColor(), self.node.GetBackgroundColor2())
        return {
            "camera": {
                "position": view.position.tolist(),
                "focal_point": view.focal_point.tolist(),
                "view_up": view.view_up.tolist(),
                "view_angle": view.view_angle,
            },
            "background_colors": [to_hex(color).lower() for color in grounds],
            "box": bool(self.node.GetBoxVisible()),
            "axis_labels": bool(self.node.GetAxisLabelsVisible()),
            "parallel": self.parallel_scale() is not None,
            "quality": self.quality,
            "technique": self.technique,
            "rendering": self._renderings.state(),
        }

    @property
    def quality(self) -> str:
        """How much time moving pictures of volumes may take, as docs/stream.md names it."""
        return _name_of(QUALITIES, self.node.GetVolumeRenderingQuality(), "adaptive")

    @property
    def technique(self) -> str:
        """How volumes are drawn, as docs/stream.md names it."""
        return _name_of(TECHNIQUES, self.node.GetRaycastTechnique(), "composite")

    def parallel_scale(self) -> float | None:
        """Half the height of what a parallel projection shows, mm; None where the projection is in perspective."""
        node = self.camera_node
        if not node.GetParallelProjection():
            return None
        return _half_height(self._own.view) if self._own is not None else float(node.GetParallelScale())

    def apply(self, patch: ViewPatch) -> None:
        """Set absolute values: reset, then look_from, then the camera's own."""
        if patch.reset:
            self.reset()
        if patch.look_from is not None:
            self.view = look_from(self.view, patch.look_from)
        if patch.camera is not None:
            self.view = _patched(self.view, patch.camera)
        if patch.rendering is not None:
            self._renderings.apply(patch.rendering)
        self._apply_looks(patch)

    def _apply_looks(self, patch: ViewPatch) -> None:
        blocked = self.node.StartModify()
        if patch.background_colors is not None:
            bottom, top = (from_hex(color) for color in patch.background_colors)
            self.node.SetBackgroundColor(*bottom)
            self.node.SetBackgroundColor2(*top)
        if patch.box is not None:
            self.node.SetBoxVisible(patch.box)
        if patch.axis_labels is not None:
            self.node.SetAxisLabelsVisible(patch.axis_labels)
        if patch.quality is not None:
            self.node.SetVolumeRenderingQuality(QUALITIES[patch.quality])
        if patch.technique is not None:
            self.node.SetRaycastTechnique(TECHNIQUES[patch.technique])
        self.node.EndModify(blocked)
        if patch.parallel is not None:
            self.camera_node.SetParallelProjection(patch.parallel)
            self.camera_node.SetParallelScale(_half_height(self._read_view()))

    def reset(self) -> None:
        """Frame all that is shown, from the direction the camera has."""
        self.refit_box()
        bounds = self.bounds()
        if bounds is not None:
            self.view = frame(self.view, bounds)

    def refit_box(self) -> None:
        """Have the managers draw the bounding box and its letters around what is shown now; the camera stays."""
        view = self._read_view()
        self.node.InvokeEvent(self.node.ResetFocalPointRequestedEvent)
        self._move_node(view)

    def move(
        self,
        axis: str | None,
        start: bool,
        roll_by: float,
        pan_by: tuple[float, float],
        orbit_by: tuple[float, float],
    ) -> None:
        """Move as the Slicer API's `/threeD` asks: to an axis, and by `roll` × 100°, pan and orbit as fractions of the view.

        `start` keeps the camera that later moves are relative to; without it they are relative to what is shown.
        """
        view = self.view if axis is None else look_from(self.view, axis)
        begun = view if start else self._drag_start
        if roll_by or any(pan_by) or any(orbit_by):
            turned = roll(begun or view, math.fmod(roll_by, FULL_TURN) * 100.0)  # times 100 the largest would be infinite
            view = orbit(pan(turned, *pan_by), *orbit_by)
            self.view = view
        elif axis is not None:
            self.view = view
        self._drag_start = begun

    def snapshot(self) -> ViewPatch:
        """A patch that puts this view back as it is."""
        view = self.view
        position, focal_point, view_up = (
            (float(v[0]), float(v[1]), float(v[2])) for v in (view.position, view.focal_point, view.view_up)
        )
        return ViewPatch(camera=CameraPatch(position, focal_point, view_up, view.view_angle))

    def motion_budget(self) -> float | None:
        """How many times the usual time a moving picture may take; None where it may take all it needs."""
        return MOTION_BUDGETS.get(self.quality)

    def content_key(self) -> tuple[Any, ...]:
        """Changes whenever a picture of this view may change for another reason than its size."""
        view = self._own.view if self._own is not None else self._shared_view()
        place = np.concatenate([view.position, view.focal_point, view.view_up, [view.view_angle]]).tobytes()
        return (place, *self._content(), self._offscreen.changes if self._offscreen else 0)

    def _read_content(self) -> tuple[Any, ...]:
        return self.node.GetMTime(), self.parallel_scale(), tuple(volume.key for volume in self.volumes())

    def touch(self) -> int:
        """The view's revision, raised first if what it shows has changed since the last call."""
        key = (self.content_key(), self._renderings.key())
        if key != self._key:
            self._key = key
            self.rev += 1
        return self.rev

    def prepare(self, width: int, height: int, in_motion: bool = False) -> ThreeDPixels:
        """Draw the geometry and take in what the volumes need; `in_motion`, large surfaces may be drawn coarsely.

        Raises:
            NoDriverError: there is geometry, no volume and no OpenGL driver; with a volume the geometry is left out.
        """
        volumes = self.volumes()
        if self._offscreen is None and not volumes and self._displayables():
            raise NoDriverError(NO_DRIVER)
        view = self.view
        camera = Camera(view.position, view.focal_point, view.view_up, view.view_angle, self.parallel_scale())
        image = self._gradient(width, height)
        if self._offscreen is None:
            return ThreeDPixels(camera, image, None, volumes)
        changes = self._offscreen.changes
        with self._node_there(), self._in_motion.drawn_coarsely() if in_motion else nullcontext(False) as is_coarse:
            depth = self._draw_geometry(self._offscreen, image, width, height, with_depth=bool(volumes))
        self._offscreen.changes = changes  # what drawing itself stirred up is nothing new to anybody
        return ThreeDPixels(camera, image, depth, volumes, is_coarse)

    def rendering_nodes(self, volume_ids: list[str]) -> list[Any]:
        """The nodes that hold how these volumes are rendered: display, property, ROI; none for those that are not."""
        return self._renderings.nodes_of(volume_ids)

    def pick(self, x: float, y: float, width: int, height: int) -> NDArray[np.float64] | None:
        """The point (RAS mm) that is seen at a place (fractions from the top left) of a picture; None where nothing is.

        Markups are looked through.
        """
        view = self.view
        camera = Camera(view.position, view.focal_point, view.view_up, view.view_angle, self.parallel_scale())
        origin, direction = ray_of(camera, x, y, width, height)
        seen = [nearest_volume(self._app.scene, self.node, self._sources, origin, direction)]
        if self._offscreen is not None:
            changes = self._offscreen.changes
            with self._node_there(), without_markups(self._offscreen.renderer):
                depth = self._draw_geometry(self._offscreen, self._gradient(width, height), width, height, with_depth=True)
            self._offscreen.changes = changes
            row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
            if depth is not None and float(self._offscreen.depth()[row, column]) < 1.0:
                seen.append(float(depth[row, column]))
        found = [distance for distance in seen if distance is not None]
        return origin + direction * min(found) if found else None

    def _draw_geometry(
        self, offscreen: Offscreen, image: NDArray[np.uint8], width: int, height: int, with_depth: bool
    ) -> NDArray[np.float32] | None:
        """Draw the managers' geometry over `image` (h, w, 3); its distances in mm, (h, w), if they are wanted."""
        offscreen.renderer.ResetCameraClippingRange()
        # The view's manager asks OpenGL for the gradient, which without a GPU takes four times as long as all the rest.
        offscreen.renderer.SetGradientBackground(False)
        offscreen.renderer.SetBackground(0.0, 0.0, 0.0)
        offscreen.renderer.SetBackgroundAlpha(0.0)
        offscreen.draw(width, height)
        over(image, offscreen.rgba())
        if not with_depth:
            return None
        camera = offscreen.renderer.GetActiveCamera()
        near, far = camera.GetClippingRange()
        return eye_depth(offscreen.depth(), near, far, bool(camera.GetParallelProjection()))

    def _gradient(self, width: int, height: int) -> NDArray[np.uint8]:
        """(h, w, 3) background, a copy that may be drawn on."""
        key = (width, height, self.node.GetBackgroundColor(), self.node.GetBackgroundColor2())
        if self._backdrop[0] != key:
            bottom, top = np.array(key[2]), np.array(key[3])
            fraction = np.linspace(0.0, 1.0, height)[:, None]
            rows = ((top * (1 - fraction) + bottom * fraction) * 255 + 0.5).astype(np.uint8)
            self._backdrop = (key, np.repeat(rows[:, None, :], width, axis=1))
        return self._backdrop[1].copy()


def _patched(view: View, patch: CameraPatch) -> View:
    def vector(new: tuple[float, float, float] | None, old: NDArray[np.float64]) -> NDArray[np.float64]:
        return old if new is None else np.array(new, dtype=np.float64)

    result = View(
        vector(patch.position, view.position),
        vector(patch.focal_point, view.focal_point),
        vector(patch.view_up, view.view_up),
        min(max(patch.view_angle or view.view_angle, 1.0), 120.0),
    )
    result.axes()  # refuses an eye on its own focal point before anything is changed
    return result


def _half_height(view: View) -> float:
    """Of what a parallel projection shows, mm, so that what is at the focal point is as large as in perspective."""
    return float(np.linalg.norm(view.position - view.focal_point)) * math.tan(math.radians(view.view_angle) / 2)


def _name_of(names: dict[str, int], value: int, otherwise: str) -> str:
    return next((name for name, number in names.items() if number == value), otherwise)
