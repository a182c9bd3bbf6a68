"""`slicecast load`, `list`, `render` against a running server, and without one."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from PIL import Image

from backend.cli import main
from tests.support.live import LiveServer, free_port
from tests.support.phantoms import centred, octant_volume, write_nrrd

SIZE = (24, 20, 16)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    affine = centred(np.eye(3), (2.0, 2.0, 2.0), SIZE)
    return write_nrrd(tmp_path_factory.mktemp("scan") / "octants.nrrd", octant_volume(affine, SIZE), affine)


@pytest.fixture(scope="module")
def server(scan: Path) -> Iterator[LiveServer]:
    live = LiveServer(scan).wait()
    yield live
    live.stop()


@pytest.fixture(autouse=True)
def _at_our_server(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLICECAST_SERVER", server.url)


def test_load_and_list(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again = tmp_path / "octants.nrrd"
    shutil.copy(scan, again)
    assert main(["load", str(scan), str(again), "--name", "Second"]) == 0
    loaded = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(name.split("_")[0], kind) for _id, name, kind in loaded] == [("Second", "vtkMRMLScalarVolumeNode")] * 2
    assert main(["list", "--class", "vtkMRMLVolumeNode", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {row["id"] for row in listed} >= {row[0] for row in loaded}
    assert "octants" in [row["name"] for row in listed]
    assert main(["list", "--class", "vtkMRMLNoSuchNode"]) == 0
    assert capsys.readouterr().out == ""


def test_a_folder_with_a_header_and_its_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "it.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 4 3 2\nElementType = MET_SHORT\nElementDataFile = it.raw\n"
    )
    (tmp_path / "it.raw").write_bytes(bytes(48))
    assert main(["load", str(tmp_path / "it.mhd"), str(tmp_path / "it.raw")]) == 0
    assert main(["load", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("vtkMRMLScalarVolumeNode\n") == 2


@pytest.mark.parametrize(
    ("arguments", "size", "form"),
    [
        (["red", "--size", "200", "--offset", "5", "-o", "a.png"], 200, "PNG"),
        (["sagittal", "--scroll-to", "0.25", "--orientation", "sagittal", "-o", "a.jpg", "--labels"], 512, "JPEG"),
        (["3D", "--look-from", "left", "--size", "64", "--format", "webp", "-o", "a.picture"], 64, "WEBP"),
    ],
)
def test_render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], size: int, form: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["render", *arguments]) == 0
    (made,) = tmp_path.iterdir()
    with Image.open(made) as picture:
        assert (picture.size, picture.format) == ((size, size), form)


def test_what_is_saved_is_what_was_loaded(scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["save", "octants", str(tmp_path / "again.nrrd")]) == 0
    voxels, header = nrrd.read(str(tmp_path / "again.nrrd"))
    first, first_header = nrrd.read(str(scan))
    np.testing.assert_array_equal(voxels, first)
    assert header["space"] == "left-posterior-superior"
    np.testing.assert_allclose(abs(header["space directions"]), abs(first_header["space directions"]))
    assert main(["save", "vtkMRMLScalarVolumeNode1", str(tmp_path / "again.nii.gz")]) == 0
    image = nibabel.load(tmp_path / "again.nii.gz")
    np.testing.assert_array_equal(np.asarray(image.dataobj), first)
    assert main(["save", "scene", str(tmp_path / "all.mrb")]) == 0
    assert zipfile.is_zipfile(tmp_path / "all.mrb")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.nii.gz", "again.nrrd", "all.mrb"]
    assert capsys.readouterr().out.count("\n") == 3


def test_the_files_of_a_format_with_several_lie_beside_each_other(scan: Path, tmp_path: Path) -> None:
    assert main(["save", "octants", str(tmp_path / "apart.nhdr")]) == 0
    assert len([path.name for path in tmp_path.iterdir()]) == 2
    np.testing.assert_array_equal(nrrd.read(str(tmp_path / "apart.nhdr"))[0], nrrd.read(str(scan))[0])


def test_render_shows_the_slice_that_was_asked_for(server: LiveServer, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    assert main(["render", "red", "--orientation", "axial", "--offset", "-7", "-o", str(target)]) == 0
    assert target.read_bytes() == server.get("/slice?view=red&fmt=png").body


def test_render_a_file_without_a_server(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLICECAST_SERVER", "http://localhost:9")
    target = tmp_path / "a.png"
    assert main(["render", str(scan), "--view", "green", "--size", "64", "-o", str(target)]) == 0
    with Image.open(target) as picture:
        assert picture.size == (64, 64)
        assert len(np.unique(np.asarray(picture.convert("L")))) > 2


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["load", "/no/such/file.nrrd"], 2, "there is no file"),
        (["load", __file__], 1, "test_cli"),
        (["load", "http://127.0.0.1:9/x.nrrd"], 1, "private"),
        (["save", "no such node", "a.nrrd"], 1, "there is no node"),
        (["save", "octants", "a.xyz"], 1, ".xyz"),
        (["save", "octants", "nowhere/a.nrrd"], 2, "there is no folder"),
        (["render", "red", "-o", "a.bmp"], 2, "use .png, .jpg or .webp"),
        (["render", "purple", "-o", "a.png"], 2, "is no view"),
        (["render", "red", "--size", "0", "-o", "a.png"], 1, "size must be"),
        (["render", __file__, "-o", "a.png"], 1, "test_cli"),
        (["list", "--server", "nonsense"], 3, "no server answers at nonsense"),
        (["list", "--server", f"http://localhost:{free_port()}"], 3, "slicecast serve"),
    ],
)
def test_faults_have_a_code_and_say_why(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    text: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    found = capsys.readouterr()
    assert text in found.err
    assert found.out == ""
    assert "Traceback" not in found.err
    assert list(tmp_path.iterdir()) == []
