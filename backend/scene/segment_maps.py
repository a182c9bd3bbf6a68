"""Label maps of a segmentation that is edited: whole grids whose voxels are written in place.

Slicer cuts label maps to what is in them and makes new ones at every edit. Here each layer (segments that share a label map) is
one image as large as the volume, and slices read the very same memory, so an edit costs what it touches. What was there before
is kept for undoing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import slicer
import vtk
from isal import isal_zlib
from numpy.typing import NDArray

from backend.errors import NotFoundError, TooLargeError
from backend.imaging.masks import box_of, inside
from backend.imaging.strokes import Box, Grid, Mask
from backend.render.views.matrices import to_vtk
from backend.render.views.segments import BINARY_LABELMAP, segment_ids
from backend.scene.commands import Overwrite
from backend.scene.segment_grids import grid_of, index_of, is_same, put, voxels_of

LARGEST = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
PACKED = 1 << 16
"""Bytes from which on former voxels are kept compressed."""


class Layer:
    """One label map: its image, and the image's voxels [k, j, i] to be written to."""

    def __init__(self, image: Any) -> None:
        self.image = image
        self.voxels: NDArray[Any] = voxels_of(image)

    @classmethod
    def empty(cls, grid: Grid, dtype: np.dtype[Any]) -> Layer:
        """A layer of zeros."""
        image = slicer.vtkOrientedImageData()
        image.SetExtent(0, grid.dims[0] - 1, 0, grid.dims[1] - 1, 0, grid.dims[2] - 1)
        image.SetImageToWorldMatrix(to_vtk(grid.ijk_to_mm))
        image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR if dtype == np.uint8 else vtk.VTK_UNSIGNED_SHORT, 1)
        layer = cls(image)
        layer.voxels[:] = 0
        return layer

    def touched(self) -> None:
        """The voxels have changed. Events would have MRML drop the surfaces of all segments of the layer, so there are none."""
        self.image.GetPointData().GetScalars().Modified()


class Former:
    """Voxels of a box of a layer as they were. Undoing and doing again are the same: they change places with what is there."""

    def __init__(self, layer: Layer, box: Box, voxels: NDArray[Any]) -> None:
        """`voxels`: a copy that is this one's own."""
        self._layer, self._box, self._shape = layer, box, voxels.shape
        self._keep(voxels)

    def _keep(self, voxels: NDArray[Any]) -> None:
        large = voxels.nbytes >= PACKED
        self._kept: bytes | NDArray[Any] = isal_zlib.compress(voxels.data, 1) if large else voxels
        self.bytes = len(self._kept) if isinstance(self._kept, bytes) else voxels.nbytes

    def swap(self) -> None:
        """Change places."""
        kept = self._kept
        if isinstance(kept, bytes):
            kept = np.frombuffer(isal_zlib.decompress(kept), self._layer.voxels.dtype).reshape(self._shape)
        now = self._layer.voxels[self._box].copy()
        self._layer.voxels[self._box] = kept
        self._keep(now)
        self._layer.touched()


@dataclass
class Change:
    """What one edit has done, in order: each step is undone, or done again, by swapping."""

    steps: list[Former | Move] = field(default_factory=list)
    segments: set[str] = field(default_factory=set)
    """Ids of those that have changed."""
    gained: int = 0
    lost: int = 0

    @property
    def bytes(self) -> int:
        """Memory that it keeps."""
        return sum(step.bytes for step in self.steps)

    def undo(self) -> None:
        """Put everything back."""
        for step in reversed(self.steps):
            step.swap()

    def redo(self) -> None:
        """Do it again."""
        for step in self.steps:
            step.swap()

    def join(self, later: Change) -> None:
        """Take in an edit that came right after this one."""
        self.steps += later.steps
        self.segments |= later.segments
        self.gained += later.gained
        self.lost += later.lost


class Move:
    """A segment has gone to another layer, or to another label."""

    bytes = 64

    def __init__(self, segment: Any, image: Any, label: int) -> None:
        """Where it is now; `swap` takes it back there."""
        self._segment, self._image, self._label = segment, image, label

    def swap(self) -> None:
        """Change places."""
        image, label = self._segment.GetRepresentation(BINARY_LABELMAP), self._segment.GetLabelValue()
        self._segment.SetLabelValue(self._label)
        self._segment.AddRepresentation(BINARY_LABELMAP, self._image)
        self._image, self._label = image, label


