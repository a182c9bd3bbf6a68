"""What brings a volume rendering back after a restart: the preset as it was moved, or the points of a look of its own."""

from __future__ import annotations

from typing import Any

import pytest

from backend.scene import commands as c
from backend.sessions.kept import patch_of

TOLD: dict[str, Any] = {
    "name": "Head", "visible": True, "presets": ["CT bone"], "shift": 12.0, "range": [-1000, 700], "opacity": 2.0,
    "shade": False,
    "crop": {"on": False, "bounds": [0, 1, 0, 1, 0, 1]}, "bounds": [0, 1, 0, 1, 0, 1],
    "opacity_points": [[-500.0, 0.0], [700.0, 1.0]], "color_points": [[0.0, "#ff8000"]],
    "gradient_points": [[0.0, 0.0], [40.0, 1.0]],
}  # fmt: skip


@pytest.mark.parametrize("preset", ["CT bone", ""])
def test_a_look_of_its_own_comes_back_by_its_points(preset: str) -> None:
    patch = c.require_finite(patch_of({"rendering": {"a": {**TOLD, "preset": preset}}}))
    assert patch.rendering is not None
    found = patch.rendering["a"]
    assert (found.visible, found.preset, found.shift, found.opacity, found.shade) == (True, preset, 12.0, 2.0, False)
    own = ([(-500.0, 0.0), (700.0, 1.0)], [(0.0, "#ff8000")], [(0.0, 0.0), (40.0, 1.0)])
    points = (found.opacity_points, found.color_points, found.gradient_points)
    assert points == (own if not preset else (None, None, None))


def test_a_look_with_too_many_points_to_be_told_keeps_the_rest() -> None:
    told = {**TOLD, "preset": "", "opacity_points": None, "color_points": None}
    patch = patch_of({"rendering": {"a": told}})
    assert patch.rendering is not None
    assert patch.rendering["a"].opacity_points is None
    assert patch.rendering["a"].opacity == 2.0
