"""Own cameras: places that members of the stream look from by themselves, while all else of a view is shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from backend.errors import NotFoundError
from backend.scene.views import View, Views


class OwnCameras:
    """Every own camera by its name. Scene thread only.

    A view looks from one for the length of a command, so nothing of MRML is there twice. How many there are is bounded by
    the gateway, which names them: one for each stream of each client at most.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._seen: dict[str, tuple[str, Callable[[], AbstractContextManager[None]]]] = {}

    def make(self, view: str, camera: str) -> bool:
        """Make one for a view, where the shared camera is; False if it is there already.

        Raises:
            NotFoundError: there is no such view.
        """
        if camera in self._seen:
            return False
        found = self._views.get(view)
        self._seen[camera] = (found.name, partial(found.seen_from, found.stand()))  # type: ignore[arg-type]
        return True

    @contextmanager
    def seen(self, view: str, camera: str) -> Iterator[View]:
        """The view by any of its names, as an own camera sees it; as all see it where `camera` is empty.

        Raises:
            NotFoundError: there is no such view or camera.
        """
        found = self._views.get(view)
        if not camera:
            yield found
        elif (own := self._seen.get(camera)) is not None and own[0] == found.name:
            with own[1]():
                yield found
        else:
            raise NotFoundError(f"view {found.name} has no such camera")

    def close(self, camera: str) -> None:
        """Forget it."""
        self._seen.pop(camera, None)

    def all(self) -> list[tuple[str, str]]:
        """Names of views and of their own cameras."""
        return [(name, camera) for camera, (name, _seen) in self._seen.items()]
