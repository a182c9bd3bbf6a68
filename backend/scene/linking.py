"""Linked slice views: what a user does to one, others of its view group follow, while Slicer's `LinkedControl` is on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.render.views.matrices import Matrix
from backend.render.views.slice_view import SliceView
from backend.render.views.thick import slab_state
from backend.scene.commands import SlabPatch, ViewPatch
from backend.scene.views import Views

CONTENTS = ("BackgroundVolumeID", "ForegroundVolumeID", "LabelVolumeID", "ForegroundOpacity", "LabelOpacity", "LinkedControl")


@dataclass(frozen=True)
class Seen:
    """What followers look at."""

    pose: Matrix
    fov: tuple[float, float]
    slab: dict[str, Any]
    contents: dict[str, Any]

    @classmethod
    def of(cls, view: SliceView) -> Seen:
        """The view as it is now."""
        composite = view.logic.GetSliceCompositeNode()
        contents = {name: getattr(composite, f"Get{name}")() for name in CONTENTS}
        return cls(view.slice_to_ras.copy(), view.field_of_view(), slab_state(view.node), contents)


class Links:
    """Has slice views follow one another. Scene thread only.

    Volumes, opacities, slab and the width of the field of view are those of all linked views; the plane is followed by views
    that had the same orientation. Scripts that move nodes move nothing else, as in Slicer.
    """

    def __init__(self, views: Views) -> None:
        self._views = views

    @contextmanager
    def following(self, view: Any) -> Iterator[list[str]]:
        """Do something to `view` within; afterwards the others follow. Their names are added to the list that this gives."""
        followers: list[str] = []
        before = Seen.of(view) if isinstance(view, SliceView) else None
        yield followers
        if before is None:
            return
        now = Seen.of(view)
        if not (now.contents["LinkedControl"] or before.contents["LinkedControl"]):
            return
        for other in self._views.slices():
            if other is not view and other.node.GetViewGroup() == view.node.GetViewGroup():
                _follow(other, before, now)
                followers.append(other.name)


def _follow(other: SliceView, before: Seen, now: Seen) -> None:
    same_orientation = np.allclose(other.slice_to_ras[:3, :3], before.pose[:3, :3], atol=1e-6)
    composite = other.logic.GetSliceCompositeNode()
    changed = {name for name in CONTENTS if now.contents[name] != before.contents[name]}
    for name in changed - {"BackgroundVolumeID"}:
        getattr(composite, f"Set{name}")(now.contents[name])
    patch = ViewPatch()
    if now.slab != before.slab:
        patch.slab = SlabPatch(**now.slab)
    if "BackgroundVolumeID" in changed and now.contents["BackgroundVolumeID"]:
        patch.background = now.contents["BackgroundVolumeID"]  # which turns and fits by itself
    else:
        if now.fov != before.fov:
            width, height = other.field_of_view()
            patch.fov = (now.fov[0], now.fov[0] * height / width)
        if same_orientation and (now.pose != before.pose).any():
            patch.slice_to_ras = now.pose.ravel().tolist()
    other.apply(patch)
