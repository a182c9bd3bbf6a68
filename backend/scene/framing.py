"""From a view to an encoded picture: what is taken in on the scene thread, what is made later, and what may be cut short."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.imaging.frames import edge_letters
from backend.render.annotate import draw_edges
from backend.render.encode import encode
from backend.render.marcher import MotionBudget
from backend.render.pictures import PictureCache, etag_of
from backend.render.video import Videos
from backend.render.views.layers import Layers
from backend.render.views.matrices import Matrix
from backend.render.views.slice_view import SliceView
from backend.render.views.threed_view import ThreeDPixels, ThreeDView
from backend.scene import commands as c
from backend.scene.making_times import MakingTimes, Quick
from backend.scene.prefetch import Prefetch

View = SliceView | ThreeDView
Key = tuple[Any, ...]
LEAST_PNG_BYTES = 1000  # clients of Slicer, which does not compress, take less for a failure
Made = Callable[[], tuple[c.PictureInfo, bytes]]
Draw = Callable[[], NDArray[np.uint8]]
MOST_RAYS = 512  # along the longer side of a moving picture, in the usual time
WHOLES_KEPT = 4  # pictures that are being sent in tiles


class Stop:
    """Tells a picture in the making that nobody wants it any more."""

    def __init__(self, by: str, camera: str) -> None:
        self.by, self.camera = by, camera
        self._set = False

    def set(self) -> None:
        """End it."""
        self._set = True

    def __call__(self) -> bool:
        return self._set


class Framer:
    """Makes pictures of views. `frame` and friends run on the scene thread, what they return on any."""

    def __init__(self, cache: PictureCache, applied: dict[str, int], prefetch: Prefetch, videos: Videos) -> None:
        self._cache, self._applied = cache, applied
        self.prefetch, self.videos = prefetch, videos
        self._budgets: dict[tuple[str, float], MotionBudget] = {}
        self._stops: dict[str, set[Stop]] = {}
        self._lock = threading.Lock()
        self._stirred = time.time()
        self._whole: dict[Key, NDArray[np.uint8]] = {}
        self._times = MakingTimes()

    def stir(self) -> None:
        """The state has just changed."""
        self._stirred = time.time()

    def abort(self, view: str | None, by: str | None, camera: str | None = None) -> None:
        """End refinements of a view (by its key, None: all), a client and a camera (None: all). Any thread."""
        with self._lock:
            for key, stops in self._stops.items():
                for stop in stops:
                    if view in (None, key) and by in (None, stop.by) and camera in (None, stop.camera):
                        stop.set()

    def frame(self, view: View, command: c.Frame, arrived: float) -> Made:
        """A picture for the stream."""
        started = time.perf_counter()
        picture, video = command.picture, command if command.video else None
        view.touch()
        if isinstance(view, SliceView):
            key = _key("frame", view, picture, view.content_key(overlays=True))
            layers = view.prepare(picture.width, picture.height, overlays=True)
            draw = self._tile_of(command, key, lambda: layers().pixels)
            if command.tile is None and not command.still and not command.camera:
                self._look_ahead(view, command.by, picture, True, lambda content: (_key("frame", view, picture, content), None))
            return self._maker(view, (key, command.tile), picture, draw, started, arrived, video=video)
        known = _key("frame", view, picture, view.content_key())
        if command.tile is not None and known in self._whole:
            whole = self._whole[known]
            draw = self._tile_of(command, known, lambda: whole)
            return self._maker(view, (known, command.tile), picture, draw, started, arrived)
        share = view.motion_budget()
        in_motion = not command.still and share is not None
        pixels = view.prepare(picture.width, picture.height, in_motion)
        if in_motion and share is not None and (pixels.volumes or pixels.is_coarse):
            moving = self._coarse(view, pixels, command, share) if pixels.volumes else lambda: pixels(None)
            return self._maker(view, None, picture, moving, started, arrived, coarse=True, video=video)
        stop = self._stop_for(view, command) if command.still else None
        key = _key("frame", view, picture, view.content_key())
        draw = self._tile_of(command, key, lambda: pixels(None, stop))
        return self._maker(view, (key, command.tile), picture, draw, started, arrived, stop=stop, video=video)

    def _tile_of(self, command: c.Frame, key: Key, draw: Callable[[], NDArray[np.uint8]]) -> Callable[[], NDArray[np.uint8]]:
        """What a frame asks for of a picture: all, or a tile of it, for whose sake the whole is kept a while."""
        if command.tile is None:
            return draw
        x, y, width, height = command.tile

        kept = self._whole.get(key)

        def cut() -> NDArray[np.uint8]:
            whole = draw() if kept is None else kept
            self._whole[key] = whole
            while len(self._whole) > WHOLES_KEPT:
                self._whole.pop(next(iter(self._whole)), None)
            return whole[y : y + height, x : x + width]

        return cut

    def _coarse(self, view: ThreeDView, pixels: ThreeDPixels, command: c.Frame, share: float) -> Draw:
        """Volumes with as many rays as the time for a moving picture allows, of which it may take `share` times the usual."""
        most = round(MOST_RAYS * share**0.5)
        budget_s = round(command.budget_s * share, 3)  # clients that wish for other rates have other numbers of rays
        budget = self._budgets.setdefault((view.name, budget_s), MotionBudget(budget_s, most=most))

        def draw() -> NDArray[np.uint8]:
            begun = time.perf_counter()
            result = pixels(budget.rays(command.picture.width, command.picture.height))
            budget.took(time.perf_counter() - begun)
            return result

        return draw

    def slice_picture(self, view: SliceView, command: c.SlicePicture, arrived: float) -> Made:
        """A picture for the Slicer API: grey or RGBA with alpha 0 outside the volume."""
        started = time.perf_counter()
        picture = command.picture
        draw = view.prepare(picture.width, picture.height, command.overlays)
        edges = edge_letters(view.slice_to_ras) if command.labels else None

        def key_of(content: Key) -> Key:
            return _key("slice", view, picture, (command.overlays, command.labels, command.grey, content))

        def pixels_of(layers: Layers) -> NDArray[np.uint8]:
            if edges is not None:
                layers = Layers(draw_edges(layers.rgb(), edges), layers.given_alpha, layers.spans)
            return layers.pixels if command.grey or picture.format == "jpeg" else layers.rgba()

        self._look_ahead(view, "", picture, command.overlays, key_of, pixels_of, LEAST_PNG_BYTES)
        key = key_of(view.content_key(command.overlays))
        return self._maker(view, key, picture, lambda: pixels_of(draw()), started, arrived, least_bytes=LEAST_PNG_BYTES)

    def _look_ahead(
        self,
        view: SliceView,
        by: str,
        picture: c.Picture,
        overlays: bool,
        key_of: Callable[[Key], Key],
        pixels_of: Callable[[Layers], NDArray[np.uint8]] = lambda layers: layers.pixels,
        least_bytes: int = 0,
    ) -> None:
        """Have the next slices in the direction of motion made while nothing else is to do."""

        def make_at(pose: Matrix) -> None:
            found = view.ahead(pose, picture.width, picture.height, overlays)
            if found is None or self._cache.get(key := key_of(found[0])) is not None:
                return
            pixels = pixels_of(found[1]())
            data = encode(pixels, picture.format, picture.quality, picture.subsampling, picture.lossless, least_bytes)
            self._cache.put(key, data)

        self.prefetch.asked(view, (view.name, by), (key_of(()), view.field_of_view()), make_at)

    def threed_picture(self, view: ThreeDView, command: c.ThreeDPicture, arrived: float) -> Made:
        """A picture for the Slicer API, at full quality."""
        started = time.perf_counter()
        picture = command.picture
        view.touch()
        found = self._known(view, _key("threeD", view, picture, view.content_key()), picture)
        if found is not None:
            return found
        pixels = view.prepare(picture.width, picture.height)
        # Drawing settles what the managers had pending, so the key is taken after it.
        key = _key("threeD", view, picture, view.content_key())
        return self._maker(view, key, picture, lambda: pixels(None), started, arrived, least_bytes=LEAST_PNG_BYTES)

    def _known(self, view: View, key: Key, picture: c.Picture) -> Made | None:
        etag = etag_of(key)
        unchanged = etag in picture.if_none_match
        data = b"" if unchanged else self._cache.get(key)
        if data is None:
            return None
        info = c.PictureInfo(etag, picture.format, picture.width, picture.height, view.rev, unchanged=unchanged)
        info.view, info.place, info.state_time = view.name, view.place(), self._stirred
        return lambda: (info, data)

    def _maker(
        self,
        view: View,
        key: Key | None,
        picture: c.Picture,
        draw: Callable[[], NDArray[np.uint8]],
        started: float,
        arrived: float,
        *,
        coarse: bool = False,
        stop: Stop | None = None,
        least_bytes: int = 0,
        video: c.Frame | None = None,
    ) -> Made:
        key = None if video else key  # the same again is not the same chunk
        etag = etag_of(key) if key is not None else ""
        info = c.PictureInfo(etag, picture.format, picture.width, picture.height, view.rev, dict(self._applied), coarse=coarse)
        info.view, info.place = view.name, view.place()
        info.quality, info.state_time = picture.quality, self._stirred
        info.lossless = picture.format == "png" or picture.lossless
        info.wait_us = round((started - arrived) * 1e6)
        if etag and etag in picture.if_none_match:
            info.unchanged = True
            return lambda: (info, b"")
        prepared = time.perf_counter() - started

        def made() -> bytes:
            begun = time.perf_counter()
            try:
                pixels = draw()
            finally:
                self._forget(view, stop)
            drawn = time.perf_counter()
            chunk = None
            if video is not None:
                sequence = (video.by, view.name, video.camera)
                chunk = self.videos.encode(sequence, pixels, video.video == "whole", video.codecs)
            if chunk is not None:
                data, info.whole, info.format = chunk
            else:
                data = encode(
                    pixels, picture.format, picture.quality, picture.subsampling, picture.lossless, least_bytes
                )  # fmt: skip
            info.render_us = round((prepared + drawn - begun) * 1e6)
            info.encode_us = round((time.perf_counter() - drawn) * 1e6)
            if key is not None:
                self._cache.put(key, data)
            return data

        if isinstance(view, SliceView) and video is None:
            made = self._times.timed(kind_of(view.name, picture, info.place), made)

        def make() -> tuple[c.PictureInfo, bytes]:
            data = self._cache.get(key) if key is not None else None
            return info, made() if data is None else data  # what is found tells nothing of how long the others take

        return Quick(make) if isinstance(made, Quick) else make

    def _stop_for(self, view: View, command: c.Frame) -> Stop:
        stop = Stop(command.by, command.camera)
        with self._lock:
            self._stops.setdefault(view.name.lower(), set()).add(stop)
        return stop

    def _forget(self, view: View, stop: Stop | None) -> None:
        if stop is not None:
            with self._lock:
                self._stops.get(view.name.lower(), set()).discard(stop)


def kind_of(view: str, picture: c.Picture, place: dict[str, Any]) -> Key:
    """Slices that take about the same time; `place` is that of their view."""
    layers = [layer and layer["id"] for layer in (place["background"], place["foreground"], place["label"])]
    return (view, picture.width, picture.height, picture.format, picture.lossless, *place["slab"].values(), *layers)


def _key(kind: str, view: View, picture: c.Picture, content: Any) -> Key:
    """Everything that decides a picture's bytes."""
    asked = (picture.width, picture.height, picture.format, picture.quality, picture.subsampling, picture.lossless)
    return (kind, view.name, asked, content)
