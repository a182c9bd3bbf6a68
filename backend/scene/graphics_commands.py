"""Commands that give geometry out: glTF, GLB, OBJ and STL of what is shown, or of nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backend.errors import NotFoundError, TooLargeError
from backend.render.meshes import Mesh, encode
from backend.render.views.surfaces import Fibers, box_meshes, displayed_nodes, meshes_of
from backend.render.views.threed_view import ThreeDView
from backend.scene import commands as c
from backend.scene.content_commands import selected
from backend.scene.context import Context, Performer
from backend.scene.finding import first_of_kind

Made = Callable[[], tuple[c.MeshCount, bytes]]


class GraphicsCommands:
    """Collects meshes on the scene thread and writes them on another."""

    def __init__(self, context: Context) -> None:
        self._scene, self._views = context.app.scene, context.views
        self._limit_bytes = context.options.max_graphics_mb << 20
        self.performers: Mapping[type[c.Command], Performer] = {
            c.ViewGraphics: self._view,
            c.NodeGraphics: self._nodes,
        }

    def _view(self, command: c.ViewGraphics, _arrived: float) -> Made:
        views = self._views.threeds()
        if not 0 <= command.widget < len(views):
            raise NotFoundError(f"no 3D view {command.widget}; there are {len(views)}, counted from 0")
        view = views[command.widget]
        meshes = meshes_of(displayed_nodes(self._scene, view.node), view.node)
        bounds = view.bounds() if command.box else None
        if bounds is not None:
            right, up, _forward = view.view.axes()
            meshes += box_meshes(bounds, right, up)
        return self._written(meshes, command.format, _described(view))

    def _nodes(self, command: c.NodeGraphics, _arrived: float) -> Made:
        if command.one:
            default = f"{command.class_name}*"
            nodes = [first_of_kind(self._scene, command.pattern, command.class_name, default)]
        else:
            nodes = selected(self._scene, c.SelectNodes(class_name=command.class_name))
        if command.id is not None:
            nodes = [node for node in nodes if node.GetID().lower() == command.id.lower()]
            if not nodes:
                raise NotFoundError(f"no node with geometry has the id '{command.id}'")
        meshes = meshes_of(nodes, fibers=Fibers(command.fibers, command.tubes))
        return self._written(meshes, command.format, {})

    def _written(self, meshes: list[Mesh], kind: c.MeshFormat, extras: dict[str, Any]) -> Made:
        size = sum(mesh.byte_count for mesh in meshes)
        if size > self._limit_bytes:
            raise TooLargeError(f"the geometry has {size >> 20} MB, over the limit of {self._limit_bytes >> 20} MB")
        whole = {"frame": "RAS", "unit": "mm", **extras}
        return lambda: (c.MeshCount(len(meshes)), encode(meshes, kind, whole))


def _described(view: ThreeDView) -> dict[str, Any]:
    """How the view looks at it, for pages that want to begin there."""
    state = view.state()
    return {"view": view.name, "camera": state["camera"], "backgroundColors": state["background_colors"]}
