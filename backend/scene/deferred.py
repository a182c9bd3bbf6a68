"""Long work that must not hold up the scene thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Deferred:
    """Work in two parts: `work` on a thread of its own, then `finish` with its result on the scene thread."""

    def __init__(self, work: Callable[[], Any], finish: Callable[[Any], Any]) -> None:
        self.work, self.finish = work, finish
