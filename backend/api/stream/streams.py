"""One opened view of one client: what it wants, what it has been sent, and when its still is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.api.stream.pacing import TARGETS

REST_LEAST_S = 0.150
LOSSLESS_AFTER_S = 0.500
UNFOCUSED_FPS = 10.0
JITTER_S = 0.002  # input at exactly the rate of the pictures must not be held up

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
    look_at: tuple[float, float] = (0.5, 0.5)
    """Where the user's pointer was last, in fractions of the view: tiles there come first."""
    ages: list[float] = field(default_factory=list)

    @property
    def target_s(self) -> float:
        """Time a moving picture may take on the link."""
        return TARGETS[self.prefer]

    def want(self, now: float) -> None:
        """Something new is to be shown: any refinement starts over."""
        self.wanted, self.stage, self.moved_at = True, "moving", now
        self.tiles.clear()

    def next_due(self, focused: bool, others_move: bool) -> float:
        """When the next moving picture may start: unfocused views give way while another is dragged.

        Two pictures may start in the time of two, so that they follow the input's own beat and not a beat behind it.
        """
        fps = self.max_fps if focused or not others_move else min(self.max_fps, UNFOCUSED_FPS)
        return self.started[0] + 2.0 / fps - JITTER_S

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
