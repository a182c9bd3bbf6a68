"""How fine moving pictures of volumes are: by the view's quality, and by the rate that the client prefers."""

from __future__ import annotations

import pytest

from backend.render.marcher import MotionBudget
from backend.render.views.threed_view import ThreeDView
from backend.scene import commands as c
from backend.scene.host import SceneHost
from tests.unit.scene.test_volumes_in_3d import box


def threed(scene: SceneHost) -> ThreeDView:
    view = scene.views.threed()
    assert isinstance(view, ThreeDView)
    return view


def test_views_that_are_new_here_keep_up_without_a_graphics_card(scene: SceneHost) -> None:
    assert threed(scene).quality == "adaptive"
    node = scene.app.scene.AddNewNodeByClass("vtkMRMLViewNode", "another")
    assert node.GetVolumeRenderingQuality() == node.Adaptive
    scene.app.scene.RemoveNode(node)


def test_who_prefers_another_rate_has_other_rays(scene: SceneHost, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []

    class Budget(MotionBudget):
        """Tells whose turn it is."""

        def rays(self, width: int, height: int) -> tuple[int, int]:
            seen.append(self._budget)
            return super().rays(width, height)

    monkeypatch.setattr("backend.scene.framing.MotionBudget", Budget)
    monkeypatch.setattr(ThreeDView, "volumes", lambda _view: [box(0.0, (1, 0, 0))])
    wished = [0.06, 0.02, 0.06, 0.02]
    for budget_s in wished:
        scene.perform(c.Frame("1", c.Picture(64, 64, "jpeg"), budget_s=budget_s), 0.0)()
    assert seen == wished
