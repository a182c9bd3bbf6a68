"""Long work: states, bounds, cancelling, what listeners hear."""

from __future__ import annotations

import asyncio

import pytest

from backend.errors import NotFoundError, SupersededError, TooLargeError, UnreadableError
from backend.jobs.jobs import Job, Jobs


async def test_a_job_runs_tells_and_has_a_result() -> None:
    jobs = Jobs(running=1, waiting=1, kept=5)
    heard: list[tuple[str, str]] = []
    jobs.listen(lambda job: heard.append((job.state, job.text)))

    async def work(job: Job) -> dict[str, int]:
        job.tell("half way", 0.5, images=3)
        return {"answer": 42}

    job = jobs.submit("test", "thinking", work)
    assert job.state == "queued"
    assert await jobs.wait(job) == {"answer": 42}
    described = job.describe()
    assert described["state"] == "done"
    assert described["progress"] == {"text": "half way", "fraction": 1.0, "counts": {"images": 3}}
    assert described["created"] <= described["started"] <= described["finished"]
    assert heard == [("running", ""), ("running", "half way"), ("done", "half way")]
    assert jobs.get(job.id) is job


async def test_what_a_job_raises_is_its_error_and_a_fault_tells_nothing_internal() -> None:
    jobs = Jobs(2, 2, 5)

    async def refuse(_job: Job) -> None:
        raise UnreadableError("it is damaged")

    async def break_down(_job: Job) -> None:
        raise RuntimeError("/secret/path")

    with pytest.raises(UnreadableError, match="damaged"):
        await jobs.wait(jobs.submit("test", "a", refuse))
    broken = jobs.submit("test", "b", break_down)
    with pytest.raises(Exception, match="internal error"):
        await jobs.wait(broken)
    assert broken.state == "failed"
    assert "secret" not in (broken.error or "")


async def test_a_bounded_number_runs_and_waits_and_is_kept() -> None:
    jobs, going = Jobs(running=2, waiting=1, kept=2), asyncio.Event()
    most = 0

    async def work(_job: Job) -> None:
        nonlocal most
        most = max(most, sum(job.state == "running" for job in jobs.all()))
        await going.wait()

    three = [jobs.submit("test", str(n), work) for n in range(3)]
    with pytest.raises(TooLargeError):
        jobs.submit("test", "one too many", work)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [job.state for job in three] == ["running", "running", "queued"]
    going.set()
    for job in three:
        await jobs.wait(job)
    assert most == 2
    assert len(jobs.all()) == 2
    with pytest.raises(NotFoundError):
        jobs.get(three[0].id)


async def test_jobs_are_cancelled_while_they_run_and_while_they_wait() -> None:
    jobs = Jobs(1, 5, 5)

    async def work(_job: Job) -> None:
        await asyncio.sleep(60)

    first, second, third = (jobs.submit("test", str(n), work) for n in range(3))
    jobs.cancel(third.id)
    await asyncio.sleep(0.01)
    jobs.cancel(second.id)
    assert first.state == "running"
    jobs.cancel(first.id)
    for job in (first, second, third):
        with pytest.raises(SupersededError):
            await jobs.wait(job)
        assert job.state == "cancelled"
        assert job.finished is not None
    assert jobs.cancel(first.id).state == "cancelled"  # once more does nothing
    assert await jobs.wait(jobs.submit("test", "after", lambda job: asyncio.sleep(0, job.id)))


async def test_who_stops_waiting_does_not_stop_the_job() -> None:
    jobs, going = Jobs(1, 1, 5), asyncio.Event()

    async def work(_job: Job) -> str:
        await going.wait()
        return "done all the same"

    job = jobs.submit("test", "slow", work)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await jobs.wait(job)
    going.set()
    assert await jobs.wait(job) == "done all the same"


async def test_listeners_are_not_flooded() -> None:
    jobs, heard = Jobs(1, 1, 1), 0

    def hear(_job: Job) -> None:
        nonlocal heard
        heard += 1

    jobs.listen(hear)

    async def work(job: Job) -> None:
        for n in range(1000):
            job.tell(f"{n}", n / 1000)

    job = jobs.submit("test", "chatty", work)
    await jobs.wait(job)
    assert heard < 10
    assert job.text == "999"


async def test_a_stop_ends_everything() -> None:
    jobs = Jobs(1, 5, 5)
    three = [jobs.submit("test", str(n), lambda _job: asyncio.sleep(60)) for n in range(3)]
    await asyncio.sleep(0)
    await jobs.stop()
    assert {job.state for job in three} == {"cancelled"}
