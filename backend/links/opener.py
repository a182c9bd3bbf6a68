"""Does what a link asks: fetches studies and files and loads them into the scene, as a job."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from backend.config import Settings
from backend.errors import NotFoundError, SlicecastError, UnreadableError
from backend.jobs.jobs import Job, Jobs
from backend.links.link import File, Link, Study, make_study
from backend.links.loading import ask_surely
from backend.links.studies import Studies
from backend.peers.dicomweb import FetchedSeries, Limits, StudyFetch
from backend.peers.files import fetch_file
from backend.peers.http import Budget, Peer, PeerError
from backend.scene import commands as c
from backend.security.addresses import parse_address, require_listed
from backend.security.download import file_name_of
from backend.sessions.session import Session

PET = "PT"
DRAWN = ("SEG", "RTSTRUCT")
FETCHING = 0.7  # share of the time, for the progress
IsOwn = Callable[[SplitResult], bool]


@dataclass
class Span:
    """A part of a job's progress."""

    job: Job
    low: float = 0.0
    high: float = 1.0

    def tell(self, text: str, share: float | None, **counts: int) -> None:
        """Say how far this part is, 0 to 1."""
        self.job.tell(text, self.low + (self.high - self.low) * (share or 0.0), **counts)

    def part(self, low: float, high: float) -> Span:
        """A part of this part."""
        size = self.high - self.low
        return Span(self.job, self.low + size * low, self.low + size * high)


@dataclass
class Outcome:
    """What came of a link so far; it is the job's result as it stands, whatever happens later."""

    study: str | None = None
    series: list[FetchedSeries] = field(default_factory=list)
    nodes: list[c.Node] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """For clients."""
        described: dict[str, Any] = {
            "loaded": [{"id": node.id, "name": node.name, "class": node.class_name} for node in self.nodes],
            "warnings": list(self.warnings),
        }
        if self.study is not None:
            described["study"] = self.study
            described["series"] = [
                {"uid": one.uid, "modality": one.modality, "description": one.description, "number": one.number,
                 "instances": one.instances, "state": one.state, "reason": one.reason}
                for one in self.series
            ]  # fmt: skip
        return described