class SegmentMaps:
    """The layers of one segmentation node, all on one grid. Scene thread only."""

    def __init__(self, node: Any, most_bytes: int) -> None:
        """Have all its label maps on one whole grid; segments stay what they are.

        Raises:
            BadRequestError: there is nothing that tells the grid.
            TooLargeError: the layers would take more than `most_bytes`.
        """
        self.node, self._most = node, most_bytes
        self.segmentation = node.GetSegmentation()
        self.grid = grid_of(node)
        self.layers: list[Layer] = []
        self.version = 0
        """Another number after every change of voxels."""
        self._take_in()

    # -- which segment is where ----------------------------------------------------------------------------------

    def segment(self, segment_id: str) -> Any:
        """The segment.

        Raises:
            NotFoundError: there is none of this id.
        """
        found = self.segmentation.GetSegment(segment_id)
        if found is None:
            raise NotFoundError(f"{self.node.GetName()} has no segment {segment_id!r}")
        return found

    def place(self, segment_id: str) -> tuple[Layer, int]:
        """Layer and label of a segment."""
        segment = self.segment(segment_id)
        image = segment.GetRepresentation(BINARY_LABELMAP)
        return next(layer for layer in self.layers if layer.image is image), int(segment.GetLabelValue())

    def ids(self) -> list[str]:
        """Ids of all segments, in their order."""
        return segment_ids(self.node)

    def is_current(self) -> bool:
        """Whether all segments are in these layers still: code of users may have given them others."""
        images = {id(layer.image) for layer in self.layers}
        found = [
            self.segmentation.GetNthSegment(n).GetRepresentation(BINARY_LABELMAP)
            for n in range(self.segmentation.GetNumberOfSegments())
        ]
        return all(id(image) in images and image.GetPointData().GetScalars() is not None for image in found) and all(
            voxels_of(layer.image).ctypes.data == layer.voxels.ctypes.data for layer in self.layers
        )

    def mask(self, segment_id: str) -> Mask:
        """(K, J, I): where the segment is."""
        layer, label = self.place(segment_id)
        return np.asarray(layer.voxels == label)

    # -- changing ------------------------------------------------------------------------------------------------

    def add(self, segment: Any, segment_id: str = "", before: str = "") -> str:
        """Give an empty segment a label of its own in the first layer that has one left, and add it; returns its id."""
        layer, label = self._free_place()
        segment.SetLabelValue(label)
        segment.AddRepresentation(BINARY_LABELMAP, layer.image)
        self.segmentation.AddSegment(segment, segment_id, before)
        return str(self.segmentation.GetSegmentIdBySegment(segment))

    def put_back(self, segment: Any, segment_id: str, layer: Layer, label: int, before: str = "") -> None:
        """Add a segment that was removed, where it was."""
        segment.SetLabelValue(label)
        segment.AddRepresentation(BINARY_LABELMAP, layer.image)
        self.segmentation.AddSegment(segment, segment_id, before)

    def remove(self, segment_id: str) -> None:
        """Remove a segment that has no voxels. It leaves the label map first: MRML would make all others a new one."""
        self.segment(segment_id).AddRepresentation(BINARY_LABELMAP, slicer.vtkOrientedImageData())
        self.segmentation.RemoveSegment(segment_id)

    def paint(self, segment_id: str, parts: Iterator[tuple[Box, Mask]], erase: bool, overwrite: Overwrite) -> Change:
        """Give voxels to a segment, or take them from it: box by box, with what is in each."""
        edit = Change()
        for box, mask in parts:
            if erase:
                self._erase(edit, segment_id, box, mask)
            else:
                self._give(edit, segment_id, box, mask, overwrite)
        return edit

    def replace(self, segment_id: str, box: Box, wanted: Mask, overwrite: Overwrite) -> Change:
        """Have a segment be exactly `wanted` within a box of the grid."""
        layer, label = self.place(segment_id)
        has = layer.voxels[box] == label
        edit = Change()
        for erase, mask in ((True, has & ~wanted), (False, wanted & ~has)):
            inner = box_of(mask)
            if inner is not None:
                edit.join(self.paint(segment_id, iter([(inside(box, inner), mask[inner])]), erase, overwrite))
        return edit

    def _erase(self, edit: Change, segment_id: str, box: Box, mask: Mask) -> None:
        layer, label = self.place(segment_id)
        gone = mask & (layer.voxels[box] == label)
        self._write(edit, layer, box, gone, 0)
        edit.lost += int(np.count_nonzero(gone))

    def _give(self, edit: Change, segment_id: str, box: Box, mask: Mask, overwrite: Overwrite) -> None:
        layer, label = self.place(segment_id)
        giving = {id(one): self._giving(one, overwrite) for one in self.layers}
        values = layer.voxels[box]
        others = mask & (values != 0) & (values != label)
        if overwrite != "all" and others.any() and not giving[id(layer)][values[others]].all():
            self._part(edit, segment_id)  # those that do not give way need another layer than this segment's
            layer, label = self.place(segment_id)
            values = layer.voxels[box]
        for one in self.layers:
            if one is not layer and overwrite != "none":
                there = one.voxels[box]
                self._write(edit, one, box, mask & (there != 0) & giving[id(one)][there], 0)
        new = mask & (values != label)
        self._write(edit, layer, box, new, label)
        edit.gained += int(np.count_nonzero(new))

    def _giving(self, layer: Layer, overwrite: Overwrite) -> NDArray[np.bool_]:
        """For each label of a layer, whether its segment gives way to one that is painted."""
        table = np.full(LARGEST[layer.voxels.dtype] + 1, overwrite == "all", np.bool_)
        if overwrite == "visible":
            display = self.node.GetDisplayNode()
            for segment_id in self.ids():
                place, label = self.place(segment_id)
                if place is layer and display.GetSegmentVisibility(segment_id):
                    table[label] = True
        return table

    def _write(self, edit: Change, layer: Layer, box: Box, where: Mask, label: int) -> None:
        if not where.any():
            return
        inner = box_of(where)
        assert inner is not None
        place = inside(box, inner)
        target = layer.voxels[place]
        changed = target[where[inner]]
        edit.steps.append(Former(layer, place, target.copy()))
        edit.segments |= self._named(layer, {label, *np.flatnonzero(np.bincount(changed)).tolist()} - {0})
        target[where[inner]] = label
        layer.touched()
        self.version += 1

    def _named(self, layer: Layer, labels: set[int]) -> set[str]:
        places = ((segment_id, self.place(segment_id)) for segment_id in self.ids())
        return {segment_id for segment_id, (there, label) in places if there is layer and label in labels}

    def _part(self, edit: Change, segment_id: str) -> None:
        """Give a segment a layer of its own."""
        layer, label = self.place(segment_id)
        segment, dtype = self.segment(segment_id), np.dtype(np.uint8)
        new = self._new_layer(dtype)
        where = layer.voxels == label
        box = box_of(where)
        if box is not None:
            new.voxels[box][where[box]] = 1
            new.touched()
            self._write(edit, layer, box, where[box], 0)
        move = Move(segment, new.image, 1)
        move.swap()
        edit.steps.append(move)

    def _new_layer(self, dtype: np.dtype[Any]) -> Layer:
        taken = sum(layer.voxels.nbytes for layer in self.layers)
        if taken + int(np.prod(self.grid.dims)) * dtype.itemsize > self._most:
            raise TooLargeError(f"{self.node.GetName()} would need more memory than max_volume_mb allows")
        layer = Layer.empty(self.grid, dtype)
        self.layers.append(layer)
        return layer

    def _free_place(self) -> tuple[Layer, int]:
        for layer in self.layers:
            used = {label for there, label in map(self.place, self.ids()) if there is layer}
            label = max(used, default=0) + 1
            if label <= LARGEST[layer.voxels.dtype]:
                return layer, label
        return self._new_layer(np.dtype(np.uint8)), 1

    # -- taking in -----------------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        """Put every label map that is no layer of the whole grid into one that is."""
        made: dict[int, Layer] = {}
        images: list[Any] = []  # held, so that no two have the same number
        for segment_id in self.ids():
            segment = self.segmentation.GetSegment(segment_id)
            image = segment.GetRepresentation(BINARY_LABELMAP)
            if image is None:
                image = slicer.vtkOrientedImageData()
            images.append(image)
            if id(image) not in made:
                made[id(image)] = self._whole(image)
            layer = made[id(image)]
            if image is not layer.image:
                segment.AddRepresentation(BINARY_LABELMAP, layer.image)

    def _whole(self, image: Any) -> Layer:
        scalars = image.GetPointData().GetScalars()
        labels = voxels_of(image) if scalars is not None else None
        if labels is not None and labels.dtype in LARGEST and self._is_whole(image):
            layer = Layer(image)
            self.layers.append(layer)
            return layer
        highest = int(labels.max()) if labels is not None and labels.size else 0
        layer = self._new_layer(np.dtype(np.uint8 if highest <= 255 else np.uint16))
        if labels is not None and labels.size:
            put(labels, index_of(image), layer.voxels, self.grid)
        return layer

    def _is_whole(self, image: Any) -> bool:
        extent, dims = image.GetExtent(), self.grid.dims
        return tuple(extent) == (0, dims[0] - 1, 0, dims[1] - 1, 0, dims[2] - 1) and is_same(
            index_of(image), self.grid.ijk_to_mm, dims
        )
