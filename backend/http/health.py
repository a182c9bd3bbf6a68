"""Is it alive, is it ready, how does it do: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from backend.http.base import BaseHandler


class HealthHandler(BaseHandler):
    """200 while the server answers at all."""

    def get(self) -> None:
        """Say so."""
        self.send_json({"status": "alive"})


class ReadyHandler(BaseHandler):
    """200 once the scene can answer, else 503."""

    def initialize(self, status: Callable[[], str]) -> None:
        """`status`: the scene's status; `ready` and `loading` can answer."""
        self._status_of_scene = status

    def get(self) -> None:
        """Say so."""
        status = self._status_of_scene()
        ready = status in ("ready", "loading")
        if not ready:
            self.set_header("Retry-After", "1")
        self.send_json({"status": status}, 200 if ready else 503)


class MetricsHandler(BaseHandler):
    """Prometheus' text format."""

    def get(self) -> None:
        """Send all metrics."""
        self.send(generate_latest(), CONTENT_TYPE_LATEST)
