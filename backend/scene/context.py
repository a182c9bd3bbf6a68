"""What the parts of a scene host work on together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from backend.scene.application import Application
from backend.scene.commands import AnyEvent, Command
from backend.scene.views import Views

Performer = Callable[[Any, float], Any]
"""Carries out a command (its time of arrival beside it). Runs on the scene thread and returns the command's value, a function
that makes value and bytes on any thread, or a `Deferred`."""


class Options(msgspec.Struct):
    """What the launcher decides for a scene process."""

    enable_exec: bool = False
    cache_mb: int = 64
    threads: int = 2
    max_files: int = 20_000
    max_views: int = 32
    max_graphics_mb: int = 256


@dataclass(frozen=True)
class Context:
    """The scene, its views, and ways to speak to the gateway."""

    app: Application
    views: Views
    options: Options
    emit: Callable[[AnyEvent], None]
    announce_lists: Callable[[], None]
    """Tell what the scene holds now, ahead of an answer, so that who has it finds its news in the lists."""


class Part(Protocol):
    """A group of commands that belong together."""

    @property
    def performers(self) -> Mapping[type[Command], Performer]:
        """Who carries out which command."""
        ...
