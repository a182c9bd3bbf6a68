"""Segmentations: what there are, their segments, how they are shown, and editing of label maps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from backend.scene.commands.base import Command, Vector3

Rgb = tuple[float, float, float]
Part = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Millimetres = Annotated[float, msgspec.Meta(gt=0.0, le=500.0)]
Intensity = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Range = tuple[Intensity, Intensity]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Overwrite = Literal["all", "visible", "none"]
"""What becomes of other segments where one is painted: all give way, those that are shown do, or none (they overlap)."""


# -- what there is ---------------------------------------------------------------------------------------------------


class Segment(msgspec.Struct):
    """One segment. `color` is red, green, blue, 0 to 1."""

    id: str
    name: str
    color: Rgb
    visible: bool
    opacity: float
    label: int
    """Its value in the label map."""
    layer: int
    """Which label map it is in: segments of different ones may overlap."""


class Segmentation(msgspec.Struct):
    """A segmentation and how it is shown."""

    id: str
    name: str
    volume: str
    """Id of the volume that it was made for; empty where it is not known."""
    visible: bool
    opacity: float
    fill: bool
    outline: bool
    fill_opacity: float
    surface: bool
    """Whether 3D views show it."""
    smoothing: float
    """Of the surfaces, 0 to 1."""
    busy: str
    """Long work under way, for people; empty where there is none."""
    segments: list[Segment]


class DescribeSegmentations(Command):
    """Ask for all segmentations as `list[Segmentation]`, or the one of this id."""

    id: str = ""


# -- making and changing them ----------------------------------------------------------------------------------------


class CreateSegmentation(Command):
    """Make an empty segmentation on the grid of a volume, of the one that is shown where none is named. Answers as below."""

    journal = "append"
    answer = Segmentation
    volume: str = ""
    name: str = ""

    def journaled(self, answer: Any) -> Command:
        """With what was chosen."""
        return CreateSegmentation(answer.volume, answer.name)


class ChangeSegmentation(Command):
    """Rename a segmentation or show it otherwise; what is None stays. Answers `Segmentation`."""

    id: str
    name: Name | None = None
    visible: bool | None = None
    opacity: Part | None = None
    fill: bool | None = None
    outline: bool | None = None
    fill_opacity: Part | None = None
    surface: bool | None = None
    smoothing: Part | None = None


class AddSegment(Command):
    """Add an empty segment; answers `Segment`."""

    id: str
    name: Name | None = None
    color: tuple[Part, Part, Part] | None = None


class ChangeSegment(Command):
    """Rename a segment, colour it, show or hide it; what is None stays. Answers `Segment`."""

    id: str
    segment: str
    name: Name | None = None
    color: tuple[Part, Part, Part] | None = None
    visible: bool | None = None
    opacity: Part | None = None


class RemoveSegment(Command):
    """Remove a segment and its voxels."""

    id: str
    segment: str


# -- editing ---------------------------------------------------------------------------------------------------------


class Stroke(Command):
    """Paint or erase along a way with a round brush; answers `Edited`.

    `points` are RAS mm; `normal` (RAS) makes the brush a disk in the plane across it, without it is a sphere. A stroke may come
    in several parts: those with the same word for `stroke` are undone together, and each begins where the last one ended.
    """

    id: str
    segment: str
    points: Annotated[list[Vector3], msgspec.Meta(min_length=1, max_length=2000)]
    radius: Millimetres
    normal: Vector3 | None = None
    erase: bool = False
    overwrite: Overwrite = "all"
    range: Range | None = None
    """Only voxels whose intensity lies in it are painted."""
    stroke: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Edited(msgspec.Struct):
    """What an edit did: how many voxels belong to the segment that did not, or no more, and views' revisions that show it."""

    gained: int
    lost: int
    views: dict[str, int] = {}


class Threshold(msgspec.Struct, tag="threshold"):
    """What has an intensity within `range`; added to the segment, or in its place."""

    range: Range
    add: bool = False


class Islands(msgspec.Struct, tag="islands"):
    """Connected parts: keep the largest, or the one at `point` (RAS mm), or remove those of fewer voxels than `smallest`,
    or remove the one at `point`, or make each part a segment of its own."""

    operation: Literal["keep_largest", "keep_at", "remove_at", "remove_small", "split"]
    point: Vector3 | None = None
    smallest: Annotated[int, msgspec.Meta(ge=1, le=2**40)] = 1000


class Smooth(msgspec.Struct, tag="smooth"):
    """Smooth the segment's border; `size` is the width of the kernel in mm, of a Gaussian its standard deviation."""

    method: Literal["median", "opening", "closing", "gaussian"]
    size: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 3.0


class Margin(msgspec.Struct, tag="margin"):
    """Grow the segment by so many mm on all sides, or shrink it by a negative number."""

    size: Annotated[float, msgspec.Meta(ge=-100.0, le=100.0)]


class Grow(msgspec.Struct, tag="grow"):
    """Grow all visible segments at once from what is painted of them, along alike intensities, until they meet."""

    margin: Part = 0.05
    """How far beyond the seeds' box, as part of its size."""


class FillBetween(msgspec.Struct, tag="fill_between"):
    """Fill the slices between those that are painted, in shapes between theirs."""


class Logical(msgspec.Struct, tag="logical"):
    """Combine the segment with another: copy it, unite, subtract, intersect; or invert, clear, fill, which need no other."""

    operation: Literal["copy", "add", "subtract", "intersect", "invert", "clear", "fill"]
    other: str = ""


AnyEffect = Threshold | Islands | Smooth | Margin | Grow | FillBetween | Logical


class ApplyEffect(Command):
    """Edit a segment as a whole, on a thread of its own; answers `Edited`. Meanwhile the segmentation takes no other edits."""

    limit = "load_timeout_s"
    id: str
    segment: str
    effect: AnyEffect
    overwrite: Overwrite = "all"
    range: Range | None = None
    job: str = ""


class CancelEffect(Command):
    """Stop the work that `ApplyEffect` began on this segmentation; answers whether there was any."""

    id: str


class UpdateSurfaces(Command):
    """Make the surfaces that 3D views show anew where segments have changed since; answers how many."""

    limit = "load_timeout_s"


class SegmentStatistics(Command):
    """Ask for `dict[str, Measured]` by segment id."""

    limit = "load_timeout_s"
    id: str


class Measured(msgspec.Struct):
    """Size of a segment, and intensities of the volume in it; None where there is nothing to measure."""

    voxels: int
    ml: float
    mean: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None


# -- keeping and saving ----------------------------------------------------------------------------------------------


class KeepSegments(Command):
    """Write what was edited since it was last written into files of the folder; answers `list[KeptSegments]`."""

    limit = "load_timeout_s"
    folder: str


class KeptSegments(Command):
    """Put a segmentation back as `KeepSegments` wrote it. `id` and `name` are those of its node."""

    limit = "load_timeout_s"
    journal = "append"
    id: str
    name: str
    path: str

    def spooled(self) -> str:
        """The file with the label maps."""
        return self.path

    def amended(self, later: Command) -> Command | None:
        """An older state is not told again."""
        return None if isinstance(later, KeptSegments) and later.id == self.id else self


class WriteSegments(Command):
    """Write a segmentation's label maps, for who makes a DICOM SEG of them, into the file `path`; answers `SegmentSource`."""

    limit = "load_timeout_s"
    id: str
    path: str


class SegmentSource(msgspec.Struct):
    """The series that a segmentation was drawn on; empty where its volume did not come from DICOM."""

    study: str
    series: str
    name: str
    volume: str
