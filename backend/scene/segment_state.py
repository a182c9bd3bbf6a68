"""The segmentations of a scene as they are edited and told of: their label maps, long work on them, what has changed since."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from backend.errors import BadRequestError, NotFoundError, SupersededError, UnavailableError
from backend.render.views.matrices import Matrix, parent_to_world
from backend.render.views.nodes import nodes_of_class
from backend.render.views.segments import BINARY_LABELMAP
from backend.render.views.volumes import ijk_to_world
from backend.scene import commands as c
from backend.scene.context import Context
from backend.scene.segment_grids import sampled
from backend.scene.segment_maps import Change, SegmentMaps
from backend.scene.undo import Edit

SEGMENTATION = "vtkMRMLSegmentationNode"
SMOOTHING = "Smoothing factor"
BUSY_RETRY_S = 1.0


@dataclass
class Work:
    """Long work on a segmentation: what it is, for people, and its end if somebody wishes so."""

    text: str
    stop: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Called by the work as it goes.

        Raises:
            SupersededError: it was cancelled.
        """
        if self.stop.is_set():
            raise SupersededError(f"{self.text}: cancelled")


class Segmentations:
    """All segmentations of the scene. Scene thread only."""

    def __init__(self, context: Context) -> None:
        self._context, self.scene, self.views = context, context.app.scene, context.views
        self._most_bytes = context.options.max_volume_mb << 20
        self._kept: dict[str, SegmentMaps] = {}
        self._all: WeakValueDictionary[str, SegmentMaps] = WeakValueDictionary()  # those that only the history holds too
        self.work: dict[str, Work] = {}
        self.edited: set[str] = set()
        """Ids of those that have changed since they were written down last."""
        self.stale: dict[str, set[str]] = {}
        """Of each segmentation: segments whose surfaces are older than their label maps."""

    # -- finding -------------------------------------------------------------------------------------------------

    def nodes(self) -> list[Any]:
        """All nodes, in scene order."""
        return nodes_of_class(self.scene, SEGMENTATION)

    def node(self, node_id: str) -> Any:
        """The node of this id.

        Raises:
            NotFoundError: there is none, or it is no segmentation.
        """
        found = self.scene.GetNodeByID(node_id) if node_id else None
        if found is None or not found.IsA(SEGMENTATION):
            raise NotFoundError(f"there is no segmentation {node_id!r}")
        return found

    def segment(self, node: Any, segment_id: str) -> Any:
        """A segment.

        Raises:
            NotFoundError: there is none of this id.
        """
        found = node.GetSegmentation().GetSegment(segment_id)
        if found is None:
            raise NotFoundError(f"{node.GetName()} has no segment {segment_id!r}")
        return found

    def free(self, node_id: str) -> Any:
        """The node, if it may be edited now.

        Raises:
            NotFoundError: there is none.
            UnavailableError: long work on it is under way.
        """
        node = self.node(node_id)
        if node_id in self.work:
            what = self.work[node_id].text
            raise UnavailableError(f"{node.GetName()} is being edited ({what}): wait, or cancel that", BUSY_RETRY_S)
        return node

    def volume(self, node: Any) -> Any | None:
        """The volume that a segmentation was made for, else the one that is shown first."""
        own = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole())
        if own is not None:
            return own
        shown = (view.background for view in self.views.slices())
        return next((volume for volume in shown if volume is not None), None)

    def maps(self, node: Any) -> SegmentMaps:
        """Its label maps, made ready for editing the first time.

        Raises:
            BadRequestError: it lies under a warp, or has neither label maps nor a volume.
            TooLargeError: they would take too much memory.
        """
        found = self._all.get(node.GetID())
        if found is None or found.node is not node or not found.is_current():
            to_world(node)
            if node.GetSegmentation().GetNumberOfSegments() and not node.GetSegmentation().ContainsRepresentation(
                BINARY_LABELMAP
            ):
                node.CreateBinaryLabelmapRepresentation()
            node.GetSegmentation().SetSourceRepresentationName(BINARY_LABELMAP)
            found = SegmentMaps(node, self._most_bytes)
            self._all[node.GetID()] = found
        self._kept = {one: maps for one, maps in self._kept.items() if self.scene.GetNodeByID(one) is maps.node}
        self._kept[node.GetID()] = found
        return found

    def voxels(self, node: Any) -> tuple[NDArray[Any], Matrix]:
        """Voxels of a segmentation's volume, and their indices to mm in the segmentation's own frame.

        Raises:
            BadRequestError: there is no volume of one component, or it lies under a warp.
        """
        volume = self.volume(node)
        source = self.views.sources.of(volume) if volume is not None and volume.IsA("vtkMRMLScalarVolumeNode") else None
        if volume is None or source is None:
            raise BadRequestError(f"{node.GetName()} has no volume whose intensities could be used")
        matrix = ijk_to_world(volume)
        if matrix is None:
            raise BadRequestError(f"{volume.GetName()} lies under a transform that is not linear")
        return source.voxels, np.linalg.inv(to_world(node)) @ matrix

    def within(self, node: Any, maps: SegmentMaps, wanted: c.Range) -> Any:
        """A function that tells of a box of the grid which voxels have intensities in a range."""
        voxels, matrix = self.voxels(node)
        low, high = min(wanted), max(wanted)

        def tell(box: Any) -> NDArray[np.bool_]:
            values, inside = sampled(voxels, matrix, maps.grid, box)
            found = (values >= low) & (values <= high)
            return np.asarray(found if inside is None else found & inside)

        return tell

    # -- what was done -------------------------------------------------------------------------------------------

    def changed(self, node: Any, segment_ids: set[str]) -> None:
        """Segments have other voxels now."""
        self.edited.add(node.GetID())
        self.stale.setdefault(node.GetID(), set()).update(segment_ids)

    def as_edit(self, text: str, maps: SegmentMaps, change: Change) -> Edit:
        """A change as the history has it."""

        def step(way: str) -> None:
            node = maps.node
            if (
                self.scene.GetNodeByID(node.GetID()) is not node
                or self._all.get(node.GetID()) is not maps
                or not maps.is_current()
            ):
                raise BadRequestError(f"{node.GetName()} was changed in another way since, so this can not be taken back")
            getattr(change, way)()
            maps.version += 1  # work under way has begun from something else
            self.changed(node, change.segments)

        return Edit(text, lambda: step("undo"), lambda: step("redo"), change.bytes)

    # -- telling -------------------------------------------------------------------------------------------------

    def describe(self, node: Any) -> c.Segmentation:
        """A segmentation as clients see it."""
        if node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
        display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
        volume = self.volume(node)
        segments, layers = [], list[Any]()
        for n in range(segmentation.GetNumberOfSegments()):
            segment_id, segment = segmentation.GetNthSegmentID(n), segmentation.GetNthSegment(n)
            image = segment.GetRepresentation(BINARY_LABELMAP)
            if image is not None and not any(image is one for one in layers):
                layers.append(image)
            layer = next((index for index, one in enumerate(layers) if one is image), 0)
            segments.append(self._segment(display, segment_id, segment, layer))
        work = self.work.get(node.GetID())
        return c.Segmentation(
            node.GetID(), node.GetName() or "", volume.GetID() if volume is not None else "",
            bool(display.GetVisibility()), display.GetOpacity(), bool(display.GetVisibility2DFill()),
            bool(display.GetVisibility2DOutline()), display.GetOpacity2DFill(), bool(display.GetVisibility3D()),
            smoothing_of(node), work.text if work else "", segments,
        )  # fmt: skip

    @staticmethod
    def _segment(display: Any, segment_id: str, segment: Any, layer: int) -> c.Segment:
        red, green, blue = segment.GetColor()
        visible = bool(display.GetSegmentVisibility(segment_id))
        opacity = display.GetSegmentOpacity3D(segment_id)
        return c.Segment(
            segment_id, segment.GetName() or "", (red, green, blue), visible, opacity, segment.GetLabelValue(), layer
        )

    def describe_segment(self, node: Any, segment_id: str) -> c.Segment:
        """One segment as clients see it."""
        return next(one for one in self.describe(node).segments if one.id == segment_id)

    def revision(self) -> tuple[Any, ...]:
        """Another value whenever `describe` may tell something else of any, or voxels have changed."""
        return tuple(self._revision_of(node) for node in self.nodes())

    def _revision_of(self, node: Any) -> tuple[Any, ...]:
        segmentation, display = node.GetSegmentation(), node.GetDisplayNode()
        segments = [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]
        images = [segment.GetRepresentation(BINARY_LABELMAP) for segment in segments]
        return (
            node.GetID(),
            node.GetName(),
            segmentation.GetMTime(),
            display.GetMTime() if display is not None else 0,
            node.GetID() in self.work,
            max((segment.GetMTime() for segment in segments), default=0),
            max((image.GetMTime() for image in images if image is not None), default=0),
        )


def to_world(node: Any) -> Matrix:
    """From a segmentation's own frame to RAS, (4, 4).

    Raises:
        BadRequestError: it lies under a transform that is not linear.
    """
    matrix = parent_to_world(node)
    if matrix is None:
        raise BadRequestError(f"{node.GetName()} lies under a transform that is not linear; apply that first")
    return matrix


def smoothing_of(node: Any) -> float:
    """Smoothing of a segmentation's surfaces, 0 to 1."""
    try:
        return min(max(float(node.GetSegmentation().GetConversionParameter(SMOOTHING)), 0.0), 1.0)
    except ValueError:  # scenes may hold anything
        return 0.5
