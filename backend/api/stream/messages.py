"""What clients may say on the stream, checked on arrival (docs/stream.md)."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec

from backend.api.stream.members import Role
from backend.scene.commands import MarkupPatch, ViewPatch

Side = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Size = tuple[Side, Side]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Coordinate = Annotated[float, msgspec.Meta(ge=-1e7, le=1e7)]
SHORTEST_QUATERNION = 1e-6


class Message(msgspec.Struct, tag_field="type", tag=lambda name: name.lower()):
    """Base of all messages: `type` is the class name in lower case."""


class ResumeKey(msgspec.Struct):
    """What `welcome` gave."""

    id: str
    secret: str


class Hello(Message):
    """First message of a client."""

    protocol: list[int] = msgspec.field(default_factory=lambda: [1])
    client: str = ""
    name: str = ""
    role: Role = "steer"
    codecs: list[str] = msgspec.field(default_factory=lambda: ["jpeg", "png"])
    max_pixels: int = 16_000_000
    resume: ResumeKey | None = None


CameraKind = Literal["shared", "own"]


class ViewWish(msgspec.Struct):
    """One view to open."""

    view: str
    size: Size
    ref: Any = None
    still: Literal["lossless", "high", "off"] = "lossless"
    prefer: Literal["smooth", "balanced", "sharp"] = "balanced"
    max_fps: Annotated[float, msgspec.Meta(ge=1, le=240)] = 60.0
    camera: CameraKind = "shared"


class Open(Message):
    """Open one view (fields of `ViewWish`) or several."""

    view: str | None = None
    size: Size | None = None
    ref: Any = None
    still: Literal["lossless", "high", "off"] = "lossless"
    prefer: Literal["smooth", "balanced", "sharp"] = "balanced"
    max_fps: Annotated[float, msgspec.Meta(ge=1, le=240)] = 60.0
    camera: CameraKind = "shared"
    views: Annotated[list[ViewWish], msgspec.Meta(max_length=64)] | None = None


class Resize(Message):
    """New size of a stream, device pixels."""

    stream: int
    size: Size


class Visible(Message):
    """Whether the stream can be seen."""

    stream: int
    visible: bool


class Focus(Message):
    """The stream whose user acts."""

    stream: int


class Close(Message):
    """Close a stream."""

    stream: int


class Camera(Message):
    """Look around by oneself, from where the shared camera is, or look with the others again."""

    stream: int
    camera: CameraKind


class Set(Message):
    """Absolute values for a stream's view."""

    stream: int
    n: Number
    patch: ViewPatch


class Track(Message):
    """Move the tracked tool's cursor, as the command `Track` does; the stream is the one that its user looks at."""

    stream: int
    n: Number
    matrix: Annotated[list[Coordinate], msgspec.Meta(min_length=9, max_length=16)] | None = None
    position: tuple[Coordinate, Coordinate, Coordinate] | None = None
    quaternion: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None = None

    def __post_init__(self) -> None:
        """The scene would refuse it too, but answers no stream message."""
        if self.quaternion is not None and math.hypot(*self.quaternion) < SHORTEST_QUATERNION:
            raise ValueError("quaternion is no rotation")


class Markup(Message):
    """Change a markup while it is dragged; all of one `gesture` is one step of undo."""

    stream: int
    n: Number
    id: str
    patch: MarkupPatch
    gesture: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Input(Message):
    """Raw events for a stream's view."""

    stream: int
    n: Number
    size: Size
    events: Annotated[list[list[Any]], msgspec.Meta(max_length=256)]


class Ack(Message):
    """A picture has been drawn."""

    stream: int
    seq: Number
    recv: float = 0.0
    shown: float = 0.0
    skipped: int = 0


class Probe(Message):
    """Asks for the time."""

    id: Any = None
    t: float = 0.0
    time: float | None = None


class Stats(Message):
    """Switch a stream's statistics on or off."""

    stream: int
    on: bool = True


class Presence(Message):
    """Where this client's user points: a view, and a place in it in RAS mm."""

    view: str = ""
    point: tuple[float, float, float] | None = None
    tool: str = ""


class Introduce(Message):
    """What this client's user is called from now on."""

    name: str


class Grant(Message):
    """Give somebody a role."""

    who: str
    role: Role


class Codecs(Message):
    """What the client can show from now on: its decoder of video does not work."""

    codecs: Annotated[list[str], msgspec.Meta(max_length=16)]


class Call(Message):
    """A question."""

    id: Any = None
    method: str = ""
    args: Any = None


ViewMessage = Open | Resize | Visible | Focus | Close | Camera | Set | Input | Ack | Stats
AnyMessage = Hello | ViewMessage | Track | Markup | Probe | Presence | Introduce | Grant | Codecs | Call
decode = msgspec.json.Decoder(AnyMessage).decode
KNOWN = frozenset(kind.__name__.lower() for kind in AnyMessage.__args__)
