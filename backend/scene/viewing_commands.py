"""Performs what a viewer offers beside its views: looks, remembered cameras, layouts, sequences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import slicer

from backend.errors import BadRequestError, NotFoundError, TooLargeError
from backend.imaging.histograms import histogram
from backend.render.views.looks import Looks
from backend.render.views.nodes import nodes_of_class
from backend.render.views.volumes import scalar_range
from backend.scene import commands as c
from backend.scene.context import Context, Performer
from backend.scene.deferred import Deferred
from backend.scene.layouts import LAYOUT_NAMES
from backend.scene.readers.source import unique_name

BOOKMARK = "Slicecast.bookmark"
BROWSER = "vtkMRMLSequenceBrowserNode"
SAME_AS_OTHERS = ("Initial", "Default", "Custom", "Maximized", "User", "Final", "DualMonitorFourUp")
"""Names that Slicer has for what other layouts are, or that need two screens."""


class ViewingCommands:
    """Looks, bookmarks, layouts and sequences of a scene. Scene thread only."""

    def __init__(self, context: Context) -> None:
        self._app, self._announce = context.app, context.announce_lists
        self._renderings, self._sources = context.views.renderings, context.views.sources
        self._looks = Looks(context.app.scene, context.views.sources, context.views.renderings)
        self.performers: Mapping[type[c.Command], Performer] = {
            c.LookPicture: self._look,
            c.Histogram: self._histogram,
            c.ListLayouts: self._layouts,
            c.ListBookmarks: lambda _command, _arrived: [_bookmark_of(node) for node in self._bookmarks()],
            c.AddBookmark: self._add_bookmark,
            c.RemoveBookmark: self._remove_bookmark,
            c.ListSequences: lambda _command, _arrived: [_entry_of(node) for node in self._browsers()],
            c.ShowItem: self._show_item,
        }

    def _look(self, command: c.LookPicture, _arrived: float) -> Any:
        etag, draw = self._looks.picture(command.volume, command.preset, command.size)
        info = c.PictureInfo(etag, "png", command.size, command.size)
        if etag in command.if_none_match:
            info.unchanged = True
            return lambda: (info, b"")
        return lambda: (info, draw())

    def _histogram(self, command: c.Histogram, _arrived: float) -> Deferred:
        volume = self._renderings.volume(command.volume)
        source = self._sources.of(volume)
        low, high = scalar_range(volume.GetImageData())
        if source is None or not (math.isfinite(low) and math.isfinite(high)):
            raise BadRequestError(f"{volume.GetName()} has no range of values")
        high, voxels = max(high, low + 1e-6 * max(abs(low), 1.0)), source.voxels
        return Deferred(
            lambda: histogram(voxels, low, high, command.bins), lambda counts: c.HistogramOf((low, high), counts.tolist())
        )

    def _layouts(self, _command: c.ListLayouts, _arrived: float) -> list[c.LayoutEntry]:
        node = self._app.layout_node
        known = [number for number in sorted(LAYOUT_NAMES) if node.IsLayoutDescription(number)]
        entries = [c.LayoutEntry(LAYOUT_NAMES[number], self._app.layout(number)) for number in known]
        return [entry for entry in entries if entry.name not in SAME_AS_OTHERS and _is_drawn(entry.composition)]

    def _bookmarks(self) -> list[Any]:
        cameras = nodes_of_class(self._app.scene, "vtkMRMLCameraNode")
        return [node for node in cameras if node.GetAttribute(BOOKMARK)]

    def _add_bookmark(self, command: c.AddBookmark, _arrived: float) -> c.Bookmark:
        camera = command.camera
        if camera.position is None or camera.focal_point is None or camera.view_up is None or camera.view_angle is None:
            raise BadRequestError("a bookmark needs a whole camera: position, focal_point, view_up and view_angle")
        if len(self._bookmarks()) >= c.MAX_BOOKMARKS:
            raise TooLargeError(f"there are {c.MAX_BOOKMARKS} bookmarks already")
        node = slicer.vtkMRMLCameraNode()
        node.SetName(unique_name(self._app.scene, command.name))
        node.SetLayoutName(f"Bookmark {node.GetName()}")  # of no view, so that none takes it for its own
        node.SetAttribute(BOOKMARK, "1")
        node.SetPosition(*camera.position)
        node.SetFocalPoint(*camera.focal_point)
        node.SetViewUp(*camera.view_up)
        node.SetViewAngle(camera.view_angle)
        return _bookmark_of(self._app.scene.AddNode(node))

    def _remove_bookmark(self, command: c.RemoveBookmark, _arrived: float) -> None:
        node = next((node for node in self._bookmarks() if node.GetName() == command.name), None)
        if node is None:
            raise NotFoundError(f"there is no bookmark {command.name!r}")
        self._app.scene.RemoveNode(node)

    def _browsers(self) -> list[Any]:
        return [node for node in nodes_of_class(self._app.scene, BROWSER) if node.GetNumberOfItems()]

    def _show_item(self, command: c.ShowItem, _arrived: float) -> c.SequenceEntry:
        browsers = self._browsers()
        named = [node for node in browsers if not command.name or _name_of(node) == command.name]
        browser = next((node for node in named if node.GetID() == command.sequence), None)
        browser = browser or (named[0] if command.name and named else None)
        if browser is None:
            raise NotFoundError(f"there is no sequence with id {command.sequence!r}")
        if not 0 <= command.item < browser.GetNumberOfItems():
            raise BadRequestError(f"item must be 0 to {browser.GetNumberOfItems() - 1}")
        browser.SetSelectedItemNumber(command.item)
        self._app.modules["Sequences"].UpdateProxyNodesFromSequences(browser)
        return _entry_of(browser)


def _is_drawn(part: c.LayoutPart) -> bool:
    views = c.views_of(part)
    return bool(views) and all(view.kind in ("slice", "threeD") for view in views)


def _bookmark_of(node: Any) -> c.Bookmark:
    camera = c.CameraPatch(
        tuple(node.GetPosition()), tuple(node.GetFocalPoint()), tuple(node.GetViewUp()), node.GetViewAngle()
    )  # fmt: skip
    return c.Bookmark(node.GetName(), camera)


def _entry_of(browser: Any) -> c.SequenceEntry:
    item, master = browser.GetSelectedItemNumber(), browser.GetMasterSequenceNode()
    label = ""
    if master is not None and 0 <= item < master.GetNumberOfDataNodes():
        label = f"{master.GetIndexName()} {master.GetNthIndexValue(item)} {master.GetIndexUnit()}".strip()
    return c.SequenceEntry(browser.GetID(), _name_of(browser), browser.GetNumberOfItems(), max(item, 0), label)


def _name_of(browser: Any) -> str:
    master = browser.GetMasterSequenceNode()
    name: str = (browser if master is None else master).GetName()
    return name
