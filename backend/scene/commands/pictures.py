"""Pictures of views, for the stream and for the Slicer API."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from backend.render.video import VideoCodec
from backend.scene.commands.base import Command, PictureFormat
from backend.scene.commands.views import ViewPatch


class Picture(msgspec.Struct, omit_defaults=True):
    """How a picture is wanted: pixels, encoding, and what the asker already has."""

    width: int
    height: int
    format: PictureFormat = "png"
    quality: int = 85
    subsampling: Literal["420", "444"] = "420"
    lossless: bool = False
    if_none_match: tuple[str, ...] = ()


class Frame(Command):
    """A picture of the view's newest state for client `by`: while moving, or at full quality when `still`.

    `camera` as in `SetView`.
    """

    lane = "free"
    view: str
    picture: Picture
    by: str = ""
    still: bool = False
    budget_s: float = 0.033
    tile: tuple[int, int, int, int] | None = None
    """Only this part: x, y, width, height in pixels of the whole picture, which is then drawn once for all its tiles."""
    camera: str = ""
    video: Literal["", "next", "whole"] = ""
    """Coded as video for `by`: by what changed since the picture before, or as a whole that needs none before it. What no
    encoder takes comes as `picture` has it."""
    codecs: tuple[VideoCodec, ...] = ()
    """Those of video that `by` shows."""


class CancelFrames(Command):
    """Stop refining the stills of client `by`: it has gone or has something newer to do."""

    lane = "free"
    by: str
    view: str | None = None


class SlicePicture(Command):
    """The Slicer API's `/slice`: apply the parameters, which last, then picture the view.

    `forgiving`: a name of no slice view means red, as in Slicer. `drag`: the offset is relative to the one kept by `start`.
    """

    lane = "pictures"
    view: str
    picture: Picture
    forgiving: bool = False
    drag: Literal["", "start", "drag"] = ""
    patch: ViewPatch = msgspec.field(default_factory=ViewPatch)
    scroll_to: float | None = None
    copy_geometry_from: str | None = None
    overlays: bool = False
    labels: bool = False
    grey: bool = False


class ThreeDPicture(Command):
    """The Slicer API's `/threeD`: move the camera if asked, which lasts, then picture the view.

    `forgiving`: a name of no 3D view means the first, as in Slicer.
    """

    lane = "pictures"
    view: str
    picture: Picture
    forgiving: bool = False
    look_from: str | None = None
    start: bool = False
    roll: float = 0.0
    pan: tuple[float, float] = (0.0, 0.0)
    orbit: tuple[float, float] = (0.0, 0.0)


class PictureInfo(msgspec.Struct):
    """What an encoded picture shows; the bytes travel beside it. An empty body with `unchanged` set is HTTP's 304.

    `place` holds the state fields that put `view` back where the picture shows it: who has seen the picture can rely on
    that even if the process dies before it has announced the change.
    """

    etag: str
    format: PictureFormat | VideoCodec
    width: int
    height: int
    rev: int = 0
    applied: dict[str, int] = msgspec.field(default_factory=dict)
    """Of each client: the newest of its counters whose change the picture shows."""
    unchanged: bool = False
    coarse: bool = False
    whole: bool = True
    """Not video that needs the picture before."""
    lossless: bool = False
    quality: int = 0
    state_time: float = 0.0
    wait_us: int = 0
    render_us: int = 0
    encode_us: int = 0
    view: str = ""
    place: dict[str, Any] = {}