@dataclass(frozen=True)
class Opener:
    """Opens links into one session."""

    session: Session
    settings: Settings
    jobs: Jobs
    studies: Studies

    def open(self, link: Link, is_own: IsOwn, in_3d: bool = True) -> Job:
        """Begin with what a link asks. `is_own` tells addresses of this very server.

        Raises:
            ForbiddenError: a server that it names is not allowed; nothing was connected to.
            TooLargeError: too much is under way.
        """
        study = link.study
        if study is not None and _is_here(study, is_own):
            study = Study(study.uid)
        elif study is not None and study.endpoint is not None:
            require_listed(parse_address(study.endpoint), self.settings.link_allow_hosts)
        for file in link.files:
            address = parse_address(file.address)
            if not is_own(address):
                require_listed(address, self.settings.link_allow_hosts)
        wanted = Link(study, link.files, link.show_3d)
        return self.jobs.submit(
            "files" if study is None else "study", _title(wanted), lambda job: self._open(job, wanted, in_3d)
        )

    def open_study(self, study: str, series: Sequence[str]) -> Job:
        """Begin with loading a study of the archive, or some of its series.

        Raises:
            TooLargeError: too much is under way.
        """
        outcome = Outcome(study)

        async def work(job: Job) -> dict[str, Any]:
            outcome.series = await self.studies.series_of(study)
            missing = set(series) - {one.uid for one in outcome.series}
            if missing or not outcome.series:
                raise NotFoundError(f"the archive has no {f'series {missing.pop()}' if missing else f'study {study}'}")
            if series:
                outcome.series = [one for one in outcome.series if one.uid in series]
            return await self._in_scene(job, outcome, self._load_series(study, Span(job), outcome, True))

        return self.jobs.submit("study", f"study {study}", work)

    async def _in_scene(self, job: Job, outcome: Outcome, loading: Awaitable[None]) -> dict[str, Any]:
        """Wait for loading. What came of it is the job's result as it stands, whatever happens."""
        try:
            await loading
        finally:
            job.result = outcome.describe()
        if not outcome.nodes:
            raise UnreadableError("nothing could be loaded: " + "; ".join(outcome.warnings))
        job.tell("Loaded " + ", ".join(node.name for node in outcome.nodes), 1.0)
        return outcome.describe()

    def is_local(self, link: Link, is_own: IsOwn) -> bool:
        """Whether a link means nothing but a study that this server has itself."""
        return link.study is not None and not link.files and _is_here(link.study, is_own)

    async def provide(self, wanted: c.StudyWanted | c.SeriesWanted) -> list[Path]:
        """Get series for code in the scene process: those of the archive that match, or a study of another server, fetched as
        a job. Returns the folders of series that are whole.

        Raises:
            ForbiddenError: its server is not allowed; BadRequestError: it makes no sense; else why it could not be fetched.
        """
        if isinstance(wanted, c.SeriesWanted):
            return await self.studies.folders(wanted.keys)
        study, outcome = make_study(wanted.study, wanted.endpoint, wanted.token), Outcome(wanted.study)
        endpoint = study.endpoint or ""
        require_listed(parse_address(endpoint), self.settings.link_allow_hosts)

        async def fetch(job: Job) -> dict[str, Any]:
            async with self.studies.lock(study.uid):
                await self._fetch(study, endpoint, Span(job), outcome)
            job.tell(f"Fetched {len(outcome.series)} series", 1.0)
            return outcome.describe()

        await self.jobs.wait(self.jobs.submit("study", _title(Link(study)), fetch))
        return [await self.studies.folder(study.uid, one.uid) for one in outcome.series if one.state != "failed"]

    async def _open(self, job: Job, link: Link, in_3d: bool) -> dict[str, Any]:
        outcome = Outcome()
        return await self._in_scene(job, outcome, self._open_all(job, link, outcome, in_3d))

    async def _open_all(self, job: Job, link: Link, outcome: Outcome, in_3d: bool) -> None:
        steps = (link.study is not None) + len(link.files)
        spans = [Span(job, step / steps, (step + 1) / steps) for step in range(steps)]
        if link.study is not None:
            outcome.study = link.study.uid
            await self._open_study(link.study, spans.pop(0), outcome, in_3d)
        for file, span in zip(link.files, spans, strict=True):
            await self._open_file(file, span, outcome, in_3d)
        if link.show_3d and outcome.nodes:
            await ask_surely(self.session, self.settings, c.ShowSlicesIn3D(), type(None))

    # -- studies -------------------------------------------------------------------------------------------------

    async def _open_study(self, study: Study, span: Span, outcome: Outcome, in_3d: bool) -> None:
        if study.endpoint is None:
            outcome.series = await self.studies.series_of(study.uid)
            if not outcome.series:
                raise NotFoundError(f"this server has no study {study.uid}")
        else:
            async with self.studies.lock(study.uid):
                await self._fetch(study, study.endpoint, span.part(0.0, FETCHING), outcome)
        outcome.warnings += [f"{one.label}: not fetched: {one.reason}" for one in outcome.series if one.state == "failed"]
        await self._load_series(study.uid, span.part(FETCHING, 1.0), outcome, in_3d)

    async def _fetch(self, study: Study, endpoint: str, span: Span, outcome: Outcome) -> None:
        settings = self.settings
        budget = Budget(settings.study_max_mb << 20)
        fetch = StudyFetch(
            Peer(endpoint, study.token, budget, settings.study_silence_s),
            study.uid, study.bulk, self.studies,
            Limits(settings.study_max_instances, settings.study_answer_mb << 20),
            lambda text, share, counts: span.tell(text, share, **counts),
        )  # fmt: skip
        try:
            async with asyncio.timeout(settings.study_timeout_s):
                await fetch.run()
        except TimeoutError:
            raise PeerError(f"the study was not there within {settings.study_timeout_s:g} s") from None
        finally:
            outcome.series = fetch.series

    async def _load_series(self, study: str, span: Span, outcome: Outcome, in_3d: bool) -> None:
        """Load what is there, series by series: the first that is more than a localizer is shown, PET is laid over it."""
        there = sorted((one for one in outcome.series if one.state != "failed"), key=_order)
        if there:
            await self._leave_demo()
        laid = False
        for place, one in enumerate(there):
            part = span.part(place / len(there), (place + 1) / len(there))
            shown = not outcome.nodes
            over = one.modality == PET and not laid and not shown
            laid = laid or over
            how = {} if shown else {"show": "foreground" if over else "false"}
            command = c.Load(str(await self.studies.folder(study, one.uid)), None, how, in_3d and shown)
            await self._load(command, one.label, part, outcome)

    async def _leave_demo(self) -> None:
        """Take the demo away, if there is nothing else: its segments and points are those of somebody else."""
        loads = [entry for entry in self.session.journal.entries if entry.journal == "append"]
        if loads and all(isinstance(entry, c.LoadDemo) for entry in loads):
            await ask_surely(self.session, self.settings, c.Clear(), type(None))

    # -- files ---------------------------------------------------------------------------------------------------

    async def _open_file(self, file: File, span: Span, outcome: Outcome, in_3d: bool) -> None:
        settings, fetching = self.settings, span.part(0.0, FETCHING)
        budget = Budget(settings.url_max_mb << 20)
        peer = Peer(file.address, "", budget, settings.study_silence_s, settings.link_allow_hosts)
        name = file_name_of(file.address if file.name is None else quote(file.name))

        def told(received: int, total: int | None) -> None:
            fetching.tell(f"Fetching {name}, {received >> 20} MB", received / total if total else None, bytes=received)

        try:
            async with asyncio.timeout(settings.url_timeout_s):
                path = await fetch_file(peer, self.session.journal.spool, name, told)
        except TimeoutError:
            outcome.warnings.append(f"{name}: not fetched: it was not there within {settings.url_timeout_s:g} s")
            return
        except SlicecastError as error:
            outcome.warnings.append(f"{name}: not fetched: {error}")
            return
        await self._load(c.Load(str(path), file.file_type, show_in_3d=in_3d), name, span.part(FETCHING, 1.0), outcome)

    # -- into the scene ------------------------------------------------------------------------------------------

    async def _load(self, command: c.Load, label: str, span: Span, outcome: Outcome) -> None:
        command.job = f"{span.job.id}.{len(outcome.nodes)}"
        span.tell(f"Loading {label}", 0.0)

        def hear(event: object) -> None:
            if isinstance(event, c.Progress) and event.job == command.job:
                span.tell(f"Loading {label}: {event.text}", event.fraction)

        deaf = self.session.listen(hear)
        try:
            result = await ask_surely(self.session, self.settings, command, c.LoadResult)
        except SlicecastError as error:
            said = str(error)
            reason = said.partition("\n")[2] if said.startswith("Failed to load node from file") else said  # no paths of ours
            outcome.warnings.append(f"{label}: not loaded: {reason}")
            return
        finally:
            deaf()
        outcome.nodes += result.nodes
        outcome.warnings += [f"{label}: {warning}" for warning in result.warnings]


def _is_here(study: Study, is_own: IsOwn) -> bool:
    return study.endpoint is None or is_own(urlsplit(study.endpoint))


def _order(one: FetchedSeries) -> tuple[bool, bool, bool, int, str]:
    """Images before what was drawn on them, volumes before localizers and single images, PET after others, then by number."""
    number = one.number if one.number is not None else 1 << 31
    return one.modality in DRAWN, one.images < 3, one.modality == PET, number, one.uid


def _title(link: Link) -> str:
    """What a link is about, for people. Addresses may hold secrets, so only hosts are named."""
    parts = []
    if link.study is not None:
        host = urlsplit(link.study.endpoint).hostname if link.study.endpoint else None
        parts.append(f"study {link.study.uid}" + (f" from {host}" if host else ""))
    parts += [
        file.name or f"{Path(urlsplit(file.address).path).name} from {urlsplit(file.address).hostname}" for file in link.files
    ]
    return ", ".join(parts)
