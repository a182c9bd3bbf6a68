"""The examples of the documents about exec and sample data run as they stand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from backend.scene.samples import BUILT_IN, Catalogue
from tests.api.test_docs import blocks
from tests.support.live import ROOT, LiveServer
from tests.support.phantoms import centred, octant_volume, write_nrrd
from tests.support.sample_store import SampleServer, write_catalogue

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    store, folder = SampleServer(), tmp_path_factory.mktemp("made")
    matrix = centred(np.eye(3), (2.0, 2.0, 2.0), (16, 16, 16))
    digest = store.add(write_nrrd(folder / "h.nrrd", octant_volume(matrix, (16, 16, 16)), matrix))
    files = [{"file": "MR-head.nrrd", "checksum": f"SHA256:{digest}", "node": "MRHead", "type": "VolumeFile"}]
    catalogue = write_catalogue(folder / "catalogue.json", {"MRHead": files})
    live = LiveServer(enable_exec=True, sample_urls=[store.url], sample_catalogue=str(catalogue), url_allow_private=True).wait()
    yield live
    live.stop()
    store.close()


def run(server: LiveServer, command: str, folder: Path) -> str:
    command = command.replace("localhost:2016", f"localhost:{server.port}").replace(
        "curl ", "curl --fail --silent --show-error "
    )
    done = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def test_examples_of_exec(server: LiveServer, tmp_path: Path) -> None:
    [block] = blocks(DOCS / "exec.md", "bash")
    commands = ["curl " + part for part in block.split("curl ")[1:]]
    answers = [json.loads(run(server, command, tmp_path)) for command in commands]
    assert answers[0]["version"]
    assert answers[1] == {"volumeNodeID": "vtkMRMLScalarVolumeNode2"}
    assert answers[2] > 20
    assert (answers[3]["result"], answers[3]["stdout"]) == (1, "hello\n")
    assert server.get("/api/scene").json()["layout"] == "OneUpRedSlice"


def test_examples_of_sample_data(server: LiveServer, tmp_path: Path) -> None:
    [block] = blocks(DOCS / "sample-data.md", "bash")
    assert run(server, block, tmp_path) == "Sample data MRHead loaded"


def test_the_catalogue_shown_is_one_and_names_are_all_told(tmp_path: Path) -> None:
    [catalogue] = blocks(DOCS / "sample-data.md", "json")
    file = tmp_path / "catalogue.json"
    file.write_text(catalogue)
    assert Catalogue(file).find("Phantom").files[0].node == "Phantom"
    assert msgspec.json.decode(catalogue)
    text = (DOCS / "sample-data.md").read_text()
    assert all(sample.name in text for sample in BUILT_IN)
