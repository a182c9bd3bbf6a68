"""What could not be loaded at the start is told to whoever comes later, until it is dismissed or something is loaded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.live import LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.restart import comes_back
from tests.support.stream_client import StreamClient

DIMS = (12, 12, 12)
AFFINE = centred(np.eye(3), (4.0, 4.0, 4.0), DIMS)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    broken = tmp_path / "broken.nrrd"
    broken.write_bytes(b"NRRD0004\njunk")
    return broken, write_nrrd(tmp_path / "good.nrrd", octant_volume(AFFINE, DIMS), AFFINE)


@pytest.fixture
def server(files: tuple[Path, Path], tmp_path: Path) -> Iterator[LiveServer]:
    broken, good = files
    live = LiveServer(broken, "http://user:secret@127.0.0.1:9/scan.nrrd?token=secret", good, allow_path=[str(tmp_path)]).wait()
    yield live
    live.stop()


async def test_a_failed_start_is_told_until_it_is_dismissed(server: LiveServer, files: tuple[Path, Path]) -> None:
    faults = server.get("/api/scene").json()["load_faults"]
    assert [fault["what"] for fault in faults] == ["broken.nrrd", "http://127.0.0.1:9/scan.nrrd"]
    assert faults[0]["why"] == "broken.nrrd has no sizes in its NRRD header"
    assert "secret" not in str(faults)
    assert str(files[0].parent) not in str(faults)
    client = await StreamClient.connect(server.port)
    assert (await client.message("welcome"))["scene"]["load_faults"] == faults
    assert server.request("DELETE", f"/api/load/faults/{faults[0]['id']}").json() == {"id": faults[0]["id"]}
    told = await client.message("scene", lambda m: len(m["scene"]["load_faults"]) == 1)
    assert told["scene"]["load_faults"] == faults[1:]
    assert server.request("DELETE", f"/api/load/faults/{faults[0]['id']}").status == 404
    await client.close()


def test_a_later_load_ends_it_and_one_that_fails_does_not(server: LiveServer, files: tuple[Path, Path]) -> None:
    broken, good = files
    assert server.request("POST", "/api/load", f'{{"path": "{broken}"}}'.encode()).status == 422
    assert len(server.get("/api/scene").json()["load_faults"]) == 2  # that one was answered to whoever asked
    assert server.request("POST", "/api/load", f'{{"path": "{good}"}}'.encode()).status == 200
    assert server.get("/api/scene").json()["load_faults"] == []


def test_what_can_not_be_loaded_again_after_a_restart_is_told(server: LiveServer, files: tuple[Path, Path]) -> None:
    for fault in server.get("/api/scene").json()["load_faults"]:
        server.request("DELETE", f"/api/load/faults/{fault['id']}")
    files[1].unlink()
    old = server.scene_pid()
    os.kill(old, signal.SIGKILL)
    comes_back(server, old)
    (fault,) = server.get("/api/scene").json()["load_faults"]
    assert fault["what"] == "good.nrrd"
    assert fault["why"].startswith("not loaded again after a restart: ")
