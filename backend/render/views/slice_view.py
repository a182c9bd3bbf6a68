"""A slice view: Slicer's slice node and logic, its state as plain values, and pictures of it without OpenGL.

Pixels of volumes come from the slice kernels (`layers`), segmentations from their label maps, and only what is left to
draw, markups and model cuts, from the displayable managers (`overlay`), and only where there is something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from backend.errors import BadRequestError, NotFoundError
from backend.imaging.colors import to_hex
from backend.imaging.frames import edge_letters
from backend.render.views.background import background_of
from backend.render.views.changes import Remembered, SceneChanges
from backend.render.views.layers import Layers, LayerStack, Overlaid
from backend.render.views.matrices import Matrix, from_vtk, moved_along_normal, offset_of, rotation_to_vtk
from backend.render.views.offscreen import Offscreen
from backend.render.views.overlay import SLICE_MANAGERS, drawables
from backend.render.views.segments import SegmentationLayers
from backend.render.views.shown import ShownNodes
from backend.render.views.slice_geometry import Geometry, SliceStand, require_rotation
from backend.render.views.thick import set_slab, slab_state
from backend.render.views.volumes import Extent, VolumeSources, extent_along
from backend.scene.commands import LAYERS, SlabPatch, ViewPatch

ORIENTATIONS = {"axial": "Axial", "sagittal": "Sagittal", "coronal": "Coronal"}
DEFAULT_SIZE = (512, 512)
LEAST_MOVE = 1e-9  # mm, and parts of unit vectors: less is rounding


class SliceView:
    """One slice view of the scene, for example Red. All methods run on the scene thread unless they say otherwise."""

    kind = "slice"

    def __init__(
        self, app: Any, node: Any, sources: VolumeSources, segments: SegmentationLayers, changes: SceneChanges,
        shown: ShownNodes, has_gl: bool,
    ) -> None:  # fmt: skip
        self._app, self.node, self._segments, self._changes = app, node, segments, changes
        self.name: str = node.GetLayoutName()
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(app.logic)
        app.logic.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(app.scene)
        self.logic.SetSliceNode(node)
        self.logic.ResizeSliceNode(*DEFAULT_SIZE)
        self.logic.GetSliceCompositeNode().SetName(f"{self.name} Composite")
        self.logic.GetSliceModelNode().SetName(f"{self.name} Volume Slice")
        self._has_gl = has_gl
        self._offscreen: Offscreen | None = None
        self._absent: frozenset[str] = frozenset()
        self._stack = LayerStack(self.logic, sources, changes)
        self._background = Remembered(changes, lambda: background_of(self.background))
        self._crosshair = Remembered(changes, self._read_crosshair)
        self._shown = Remembered(changes, self._read_shown)
        self._drawables = Remembered(changes, lambda: drawables(app.scene, node, shown))
        self._segments_key = Remembered(changes, lambda: segments.key(node))
        self._pose, self._pose_mtime, self._is_settled = from_vtk(node.GetSliceToRAS()), node.GetMTime(), True
        self._box = (250.0, 250.0)  # the field of view that is wholly visible, mm
        self._seen_fov: tuple[float, ...] = ()
        self._drag_start: float | None = None
        self.rev = 1
        self._key: tuple[Any, ...] | None = None

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def slice_to_ras(self) -> Matrix:
        """(4, 4), not to be written to: screen right, screen up, normal, centre of the picture, RAS mm."""
        if self._is_settled and self.node.GetMTime() != self._pose_mtime:
            self._pose, self._pose_mtime = from_vtk(self.node.GetSliceToRAS()), self.node.GetMTime()
        return self._pose

    def settle(self) -> None:
        """Tell the slice node where the plane is.

        The node's own update costs more than a picture, so a plane that is dragged is kept here and told to the node only
        when somebody is about to read it.
        """
        if not self._is_settled:
            self.node.GetSliceToRAS().DeepCopy(self._pose.ravel())
            self.node.UpdateMatrices()
            self._is_settled, self._pose_mtime = True, self.node.GetMTime()

    @property
    def background(self) -> Any | None:
        """The background volume node."""
        return self._app.scene.GetNodeByID(self.logic.GetSliceCompositeNode().GetBackgroundVolumeID() or "")

    def layer(self, name: str) -> Any | None:
        """The volume node of a layer: `background`, `foreground` or `label`."""
        composite = self.logic.GetSliceCompositeNode()
        return self._app.scene.GetNodeByID(getattr(composite, f"Get{name.capitalize()}VolumeID")() or "")

    def field_of_view(self) -> tuple[float, float]:
        """Width and height, mm, that every picture of this view contains, whatever its shape."""
        current = tuple(self.node.GetFieldOfView()[:2])
        if current != self._seen_fov:  # somebody changed the node itself, not one of our pictures
            self._box, self._seen_fov = (current[0], current[1]), current
        return self._box

    def extent(self) -> Extent | None:
        """Reach of the background volume along the slice normal, None without volume."""
        volume = self._background()
        if volume is None or volume.ijk_to_world is None:
            return None
        return extent_along(volume.ijk_to_world, volume.dimensions, self.slice_to_ras[:3, 2])

    def state(self) -> dict[str, Any]:
        """The state's fields of docs/stream.md."""
        matrix = self.slice_to_ras
        volume, extent = self._background(), self.extent()
        color = self.node.GetLayoutColor()
        return {
            "kind": self.kind,
            "color": to_hex(color),
            "orientation": self._orientation(),
            "offset": offset_of(matrix),
            "offset_range": [extent.low, extent.high] if extent else None,
            "offset_step": extent.spacing if extent else 1.0,
            "origin": matrix[:3, 3].tolist(),
            "scalar_range": volume.scalar_range if volume else None,
            "voxel_mm": self._voxel_mm(),
            "edges": edge_letters(matrix),
            "crosshair": list(self._crosshair()),
            **self.place(),
        }  # fmt: skip

    def place(self) -> dict[str, Any]:
        """The fields of the state that put the view back where it is."""
        return {"slice_to_ras": self.slice_to_ras.ravel().tolist(), "fov": list(self.field_of_view()), **self._shown()}

    def _read_shown(self) -> dict[str, Any]:
        volume = self._background()
        return {
            "background": {"id": volume.id, "name": volume.name, **volume.told} if volume else None,
            **self._layers_over(),
            "window": volume.window if volume else None,
            "level": volume.level if volume else None,
            "slab": slab_state(self.node),
            "linked": bool(self.logic.GetSliceCompositeNode().GetLinkedControl()),
        }

    def _layers_over(self) -> dict[str, Any]:
        """What lies over the background, and how opaque."""
        composite, found = self.logic.GetSliceCompositeNode(), {}
        for name, opacity in (("foreground", composite.GetForegroundOpacity()), ("label", composite.GetLabelOpacity())):
            volume = self.layer(name)
            found[name] = {"id": volume.GetID(), "name": volume.GetName() or ""} if volume is not None else None
            found[f"{name}_opacity"] = opacity
        return found

    def _voxel_mm(self) -> list[float] | None:
        """Spacing of the background's voxels along the picture's right and up, mm; None without volume."""
        volume = self._background()
        if volume is None or volume.ijk_to_world is None:
            return None
        axes = self.slice_to_ras[:3, :2].T
        return [extent_along(volume.ijk_to_world, volume.dimensions, axis).spacing for axis in axes]

    def _read_crosshair(self) -> tuple[float, ...]:
        node = self._app.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        return tuple(node.GetCrosshairRAS()) if node is not None else (0.0, 0.0, 0.0)

    def _orientation(self) -> str:
        with self._changes.reading():  # the matrix made for the question is no change
            name: str = self.node.GetSliceOrientationPresetName(rotation_to_vtk(self.slice_to_ras))
        return name or "Reformat"

    def stand(self) -> SliceStand:
        """A new own camera, where the view is now."""
        return SliceStand(self.slice_to_ras, self.field_of_view())

    @contextmanager
    def seen_from(self, own: SliceStand) -> Iterator[None]:
        """Look from an own camera meanwhile: what moves the view moves that camera, and the shared one is where it was."""
        pose, box, rev, key = self.slice_to_ras, self.field_of_view(), self.rev, self._key
        mtime, size, fov = self.node.GetMTime(), self.node.GetDimensions(), self.node.GetFieldOfView()
        was_settled, changes = self._is_settled, self._offscreen.changes if self._offscreen else 0
        self._pose, self._is_settled, self._box, self.rev, self._key = own.pose, False, own.box, own.rev, own.key
        try:
            yield
        finally:
            own.pose, own.box, own.rev, own.key = self.slice_to_ras, self.field_of_view(), self.rev, self._key
            self._pose, self._is_settled, self._box, self.rev, self._key = pose, was_settled, box, rev, key
            if self.node.GetMTime() != mtime:  # drawing or fitting needed the node to be there
                blocked = self.node.StartModify()
                self.node.SetDimensions(*size)
                self.node.SetFieldOfView(*fov)
                self._is_settled = False
                self.settle()
                self.node.EndModify(blocked)
                self._pose_mtime, self._seen_fov = self.node.GetMTime(), tuple(self.node.GetFieldOfView()[:2])
            if self._offscreen is not None:
                self._offscreen.changes = changes  # what another place stirred up is nothing new here

    def apply(self, patch: ViewPatch) -> None:
        """Set absolute values; orientation first, which refits, so that offset and zoom given with it hold.

        Raises:
            BadRequestError: unknown orientation, a matrix that is no rotation, no opacity, or a label layer of no label map.
            NotFoundError: unknown volume of a layer.
        """
        if patch.slice_to_ras is not None:
            require_rotation(patch.slice_to_ras)
        self._check_layers(patch)
        if patch.background is not None:
            self._choose_background(patch.background)
        self._lay_over(patch)
        if patch.orientation is not None:
            self.orient(patch.orientation)
        if patch.reset and self.background is not None:
            self.show(self.background)
        elif patch.fit:
            self.fit()
        if patch.slice_to_ras is not None:
            self._move(np.array(patch.slice_to_ras, dtype=np.float64).reshape(4, 4))
        if patch.origin is not None:
            matrix = self.slice_to_ras.copy()
            matrix[:3, 3] = patch.origin
            self._move(matrix)
        if patch.offset is not None:
            self.scroll(patch.offset)
        if patch.fov is not None:
            self._set_box(patch.fov)
        if patch.auto_window:
            self._auto_window()
        if patch.window is not None or patch.level is not None:
            self._set_window(patch.window, patch.level)
        if patch.slab is not None:
            self.settle()
            set_slab(self.node, patch.slab.mode, patch.slab.thickness)
        if patch.linked is not None:
            self.logic.GetSliceCompositeNode().SetLinkedControl(patch.linked)

    def orient(self, name: str) -> None:
        """Turn to Axial, Sagittal or Coronal and refit, if not so already.

        Raises:
            BadRequestError: no such orientation.
        """
        wanted = ORIENTATIONS.get(name.lower())
        if wanted is None:
            raise BadRequestError(f"unknown orientation {name!r}: use axial, sagittal or coronal")
        self.settle()
        if self._orientation() != wanted:
            self.node.SetOrientation(wanted)
            self.fit()

    def fit(self) -> None:
        """Slicer's fit: the whole background volume in view, centred, the plane on a voxel centre."""
        if self.background is None or not self.background.GetImageData():
            return
        self.settle()
        self.logic.ResizeSliceNode(*DEFAULT_SIZE)
        self.logic.FitSliceToBackground(*DEFAULT_SIZE)
        self.logic.SnapSliceOffsetToIJK()
        self._seen_fov = ()

    def scroll(self, offset: float) -> None:
        """Put the plane at an offset along its normal, mm."""
        pose = self.slice_to_ras
        by_mm = offset - offset_of(pose)
        if abs(by_mm) > LEAST_MOVE:
            self._pose, self._is_settled = moved_along_normal(pose, by_mm), False

    def scroll_to(self, fraction: float) -> None:
        """Put the plane at a fraction 0..1 of the background volume's reach along the normal.

        Raises:
            NotFoundError: no volume to scroll through.
        """
        extent = self.extent()
        if extent is None:
            raise NotFoundError(f"view {self.name} shows no volume to scroll through")
        self.scroll(extent.low + fraction * (extent.high - extent.low))

    def drag_offset(self, by: float | None, start: bool) -> None:
        """SlicerWeb's older way to scroll: `start` keeps the offset, to which `by` (mm) of this and later calls is added."""
        if start or self._drag_start is None:
            self._drag_start = offset_of(self.slice_to_ras)
        if by is not None:
            self.scroll(self._drag_start + by)

    def require_volume(self) -> None:
        """Check that there is something to see.

        Raises:
            NotFoundError: the view shows no volume.
        """
        if self._stack.now().is_empty:
            raise NotFoundError(f"view {self.name} shows no volume: load one first")

    def copy_geometry(self, other: SliceView) -> None:
        """Take plane and width of the field of view from another slice view; this one's shape stays."""
        self._move(other.slice_to_ras)
        width, height = self.field_of_view()
        wanted = other.field_of_view()[0]
        self._set_box((wanted, wanted * height / width))

    def show(self, volume: Any) -> None:
        """Make a volume the background, turned to its axes nearest this view's orientation, and fit."""
        self.settle()
        self.logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
        default = self.node.GetDefaultOrientation()
        self.node.SetOrientation(default if default in ORIENTATIONS.values() else "Axial")
        self.node.RotateToVolumePlane(volume, False)
        self.fit()

    def show_same(self, other: SliceView) -> None:
        """Show the volumes that another slice view shows, in this view's own orientation, and fit."""
        mine, theirs = self.logic.GetSliceCompositeNode(), other.logic.GetSliceCompositeNode()
        mine.SetForegroundVolumeID(theirs.GetForegroundVolumeID())
        mine.SetForegroundOpacity(theirs.GetForegroundOpacity())
        mine.SetLabelVolumeID(theirs.GetLabelVolumeID())
        mine.SetLabelOpacity(theirs.GetLabelOpacity())
        if other.background is not None:
            self.show(other.background)

    def snapshot(self) -> ViewPatch:
        """A patch that puts this view back as it is."""
        place = self.place()
        patch = ViewPatch(
            slice_to_ras=place["slice_to_ras"], fov=self.field_of_view(), window=place["window"], level=place["level"],
            slab=SlabPatch(**place["slab"]), linked=place["linked"],
            foreground_opacity=place["foreground_opacity"], label_opacity=place["label_opacity"],
        )  # fmt: skip
        for name in LAYERS:
            setattr(patch, name, place[name]["id"] if place[name] else "")
        return patch

    def _check_layers(self, patch: ViewPatch) -> None:
        for name in LAYERS:
            node_id = getattr(patch, name)
            volume = self._app.scene.GetNodeByID(node_id) if node_id else None
            if node_id and (volume is None or not volume.IsA("vtkMRMLVolumeNode")):
                raise NotFoundError(f"no volume with id {node_id!r}")
            if name == "label" and volume is not None and not volume.IsA("vtkMRMLLabelMapVolumeNode"):
                raise BadRequestError(f"{volume.GetName()} is no label map; show it as background or foreground")
        for opacity in (patch.foreground_opacity, patch.label_opacity):
            if opacity is not None and not 0 <= opacity <= 1:
                raise BadRequestError(f"an opacity is from 0 to 1, not {opacity}")

    def _choose_background(self, node_id: str) -> None:
        volume = self._app.scene.GetNodeByID(node_id) if node_id else None
        if volume is None:
            self.logic.GetSliceCompositeNode().SetBackgroundVolumeID(None)
        elif volume is not self.background:
            self.show(volume)

    def _lay_over(self, patch: ViewPatch) -> None:
        """Set the layers over the background."""
        composite = self.logic.GetSliceCompositeNode()
        if patch.foreground is not None:
            composite.SetForegroundVolumeID(patch.foreground or None)
        if patch.foreground_opacity is not None:
            composite.SetForegroundOpacity(patch.foreground_opacity)
        if patch.label is not None:
            composite.SetLabelVolumeID(patch.label or None)
        if patch.label_opacity is not None:
            composite.SetLabelOpacity(patch.label_opacity)

    def _set_box(self, fov: tuple[float, float]) -> None:
        self._box = (float(fov[0]), float(fov[1]))
        self.node.SetFieldOfView(self._box[0], self._box[1], self.node.GetFieldOfView()[2])
        self._seen_fov = tuple(self.node.GetFieldOfView()[:2])

    def _set_window(self, window: float | None, level: float | None) -> None:
        volume = self.background
        display = volume.GetScalarVolumeDisplayNode() if volume is not None else None
        if display is None:
            return
        display.SetAutoWindowLevel(0)
        display.SetWindowLevel(
            display.GetWindow() if window is None else window, display.GetLevel() if level is None else level
        )

    def _auto_window(self) -> None:
        """Slicer's automatic window and level for the background volume, by its histogram."""
        volume = self.background
        display = volume.GetScalarVolumeDisplayNode() if volume is not None else None
        if display is not None:
            display.SetAutoWindowLevel(0)  # so that it is found again where it is on already
            display.SetAutoWindowLevel(1)

    def _move(self, matrix: Matrix) -> None:
        if np.abs(matrix - self.slice_to_ras).max() > LEAST_MOVE:
            self._pose, self._is_settled = matrix, False

    # -- pictures ------------------------------------------------------------------------------------------------

    def geometry(self, width: int, height: int) -> Geometry:
        """The part of space a picture of this size shows: the whole field of view, and more along the longer side."""
        fov = self.field_of_view()
        return Geometry(self.slice_to_ras, max(fov[0] / width, fov[1] / height), width, height)

    def content_key(self, overlays: bool) -> tuple[Any, ...]:
        """Changes whenever a picture of this view may change for another reason than its size."""
        pose = self.slice_to_ras.round(9) + 0.0  # no negative zeros
        key = (pose.tobytes(), self.field_of_view(), self._stack.now().key)
        if not overlays:
            return key
        drawn = self._anything_to_draw()
        changes = self._offscreen.changes if self._offscreen and drawn else 0
        return (*key, self._segments_key(), self._drawables().absent if drawn else (), changes)

    def _anything_to_draw(self) -> bool:
        return self._drawables().any_at(self.slice_to_ras, self.node.GetFieldOfView()[2])

    def touch(self) -> int:
        """The view's revision, raised first if what it shows has changed since the last call."""
        key = (self.content_key(overlays=True), self._crosshair())
        if key != self._key:
            self._key = key
            self.rev += 1
        return self.rev

    def prepare(self, width: int, height: int, overlays: bool) -> Callable[[], Layers]:
        """Take in all that decides the picture, now; the returned function makes it later on any thread.

        Raises:
            NotFoundError: the view shows no volume and overlays are not wanted.
        """
        geometry = self.geometry(width, height)
        if not self._stack.now().is_plain:
            self.settle()
        layers = self._stack.prepare(geometry)
        if not overlays:
            self.require_volume()
            assert layers is not None
            return layers
        segments = self._segments.visible(self.node)
        drawn = self._draw_overlay(geometry) if self._anything_to_draw() else None
        return Overlaid(geometry, layers, segments, drawn)

    def ahead(
        self, pose: Matrix, width: int, height: int, overlays: bool
    ) -> tuple[tuple[Any, ...], Callable[[], Layers]] | None:
        """Content key and drawing of another plane's picture; None beyond the volume and where kernels alone do not do."""
        stack, extent = self._stack.now(), self.extent()
        offset = offset_of(pose)
        if stack.is_empty or not stack.is_plain or extent is None or not extent.low <= offset <= extent.high:
            return None
        kept = self.slice_to_ras, self._is_settled
        self._pose, self._is_settled = pose, False
        try:
            if overlays and self._anything_to_draw():
                return None
            return self.content_key(overlays), self.prepare(width, height, overlays)
        finally:
            self._pose, self._is_settled = kept

    def _window(self) -> Offscreen:
        """A window in which all draw that have something to draw: they begin together, so for one more all begin anew."""
        old, absent = self._offscreen, self._drawables().absent
        if old is not None and absent.issuperset(self._absent):
            return old
        self._absent = absent if old is None else absent & self._absent
        managers = [name for name in SLICE_MANAGERS if name not in self._absent]
        window = Offscreen(slicer.vtkMRMLSliceViewDisplayableManagerFactory, managers)
        window.changes = old.changes + 1 if old else 0  # never a key again that a picture has had
        window.renderer.SetBackgroundAlpha(0.0)
        window.renderer.GetActiveCamera().ParallelProjectionOn()
        window.show(self.node)
        return window

    def _draw_overlay(self, geometry: Geometry) -> NDArray[np.uint8] | None:
        if not self._has_gl:
            return None
        self.settle()
        self._offscreen = self._window()
        changes = self._offscreen.changes
        box = self.field_of_view()
        fov = (geometry.width * geometry.mm_per_px, geometry.height * geometry.mm_per_px)
        if self.node.GetDimensions()[:2] != (geometry.width, geometry.height) or self._seen_fov != fov:
            # The managers place things by the node's own XY-to-RAS matrix, so the node takes this picture's shape.
            blocked = self.node.StartModify()
            self.node.SetDimensions(geometry.width, geometry.height, 1)
            self.node.SetFieldOfView(*fov, self.node.GetFieldOfView()[2])
            self.node.EndModify(blocked)
            self._box, self._seen_fov = box, tuple(self.node.GetFieldOfView()[:2])
        self._offscreen.draw(geometry.width, geometry.height)
        self._offscreen.changes = changes  # what this picture's own shape stirred up is nothing new to anybody
        return self._offscreen.rgba()
