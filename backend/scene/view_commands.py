"""Commands about views: their state, raw input, pictures."""

from __future__ import annotations

from collections.abc import Mapping

from backend.errors import NotFoundError
from backend.render.pictures import PictureCache
from backend.render.video import Videos
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.framing import Framer, Made
from backend.scene.interaction import Pointers
from backend.scene.linking import Links
from backend.scene.own_cameras import OwnCameras
from backend.scene.prefetch import Prefetch
from backend.scene.view_history import recorded
from backend.scene.views import canonical


class ViewCommands:
    """Moves views on behalf of clients and pictures them."""

    def __init__(self, context: Context) -> None:
        self._app, self._views = context.app, context.views
        self._applied: dict[str, int] = {}  # of each client: the newest counter whose change is in
        self.changed_by: dict[str, str] = {}  # of each view and own camera: who moved it last
        self.cameras = OwnCameras(self._views)
        self.prefetch = Prefetch(context.options.prefetch_slices)
        self.videos = Videos()
        cache = PictureCache(context.options.cache_mb << 20)
        self._framer = Framer(cache, self._applied, self.prefetch, self.videos)
        self._pointers = Pointers()
        self._links = Links(context.views)
        self._history = context.history
        self.performers: Mapping[type[c.Command], Performer] = {
            c.OpenView: self._open,
            c.SetView: self._set,
            c.Pointer: self._pointer,
            c.OwnCamera: self._own_camera,
            c.CloseCamera: self._close_camera,
            c.Frame: self._frame,
            c.CancelFrames: self._cancel_frames,
            c.SlicePicture: self._slice_picture,
            c.ThreeDPicture: self._threed_picture,
            c.Snapshot: self._snapshot,
            c.Restore: self._restore,
        }

    def notice(self, command: c.Command) -> None:
        """Called on the input thread as a command arrives: a change of state ends the refinement it outdates, at once."""
        self.prefetch.drop()
        if isinstance(command, c.SetView | c.Pointer):
            self._framer.abort(canonical(command.view), None, command.camera)
        elif isinstance(command, c.CancelFrames):
            self._framer.abort(None if command.view is None else canonical(command.view), command.by)

    def _open(self, command: c.OpenView, _arrived: float) -> c.ViewInfo:
        with self.cameras.seen(command.view, command.camera) as view:
            return c.ViewInfo(view.name, "slice" if isinstance(view, SliceView) else "threeD", view.touch(), view.state())

    def _own_camera(self, command: c.OwnCamera, _arrived: float) -> None:
        if self.cameras.make(command.view, command.camera) and command.pose is not None:
            with self.cameras.seen(command.view, command.camera) as view:
                view.apply(command.pose)

    def _close_camera(self, command: c.CloseCamera, _arrived: float) -> None:
        self.cameras.close(command.camera)
        self.changed_by.pop(command.camera, None)

    def _set(self, command: c.SetView, _arrived: float) -> None:
        with self.cameras.seen(command.view, command.camera) as view:
            self._note(command.camera or view.name, command)
            with (
                self._links.following(None if command.camera else view) as followers,
                recorded(self._history, self._links, view, command),
            ):
                view.apply(command.patch)
            if command.patch.crosshair is not None and isinstance(view, SliceView):
                followers += self._views.jump(command.patch.crosshair, view.node.GetViewGroup())
        self.changed_by.update(dict.fromkeys(followers, command.by))

    def _pointer(self, command: c.Pointer, _arrived: float) -> None:
        with self.cameras.seen(command.view, command.camera) as view:
            self._note(command.camera or view.name, command)
            with self._links.following(None if command.camera else view) as followers:
                self._pointers.handle(view, command)
        self.changed_by.update(dict.fromkeys(followers, command.by))

    def _note(self, moved: str, command: c.SetView | c.Pointer) -> None:
        self._applied[command.by] = max(command.n, self._applied.get(command.by, 0))
        self.changed_by[moved] = command.by
        self._framer.stir()

    def _frame(self, command: c.Frame, arrived: float) -> Made:
        with self.cameras.seen(command.view, command.camera) as view:
            return self._framer.frame(view, command, arrived)

    def _cancel_frames(self, command: c.CancelFrames, _arrived: float) -> None:
        if command.view is None:
            self._applied.pop(command.by, None)
            self.videos.forget(command.by)
            self._pointers.forget(command.by)

    def _slice_picture(self, command: c.SlicePicture, arrived: float) -> Made:
        view = self._views.slicers_slice(command.view) if command.forgiving else self._slice(command.view)
        other: SliceView | None = None
        if command.copy_geometry_from is not None:
            other = self._views.slice(command.copy_geometry_from)
            if other is None:
                raise NotFoundError(f"no slice view {command.copy_geometry_from!r} to copy the geometry from")
        if not command.overlays or command.scroll_to is not None:
            view.require_volume()
        self.changed_by[view.name] = ""
        if command.patch.orientation is not None:
            view.orient(command.patch.orientation)
        if other is not None:
            view.copy_geometry(other)
        if command.scroll_to is not None:
            view.scroll_to(command.scroll_to)
        if command.patch.slab is not None:
            view.apply(c.ViewPatch(slab=command.patch.slab))
        if command.drag:
            view.drag_offset(command.patch.offset, start=command.drag == "start")
        elif command.patch.offset is not None:
            view.scroll(command.patch.offset)
        return self._framer.slice_picture(view, command, arrived)

    def _slice(self, name: str) -> SliceView:
        found = self._views.slice(name)
        if found is None:
            raise NotFoundError(f"no slice view {name!r}; there are {', '.join(view.name for view in self._views.slices())}")
        return found

    def _threed_picture(self, command: c.ThreeDPicture, arrived: float) -> Made:
        found = self._views.find(command.view) if command.forgiving else self._views.threed(command.view)
        view = found if isinstance(found, ThreeDView) else self._views.threed()
        self.changed_by[view.name] = ""
        view.move(command.look_from, command.start, command.roll, command.pan, command.orbit)
        return self._framer.threed_picture(view, command, arrived)

    def _snapshot(self, _command: c.Snapshot, _arrived: float) -> dict[str, c.ViewPatch]:
        return {view.name: view.snapshot() for view in self._views.all()}

    def _restore(self, command: c.Restore, _arrived: float) -> None:
        for name, patch in command.views.items():
            view = self._views.find(name)
            if view is None:
                continue  # it came with a layout that a script or a scene made
            if patch.background and self._app.scene.GetNodeByID(patch.background) is None:
                continue  # its volume came from something that is not journaled, such as exec
            for layer in ("foreground", "label"):
                if (node_id := getattr(patch, layer)) and self._app.scene.GetNodeByID(node_id) is None:
                    setattr(patch, layer, None)
            if patch.rendering is not None:
                known = self._views.renderings.known(list(patch.rendering))
                patch.rendering = {key: value for key, value in patch.rendering.items() if key in known}
            if patch.crosshair is not None:
                self._views.place_crosshair(patch.crosshair)
            view.apply(patch)
