"""What was read from the scene is read again only after the scene has changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import slicer

from backend.render.views.changes import Remembered
from backend.scene import commands as c
from backend.scene.host import SceneHost


@pytest.fixture
def host(scene: SceneHost) -> Iterator[SceneHost]:
    """A volume in red."""
    node = slicer.util.addVolumeFromArray(np.zeros((20, 20, 20), np.int16))
    node.CreateDefaultDisplayNodes()
    scene.views.red().show(node)
    yield scene
    scene.app.scene.RemoveNode(node)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what is read from the scene from now on."""
    names: list[str] = []
    call = Remembered.__call__

    def counted(self: Remembered[object]) -> object:
        if self._changes.epoch != self._epoch:
            names.append(self._read.__qualname__)
        return call(self)

    monkeypatch.setattr(Remembered, "__call__", counted)
    return names


def scroll_and_tell(host: SceneHost, offset: float) -> None:
    host.perform(c.SlicePicture("red", c.Picture(60, 50), patch=c.ViewPatch(offset=offset)), 0.0)()
    host._announced_at = 0.0
    assert host.announce()


def test_scrolling_and_telling_of_it_read_nothing_again(host: SceneHost, reads: list[str]) -> None:
    for offset in (0.5, 1.0, 1.5):  # what happens after a change settles first
        scroll_and_tell(host, offset)
    reads.clear()
    for offset in (2.0, 2.5, 3.0):
        scroll_and_tell(host, offset)
    assert reads == []
    host.views.red().background.GetDisplayNode().SetWindowLevel(10, 5)
    scroll_and_tell(host, 3.5)
    assert reads
