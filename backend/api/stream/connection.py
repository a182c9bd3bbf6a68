"""One stream client: its views, its credits, and the one task that decides what is drawn next.

Nothing here is shared with other connections, so a slow or dead client costs the others nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog

from backend import metrics
from backend.api.stream import header as h
from backend.api.stream import messages as m
from backend.api.stream.audience import Audience
from backend.api.stream.calls import Calls
from backend.api.stream.members import Member
from backend.api.stream.pacing import Pacer
from backend.api.stream.streams import CODECS, Stream, Tile, stage_after
from backend.config import Settings
from backend.errors import NoDriverError, SlicecastError, SupersededError, UnavailableError
from backend.render.video import VideoCodec
from backend.scene import commands as c
from backend.sessions.frames import SharedFrames
from backend.sessions.kept import patch_of
from backend.sessions.session import Session
from backend.sessions.tool import send_pose

log = structlog.get_logger("stream")
SEND_TIMEOUT_S = 10.0
RETRY_S = 0.5
MOTION_MEMORY_S = 0.3

SendText = Callable[[dict[str, Any]], None]
SendBytes = Callable[[bytes], Awaitable[None]]


class Connection:
    """What the server knows of a client; outlives its socket for a while, so that the client may come back."""

    def __init__(self, session: Session, settings: Settings, frames: SharedFrames, audience: Audience) -> None:
        self.id, self.secret = secrets.token_hex(8), secrets.token_hex(16)
        self._session, self._settings, self._frames, self._audience = session, settings, frames, audience
        self.member: Member | None = None
        self.streams: dict[int, Stream] = {}
        self.calls = Calls(session, self._stream)
        self._last_stream = 0
        self._focus = self._cameras = 0
        self._told_n = self._floor_n = 0
        self._acted_at = float("-inf")
        self._socket: tuple[SendText, SendBytes] | None = None
        self._pacer = Pacer()
        self.shows: set[str] = set()
        self.codecs: list[str] = list(CODECS)
        """What the codec byte of pictures means to this client."""
        self._wake = asyncio.Event()
        self._pump_task: asyncio.Task[None] | None = None
        self._drawing: set[asyncio.Task[None]] = set()

    # -- socket --------------------------------------------------------------------------------------------------

    def attach(self, send_text: SendText, send_bytes: SendBytes) -> None:
        """A socket is there (again): start sending, every picture afresh."""
        self._socket, self._pacer = (send_text, send_bytes), Pacer()
        self._floor_n = self._told_n  # whatever is drawn from now on has all that it said before
        for stream in self.streams.values():
            stream.seq, stream.busy, stream.etag, stream.has_video = 0, False, "", False
            stream.want(self._now())
        self._pump_task = asyncio.create_task(self._pump())

    def detach(self) -> None:
        """The socket has gone."""
        self._socket = None
        if self._pump_task is not None:
            self._pump_task.cancel()
        for task in list(self._drawing):
            task.cancel()
        self._session.tell(c.CancelFrames(self.id))

    def greet(self, shows: Iterable[str]) -> None:
        """A client is there (again) that can show this: `codecs` is what it is told."""
        self.shows = set(shows)
        self.codecs = [*CODECS, *self._shown_videos()]

    def _shown_videos(self) -> tuple[VideoCodec, ...]:
        return tuple(name for name in self._session.info.videos if name in self.shows)

    def _videos(self) -> tuple[VideoCodec, ...]:
        """The video that the scene codes and the client shows; the client is told what it has not heard of yet."""
        videos = self._shown_videos()
        if new := [name for name in videos if name not in self.codecs]:
            self.codecs += new
            self.say("codecs", codecs=self.codecs)
        return videos

    def say(self, kind: str, **fields: Any) -> None:
        """Send a control message; nothing happens without a socket."""
        if self._socket is not None:
            self._socket[0]({"type": kind, **fields})

    # -- messages ------------------------------------------------------------------------------------------------

    async def open(self, wish: m.ViewWish) -> None:
        """Open a view.

        Raises:
            SlicecastError: no such view, too many, or the scene is away.
        """
        if len(self.streams) >= self._settings.stream_views:
            raise UnavailableError(f"at most {self._settings.stream_views} views can be open")
        camera = self._new_camera(wish.view) if wish.camera == "own" else ""
        try:
            info = await self._session.ask(c.OpenView(wish.view, camera), c.ViewInfo)
        except BaseException:
            self._close_camera(camera)
            raise
        self._last_stream += 1
        stream = Stream(self._last_stream, info.view, info.kind, wish.size, wish.ref, wish.still, wish.prefer, wish.max_fps)
        stream.camera = camera
        self.streams[stream.number] = stream
        stream.want(self._now())
        self._say_view("opened", stream, info)
        self._wake.set()

    async def reopen_all(self) -> None:
        """Tell a client that came back what its streams show now."""
        for stream in list(self.streams.values()):
            await self._tell_camera("opened", stream, stream.camera)

    def _say_view(self, kind: str, stream: Stream, info: c.ViewInfo) -> None:
        camera = "own" if stream.camera else "shared"
        stream.saw(info.state)
        self.say(kind, ref=stream.ref, stream=stream.number, view=info.view, rev=info.rev, camera=camera, state=info.state)

    # -- own cameras ---------------------------------------------------------------------------------------------

    def use_camera(self, number: int, kind: m.CameraKind) -> Awaitable[None]:
        """Give a stream its own camera, or the shared one, from the next message on; await the telling of it."""
        stream = self._stream(number)
        if (kind == "own") != bool(stream.camera):
            self._close_camera(stream.camera)
            stream.use(self._new_camera(stream.view) if kind == "own" else "", self._now())
            self._wake.set()
        return self._tell_camera("camera", stream, stream.camera)

    async def _tell_camera(self, kind: str, stream: Stream, camera: str) -> None:
        try:
            info = await self._session.ask(c.OpenView(stream.view, camera), c.ViewInfo)
        except SlicecastError:
            if self._shows(stream, camera):  # else it has another by now, which is told by itself
                raise
        else:
            if self._shows(stream, camera):
                self._say_view(kind, stream, info)

    def has_own_camera(self, number: int) -> bool:
        """Whether what moves this stream's view moves nobody else's."""
        return number in self.streams and bool(self.streams[number].camera)

    def forget(self) -> None:
        """The client will not come back."""
        for stream in self.streams.values():
            self._close_camera(stream.camera)

    def _new_camera(self, view: str) -> str:
        self._cameras += 1
        self._session.tell(c.OwnCamera(view, camera := f"{self.id}/{self._cameras}"))
        return camera

    def _shows(self, stream: Stream, camera: str) -> bool:
        """Whether the stream is still open and looks from this camera."""
        return self.streams.get(stream.number) is stream and stream.camera == camera

    def _close_camera(self, camera: str) -> None:
        if camera:
            self._session.tell(c.CloseCamera(camera))

    def close(self, number: int, reason: str = "closed by the client") -> None:
        """Close a stream."""
        if (stream := self.streams.pop(number, None)) is not None:
            self._close_camera(stream.camera)
            self._pacer.forget(number)
            self.say("closed", stream=number, reason=reason)
            self._wake.set()

    def resize(self, number: int, size: tuple[int, int]) -> None:
        """A stream has another size."""
        stream = self._stream(number)
        if stream.size != size:
            stream.size = size
            stream.want(self._now())
            self._wake.set()

    def set_visible(self, number: int, visible: bool) -> None:
        """A stream can be seen, or not."""
        stream = self._stream(number)
        if visible and not stream.visible:
            stream.want(self._now())
        stream.visible = visible
        self._wake.set()

    def focus(self, number: int) -> None:
        """The user acts on this stream."""
        self._focus = self._stream(number).number

    def set_state(self, message: m.Set) -> None:
        """Pass new values on: to the stream's own camera what that has to itself, to the shared view the rest."""
        patch = c.require_finite(message.patch)
        own, shared = c.split_patch(patch) if self.has_own_camera(message.stream) else (None, patch)
        if shared is not None:
            self.change(message.stream, message.n, lambda s: c.SetView(s.view, shared, self.id, message.n))
        if own is not None or shared is None:
            pose = (own or c.ViewPatch(), self.id, message.n)
            self.change(message.stream, message.n, lambda s: c.SetView(s.view, *pose, s.camera))

    def change(self, number: int, n: int, command: Callable[[Stream], c.SetView | c.Pointer]) -> None:
        """Pass a change of state on, and draw."""
        stream = self._stream(number)
        self._told_n = max(self._told_n, n)
        self._focus, self._acted_at = number, self._now()
        stream.want(self._acted_at)
        self._session.tell(command(stream))
        self._wake.set()

    def input(self, message: m.Input, looks_only: bool) -> None:
        """Pass raw input on; with `looks_only` it changes nothing but where the view looks from."""
        pointed = (message.events, message.size, self.id, message.n)
        self.change(message.stream, message.n, lambda s: c.Pointer(s.view, *pointed, s.camera, looks_only))

    def track(self, message: m.Track) -> None:
        """Move the tracked tool."""
        self._stream(message.stream)
        pose = (message.matrix, message.position, message.quaternion)
        command = c.Track(*(None if part is None else list(part) for part in pose))
        if command.is_whole:
            with contextlib.suppress(UnavailableError):  # as with every change, nobody is told while the scene restarts
                send_pose(self._session, command)
        else:
            self._session.tell(command)
        self._show(message)

    def change_markup(self, message: m.Markup) -> None:
        """Change a markup, as a drag does."""
        self._stream(message.stream)
        self._session.tell(c.ChangeMarkup(message.id, message.patch, self._settings.max_points, message.gesture))
        self._show(message)

    def _show(self, message: m.Track | m.Markup) -> None:
        """Draw what was changed beside the view: an empty change carries the client's counter into the picture of it."""
        self.change(message.stream, message.n, lambda s: c.SetView(s.view, c.ViewPatch(), self.id, message.n, s.camera))

    def acknowledge(self, ack: m.Ack) -> None:
        """The client has drawn a picture."""
        rtt = self._pacer.acknowledged(ack.stream, ack.seq, self._now())
        if rtt is not None:
            metrics.observe_way("ack", rtt)
        self._wake.set()

    def revive(self) -> None:
        """A message has come: a client that looked stalled gets pictures again."""
        if self._pacer.stalled(self._now()):
            self._pacer.flying.clear()
            self._wake.set()

    def set_stats(self, number: int, on: bool) -> None:
        """Statistics once a second, or no more."""
        stream = self._stream(number)
        if on and not stream.stats:
            stream.stats = True
            asyncio.get_running_loop().call_later(1.0, self._say_stats, number, stream.seq)
        stream.stats = on

    def _say_stats(self, number: int, seq: int) -> None:
        if (stream := self.streams.get(number)) is None or not stream.stats or self._socket is None:
            return
        quality, scale = self._pacer.quality
        self.say("stats", stream=number, fps=stream.seq - seq, rate=self._pacer.rate, rtt=self._pacer.rtt,
                 quality=quality, scale=scale, window=self._pacer.window,
                 limited_by="link" if not self._pacer.has_room else "render")  # fmt: skip
        asyncio.get_running_loop().call_later(1.0, self._say_stats, number, stream.seq)

    def _stream(self, number: int) -> Stream:
        found = self.streams.get(number)
        if found is None:
            raise UnavailableError(f"no stream {number} is open")
        return found

    # -- events of the scene -------------------------------------------------------------------------------------

    def on_view_changed(self, event: c.ViewChanged) -> None:
        """A view shows something new."""
        now = self._now()
        showing = [s for s in self.streams.values() if (s.view, s.camera) == (event.view, event.camera)]
        for stream in showing:
            if event.rev > stream.rev and not stream.wanted:
                stream.want(now)
        if showing:  # once, even if it is open twice
            own = {"stream": showing[0].number} if event.camera else {}
            showing[0].saw(event.patch)
            self.say("state", view=event.view, rev=event.rev, patch=event.patch, by=event.by or None, **own)
            self._wake.set()

    def on_scene_back(self) -> None:
        """The scene process was started anew: its revisions and counters begin again."""
        self._floor_n = self._told_n
        for stream in self.streams.values():
            stream.rev = 0
            if stream.camera:
                pose = c.split_patch(patch_of(stream.place))[0] if stream.place else None
                self._session.tell(c.OwnCamera(stream.view, stream.camera, pose))
            stream.want(self._now())
        self._wake.set()

    # -- sending -------------------------------------------------------------------------------------------------

    async def _pump(self) -> None:
        while self._socket is not None:
            self._wake.clear()
            now = self._now()
            due = self._start_what_is_due(now)
            try:
                async with asyncio.timeout(None if due is None else max(0.001, due - now)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _start_what_is_due(self, now: float) -> float | None:
        """Start drawing all that may be drawn now; returns when to look again, None if only an event can change anything."""
        if self._pacer.stalled(now):
            return None
        dues: list[float] = []
        moving = any(s.wanted or now - s.moved_at < MOTION_MEMORY_S for s in self.streams.values())
        order = sorted(self.streams.values(), key=lambda s: (s.number != self._focus, s.served_at))
        drawing = sum(1 for s in order if s.busy and s.stage == "moving")
        beat_s = self._audience.beat_s(self._acted_at, now)
        for stream in order:
            if stream.busy or not stream.visible:
                continue
            if stream.wanted:
                due = stream.next_due(stream.number == self._focus or not self._focus, moving, beat_s)
                if due > now:
                    dues.append(due)
                elif len(self._pacer.flying) + drawing < self._pacer.window:
                    drawing += 1
                    self._start(stream, "moving")
                else:
                    self._pacer.had_to_wait()
            elif stream.tiles:
                if len(self._pacer.flying) + drawing < self._pacer.window:
                    self._start(stream, "tile")
            elif not any(key[0] == stream.number for key in self._pacer.flying):
                due_still = stream.still_due(self._pacer.rtt)
                if due_still is not None and due_still > now:
                    dues.append(due_still)
                elif due_still is not None:
                    self._start_still(stream)
        if self._pacer.flying:
            dues.append(now + 1.0)  # to notice a stall
        return min(dues, default=None)

    def _start_still(self, stream: Stream) -> None:
        if stream.stage == "moving":
            self._start(stream, "refined")
            return
        stream.plan_tiles(*stream.pixels(self._settings), self._pacer.rate)
        self._start(stream, "tile" if stream.tiles else "lossless")

    def _start(self, stream: Stream, what: str) -> None:
        stream.busy = True
        if what == "moving":
            stream.wanted, stream.started = False, (stream.started[1], self._now())
        task = asyncio.create_task(self._draw(stream, what))
        self._drawing.add(task)
        task.add_done_callback(self._drawing.discard)

    async def _draw(self, stream: Stream, what: str) -> None:
        moved_at, camera = stream.moved_at, stream.camera
        try:
            videos = self._videos() if self._pacer.is_narrow else ()
            command = stream.frame(what, self._settings, self.id, self._pacer.quality, videos)
            tile = command.tile
            info, data = await self._frames.get(command)
            if not self._shows(stream, camera):  # its revision says nothing of what is wanted now
                stream.want(self._now())
                return
            if camera:
                stream.saw(info.place)
            if tile is not None and (stream.moved_at != moved_at or info.rev != stream.rev):
                stream.want(self._now())  # the whole that it would be part of is not there any more
                return
            await self._send(stream, what, info, data, tile)
            if stream.moved_at == moved_at:
                stream.stage = stage_after(what, bool(stream.tiles))
        except SupersededError:
            stream.want(self._now())  # the newer state may be another client's; its rest begins anew as well
        except SlicecastError as error:
            is_away = isinstance(error, UnavailableError) and not isinstance(error, NoDriverError)
            if is_away:
                await asyncio.sleep(RETRY_S)
            if is_away or not self._shows(stream, camera):
                stream.want(self._now())
                return
            stream.stage = "done"
            self.say("error", code="not_drawn", message=str(error), **{"for": stream.ref})
        except (ConnectionError, TimeoutError):
            log.info("socket lost while sending", client=self.id)
        finally:
            stream.busy = False
            self._wake.set()

    async def _send(self, stream: Stream, what: str, info: c.PictureInfo, data: bytes, tile: Tile | None) -> None:
        if self._socket is None:
            return
        n = max(info.applied.get(self.id, 0), self._floor_n)
        kind = stream.took(what, info, data, tile, self._now())
        data = b"" if kind == h.UNCHANGED else data
        head = stream.header(kind, what, info, n, len(data), tile, self.codecs.index(info.format))
        self._pacer.target_s = stream.target_s
        self._pacer.sent(stream.number, stream.seq, len(data), self._now())
        metrics.STREAM_PICTURES.labels(what).inc()
        metrics.STREAM_BYTES.inc(len(data))
        metrics.observe_picture("stream", info.wait_us, info.render_us, info.encode_us)
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._socket[1](head.pack() + data)
        stream.has_video = stream.has_video or kind == h.VIDEO
        metrics.observe_way("send", self._now() - stream.served_at)

    @staticmethod
    def _now() -> float:
        return time.monotonic()
