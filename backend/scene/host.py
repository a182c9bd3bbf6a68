"""The scene and all that may be asked of it. Knows nothing of sockets: tests drive the same class in their own process."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from backend.render import warm_up
from backend.render.glprobe import GlDriver
from backend.render.observing import observe
from backend.render.video import ENCODER, wished
from backend.render.video_probe import those_that_work
from backend.scene import commands as c
from backend.scene.annotation_commands import AnnotationCommands
from backend.scene.application import Application
from backend.scene.arrangement_commands import ArrangementCommands
from backend.scene.console import Console
from backend.scene.content_commands import ContentCommands, select_nodes
from backend.scene.context import Context, Options, Part, Performer
from backend.scene.deferred import Deferred
from backend.scene.fetching import Fetcher
from backend.scene.graphics_commands import GraphicsCommands
from backend.scene.layout_commands import LayoutCommands
from backend.scene.look_commands import LookCommands
from backend.scene.markups_commands import MarkupsCommands
from backend.scene.mrml_commands import MrmlCommands
from backend.scene.nodes_commands import NodesCommands
from backend.scene.preset_commands import Presets
from backend.scene.probing_commands import ProbingCommands
from backend.scene.sample_commands import SampleCommands
from backend.scene.screenshot_commands import Screenshots
from backend.scene.segment_commands import SegmentCommands
from backend.scene.segment_effects import SegmentEffects
from backend.scene.segment_keeping import SegmentKeeping
from backend.scene.segment_state import Segmentations
from backend.scene.segment_surfaces import SegmentSurfaces
from backend.scene.statistics_commands import StatisticsCommands
from backend.scene.undo import History
from backend.scene.undo_commands import UndoCommands
from backend.scene.view_commands import ViewCommands
from backend.scene.viewing_commands import ViewingCommands
from backend.scene.views import View, Views
from backend.scene.volume_commands import VolumeCommands

# Commands whose performers know that a slice view's plane may be ahead of its node.
DRAWING = (c.SetView, c.Pointer, c.Frame, c.SlicePicture, c.CancelFrames, c.OwnCamera, c.CloseCamera)
UNTOLD = (*DRAWING, c.Track, c.Stroke)  # they change no markups, and come often
ANNOUNCE_EVERY_S = 0.033
DESCRIBE_EVERY_S = 0.5  # names may change without a word
NODES_EVERY_S = 0.2
DICOM_AFTER_S = 8.0
Emit = Callable[[c.AnyEvent], None]


def make_ready() -> None:
    """Have what the first pictures would wait for, and long after it what the first DICOM series would."""
    warm_up.main()
    time.sleep(DICOM_AFTER_S)
    importlib.import_module("backend.dicom.loading")


class SceneHost:
    """One MRML scene with its views. `perform` runs on the scene thread, which is the thread that called `start`."""

    def __init__(self, options: Options, emit: Emit, find_driver: Callable[[], GlDriver | None]) -> None:
        self._options, self._emit, self._find_driver = options, emit, find_driver
        self.pool = ThreadPoolExecutor(options.threads, thread_name_prefix="pictures")
        self._announced: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}  # of each view and own camera
        self._announced_at = self._described_at = self._nodes_told_at = 0.0
        self._lists_changed = False
        self._info: c.SceneInfo | None = None
        self._segments_seen: tuple[int, tuple[Any, ...]] = (0, ())

    @classmethod
    def from_json(cls, text: str, emit: Emit, find_driver: Callable[[], GlDriver | None]) -> SceneHost:
        """A host with `Options` given as JSON."""
        return cls(msgspec.json.decode(text, type=Options), emit, find_driver)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the scene and its views, and say so."""
        self.app = Application()
        self.driver = self._find_driver()
        if self.driver is not None:
            self.driver.apply()
        self.views = Views(self.app, self.driver, self._options.max_views)
        self._fetcher = Fetcher(self._emit)
        self.history = History(self._options.undo_steps, self._options.undo_mb << 20)
        self._history_told = 0
        context = Context(
            self.app,
            self.views,
            self._options,
            self._emit,
            self._announce_lists,
            self._perform_whole,
            self._fetcher.fetch,
            self._fetcher.fetch_study,
            self._fetcher.find_series,
            self.history,
        )
        self._view_commands = ViewCommands(context)
        self._layout_commands = LayoutCommands(context)
        self._nodes_commands = NodesCommands(context)
        self._segmentations = Segmentations(context)
        segments = SegmentCommands(context, self._segmentations)
        self._annotations = AnnotationCommands(context)
        self._content_commands = ContentCommands(context)
        parts: list[Part] = [
            self._view_commands,
            self._content_commands,
            VolumeCommands(context),
            MarkupsCommands(context),
            self._layout_commands,
            GraphicsCommands(context),
            Screenshots(context),
            Presets(context),
            ArrangementCommands(context),
            MrmlCommands(context),
            self._nodes_commands,
            LookCommands(context),
            SampleCommands(context),
            ViewingCommands(context),
            Console(context),
            UndoCommands(context),
            segments,
            SegmentEffects(context, self._segmentations, segments),
            SegmentSurfaces(context, self._segmentations),
            SegmentKeeping(context, self._segmentations),
            self._annotations,
            ProbingCommands(context, self._view_commands.cameras),
            StatisticsCommands(context),
        ]
        self._performers: dict[type, Performer] = {c.Describe: lambda _command, _arrived: self._describe()}
        for part in parts:
            self._performers.update(part.performers)
        self._find_encoders()
        self._info = self._describe()
        for event in (self.app.scene.NodeAddedEvent, self.app.scene.NodeRemovedEvent):
            observe(self.app.scene, event, self._on_list_change)
        threading.Thread(target=make_ready, daemon=True, name="warm-up").start()

    def _find_encoders(self) -> None:
        """What video is coded by: at once what needs no looking, the rest when it has been tried, for which nobody waits."""
        videos = self._view_commands.videos
        names = wished(self._options.video_encoders, has_gpu=self.driver is not None and self.driver.is_gpu)
        videos.encoders = [name for name in names if name == ENCODER]

        def look() -> None:
            videos.encoders = those_that_work(names)
            self._lists_changed = True
            sys.stderr.write(f"video by {', '.join(videos.encoders) or 'none'} of {', '.join(names)}\n")

        if videos.encoders != names:
            threading.Thread(target=look, daemon=True, name="encoders").start()

    def _on_list_change(self, _caller: Any, _event: str) -> None:
        self._lists_changed = True

    @property
    def info(self) -> c.SceneInfo:
        """What the scene holds."""
        return self._describe()

    def notice(self, command: c.Command) -> None:
        """Called on the input thread as a command arrives."""
        self._view_commands.notice(command)
        self._fetcher.notice(command)

    def perform(self, command: c.Command, arrived: float) -> Any:
        """Carry out a command. Returns its value, a function that makes a picture on any thread, or a `Deferred`.

        Raises:
            SlicecastError: with a message for the user; the scene is unchanged.
        """
        if not isinstance(command, DRAWING):  # whatever it is, it may read the slice nodes
            self.views.settle()
        if isinstance(command, c.Stroke):  # no client has asked for a picture of it, so what waits is told at once
            self._announced_at = 0.0
        result = self._performers[type(command)](command, arrived)
        if isinstance(result, Deferred):
            return Deferred(result.work, lambda done: self._told(command, result.finish(done)))
        return self._told(command, result)

    def _told(self, command: c.Command, result: Any) -> Any:
        """The result of a command, once its markups are told: what was answered is put back, however soon the process dies.
        The history is told before them: who sees a markup come or go is not offered what was to be taken back before."""
        if isinstance(command, UNTOLD):
            return result
        self._announce_history()
        if isinstance(result, c.PointPlaced | c.MarkupState):
            self._emit(self._annotations.told(result.id))
        else:
            with self.views.changes.reading():
                self._announce_markups(at_once=True)
        return result

    @property
    def is_ahead_waiting(self) -> bool:
        """Whether there is something to make for what is likely to be asked next."""
        return self._view_commands.prefetch.is_waiting

    def make_ahead(self) -> None:
        """Make one picture that is likely to be asked for next."""
        self._view_commands.prefetch.make_one()

    def _perform_whole(self, command: c.Command) -> Any:
        """As `perform`, but on this thread to the end of it."""
        result = self.perform(command, time.perf_counter())
        if isinstance(result, Deferred):
            return result.finish(result.work())
        return result() if callable(result) else result

    # -- events --------------------------------------------------------------------------------------------------

    def _describe(self) -> c.SceneInfo:
        volumes = select_nodes(self.app.scene, c.SelectNodes(class_name="vtkMRMLVolumeNode"))
        driver = self.driver.renderer if self.driver else None
        gui = self._layout_commands.state()
        names, places, segments = self.views.names(), self.app.layout(), self._segments_number()
        follows, videos = self._content_commands.follows_tool, self._view_commands.videos.codecs
        bare = self._nodes_commands.index.is_bare
        return c.SceneInfo(names, volumes, gui.layout, driver, places, gui.contents, follows, segments, bare, videos)

    def _segments_number(self) -> int:
        revision = self._segmentations.revision()
        if revision != self._segments_seen[1]:
            self._segments_seen = (self._segments_seen[0] + 1, revision)
        return self._segments_seen[0]

    def announce(self) -> bool:
        """Tell what has changed in the views and the scene's lists; returns False when it is too soon to look again."""
        now = time.monotonic()
        if now - self._announced_at < ANNOUNCE_EVERY_S:
            return False
        self._announced_at = now
        if self.views.are_slices_in_3d():
            self.views.settle()
        with self.views.changes.reading():
            self._announce_views()
            self._announce_history()
            self._announce_markups()
            if self._lists_changed or now - self._described_at > DESCRIBE_EVERY_S:
                self._lists_changed, self._described_at = False, now
                self._announce_lists()
            if now - self._nodes_told_at > NODES_EVERY_S and (nodes := self._nodes_commands.index.news()) is not None:
                self._nodes_told_at = now
                self._emit(nodes)
        return True

    def _announce_views(self) -> None:
        cameras = self._view_commands.cameras
        seen = [(view.name, "") for view in self.views.all()] + cameras.all()
        for name, camera in seen:
            with cameras.seen(name, camera) as view:
                self._announce_view(view, camera)
        if len(self._announced) > len(seen):
            self._announced = {key: self._announced[key] for key in seen}

    def _announce_view(self, view: View, camera: str) -> None:
        rev = view.touch()
        told = self._announced.get((view.name, camera))
        if told is not None and told[0] == rev:
            return
        state = view.state()
        patch = {key: value for key, value in state.items() if told is None or told[1].get(key) != value}
        self._announced[view.name, camera] = (rev, state)
        by = self._view_commands.changed_by.get(camera or view.name, "")
        self._emit(c.ViewChanged(view.name, rev, patch, by, camera))

    def _announce_markups(self, at_once: bool = False) -> None:
        if (news := self._annotations.news(at_once)) is not None:
            self._emit(news)

    def _announce_history(self) -> None:
        if self.history.version != self._history_told:
            self._history_told = self.history.version
            self._emit(c.HistoryChanged(self.history.state))

    def _announce_lists(self) -> None:
        info = self._describe()
        if info != self._info:
            self._info = info
            self.views.sources.forget_all_but({node.id for node in info.volumes})
            self._emit(c.SceneChanged(info))
