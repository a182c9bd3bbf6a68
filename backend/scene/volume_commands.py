"""Commands about volumes: NRRD in and out by way of files, displacement fields, which volume is shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import create_vtk_array, get_vtk_array_type, vtk_to_numpy

from backend.errors import BadRequestError, NotFoundError
from backend.imaging import nrrd
from backend.imaging.frames import Matrix, unit_axes
from backend.render.views.matrices import from_vtk
from backend.scene import commands as c
from backend.scene.content_commands import node_of
from backend.scene.context import Context, Performer
from backend.scene.deferred import Deferred
from backend.scene.displacements import Displacements
from backend.scene.finding import first_of_kind, matching, same_as_before

VOLUME, SCALAR_ID = "vtkMRMLVolumeNode", "vtkMRMLScalarVolumeNode*"
GRID_ID = "vtkMRMLGridTransformNode*"
ANY_VOLUME_ID = "vtkMRML*VolumeNode*"
CHUNK_VOXELS = 4 << 20


class VolumeCommands:
    """Gives and takes voxels. Files are read and written on threads of their own, the scene is touched only at the end."""

    def __init__(self, context: Context) -> None:
        self._context, self._app, self._views = context, context.app, context.views
        self._put_ids: set[str] = set()
        self.performers: Mapping[type[c.Command], Performer] = {
            c.WriteVolume: self._write_volume,
            c.WriteGrid: self._write_grid,
            c.PutVolume: self._put,
            c.StepVolume: self._step,
        }

    # -- out -----------------------------------------------------------------------------------------------------

    def _write_volume(self, command: c.WriteVolume, _arrived: float) -> Any:
        node = require_scalar(first_of_kind(self._app.scene, command.id, VOLUME, SCALAR_ID))
        image = node.GetImageData()
        if image is None or image.GetPointData().GetScalars() is None:
            raise NotFoundError(f"{node.GetName()} has no voxels")
        if image.GetNumberOfScalarComponents() != 1:
            raise BadRequestError(f"{node.GetName()} has {image.GetNumberOfScalarComponents()} components, not one")
        voxels = vtk_to_numpy(image.GetPointData().GetScalars()).ravel()  # keeps them alive, whatever the scene does next
        dtype = np.dtype("i2") if command.as_short else voxels.dtype
        header = nrrd.volume_header(dtype, image.GetDimensions(), ijk_to_ras(node))
        size = c.Written(len(header) + voxels.size * dtype.itemsize)
        if not command.path:
            return size

        def write() -> None:
            with Path(command.path).open("r+b") as file:  # gone if nobody waits any more
                file.write(header)
                for begin in range(0, voxels.size, CHUNK_VOXELS):
                    chunk = voxels[begin : begin + CHUNK_VOXELS]
                    chunk = as_short(chunk) if command.as_short else chunk
                    file.write(chunk.astype(chunk.dtype.newbyteorder("<"), copy=False).data)

        return Deferred(write, lambda _done: size)

    def _write_grid(self, command: c.WriteGrid, _arrived: float) -> Any:
        node = first_of_kind(self._app.scene, command.id, "vtkMRMLTransformNode", GRID_ID)
        field = Displacements.from_parent(node)
        header = nrrd.grid_header(field.sizes, field.ijk_to_ras)
        size = c.Written(len(header) + field.count * 12)
        if not command.path:
            return size

        def write() -> None:
            with Path(command.path).open("r+b") as file:
                file.write(header)
                for vectors in field.chunks():
                    file.write((vectors * (-1, -1, 1)).astype("<f4").data)

        return Deferred(write, lambda _done: size)

    # -- in ------------------------------------------------------------------------------------------------------

    def _put(self, command: c.PutVolume, _arrived: float) -> Deferred:
        def read() -> tuple[nrrd.Header, Any]:
            path = Path(command.path)
            with path.open("rb", buffering=0) as file:
                header = nrrd.read_header(file, path.stat().st_size, command.most_bytes)
                scalars = create_vtk_array(get_vtk_array_type(header.dtype.newbyteorder("=")))
                scalars.SetNumberOfTuples(header.data_bytes // header.dtype.itemsize)
                nrrd.read_voxels(file, header, vtk_to_numpy(scalars))
            return header, scalars

        return Deferred(read, lambda done: self._place(command, *done))

    def _place(self, command: c.PutVolume, header: nrrd.Header, scalars: Any) -> c.VolumePut:
        node = self._target(command)
        if node is not None and node.IsA("vtkMRMLLabelMapVolumeNode") and header.dtype.kind == "f":
            raise BadRequestError(f"{node.GetName()} is a label map and holds whole numbers only")
        image = vtk.vtkImageData()
        image.SetDimensions(*header.sizes)
        image.GetPointData().SetScalars(scalars)
        made = node is None
        if node is None:
            name = command.name or command.id or "Volume"
            node = self._app.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        blocked = node.StartModify()
        set_ijk_to_ras(node, header.ijk_to_ras)
        node.SetAndObserveImageData(image)
        node.EndModify(blocked)
        if made:
            node.CreateDefaultDisplayNodes()
            node.GetDisplayNode().SetDefaultColorMap()
        self._show(node, fit=True)
        self._views.threed().refit_box()
        self._context.announce_lists()
        gone = {put for put in self._put_ids if self._app.scene.GetNodeByID(put) is None}
        self._put_ids = (self._put_ids - gone) | {node.GetID()}
        return c.VolumePut(node.GetID(), node.GetName() or "", made, sorted(gone))

    def _target(self, command: c.PutVolume) -> Any | None:
        """The volume that takes the voxels, None for a new one."""
        if command.made:
            return None
        if command.name:
            return same_as_before(self._app.scene, command.node_id, command.name, VOLUME)
        found = [node for node in matching(self._app.scene, command.id or SCALAR_ID) if node.IsA(VOLUME)]
        return require_scalar(found[0]) if found else None

    # -- which is shown ------------------------------------------------------------------------------------------

    def _show(self, node: Any, fit: bool) -> None:
        self._app.logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
        for view in self._views.slices():
            view.logic.GetSliceCompositeNode().SetBackgroundVolumeID(node.GetID())
            if fit:
                view.fit()

    def _step(self, command: c.StepVolume, _arrived: float) -> c.Node:
        volumes = [node for node in matching(self._app.scene, ANY_VOLUME_ID) if node.IsA(VOLUME)]
        if not volumes:
            raise NotFoundError("there is no volume in the scene")
        shown = self._views.red().background
        if shown is None:
            shown = self._app.scene.GetNodeByID(self._app.logic.GetSelectionNode().GetActiveVolumeID() or "")
        at = volumes.index(shown) if shown in volumes else (0 if command.back else -1)
        node = volumes[(at + (-1 if command.back else 1)) % len(volumes)]
        self._show(node, fit=False)
        return node_of(node)


def require_scalar(node: Any) -> Any:
    """A volume node if it is a scalar volume or label map.

    Raises:
        BadRequestError: it holds vectors or tensors.
    """
    if node.GetClassName() not in ("vtkMRMLScalarVolumeNode", "vtkMRMLLabelMapVolumeNode"):
        raise BadRequestError(f"{node.GetName()} is a {node.GetClassName()}, not a scalar volume or label map")
    return node


def as_short(voxels: NDArray[Any]) -> NDArray[np.int16]:
    """16-bit integers nearest to the values; not-a-number becomes 0."""
    if voxels.dtype.kind == "f":
        voxels = np.rint(np.nan_to_num(voxels, nan=0.0, posinf=np.inf, neginf=-np.inf))
    shorts: NDArray[np.int16] = np.clip(voxels, -32768, 32767).astype(np.int16)
    return shorts


def ijk_to_ras(node: Any) -> Matrix:
    """(4, 4) of a volume node itself, without its parent transforms."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return from_vtk(matrix)


def set_ijk_to_ras(node: Any, matrix: Matrix) -> None:
    """Give a volume node its geometry so that `ijk_to_ras` gives the very same numbers again."""
    directions, spacings = unit_axes(matrix[:3, :3])
    node.SetIJKToRASDirections(directions.tolist())
    node.SetSpacing(*spacings.tolist())
    node.SetOrigin(*matrix[:3, 3].tolist())
