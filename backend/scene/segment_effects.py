"""Edits of a segment as a whole: threshold, islands, smoothing, growing from seeds. Made on threads, taken in by the scene."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backend.errors import BadRequestError, SupersededError, TooLargeError
from backend.imaging import masks
from backend.imaging.masks import Told
from backend.imaging.strokes import Box, Mask
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.deferred import Deferred
from backend.scene.segment_commands import SegmentCommands
from backend.scene.segment_grids import sampled
from backend.scene.segment_maps import Change, SegmentMaps
from backend.scene.segment_state import Segmentations, Work, to_world
from backend.scene.undo import Edit

NAMES = {
    "Threshold": "Threshold", "Islands": "Islands", "Smooth": "Smooth", "Margin": "Margin", "Grow": "Grow from seeds",
    "FillBetween": "Fill between slices", "Logical": "Combine",
}  # fmt: skip
MOST_PARTS = 200
Wanted = dict[str, tuple[Box, Mask]]
"""What segments shall be within a box of the grid, by id; those that are to be made have ids that begin with `+`."""
Maker = Callable[[Told], Wanted]


class SegmentEffects:
    """Carries out `ApplyEffect` and its like."""

    def __init__(self, context: Context, segmentations: Segmentations, segments: SegmentCommands) -> None:
        self._context, self._all, self._segments = context, segmentations, segments
        self.performers: Mapping[type[c.Command], Performer] = {
            c.ApplyEffect: self._apply,
            c.CancelEffect: self._cancel,
            c.SegmentStatistics: self._measure,
        }

    def _cancel(self, command: c.CancelEffect, _arrived: float) -> bool:
        work = self._all.work.get(command.id)
        if work is not None:
            work.stop.set()
        return work is not None

    def _apply(self, command: c.ApplyEffect, _arrived: float) -> Deferred:
        node = self._all.free(command.id)
        segment = self._all.segment(node, command.segment)
        maps = self._all.maps(node)
        text = f"{NAMES[type(command.effect).__name__]} {segment.GetName()}"
        make = self._maker(command, node, maps)
        work = Work(text)
        self._all.work[command.id] = work
        version = maps.version

        def told(fraction: float) -> None:
            work.check()
            self._context.emit(c.Progress(command.job, text, fraction))

        def run() -> Wanted | Exception:
            try:
                return make(told)
            except Exception as error:  # told of on the scene thread, which has to know that the work is over
                return error

        def finish(made: Wanted | Exception) -> c.Edited:
            del self._all.work[command.id]
            self._context.emit(c.Progress(command.job, text, 1.0))
            if isinstance(made, Exception):
                raise made
            if maps.version != version or not maps.is_current():
                raise SupersededError(f"{text}: the segmentation was changed meanwhile, so nothing was done")
            return self._take(command, maps, made, text)

        return Deferred(run, finish)

    def _take(self, command: c.ApplyEffect, maps: SegmentMaps, made: Wanted, text: str) -> c.Edited:
        change, added = Change(), list[Edit]()
        rule: c.Overwrite = "visible" if isinstance(command.effect, c.Grow) else command.overwrite
        for segment_id, (box, wanted) in made.items():
            target = segment_id
            if segment_id.startswith("+"):
                name = f"{maps.segment(command.segment).GetName()} {segment_id[1:]}"
                target, edit = self._segments.add(maps, name, None)
                added.append(edit)
            change.join(maps.replace(target, box, wanted, rule))
        if change.steps:
            self._all.changed(maps.node, change.segments)
            self._context.history.push(_as_one(text, added, self._all.as_edit(text, maps, change)))
        return c.Edited(change.gained, change.lost, {view.name: view.touch() for view in self._context.views.slices()})

    # -- what is to be done, taken in on the scene thread --------------------------------------------------------

    def _maker(self, command: c.ApplyEffect, node: Any, maps: SegmentMaps) -> Maker:
        """A function for a thread that makes what segments shall be.

        Raises:
            BadRequestError: what the effect needs is not there.
        """
        effect, own = command.effect, command.segment
        if isinstance(effect, c.Grow):
            return self._grow(effect, command, node, maps)
        layer, label = maps.place(own)

        def has() -> Mask:
            return np.asarray(layer.voxels == label)

        if isinstance(effect, c.Islands) and effect.operation == "split":
            return lambda told: _split(has(), own, effect.smallest, told)
        spacing, whole = maps.grid.spacing, _whole(maps)
        make: Callable[[Told], Mask]
        if isinstance(effect, c.Threshold):
            within = self._all.within(node, maps, effect.range)
            make = lambda _told: within(whole) | has() if effect.add else within(whole)  # noqa: E731
        elif isinstance(effect, c.Islands):
            make = self._islands(effect, node, maps, has)
        elif isinstance(effect, c.Smooth):
            make = lambda told: masks.smooth(has(), effect.method, effect.size, spacing, told)  # noqa: E731
        elif isinstance(effect, c.Margin):
            make = lambda told: masks.with_margin(has(), effect.size, spacing, told)  # noqa: E731
        elif isinstance(effect, c.FillBetween):
            make = lambda told: masks.between_slices(has(), masks.sparse_axis(has()), spacing, told)  # noqa: E731
        else:
            make = self._logical(effect, own, maps, has)

        def made(told: Told) -> Wanted:
            told(0.01)
            wanted = make(told)
            told(0.95)
            return {own: (whole, wanted)}

        return made

    def _islands(self, effect: c.Islands, node: Any, maps: SegmentMaps, has: Callable[[], Mask]) -> Callable[[Told], Mask]:
        if effect.operation == "keep_largest":
            return lambda _told: masks.keep_largest(has())
        if effect.operation == "remove_small":
            return lambda _told: masks.remove_small(has(), effect.smallest)
        if effect.point is None:
            raise BadRequestError(f"{effect.operation} needs the point of an island, RAS mm")
        k, j, i = _voxel_at(effect.point, node, maps)

        def at_point(_told: Told) -> Mask:
            mask = has()
            island = masks.island_at(mask, k, j, i)
            if island is None:
                raise BadRequestError("there is nothing of the segment at that point")
            return island if effect.operation == "keep_at" else mask & ~island

        return at_point

    @staticmethod
    def _logical(effect: c.Logical, own: str, maps: SegmentMaps, has: Callable[[], Mask]) -> Callable[[Told], Mask]:
        if effect.operation in ("copy", "add", "subtract", "intersect") and not effect.other:
            raise BadRequestError(f"{effect.operation} needs another segment")
        layer, label = maps.place(effect.other or own)

        def combine(_told: Told) -> Mask:
            mine, other = has(), np.asarray(layer.voxels == label)
            combined: dict[str, Callable[[], Mask]] = {
                "copy": lambda: other,
                "add": lambda: mine | other,
                "subtract": lambda: mine & ~other,
                "intersect": lambda: mine & other,
                "invert": lambda: ~mine,
                "clear": lambda: np.zeros_like(mine),
                "fill": lambda: np.ones_like(mine),
            }
            return combined[effect.operation]()

        return combine

    def _grow(self, effect: c.Grow, command: c.ApplyEffect, node: Any, maps: SegmentMaps) -> Maker:
        from backend.render.growing import BYTES_OF_VOXEL, grow_from_seeds

        display = node.GetDisplayNode()
        places = {one: maps.place(one) for one in maps.ids() if display.GetSegmentVisibility(one)}
        voxels, matrix = self._all.voxels(node)
        within = self._all.within(node, maps, command.range) if command.range is not None else None
        most = self._context.options.max_volume_mb << 20

        def grow(told: Told) -> Wanted:
            seeds = np.zeros(maps.grid.shape, np.uint16)
            for number, (layer, label) in enumerate(places.values(), 1):
                seeds[(layer.voxels == label) & (seeds == 0)] = number
            told(0.02)
            box = masks.box_of(seeds > 0)
            if box is None or np.count_nonzero(np.bincount(seeds[box].ravel())[1:]) < 2:
                raise BadRequestError("growing needs seeds in two visible segments at least, one of them for what is around")
            k, j, i = (max(1, round(effect.margin * (part.stop - part.start))) for part in box)
            around = masks.wider(box, (k, j, i), maps.grid.shape)
            if math.prod(part.stop - part.start for part in around) * BYTES_OF_VOXEL > most:
                raise TooLargeError("the seeds are too far apart for the memory that max_volume_mb allows")
            values, _inside = sampled(voxels, matrix, maps.grid, around)
            allowed = within(around) if within else None
            grown = grow_from_seeds(values, seeds[around], allowed, maps.grid.spacing, lambda part: told(0.05 + 0.9 * part))
            return {segment_id: (around, grown == number) for number, segment_id in enumerate(places, 1)}

        return grow

    # -- measuring -----------------------------------------------------------------------------------------------

    def _measure(self, command: c.SegmentStatistics, _arrived: float) -> Deferred:
        node = self._all.free(command.id)
        maps = self._all.maps(node)
        places = {one: maps.place(one) for one in maps.ids()}
        volume = self._all.volume(node)
        source = self._all.voxels(node) if volume is not None and volume.IsA("vtkMRMLScalarVolumeNode") else None
        ml = abs(float(np.linalg.det((to_world(node) @ maps.grid.ijk_to_mm)[:3, :3]))) / 1000

        def measure() -> dict[str, c.Measured]:
            return {one: _measured(layer.voxels == label, maps, source, ml) for one, (layer, label) in places.items()}

        return Deferred(measure, lambda found: found)


def _as_one(text: str, added: list[Edit], last: Edit) -> Edit:
    """One step of the history for segments that were added and what was then done to them."""

    def undo() -> None:
        last.undo()
        for edit in reversed(added):
            edit.undo()

    def redo() -> None:
        for edit in added:
            edit.redo()
        last.redo()

    return Edit(text, undo, redo, last.size_bytes) if added else last


def _whole(maps: SegmentMaps) -> Box:
    k, j, i = (slice(0, size) for size in maps.grid.shape)
    return k, j, i


def _voxel_at(point: c.Vector3, node: Any, maps: SegmentMaps) -> tuple[int, int, int]:
    """Voxel (k, j, i) of the grid at a point, RAS mm."""
    to_ijk = maps.grid.mm_to_ijk @ np.linalg.inv(to_world(node))
    at = to_ijk[:3, :3] @ np.array(point) + to_ijk[:3, 3]
    if not (np.abs(at) < 1e6).all() or not all(-0.5 <= n < size - 0.5 for n, size in zip(at, maps.grid.dims, strict=True)):
        raise BadRequestError("that point is outside the volume")
    i, j, k = (math.floor(n + 0.5) for n in at)
    return k, j, i


def _measured(mask: Mask, maps: SegmentMaps, source: tuple[Any, Any] | None, ml_of_voxel: float) -> c.Measured:
    box = masks.box_of(mask)
    if box is None:
        return c.Measured(0, 0.0)
    count = int(np.count_nonzero(mask[box]))
    found = c.Measured(count, count * ml_of_voxel)
    if source is not None:
        values, inside = sampled(*source, maps.grid, box)
        chosen = values[mask[box] if inside is None else mask[box] & inside].astype(np.float64)
        if chosen.size:
            found.mean, found.deviation = float(chosen.mean()), float(chosen.std())
            found.low, found.high = float(chosen.min()), float(chosen.max())
    return found


def _split(mask: Mask, own: str, smallest: int, told: Told) -> Wanted:
    numbers, sizes = masks.islands(mask)
    told(0.5)
    order = [n for n in np.argsort(-sizes[1:], kind="stable") + 1 if sizes[n] >= smallest]
    if not order:
        raise BadRequestError(f"it has no island of {smallest} voxels or more")
    if len(order) > MOST_PARTS:
        raise BadRequestError(f"it has {len(order)} islands of {smallest} voxels and more; at most {MOST_PARTS} are split")
    whole = (slice(0, mask.shape[0]), slice(0, mask.shape[1]), slice(0, mask.shape[2]))
    names = [own, *(f"+{count}" for count in range(2, len(order) + 1))]
    return {name: (whole, np.asarray(numbers == n)) for name, n in zip(names, order, strict=True)}
