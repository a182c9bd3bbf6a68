"""Servers that many tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.live import LiveServer


@pytest.fixture(scope="session")
def demo() -> Iterator[LiveServer]:
    """A server with the demo scene. Tests may move its views, and load nothing."""
    server = LiveServer().wait()
    yield server
    server.stop()
