"""The current layout as one picture, for `/slicer/screenshot`: its views side by side, as a window of Slicer shows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from backend.errors import NoDriverError
from backend.imaging.frames import direction_letters, edge_letters
from backend.render.annotate import draw_edges
from backend.render.encode import encode
from backend.render.pictures import etag_of
from backend.render.screenshot import Box, Panel, Title, bar_height, compose, divided
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDView
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.framing import Made

Draw = Callable[[], NDArray[np.uint8]]
NO_COLOR = "#8C8C8C"  # Slicer's grey for views without a colour of their own
KIND_NAMES = {"table": "Table view", "plot": "Plot view", "other": "View"}


class Screenshots:
    """Takes in every view of the layout on the scene thread; the rest happens on any."""

    def __init__(self, context: Context) -> None:
        self._app, self._views = context.app, context.views
        self.performers: Mapping[type[c.Command], Performer] = {c.Screenshot: self._screenshot}

    def _screenshot(self, command: c.Screenshot, arrived: float) -> Made:
        started = time.perf_counter()
        picture = command.picture
        shot = _Shot(self._views.find, bar_height(picture.width, picture.height))
        layout = self._app.layout()
        whole = Box(0, 0, picture.width, picture.height)
        if c.views_of(layout):
            shot.add(layout, whole)
        else:
            shot.say(whole, Title("", self._app.layout_name, "", NO_COLOR), "This layout has no views of the scene.")
        etag = etag_of(("screenshot", picture.width, picture.height, picture.format, picture.quality, shot.keys))
        info = c.PictureInfo(etag, picture.format, picture.width, picture.height, quality=picture.quality)
        info.wait_us = round((started - arrived) * 1e6)
        if etag in picture.if_none_match:
            info.unchanged = True
            return lambda: (info, b"")
        prepared = time.perf_counter() - started

        def make() -> tuple[c.PictureInfo, bytes]:
            begun = time.perf_counter()
            pixels = compose(shot.panels(), picture.width, picture.height)
            drawn = time.perf_counter()
            data = encode(pixels, picture.format, picture.quality, picture.subsampling, picture.lossless)
            info.render_us = round((prepared + drawn - begun) * 1e6)
            info.encode_us = round((time.perf_counter() - drawn) * 1e6)
            return info, data

        return make


class _Shot:
    """The parts of one screenshot as they are taken in."""

    def __init__(self, find: Callable[[str], SliceView | ThreeDView | None], bar_px: int) -> None:
        self._find, self._bar_px = find, bar_px
        self._panels: list[tuple[Panel, Draw | None]] = []
        self.keys: list[object] = []

    def panels(self) -> list[Panel]:
        """All parts with their pictures; any thread."""
        return [panel if draw is None else Panel(panel.box, panel.bar_px, panel.title, draw()) for panel, draw in self._panels]

    def add(self, part: c.LayoutPart, box: Box) -> None:
        """Take in what a part of the layout shows."""
        if part.view:
            self._view(part, box)
        elif part.split == "tabs":
            self._tabs(part, box)
        elif part.parts:
            boxes = divided(box, [inner.share for inner in part.parts], rows=part.split == "rows")
            for inner, place in zip(part.parts, boxes, strict=True):
                self.add(inner, place)

    def say(self, box: Box, title: Title, words: str) -> None:
        """A part without a picture."""
        self._panels.append((Panel(box, self._bar_px, title, words=words), None))
        self.keys.append((box, title, words))

    def _tabs(self, part: c.LayoutPart, box: Box) -> None:
        """The first tab is the open one; the others show their names above it."""
        bar = self._bar_px
        heads = divided(Box(box.x, box.y, box.width, bar), [1.0] * len(part.parts), rows=False)
        for inner, place in zip(part.parts, heads, strict=True):
            self.say(place, Title(inner.label, inner.view, "", inner.color or NO_COLOR), "")
        self.add(part.parts[0], Box(box.x, box.y + bar, box.width, max(box.height - bar, 1)))

    def _view(self, part: c.LayoutPart, box: Box) -> None:
        view = self._find(part.view)
        color = part.color or NO_COLOR
        width, height = box.width, box.height - self._bar_px
        if view is None or part.kind not in ("slice", "threeD"):
            what = KIND_NAMES.get(part.kind, "View")
            self.say(box, Title(part.label, what, "", color), f"{what} {part.view}\nof which no picture is made")
        elif height < 1:
            self.say(box, Title(part.label, view.name, "", color), "")
        elif isinstance(view, SliceView):
            self._slice(view, part, box, color)
        else:
            title = Title(part.label, "3D", "", color)
            try:
                pixels = view.prepare(width, height)
            except NoDriverError:
                self.say(box, title, "3D needs an OpenGL driver")
                return
            self._panels.append((Panel(box, self._bar_px, title), lambda: pixels(None)))
            self.keys.append((box, title, view.content_key()))

    def _slice(self, view: SliceView, part: c.LayoutPart, box: Box, color: str) -> None:
        state, matrix = view.state(), view.slice_to_ras
        value = f"{direction_letters(matrix[:3, 2])}: {state['offset']:.3f} mm"
        title = Title(part.label, f"{state['orientation']}  {view.name}", value, color)
        self.keys.append((box, title, view.content_key(overlays=True)))
        draw = view.prepare(box.width, box.height - self._bar_px, overlays=True)
        edges = edge_letters(matrix)
        self._panels.append((Panel(box, self._bar_px, title), lambda: draw_edges(draw().rgb(), edges)))
