"""DICOM folders as volumes: geometry exact in every orientation, and every fault told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from backend.dicom.loaded import LoadedSequence, LoadedVolume
from backend.dicom.loading import Bounds, load_best_series
from backend.errors import UnreadableError
from tests.support.dicom_phantom import write_series
from tests.support.live import ROOT
from tests.support.phantoms import OCTANTS, centred

DIMS = (12, 10, 8)
SHARED = ROOT.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")
ORIENTATIONS = {
    "axial": np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]]),
    "axial, feet to head reversed": np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, -1]]),
    "prone": np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "coronal": np.array([[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "sagittal": np.array([[0, 0, 1.0], [-1, 0, 0], [0, -1, 0]]),
    "oblique": np.array([[-0.9397, 0.342, 0], [-0.342, -0.9397, 0], [0, 0, 1.0]]),
}


def load(path: Path) -> LoadedVolume:
    loaded = load_best_series(path, Bounds(1000, 1 << 30), lambda _part, _text: None)
    assert isinstance(loaded, LoadedVolume)
    return loaded


def check_octants(volume: LoadedVolume) -> None:
    depth, height, width = volume.voxels.shape
    for k, j, i in np.ndindex(depth, height, width):
        ras = (volume.ijk_to_ras @ (i, j, k, 1))[:3]
        if np.abs(ras).min() > 1.0:
            assert volume.voxels[k, j, i] == OCTANTS[tuple(int(v) for v in np.sign(ras))], (i, j, k, ras)  # type: ignore[index]


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_every_voxel_is_where_its_file_says(tmp_path: Path, name: str) -> None:
    affine = centred(ORIENTATIONS[name], (2.0, 3.0, 4.0), DIMS)
    order = np.random.default_rng(3).permutation(DIMS[2])
    write_series(tmp_path, affine, DIMS, order)
    volume = load(tmp_path)
    check_octants(volume)
    assert volume.diagnoses == []
    assert np.linalg.norm(volume.ijk_to_ras[:3, :3], axis=0) == pytest.approx((2.0, 3.0, 4.0))
    assert (volume.name, volume.voxels.dtype) == ("3: Octants", np.int16)


AFFINE = centred(ORIENTATIONS["axial"], (2.0, 3.0, 4.0), DIMS)


def codes(volume: LoadedVolume) -> set[str]:
    return {diagnosis.code for diagnosis in volume.diagnoses}


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    write_series(tmp_path, AFFINE, DIMS, [0, 1, 2, 4, 5, 6, 7])
    volume = load(tmp_path)
    assert volume.voxels.shape[0] == 8
    assert (volume.voxels[3] == volume.voxels.min()).all()
    assert codes(volume) == {"gap"}
    assert "1 slices are missing" in str(volume.diagnoses[0])


def test_duplicates_are_dropped_and_told(tmp_path: Path) -> None:
    write_series(tmp_path, AFFINE, DIMS, [0, 1, 2, 3, 3, 4, 5, 6, 7])
    volume = load(tmp_path)
    check_octants(volume)
    assert codes(volume) == {"duplicate"}


def test_uneven_spacing_is_resampled_and_told(tmp_path: Path) -> None:
    def moved(k: int) -> list[float]:
        position = (np.diag([-1.0, -1, 1, 1]) @ AFFINE @ (0, 0, k, 1))[:3]
        position[2] += 1.7 if k == 4 else 0.0
        return [float(v) for v in position]

    write_series(tmp_path, AFFINE, DIMS, ImagePositionPatient=moved)
    assert codes(load(tmp_path)) == {"uneven"}


def test_tilt_is_told_and_kept_in_the_matrix(tmp_path: Path) -> None:
    sheared = AFFINE.copy()
    sheared[:3, 2] = (0.0, 1.0, 4.0)
    sheared[:3, 3] = -sheared[:3, :3] @ ((np.array(DIMS) - 1) / 2)
    write_series(tmp_path, sheared, DIMS)
    volume = load(tmp_path)
    assert codes(volume) == {"tilt"}
    assert volume.ijk_to_ras[:3, 2] == pytest.approx((0.0, 1.0, 4.0), abs=1e-5)
    check_octants(volume)


def test_a_localizer_is_left_out_and_told(tmp_path: Path) -> None:
    paths = write_series(tmp_path, AFFINE, DIMS)
    extra = write_series(tmp_path / "scout", centred(ORIENTATIONS["coronal"], (2.0, 2.0, 2.0), (12, 12, 1)), (12, 12, 1))
    uid = pydicom.dcmread(paths[0]).SeriesInstanceUID
    scout = pydicom.dcmread(extra[0])
    scout.SeriesInstanceUID = uid
    scout.save_as(extra[0])
    volume = load(tmp_path)
    check_octants(volume)
    assert codes(volume) == {"mixed"}


@pytest.mark.parametrize("tag", ["TemporalPositionIdentifier", "EchoTime", "DiffusionBValue", "TriggerTime"])
def test_time_points_and_the_like_are_a_sequence_in_order(tmp_path: Path, tag: str) -> None:
    for place, value in enumerate((10, 2, 3)):
        write_series(
            tmp_path / str(place), AFFINE, DIMS, SeriesInstanceUID="1.2.3", RescaleIntercept=value,
            AcquisitionTime=lambda k: f"10{k:02d}00",
            **{tag: value},
        )  # fmt: skip
    loaded = load_best_series(tmp_path, Bounds(1000, 1 << 30), lambda _part, _text: None)
    assert isinstance(loaded, LoadedSequence)
    assert [float(value) for value in loaded.values] == [2, 3, 10]
    assert [int(volume.voxels.min()) for volume in loaded.volumes] == [42, 43, 50]
    assert all(volume.voxels.shape == DIMS[::-1] for volume in loaded.volumes)
    assert not loaded.diagnoses


def test_images_at_one_position_that_only_numbers_tell_apart(tmp_path: Path) -> None:
    for place in range(2):
        write_series(
            tmp_path / str(place), AFFINE, DIMS, SeriesInstanceUID="1.2.3", RescaleIntercept=place,
            InstanceNumber=lambda k, place=place: 1 + 2 * k + place,
        )  # fmt: skip
    loaded = load_best_series(tmp_path, Bounds(1000, 1 << 30), lambda _part, _text: None)
    assert isinstance(loaded, LoadedSequence)
    assert [int(volume.voxels.min()) for volume in loaded.volumes] == [40, 41]


def test_time_points_that_are_not_whole_are_left_out(tmp_path: Path) -> None:
    for value, order in ((1, None), (2, None), (3, [0, 1, 2])):
        write_series(tmp_path / str(value), AFFINE, DIMS, order, SeriesInstanceUID="1.2.3", TemporalPositionIdentifier=value)
    loaded = load_best_series(tmp_path, Bounds(1000, 1 << 30), lambda _part, _text: None)
    assert isinstance(loaded, LoadedSequence)
    assert loaded.values == ["1", "2"]
    assert [note.code for note in loaded.diagnoses] == ["frames"]


def test_one_broken_file_leaves_the_rest(tmp_path: Path) -> None:
    paths = write_series(tmp_path, AFFINE, DIMS)
    paths[3].write_bytes(paths[3].read_bytes()[:400])
    (tmp_path / "notes.txt").write_text("no image")
    volume = load(tmp_path)
    assert codes(volume) & {"unreadable", "gap"}
    assert volume.voxels.shape[0] == 8


def test_slopes_of_their_own_give_floats(tmp_path: Path) -> None:
    write_series(tmp_path, AFFINE, DIMS, RescaleSlope=lambda k: 0.5 + 0.01 * k)
    volume = load(tmp_path)
    assert volume.voxels.dtype == np.float32
    assert volume.voxels.max() == pytest.approx(250 * 0.57, rel=1e-3)


def test_no_image_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(UnreadableError, match="no DICOM images"):
        load(tmp_path)


@needs_shared
def test_a_real_ct_lies_where_its_files_say() -> None:
    folder = SHARED / "petct-chest" / "ct"
    volume = load(folder)
    assert volume.voxels.shape == (135, 512, 512)
    assert volume.diagnoses == []
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.glob("*.dcm")]
    for header in headers[::20]:
        r, a, s = np.array(header.ImagePositionPatient, float) * (-1, -1, 1)
        i, j, k = (np.linalg.inv(volume.ijk_to_ras) @ (r, a, s, 1))[:3]
        assert (i, j) == pytest.approx((0, 0), abs=1e-3)
        full = pydicom.dcmread(header.filename)
        expected = full.pixel_array * float(full.RescaleSlope) + float(full.RescaleIntercept)
        assert abs(k - round(k)) < 0.02
        assert (volume.voxels[round(k)] == expected).all()


@needs_shared
@pytest.mark.parametrize("series", ["t2-tra", "t2-sag", "t2-cor"])
def test_real_oblique_mr(series: str) -> None:
    volume = load(SHARED / "mr-prostate" / series)
    header = pydicom.dcmread(next((SHARED / "mr-prostate" / series).glob("*.dcm")), stop_before_pixels=True)
    assert np.linalg.norm(volume.ijk_to_ras[:3, :2], axis=0) == pytest.approx(header.PixelSpacing[::-1])
    assert volume.diagnoses == []
