"""The examples of docs/scene-data.md run in turn, as they stand but for the folder and the port."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import slicerio.server as client

from backend.scene.file_types import BY_EXTENSION
from tests.api.test_docs import blocks
from tests.support.live import ROOT, LiveServer

DATA = Path(find_spec("slicerio").origin).parent / "data"  # type: ignore[union-attr, arg-type]
DOCUMENT = ROOT / "docs" / "scene-data.md"


def test_examples(tmp_path: Path) -> None:
    shutil.copy(DATA / "CTChest4.nrrd", tmp_path / "scan.nrrd")
    shutil.copy(DATA / "Segmentation.seg.nrrd", tmp_path / "parts.seg.nrrd")
    (tmp_path / "start.txt").write_text("nothing")
    live = LiveServer(tmp_path / "start.txt", allow_path=[str(tmp_path)]).wait()
    try:
        lines = [line for block in blocks(DOCUMENT, "bash") for line in block.splitlines()]
        assert len(lines) > 8
        for line in lines:
            command = line.replace("http://localhost:2016", live.url).replace("/data/", f"{tmp_path}/")
            command = command.replace("curl ", "curl --fail --silent --show-error ")
            done = subprocess.run(["bash", "-ec", command], capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
            answer = json.loads(done.stdout)
            assert answer if isinstance(answer, list) else answer.get("success", True), line
        assert {"copy.nii.gz", "copy.seg.nrrd", "everything.mrb"} <= {path.name for path in tmp_path.iterdir()}
        client.SERVER_PORT = live.port
        (source,) = blocks(DOCUMENT, "python")
        told: list[tuple[object, ...]] = []
        exec(source.replace("/data/", f"{tmp_path}/"), {"print": lambda *words: told.append(words)})
        assert told[0][0] == "ribs"
        assert len(told) == 7
    finally:
        client.SERVER_PORT = 2016
        live.stop()


def test_every_ending_is_in_the_table() -> None:
    rows = [row for row in DOCUMENT.read_text().splitlines() if row.startswith("| `")]
    for ending, kind in BY_EXTENSION.items():
        row = next(row for row in rows if f"`{kind}`" in row)
        words = row.replace(";", " ").replace(",", " ").replace(":", " ").split()
        assert ending[1:] in words or ending in (".mgh.gz", ".jpeg", ".tiff"), ending
