"""Growing from seeds beside Slicer's own filter, and what it keeps to."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from backend.render.growing import grow_from_seeds

SHAPE = (20, 36, 40)


def image(voxels: NDArray[np.int16]) -> object:
    made = slicer.vtkOrientedImageData()
    made.SetDimensions(*voxels.shape[::-1])
    made.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel(), deep=True, array_type=vtk.VTK_SHORT))
    return made


def phantom() -> tuple[NDArray[np.int16], NDArray[np.uint16], NDArray[np.int_]]:
    """Two shapes on a ground, noisy; seeds in each; the truth (1, 2, 3)."""
    k, j, i = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1], 0 : SHAPE[2]]
    truth = np.full(SHAPE, 3)
    truth[((k - 10) / 7) ** 2 + ((j - 12) / 9) ** 2 + ((i - 12) / 9) ** 2 < 1] = 1
    truth[((k - 9) / 6) ** 2 + ((j - 24) / 8) ** 2 + ((i - 28) / 9) ** 2 < 1] = 2
    voxels = np.choose(truth, [0, 300, 150, 0]) + np.random.default_rng(2).normal(0, 12, SHAPE)
    seeds = np.zeros(SHAPE, np.uint16)
    seeds[9:12, 11:14, 11:14], seeds[8:11, 23:26, 27:30] = 1, 2
    seeds[:3], seeds[-3:], seeds[:, :3], seeds[:, -3:] = 3, 3, 3, 3  # Slicer's filter does not grow from the outermost voxels
    return voxels.astype(np.int16), seeds, truth


def test_finds_the_same_borders_as_slicers_filter() -> None:
    voxels, seeds, truth = phantom()
    theirs = slicer.vtkImageGrowCutSegment()
    theirs.SetIntensityVolume(image(voxels))
    theirs.SetSeedLabelVolume(image(seeds.astype(np.int16)))
    theirs.Update()
    reference = vtk_to_numpy(theirs.GetOutput().GetPointData().GetScalars()).reshape(SHAPE)
    ours = grow_from_seeds(voxels, seeds, None, (1.0, 1.0, 2.0), lambda _part: None)
    assert (ours != truth).mean() < 0.003
    assert (ours != reference).mean() < 0.005
    assert (ours[seeds > 0] == seeds[seeds > 0]).all()


def test_keeps_to_what_is_allowed_and_tells_how_far_it_is() -> None:
    voxels, seeds, truth = phantom()
    told: list[float] = []
    grown = grow_from_seeds(voxels, seeds, truth == 1, (1.0, 1.0, 1.0), told.append)
    assert (grown[(truth != 1) & (seeds == 0)] == 0).all()
    assert (grown[truth == 1] == 1).all()
    assert told[-1] == 1.0
    assert told == sorted(told)

    def stop(_part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grow_from_seeds(voxels, seeds, None, (1.0, 1.0, 1.0), stop)
