"""`/api/archive`: zips and single files into the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from backend.archive.archive import Archive
from backend.archive.importing import Summary
from backend.archive.upload import describe, take_upload
from backend.errors import BadRequestError, SlicecastError, UnavailableError
from backend.http.base import BaseHandler
from backend.http.origin import require_own_page
from backend.http.routes import Operation, Param, Route
from backend.jobs.jobs import Job, Jobs

LONGEST_NAME = 200


class FilesHandler(BaseHandler):
    """`POST /api/archive/files`: a zip, or one file, which is taken in as a job."""

    _waiting: ClassVar[set[asyncio.Task[None]]] = set()
    _path: Path | None = None
    _file: BinaryIO | None = None

    def initialize(self, archive: Archive | str, jobs: Jobs) -> None:
        """The archive, or why there is none, and who does long work."""
        self.opened, self.jobs = archive, jobs

    @property
    def archive(self) -> Archive:
        """The archive.

        Raises:
            UnavailableError: there is none.
        """
        if isinstance(self.opened, str):
            raise UnavailableError(self.opened)
        return self.opened

    @property
    def largest_body_bytes(self) -> int:
        """Zips are large."""
        return self.config.store_max_mb << 20

    def prepare(self) -> None:
        """Open a file before the body comes."""
        super().prepare()
        if self.request.method == "POST" and self.refused is None:
            try:
                require_own_page(self)
                self._path = self.archive.scratch_file()
                self._file = self._path.open("wb")
            except SlicecastError as error:
                self.refuse(error)

    def take(self, chunk: bytes) -> None:
        """Write a piece of the body."""
        if self._file is not None:
            self._file.write(chunk)

    def post(self) -> None:
        """The body is whole."""
        assert self._file is not None
        assert self._path is not None
        if not self._file.tell():
            raise BadRequestError("the body is empty; it is a zip or a DICOM file")
        self._file.close()
        path, name, detail = self._path, self.query.get("name", "upload")[:LONGEST_NAME], self.request.remote_ip
        archive, settings = self.archive, self.config

        async def work(job: Job) -> dict[str, Any]:
            def tell(summary: Summary, fraction: float) -> None:
                job.tell(f"{summary.counts.total()} files", fraction, **summary.counts)

            return describe(await take_upload(archive, path, name, detail, settings, tell))

        job = self.jobs.submit("upload", name, work)
        self._path = None
        self._keep(remove_after(self.jobs, job, path))
        self.send_job(job.id)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def discard(self) -> None:
        """Whatever happened, no file stays that no job has."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None


async def remove_after(jobs: Jobs, job: Job, path: Path) -> None:
    """Remove a job's file once the job is over, even if its turn never came."""
    try:
        await jobs.wait(job)
    except SlicecastError:
        pass
    finally:
        path.unlink(missing_ok=True)


def routes(archive: Archive | str, jobs: Jobs) -> list[Route]:
    """The routes of uploads. `archive`: or why there is none."""
    options = {"archive": archive, "jobs": jobs}
    name = Param("name", "what the file is called, for people", example="study.zip")
    binary = {"type": "string", "format": "binary"}
    taken = {"type": "object", "required": ["job", "job_url"],
             "properties": {"job": {"type": "string"}, "job_url": {"type": "string"}}}  # fmt: skip
    files_text = (
        "The body is a zip, whose files are taken in one by one, or one DICOM file. Answers with a job; its result has "
        "`counts` by what became of the files, `refused` with names and reasons, and the UIDs of `studies`."
    )
    return [
        Route(r"/api/archive/files", FilesHandler, (
            Operation("/api/archive/files", "Store a zip of DICOM files, or one file", ("POST",), "archive", (name,),
                      accepts="application/octet-stream", body=binary, answer=taken, status=202, description=files_text),
        ), options),
    ]  # fmt: skip
