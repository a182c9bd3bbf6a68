"""`/api/jobs`: long work, how far it is, and stopping it."""

from __future__ import annotations

from backend.http.base import BaseHandler
from backend.http.origin import require_own_page
from backend.http.routes import Operation, Param, Route
from backend.jobs.jobs import Jobs


class JobsHandler(BaseHandler):
    """`/api/jobs`."""

    def initialize(self, jobs: Jobs) -> None:
        """All jobs."""
        self.jobs = jobs

    def get(self) -> None:
        """Every job that is known, newest first."""
        self.send_json({"jobs": [job.describe() for job in self.jobs.all()]})


class JobHandler(BaseHandler):
    """`/api/jobs/{id}`."""

    def initialize(self, jobs: Jobs) -> None:
        """All jobs."""
        self.jobs = jobs

    def get(self, number: str) -> None:
        """One job."""
        self.send_json(self.jobs.get(number).describe())

    def delete(self, number: str) -> None:
        """Cancel it; one that is over stays as it is. It may take a moment, so look again for its state."""
        require_own_page(self)
        self.send_json(self.jobs.cancel(number).describe(), 202)


def routes(jobs: Jobs) -> list[Route]:
    """The routes of jobs."""
    one, number = {"jobs": jobs}, (Param("id", "job", where="path"),)
    return [
        Route(r"/api/jobs", JobsHandler, (Operation("/api/jobs", "Long work, newest first", tag="jobs"),), one),
        Route(r"/api/jobs/(\w+)", JobHandler,
              (Operation("/api/jobs/{id}", "How far a job is, and what came of it", tag="jobs", params=number),
               Operation("/api/jobs/{id}", "Cancel a job", ("DELETE",), "jobs", number)), one),
    ]  # fmt: skip
