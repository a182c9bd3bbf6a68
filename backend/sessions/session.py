"""One scene as the gateway sees it: a supervised process, restarted with its content when it dies or hangs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import structlog

from backend import metrics
from backend.config import Settings
from backend.errors import SlicecastError, UnavailableError
from backend.render.glprobe import NO_DRIVER
from backend.scene import commands as c
from backend.sessions.channel import RETRY_AFTER_S, Channel
from backend.sessions.execution import Executions
from backend.sessions.journal import Journal
from backend.sessions.kept import Kept, patch_of
from backend.sessions.known_pictures import Picture
from backend.sessions.launcher import SceneProcess, launch
from backend.sessions.load_faults import LoadFaults, name_of, shown
from backend.sessions.progress import telling
from backend.sessions.samples import SampleStore
from backend.sessions.told_markups import ToldMarkups

log = structlog.get_logger("session")
T = TypeVar("T")
Status = Literal["starting", "loading", "ready", "restarting", "failed"]
Listener = Callable[[c.AnyEvent | Status], None]
FetchStudy = Callable[[c.StudyWanted | c.SeriesWanted], Awaitable[list[Path]]]
KINDS = {kind.__name__: kind for kind in get_args(c.AnyCommand)}
RESTART_WINDOW_S = 60.0
WATCH_EVERY_S = 0.25
TELL_TIME_EVERY_S = 1.0
COMMANDS_AT_ONCE = 8
"""So many are with the scene process, enough for what it does between two pictures. The others wait here: answers that come in
a burst keep the event loop from everybody else."""
EMPTY = c.SceneInfo([], [], "FourUp", None)


class Session:
    """A scene. Everything runs on the event loop; listeners hear every event and change of status."""

    def __init__(self, name: str, settings: Settings, journal: Journal) -> None:
        self.name, self._settings, self.journal = name, settings, journal
        self.status: Status = "starting"
        self.info: c.SceneInfo = EMPTY
        self.history = c.HistoryState()
        self.markups = ToldMarkups()
        self.loading = 0
        self.load_faults = LoadFaults()
        self.told = 0
        """Rises with every command that may change what a picture shows."""
        self._places: dict[str, tuple[int, dict[str, Any]]] = {}  # of each view: revision, state that puts it back
        self._listeners: set[Listener] = set()
        self._process: SceneProcess | None = None
        self._started = asyncio.Event()
        self._up = asyncio.Event()  # it has been ready once
        self._beat_at, self._beat = time.monotonic(), c.Beat(0.0)
        self._lanes = {
            "commands": asyncio.Semaphore(COMMANDS_AT_ONCE),
            "pictures": asyncio.Semaphore(settings.render_threads + 2),
        }
        self._long_limits: list[float] = []  # of the long commands under way
        self._progress: dict[str, tuple[float, c.Progress]] = {}  # newest word of the process on each job, and when it came
        self._deaths: list[float] = []
        self._stopping = False
        self.samples = SampleStore(settings)
        self.fetch_study: FetchStudy = no_studies
        """Gets studies for code in the scene process, from elsewhere or the archive; whoever can puts itself here."""
        self.executions = Executions(self.ask, journal, settings)
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the process and its watch; `status` tells when it is ready."""
        self._spawn(self._watch())
        await self._launch()
        self._set_status("ready")

    async def stop(self) -> None:
        """End the process and the watch."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        if self._process is not None:
            await self._process.stop(self._settings.stop_timeout_s)

    @property
    def pid(self) -> int | None:
        """Number of the scene process."""
        return self._process.pid if self._process else None

    @property
    def is_busy(self) -> bool:
        """Whether it starts, loads, restarts, or somebody waits for an answer."""
        return self.status not in ("ready", "failed") or (self._process is not None and self._process.channel.is_busy)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of events and changes of status; call what is returned to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    # -- asking --------------------------------------------------------------------------------------------------

    async def ask(self, command: c.Command, answer: type[T]) -> T:
        """Have the scene carry out a command; what must outlive a crash is journaled before this returns.

        Raises:
            SlicecastError: what the scene answered; `UnavailableError` while it restarts.
        """
        value, _body = await self.ask_picture(command, answer)
        self.journal.note(command.journaled(value))
        if isinstance(value, c.LoadResult) and not self.loading and self.load_faults.clear():
            self.announce(c.SceneChanged(self.info))
        return value

    async def ask_picture(self, command: c.Command, answer: type[T]) -> tuple[T, bytes]:
        """As `ask`, with the bytes that come beside the value."""
        if self.status == "starting":
            await self._wait_for_start()
        if command.patient:
            return await self._ask_patiently(self._channel_for(command), command, answer)
        limit = self._limit_of(type(command).__name__) + 1.0
        if command.lane == "free":
            value, body = await self._channel_for(command).ask(command, answer, limit)
        else:
            async with self._lanes[command.lane]:
                value, body = await self._channel_for(command).ask(command, answer, limit)
        if isinstance(value, c.PictureInfo) and not (isinstance(command, c.Frame) and command.camera):
            self._remember(value.view, value.rev, value.place)
        return value, body

    def known_picture(self, command: c.Command) -> Picture | None:
        """The answer to a command, where the scene would only give it again; None while it could not answer at all."""
        return self._process.channel.known.find(command) if self.status == "ready" and self._process is not None else None

    def _channel_for(self, command: c.Command) -> Channel:
        channel = self._ready_process().channel
        if not isinstance(command, c.Frame):
            self.told += 1
        return channel

    async def _wait_for_start(self) -> None:
        """Programs that start a server ask as soon as it listens; only later restarts are answered with "try again"."""
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                await self._up.wait()
        except TimeoutError:
            raise UnavailableError("the scene is starting", RETRY_AFTER_S) from None

    async def _ask_patiently(self, channel: Channel, command: c.Command, answer: type[T]) -> tuple[T, bytes]:
        """As `Channel.ask`, for work that may keep the process's interpreter to itself: native readers let no other thread run.

        Meanwhile no heartbeat comes, which is no fault, and the process can not tell how far it is, so the time is told here.
        """
        limit = self._limit_of(type(command).__name__)
        clock = asyncio.create_task(self._tell_time(command)) if isinstance(command, c.Load | c.LoadDemo) else None
        self._long_limits.append(limit)
        answered = True
        try:
            return await channel.ask(command, answer, limit + 1.0)
        except (UnavailableError, asyncio.CancelledError):
            answered = False
            raise
        finally:
            self._long_limits.remove(limit)
            if answered:  # a sign of life as good as a heartbeat
                self._beat_at = time.monotonic()
            if clock is not None:
                clock.cancel()

    async def _tell_time(self, command: c.Load | c.LoadDemo) -> None:
        begun = time.monotonic()
        first = c.Progress(command.job, f"Reading {Path(command.path).name if isinstance(command, c.Load) else 'the demo'}")
        try:
            while True:
                await asyncio.sleep(TELL_TIME_EVERY_S)
                told_at, told = self._progress.get(command.job, (begun, first))
                if time.monotonic() - told_at > TELL_TIME_EVERY_S * 0.9:
                    text = f"{told.text}, {time.monotonic() - begun:.0f} s"
                    self.announce(c.Progress(command.job, text, told.fraction))
        finally:
            self._progress.pop(command.job, None)

    def tell(self, command: c.Command) -> None:
        """Send a command that wants no answer; lost while the scene restarts."""
        if self.status in ("ready", "loading") and self._process is not None:
            self.told += 1
            try:
                self._process.channel.tell(command)
            except UnavailableError:
                log.debug("dropped", command=type(command).__name__)

    def send(self, command: c.Command, answer: Any) -> None:
        """As `ask`, for a command whose answer is known beforehand: the scene, which may be busy, is not waited for.

        Raises:
            UnavailableError: the scene restarts.
        """
        self._channel_for(command).tell(command)
        self.journal.note(command.journaled(answer))

    @contextmanager
    def while_loading(self) -> Iterator[None]:
        """Say that the scene is loading, for as long as this lasts."""
        self.loading += 1
        self._set_status("loading")
        try:
            yield
        finally:
            self.loading -= 1
            if not self.loading and self.status == "loading":
                self._set_status("ready")

    async def load(self, entry: c.Load | c.LoadDemo) -> None:
        """Load what the command line names; a failure is logged and told."""
        what = name_of(entry)
        begun = time.monotonic()
        try:
            result = await self.ask(entry, c.LoadResult)
        except SlicecastError as error:
            self.not_loaded(what, str(error), entry.job)
            return
        for warning in result.warnings:
            log.warning("loaded with a warning", what=what, warning=warning)
        names = ", ".join(node.name for node in result.nodes)
        log.info("loaded", what=what, nodes=names, seconds=round(time.monotonic() - begun, 2))

    def not_loaded(self, what: str, why: str, job: str = "") -> None:
        """Log and tell that something failed to load which nobody waits for; it is told to clients that come later, too."""
        log.error("not loaded", what=what, why=why)
        if job:
            self.announce(c.Progress(job, f"{shown(what)} is not loaded: {why}", 1.0))
        self.load_faults.add(what, why)
        self.announce(c.SceneChanged(self.info))

    def dismiss_load_fault(self, number: str) -> None:
        """Forget that something failed to load.

        Raises:
            NotFoundError: nothing failed by this id.
        """
        self.load_faults.dismiss(number)
        self.announce(c.SceneChanged(self.info))

    def _ready_process(self) -> SceneProcess:
        if self.status in ("starting", "restarting") or self._process is None:
            raise UnavailableError(f"the scene is {self.status}", RETRY_AFTER_S)
        if self.status == "failed":
            raise UnavailableError("the scene process keeps dying; see the log and restart the server", 60.0)
        return self._process

    # -- supervision ---------------------------------------------------------------------------------------------

    async def _launch(self) -> None:
        self._started.clear()
        self._beat_at = time.monotonic()
        self._process = await launch(self._settings, self._on_event, self._on_lost)
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                await self._started.wait()
        except TimeoutError:
            self._process.kill()
            raise UnavailableError("the scene process did not start in time") from None
        if not self.info.views:
            raise UnavailableError("the scene process died while it started")

    def _limit_of(self, command: str) -> float:
        kind = KINDS.get(command, c.Command)
        seconds: float = getattr(self._settings, kind.limit)
        grace: float = kind.grace_s
        return seconds + grace

    async def _watch(self) -> None:
        while not self._stopping:
            await asyncio.sleep(WATCH_EVERY_S)
            if self._process is None or not self._started.is_set():
                continue
            silent = time.monotonic() - self._beat_at
            if silent > max(self._settings.heartbeat_timeout_s, *self._long_limits, 0.0):
                log.error("scene process is silent and is killed", pid=self.pid, seconds=round(silent, 1))
            elif self._beat.busy_s > self._limit_of(self._beat.command):
                log.error("scene process hangs and is killed", pid=self.pid, command=self._beat.command)
            else:
                continue
            self._beat_at, self._beat = time.monotonic(), c.Beat(0.0)
            self._process.kill()

    def _on_lost(self) -> None:
        if self._stopping:
            return
        if not self._started.is_set():  # it never came up; whoever waits for that finds out
            self.info = EMPTY
            self._started.set()
            return
        if self.status == "restarting":  # what is being told it finds out by itself, and another is started for it
            return
        self._set_status("restarting")  # before anybody hears that its answer will not come
        self._spawn(self._restart())

    async def _restart(self, kept: Kept | None = None) -> None:
        died = self._process
        code = await died.process.wait() if died is not None else None
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < RESTART_WINDOW_S] + [now]
        metrics.SCENE_RESTARTS.inc()
        log.error("scene process ended", code=code, deaths_in_a_minute=len(self._deaths))
        if len(self._deaths) > self._settings.max_restarts:
            self._set_status("failed")
            return
        if kept is None:  # else an earlier attempt failed, and what is known now is of a scene that was not put back
            kept = Kept(
                {view: state for view, (_rev, state) in self._places.items()},
                list(self.markups.values()),
                self.markups.gone,
            )
        self._places.clear()  # revisions start anew
        self.markups.clear()  # they may come back under other ids
        try:
            await self._launch()
            await self._replay(kept)
        except UnavailableError as error:
            log.error("restart failed", why=str(error))
            if self._process is not None and self._process.process.returncode is None:
                self._process.kill()
            self._spawn(self._restart(kept))
            return
        self.announce(c.MarkupsChanged([], [state.id for state in kept.markups if state.id not in self.markups]))
        self._set_status("ready")

    async def _replay(self, kept: Kept) -> None:
        assert self._process is not None
        channel = self._process.channel
        for entry in list(self.journal.entries):
            try:
                answer, _body = await self._ask_patiently(channel, entry, entry.answer)
                self.journal.renew(entry, entry.journaled(answer))
            except UnavailableError:
                log.error("the process died again while it was told; that is given up", entry=repr(entry))
                self.journal.drop(entry)
                self._not_loaded_again(entry, "the scene's process ended while it was loaded again")
                raise
            except SlicecastError as error:
                log.error("not told again", entry=repr(entry), why=str(error))
                self.journal.drop(entry)
                self._not_loaded_again(entry, str(error))
        # What the journal made and was never told of stays as the journal has it.
        replayed, _body = await channel.ask(c.ListMarkups(), list[c.MarkupState], self._settings.command_timeout_s)
        known = kept.gone | {state.id for state in kept.markups}
        others = tuple(state.id for state in replayed if state.id not in known)
        patches = {view: patch_of(state) for view, state in kept.views.items()}
        await channel.ask(c.Restore(patches), type(None), self._settings.command_timeout_s)
        # After the views, which have boxes to crop by of their own where there are no such ROIs.
        await channel.ask(c.RestoreMarkups(kept.markups, others), type(None), self._settings.command_timeout_s)

    def _not_loaded_again(self, entry: c.Command, why: str) -> None:
        if isinstance(entry, c.Load | c.LoadDemo | c.LoadSample):
            self.not_loaded(name_of(entry), f"not loaded again after a restart: {why}")

    # -- events --------------------------------------------------------------------------------------------------

    def _on_event(self, event: c.AnyEvent) -> None:
        if isinstance(event, c.Beat):
            self._beat_at, self._beat = time.monotonic(), event
            return
        if isinstance(event, c.Started):
            self._beat_at, self._beat = time.monotonic(), c.Beat(0.0)  # what its predecessor said last counts no more
            self.info = event.info
            self._take_history(c.HistoryChanged(c.HistoryState()))
            if event.info.gl is None:
                log.warning(NO_DRIVER, gl=self._settings.gl)
            self._started.set()
            return
        if isinstance(event, c.FilesWanted | c.StudyWanted | c.SeriesWanted):
            self._spawn(self._provide(event))
            return
        if isinstance(event, c.HistoryChanged):
            self._take_history(event)
            return
        if isinstance(event, c.MarkupsChanged):
            self.markups.take(event)
        elif isinstance(event, c.SceneChanged):
            self.info = event.info
        elif isinstance(event, c.Progress):
            self._progress[event.job] = (time.monotonic(), event)
        elif isinstance(event, c.ViewChanged) and not event.camera:  # an own camera is put back by whose it is
            self._remember(event.view, event.rev, event.patch)
        self.announce(event)

    def _take_history(self, event: c.HistoryChanged) -> None:
        if event.history != self.history:
            self.history = event.history
            self.announce(event)

    async def _provide(self, wanted: c.FilesWanted | c.StudyWanted | c.SeriesWanted) -> None:
        """Get what code in the scene process waits for."""
        try:
            if isinstance(wanted, c.StudyWanted | c.SeriesWanted):
                paths = await self.fetch_study(wanted)
            else:
                told = lambda file: telling(self.announce, wanted.request, file)  # noqa: E731
                paths = await self.samples.obtain(wanted.name, wanted.files, told)
            self.tell(c.FilesReady(wanted.request, [str(path) for path in paths]))
        except SlicecastError as error:
            self.tell(c.FilesReady(wanted.request, error=str(error)))
        except Exception as error:  # whatever it is, nobody may wait for ever
            log.exception("files not provided", request=wanted.request)
            self.tell(c.FilesReady(wanted.request, error=f"{type(error).__name__}: {error}"))

    def _remember(self, view: str, rev: int, state: dict[str, Any]) -> None:
        known_rev, known = self._places.get(view, (0, {}))
        if rev >= known_rev:
            self._places[view] = (rev, known | state)

    def _set_status(self, status: Status) -> None:
        if status != self.status:
            self.status = status
            self._up.set()
            log.info("scene status", status=status, session=self.name)
            self.announce(status)

    def announce(self, event: c.AnyEvent | Status) -> None:
        """Tell every listener of an event or a change of status."""
        for listener in list(self._listeners):
            listener(event)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def no_studies(_wanted: c.StudyWanted | c.SeriesWanted) -> list[Path]:
    """Refuse: nobody here fetches studies."""
    raise UnavailableError("this server fetches no studies")
