"""Formats of our own readers, and what headers say of memory and of files beside them."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backend.errors import SlicecastError, UnreadableError
from backend.imaging.other_volumes import is_other_volume, numbered_beside, read_other_volume
from backend.imaging.volume_limits import check_voxels, declared_bytes, detached_files

AFFINE = np.array([[0, 0, 2.0, 5], [-1.5, 0, 0, 6], [0, 1.25, 0, -7], [0, 0, 0, 1]])
LIMIT_MB = 64


@pytest.mark.parametrize("ending", ["mgh", "mgz"])
def test_mgh_as_nibabel_wrote_it(tmp_path: Path, ending: str) -> None:
    voxels = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    path = tmp_path / f"v.{ending}"
    nibabel.save(nibabel.MGHImage(voxels, AFFINE), path)
    volume = read_other_volume(path, LIMIT_MB)
    assert (volume.voxels.transpose(2, 1, 0) == voxels).all()
    assert volume.ijk_to_ras == pytest.approx(AFFINE, abs=1e-5)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA", "I;16", "CMYK"])
def test_pictures_of_every_mode(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (7, 5), 30) if mode == "I;16" else Image.new("RGB", (7, 5), (10, 20, 30))
    if mode == "I;16":
        image = Image.fromarray(np.full((5, 7), 40_000, np.uint16))
    elif mode != "RGB":
        image = image.convert(mode)
    path = tmp_path / ("p.tif" if mode in ("CMYK", "I;16") else "p.png")
    image.save(path)
    voxels = read_other_volume(path, LIMIT_MB).voxels
    assert voxels.shape[:3] == (1, 5, 7)
    assert voxels.ndim == (4 if mode in ("RGB", "RGBA", "P", "CMYK") else 3)
    if mode == "I;16":
        assert (voxels == 40_000).all()
    if mode == "RGB":
        assert (voxels[0, 0, 0] == (10, 20, 30)).all()


def test_stacks_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    for name in ("a2.png", "a10.png", "a1.png", "b3.png", "a.png", "a4.jpg"):
        Image.new("L", (2, 2)).save(tmp_path / name)
    assert [path.name for path in numbered_beside(tmp_path / "a10.png")] == ["a1.png", "a2.png", "a10.png"]
    assert numbered_beside(tmp_path / "a.png") == [tmp_path / "a.png"]
    Image.new("L", (3, 2)).save(tmp_path / "a11.png")
    with pytest.raises(UnreadableError, match="differ in size"):
        read_other_volume(tmp_path / "a1.png", LIMIT_MB, numbered_beside(tmp_path / "a1.png"))


def test_64_bit_integers_stay_whole(tmp_path: Path) -> None:
    values = np.full((2, 3, 4), 2**53 + 1, np.int64)
    path = tmp_path / "wide.nrrd"
    header = {"space": "left-posterior-superior", "space directions": np.eye(3) * 2, "space origin": [1, 2, 3]}
    nrrd.write(str(path), values, {**header, "kinds": ["domain"] * 3})
    assert is_other_volume(path)
    volume = read_other_volume(path, LIMIT_MB)
    assert volume.voxels.dtype == np.int64
    assert (volume.voxels == 2**53 + 1).all()
    assert volume.ijk_to_ras == pytest.approx(np.array([[-2, 0, 0, -1], [0, -2, 0, -2], [0, 0, 2, 3], [0, 0, 0, 1.0]]))
    nrrd.write(str(path), values.astype(np.int32), header)
    assert not is_other_volume(path)


@given(
    cut=st.integers(0, 400), noise=st.binary(max_size=40), ending=st.sampled_from(["mgh", "gipl", "png", "tif", "mgz", "jpg"])
)
def test_damaged_files_are_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged.{ending}"
    if ending in ("png", "tif", "jpg"):
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(path)
    elif ending == "gipl":
        path.write_bytes(bytes([0, 4, 0, 4, 0, 4, 0, 1, 0, 8]) + bytes(242) + (719555000).to_bytes(4, "big") + bytes(64))
    else:
        nibabel.save(nibabel.MGHImage(np.zeros((4, 4, 4), np.int16), AFFINE), path)
    data = path.read_bytes()
    at = min(cut, len(data))
    path.write_bytes(data[:at] + noise + data[at + len(noise) :])
    try:
        volume = read_other_volume(path, 1)
    except SlicecastError:
        return
    assert volume.voxels.nbytes <= 1 << 20


def test_what_headers_declare(tmp_path: Path) -> None:
    path = tmp_path / "v.nrrd"
    nrrd.write(str(path), np.zeros((10, 20, 30), np.float32))
    assert declared_bytes(path) == 10 * 20 * 30 * 4
    for name in ("v.nii", "v.nii.gz", "v.hdr"):
        nibabel.save(
            (nibabel.Nifti1Pair if name == "v.hdr" else nibabel.Nifti1Image)(np.zeros((3, 4, 5), np.int16), AFFINE),
            tmp_path / name,
        )
        assert declared_bytes(tmp_path / name) == 3 * 4 * 5 * 2
    assert declared_bytes(tmp_path / "v.img") == 3 * 4 * 5 * 2
    (tmp_path / "v.mhd").write_text(
        "DimSize = 3 4 5\nElementNumberOfChannels = 2\nElementType = MET_USHORT\nElementDataFile = v.raw\n"
    )
    assert declared_bytes(tmp_path / "v.mhd") == 3 * 4 * 5 * 2 * 2
    assert declared_bytes(tmp_path / "v.png") is None
    path.write_text("NRRD0004\ntype: double\nsizes: 1000 1000 1000\n\n")
    with pytest.raises(UnreadableError, match="max_volume_mb"):
        check_voxels(path, LIMIT_MB)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("encoding: raw\n", []), ("data file: a b.raw\n", ["a b.raw"]), ("datafile: ../x.raw\n", ["../x.raw"]),
        ("data file: s%03d.raw 1 9 1\n", ["s%03d.raw"]), ("data file: LIST\na.raw\n/etc/b.raw\n", ["a.raw", "/etc/b.raw"]),
    ],
)  # fmt: skip
def test_files_that_a_header_names(tmp_path: Path, text: str, files: list[str]) -> None:
    path = tmp_path / "v.nhdr"
    path.write_text(f"NRRD0004\ntype: short\nsizes: 1 1 1\n{text}")
    assert detached_files(path) == [tmp_path / file for file in files]


def test_files_that_a_metaimage_names(tmp_path: Path) -> None:
    path = tmp_path / "v.mhd"
    for named, files in (("LOCAL", []), ("v.raw", ["v.raw"]), ("/etc/passwd", ["/etc/passwd"]), ("LIST\na\nb", ["a", "b"])):
        path.write_text(f"NDims = 3\nDimSize = 1 1 1\nElementDataFile = {named}\n")
        assert detached_files(path) == [tmp_path / file for file in files]


def test_a_gzip_bomb_is_read_no_further_than_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "v.mgz"
    nibabel.save(nibabel.MGHImage(np.zeros((4, 4, 4), np.int16), AFFINE), path)
    head = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(head + bytes(200 << 20)))
    assert read_other_volume(path, LIMIT_MB).voxels.shape == (4, 4, 4)
