"""The tracked tool: both forms of its matrix, the order of its parts, nodes that are reused and made again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from backend.errors import BadRequestError
from backend.render.views.matrices import from_vtk, to_vtk
from backend.scene import commands as c
from backend.scene.host import SceneHost

QUARTER_ABOUT_S = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]  # R turns to A


@pytest.fixture(scope="module")
def host(scene: SceneHost) -> SceneHost:
    return scene


@pytest.fixture(autouse=True)
def no_tool(host: SceneHost) -> None:
    for name in ("trackingDevice", "tracker"):
        node = host.app.scene.GetFirstNodeByName(name)
        if node is not None:
            host.app.scene.RemoveNode(node)


def track(host: SceneHost, m: Any = None, p: Any = None, q: Any = None) -> np.ndarray:
    rows = host.perform(c.Track(m, p, q), 0.0)
    pose = np.array(rows).reshape(4, 4)
    np.testing.assert_allclose(pose_of(host), pose)
    return pose


def pose_of(host: SceneHost) -> np.ndarray:
    matrix = to_vtk(np.eye(4))
    host.app.scene.GetFirstNodeByName("trackingDevice").GetParentTransformNode().GetMatrixTransformToWorld(matrix)
    return from_vtk(matrix)


def test_sixteen_numbers_are_columns_with_the_position_last(host: SceneHost) -> None:
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = QUARTER_ABOUT_S, (7, 8, 9)
    np.testing.assert_allclose(track(host, m=pose.T.ravel().tolist()), pose)


@pytest.mark.parametrize("more", [0, 1, 5, 20])
def test_other_counts_are_rows_of_a_rotation(host: SceneHost, more: int) -> None:
    track(host, p=[1, 2, 3])
    pose = track(host, m=np.array(QUARTER_ABOUT_S, float).ravel().tolist() + [99.0] * more)
    if 9 + more == 16:
        return
    np.testing.assert_allclose(pose[:3, :3], QUARTER_ABOUT_S)
    np.testing.assert_allclose(pose[:3, 3], (1, 2, 3))


def test_parts_are_applied_in_order_and_what_is_not_given_stays(host: SceneHost) -> None:
    whole = np.eye(4)
    whole[:3, 3] = (7, 8, 9)
    angle = np.radians(30)
    q = [np.cos(angle / 2), 0, 0, np.sin(angle / 2)]
    pose = track(host, m=whole.T.ravel().tolist(), p=[1, 2, 3, 77], q=q)
    np.testing.assert_allclose(pose[:3, 3], (1, 2, 3))
    np.testing.assert_allclose(pose[:3, :3], Rotation.from_rotvec([0, 0, angle]).as_matrix(), atol=1e-12)
    moved = track(host, p=[4, 5, 6])
    np.testing.assert_allclose(moved[:3, :3], pose[:3, :3])
    turned = track(host, q=[2, 0, 0, 0])  # of any length
    np.testing.assert_allclose(turned[:3, 3], (4, 5, 6))
    np.testing.assert_allclose(turned[:3, :3], np.eye(3))


@pytest.mark.parametrize(
    "bad",
    [{"m": [1.0] * 8}, {"m": []}, {"p": [1.0, 2.0]}, {"q": [1.0, 0.0, 0.0]}, {"q": [0.0] * 4}, {"p": [1.0, float("nan"), 0.0]},
     {"p": [1e300, 0.0, 0.0]}],
)  # fmt: skip
def test_bad_numbers_change_nothing(host: SceneHost, bad: dict[str, list[float]]) -> None:
    before = track(host, p=[1, 2, 3])
    with pytest.raises(BadRequestError):
        track(host, **{"p": [9.0, 9.0, 9.0], **bad})
    np.testing.assert_allclose(pose_of(host), before)


def test_bad_numbers_make_no_nodes(host: SceneHost) -> None:
    with pytest.raises(BadRequestError):
        host.perform(c.Track(position=[1.0]), 0.0)
    assert host.app.scene.GetFirstNodeByName("tracker") is None


def test_the_cursor_is_slicers(host: SceneHost) -> None:
    track(host)
    device = host.app.scene.GetFirstNodeByName("trackingDevice")
    bounds = [0.0] * 6
    device.GetPolyData().GetBounds(bounds)
    assert bounds == [-15, 15, -35, 35, -2.5, 2.5]
    assert device.GetDisplayNode().GetColor() == (1.0, 1.0, 0.0)
    assert device.GetParentTransformNode().GetName() == "tracker"
    count = host.app.scene.GetNumberOfNodes()
    track(host, p=[3, 2, 1])
    assert host.app.scene.GetNumberOfNodes() == count


def test_it_comes_back_after_the_scene_was_cleared(host: SceneHost) -> None:
    track(host, p=[3, 2, 1])
    host.app.scene.Clear(False)
    pose = track(host, q=[1, 0, 0, 0])
    np.testing.assert_allclose(pose, np.eye(4))  # a new scene knows nothing of the old one
    assert host.app.scene.GetFirstNodeByName("trackingDevice").GetDisplayNode().GetVisibility()


def test_nodes_that_are_there_are_used(host: SceneHost) -> None:
    scene = host.app.scene
    stranger = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "tracker")  # of the same name, but no transform
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "tracker")
    matrix = np.eye(4)
    matrix[:3, 3] = (10, 20, 30)
    transform.SetMatrixTransformToParent(to_vtk(matrix))
    model = scene.AddNewNodeByClass("vtkMRMLModelNode", "trackingDevice")
    pose = track(host, q=[1, 0, 0, 0])
    np.testing.assert_allclose(pose, matrix)
    assert model.GetTransformNodeID() == transform.GetID()
    assert model.GetDisplayNode() is not None
    for node in (stranger, transform, model):
        scene.RemoveNode(node)


def test_a_phone_turns_it_about_z_then_x_then_y(host: SceneHost) -> None:
    track(host, p=[5, 5, 5])
    pose = np.array(host.perform(c.Turn([30.0, 40.0, 50.0]), 0.0)).reshape(4, 4)
    expected = Rotation.from_euler("ZXY", [30, 40, 50], degrees=True).as_matrix()
    np.testing.assert_allclose(pose[:3, :3], expected, atol=1e-12)
    np.testing.assert_allclose(pose[:3, 3], 0)
    with pytest.raises(BadRequestError):
        host.perform(c.Turn([30.0, 40.0]), 0.0)
