"""What is shown as geometry: files of meshes."""

from __future__ import annotations

from typing import Literal

import msgspec

from backend.scene.commands.base import Command

MeshFormat = Literal["gltf", "glb", "obj", "stl"]


class ViewGraphics(Command):
    """What the 3D view with this number (from 0) shows, as a file; the bytes travel beside the `MeshCount`."""

    limit = "load_timeout_s"
    patient = True
    widget: int = 0
    box: bool = False
    format: MeshFormat = "gltf"


class NodeGraphics(Command):
    """Nodes as a file, whether they are shown or not; the bytes travel beside the `MeshCount`.

    With `one` the first node of the class whose name or id matches `pattern`, the very first without one. Else all of them, or
    that of an `id` in any case. Polylines are thinned out to `fibers`, and written as lines or tubes.
    """

    limit = "load_timeout_s"
    patient = True
    class_name: str = "vtkMRMLDisplayableNode"
    one: bool = False
    pattern: str | None = None
    id: str | None = None
    fibers: int | None = None
    tubes: bool = False
    format: MeshFormat = "gltf"


class MeshCount(msgspec.Struct):
    """How much is in a file."""

    meshes: int
