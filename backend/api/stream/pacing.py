"""When a client has room for another picture, and how good it may be: pure rules, no socket and no clock inside.

The window of unacknowledged pictures is held by delay, once per round trip; quality follows the link's measured rate
(docs/stream.md; figures and reasons in docs/architecture.md).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

LADDER = ((80, 1.0), (70, 1.0), (60, 1.0), (45, 1.0), (35, 0.75), (30, 0.5))
WINDOW_LEAST, WINDOW_MOST = 2, 16
PATH_MEMORY_S = 10.0
SOLO_AFTER_S = 8.0
TARGETS = {"smooth": 1 / 30, "balanced": 1 / 20, "sharp": 1 / 10}
CHANGE_EVERY_S = 0.25
NARROW_BYTES_PER_S, WIDE_BYTES_PER_S = 1.25e6, 2.5e6
FAR_S = 0.045
RATE_LEAST_BYTES = 2000  # what is smaller tells of the delay and not of the rate


@dataclass
class Sent:
    """A picture under way."""

    at: float
    size: int
    alone: bool = False


@dataclass
class Pacer:
    """Flow control of one connection: all its streams share one link and one window. Times in seconds, sizes in bytes."""

    target_s: float = TARGETS["balanced"]
    window: int = WINDOW_LEAST
    level: int = 0
    rtt: float | None = None
    rate: float | None = None
    flying: dict[tuple[int, int], Sent] = field(default_factory=dict)
    last_ack: float = 0.0
    is_narrow: bool = False
    """Whether video pays: a far client to whom a JPEG is under way for longer than coding it as video takes."""
    _paths: deque[tuple[float, float]] = field(default_factory=deque)
    _round: list[float] = field(default_factory=list)
    _round_began: float = 0.0
    _waited: bool = False
    _solo: bool = False
    _slow_pictures: int = 0
    _good_since: float | None = None
    _changed_at: float = -1e9

    @property
    def has_room(self) -> bool:
        """Whether another picture may be started."""
        return len(self.flying) < (1 if self._solo else self.window)

    @property
    def quality(self) -> tuple[int, float]:
        """JPEG quality and scale of moving pictures."""
        return LADDER[self.level]

    def had_to_wait(self) -> None:
        """A picture was wanted and the window was full."""
        self._waited = True

    def sent(self, stream: int, seq: int, size: int, now: float) -> None:
        """A picture has been handed to the socket."""
        self.flying[stream, seq] = Sent(now, size, alone=not self.flying)

    def acknowledged(self, stream: int, seq: int, now: float) -> float | None:
        """The client has drawn this picture and passed all before it; returns its round trip, None if it was not under way."""
        picture = self.flying.get((stream, seq))
        if picture is None:
            return None
        for key in [key for key in self.flying if key[0] == stream and key[1] <= seq]:
            del self.flying[key]
        rtt = now - picture.at
        self.rtt = rtt
        self._solo = self._solo and not picture.alone
        self._measure_rate(picture, now)
        self._hold_window(rtt, now)
        self._adapt(picture.size, now)
        self.last_ack = now
        return rtt

    def forget(self, stream: int) -> None:
        """A stream was closed: what is under way of it will not be acknowledged."""
        for key in [key for key in self.flying if key[0] == stream]:
            del self.flying[key]

    def stalled(self, now: float) -> bool:
        """No acknowledgement for long: send nothing until a message comes."""
        if not self.flying:
            return False
        oldest = min(picture.at for picture in self.flying.values())
        return now - max(oldest, self.last_ack) > max(1.0, 4 * (self.rtt or 0.0))

    def _measure_rate(self, picture: Sent, now: float) -> None:
        if picture.size < RATE_LEAST_BYTES:
            return
        busy = picture.at < self.last_ack  # it was already under way when the one before was acknowledged
        rate = picture.size / max(1e-4, now - (self.last_ack if busy else picture.at))
        if self.rate is None or (not busy and rate > self.rate):
            self.rate = rate
        elif busy:
            self.rate = self.rate * 0.8 + rate * 0.2
            is_far = min((value for _at, value in self._paths), default=0.0) > FAR_S
            self.is_narrow = is_far and self.rate < (WIDE_BYTES_PER_S if self.is_narrow else NARROW_BYTES_PER_S)

    def _hold_window(self, rtt: float, now: float) -> None:
        self._paths.append((now, rtt))
        while now - self._paths[0][0] > PATH_MEMORY_S:
            self._paths.popleft()
        path, measured_at = min((value, at) for at, value in self._paths)
        if now - measured_at > SOLO_AFTER_S:
            self._solo = True  # let one picture pass alone, so that the path's own delay is not forgotten
        self._round.append(rtt)
        if now - self._round_began <= rtt or len(self._round) < 3:
            return
        queue = min(self._round) - path
        if queue > max(0.030, 0.25 * path):
            self.window = max(WINDOW_LEAST, self.window - 1)
        elif queue < max(0.008, 0.08 * path) and self._waited:
            self.window = min(WINDOW_MOST, self.window + 1)
        self._round_began, self._waited = now, False
        self._round.clear()

    def _adapt(self, size: int, now: float) -> None:
        predicted = size / (self.rate or 1e9)
        self._slow_pictures = self._slow_pictures + 1 if predicted > 1.4 * self.target_s else 0
        if predicted >= 0.6 * self.target_s:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = now
        if now - self._changed_at < CHANGE_EVERY_S:
            return
        if self._slow_pictures >= 3 and self.level < len(LADDER) - 1:
            self.level += 1
        elif self._good_since is not None and now - self._good_since > 1.0 and self.level > 0:
            self.level -= 1
            self._good_since = now
        else:
            return
        self._slow_pictures, self._changed_at = 0, now
