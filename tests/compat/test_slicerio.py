"""slicerio, a client we did not write, against the running server."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import slicerio.server as client

from tests.support.live import LiveServer

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    live = LiveServer(allow_path=[str(DATA)]).wait()
    yield live
    live.stop()


@pytest.fixture(autouse=True)
def _at_our_port(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SERVER_PORT", server.port)


def test_file_load_and_node_names() -> None:
    node_id = client.file_load(str(DATA / "CTChest4.nrrd"), "VolumeFile", auto_start=False)
    assert node_id[0].startswith("vtkMRMLScalarVolumeNode")
    assert client.is_server_running()
    names = client.node_names(class_name="vtkMRMLScalarVolumeNode")
    assert "CTChest4_1" in names
    assert client.node_ids(name="CTChest4") == ["vtkMRMLScalarVolumeNode1"]


def test_its_error_shows_our_reason() -> None:
    with pytest.raises(RuntimeError, match="Failed to load node from file"):
        client.file_load(str(DATA / "nothing.nrrd"), "VolumeFile", auto_start=False)
