"""Segmentations of a real scene: making, painting at the right place, effects against numpy, undo."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vtk
from numpy.typing import NDArray
from scipy import ndimage
from vtk.util.numpy_support import vtk_to_numpy

from backend.errors import BadRequestError, NotFoundError, SupersededError, UnavailableError
from backend.render.views.matrices import from_vtk
from backend.scene import commands as c
from backend.scene.deferred import Deferred
from backend.scene.host import SceneHost
from tests.support.phantoms import OCTANTS, centred, octant_volume, write_nrrd

ROTATED = np.linalg.qr(np.array([[1.0, 0.25, 0.1], [-0.2, 1, 0.3], [0.1, -0.3, 1]]))[0]
ORIENTATIONS = {
    "plain": np.eye(3),
    "mirrored": np.diag([-1.0, 1.0, 1.0]),
    "sagittal": np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
    "rotated": ROTATED,
}
DIMS = (40, 36, 30)
Ask = Callable[[c.Command], Any]


@pytest.fixture
def ask(scene: SceneHost) -> Ask:
    return lambda command: finished(scene, command)


def finished(scene: SceneHost, command: c.Command) -> Any:
    """The value of a command, to its end."""
    result = scene.perform(command, time.perf_counter())
    return result.finish(result.work()) if isinstance(result, Deferred) else result


def load(scene: SceneHost, folder: Path, axes: NDArray[np.float64]) -> tuple[str, NDArray[np.float64], NDArray[np.int16]]:
    """An octant phantom, shown; its id, and its IJK to RAS and voxels as the scene has them."""
    affine = centred(axes, (1.5, 2.0, 2.5), DIMS)
    return load_volume(scene, write_nrrd(folder / "octants.nrrd", octant_volume(affine, DIMS), affine))


def load_volume(scene: SceneHost, path: Path) -> tuple[str, NDArray[np.float64], NDArray[np.int16]]:
    """A volume file. Readers make right-handed grids of left-handed ones, so what they made is asked for."""
    node = scene.app.scene.GetNodeByID(finished(scene, c.Load(str(path))).nodes[0].id)
    matrix, image = vtk.vtkMatrix4x4(), node.GetImageData()
    node.GetIJKToRASMatrix(matrix)
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    return node.GetID(), from_vtk(matrix), voxels.copy()


def array_of(scene: SceneHost, segmentation: str, segment: str, volume: str = "") -> NDArray[np.bool_]:
    """Where a segment is, on its volume's grid, as Slicer's own logic has it."""
    node = scene.app.scene.GetNodeByID(segmentation)
    reference = node.GetNodeReference(node.GetReferenceImageGeometryReferenceRole()) or scene.app.scene.GetNodeByID(volume)
    segments, target = vtk.vtkStringArray(), scene.app.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    segments.InsertNextValue(segment)
    assert scene.app.modules["Segmentations"].ExportSegmentsToLabelmapNode(node, segments, target, reference)
    image = target.GetImageData()
    found = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]) > 0
    scene.app.scene.RemoveNode(target)
    return np.asarray(found)


def ras_of(where: NDArray[np.bool_], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    k, j, i = np.nonzero(where)
    return np.stack([i, j, k, np.ones_like(i)], axis=1) @ affine.T[:, :3]


@pytest.mark.parametrize("axes", ORIENTATIONS.values(), ids=ORIENTATIONS.keys())
def test_what_is_painted_at_a_place_is_there(scene: SceneHost, ask: Ask, tmp_path: Path, axes: NDArray[np.float64]) -> None:
    volume, affine, voxels = load(scene, tmp_path, axes)
    made = ask(c.CreateSegmentation(volume))
    for signs, value in OCTANTS.items():
        segment = ask(c.AddSegment(made.id))
        point = tuple(12.0 * sign for sign in signs)
        edited = ask(c.Stroke(made.id, segment.id, [point], 6.0))
        where = array_of(scene, made.id, segment.id)
        assert edited.gained == where.sum() > 50
        assert np.unique(voxels[where]).tolist() == [value]
        assert np.linalg.norm(ras_of(where, affine) - point, axis=1).max() <= 6.0
        assert ras_of(where, affine).mean(axis=0) == pytest.approx(point, abs=1.0)
    segments = ask(c.DescribeSegmentations(made.id))[0].segments
    assert len({one.color for one in segments}) == 8
    assert {one.layer for one in segments} == {0}


def test_a_disk_in_the_plane_of_a_view_is_what_the_view_shows(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, _voxels = load(scene, tmp_path, ROTATED)
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id, color=(1.0, 0.0, 0.0)))
    ask(c.ChangeSegmentation(made.id, fill_opacity=1.0, outline=False))
    view = scene.views.slice("Red")
    assert view is not None
    turned = np.eye(4)
    turned[:3, :3] = np.linalg.qr(np.array([[1.0, 0.2, 0.4], [0.1, 1, -0.5], [-0.3, 0.4, 1]]))[0]
    turned[:3, 3] = (1.0, -2.0, 3.0)
    view.apply(c.ViewPatch(slice_to_ras=turned.ravel().tolist(), fov=(80.0, 80.0)))
    matrix = view.slice_to_ras
    centre = matrix[:3, 3] + 10.0 * matrix[:3, 0] + 6.0 * matrix[:3, 1]
    before = view.touch()
    edited = ask(c.Stroke(made.id, segment.id, [tuple(centre)], 8.0, tuple(matrix[:3, 2])))
    assert edited.views["Red"] > before
    rgb = view.prepare(320, 320, True)().rgb()  # 4 pixels to a mm
    red = (rgb[:, :, 0] == 255) & (rgb[:, :, 1] == 0)
    rows, columns = np.nonzero(red)
    assert columns.mean() == pytest.approx(160 + 40, abs=3)
    assert rows.mean() == pytest.approx(159 - 24, abs=3)
    y, x = np.mgrid[0:320, 0:320]
    distance = np.hypot(x - 200, y - 135) / 4
    assert red[distance < 8.0 - 2.5].all()
    assert not red[distance > 8.0 + 2.5].any()


def test_strokes_overwrite_by_the_rule_and_are_undone_whole(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, _voxels = load(scene, tmp_path, np.eye(3))
    made = ask(c.CreateSegmentation(volume))
    a, b = ask(c.AddSegment(made.id)).id, ask(c.AddSegment(made.id)).id
    ask(c.Stroke(made.id, a, [(0.0, 0, 0)], 8.0, stroke="1"))
    ask(c.Stroke(made.id, a, [(0.0, 0, 0), (10.0, 0, 0)], 8.0, stroke="1"))
    first = array_of(scene, made.id, a)
    ask(c.Stroke(made.id, b, [(10.0, 0, 0)], 8.0))
    ball = array_of(scene, made.id, b)
    assert (array_of(scene, made.id, a) == first & ~ball).all()
    ask(c.Undo())
    assert (array_of(scene, made.id, a) == first).all()
    assert not array_of(scene, made.id, b).any()
    ask(c.Stroke(made.id, b, [(10.0, 0, 0)], 8.0, overwrite="none"))
    assert (array_of(scene, made.id, a) == first).all()
    assert (array_of(scene, made.id, b) == ball).all()
    assert {one.layer for one in ask(c.DescribeSegmentations(made.id))[0].segments} == {0, 1}
    ask(c.Stroke(made.id, b, [(10.0, 0, 0)], 20.0, erase=True))
    assert not array_of(scene, made.id, b).any()
    for _ in range(2):
        ask(c.Undo())
    assert not array_of(scene, made.id, b).any()
    ask(c.Undo())  # both parts of the first stroke
    assert not array_of(scene, made.id, a).any()
    for _ in range(3):
        ask(c.Undo(again=True))
    assert (array_of(scene, made.id, a) == first).all()
    assert not array_of(scene, made.id, b).any()
    ask(c.ChangeSegment(made.id, a, visible=False))
    ask(c.Stroke(made.id, b, [(10.0, 0, 0)], 8.0, overwrite="visible"))
    assert (array_of(scene, made.id, a) == first).all()


def test_threshold_and_islands_agree_with_numpy(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    affine = centred(np.diag([-1.0, 1.0, 1.0]), (1.5, 2.0, 2.5), DIMS)
    voxels = np.random.default_rng(7).integers(0, 200, DIMS[::-1]).astype(np.int16)
    voxels = (ndimage.gaussian_filter(voxels.astype(float), 1.5) * 4).astype(np.int16)
    volume, affine, voxels = load_volume(scene, write_nrrd(tmp_path / "noise.nrrd", voxels, affine))
    low = float(np.median(voxels))
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id)).id
    edited = ask(c.ApplyEffect(made.id, segment, c.Threshold((low, 1e6))))
    assert (array_of(scene, made.id, segment) == (voxels >= low)).all()
    assert edited.gained == (voxels >= low).sum()
    numbers, count = ndimage.label(voxels >= low)
    sizes = np.bincount(numbers.ravel())[1:]
    assert count > 3
    ask(c.ApplyEffect(made.id, segment, c.Islands("keep_largest")))
    assert (array_of(scene, made.id, segment) == (numbers == sizes.argmax() + 1)).all()
    ask(c.Undo())
    ask(c.ApplyEffect(made.id, segment, c.Islands("remove_small", smallest=5)))
    assert (array_of(scene, made.id, segment) == (np.append(0, sizes) >= 5)[numbers]).all()
    ask(c.Undo())
    number = int(np.argsort(sizes)[-2]) + 1
    k, j, i = np.argwhere(numbers == number)[0]
    point = tuple(affine[:3, :3] @ [i, j, k] + affine[:3, 3])
    ask(c.ApplyEffect(made.id, segment, c.Islands("keep_at", point)))
    assert (array_of(scene, made.id, segment) == (numbers == number)).all()
    ask(c.Undo())
    ask(c.ApplyEffect(made.id, segment, c.Islands("remove_at", point)))
    assert (array_of(scene, made.id, segment) == ((numbers > 0) & (numbers != number))).all()
    ask(c.Undo())
    ask(c.ApplyEffect(made.id, segment, c.Islands("split", smallest=int(np.sort(sizes)[-2]))))
    segments = ask(c.DescribeSegmentations(made.id))[0].segments
    assert [array_of(scene, made.id, one.id).sum() for one in segments] == sorted(sizes, reverse=True)[: len(segments)]
    ask(c.Undo())
    assert [one.id for one in ask(c.DescribeSegmentations(made.id))[0].segments] == [segment]
    assert (array_of(scene, made.id, segment) == (voxels >= low)).all()
    measured = ask(c.SegmentStatistics(made.id))[segment]
    chosen = voxels[voxels >= low]
    assert (measured.voxels, measured.ml) == (chosen.size, pytest.approx(chosen.size * 7.5 / 1000))
    assert (measured.mean, measured.low, measured.high) == (pytest.approx(chosen.mean()), low, chosen.max())


def test_painting_within_a_range_keeps_to_it(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, voxels = load(scene, tmp_path, ROTATED)
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id)).id
    ask(c.Stroke(made.id, segment, [(0.0, 0, 0)], 12.0, range=(95.0, 165.0)))
    assert np.unique(voxels[array_of(scene, made.id, segment)]).tolist() == [100, 130, 160]


def test_growing_from_seeds_finds_the_border(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    affine = centred(np.diag([1.0, -1.0, 1.0]), (1.5, 2.0, 2.5), DIMS)
    k, j, i = np.mgrid[0 : DIMS[2], 0 : DIMS[1], 0 : DIMS[0]]
    place = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ affine.T[:, :3]
    ball = np.linalg.norm(place - (5.0, -4, 3), axis=-1) < 14
    noise = np.random.default_rng(3).normal(0, 8, ball.shape)
    voxels = (ball * 200 + noise).astype(np.int16)
    volume, affine, voxels = load_volume(scene, write_nrrd(tmp_path / "ball.nrrd", voxels, affine))
    ball = voxels > 100
    made = ask(c.CreateSegmentation(volume))
    inside, around = ask(c.AddSegment(made.id)).id, ask(c.AddSegment(made.id)).id
    with pytest.raises(BadRequestError, match="two visible segments"):
        ask(c.ApplyEffect(made.id, inside, c.Grow()))
    ask(c.Stroke(made.id, inside, [(2.0, -4, 3), (8.0, -4, 3)], 3.0))
    corners = [(sign * 27.0, side * 32.0, end * 33.0) for sign in (1, -1) for side in (1, -1) for end in (1, -1)]
    for corner in corners:
        ask(c.Stroke(made.id, around, [corner], 3.0))
    ask(c.ApplyEffect(made.id, inside, c.Grow()))
    grown = array_of(scene, made.id, inside)
    assert 2 * (grown & ball).sum() / (grown.sum() + ball.sum()) > 0.99
    assert not (grown & array_of(scene, made.id, around)).any()
    ask(c.Undo())
    assert array_of(scene, made.id, inside).sum() < 100


def test_smoothing_margins_and_slices_between(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, affine, _voxels = load(scene, tmp_path, np.diag([-1.0, 1.0, 1.0]))
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id)).id
    ask(c.Stroke(made.id, segment, [(0.0, 0, 0)], 14.0))
    ball = array_of(scene, made.id, segment)
    ask(c.Stroke(made.id, segment, [(0.0, 0, 0), (24.0, 0, 0)], 1.6))
    spike = array_of(scene, made.id, segment) & ~ball
    ask(c.ApplyEffect(made.id, segment, c.Smooth("opening", 8.0)))
    opened = array_of(scene, made.id, segment)
    assert not (opened & spike)[..., np.abs(np.arange(DIMS[0]) - 19.5) > 12].any()
    assert (opened & ball).sum() > 0.95 * ball.sum()
    steps = 2
    for method in ("median", "gaussian", "closing"):
        edited = ask(c.ApplyEffect(made.id, segment, c.Smooth(method, 2.0)))  # type: ignore[arg-type]
        steps += bool(edited.gained or edited.lost)
        found = array_of(scene, made.id, segment)
        assert abs(int(found.sum()) - int(opened.sum())) < 0.1 * opened.sum()
    for _ in range(steps):
        ask(c.Undo())
    assert (array_of(scene, made.id, segment) == ball).all()
    ask(c.ApplyEffect(made.id, segment, c.Margin(4.0)))
    distance = np.linalg.norm(ras_of(array_of(scene, made.id, segment), affine), axis=1)
    assert 16.0 < distance.max() <= 18.0
    ask(c.Undo())
    ask(c.ApplyEffect(made.id, segment, c.Logical("clear")))
    for k in (8, 20):
        z = affine[2, 2] * k + affine[2, 3]
        ask(c.Stroke(made.id, segment, [(float(k - 14), 0.0, z)], 10.0, (0.0, 0.0, 1.0)))
    ask(c.ApplyEffect(made.id, segment, c.FillBetween()))
    filled = array_of(scene, made.id, segment)
    assert np.flatnonzero(filled.any(axis=(1, 2))).tolist() == list(range(8, 21))
    assert ras_of(filled, affine).mean(axis=0)[0] == pytest.approx(0.0, abs=0.5)


def test_segments_are_combined(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, _voxels = load(scene, tmp_path, np.eye(3))
    made = ask(c.CreateSegmentation(volume))
    a, b = ask(c.AddSegment(made.id)).id, ask(c.AddSegment(made.id)).id
    ask(c.Stroke(made.id, a, [(0.0, 0, 0)], 9.0))
    ask(c.Stroke(made.id, b, [(6.0, 0, 0)], 9.0, overwrite="none"))
    one, two = array_of(scene, made.id, a), array_of(scene, made.id, b)
    for operation, wanted in (
        ("add", one | two), ("subtract", one & ~two), ("intersect", one & two), ("copy", two), ("invert", ~one),
        ("clear", one & False), ("fill", one | True),
    ):  # fmt: skip
        ask(c.ApplyEffect(made.id, a, c.Logical(operation, b), overwrite="none"))  # type: ignore[arg-type]
        assert (array_of(scene, made.id, a) == wanted).all(), operation
        assert (array_of(scene, made.id, b) == two).all(), operation
        ask(c.Undo())
        assert (array_of(scene, made.id, a) == one).all()
    with pytest.raises(BadRequestError, match="needs another segment"):
        ask(c.ApplyEffect(made.id, a, c.Logical("add")))
    with pytest.raises(NotFoundError):
        ask(c.ApplyEffect(made.id, a, c.Logical("add", "nobody")))


def test_segments_of_a_file_are_edited_in_place_and_removed_ones_come_back(scene: SceneHost, ask: Ask) -> None:
    from backend.scene.demo import demo_files

    volume, loaded = (ask(c.Load(str(path), kind)).nodes[0].id for path, kind in demo_files()[:2])
    before = ask(c.DescribeSegmentations(loaded))[0]
    names = [one.name for one in before.segments]
    assert names[:2] == ["ribs", "cervical vertebral column"]
    node = scene.app.scene.GetNodeByID(loaded)
    arrays = {one.id: array_of(scene, loaded, one.id, volume).sum() for one in before.segments}
    bone = before.segments[0].id
    ask(c.RemoveSegment(loaded, bone))
    assert [one.name for one in ask(c.DescribeSegmentations(loaded))[0].segments] == names[1:]
    ask(c.Undo())
    after = ask(c.DescribeSegmentations(loaded))[0]
    assert [(s.id, s.name, s.color) for s in after.segments] == [(s.id, s.name, s.color) for s in before.segments]
    maps = {one.id: array_of(scene, loaded, one.id, volume).sum() for one in after.segments}
    assert maps == arrays
    image = node.GetSegmentation().GetSegment(bone).GetRepresentation("Binary labelmap")
    assert image is node.GetSegmentation().GetNthSegment(6).GetRepresentation("Binary labelmap")
    ask(c.Stroke(loaded, bone, [(0.0, 0, -200.0)], 10.0))
    assert node.GetSegmentation().GetSegment(bone).GetRepresentation("Binary labelmap") is image
    assert node.GetSegmentation().GetNthSegment(3).GetRepresentation("Closed surface") is not None


def test_surfaces_follow_what_is_painted(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    for axes in ORIENTATIONS.values():
        volume, _affine, _voxels = load(scene, tmp_path, axes)
        made = ask(c.CreateSegmentation(volume))
        segment = ask(c.AddSegment(made.id)).id
        ask(c.ChangeSegmentation(made.id, surface=True))
        ask(c.Stroke(made.id, segment, [(8.0, -5.0, 3.0)], 9.0))
        assert ask(c.UpdateSurfaces()) >= 1
        assert ask(c.UpdateSurfaces()) == 0
        node = scene.app.scene.GetNodeByID(made.id)
        surface = node.GetSegmentation().GetSegment(segment).GetRepresentation("Closed surface")
        low_r, high_r, low_a, high_a, low_s, high_s = surface.GetBounds()
        centre = ((low_r + high_r) / 2, (low_a + high_a) / 2, (low_s + high_s) / 2)
        assert centre == pytest.approx((8.0, -5.0, 3.0), abs=1.0)
        mass = vtk.vtkMassProperties()
        mass.SetInputData(surface)
        assert mass.GetVolume() == pytest.approx(4 / 3 * np.pi * 9**3, rel=0.12)
        normals = np.array(surface.GetPointData().GetNormals().GetTuple3(0))
        assert normals @ (np.array(surface.GetPoint(0)) - centre) > 0  # outwards
        ask(c.ChangeSegmentation(made.id, surface=False))
        ask(c.Stroke(made.id, segment, [(0.0, 0.0, 0.0)], 9.0))
        ask(c.UpdateSurfaces())
        assert node.GetSegmentation().GetSegment(segment).GetRepresentation("Closed surface") is None


def test_what_is_kept_is_put_back(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, _voxels = load(scene, tmp_path, ROTATED)
    made = ask(c.CreateSegmentation(volume, "Liver"))
    a = ask(c.AddSegment(made.id, "one", (0.2, 0.4, 0.6))).id
    b = ask(c.AddSegment(made.id)).id
    ask(c.Stroke(made.id, a, [(0.0, 0, 0)], 9.0))
    ask(c.Stroke(made.id, b, [(6.0, 0, 0)], 9.0, overwrite="none"))
    ask(c.ChangeSegment(made.id, b, visible=False))
    ask(c.ChangeSegmentation(made.id, outline=False, smoothing=0.25))
    kept = ask(c.KeepSegments(str(tmp_path)))
    kept = [one for one in kept if one.id == made.id]
    assert [(one.id, one.name) for one in kept] == [(made.id, "Liver")]
    state = ask(c.DescribeSegmentations(made.id))[0]
    one, two = array_of(scene, made.id, a), array_of(scene, made.id, b)
    assert all(left.id != made.id for left in ask(c.KeepSegments(str(tmp_path))))
    ask(c.RemoveSegment(made.id, a))
    ask(c.ApplyEffect(made.id, b, c.Logical("clear")))
    ask(c.ChangeSegmentation(made.id, outline=True, smoothing=0.75))
    ask(kept[0])
    assert ask(c.DescribeSegmentations(made.id))[0] == state
    assert (array_of(scene, made.id, a) == one).all()
    assert (array_of(scene, made.id, b) == two).all()


def test_long_work_keeps_others_off_and_is_cancelled(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, _voxels = load(scene, tmp_path, np.eye(3))
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id)).id
    work = scene.perform(c.ApplyEffect(made.id, segment, c.Threshold((0.0, 1000.0))), 0.0)
    with pytest.raises(UnavailableError, match="Threshold Segment_1"):
        ask(c.Stroke(made.id, segment, [(0.0, 0, 0)], 5.0))
    assert ask(c.DescribeSegmentations(made.id))[0].busy == "Threshold Segment_1"
    assert ask(c.CancelEffect(made.id))
    with pytest.raises(SupersededError, match="cancelled"):
        work.finish(work.work())
    assert not ask(c.CancelEffect(made.id))
    assert not array_of(scene, made.id, segment).any()
    ask(c.Stroke(made.id, segment, [(0.0, 0, 0)], 5.0))


def test_bad_wishes_change_nothing(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, _affine, _voxels = load(scene, tmp_path, np.eye(3))
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id)).id
    before = ask(c.DescribeSegmentations(made.id))
    for command, error in (
        (c.CreateSegmentation("nobody"), NotFoundError),
        (c.CreateSegmentation(made.id), NotFoundError),
        (c.AddSegment(volume), NotFoundError),
        (c.ChangeSegment(made.id, "nobody", "x"), NotFoundError),
        (c.ChangeSegment(made.id, segment, "a\nb"), BadRequestError),
        (c.RemoveSegment(made.id, "nobody"), NotFoundError),
        (c.Stroke(made.id, segment, [(1e9, 0, 0)], 5.0), BadRequestError),
        (c.Stroke(made.id, segment, [(0.0, 0, 0)], 5.0, (0.0, 0, 0)), BadRequestError),
        (c.ApplyEffect(made.id, segment, c.Islands("keep_at")), BadRequestError),
        (c.ApplyEffect(made.id, segment, c.Islands("keep_at", (1e5, 0, 0))), BadRequestError),
        (c.ApplyEffect(made.id, segment, c.Islands("keep_at", (0.0, 0, 0))), BadRequestError),
        (c.ApplyEffect(made.id, segment, c.Islands("split")), BadRequestError),
    ):
        with pytest.raises(error):
            ask(command)
    assert ask(c.DescribeSegmentations(made.id)) == before


def test_a_transform_above_moves_what_is_painted(scene: SceneHost, ask: Ask, tmp_path: Path) -> None:
    volume, affine, _voxels = load(scene, tmp_path, np.eye(3))
    transform = scene.app.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 20.0)
    transform.SetMatrixTransformToParent(matrix)
    scene.app.scene.GetNodeByID(volume).SetAndObserveTransformNodeID(transform.GetID())
    made = ask(c.CreateSegmentation(volume))
    segment = ask(c.AddSegment(made.id)).id
    ask(c.Stroke(made.id, segment, [(26.0, 4.0, -3.0)], 6.0))
    node = scene.app.scene.GetNodeByID(made.id)
    image = node.GetSegmentation().GetSegment(segment).GetRepresentation("Binary labelmap")
    where = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]) > 0
    assert ras_of(where, affine).mean(axis=0) == pytest.approx((6.0, 4.0, -3.0), abs=1.0)
    assert from_vtk(matrix)[0, 3] == 20.0
