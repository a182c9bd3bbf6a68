"""Poses of tracked tools against another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from backend.errors import BadRequestError
from backend.imaging.poses import rotation_of, tool_pose
from backend.scene.commands import Track


@pytest.mark.parametrize("seed", range(5))
def test_rotations_are_those_of_scipy(seed: int) -> None:
    wxyz = np.random.default_rng(seed).normal(size=4) * 3
    np.testing.assert_allclose(rotation_of(wxyz), Rotation.from_quat(wxyz, scalar_first=True).as_matrix(), atol=1e-12)


def test_no_rotation_is_refused() -> None:
    with pytest.raises(BadRequestError, match="no rotation"):
        rotation_of(np.zeros(4))


@pytest.mark.parametrize(
    ("command", "is_whole"),
    [
        (Track(matrix=[0.0] * 16), True),
        (Track(matrix=[0.0] * 9), False),
        (Track(matrix=[0.0] * 9, position=[0.0] * 3), True),
        (Track(position=[0.0] * 3), False),
        (Track(quaternion=[1.0, 0.0, 0.0, 0.0]), False),
        (Track(position=[0.0] * 3, quaternion=[1.0, 0.0, 0.0, 0.0]), True),
        (Track(), False),
    ],
)
def test_a_whole_pose_forgets_what_was_before(command: Track, is_whole: bool) -> None:
    assert command.is_whole is is_whole
    given = (command.matrix, command.position, command.quaternion)
    before, other = np.eye(4), np.eye(4)
    other[:3] = np.random.default_rng(1).normal(size=(3, 4))
    assert np.array_equal(tool_pose(before, *given), tool_pose(other, *given)) is is_whole
