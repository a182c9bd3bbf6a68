"""Long work on the event loop: queued, bounded in number, watched, cancelled. Knows nothing of what the work is."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from backend.errors import NotFoundError, SlicecastError, SupersededError, TooLargeError

log = structlog.get_logger("jobs")
State = Literal["queued", "running", "done", "failed", "cancelled"]
Listener = Callable[["Job"], None]
TELL_EVERY_S = 0.1


@dataclass(eq=False)
class Job:
    """A piece of long work. Times are seconds since 1970; `fraction` is 0 to 1, None while unknown.

    `title` says for people what it is about. It, `text`, `counts` and `result` are shown to whoever asks: no secrets in them.
    """

    id: str
    kind: str
    title: str
    state: State = "queued"
    text: str = ""
    fraction: float | None = None
    counts: dict[str, int] = field(default_factory=dict)
    result: Any = None
    error: str | None = None
    created: float = field(default_factory=time.time)
    started: float | None = None
    finished: float | None = None
    fault: SlicecastError | None = None
    """What `error` says, as the exception that it was."""
    _tell: Callable[[Job], None] = lambda _job: None
    _told_at: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed", "cancelled")

    def tell(self, text: str | None = None, fraction: float | None = None, **counts: int) -> None:
        """Say how far it is. Listeners hear it at most ten times a second; who asks always gets the newest."""
        self.text = self.text if text is None else text
        self.fraction = fraction
        self.counts.update(counts)
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._tell(self)

    def describe(self) -> dict[str, Any]:
        """The job as clients see it."""
        return {
            "id": self.id, "kind": self.kind, "title": self.title, "state": self.state,
            "progress": {"text": self.text, "fraction": self.fraction, "counts": dict(self.counts)},
            "result": self.result, "error": self.error,
            "created": self.created, "started": self.started, "finished": self.finished,
        }  # fmt: skip


Work = Callable[[Job], Awaitable[Any]]


class Jobs:
    """All jobs: a bounded number runs, waits and is kept when over. Everything happens on the event loop."""

    def __init__(self, running: int, waiting: int, kept: int) -> None:
        """How many may run at a time, how many may wait for that, and how many that are over are remembered."""
        self._slots, self._running, self._waiting, self._kept = asyncio.Semaphore(running), running, waiting, kept
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._listeners: set[Listener] = set()

    def submit(self, kind: str, title: str, work: Work) -> Job:
        """Have `work` done as soon as its turn comes; it is given its job, to tell how far it is.

        What it returns is the job's result. A `SlicecastError` that it raises is the job's error.

        Raises:
            TooLargeError: too many wait already.
        """
        if len(self._tasks) >= self._running + self._waiting:
            raise TooLargeError(f"{len(self._tasks)} jobs are running or waiting; try again later")
        job = Job(secrets.token_hex(6), kind, title, _tell=self._announce)
        self._jobs[job.id] = job
        task = asyncio.get_running_loop().create_task(self._run(job, work))
        self._tasks[job.id] = task
        task.add_done_callback(lambda _task: self._over(job))
        return job

    def get(self, number: str) -> Job:
        """A job.

        Raises:
            NotFoundError: there is none of this id, or it is over and forgotten.
        """
        if number not in self._jobs:
            raise NotFoundError(f"there is no job {number!r}")
        return self._jobs[number]

    def all(self) -> list[Job]:
        """Every job that is known, newest first."""
        return list(reversed(self._jobs.values()))

    def cancel(self, number: str) -> Job:
        """Stop a job; one that is over stays as it is.

        Raises:
            NotFoundError: there is none of this id.
        """
        job = self.get(number)
        task = self._tasks.get(number)
        if task is not None:
            task.cancel()
        return job

    async def wait(self, job: Job) -> Any:
        """Wait until a job is over; returns its result. Who gives up waiting does not stop it.

        Raises:
            SlicecastError: it failed; `SupersededError` if it was cancelled.
        """
        task = self._tasks.get(job.id)
        if task is not None:
            await asyncio.wait([task])
        if job.state == "cancelled":
            raise SupersededError(f"{job.title}: cancelled")
        if job.fault is not None:
            raise job.fault
        return job.result

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of every job's changes; call what is returned to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def stop(self) -> None:
        """Cancel everything."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Work) -> None:
        try:
            async with self._slots:
                job.state, job.started = "running", time.time()
                self._announce(job)
                job.result = await work(job)
            job.state, job.fraction = "done", 1.0
        except asyncio.CancelledError:
            job.state = "cancelled"
        except SlicecastError as error:
            job.state, job.error, job.fault = "failed", str(error), error
        except Exception:
            log.exception("fault", job=job.id, kind=job.kind)
            job.fault = SlicecastError("internal error; the server's log has the details under this job")
            job.state, job.error = "failed", str(job.fault)

    def _over(self, job: Job) -> None:
        self._tasks.pop(job.id, None)
        if not job.is_over:  # cancelled before its first step
            job.state = "cancelled"
        job.finished = time.time()
        log.info("job is over", job=job.id, kind=job.kind, title=job.title, state=job.state, why=job.error,
                 seconds=round(job.finished - job.created, 2))  # fmt: skip
        self._announce(job)
        over = [one.id for one in self._jobs.values() if one.is_over]
        for number in over[: max(0, len(over) - self._kept)]:
            del self._jobs[number]

    def _announce(self, job: Job) -> None:
        for listener in list(self._listeners):
            listener(job)
