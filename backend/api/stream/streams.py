"""One opened view of one client: what it wants, what it has been sent, and when its still is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from backend.api.stream import header as h
from backend.api.stream.pacing import TARGETS
from backend.config import Settings
from backend.render.video import VideoCodec
from backend.scene import commands as c

CODECS = ("jpeg", "png")
"""Every client can show these."""
VIDEOS = frozenset(get_args(VideoCodec))
"""Some can these too, where the server has them."""

RAYS_SHARE = 0.6  # of a moving picture's time, for its rays; the rest is for geometry, encoding and the way
REST_LEAST_S = 0.150
LOSSLESS_AFTER_S = 0.500
UNFOCUSED_FPS = 10.0
JITTER_S = 0.002  # input at exactly the rate of the pictures must not be held up

PLACE_FIELDS = ("slice_to_ras", "fov", "camera")
TILE_PX, TILE_LEAST_PX = 256, 64
TILE_S = 0.050  # of the link, for one tile
WHOLE_S = 0.100  # of the link, for a still sent in one piece
LOSSLESS_GROWTH = 5.0  # bytes of a lossless still for each of the lossy one before, until one has been seen

Stage = Literal["moving", "refined", "tiling", "done"]
Tile = tuple[int, int, int, int]


@dataclass
class Stream:
    """A view on a connection. Times are seconds of the event loop's clock."""

    number: int
    view: str
    kind: str
    size: tuple[int, int]
    ref: Any = None
    still: str = "lossless"
    prefer: str = "balanced"
    max_fps: float = 60.0
    visible: bool = True
    wanted: bool = True
    busy: bool = False
    stage: Stage = "moving"
    seq: int = 0
    rev: int = 0
    started: tuple[float, float] = (0.0, 0.0)
    """Starts of the last two moving pictures, the older first."""
    served_at: float = 0.0
    moved_at: float = 0.0
    stats: bool = False
    etag: str = ""
    """Of the newest whole picture sent: the same again is said in 64 bytes."""
    refined_bytes: int = 0
    tiles: list[Tile] = field(default_factory=list)
    """What is left to send of a lossless still, x, y, width, height in pixels; all of the revision `rev`."""
    camera: str = ""
    """Name of its own camera, empty for the shared one."""
    place: dict[str, Any] = field(default_factory=dict)
    """Where its own camera was last, in fields of the state."""
    look_at: tuple[float, float] = (0.5, 0.5)
    """Where the user's pointer was last, in fractions of the view: tiles there come first."""
    ages: list[float] = field(default_factory=list)
    has_video: bool = False
    """Whether the client has the picture of the video that was made last, so that only what changed need follow."""

    @property
    def target_s(self) -> float:
        """Time a moving picture may take on the link."""
        return TARGETS[self.prefer]

    def want(self, now: float) -> None:
        """Something new is to be shown: any refinement starts over."""
        self.wanted, self.stage, self.moved_at = True, "moving", now
        self.tiles.clear()

    def use(self, camera: str, now: float) -> None:
        """Look from another camera, whose revisions are its own."""
        self.camera, self.place, self.rev = camera, {}, 0
        self.want(now)

    def saw(self, state: dict[str, Any]) -> None:
        """Remember where the own camera is."""
        self.place.update({name: state[name] for name in PLACE_FIELDS if name in state})

    def next_due(self, focused: bool, others_move: bool, beat_s: float = 0.0) -> float:
        """When the next moving picture may start: unfocused views give way while another is dragged, watchers keep to a beat.

        Two pictures may start in the time of two, so that they follow the input's own beat and not a beat behind it.
        """
        fps = self.max_fps if focused or not others_move else min(self.max_fps, UNFOCUSED_FPS)
        due = self.started[0] + 2.0 / fps - JITTER_S
        return max(due, (self.started[1] // beat_s + 1) * beat_s) if beat_s else due

    def still_due(self, rtt: float | None) -> float | None:
        """When the next refinement is due if nothing changes, None if there is none to come."""
        if self.still == "off" or self.wanted or not self.visible or self.seq == 0 or self.stage == "done":
            return None
        if self.stage == "tiling":
            return self.served_at
        if self.stage == "refined":
            return self.served_at + LOSSLESS_AFTER_S if self.still == "lossless" else None
        return self.moved_at + max(REST_LEAST_S, 2 * (rtt or 0.0))

    def plan_tiles(self, width: int, height: int, rate: float | None) -> None:
        """Lay out a lossless still of this size for a link of `rate` bytes/s; nothing where it fits in one piece."""
        expected = self.refined_bytes * LOSSLESS_GROWTH
        if rate is None or expected <= rate * WHOLE_S:
            return
        side = (rate * TILE_S * width * height / expected) ** 0.5
        side = int(min(max(side // 32 * 32, TILE_LEAST_PX), TILE_PX))
        corners = [(x, y) for y in range(0, height, side) for x in range(0, width, side)]
        tiles = [(x, y, min(side, width - x), min(side, height - y)) for x, y in corners]
        centre = (self.look_at[0] * width, self.look_at[1] * height)
        self.tiles = sorted(tiles, key=lambda t: (t[0] + t[2] / 2 - centre[0]) ** 2 + (t[1] + t[3] / 2 - centre[1]) ** 2)

    def pixels(self, settings: Settings, scale: float = 1.0) -> tuple[int, int]:
        """Pixels of the pictures: what the client wishes, within the limits, smaller by `scale`."""
        limit = min(settings.max_pixels, settings.max_side_px**2)
        width, height = (min(side, settings.max_side_px) for side in self.size)
        shrink = min(1.0, (limit / (width * height)) ** 0.5) * scale
        return max(1, round(width * shrink)), max(1, round(height * shrink))

    def picture(self, what: str, settings: Settings, moving: tuple[int, float]) -> c.Picture:
        """How the next picture is wanted; `moving` is the quality and the scale of those that the link can carry now."""
        if what == "moving":
            quality, scale = moving
            return c.Picture(*self.pixels(settings, scale), "jpeg", quality, "420")
        width, height = self.pixels(settings)
        return c.Picture(width, height, "jpeg", 95, "444") if what == "refined" else c.Picture(width, height, "png")

    def frame(
        self, what: str, settings: Settings, by: str, moving: tuple[int, float], videos: tuple[VideoCodec, ...]
    ) -> c.Frame:
        """The command for the next picture of client `by`; `moving` as in `picture`, or one of `videos` where there are any."""
        tile = self.tiles[0] if what == "tile" else None
        command = c.Frame(
            self.view, self.picture(what, settings, moving), by, what != "moving", self.target_s * RAYS_SHARE, tile, self.camera
        )
        if what == "moving" and videos:
            command.video, command.codecs = "next" if self.has_video else "whole", videos
            self.has_video = False  # until it is sent
        return command

    def took(self, what: str, info: c.PictureInfo, data: bytes, tile: Tile | None, now: float) -> int:
        """Count a picture that is about to be sent; returns the kind of its message."""
        kind = h.VIDEO if info.format in VIDEOS else h.WHOLE if tile is None else h.TILE
        if tile is not None:
            self.tiles.remove(tile)
        elif info.etag and info.etag == self.etag:
            kind = h.UNCHANGED
        else:
            self.etag = info.etag
        if what == "refined" and kind != h.UNCHANGED:
            self.refined_bytes = len(data)
        self.seq += 1
        self.rev = max(self.rev, info.rev)
        self.served_at = now
        return kind

    def header(self, kind: int, what: str, info: c.PictureInfo, n: int, length: int, tile: Tile | None, codec: int) -> h.Header:
        """What goes before a picture just counted; `n` is the client's newest counter that it shows, `codec` the codec byte."""
        flags = (h.KEY if info.whole else 0) | (h.COARSE if info.coarse else 0)
        if not self.tiles:
            flags |= h.COMPLETE
        if what != "moving":
            flags |= h.STILL
        if info.lossless:
            flags |= h.LOSSLESS
        return h.Header(
            kind, self.number, self.seq, info.rev, n, codec, flags, info.quality,
            (info.width, info.height), self.size, info.state_time, info.wait_us, info.render_us, info.encode_us, length,
            tile or (0, 0, 0, 0),
        )  # fmt: skip


def stage_after(what: str, tiles_left: bool) -> Stage:
    """How far a stream's standing picture has come once this was sent."""
    if what == "tile":
        return "tiling" if tiles_left else "done"
    return "done" if what == "lossless" else "refined" if what == "refined" else "moving"
