"""Commands about what the scene holds: loading, listing, the tracked tool."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.errors import SlicecastError
from backend.render.views.nodes import nodes_of_class
from backend.render.views.renderings import show_in_3d
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.deferred import Deferred
from backend.scene.demo import arrange, demo_files
from backend.scene.file_types import file_type_of
from backend.scene.loading import Loader, is_true
from backend.scene.readers.source import unique_name
from backend.scene.tracking import Tracker

# What 3D views turn to when they show nothing yet.
SURFACES = ("ModelFile", "SegmentationFile")


class ContentCommands:
    """Loads files, lists nodes, moves the tracked tool."""

    def __init__(self, context: Context) -> None:
        self._context, self._app, self._views = context, context.app, context.views
        self.follows_tool = False
        """Whether slices go with the tracked tool."""
        self._tracker, self._loader = Tracker(context.app.scene), Loader(context.app, context.options)
        self.performers: Mapping[type[c.Command], Performer] = {
            c.Load: self._load,
            c.LoadDemo: self._load_demo,
            c.SelectNodes: lambda command, _arrived: select_nodes(self._app.scene, command),
            c.Track: self._track,
            c.Turn: lambda command, _arrived: self._tracker.turn(command.angles).ravel().tolist(),
            c.FollowTool: self._follow_tool,
        }

    def _follow_tool(self, command: c.FollowTool, _arrived: float) -> None:
        self.follows_tool = command.on
        pose = self._tracker.pose()
        if command.on and pose is not None:
            self._follow(pose)
        self._context.announce_lists()

    def _follow(self, pose: Any) -> None:
        self._views.jump((float(pose[0, 3]), float(pose[1, 3]), float(pose[2, 3])))

    def _track(self, command: c.Track, _arrived: float) -> list[float]:
        pose = self._tracker.move(command.matrix, command.position, command.quaternion)
        if self.follows_tool:
            self._follow(pose)
        return [float(v) for v in pose.ravel()]

    def _load(self, command: c.Load, _arrived: float) -> Any:
        path = Path(command.path)
        kind = command.file_type or file_type_of(path)
        if kind == "DicomFolder" or (kind == "VolumeFile" and file_type_of(path) == "DicomFolder" and path.exists()):
            return self._load_dicom(path, command)
        self._tell(command.job, f"Reading {path.name}", None)
        kept = {view: view.snapshot() for view in self._views.all()}
        was_empty = self._views.threed().bounds() is None
        try:
            nodes = self._loader.load(path, kind, command.properties)
        except SlicecastError:
            if kind == "SceneFile":  # it may have moved the views before it failed
                for view, patch in kept.items():
                    view.apply(patch)
            raise
        show = command.properties.get("show", "true")
        for node in nodes:
            if node.IsA("vtkMRMLVolumeNode") and is_true(show):
                self._show(node, command.show_in_3d)
        if was_empty and kind in SURFACES:
            self._views.threed().reset()
        if kind == "SceneFile" and not nodes:
            self._show_some_volume(command.show_in_3d)
        return self._loaded(nodes, [], command)

    def _tell(self, job: str, text: str, fraction: float | None) -> None:
        self._context.emit(c.Progress(job, text, fraction))

    def _show_some_volume(self, in_3d: bool) -> None:
        """Show a volume if no slice view does: scenes that programs write often say nothing of views."""
        volume = self._app.scene.GetFirstNodeByClass("vtkMRMLVolumeNode")
        if volume is not None and volume.GetImageData() and not any(view.background for view in self._views.slices()):
            self._show(volume, in_3d)

    def _load_dicom(self, path: Path, command: c.Load) -> Deferred:
        options, rasters = self._context.options, self._loader.rasters()

        def work() -> Any:
            try:
                return read()
            except SlicecastError as error:
                raise type(error)(f"Failed to load node from file: {path}\n{error}") from error

        def read() -> Any:
            # pydicom and its decoders load when they are used, or long after the start (`host`): pictures come before.
            from backend.dicom.loading import Bounds, load_best_series

            return load_best_series(
                path,
                Bounds(options.max_files, options.max_volume_mb << 20),
                lambda part, text: self._tell(command.job, text, part),
                command.properties.get("seriesUID"),
                rasters,
            )

        def finish(loaded: Any) -> c.LoadResult:
            nodes = self._loader.add_dicom(loaded)
            node = nodes[0]
            if command.properties.get("name"):
                node.SetName(unique_name(self._app.scene, command.properties["name"]))
            show = command.properties.get("show", "true")
            if show == "foreground":
                self._loader.volumes.lay_over(node)
            elif is_true(show) and node.IsA("vtkMRMLVolumeNode"):
                self._show(node, command.show_in_3d)
            return self._loaded(nodes, [str(d) for d in loaded.diagnoses], command)

        return Deferred(work, finish)

    def _show(self, node: Any, in_3d: bool) -> None:
        self._loader.show_volume(node)
        scalar = node.IsA("vtkMRMLScalarVolumeNode") and node.GetImageData().GetNumberOfScalarComponents() == 1
        if in_3d and scalar and not node.IsA("vtkMRMLLabelMapVolumeNode"):
            self._hide_other_volumes()
            show_in_3d(self._app, node)

    def _hide_other_volumes(self) -> None:
        for display in nodes_of_class(self._app.scene, "vtkMRMLVolumeRenderingDisplayNode"):
            display.SetVisibility(0)

    def _loaded(self, nodes: list[Any], warnings: list[str], command: c.Load) -> c.LoadResult:
        in_3d = command.show_in_3d and is_true(command.properties.get("show", "true"))
        for view in self._views.threeds():
            if in_3d:
                view.reset()
            else:
                view.refit_box()
        self._context.announce_lists()
        self._tell(command.job, "Loaded", 1.0)
        return c.LoadResult([node_of(node) for node in nodes], warnings)

    def _load_demo(self, command: c.LoadDemo, arrived: float) -> c.LoadResult:
        nodes: list[c.Node] = []
        for path, file_type in demo_files():
            loaded = self._load(c.Load(str(path), file_type, show_in_3d=True, job=command.job), arrived)
            nodes += loaded.nodes
        arrange(self._app.scene)
        return c.LoadResult(nodes)


def select_nodes(scene: Any, selection: c.SelectNodes) -> list[c.Node]:
    """Nodes by exact id, or by class (is-a) and exact name, in scene order."""
    return [node_of(node) for node in selected(scene, selection)]


def selected(scene: Any, selection: c.SelectNodes) -> list[Any]:
    """The nodes themselves."""
    if selection.id is not None:
        node = scene.GetNodeByID(selection.id)
        return [node] if node is not None else []
    nodes = list(scene.GetNodes()) if selection.class_name is None else nodes_of_class(scene, selection.class_name)
    if selection.name is not None:
        nodes = [node for node in nodes if node.GetName() == selection.name]
    return nodes


def node_of(node: Any) -> c.Node:
    """A node as lists name it."""
    return c.Node(node.GetID(), node.GetName() or "", node.GetClassName())
