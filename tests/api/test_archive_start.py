"""Processes of the archive that are up before anybody needs them."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_instance


def workers_of(server: ArchiveServer) -> set[str]:
    """Numbers of the server's processes that take instances in."""
    children = " ".join(path.read_text() for path in Path(f"/proc/{server.process.pid}/task").glob("*/children")).split()
    return {child for child in children if b"backend.archive.worker" in Path(f"/proc/{child}/cmdline").read_bytes()}


def test_as_many_as_wanted_are_up_before_the_first_instance() -> None:
    server = ArchiveServer(worker_processes_ahead=1)
    try:
        until = time.monotonic() + 60
        while not (ahead := workers_of(server)) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(2)
        assert len(ahead) == 1  # of the two that there may be
        assert workers_of(server) == ahead
        assert server.store(make_instance()).status == 200
        assert workers_of(server) >= ahead
    finally:
        server.stop()
