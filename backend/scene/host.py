"""The scene and all that may be asked of it. Knows nothing of sockets: tests drive the same class in their own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import slicer

from backend.errors import NotFoundError, SlicecastError
from backend.render import warm_up
from backend.render.glprobe import GlDriver
from backend.render.pictures import PictureCache
from backend.render.views.changes import SceneChanges
from backend.render.views.segments import SegmentationLayers
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.render.views.volumes import VolumeSources
from backend.scene import commands as c
from backend.scene.application import Application
from backend.scene.console import Console
from backend.scene.deferred import Deferred
from backend.scene.demo import arrange, demo_files
from backend.scene.file_types import file_type_of
from backend.scene.framing import Framer
from backend.scene.interaction import Pointers
from backend.scene.loading import Loader, is_true
from backend.scene.tracking import Tracker
from backend.scene.volume_presets import show_in_3d

# Commands whose performers know that a slice view's plane may be ahead of its node.
DRAWING = (c.SetView, c.Pointer, c.Frame, c.SlicePicture, c.CancelFrames)
ANNOUNCE_EVERY_S = 0.033
DESCRIBE_EVERY_S = 0.5  # names may change without a word
VIEW_ALIASES = {
    "axial": "red",
    "sagittal": "yellow",
    "coronal": "green",
    "threed": "1",
    "3d": "1",
    "view1": "1",
}
Emit = Callable[[c.AnyEvent], None]


class Options(msgspec.Struct):
    """What the launcher decides for a scene process."""

    enable_exec: bool = False
    cache_mb: int = 64
    threads: int = 2
    max_files: int = 20_000


class SceneHost:
    """One MRML scene with its views. `perform` runs on the scene thread, which is the thread that called `start`."""

    def __init__(self, options: Options, emit: Emit, find_driver: Callable[[], GlDriver | None]) -> None:
        self._options, self._emit, self._find_driver = options, emit, find_driver
        self.pool = ThreadPoolExecutor(options.threads, thread_name_prefix="pictures")
        self._applied: dict[str, int] = {}
        self._framer = Framer(PictureCache(options.cache_mb << 20), self._applied)
        self._announced: dict[str, tuple[int, dict[str, Any]]] = {}
        self._changed_by: dict[str, str] = {}
        self._announced_at = self._described_at = 0.0
        self._lists_changed = False
        self._info: c.SceneInfo | None = None

    @classmethod
    def from_json(cls, text: str, emit: Emit, find_driver: Callable[[], GlDriver | None]) -> SceneHost:
        """A host with `Options` given as JSON."""
        return cls(msgspec.json.decode(text, type=Options), emit, find_driver)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the scene and its views, and say so."""
        self.app = Application()
        self.driver = self._find_driver()
        if self.driver is not None:
            self.driver.apply()
        self._sources, self._changes = VolumeSources(), SceneChanges()
        self._segments = SegmentationLayers(self.app.scene)
        self.views: dict[str, SliceView | ThreeDView] = {}
        for name in ("Red", "Yellow", "Green"):
            node = self.app.scene.GetNodeByID(f"vtkMRMLSliceNode{name}")
            view = SliceView(self.app, node, self._sources, self._segments, self._changes, self.driver is not None)
            self.views[name.lower()] = view
        node = self.app.scene.GetNodeByID("vtkMRMLViewNode1")
        gpu = self.driver is not None and self.driver.is_gpu
        self.views["1"] = ThreeDView(self.app, node, self._sources, self._changes, self.driver is not None, gpu)
        self.views["1"].touch()
        self._pointers, self._tracker = Pointers(), Tracker(self.app.scene)
        self._loader = Loader(self.app)
        self._console = Console(self._options.enable_exec, {"__name__": "__main__", "slicer": slicer})
        self._info = self._describe()
        for event in (self.app.scene.NodeAddedEvent, self.app.scene.NodeRemovedEvent):
            self.app.scene.AddObserver(event, self._on_list_change)
        threading.Thread(target=warm_up.main, daemon=True, name="warm-up").start()

    def _on_list_change(self, _caller: Any, _event: str) -> None:
        self._lists_changed = True

    @property
    def info(self) -> c.SceneInfo:
        """What the scene holds."""
        return self._describe()

    def notice(self, command: c.Command) -> None:
        """Called on the input thread as a command arrives: a change of state ends the refinement it outdates, at once."""
        if isinstance(command, c.SetView | c.Pointer):
            self._framer.abort(canonical(command.view), None)
        elif isinstance(command, c.CancelFrames):
            self._framer.abort(None if command.view is None else canonical(command.view), command.by)

    # -- commands ------------------------------------------------------------------------------------------------

    def perform(self, command: c.Command, arrived: float) -> Any:
        """Carry out a command. Returns its value, a function that makes a picture on any thread, or a `Deferred`.

        Raises:
            SlicecastError: with a message for the user; the scene is unchanged.
        """
        if not isinstance(command, DRAWING):  # whatever it is, it may read the slice nodes
            self._settle()
        return self._performers[type(command)](self, command, arrived)

    def _settle(self) -> None:
        for view in self.views.values():
            if isinstance(view, SliceView):
                view.settle()

    def view(self, name: str) -> SliceView | ThreeDView:
        """A view by any of its names, any case.

        Raises:
            NotFoundError: there is none.
        """
        found = self.views.get(canonical(name))
        if found is None:
            names = ", ".join(view.name for view in self.views.values())
            raise NotFoundError(f"no view {name!r}; there are {names}")
        return found

    def _slice_view(self, name: str) -> SliceView:
        """A slice view; the Slicer API shows red for any name it does not know."""
        found = self.views.get(canonical(name))
        red = self.views["red"]
        assert isinstance(red, SliceView)
        return found if isinstance(found, SliceView) else red

    def _threed_view(self) -> ThreeDView:
        view = self.views["1"]
        assert isinstance(view, ThreeDView)
        return view

    def _describe_command(self, _command: c.Describe, _arrived: float) -> c.SceneInfo:
        return self._describe()

    def _open_view(self, command: c.OpenView, _arrived: float) -> c.ViewInfo:
        view = self.view(command.view)
        return c.ViewInfo(view.name, "slice" if isinstance(view, SliceView) else "threeD", view.touch(), view.state())

    def _set_view(self, command: c.SetView, _arrived: float) -> None:
        view = self.view(command.view)
        self._applied[command.by] = max(command.n, self._applied.get(command.by, 0))
        self._changed_by[view.name] = command.by
        self._framer.stir()
        view.apply(command.patch)

    def _pointer(self, command: c.Pointer, _arrived: float) -> None:
        view = self.view(command.view)
        self._applied[command.by] = max(command.n, self._applied.get(command.by, 0))
        self._changed_by[view.name] = command.by
        self._framer.stir()
        self._pointers.handle(view, command.by, command.events, command.size)

    def _frame(self, command: c.Frame, arrived: float) -> Callable[[], tuple[c.PictureInfo, bytes]]:
        return self._framer.frame(self.view(command.view), command, arrived)

    def _cancel_frames(self, command: c.CancelFrames, _arrived: float) -> None:
        if command.view is None:
            self._applied.pop(command.by, None)
            self._pointers.forget(command.by)

    def _slice_picture(self, command: c.SlicePicture, arrived: float) -> Callable[[], tuple[c.PictureInfo, bytes]]:
        view = self._slice_view(command.view)
        other: SliceView | None = None
        if command.copy_geometry_from is not None:
            named = self.views.get(canonical(command.copy_geometry_from))
            other = named if isinstance(named, SliceView) else None
            if other is None:
                raise NotFoundError(f"no slice view {command.copy_geometry_from!r} to copy the geometry from")
        self._changed_by[view.name] = ""
        if command.patch.orientation is not None:
            view.orient(command.patch.orientation)
        if other is not None:
            view.copy_geometry(other)
        if command.scroll_to is not None:
            view.scroll_to(command.scroll_to)
        if command.patch.offset is not None:
            view.apply(c.ViewPatch(offset=command.patch.offset))
        return self._framer.slice_picture(view, command, arrived)

    def _threed_picture(self, command: c.ThreeDPicture, arrived: float) -> Callable[[], tuple[c.PictureInfo, bytes]]:
        view = self._threed_view()
        self._changed_by[view.name] = ""
        view.move(command.look_from, command.start, command.roll, command.pan, command.orbit)
        return self._framer.threed_picture(view, command, arrived)

    def _track(self, command: c.Track, _arrived: float) -> list[float]:
        pose = self._tracker.move(command.matrix, command.position, command.quaternion)
        return [float(v) for v in pose.ravel()]

    def _load(self, command: c.Load, _arrived: float) -> Any:
        path = Path(command.path)
        kind = command.file_type or file_type_of(path)
        if kind == "DicomFolder" or (kind == "VolumeFile" and file_type_of(path) == "DicomFolder" and path.exists()):
            return self._load_dicom(path, command)
        self._emit(c.Progress(command.job, f"Reading {path.name}", None))
        kept = {view.name: view.snapshot() for view in self.views.values()}
        try:
            nodes = self._loader.load(path, kind, command.properties)
        except SlicecastError:
            if kind == "SceneFile":  # it may have moved the views before it failed
                self._restore(c.Restore(kept), 0.0)
            raise
        show = command.properties.get("show", "true")
        for node in nodes:
            if node.IsA("vtkMRMLVolumeNode") and is_true(show):
                self._show(node, command.show_in_3d)
        if kind == "SceneFile" and not nodes:
            self._show_some_volume(command.show_in_3d)
        return self._loaded(nodes, [], command)

    def _show_some_volume(self, in_3d: bool) -> None:
        """Show a volume if no slice view does: scenes that programs write often say nothing of views."""
        slices = [view for view in self.views.values() if isinstance(view, SliceView)]
        volume = self.app.scene.GetFirstNodeByClass("vtkMRMLVolumeNode")
        if volume is not None and volume.GetImageData() and not any(view.background for view in slices):
            self._show(volume, in_3d)

    def _load_dicom(self, path: Path, command: c.Load) -> Deferred:
        from backend.dicom.volume import load_best_series  # noqa: PLC0415: pydicom and its decoders load only when used

        def work() -> Any:
            return load_best_series(
                path,
                self._options.max_files,
                lambda part, text: self._emit(c.Progress(command.job, text, part)),
            )

        def finish(volume: Any) -> c.LoadResult:
            node = self._loader.add_volume(volume)
            self._show(node, command.show_in_3d)
            return self._loaded([node], [str(d) for d in volume.diagnoses], command)

        return Deferred(work, finish)

    def _show(self, node: Any, in_3d: bool) -> None:
        self._loader.show_volume(node)
        scalar = node.IsA("vtkMRMLScalarVolumeNode") and node.GetImageData().GetNumberOfScalarComponents() == 1
        if in_3d and scalar and not node.IsA("vtkMRMLLabelMapVolumeNode"):
            self._hide_other_volumes()
            show_in_3d(self.app, node)

    def _hide_other_volumes(self) -> None:
        scene = self.app.scene
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLVolumeRenderingDisplayNode")):
            scene.GetNthNodeByClass(index, "vtkMRMLVolumeRenderingDisplayNode").SetVisibility(0)

    def _loaded(self, nodes: list[Any], warnings: list[str], command: c.Load) -> c.LoadResult:
        view = self._threed_view()
        if command.show_in_3d:
            view.reset()
        else:
            view.refit_box()
        self._announce_lists()  # ahead of the answer: who asks what there is once it has come sees what was loaded
        self._emit(c.Progress(command.job, "Loaded", 1.0))
        return c.LoadResult([c.Node(n.GetID(), n.GetName(), n.GetClassName()) for n in nodes], warnings)

    def _load_demo(self, command: c.LoadDemo, arrived: float) -> c.LoadResult:
        nodes: list[c.Node] = []
        for path, file_type in demo_files():
            loaded = self._load(c.Load(str(path), file_type, show_in_3d=True, job=command.job), arrived)
            nodes += loaded.nodes
        arrange(self.app.scene)
        return c.LoadResult(nodes)

    def _select_nodes(self, command: c.SelectNodes, _arrived: float) -> list[c.Node]:
        scene = self.app.scene
        if command.id is not None:
            node = scene.GetNodeByID(command.id)
            nodes = [node] if node is not None else []
        else:
            nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
            if command.class_name is not None:
                nodes = [node for node in nodes if node.IsA(command.class_name)]
            if command.name is not None:
                nodes = [node for node in nodes if node.GetName() == command.name]
        return [c.Node(node.GetID(), node.GetName() or "", node.GetClassName()) for node in nodes]

    def _execute(self, command: c.Execute, _arrived: float) -> Any:
        return self._console.run(command.source)

    def _snapshot(self, _command: c.Snapshot, _arrived: float) -> dict[str, c.ViewPatch]:
        return {view.name: view.snapshot() for view in self.views.values()}

    def _restore(self, command: c.Restore, _arrived: float) -> None:
        for name, patch in command.views.items():
            view = self.view(name)
            if patch.background is not None and self.app.scene.GetNodeByID(patch.background) is None:
                continue  # its volume came from something that is not journaled, such as exec
            view.apply(patch)

    # -- events --------------------------------------------------------------------------------------------------

    def _describe(self) -> c.SceneInfo:
        volumes = self._select_nodes(c.SelectNodes(class_name="vtkMRMLVolumeNode"), 0.0)
        driver = self.driver.renderer if self.driver else None
        return c.SceneInfo([view.name for view in self.views.values()], volumes, self.app.layout_name, driver)

    def announce(self) -> bool:
        """Tell what has changed in the views and the scene's lists; returns False when it is too soon to look again."""
        now = time.monotonic()
        if now - self._announced_at < ANNOUNCE_EVERY_S:
            return False
        self._announced_at = now
        if self._slices_in_3d():
            self._settle()
        with self._changes.reading():
            self._announce_views()
            if self._lists_changed or now - self._described_at > DESCRIBE_EVERY_S:
                self._lists_changed, self._described_at = False, now
                self._announce_lists()
        return True

    def _announce_views(self) -> None:
        for view in self.views.values():
            rev = view.touch()
            told = self._announced.get(view.name)
            if told is not None and told[0] == rev:
                continue
            state = view.state()
            patch = {key: value for key, value in state.items() if told is None or told[1].get(key) != value}
            self._announced[view.name] = (rev, state)
            self._emit(c.ViewChanged(view.name, rev, patch, self._changed_by.get(view.name, "")))

    def _announce_lists(self) -> None:
        info = self._describe()
        if info != self._info:
            self._info = info
            self._sources.forget_all_but({node.id for node in info.volumes})
            self._emit(c.SceneChanged(info))

    def _slices_in_3d(self) -> bool:
        return any(isinstance(view, SliceView) and view.node.GetSliceVisible() for view in self.views.values())

    _performers: ClassVar[dict[type, Callable[[Any, Any, float], Any]]] = {
        c.Describe: _describe_command,
        c.OpenView: _open_view,
        c.SetView: _set_view,
        c.Pointer: _pointer,
        c.Frame: _frame,
        c.CancelFrames: _cancel_frames,
        c.SlicePicture: _slice_picture,
        c.ThreeDPicture: _threed_picture,
        c.Track: _track,
        c.Load: _load,
        c.LoadDemo: _load_demo,
        c.SelectNodes: _select_nodes,
        c.Execute: _execute,
        c.Snapshot: _snapshot,
        c.Restore: _restore,
    }


def canonical(name: str) -> str:
    """The key of a view: lower case, aliases resolved."""
    lowered = name.strip().lower()
    return VIEW_ALIASES.get(lowered, lowered)
