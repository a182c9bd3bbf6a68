"""All views of a scene by any of their names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from backend.errors import NotFoundError, TooLargeError
from backend.render.glprobe import GlDriver
from backend.render.views.changes import SceneChanges
from backend.render.views.renderings import Renderings
from backend.render.views.segments import SegmentationLayers
from backend.render.views.shown import ShownNodes
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.render.views.volumes import VolumeSources
from backend.scene.application import Application
from backend.scene.commands import views_of

View = SliceView | ThreeDView
SLICE, THREED = "vtkMRMLSliceNode", "vtkMRMLViewNode"
ALIASES = {"axial": "red", "sagittal": "yellow", "coronal": "green", "threed": "1", "3d": "1"}
NAMES_KEPT = 256
NUMBERED = re.compile(r"(?:view|threed|3d)(\d+\+?)")  # MRML's own name of a 3D view is View1


@lru_cache(NAMES_KEPT)
def canonical(name: str) -> str:
    """The key of a view: lower case, aliases resolved."""
    lowered = name.strip().lower()
    numbered = NUMBERED.fullmatch(lowered)
    return numbered[1] if numbered else ALIASES.get(lowered, lowered)


class Views:
    """The slice and 3D views, and what they share: voxels, label maps, knowledge of changes. Scene thread only.

    They follow the layout: whatever slice and view nodes it makes get a view here, which then stays. A scene that brings a
    layout of its own, or a script that switches MRML's layout node, is noticed when somebody next asks.
    """

    def __init__(self, app: Application, driver: GlDriver | None, limit: int) -> None:
        """`limit`: views at most."""
        self._app, self._driver, self._limit = app, driver, limit
        self.sources, self.changes = VolumeSources(), SceneChanges()
        self._segments = SegmentationLayers(app.scene)
        self.renderings = Renderings(app, self.changes)
        self.shown = ShownNodes(app.scene)
        self._views: dict[str, View] = {}
        self._layout_seen = self._epoch_seen = -1
        self._follow()
        self.threed().touch()

    def set_layout(self, number: int) -> None:
        """Switch the layout and make the views it needs; they show what red shows.

        Raises:
            BadRequestError: there is no layout of this number.
            TooLargeError: there would be more views than the settings allow; nothing has changed.
        """
        wanted = {canonical(part.view) for part in views_of(self._app.layout(number)) if part.kind in ("slice", "threeD")}
        if len(self._views.keys() | wanted) > self._limit:
            raise TooLargeError(f"with this layout there would be more than {self._limit} views")
        self._app.set_layout(number)
        self._follow()

    def _follow(self) -> None:
        """Make the views of nodes that have come with a layout, as many as the settings allow."""
        epoch = self.changes.epoch
        if epoch == self._epoch_seen:
            return
        self._epoch_seen = epoch
        seen = self._app.layout_node.GetMTime()
        if seen == self._layout_seen:
            return
        self._layout_seen = seen
        scene = self._app.scene
        for class_name, make in ((SLICE, self._add_slice), (THREED, self._add_threed)):
            for index in range(scene.GetNumberOfNodesByClass(class_name)):
                node = scene.GetNthNodeByClass(index, class_name)
                key = canonical(node.GetLayoutName() or "")
                if key and key not in self._views and len(self._views) < self._limit:
                    make(key, node)

    def _add_slice(self, key: str, node: Any) -> None:
        has_gl = self._driver is not None
        view = SliceView(self._app, node, self.sources, self._segments, self.changes, self.shown, has_gl)
        red = self._views.get("red")
        if isinstance(red, SliceView):
            view.show_same(red)
        self._views[key] = view

    def _add_threed(self, key: str, node: Any) -> None:
        is_gpu = self._driver is not None and self._driver.is_gpu
        has_gl = self._driver is not None
        view = ThreeDView(self._app, node, self.sources, self.changes, self.renderings, self.shown, has_gl, is_gpu)
        if any(isinstance(other, ThreeDView) for other in self._views.values()):
            view.reset()  # the first one keeps Slicer's camera until something is loaded; a later one shows what there is
        self._views[key] = view

    def all(self) -> list[View]:
        """Every view, slices first."""
        self._follow()
        return sorted(self._views.values(), key=lambda view: view.kind)  # "slice" before "threeD"

    def slices(self) -> list[SliceView]:
        """The slice views."""
        return [view for view in self.all() if isinstance(view, SliceView)]

    def threeds(self) -> list[ThreeDView]:
        """The 3D views."""
        return [view for view in self.all() if isinstance(view, ThreeDView)]

    def names(self) -> list[str]:
        """Their names as Slicer spells them."""
        return [view.name for view in self.all()]

    def find(self, name: str) -> View | None:
        """A view by any of its names, any case; None if there is none."""
        self._follow()
        return self._views.get(canonical(name))

    def get(self, name: str) -> View:
        """As `find`.

        Raises:
            NotFoundError: there is none.
        """
        found = self.find(name)
        if found is None:
            raise NotFoundError(f"no view {name!r}; there are {', '.join(self.names())}")
        return found

    def slice(self, name: str) -> SliceView | None:
        """A slice view, None if no slice view has this name."""
        found = self.find(name)
        return found if isinstance(found, SliceView) else None

    def threed(self, name: str = "1") -> ThreeDView:
        """A 3D view, the first one without a name.

        Raises:
            NotFoundError: no 3D view has this name.
        """
        found = self.find(name)
        if not isinstance(found, ThreeDView):
            raise NotFoundError(f"no 3D view {name!r}; there are {', '.join(view.name for view in self.threeds())}")
        return found

    def slicers_slice(self, name: str) -> SliceView:
        """A slice view as the Slicer API names it: without our aliases (`axial` is no name), red where there is none."""
        found = self.slice(name) if name.strip().lower() not in ALIASES else None
        return found or self.red()

    def red(self) -> SliceView:
        """The view that the Slicer API shows for any name it does not know."""
        red = self._views["red"]
        assert isinstance(red, SliceView)
        return red

    def place_crosshair(self, ras: tuple[float, float, float]) -> None:
        """Put the crosshair at a point, RAS mm; no plane moves."""
        node = self._app.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if node is not None:  # a script may have removed it
            node.SetCrosshairRAS(ras)

    def jump(self, ras: tuple[float, float, float], group: int = 0) -> list[str]:
        """Put the crosshair at a point, RAS mm, and the planes of a view group through it; names of its views."""
        self.place_crosshair(ras)
        moved = [view for view in self.slices() if view.node.GetViewGroup() == group]
        for view in moved:
            view.scroll(float(view.slice_to_ras[:3, 2] @ ras))
        return [view.name for view in moved]

    def settle(self) -> None:
        """Have the slice nodes say what the slice views show."""
        for view in self.slices():
            view.settle()

    def are_slices_in_3d(self) -> bool:
        """Whether a slice plane is drawn in 3D."""
        return any(view.node.GetSliceVisible() for view in self.slices())
