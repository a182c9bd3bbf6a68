"""What the scene holds: loading, listing, the tracked tool."""

from __future__ import annotations

import msgspec

from backend.render.video import VideoCodec
from backend.scene.commands.base import Command
from backend.scene.commands.layout import Contents, LayoutPart


class Describe(Command):
    """Ask for `SceneInfo`."""


class Load(Command):
    """Load a file or DICOM folder into the scene."""

    limit = "load_timeout_s"
    patient = True
    journal = "append"
    path: str
    file_type: str | None = None
    properties: dict[str, str] = msgspec.field(default_factory=dict)
    show_in_3d: bool = False
    job: str = ""

    def spooled(self) -> str:
        """What it loads: an upload or a download is needed as long as the load may have to be repeated."""
        return self.path


class LoadDemo(Command):
    """Open the demo scene: a CT chest with its segmentation and points, volume rendered."""

    limit = "load_timeout_s"
    patient = True
    journal = "append"
    job: str = ""


class SelectNodes(Command):
    """List nodes by exact id, or by class (is-a) and exact name; all where nothing is given."""

    id: str | None = None
    class_name: str | None = None
    name: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is given."""
        return self.id is None and self.class_name is None and self.name is None


class Track(Command):
    """Move the tracked tool's cursor: rotation rows, translation, quaternion, each kept where absent; answers 16 numbers, by
    rows. Remembered as the whole pose, not as the part that a request gives."""

    journal = "newest"
    answer = list[float]
    matrix: list[float] | None = None
    position: list[float] | None = None
    quaternion: list[float] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it gives all of the pose, so that what the pose was before does not matter."""
        turns = self.matrix is not None or self.quaternion is not None
        return turns and (self.position is not None or len(self.matrix or ()) == 16)

    def journaled(self, answer: list[float]) -> Command:
        """The whole pose."""
        return pose_of(answer)


class Turn(Command):
    """Set the tracked tool's cursor to a phone's orientation: degrees about Z, X, Y; answers as `Track`."""

    angles: list[float]

    def journaled(self, answer: list[float]) -> Command:
        """The whole pose."""
        return pose_of(answer)


class FollowTool(Command):
    """Have the crosshair and the planes of slice views go with the tracked tool, or not; answers nothing."""

    journal = "newest"
    outlives_clear = True
    on: bool


def pose_of(rows: list[float]) -> Track:
    """The command that sets a pose, given as 16 numbers by rows."""
    return Track([rows[4 * row + column] for column in range(4) for row in range(4)])


class Node(msgspec.Struct):
    """A node as lists name it."""

    id: str
    name: str
    class_name: str = ""


class SceneInfo(msgspec.Struct):
    """What the scene holds, for the viewer's lists."""

    views: list[str]
    volumes: list[Node]
    layout: str
    gl: str | None
    composition: LayoutPart = msgspec.field(default_factory=LayoutPart)
    contents: Contents = "full"
    follow_tool: bool = False
    segments: int = 0
    """Another number whenever segmentations may have changed."""
    empty: bool = True
    """Whether there is no volume, segmentation, model or markup."""
    videos: list[VideoCodec] = msgspec.field(default_factory=list)
    """What moving pictures can be coded as, by preference."""


class LoadResult(msgspec.Struct):
    """Nodes that a load made, main one first, and what the reader had to say."""

    nodes: list[Node]
    warnings: list[str] = []
