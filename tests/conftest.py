"""Servers that many tests share."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.support.live import LiveServer

LOG_TAIL_CHARACTERS = 6000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the servers that the test used have logged."""
    report = yield
    if report.failed:
        used: dict[str, Any] = getattr(item, "funcargs", {})
        for name, value in used.items():
            if isinstance(value, LiveServer) and value.log.exists():
                report.sections.append((f"log of {name}", value.log.read_text()[-LOG_TAIL_CHARACTERS:]))
    return report


@pytest.fixture(scope="session")
def demo() -> Iterator[LiveServer]:
    """A server with the demo scene. Tests may move its views, and load nothing."""
    server = LiveServer().wait()
    yield server
    server.stop()
