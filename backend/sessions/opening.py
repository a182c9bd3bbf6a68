"""From what a user names, a file, a folder, a URL, an upload, to a scene that shows it."""

from __future__ import annotations

import secrets
from pathlib import Path

from backend.config import Settings
from backend.errors import NotFoundError, SlicecastError
from backend.scene import commands as c
from backend.scene.samples import Sample
from backend.security.addresses import split
from backend.security.download import download
from backend.sessions.progress import telling
from backend.sessions.session import Session


def is_url(text: str) -> bool:
    """Whether it is to be downloaded."""
    return split(text).scheme in ("http", "https")


async def fetch(session: Session, url: str, settings: Settings, job: str) -> Path:
    """Download into the session's spool, so that it is there again after a crash; tells progress as `job`."""
    return await download(url, session.journal.spool, settings, telling(session.announce, job))


async def open_arguments(session: Session, arguments: list[str], settings: Settings) -> None:
    """Load what the command line names, or the demo without arguments if that is wanted."""
    if not arguments and not settings.demo:
        return
    with session.while_loading():
        if not arguments:
            await session.load(c.LoadDemo(job=new_job()))
        for argument in arguments:
            job = new_job()
            try:
                path = await fetch(session, argument, settings, job) if is_url(argument) else Path(argument).resolve()
            except SlicecastError as error:
                session.not_loaded(argument, str(error), job)
                continue
            await session.load(c.Load(str(path), show_in_3d=True, job=job))


async def load_sample(session: Session, name: str) -> tuple[Sample, c.LoadResult]:
    """Load sample data by name, its files downloaded if need be; progress is told.

    Raises:
        NotFoundError: there is no sample of this name.
        SlicecastError: its files can not be had, or not read.
    """
    sample, job = session.samples.catalogue.find(name), new_job()
    paths = await session.samples.obtain(sample.name, sample.files, lambda file: telling(session.announce, job, file))
    command = c.LoadSample(sample.name, sample.files, [str(path) for path in paths], job=job)
    return sample, await session.ask(command, c.LoadResult)


def check_arguments(arguments: list[str]) -> None:
    """Refuse files that are not there before anything is started.

    Raises:
        NotFoundError: naming the file.
    """
    for argument in arguments:
        if not is_url(argument) and not Path(argument).exists():
            raise NotFoundError(f"there is no file or folder {argument}")


def new_job() -> str:
    """A name for a piece of long work."""
    return secrets.token_hex(6)
