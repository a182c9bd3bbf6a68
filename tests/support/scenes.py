"""A scene in this process, without OpenGL, for tests of what commands do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from backend.render.glprobe import GlDriver
from backend.scene.context import Options
from backend.scene.host import SceneHost

_ended: list[SceneHost] = []  # VTK does not bear that one scene is collected while another is in use


@contextmanager
def scene_host(options: Options | None = None, driver: GlDriver | None = None) -> Iterator[SceneHost]:
    """A started host, which ends cleanly."""
    host = SceneHost(options or Options(threads=1), lambda _event: None, lambda: driver)
    host.start()
    yield host
    _ended.append(host)
    host.pool.shutdown()
    for thread in threading.enumerate():
        if thread.name == "warm-up":  # it must not compile while the interpreter ends
            thread.join()
