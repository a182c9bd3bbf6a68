"""What lies at a place: values of volumes, segments, surfaces under the pointer; statistics of a region; cropping by one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from backend.scene.commands.base import Command, Vector3


class Probe(Command):
    """Ask what a slice view shows at a point, world RAS mm; answers `Probed`."""

    lane = "free"
    view: str
    position: Vector3


class ProbedLayer(msgspec.Struct):
    """A volume there: the voxel's index and value; both None outside it, the value a list where it has several components."""

    layer: Literal["background", "foreground", "label"]
    id: str
    name: str
    ijk: tuple[int, int, int] | None
    value: float | list[float] | None
    units: str = ""
    label: str = ""
    """Of a label map: what the value means."""


class ProbedSegment(msgspec.Struct):
    """A segment that is shown there."""

    segmentation: str
    id: str
    name: str
    color: str


class Probed(msgspec.Struct):
    """What is at a point."""

    position: Vector3
    layers: list[ProbedLayer]
    segments: list[ProbedSegment]


Side = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Pick(Command):
    """Ask what is seen at a place of a 3D view's picture, fractions from its top left; `camera` as in `SetView`."""

    view: str
    x: Annotated[float, msgspec.Meta(ge=0, le=1)]
    y: Annotated[float, msgspec.Meta(ge=0, le=1)]
    size: tuple[Side, Side]
    camera: str = ""


class Picked(msgspec.Struct):
    """A point of the surface that is seen there, world RAS mm; None where there is none."""

    position: Vector3 | None


class Statistics(Command):
    """Measure a volume's voxels in an ROI or a closed curve; answers `StatisticsOf`. Without `volume`: Red's background."""

    limit = "load_timeout_s"
    id: str
    volume: str = ""


class StatisticsOf(msgspec.Struct):
    """Of the voxels whose centres lie within; values None where there are none. `sd` is of all of them (not of a sample).

    `volume_mm3` is that of an ROI, `area_mm2` that of a closed curve, or of an ROI that is one voxel thick.
    """

    markup: str
    volume: str
    name: str
    units: str
    count: int
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None
    area_mm2: float | None
    volume_mm3: float | None


class CropBy(Command):
    """Have volume rendering show only what lies within an ROI, or all; answers the ids of the volumes."""

    journal = "no"
    roi: str
    on: bool = True
