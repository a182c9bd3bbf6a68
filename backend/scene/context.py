"""What the parts of a scene host work on together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from backend.render.video import AUTO
from backend.scene.application import Application
from backend.scene.commands import AnyEvent, Command, SampleFile
from backend.scene.undo import History
from backend.scene.views import Views

Performer = Callable[[Any, float], Any]
"""Carries out a command (its time of arrival beside it). Runs on the scene thread and returns the command's value, a function
that makes value and bytes on any thread, or a `Deferred`."""


class Options(msgspec.Struct):
    """What the launcher decides for a scene process."""

    enable_exec: bool = False
    cache_mb: int = 64
    threads: int = 2
    prefetch_slices: int = 4
    max_files: int = 20_000
    max_views: int = 32
    max_graphics_mb: int = 256
    exec_timeout_s: float = 60.0
    exec_output_kb: int = 256
    exec_result_mb: int = 32
    sample_catalogue: str | None = None
    allow_path: list[str] = []
    max_volume_mb: int = 4096
    max_text_mb: int = 16
    max_control_points: int = 20_000
    bundle_max_mb: int = 4096
    bundle_max_files: int = 10_000
    bundle_max_ratio: int = 500
    undo_steps: int = 100
    undo_mb: int = 256
    video_encoders: tuple[str, ...] = (AUTO,)
    """As `video.wished` takes them."""


@dataclass(frozen=True)
class Context:
    """The scene, its views, and ways to speak to the gateway."""

    app: Application
    views: Views
    options: Options
    emit: Callable[[AnyEvent], None]
    announce_lists: Callable[[], None]
    """Tell what the scene holds now, ahead of an answer, so that who has it finds its news in the lists."""
    perform: Callable[[Command], Any]
    """Carry out a command now and to its end, for code that runs on the scene thread; returns its value."""
    fetch: Callable[[str, Sequence[SampleFile]], list[Path]]
    """Have the gateway find or download files (`fetching.Fetcher`); waits for them."""
    fetch_study: Callable[[str, str, str], list[Path]]
    """Have the gateway fetch a study: endpoint, study UID, token; the folders of its series."""
    find_series: Callable[[dict[str, str]], list[Path]]
    """Have the gateway look for series in the archive, by matching keys; their folders."""
    history: History
    """What was done and can be taken back; whoever edits adds to it."""


class Part(Protocol):
    """A group of commands that belong together."""

    @property
    def performers(self) -> Mapping[type[Command], Performer]:
        """Who carries out which command."""
        ...
