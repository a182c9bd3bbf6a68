"""What the stand-ins work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.scene.application import Application
from backend.scene.commands import Command, SampleFile
from backend.scene.context import Context


@dataclass(frozen=True)
class Desk:
    """The scene and its views, and `perform`, which carries out a command at once and returns its value."""

    context: Context
    perform: Callable[[Command], Any]

    @property
    def app(self) -> Application:
        """Scene and logics."""
        return self.context.app

    @property
    def scene(self) -> Any:
        """The MRML scene."""
        return self.context.app.scene

    def slice_views(self) -> list[SliceView]:
        """Slice views that there are now."""
        return [view for view in self.context.views.all() if isinstance(view, SliceView)]

    def threed_views(self) -> list[ThreeDView]:
        """3D views that there are now."""
        return [view for view in self.context.views.all() if isinstance(view, ThreeDView)]

    def fetch(self, name: str, files: Sequence[SampleFile]) -> list[Path]:
        """Files, found or downloaded by the gateway."""
        return self.context.fetch(name, files)

    def fetch_study(self, endpoint: str, study: str, token: str) -> list[Path]:
        """Folders of the series of a study, fetched by the gateway."""
        return self.context.fetch_study(endpoint, study, token)

    def find_series(self, **keys: str) -> list[Path]:
        """Folders of the archive's series that match."""
        return self.context.find_series(keys)
