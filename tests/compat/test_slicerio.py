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
def url() -> Iterator[str]:
    live = LiveServer(allow_path=[str(DATA)]).wait()
    yield live.url
    live.stop()


def test_file_load_and_node_names(url: str) -> None:
    node_id = client.file_load(str(DATA / "CTChest4.nrrd"), "VolumeFile", server_url=url)
    assert node_id.startswith("vtkMRMLScalarVolumeNode")
    names = client.node_names(class_name="vtkMRMLScalarVolumeNode", server_url=url)
    assert "CTChest4_1" in names
    assert client.node_ids(name="CTChest4", server_url=url) == ["vtkMRMLScalarVolumeNode1"]


def test_its_error_shows_our_reason(url: str) -> None:
    with pytest.raises(RuntimeError, match="Failed to load node from file"):
        client.file_load(str(DATA / "nothing.nrrd"), "VolumeFile", server_url=url)
