"""What the gateway asks of a scene process and what it answers: the contract between the two, and nothing else.

Pure data (msgspec structs, MessagePack on the wire): the gateway imports this module and never loads VTK. Lengths are
millimetres in RAS, sizes are pixels, times are seconds unless the name says otherwise.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

Vector3 = tuple[float, float, float]
PictureFormat = Literal["png", "jpeg", "webp"]


class CameraPatch(msgspec.Struct, omit_defaults=True):
    """Absolute values of a 3D camera; absent fields stay. RAS mm, degrees."""

    position: Vector3 | None = None
    focal_point: Vector3 | None = None
    view_up: Vector3 | None = None
    view_angle: float | None = None


class ViewPatch(msgspec.Struct, omit_defaults=True):
    """Absolute new values for a view's state (docs/stream.md, "State"); absent fields stay."""

    orientation: str | None = None
    offset: float | None = None
    slice_to_ras: list[float] | None = None
    origin: Vector3 | None = None
    fov: tuple[float, float] | None = None
    window: float | None = None
    level: float | None = None
    background: str | None = None
    fit: bool = False
    camera: CameraPatch | None = None
    look_from: str | None = None
    reset: bool = False


class Picture(msgspec.Struct, omit_defaults=True):
    """How a picture is wanted: pixels, encoding, and what the asker already has."""

    width: int
    height: int
    format: PictureFormat = "png"
    quality: int = 85
    subsampling: Literal["420", "444"] = "420"
    lossless: bool = False
    if_none_match: tuple[str, ...] = ()


class Command(msgspec.Struct, tag=True, omit_defaults=True):
    """Base of everything the gateway may ask."""


class Describe(Command):
    """Ask for `SceneInfo`."""


class OpenView(Command):
    """Ask for the canonical name, revision and whole state of a view, by any of its names."""

    view: str


class SetView(Command):
    """Change a view's state on behalf of client `by`, whose counter stands at `n`; answered by nothing but events."""

    view: str
    patch: ViewPatch
    by: str = ""
    n: int = 0


class Pointer(Command):
    """Raw input events of docs/stream.md for a view; answered by nothing but events."""

    view: str
    events: list[list[Any]]
    size: tuple[int, int]
    by: str = ""
    n: int = 0


class Frame(Command):
    """A picture of the view's newest state for client `by`: while moving, or at full quality when `still`."""

    view: str
    picture: Picture
    by: str = ""
    still: bool = False
    budget_s: float = 0.033


class CancelFrames(Command):
    """Stop refining the stills of client `by`: it has gone or has something newer to do."""

    by: str
    view: str | None = None


class SlicePicture(Command):
    """The Slicer API's `/slice`: apply the parameters, which last, then picture the view."""

    view: str
    picture: Picture
    patch: ViewPatch = msgspec.field(default_factory=ViewPatch)
    scroll_to: float | None = None
    copy_geometry_from: str | None = None
    overlays: bool = False
    labels: bool = False
    grey: bool = False


class ThreeDPicture(Command):
    """The Slicer API's `/threeD`: move the camera if asked, which lasts, then picture the view."""

    view: str
    picture: Picture
    look_from: str | None = None
    start: bool = False
    roll: float = 0.0
    pan: tuple[float, float] = (0.0, 0.0)
    orbit: tuple[float, float] = (0.0, 0.0)
    labels: bool = False


class Track(Command):
    """Move the tracked tool's cursor: rotation rows, translation, quaternion, each kept where absent."""

    matrix: list[float] | None = None
    position: list[float] | None = None
    quaternion: list[float] | None = None


class Load(Command):
    """Load a file or DICOM folder into the scene."""

    path: str
    file_type: str | None = None
    properties: dict[str, str] = {}
    show_in_3d: bool = False
    job: str = ""


class LoadDemo(Command):
    """Open the demo scene: a CT chest with its segmentation and points, volume rendered."""

    job: str = ""


class SelectNodes(Command):
    """List nodes by exact id, or by class (is-a) and exact name."""

    id: str | None = None
    class_name: str | None = None
    name: str | None = None


class Execute(Command):
    """Run Python source in the scene process's persistent namespace; refused unless the process was started with exec."""

    source: str


class Snapshot(Command):
    """Ask for the state of all views, to put back after a restart."""


class Restore(Command):
    """Put back what `Snapshot` gave."""

    views: dict[str, ViewPatch]


AnyCommand = (
    Describe | OpenView | SetView | Pointer | Frame | CancelFrames | SlicePicture | ThreeDPicture | Track
    | Load | LoadDemo | SelectNodes | Execute | Snapshot | Restore
)  # fmt: skip


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


class LoadResult(msgspec.Struct):
    """Nodes that a load made, main one first, and what the reader had to say."""

    nodes: list[Node]
    warnings: list[str] = []


class ViewInfo(msgspec.Struct):
    """A view's canonical name, kind and whole state (fields of docs/stream.md)."""

    view: str
    kind: Literal["slice", "threeD"]
    rev: int
    state: dict[str, Any]


class PictureInfo(msgspec.Struct):
    """What an encoded picture shows; the bytes travel beside it. An empty body with `unchanged` set is HTTP's 304.

    `place` holds the state fields that put `view` back where the picture shows it: who has seen the picture can rely on
    that even if the process dies before it has announced the change.
    """

    etag: str
    format: PictureFormat
    width: int
    height: int
    rev: int = 0
    n: int = 0
    unchanged: bool = False
    coarse: bool = False
    lossless: bool = False
    quality: int = 0
    state_time: float = 0.0
    wait_us: int = 0
    render_us: int = 0
    encode_us: int = 0
    view: str = ""
    place: dict[str, Any] = {}


class ViewChanged(msgspec.Struct, tag=True):
    """Event: a view shows something new. `patch` holds the changed state fields and may be empty (other content)."""

    view: str
    rev: int
    patch: dict[str, Any]
    by: str = ""


class SceneChanged(msgspec.Struct, tag=True):
    """Event: the scene's lists changed."""

    info: SceneInfo


class Progress(msgspec.Struct, tag=True):
    """Event: how far long work has come; `fraction` is None while unknown."""

    job: str
    text: str
    fraction: float | None = None


class Started(msgspec.Struct, tag=True):
    """Event: the process is up and the scene can answer."""

    pid: int
    info: SceneInfo


class Beat(msgspec.Struct, tag=True):
    """Event: the process's input thread is alive; the scene thread has been busy with `command` for `busy_s`."""

    busy_s: float
    command: str = ""


AnyEvent = ViewChanged | SceneChanged | Progress | Started | Beat


def require_finite(patch: ViewPatch, limit: float = 1e7) -> ViewPatch:
    """Return `patch` unless a number in it is not finite or absurdly large: a camera at infinity can hang a renderer.

    Raises:
        ValueError: naming the field.
    """

    def check(name: str, value: Any) -> None:
        if isinstance(value, bool | str) or value is None:
            return
        if isinstance(value, int | float):
            if not math.isfinite(value) or abs(value) > limit:
                raise ValueError(f"{name} is not a number in range")
        elif isinstance(value, msgspec.Struct):
            for field in value.__struct_fields__:
                check(f"{name}.{field}", getattr(value, field))
        else:
            for item in value:
                check(name, item)

    for field in patch.__struct_fields__:
        check(field, getattr(patch, field))
    if patch.slice_to_ras is not None and len(patch.slice_to_ras) != 16:
        raise ValueError("slice_to_ras needs 16 numbers")
    if patch.fov is not None and min(patch.fov) <= 0:
        raise ValueError("fov must be positive")
    return patch
