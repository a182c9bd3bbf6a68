"""Starts scene processes: a spawned Python of their own, talking over one end of a socket pair."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable

import msgspec
import structlog

from backend.children import environment, lines_of
from backend.config import Settings
from backend.scene.commands import AnyEvent
from backend.sessions.channel import Channel

log = structlog.get_logger("scene")
SOCKET_BUFFER_BYTES = 4 << 20


class SceneProcess:
    """A running scene process and the line to it."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.process, self.channel = process, channel
        self._reader = asyncio.create_task(self._log_stderr())

    @property
    def pid(self) -> int:
        """Process number."""
        return self.process.pid

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self.process.returncode is None:
            self.process.kill()

    async def stop(self, timeout_s: float) -> None:
        """Close the line and wait for its end."""
        self.channel.close()
        try:
            async with asyncio.timeout(timeout_s):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()
        await self._reader

    async def _log_stderr(self) -> None:
        assert self.process.stderr is not None
        async for text in lines_of(self.process.stderr):
            log.info("scene says", text=text, pid=self.pid)


async def launch(
    settings: Settings,
    on_event: Callable[[AnyEvent], None],
    on_lost: Callable[[], None],
    host: str = "backend.scene.host:SceneHost",
) -> SceneProcess:
    """Start a scene process; `Started` comes as an event when its scene can answer."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
    options = {
        "enable_exec": settings.enable_exec,
        "cache_mb": settings.picture_cache_mb,
        "threads": settings.render_threads,
        "prefetch_slices": settings.prefetch_slices,
        "max_files": settings.max_files,
        "max_views": settings.view_limit,
        "max_graphics_mb": settings.graphics_max_mb,
        "exec_timeout_s": settings.exec_timeout_s,
        "exec_output_kb": settings.exec_output_kb,
        "exec_result_mb": settings.exec_result_mb,
        "sample_catalogue": str(settings.sample_catalogue) if settings.sample_catalogue else None,
        "allow_path": [str(folder) for folder in settings.allow_path],
        "max_volume_mb": settings.max_volume_mb,
        "max_text_mb": settings.max_text_mb,
        "max_control_points": settings.max_control_points,
        "bundle_max_mb": settings.bundle_max_mb,
        "bundle_max_files": settings.bundle_max_files,
        "bundle_max_ratio": settings.bundle_max_ratio,
        "undo_steps": settings.undo_steps,
        "undo_mb": settings.undo_mb,
        "video_encoders": settings.video_encoders if settings.stream_video else [],
    }
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "backend.scene.process", str(theirs.fileno()), "--gateway", str(os.getpid()),
            "--host", host, "--gl", settings.gl, "--options", msgspec.json.encode(options).decode(),
            pass_fds=[theirs.fileno()], stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE, env=environment(), start_new_session=True,
        )  # fmt: skip
    finally:
        theirs.close()
    ours.setblocking(False)
    _transport, channel = await asyncio.get_running_loop().create_connection(lambda: Channel(on_event, on_lost), sock=ours)
    return SceneProcess(process, channel)
