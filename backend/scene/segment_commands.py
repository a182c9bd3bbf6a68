"""Commands about segmentations: making them and their segments, how they are shown, strokes of the brush."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from backend.errors import BadRequestError, NotFoundError
from backend.imaging.masks import box_of
from backend.imaging.strokes import Box, Brush, Mask, covered, together
from backend.render.views.segments import segment_ids
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.finding import check_name
from backend.scene.readers.segmentations import LABEL_COLORS
from backend.scene.readers.source import unique_name
from backend.scene.segment_maps import Change, Former, SegmentMaps
from backend.scene.segment_state import SMOOTHING, Segmentations, to_world
from backend.scene.undo import Edit

VOLUME = "vtkMRMLScalarVolumeNode"
MOST_SEGMENTS = 1000
FURTHEST_MM = 1e5
MERGE_S = 2.0
"""Changes of the same slider that follow each other within this time are undone together."""


@dataclass
class Drawing:
    """A stroke whose parts still come."""

    key: tuple[str, str, str]
    change: Change
    edit: Edit


class SegmentCommands:
    """Makes, changes and paints segments."""

    def __init__(self, context: Context, segmentations: Segmentations) -> None:
        self._context, self._scene, self._views = context, context.app.scene, context.views
        self._all, self._history = segmentations, context.history
        self._drawing: Drawing | None = None
        self.performers: Mapping[type[c.Command], Performer] = {
            c.DescribeSegmentations: self._describe,
            c.CreateSegmentation: self._create,
            c.ChangeSegmentation: self._change,
            c.AddSegment: self._add_segment,
            c.ChangeSegment: self._change_segment,
            c.RemoveSegment: self._remove_segment,
            c.Stroke: self._stroke,
        }

    def _describe(self, command: c.DescribeSegmentations, _arrived: float) -> list[c.Segmentation]:
        nodes = [self._all.node(command.id)] if command.id else self._all.nodes()
        return [self._all.describe(node) for node in nodes]

    # -- segmentations -------------------------------------------------------------------------------------------

    def _create(self, command: c.CreateSegmentation, _arrived: float) -> c.Segmentation:
        volume = self._volume(command.volume)
        name = check_name(command.name) if command.name else f"{volume.GetName()} segmentation"
        node = self._scene.AddNewNodeByClass("vtkMRMLSegmentationNode", unique_name(self._scene, name))
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetVisibility3D(False)  # as in Slicer: surfaces take time, so they are asked for
        parent = volume.GetParentTransformNode()
        if parent is not None:  # before the grid is taken, which is then the volume's own
            node.SetAndObserveTransformNodeID(parent.GetID())
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        self._history.added(f"New segmentation {node.GetName()}", [node, node.GetDisplayNode()])
        self._context.announce_lists()
        return self._all.describe(node)

    def _volume(self, node_id: str) -> Any:
        if node_id:
            volume = self._scene.GetNodeByID(node_id)
        else:
            shown = (view.background for view in self._views.slices())
            volume = next((one for one in shown if one is not None), None) or self._scene.GetFirstNodeByClass(VOLUME)
        if volume is None or not volume.IsA("vtkMRMLVolumeNode"):
            raise NotFoundError(
                f"there is no volume {node_id!r}" if node_id else "there is no volume to segment: load one first"
            )
        if volume.GetImageData() is None:
            raise BadRequestError(f"{volume.GetName()} has no voxels")
        return volume

    def _change(self, command: c.ChangeSegmentation, _arrived: float) -> c.Segmentation:
        node = self._all.node(command.id)
        self._all.describe(node)  # makes the display node where there is none
        display, before = node.GetDisplayNode(), node.GetName()
        if command.name is not None:
            check_name(command.name)
        fields = [name for name in command.__struct_fields__ if name != "id" and getattr(command, name) is not None]
        with self._history.changing(f"Show {before} otherwise", [display], f"{node.GetID()} {fields}", MERGE_S):
            show(display, command)
        if command.name is not None and command.name != before:
            self._rename(node, before, command.name)
        if command.smoothing is not None:
            node.GetSegmentation().SetConversionParameter(SMOOTHING, f"{command.smoothing:g}")
            self._all.stale.setdefault(node.GetID(), set()).update(segment_ids(node))
        if command.surface:
            missing = {one for one in segment_ids(node) if not has_surface(node, one)}
            self._all.stale.setdefault(node.GetID(), set()).update(missing)
        self._all.edited.add(node.GetID())
        return self._all.describe(node)

    def _rename(self, node: Any, before: str, name: str) -> None:
        def step(to: str) -> None:
            node.SetName(to)
            self._all.edited.add(node.GetID())

        step(name)
        self._history.push(Edit(f"Rename {before}", lambda: step(before), lambda: step(name)))

    # -- segments ------------------------------------------------------------------------------------------------

    def _add_segment(self, command: c.AddSegment, _arrived: float) -> c.Segment:
        node = self._all.free(command.id)
        count = node.GetSegmentation().GetNumberOfSegments()
        if count >= MOST_SEGMENTS:
            raise BadRequestError(f"{node.GetName()} has {count} segments, the most that requests may add")
        names = {node.GetSegmentation().GetNthSegment(n).GetName() for n in range(count)}
        free = (f"Segment_{n}" for n in range(count + 1, 2 * count + 3))
        name = check_name(command.name) if command.name else next(one for one in free if one not in names)
        maps = self._all.maps(node)
        segment_id, edit = self.add(maps, name, command.color)
        self._history.push(edit)
        self._all.edited.add(node.GetID())
        return self._all.describe_segment(node, segment_id)

    def add(self, maps: SegmentMaps, name: str, color: c.Rgb | None) -> tuple[str, Edit]:
        """A new, empty segment; returns its id, and what the history needs."""
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.SetColor(*(color or self._free_color(maps)))
        segment_id = maps.add(segment)
        node = maps.node

        layer, label = maps.place(segment_id)

        def step(there: bool) -> None:
            if there:
                maps.put_back(segment, segment_id, layer, label)
            else:
                maps.remove(segment_id)
            self._all.edited.add(node.GetID())

        return segment_id, Edit(f"Add {name}", lambda: step(False), lambda: step(True), 1000)

    def _free_color(self, maps: SegmentMaps) -> c.Rgb:
        """The next colour of Slicer's table for labels that no segment has."""
        used = {tuple(round(part, 3) for part in maps.segment(one).GetColor()) for one in maps.ids()}
        table, color = self._scene.GetNodeByID(LABEL_COLORS), [0.0] * 4
        for n in range(1, table.GetNumberOfColors()):
            table.GetColor(n, color)
            if tuple(round(part, 3) for part in color[:3]) not in used:
                break
        return color[0], color[1], color[2]

    def _change_segment(self, command: c.ChangeSegment, _arrived: float) -> c.Segment:
        node = self._all.node(command.id)
        segment, before = self._all.segment(node, command.segment), self._all.describe_segment(node, command.segment)
        if command.name is not None:
            check_name(command.name)
        self._set_segment(node, segment, command)
        after = self._all.describe_segment(node, command.segment)
        fields = [name for name in ("name", "color", "visible", "opacity") if getattr(command, name) is not None]
        what = "Rename" if "name" in fields else "Colour" if "color" in fields else "Show or hide"

        def step(to: c.Segment) -> None:
            there = self._all.node(command.id)
            wanted = c.ChangeSegment(command.id, to.id, to.name, to.color, to.visible, to.opacity)
            self._set_segment(there, self._all.segment(there, to.id), wanted)

        if before != after:
            self._history.push(
                Edit(
                    f"{what} {before.name}", lambda: step(before), lambda: step(after), 1000,
                    f"{command.id} {command.segment} {fields}", MERGE_S,
                )
            )  # fmt: skip
        return after

    def _set_segment(self, node: Any, segment: Any, wanted: c.ChangeSegment) -> None:
        display = node.GetDisplayNode()
        if wanted.name is not None:
            segment.SetName(wanted.name)
        if wanted.color is not None:
            segment.SetColor(*wanted.color)
            segment.SetColorAutoGenerated(False)
        if wanted.visible is not None:
            display.SetSegmentVisibility(wanted.segment, wanted.visible)
        if wanted.opacity is not None:
            display.SetSegmentOpacity(wanted.segment, wanted.opacity)
        self._all.edited.add(node.GetID())

    def _remove_segment(self, command: c.RemoveSegment, _arrived: float) -> None:
        node = self._all.free(command.id)
        segment = self._all.segment(node, command.segment)
        maps = self._all.maps(node)
        state = self._all.describe_segment(node, command.segment)
        followers = maps.ids()[maps.ids().index(command.segment) + 1 :]
        change = Change()
        where = maps.mask(command.segment)
        box = box_of(where)
        layer, label = maps.place(command.segment)
        if box is not None:  # in a label map that others share its voxels would stay
            change.steps.append(Former(layer, box, layer.voxels[box].copy()))
            layer.voxels[box][where[box]] = 0
            layer.touched()
        segmentation = node.GetSegmentation()

        def step(there: bool) -> None:
            if there:
                before = next((one for one in followers if segmentation.GetSegment(one) is not None), "")
                maps.put_back(segment, command.segment, layer, label, before)
                change.undo()
                shown = c.ChangeSegment(command.id, command.segment, visible=state.visible, opacity=state.opacity)
                self._set_segment(node, segment, shown)
            else:
                change.redo()
                maps.remove(command.segment)
            maps.version += 1
            self._all.changed(node, {command.segment} if there else set())

        maps.remove(command.segment)
        maps.version += 1
        self._all.changed(node, set())
        self._history.push(Edit(f"Remove {state.name}", lambda: step(True), lambda: step(False), change.bytes + 1000))

    # -- painting ------------------------------------------------------------------------------------------------

    def _stroke(self, command: c.Stroke, _arrived: float) -> c.Edited:
        node = self._all.free(command.id)
        segment = self._all.segment(node, command.segment)
        maps = self._all.maps(node)
        parts = self._parts(command, node, maps)
        change = maps.paint(command.segment, parts, command.erase, command.overwrite)
        if change.steps:
            self._remember(command, f"{'Erase' if command.erase else 'Paint'} {segment.GetName()}", maps, change)
            self._all.changed(node, change.segments)
        return c.Edited(change.gained, change.lost, {view.name: view.touch() for view in self._views.slices()})

    def _parts(self, command: c.Stroke, node: Any, maps: SegmentMaps) -> Iterator[tuple[Box, Mask]]:
        to_local = np.linalg.inv(to_world(node))
        points = np.array(command.points, np.float64)
        if np.abs(points).max() > FURTHEST_MM:
            raise BadRequestError("a point of the stroke is further away than anything can be")
        normal = None
        if command.normal is not None:
            normal = np.linalg.inv(to_local[:3, :3]).T @ np.array(command.normal, np.float64)
            length = float(np.linalg.norm(normal))
            if not 1e-6 < length < 1e6:
                raise BadRequestError("normal must be a direction")
            normal = normal / length
        brush = Brush(command.radius, normal)
        local = points @ to_local[:3, :3].T + to_local[:3, 3]
        parts = together(covered(local, brush, maps.grid))
        if command.range is None or command.erase:
            return parts
        is_within: Callable[[Box], Mask] = self._all.within(node, maps, command.range)
        return ((box, mask & is_within(box)) for box, mask in parts)

    def _remember(self, command: c.Stroke, text: str, maps: SegmentMaps, change: Change) -> None:
        key = (command.id, command.segment, command.stroke)
        drawing = self._drawing
        if drawing is not None and command.stroke and drawing.key == key:
            drawing.change.join(change)
            if self._history.lengthen(drawing.edit, drawing.change.bytes):
                return
            del drawing.change.steps[-len(change.steps) :]  # somebody has done something else meanwhile
        edit = self._all.as_edit(text, maps, change)
        self._drawing = Drawing(key, change, edit)
        self._history.push(edit)


def show(display: Any, wanted: c.ChangeSegmentation) -> None:
    """Set how a segmentation is shown; what is None stays."""
    for value, put in (
        (wanted.visible, display.SetVisibility),
        (wanted.opacity, display.SetOpacity),
        (wanted.fill, display.SetVisibility2DFill),
        (wanted.outline, display.SetVisibility2DOutline),
        (wanted.fill_opacity, display.SetOpacity2DFill),
        (wanted.surface, display.SetVisibility3D),
    ):
        if value is not None:
            put(value)


def has_surface(node: Any, segment_id: str) -> bool:
    """Whether a segment has a surface, made of whatever state."""
    return node.GetSegmentation().GetSegment(segment_id).GetRepresentation("Closed surface") is not None
