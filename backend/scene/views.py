"""All views of a scene by any of their names."""

from __future__ import annotations

from backend.errors import NotFoundError
from backend.render.glprobe import GlDriver
from backend.render.views.changes import SceneChanges
from backend.render.views.segments import SegmentationLayers
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.render.views.volumes import VolumeSources
from backend.scene.application import Application

View = SliceView | ThreeDView
SLICES = ("Red", "Yellow", "Green")
ALIASES = {
    "axial": "red",
    "sagittal": "yellow",
    "coronal": "green",
    "threed": "1",
    "3d": "1",
    "view1": "1",
}


def canonical(name: str) -> str:
    """The key of a view: lower case, aliases resolved."""
    lowered = name.strip().lower()
    return ALIASES.get(lowered, lowered)


class Views:
    """The slice and 3D views, and what they share: voxels, label maps, knowledge of changes. Scene thread only."""

    def __init__(self, app: Application, driver: GlDriver | None) -> None:
        self._app, self._driver = app, driver
        self.sources, self.changes = VolumeSources(), SceneChanges()
        self._segments = SegmentationLayers(app.scene)
        self._views: dict[str, View] = {}
        for name in SLICES:
            self._add_slice(name)
        self._add_threed("1").touch()

    def _add_slice(self, name: str) -> SliceView:
        node = self._app.scene.GetNodeByID(f"vtkMRMLSliceNode{name}")
        has_gl = self._driver is not None
        view = SliceView(self._app, node, self.sources, self._segments, self.changes, has_gl)
        self._views[canonical(name)] = view
        return view

    def _add_threed(self, name: str) -> ThreeDView:
        node = self._app.scene.GetNodeByID(f"vtkMRMLViewNode{name}")
        is_gpu = self._driver is not None and self._driver.is_gpu
        view = ThreeDView(self._app, node, self.sources, self.changes, self._driver is not None, is_gpu)
        self._views[canonical(name)] = view
        return view

    def all(self) -> list[View]:
        """Every view, slices first."""
        return list(self._views.values())

    def slices(self) -> list[SliceView]:
        """The slice views."""
        return [view for view in self._views.values() if isinstance(view, SliceView)]

    def names(self) -> list[str]:
        """Their names as Slicer spells them."""
        return [view.name for view in self._views.values()]

    def get(self, name: str) -> View:
        """A view by any of its names, any case.

        Raises:
            NotFoundError: there is none.
        """
        found = self._views.get(canonical(name))
        if found is None:
            raise NotFoundError(f"no view {name!r}; there are {', '.join(self.names())}")
        return found

    def slice(self, name: str) -> SliceView | None:
        """A slice view, None if no slice view has this name."""
        found = self._views.get(canonical(name))
        return found if isinstance(found, SliceView) else None

    def red(self) -> SliceView:
        """The view that the Slicer API shows for any name it does not know."""
        red = self._views["red"]
        assert isinstance(red, SliceView)
        return red

    def threed(self) -> ThreeDView:
        """The first 3D view."""
        view = self._views["1"]
        assert isinstance(view, ThreeDView)
        return view

    def settle(self) -> None:
        """Have the slice nodes say what the slice views show."""
        for view in self.slices():
            view.settle()

    def are_slices_in_3d(self) -> bool:
        """Whether a slice plane is drawn in 3D."""
        return any(view.node.GetSliceVisible() for view in self.slices())
