"""SEG files of label maps: where voxels are, what segments are called, on grids that the series does not have as well."""

from __future__ import annotations

from pathlib import Path

import highdicom
import numpy as np
import pytest
from numpy.typing import NDArray

from backend.dicom.seg_writing import write_seg
from backend.errors import BadRequestError, UnreadableError
from backend.imaging.label_maps import KeptMaps, KeptSegment, read_maps, write_maps
from tests.support.dicom_phantom import write_series
from tests.support.phantoms import centred

DIMS, SPACING = (10, 9, 8), (2.0, 2.5, 3.0)
AXES = {
    "plain": np.diag([-1.0, -1.0, 1.0]),
    "sagittal": np.array([[0.0, 0, -1], [-1, 0, 0], [0, -1, 0]]),
    "rotated": np.linalg.qr(np.array([[-1.0, 0.25, 0.1], [-0.2, -1, 0.3], [0.1, 0.3, 1]]))[0],
}
LIVER = "Segmentation category~SCT^123037004^Anatomical Structure~SCT^10200004^Liver~^^~Anatomic codes~^^~^^"


def places_of(path: Path, number: int) -> set[tuple[float, ...]]:
    """RAS mm of all voxels of a segment, rounded."""
    volume = highdicom.seg.segread(path).get_volume(segment_numbers=[number], combine_segments=False)
    index = np.argwhere(np.asarray(volume.array)[..., 0] > 0)
    lps = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return {tuple(np.round(one * (-1, -1, 1), 2) + 0.0) for one in lps}


def maps_of(path: Path, affine: NDArray[np.float64]) -> list[NDArray[np.uint8]]:
    """Two label maps, in which the second segment lies over the first and the third has nothing; written to a file."""
    layers = [np.zeros(DIMS[::-1], np.uint8), np.zeros(DIMS[::-1], np.uint8)]
    layers[0][2:5, 3:6, 1:7] = 1
    layers[1][4, 4, 5:9] = 3
    segments = [
        KeptSegment("a", "Leber", (0.9, 0.2, 0.1), 0, 1, LIVER),
        KeptSegment("b", "", (0.1, 0.2, 0.9), 1, 3),
        KeptSegment("c", "nothing", (0.1, 0.9, 0.1), 1, 1),
    ]
    write_maps(path, KeptMaps(affine.ravel().tolist(), DIMS, segments, [], []), layers)
    return layers


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES.keys())
@pytest.mark.parametrize("finer", [1.0, 0.5], ids=["same grid", "finer grid"])
def test_voxels_are_where_they_were(tmp_path: Path, axes: NDArray[np.float64], finer: float) -> None:
    files = [str(path) for path in write_series(tmp_path / "ct", centred(axes, SPACING, DIMS), DIMS, PatientID="P")]
    affine = centred(axes, tuple(step * finer for step in SPACING), DIMS)  # type: ignore[arg-type]
    layers = maps_of(tmp_path / "maps", affine)
    target = tmp_path / "seg.dcm"
    assert write_seg(str(tmp_path / "maps"), files, str(target), "Mine") == ["Leber", ""]
    found = highdicom.seg.segread(target)
    assert (found.PatientID, found.SeriesDescription, found.Modality) == ("P", "Mine", "SEG")
    assert [found.get_segment_description(n).segment_label for n in (1, 2)] == ["Leber", "Segment 2"]
    assert found.get_segment_description(1).segmented_property_type.meaning == "Liver"
    assert found.get_segment_description(2).segmented_property_type.meaning == "Tissue"
    for number, (layer, label) in enumerate(((layers[0], 1), (layers[1], 3)), 1):
        kji = np.argwhere(layer == label)
        ras = kji[:, ::-1] @ affine[:3, :3].T + affine[:3, 3]
        assert places_of(target, number) == {tuple(np.round(one, 2) + 0.0) for one in ras}


def test_nothing_painted_and_no_series_are_told(tmp_path: Path) -> None:
    files = [str(path) for path in write_series(tmp_path / "ct", centred(AXES["plain"], SPACING, DIMS), DIMS)]
    empty = KeptMaps(np.eye(4).ravel().tolist(), DIMS, [KeptSegment("a", "x", (1, 0, 0), 0, 1)], [], [])
    write_maps(tmp_path / "maps", empty, [np.zeros(DIMS[::-1], np.uint8)])
    with pytest.raises(BadRequestError, match="no segment has any voxels"):
        write_seg(str(tmp_path / "maps"), files, str(tmp_path / "seg.dcm"), "x")
    with pytest.raises(UnreadableError, match="no images"):
        write_seg(str(tmp_path / "maps"), [], str(tmp_path / "seg.dcm"), "x")
    (tmp_path / "short").write_bytes((tmp_path / "maps").read_bytes()[:-5])
    with pytest.raises(UnreadableError, match="no label maps"):
        read_maps(tmp_path / "short")
