"""Files cut anywhere are refused before a reader sees them, and no bytes whatever make the checks themselves fail."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
import vtk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import UnreadableError
from backend.imaging.model_header import check_model
from backend.imaging.volume_header import check_complete, check_three_dimensional

VOXELS = np.arange(7 * 6 * 5, dtype=np.int16).reshape(7, 6, 5)
ENDINGS = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".ply", ".vtk")


def check(path: Path) -> None:
    check_three_dimensional(path)
    check_complete(path)
    check_model(path)


def is_refused(path: Path) -> bool:
    try:
        check(path)
    except UnreadableError:
        return True
    return False


def _mesh(kind: str) -> vtk.vtkPolyData:
    if kind == "triangles":
        ball = vtk.vtkSphereSource()
        ball.Update()
        mesh = vtk.vtkPolyData()
        mesh.SetPoints(ball.GetOutput().GetPoints())
        mesh.SetPolys(ball.GetOutput().GetPolys())
        return mesh
    tube = vtk.vtkCylinderSource()  # quads at its side, polygons at its ends
    tube.Update()
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(tube.GetOutput().GetPoints())
    mesh.SetPolys(tube.GetOutput().GetPolys())
    return mesh


def _write_mesh(path: Path, kind: str, binary: bool, version: int = 51) -> Path:
    writer = vtk.vtkPLYWriter() if path.suffix == ".ply" else vtk.vtkPolyDataWriter()
    (writer.SetFileTypeToBinary if binary else writer.SetFileTypeToASCII)()
    if path.suffix == ".vtk":
        writer.SetFileVersion(version)
    writer.SetInputData(_mesh(kind))
    writer.SetFileName(str(path))
    assert writer.Write()
    return path


def _every_cut_is_refused(path: Path, least: int) -> None:
    """All lengths, tried at some hundred places; `least` bytes at the end may go without loss."""
    whole = path.read_bytes()
    assert not is_refused(path)
    for length in {*range(0, len(whole) - least, max(1, len(whole) // 200)), len(whole) - least - 1}:
        path.write_bytes(whole[:length])
        assert is_refused(path), f"{length} of {len(whole)} bytes"


@pytest.mark.parametrize("kind", ["triangles", "mixed"])
def test_binary_ply_cut_anywhere(tmp_path: Path, kind: str) -> None:
    _every_cut_is_refused(_write_mesh(tmp_path / "a.ply", kind, True), 0)


@pytest.mark.parametrize("kind", ["triangles", "mixed"])
def test_ascii_ply_cut_anywhere_but_in_its_last_line(tmp_path: Path, kind: str) -> None:
    path = _write_mesh(tmp_path / "a.ply", kind, False)
    _every_cut_is_refused(path, len(path.read_bytes().splitlines(keepends=True)[-1]))


@pytest.mark.parametrize("version", [42, 51])
@pytest.mark.parametrize("binary", [False, True])
def test_legacy_vtk_cut_within_its_mesh(tmp_path: Path, binary: bool, version: int) -> None:
    path = _write_mesh(tmp_path / "a.vtk", "mixed", binary, version)
    whole = path.read_bytes()
    assert not is_refused(path)
    points, cells = whole.index(b"POINTS"), whole.index(b"POLYGONS")
    for length in (*range(points + 20, points + 200, 7), *range(cells + 5, len(whole) - 5, 3)):
        path.write_bytes(whole[:length])
        assert is_refused(path), f"{length} of {len(whole)} bytes"


@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_nrrd_cut_anywhere(tmp_path: Path, encoding: str) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), VOXELS, {"encoding": encoding})
    _every_cut_is_refused(tmp_path / "a.nrrd", 8 if encoding == "gzip" else 0)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_nifti_cut_anywhere(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    nibabel.save(nibabel.Nifti1Image(VOXELS, np.eye(4)), path)
    _every_cut_is_refused(path, 8 if ending == ".nii.gz" else 0)


def test_nifti_2_and_big_endian(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti2Image(VOXELS, np.eye(4)), tmp_path / "two.nii")
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(np.int16)
    nibabel.save(nibabel.Nifti1Image(VOXELS, np.eye(4), header), tmp_path / "big.nii")
    for name in ("two.nii", "big.nii"):
        _every_cut_is_refused(tmp_path / name, 0)


def test_a_gzip_file_of_several_parts_is_whole(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(VOXELS, np.eye(4)), tmp_path / "a.nii")
    whole = (tmp_path / "a.nii").read_bytes()
    path = tmp_path / "parts.nii.gz"
    path.write_bytes(gzip.compress(whole[:400]) + gzip.compress(whole[400:]) + gzip.compress(b""))
    assert not is_refused(path)
    path.write_bytes(gzip.compress(whole[:400]) + gzip.compress(whole[400:-1]))
    assert is_refused(path)


def test_a_detached_header_needs_its_data(tmp_path: Path) -> None:
    nrrd.write(str(tmp_path / "a.nhdr"), VOXELS, {"encoding": "raw"}, detached_header=True)
    assert not is_refused(tmp_path / "a.nhdr")
    (tmp_path / "a.raw").unlink()
    with pytest.raises(UnreadableError, match=r"a\.raw"):
        check(tmp_path / "a.nhdr")


def test_an_encoding_without_a_reader_is_named(tmp_path: Path) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), VOXELS, {"encoding": "bzip2"})
    with pytest.raises(UnreadableError, match="bzip2"):
        check(tmp_path / "a.nrrd")


STARTS = (
    b"", b"NRRD0005\n", b"NRRD0005\ntype: short\nencoding: raw\nsizes: ", b"ply\nformat ascii 1.0\n",
    b"NDims = 3\nDimSize = ",
    b"ply\nformat binary_little_endian 1.0\nelement face 9\nproperty list uchar int v\nend_header\n",
    b"# vtk DataFile Version 5.1\nx\nASCII\nDATASET POLYDATA\nPOINTS ",
    b"# vtk DataFile Version 4.2\nx\nBINARY\nDATASET POLYDATA\n",
    (348).to_bytes(4, "little"), (540).to_bytes(4, "little"), b"\x1f\x8b\x08\x00",
)  # fmt: skip


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(STARTS), st.binary(max_size=600), st.sampled_from(ENDINGS))
def test_no_bytes_make_the_checks_fail(tmp_path: Path, start: bytes, rest: bytes, ending: str) -> None:
    path = tmp_path / f"any{ending}"
    path.write_bytes(start + rest)
    is_refused(path)  # true or false, and no other exception
